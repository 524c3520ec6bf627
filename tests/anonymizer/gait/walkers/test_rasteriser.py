import cv2
import numpy as np

from anonymizer.gait.walkers.rasteriser import inside, rasterise

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]  # outward
CUBE_FACES = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], np.int32)
NO_FACES, NO_HULLS = np.zeros((0, 3), np.int32), np.zeros((0, 2), np.int32)


def turned_cubes(count: int) -> np.ndarray:
    """Cubes under random rotations, drawn from afar: (count, 8, 2) as (column, row)."""
    rng = np.random.default_rng(4)
    turns = np.linalg.qr(rng.normal(size=(count, 3, 3)))[0]
    turns *= np.sign(np.linalg.det(turns))[:, None, None]
    seen = np.einsum("nij,vj->nvi", turns, CUBE)
    return (seen[..., [0, 2]] * [12, -12] + rng.uniform(28, 36, (count, 1, 2))).astype(np.float32)


def supersampled(pixels: np.ndarray, size: int, factor: int = 16) -> np.ndarray:
    """A convex body's silhouette by its hull, drawn large and averaged down."""
    hull = cv2.convexHull(np.round(pixels * factor - 0.5).astype(np.int32))
    large = cv2.fillConvexPoly(np.zeros((size * factor, size * factor), np.uint8), hull, 1)
    return large.reshape(size, factor, size, factor).mean(axis=(1, 3)) > 0.5


def test_closed_meshes_agree_with_a_supersampled_reference() -> None:
    pixels = turned_cubes(20)
    drawn = rasterise(pixels, CUBE_FACES, NO_HULLS, 64, 64)
    reference = np.stack([supersampled(p, 64) for p in pixels])
    assert (drawn & reference).sum() / (drawn | reference).sum() > 0.98
    # What differs lies on the outline, a pixel at most: nothing is left of it after an erosion.
    thin = [
        cv2.erode((d != r).view(np.uint8), np.ones((2, 2), np.uint8)).sum()
        for d, r in zip(drawn, reference, strict=True)
    ]
    assert max(thin) <= 1


def test_hulls_agree_with_a_supersampled_reference() -> None:
    pixels = turned_cubes(20)
    drawn = rasterise(pixels, NO_FACES, np.array([[0, 8]], np.int32), 64, 64)
    reference = np.stack([supersampled(p, 64) for p in pixels])
    assert (drawn & reference).sum() / (drawn | reference).sum() > 0.98


def test_a_square_covers_the_pixels_whose_centres_it_holds() -> None:
    square = np.array([[[1.4, 2.4], [4.6, 2.4], [4.6, 5.6], [1.4, 5.6]]], np.float32)
    drawn = rasterise(square, NO_FACES, np.array([[0, 4]], np.int32), 8, 8)[0]
    wanted = np.zeros((8, 8), bool)
    wanted[2:6, 1:5] = True
    assert np.array_equal(drawn, wanted)


def test_faces_that_look_away_are_left_out() -> None:
    triangle = np.array([[[1, 1], [6, 1], [1, 6]]], np.float32)
    away = rasterise(triangle, np.array([[0, 1, 2]], np.int32), NO_HULLS, 8, 8)
    toward = rasterise(triangle, np.array([[0, 2, 1]], np.int32), NO_HULLS, 8, 8)
    assert not away.any()
    assert toward.sum() == 15


def test_what_lies_outside_the_picture_is_cut_off() -> None:
    large = np.array([[[-9, -9], [20, -9], [20, 20], [-9, 20]]], np.float32)
    assert rasterise(large, NO_FACES, np.array([[0, 4]], np.int32), 8, 8).all()
    assert not inside(large, 8, 8)[0]


def test_a_body_a_pixel_from_the_border_is_inside() -> None:
    points = np.array([[[1, 1], [7, 7]], [[0.5, 1], [7, 7]], [[1, 1], [7, 7.5]]], np.float32)
    assert inside(points, 8, 8).tolist() == [True, False, False]
