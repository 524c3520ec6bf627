import numpy as np
import pytest

from recognition.identify.classifiers import Calibrated, Lda, Pls, fitted_temperature, surprises

SUBJECTS = np.array([f"{n:03d}" for n in range(6)])
CENTRES = np.random.default_rng(0).normal(scale=3, size=(6, 40))


def gaits(seed: int, each: int = 8):
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(6), each)
    return (CENTRES[who] + rng.normal(size=(len(who), 40))).astype(np.float32), SUBJECTS[who]


@pytest.mark.parametrize(
    "classifier", [Lda(), Pls(), Lda(standardised=True)], ids=["lda", "pls", "standardised"]
)
def test_it_names_those_it_has_learned(classifier):
    features, subjects = gaits(2)
    found = classifier.fit(*gaits(1)).distances(features)
    assert found.shape == (48, 6)
    assert classifier.subjects[found.argmin(axis=1)].tolist() == subjects.tolist()


def test_units_do_not_matter_to_a_standardised_one():
    (train, who), (test, _) = gaits(1), gaits(2)
    units = np.logspace(-3, 3, 40).astype(np.float32)
    plain = Lda(standardised=True).fit(train, who).distances(test)
    scaled = Lda(standardised=True).fit(train * units, who).distances(test * units)
    assert scaled.argmin(axis=1).tolist() == plain.argmin(axis=1).tolist()


@pytest.mark.parametrize(
    "classifier", [Lda(), Pls(), Lda(standardised=True)], ids=["lda", "pls", "standardised"]
)
def test_copies_that_are_all_alike_are_no_hindrance(classifier):
    """A method that draws nothing makes the same copy each time."""
    once = np.random.default_rng(3).standard_normal((5, 40)).astype(np.float32)
    subjects = np.repeat([f"{number:03d}" for number in range(5)], 4)
    fitted = classifier.fit(np.repeat(once, 4, axis=0), subjects)
    assert fitted.subjects[fitted.distances(once + np.float32(0.01)).argmin(axis=1)].tolist() == sorted(
        set(subjects)
    )


def test_a_feature_that_never_changes_harms_nothing():
    train, who = gaits(1)
    train[:, 3] = 7
    assert np.isfinite(Lda(standardised=True).fit(train, who).distances(train)).all()


def test_surprises_are_probabilities():
    found = surprises(np.array([[0.0, 1.0, 5.0]]), 2.0)
    assert np.exp(-found).sum() == pytest.approx(1)
    assert found[0, 1] - found[0, 0] == pytest.approx(2)


def test_distances_that_say_nothing_leave_everybody_equally_likely():
    rng = np.random.default_rng(3)
    own = rng.integers(6, size=400)
    inverse = fitted_temperature(rng.random((400, 6)), own)
    found = surprises(rng.random((3, 6)), inverse)
    assert found == pytest.approx(np.log(6), abs=0.2)


def test_the_surer_the_classifier_proved_the_surer_it_is():
    rng = np.random.default_rng(4)
    own = np.repeat(np.arange(6), 30)
    distances = 1 - np.eye(6)[own]
    wrong = (own + rng.integers(1, 6, len(own))) % 6
    mixed = np.where(rng.random(len(own)) < 0.3, wrong, own)
    assert fitted_temperature(distances, own) > fitted_temperature(distances, mixed) > 0


def test_a_calibrated_one_gives_the_surprises_of_its_distances():
    features, _ = gaits(2)
    lda = Lda().fit(*gaits(1))
    assert (Calibrated(lda, 0.5).surprises(features) == surprises(lda.distances(features), 0.5)).all()
