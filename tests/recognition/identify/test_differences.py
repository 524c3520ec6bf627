import pytest

from recognition.identify.differences import differences, numbers

RESULT = {
    "attackers": {"naive": {"rank1": [[0.5, None], [0.25, 1.0]], "recognized": [[3, 0], [1, 2]]}},
    "alpha": None,
}


def changed(value, *path):
    found = {
        "attackers": {"naive": {k: [list(r) for r in v] for k, v in RESULT["attackers"]["naive"].items()}}
    }
    found["alpha"] = None
    *before, last = path
    place = found
    for step in before:
        place = place[step]
    place[last] = value
    return found


def told(after, **options):
    return [str(each) for each in differences(RESULT, after, **options)]


def test_a_result_is_the_same_as_itself():
    assert told(RESULT) == []
    assert numbers(RESULT) == 7


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (
            changed(0.75, "attackers", "naive", "rank1", 1, 0),
            "attackers.naive.rank1[1][0]: 0.25 before, 0.75 now",
        ),
        (
            changed(0.1, "attackers", "naive", "rank1", 0, 1),
            "attackers.naive.rank1[0][1]: None before, 0.1 now",
        ),
        (changed([[3]], "attackers", "naive", "recognized"), "attackers.naive.recognized: "),
        (changed(0.3, "alpha"), "alpha: None before, 0.3 now"),
        (changed(1, "beta"), "beta: None before, 1 now"),
    ],
)
def test_where_it_differs_is_said(after, said):
    (found,) = told(after)
    assert found.startswith(said)


def test_within_the_tolerance_numbers_are_the_same():
    after = changed(0.2501, "attackers", "naive", "rank1", 1, 0)
    assert len(told(after)) == 1
    assert told(after, tolerance=1e-3) == []


def test_time_and_names_may_differ():
    assert list(differences({"seconds": 1, "recognition_run": 2}, {"seconds": 5, "recognition_run": 7})) == []
    assert numbers({"seconds": 1}) == 0
