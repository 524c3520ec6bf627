"""Films of walks, which a browser plays by moving one picture."""

import io
import zlib

import numpy as np
import pytest
from django.urls import reverse
from PIL import Image

from anonymizer.film import film, png
from tests.factories import AnonymizedSequenceFactory, figure

pytestmark = pytest.mark.django_db


def size_of(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_a_film_holds_as_many_frames_as_asked_for(signed_in):
    address = reverse("anonymizer:anonymized_film", args=[AnonymizedSequenceFactory().pk])
    width, height = size_of(signed_in.get(address, {"frames": 4}).content)
    whole = size_of(signed_in.get(address).content)
    assert whole == (3 * width, height)  # 12 frames
    assert width == 4 * round(height * 0.6875)


def test_a_png_written_by_hand_is_read_back_bit_for_bit():
    pixels = np.random.default_rng(3).random((13, 29)) < 0.5
    image = Image.open(io.BytesIO(png(pixels)))
    assert np.array_equal(np.asarray(image), pixels.astype(np.uint8))


def test_a_film_centres_every_body_in_its_cell():
    walk = figure()
    strip = film(walk, 6)
    width, height = size_of(strip)
    start = strip.index(b"IDAT") + 4
    raw = zlib.decompress(strip[start:])
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1)[:, 1:]
    cells = np.unpackbits(rows, axis=1)[:, :width].reshape(height, 6, -1)
    for cell in cells.transpose(1, 0, 2):
        columns = np.flatnonzero(cell.any(axis=0))
        assert abs((columns[0] + columns[-1]) / 2 - (cell.shape[1] - 1) / 2) <= 1
