import io

import numpy as np
import pytest

from recognition.identify import identifications
from recognition.identify.gaits import GaitKey
from recognition.identify.identifications import Identification, Identifications

INF = np.inf


def probe(subject: str, view_angle: int = 0, number: int = 5) -> GaitKey:
    return GaitKey(subject, "nm", number, view_angle)


def some_answers() -> Identifications:
    """Subject 3 has no gallery gait at 90°, subject 4 none at all."""
    at_0 = [[1, 2, 3], [2, 2, 1], [1, 2, 3], [1, 1, 1]]
    at_90 = [[5, 4, INF], [5, 4, INF], [5, 4, INF], [5, 4, INF]]
    probes = (probe("1"), probe("2", 90), probe("3"), probe("4"))
    return Identifications(probes, (0, 90), ("1", "2", "3"), np.array([at_0, at_90], np.float32))


def test_the_nearest_subject_is_named():
    assert some_answers().predicted.tolist() == [[0, 2, 0, 0], [1, 1, 1, 1]]
    assert some_answers().distance.tolist() == [[1, 1, 1, 1], [4, 4, 4, 4]]


def test_the_true_rank_counts_who_is_nearer_and_ties_before():
    assert some_answers().true_rank.tolist() == [[1, 3, 3, 0], [2, 1, 0, 0]]


def test_rank_one_and_being_named_are_the_same():
    rng = np.random.default_rng(0)
    probes = tuple(probe(str(1 + n % 5), 0, n) for n in range(200))
    scores = rng.integers(0, 4, size=(1, 200, 5)).astype(np.float32)  # full of ties
    answers = Identifications(probes, (0,), ("1", "2", "3", "4", "5"), scores)
    assert 0 < answers.identified.sum() < 200
    assert (answers.identified == (answers.predicted == answers.true_subject)).all()


def test_rows_hold_every_answer_that_counts():
    assert list(some_answers().rows()) == [
        Identification(probe("1"), 0, "1", 1, 1.0),
        Identification(probe("1"), 90, "2", 2, 4.0),
        Identification(probe("2", 90), 0, "3", 3, 1.0),
        Identification(probe("2", 90), 90, "2", 1, 4.0),
        Identification(probe("3"), 0, "1", 3, 1.0),
    ]


def test_probes_can_be_put_into_another_order():
    answers = some_answers()
    order = (probe("3"), probe("1"), probe("4"), probe("2", 90))
    moved = answers.in_order_of(order)
    assert moved.probes == order
    assert moved.true_rank.tolist() == answers.true_rank[:, [2, 0, 3, 1]].tolist()


def test_other_gaits_are_not_put_into_an_order():
    with pytest.raises(ValueError, match="4-nm-05-000 is on one side alone"):
        some_answers().in_order_of((probe("3"), probe("1"), probe("2", 90)))


def test_what_was_saved_is_read_again():
    file = io.BytesIO()
    some_answers().save(file)
    file.seek(0)
    again = identifications.load(file)
    assert again.probes == some_answers().probes
    assert (again.view_angles, again.subjects) == ((0, 90), ("1", "2", "3"))
    assert (again.scores == some_answers().scores).all()


@pytest.mark.parametrize("junk", [b"", b"junk", b"PK\x03\x04"])
def test_junk_is_refused(junk):
    with pytest.raises(ValueError, match="does not hold identifications"):
        identifications.load(io.BytesIO(junk))


def test_a_file_of_something_else_is_refused():
    file = io.BytesIO()
    np.savez(file, other=np.zeros(3))
    file.seek(0)
    with pytest.raises(ValueError, match="does not hold identifications"):
        identifications.load(file)


@pytest.mark.parametrize(
    ("probes", "scores", "said"),
    [
        ((probe("1"),), np.zeros((1, 2, 1)), "Scores have shape"),
        ((probe("1"),), np.full((1, 1, 1), np.nan), "no number"),
        ((probe("1", 45),), np.zeros((1, 1, 1)), "view angle 45"),
    ],
)
def test_scores_that_do_not_fit_are_refused(probes, scores, said):
    with pytest.raises(ValueError, match=said):
        Identifications(probes, (0,), ("1",), scores)
