"""Scripts that Python packages bring but do not offer to staticfiles themselves."""

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.files.storage import FileSystemStorage, Storage
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage


def package_folder(package: str) -> Path:
    """Where `package` is installed, found without importing it (plotly takes half a second)."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"{package} is not installed; run `make setup`.")
    return Path(spec.submodule_search_locations[0])


class PackagedScripts(BaseFinder):
    """Finds plotly.js under `vendor/plotly.min.js`, in the installed plotly package."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        folder = FileSystemStorage(location=str(package_folder("plotly") / "package_data"))
        folder.prefix = "vendor"  # type: ignore[attr-defined]
        self.storage, self.names = folder, ["plotly.min.js"]

    def check(self, **kwargs: Any) -> list[Any]:
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        for name in self.names:
            if path == f"vendor/{name}":
                full = self.storage.path(name)
                return [full] if find_all else full
        return []

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        for name in self.names:
            if not matches_patterns(name, list(ignore_patterns or [])):
                yield name, self.storage


MODULES = "js/rater*.js"  # scripts that import one another


class GzippedStaticFiles(CompressedManifestStaticFilesStorage):
    """Hashed names, in the raters' modules' imports too, so that a browser never mixes two versions of them.

    Gzip beside each file. Brotli would save a tenth more and take minutes at the first start.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (MODULES, CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )

    def create_compressor(self, **kwargs: Any) -> Compressor:
        return Compressor(use_brotli=False, **kwargs)
