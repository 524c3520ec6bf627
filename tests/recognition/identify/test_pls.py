import warnings

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from recognition.identify import pls


def some_gaits(gaits: int = 12, pixels: int = 30, subjects: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    names = np.array([f"{i % subjects:03d}" for i in range(gaits)])
    return rng.normal(size=(gaits, pixels)).astype(np.float32), names


def test_features_are_those_of_scikit_learns_transform_up_to_sign():
    images, subjects = some_gaits()
    new = np.random.default_rng(6).normal(size=(5, 30)).astype(np.float32)
    one_hot = np.unique(subjects)[None, :] == subjects[:, None]
    theirs = PLSRegression(n_components=3, scale=False).fit(images, one_hot.astype(float))
    ours, expected = pls.fit(images, subjects, components=3).project(new), theirs.transform(new)
    sign = np.sign((ours * expected).sum(axis=0))  # a component's sign is arbitrary
    np.testing.assert_allclose(ours * sign, expected, rtol=1e-4, atol=1e-5)


def test_training_features_are_centred():
    images, subjects = some_gaits()
    features = pls.fit(images, subjects, components=3).project(images + 100)
    shift = pls.fit(images + 100, subjects, components=3).project(images + 100)
    assert abs(shift.mean(axis=0)).max() < 1e-4
    assert abs(features.mean(axis=0)).max() > 1


def test_components_are_capped_at_gaits_less_one_and_at_pixels():
    images, subjects = some_gaits(gaits=12, pixels=30)
    assert pls.fit(images, subjects).rotations.shape == (30, 11)
    assert pls.fit(images[:, :6], subjects).rotations.shape == (6, 6)


def test_more_components_than_subjects_warn_nobody():
    images, subjects = some_gaits(gaits=40, subjects=3)
    images[1::2] = images[::2]  # twins leave Y to be explained exactly
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        projection = pls.fit(images, subjects)
    assert np.isfinite(projection.rotations).all()


def test_one_subject_is_too_few():
    images, _ = some_gaits()
    with pytest.raises(ValueError, match="at least 2 subjects, not of 1"):
        pls.fit(images, np.array(["001"] * 12))


def test_images_of_another_size_are_refused():
    images, subjects = some_gaits()
    with pytest.raises(ValueError, match="takes \\(gaits, 30\\) pixels"):
        pls.fit(images, subjects).project(images[:, :20])


def test_as_many_names_as_images_are_needed():
    images, subjects = some_gaits()
    with pytest.raises(ValueError, match=r"12, 30.*for 11 subjects"):
        pls.fit(images, subjects[:11])
