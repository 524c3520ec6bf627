"""Checkpoints as files: a `.npz` of plain arrays, which runs no code when read, unlike a pickle."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from anonymizer.gait import plain_arrays
from anonymizer.gait.network import Weights
from anonymizer.gait.training import Checkpoint

_FORMAT = "gaitmos contour network 1"
_ARRAYS = ("first", "first_bias", "second", "second_bias", "losses")
_LARGEST_ARRAY = 2**20  # bytes; the weights are a few hundred numbers, the losses one an epoch


def save(checkpoint: Checkpoint, path: Path | str) -> None:
    """Write all but the device."""
    Path(path).write_bytes(to_bytes(checkpoint))


def load(path: Path | str, *, method: str | None = None, device: str = "auto") -> Checkpoint:
    """Read a checkpoint; ValueError where the file is none, is damaged, or was trained for another method."""
    try:
        return from_bytes(Path(path).read_bytes(), method=method, device=device)
    except OSError as error:
        raise ValueError(f"the checkpoint {path} can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"the checkpoint {path} can't be used: {error}") from error


def to_bytes(checkpoint: Checkpoint) -> bytes:
    """The file of a checkpoint, an .npz without pickles."""
    about = {
        "format": _FORMAT,
        "method": checkpoint.method,
        "parameters": dict(checkpoint.parameters),
        "epoch": checkpoint.epoch,
        "dead_starts": list(checkpoint.dead_starts),
        "training": dict(checkpoint.training),
    }
    arrays: dict[str, Any] = dict(zip(_ARRAYS[:4], checkpoint.weights.arrays(), strict=True))
    arrays |= {"about": np.array(json.dumps(about)), "losses": np.array(checkpoint.losses, np.float64)}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def from_bytes(data: bytes, *, method: str | None = None, device: str = "auto") -> Checkpoint:
    """What `to_bytes` gave; ValueError for anything else, and for another method than the one named."""
    arrays = _arrays(data)
    about = _about(arrays)
    checkpoint = Checkpoint(
        method=str(about["method"]),
        parameters=about["parameters"],
        weights=Weights(*(arrays[name] for name in _ARRAYS[:4])),
        epoch=int(about["epoch"]),
        losses=tuple(arrays["losses"].tolist()),
        dead_starts=tuple(about["dead_starts"]),
        training=about["training"],
        device=device,
    )
    if method is not None and checkpoint.method != method:
        raise ValueError(f"it was trained for the method {checkpoint.method!r}, not for {method!r}")
    return checkpoint


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    try:
        stored = plain_arrays.read(io.BytesIO(data), _LARGEST_ARRAY)
        return {name: stored[name] for name in (*_ARRAYS, "about")}
    except ValueError as error:
        raise ValueError(f"it is not a checkpoint of the contour network: {error}") from error
    except KeyError as error:
        raise ValueError(f"it is not a checkpoint of the contour network: it lacks {error}") from error


def _about(arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """The description, with everything in it of the right type."""
    types = {"method": str, "parameters": dict, "epoch": int, "dead_starts": list, "training": dict}
    about = json.loads(str(arrays["about"]))
    if not isinstance(about, dict) or about.get("format") != _FORMAT:
        raise ValueError("it is not a checkpoint of the contour network, or of another version")
    for name, kind in types.items():
        if not isinstance(about.get(name), kind):
            raise ValueError(f"its {name} is missing or not of the right type")
    if arrays["losses"].shape != (about["epoch"],):
        raise ValueError("it does not hold one loss an epoch")
    if not np.isfinite(arrays["losses"]).all():  # a training that went astray, or a damaged file
        raise ValueError("its losses hold values that are no finite numbers")
    return about
