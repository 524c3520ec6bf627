import io

import numpy as np
import pytest

from anonymizer.gait import plain_arrays


def packed(**arrays: np.ndarray) -> bytearray:
    file = io.BytesIO()
    np.savez_compressed(file, allow_pickle=True, **arrays)
    return bytearray(file.getvalue())


def test_every_array_is_read_by_its_name() -> None:
    found = plain_arrays.read(io.BytesIO(packed(a=np.arange(3), b=np.eye(2))))
    assert {name: array.tolist() for name, array in found.items()} == {"a": [0, 1, 2], "b": [[1, 0], [0, 1]]}


def test_damage_is_said_wherever_it_lies() -> None:
    """A byte at a time, in the zip's parts and in the compressed data, whose checksum tells."""
    whole = packed(a=np.arange(200.0))
    refused = 0
    for place in range(0, len(whole), 7):
        damaged = whole.copy()
        damaged[place] ^= 0xFF
        try:
            found = plain_arrays.read(io.BytesIO(damaged))
        except ValueError:
            refused += 1
        else:  # a date, or what else says nothing of the arrays
            assert all(array.tolist() == list(range(200)) for array in found.values())
    assert refused > len(whole) // 7 // 2


@pytest.mark.parametrize("junk", [b"", b"junk", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_what_is_no_such_file_is_refused(junk: bytes) -> None:
    with pytest.raises(ValueError, match="no file of arrays, or it is damaged"):
        plain_arrays.read(io.BytesIO(junk))


def test_objects_are_not_unpickled() -> None:
    with pytest.raises(ValueError, match="no file of arrays"):
        plain_arrays.read(io.BytesIO(packed(a=np.array([{"code": "would run"}], dtype=object))))


def test_an_array_larger_than_expected_is_refused_unread() -> None:
    with pytest.raises(ValueError, match=r"an array of 8[0-9]{3} bytes, where at most 1000 are expected"):
        plain_arrays.read(io.BytesIO(packed(a=np.zeros(1000), b=np.zeros(1))), largest=1000)
