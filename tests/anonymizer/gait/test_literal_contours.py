import numpy as np
import pytest

from anonymizer.gait import contours, literal_contours
from anonymizer.gait.network import closed_form
from anonymizer.gait.silhouettes import mean_iou
from tests.anonymizer.gait.walking_figure import walking_figure


def test_zero_padding_follows_the_contours_pixels() -> None:
    vector = literal_contours.contours(walking_figure(1), "traced", "zero").vectors[0].reshape(-1, 2)
    used = int(np.flatnonzero(vector.any(axis=1))[-1]) + 1
    assert 300 < used < 1500
    assert np.array_equal(vector[:used], np.rint(vector[:used]))  # pixels, not points between them
    assert not vector[used:].any()


def test_raster_order_lists_pixels_row_by_row() -> None:
    pixels = literal_contours.contours(walking_figure(1), "raster", "zero").vectors[0].reshape(-1, 2)
    place_in_picture = pixels[:, 0] * 240 + pixels[:, 1]
    used = int(np.flatnonzero(place_in_picture)[-1]) + 1
    assert (np.diff(place_in_picture[:used]) > 0).all()


@pytest.mark.parametrize(
    ("order", "padding"), [("traced", "zero"), ("raster", "resampled"), ("raster", "zero")]
)
def test_an_unchanged_vector_still_gives_the_walk_back(order: str, padding: str) -> None:
    walk = walking_figure(4, shape=(120, 160))
    read = literal_contours.contours(walk, order, padding)
    drawn = literal_contours.drawn(read.vectors, read.places, *walk.shape[1:], order)
    assert mean_iou(walk, drawn) > 0.85


def test_zero_padding_drags_two_walkers_blend_to_the_crops_corner() -> None:
    thin, stout = walking_figure(1, start=0.1), walking_figure(1, start=0.3, stoutness=1.8)
    read = [literal_contours.contours(walk, "traced", "zero").vectors for walk in (thin, stout)]
    resampled = [contours.contours(walk).vectors for walk in (thin, stout)]
    nearest = [
        np.linalg.norm(points[points.any(axis=1)], axis=1).min()
        for points in (closed_form(*pair, 1.0).reshape(-1, 2) for pair in (read, resampled))
    ]
    assert nearest[0] < 0.8 * nearest[1]
