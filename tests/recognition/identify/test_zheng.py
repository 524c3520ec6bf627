import io
from dataclasses import replace

import numpy as np
import pytest

from recognition.identify import pls, zheng
from recognition.identify.gaits import Gaits
from recognition.identify.protocol import SequenceChoice, evaluate
from recognition.identify.recognizer import Recognizer
from recognition.identify.success import rank_rate
from recognition.identify.zheng import Parameters, Zheng

SIZE = (16, 12)  # of the made-up gaits


def trained(gaits: Gaits, **parameters: object) -> Zheng:
    recognizer = Zheng(Parameters(**{"size": SIZE, "components": 12, **parameters}))
    return recognizer.fit(gaits.inputs, gaits.subjects, gaits.view_angles)


def rank1(recognizer: Recognizer, test: Gaits) -> np.ndarray:
    gallery, probes = (test.chosen(SequenceChoice.parse(c)) for c in ("nm-01,nm-02", "nm-03,nm-04"))
    return rank_rate(evaluate(recognizer, gallery, probes))


@pytest.fixture
def train_and_test(make_gaits) -> tuple[Gaits, Gaits]:
    gaits = make_gaits(subjects=24)
    ids = [f"{s:03d}" for s in range(1, 25)]
    return gaits.of_subjects(ids[12:]), gaits.of_subjects(ids[:12])


def test_unseen_subjects_are_identified_within_and_across_view_angles(train_and_test):
    train, test = train_and_test
    rates = rank1(trained(train), test)
    assert np.diag(rates).min() > 0.9
    assert rates.min() > 0.8  # chance is 1/12


def test_without_the_view_transformation_they_are_not_across_view_angles(train_and_test):
    train, test = train_and_test
    rates = rank1(trained(train, transform="none"), test)
    assert np.diag(rates).min() > 0.9
    assert rates[~np.eye(3, dtype=bool)].mean() < 0.4


@pytest.mark.parametrize("projection", ["joint-pls", "none"])
def test_the_other_projections_work_too(train_and_test, projection):
    train, test = train_and_test
    assert np.diag(rank1(trained(train, projection=projection), test)).min() > 0.9


def test_features_are_the_pls_projection_of_the_view_angle(train_and_test):
    train, test = train_and_test
    at = train.view_angles == 90
    alone = pls.fit(train.inputs[at].reshape(at.sum(), -1), train.subjects[at], 12)
    seen = test.inputs[test.view_angles == 90]
    expected = alone.project(seen.reshape(len(seen), -1))
    assert (trained(train).features(seen, 90) == expected).all()


def test_distances_are_sums_of_absolute_differences(train_and_test):
    train, _ = train_and_test
    recognizer = trained(train, transform="none")
    one, other = np.array([[0, 1, 2]], np.float32), np.array([[1, 1, 0], [0, 1, 2]], np.float32)
    assert recognizer.distances(one, 0, other, 90).tolist() == [[3.0, 0.0]]


@pytest.mark.parametrize("parameters", [{}, {"transform": "none"}, {"projection": "none"}, {"rank": 3}])
def test_a_saved_recognizer_answers_the_same(train_and_test, parameters):
    train, test = train_and_test
    before = trained(train, **parameters)
    file = io.BytesIO()
    before.save(file)
    file.seek(0)
    after = zheng.load(file)
    assert after.settings == before.settings
    assert (rank1(after, test) == rank1(before, test)).all()


def saved_arrays(recognizer: Zheng) -> dict[str, np.ndarray]:
    file = io.BytesIO()
    recognizer.save(file)
    file.seek(0)
    with np.load(file) as stored:
        return {name: stored[name] for name in stored.files}


def as_file(arrays: dict[str, np.ndarray]) -> io.BytesIO:
    file = io.BytesIO()
    np.savez(file, **arrays)
    file.seek(0)
    return file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("mean_90", np.zeros(3, np.float32)),
        ("rotations_0", np.full((192, 12), np.nan, np.float32)),
        ("inverse_180", np.zeros((2, 2), np.float32)),
        ("header", np.array('{"format": "other"}')),
        ("header", np.array("no JSON")),
        ("header", np.array([{"a": "pickle"}], object)),
    ],
)
def test_a_damaged_recognizer_is_refused(train_and_test, name, value):
    train, _ = train_and_test
    arrays = saved_arrays(trained(train))
    assert name in arrays
    with pytest.raises(ValueError, match="does not hold a trained recognizer"):
        zheng.load(as_file(arrays | {name: value}))


@pytest.mark.parametrize("junk", [b"", b"junk", b"PK\x03\x04 and no more"])
def test_junk_is_no_recognizer(junk):
    with pytest.raises(ValueError, match="does not hold a trained recognizer"):
        zheng.load(io.BytesIO(junk))


def test_a_recognizer_without_training_is_refused(make_gaits):
    gaits = make_gaits(subjects=2)
    with pytest.raises(ValueError, match="not trained yet"):
        Zheng(Parameters(size=SIZE)).features(gaits.inputs, 0)
    with pytest.raises(ValueError, match="not trained yet"):
        Zheng().save(io.BytesIO())


def test_an_unknown_view_angle_is_named(train_and_test):
    train, test = train_and_test
    with pytest.raises(ValueError, match="no view angle 45; it was trained on 0, 90, 180"):
        trained(train).features(test.inputs, 45)


def test_images_of_another_size_are_refused(train_and_test):
    train, test = train_and_test
    with pytest.raises(ValueError, match=r"takes images of \(16, 12\)"):
        trained(train).features(test.inputs[:, :8], 0)


def test_a_view_angle_of_one_subject_is_named(train_and_test):
    train, _ = train_and_test
    kept = train.where((train.view_angles != 90) | (train.subjects == "013"))
    with pytest.raises(ValueError, match="View angle 90: PLS needs the gaits of at least 2 subjects"):
        trained(kept)


def test_no_training_gaits_are_refused(make_gaits):
    with pytest.raises(ValueError, match="0 gaits"):
        trained(make_gaits(subjects=2).of_subjects([]))


def test_a_poor_view_angle_caps_the_components_of_all(train_and_test):
    train, test = train_and_test
    poor = train.where((train.view_angles != 90) | (np.array([key.number for key in train.keys]) == 1))
    recognizer = trained(poor, components=40)
    assert recognizer.features(test.inputs[:2], 0).shape == (2, 11)  # 12 gaits at 90°, less one


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"projection": "pca"}, "Projection 'pca' is unknown"),
        ({"transform": "gan"}, "Transform 'gan' is unknown"),
        ({"components": 0}, "from 1 to 100000 components"),
        ({"size": (0, 48)}, "no height and width"),
        ({"size": (64, 4800)}, "too large"),
        ({"ridge": float("nan")}, "ridge must be 0 or more"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        replace(Parameters(), **wrong)
