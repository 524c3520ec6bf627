import io
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from anonymizer.gait import checkpoints
from anonymizer.gait.network import initial_weights
from anonymizer.gait.training import Checkpoint

PARAMETERS = {"alpha": 0.3, "order": "traced", "padding": "resampled", "phase": "aligned"}


@pytest.fixture
def checkpoint() -> Checkpoint:
    training = {"seed": 7, "learning_rate": 0.04, "batch": 1, "branches": 1}
    return Checkpoint("tieu", PARAMETERS, initial_weights(2), 2, (10.5, 9.25), (123,), training)


def rewritten(data: bytes, **changed: object) -> bytes:
    """The checkpoint file with arrays replaced, or entries of its description."""
    with np.load(io.BytesIO(data)) as stored:
        arrays = {name: stored[name] for name in stored.files}
    about = json.loads(str(arrays["about"]))
    about.update({name: value for name, value in changed.items() if name not in arrays})
    arrays["about"] = np.array(json.dumps(about))
    arrays.update({name: value for name, value in changed.items() if name in arrays})  # type: ignore[misc]
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=True, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def test_a_checkpoint_comes_back_as_it_was_saved(checkpoint: Checkpoint, tmp_path: Path) -> None:
    checkpoints.save(checkpoint, tmp_path / "network.npz")
    loaded = checkpoints.load(tmp_path / "network.npz", method="tieu")
    assert (loaded.method, loaded.parameters, loaded.epoch) == ("tieu", PARAMETERS, 2)
    assert (loaded.losses, loaded.dead_starts) == ((10.5, 9.25), (123,))
    assert loaded.training == checkpoint.training
    assert all(map(np.array_equal, loaded.weights.arrays(), checkpoint.weights.arrays()))


def test_the_same_checkpoint_is_the_same_bytes(checkpoint: Checkpoint) -> None:
    assert checkpoints.to_bytes(checkpoint) == checkpoints.to_bytes(checkpoint)


def test_a_checkpoint_of_another_method_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="for the method 'tieu', not for 'other'"):
        checkpoints.from_bytes(checkpoints.to_bytes(checkpoint), method="other")


def test_weights_with_nan_are_refused(checkpoint: Checkpoint) -> None:
    broken = np.full((16, 3), np.nan, np.float32)
    with pytest.raises(ValueError, match="NaN"):
        checkpoints.from_bytes(rewritten(checkpoints.to_bytes(checkpoint), second=broken))


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_losses_that_are_no_numbers_are_refused(checkpoint: Checkpoint, broken: float) -> None:
    with pytest.raises(ValueError, match="its losses hold values that are no finite numbers"):
        checkpoints.from_bytes(rewritten(checkpoints.to_bytes(checkpoint), losses=np.array([10.5, broken])))


def test_weights_of_another_shape_are_refused(checkpoint: Checkpoint) -> None:
    wide = np.zeros((32, 3), np.float32)
    with pytest.raises(ValueError, match=r"\(16, 3\)"):
        checkpoints.from_bytes(rewritten(checkpoints.to_bytes(checkpoint), second=wide))


def test_a_pickle_inside_is_never_opened(checkpoint: Checkpoint) -> None:
    objects = np.array([{"code": "would run"}], dtype=object)
    with pytest.raises(ValueError, match="no file of arrays"):
        checkpoints.from_bytes(rewritten(checkpoints.to_bytes(checkpoint), second=objects))


def test_arrays_far_too_large_are_refused_unread(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="at most 1048576 are expected"):
        checkpoints.from_bytes(rewritten(checkpoints.to_bytes(checkpoint), losses=np.zeros(2**18)))


@pytest.mark.parametrize("junk", [b"", b"PK\x03\x04 not really", pickle.dumps({"first": 1})])
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoints.from_bytes(junk)


def test_a_cut_off_file_is_refused(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError, match="not a checkpoint"):
        checkpoints.from_bytes(checkpoints.to_bytes(checkpoint)[:900])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"epoch": "2"}, "epoch"),
        ({"parameters": None}, "parameters"),
        ({"format": "older"}, "version"),
        ({"epoch": 5}, "one loss an epoch"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(
    checkpoint: Checkpoint, wrong: dict[str, object], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        checkpoints.from_bytes(rewritten(checkpoints.to_bytes(checkpoint), **wrong))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"absent\.npz"):
        checkpoints.load(tmp_path / "absent.npz")
