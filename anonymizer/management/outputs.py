"""Where a command writes to, tried before hours of work; what can't be written is one sentence."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anonymizer.jobs import Refused


def file_for(option: str, text: str) -> Path:
    """The path of a file that can be written, there already or new. Nothing is left there."""
    path, named = Path(text), f"{option} {text}".strip()
    try:
        if not path.absolute().parent.is_dir():
            raise Refused(f"{named}: the folder does not exist. Make it, or give another path.")
        if path.is_dir():
            raise Refused(f"{named}: no file can be written there, it is a folder. Give another path.")
        _try_file(path)
    except (OSError, ValueError) as error:
        raise Refused(f"{named}: no file can be written there ({why(error)}). Give another path.") from error
    return path


def folder_for(option: str, text: str, *, empty: bool = True) -> Path:
    """The path of a folder, there already or to be made, that can be written. Nothing is left there.

    `option` is empty where the path is given without one.
    """
    path, named = Path(text), f"{option} {text}".strip()
    try:
        if path.exists() and not path.is_dir():
            raise Refused(f"{named}: it is a file. Give the path of a folder.")
        if empty and path.exists() and any(path.iterdir()):
            raise Refused(f"{named}: the folder holds files already. Give an empty or new one.")
        _try_folder(path.absolute())
    except (OSError, ValueError) as error:
        raise Refused(f"{named}: nothing can be written there ({why(error)}). Give another path.") from error
    return path


@contextmanager
def whole_or_empty(folder: Path) -> Iterator[None]:
    """A folder that was empty is so again where writing into it ends early: the same command may be given again."""
    try:
        yield
    except BaseException:
        for each in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(each)
        raise


def why(error: Exception) -> str:
    """What the system said, in words alone."""
    return (getattr(error, "strerror", None) or str(error)).lower()


def _try_file(path: Path) -> None:
    if path.is_file():
        with path.open("r+b"):
            return
    if path.exists():  # a device or a pipe, which opening might disturb
        if not os.access(path, os.W_OK):
            raise PermissionError(0, "permission denied")
        return
    with tempfile.NamedTemporaryFile(dir=path.absolute().parent, prefix=f".{path.name[:200]}."):
        pass


def _try_folder(path: Path) -> None:
    """Make it and all above it, write into it, and take away what was made."""
    made = [each for each in (path, *path.parents) if not each.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path):
            pass
    finally:
        for each in made:
            if each.is_dir():
                each.rmdir()
