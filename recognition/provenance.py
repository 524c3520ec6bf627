"""What a result was made of: versions of code and libraries, and hashes of what went in."""

import hashlib
import platform
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from anonymizer import store
from anonymizer.models import Anonymization, Run, Sequence, StoredSilhouettes
from recognition.models import Recognizer

LIBRARIES = ("numpy", "scipy", "scikit-learn", "opencv-python-headless", "numba", "torch")


def provenance(run: Run, anonymization: Anonymization, recognizer: Recognizer) -> dict[str, Any]:
    """Of a recognition: enough to tell, later, what is no longer the same."""
    walks = Sequence.objects.filter(subject__dataset=anonymization.dataset).select_related("subject")
    changed = anonymization.sequences.select_related("source__subject").order_by("source_id")
    return {
        "code_version": run.code_version,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "libraries": {name: version(name) for name in LIBRARIES},
        "dataset_sha256": _digest((str(row), row) for row in walks.iterator(chunk_size=500)),
        "anonymization_sha256": _digest((str(row.source), row) for row in changed.iterator(chunk_size=500)),
        "recognizer_sha256": recognizer.sha256,
        "checkpoint_sha256": anonymization.checkpoint.sha256 if anonymization.checkpoint else None,
    }


def _digest(rows: Iterable[tuple[str, StoredSilhouettes]]) -> str:
    """Of all walks, names and silhouettes, in the rows' order."""
    digest = hashlib.sha256()
    for name, row in rows:
        digest.update(name.encode())
        digest.update(hashlib.sha256(store.read(row)).digest())
    return digest.hexdigest()
