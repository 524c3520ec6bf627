"""Files of plain arrays (`.npz`): reading one runs no code, unlike a pickle, and takes nothing damaged for whole."""

from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray


def read(file: BinaryIO, largest: int | None = None) -> dict[str, NDArray[Any]]:
    """Every array by its name. ValueError where it is no such file, is damaged, or holds more bytes in one array."""
    try:
        with np.load(file, allow_pickle=False) as stored:
            sizes = [member.file_size for member in stored.zip.infolist()]
            if largest is None or max(sizes, default=0) <= largest:
                return {name: stored[name] for name in stored.files}
    except (
        Exception
    ) as error:  # damage shows in the zip, in a member's data or in a header, each in its own way
        raise ValueError("it is no file of arrays, or it is damaged") from error
    raise ValueError(f"it holds an array of {max(sizes)} bytes, where at most {largest} are expected")
