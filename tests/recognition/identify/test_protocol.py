import numpy as np
import pytest

from recognition.identify.gaits import GaitKey, Gaits, subject_order
from recognition.identify.protocol import SequenceChoice, evaluate, gallery_and_probe, split
from recognition.identify.zheng import Parameters, Zheng


def people(count: int) -> list[str]:
    return [f"{number:03d}" for number in range(1, count + 1)]


def sizes(count: int, how: str) -> tuple[int, ...]:
    return tuple(len(part) for part in split(people(count), how))


def test_the_papers_split_takes_the_last_24_the_first_10_and_the_rest():
    d1, d2, d3 = split(people(124), "paper")
    assert d1 == tuple(people(124)[100:])
    assert d2 == tuple(people(10))
    assert d3 == tuple(people(100)[10:])


@pytest.mark.parametrize(
    ("subjects", "how", "expected"),
    [
        (24, "30:15:55", (7, 4, 13)),  # 7.2 and 3.6
        (44, "paper", (24, 10, 10)),
        (10, "25:25:50", (3, 3, 4)),  # 2.5 twice, a half up
        (100, "33:33:34", (33, 33, 34)),
        (6, "33:33:34", (2, 2, 2)),
        (124, "20:10:70", (25, 12, 87)),  # 24.8 and 12.4
    ],
)
def test_percents_are_rounded_to_the_nearest_and_the_test_set_gets_the_rest(subjects, how, expected):
    assert sizes(subjects, how) == expected


def test_subjects_go_by_number_and_not_by_letters():
    d1, d2, d3 = split(["10", "9", "8", "100", "2", "1"], "33:33:34")
    assert (d1, d2, d3) == (("10", "100"), ("1", "2"), ("8", "9"))


@pytest.mark.parametrize(
    ("subjects", "how", "said"),
    [
        (43, "paper", "--split paper needs at least 44 subjects, not 43"),
        (
            4,
            "20:10:70",
            "20:10:70 of 4 subjects leaves 1 to train the recognizer on, .* at least 15 ",
        ),
        (2, "10:20:70", "leaves none to train the recognizer on"),
        (10, "30:10:60", "leaves 1 to train the network on, where 2 are needed. Use at least 15 subjects"),
        (10, "50:49:1", "leaves none to test"),
        (24, "30:15:50", "must add up to 100"),
        (24, "0:50:50", "percents above 0"),
        (24, "half", "--split half is not a split. Write paper, or whole percents"),
        (24, "30:70", "is not a split"),
    ],
)
def test_a_split_that_cannot_be_names_the_option(subjects, how, said):
    with pytest.raises(ValueError, match=said) as error:
        split(people(subjects), how)
    assert "--split" in str(error.value)


@pytest.mark.parametrize("how", ["20:10:70", "30:15:55", "1:1:98", "50:49:1", "40:50:10"])
def test_the_number_of_subjects_that_is_advised_is_enough(how):
    with pytest.raises(ValueError, match="Use at least") as error:
        split(people(4), how)
    advised = int(str(error.value).split("at least ")[1].split(" ")[0])
    assert min(sizes(advised, how)) >= 2
    with pytest.raises(ValueError, match="Use at least"):
        split(people(advised - 1), how)


def test_subjects_without_a_number_cannot_be_split():
    with pytest.raises(ValueError, match="'anna' has no numeric id"):
        split(["001", "anna"], "paper")


def test_two_names_of_one_number_are_refused():
    with pytest.raises(ValueError, match="'1' and '001' have the same numeric id"):
        split(["1", "001", "2"], "paper")


def test_a_choice_of_sequences_is_read_and_written():
    choice = SequenceChoice.parse("nm-01, bg-02")
    assert choice == (("nm", 1), ("bg", 2))
    assert str(choice) == "nm-01,bg-02"
    assert choice.names() == ["nm-01", "bg-02"]


@pytest.mark.parametrize("wrong", ["", "nm", "nm-1-2", "xx-01", "nm-01,,nm-02", "nm-001"])
def test_what_is_no_sequence_is_refused(wrong):
    with pytest.raises(ValueError, match="is not a sequence"):
        SequenceChoice.parse(wrong)


def test_a_sequence_chosen_twice_is_refused():
    with pytest.raises(ValueError, match="nm-1 is chosen twice"):
        SequenceChoice.parse("nm-01,nm-1")


def test_a_sequence_is_never_compared_with_itself():
    with pytest.raises(ValueError, match="nm-02 is in the gallery and among the probes"):
        gallery_and_probe("nm-01,nm-02", "nm-02,nm-03")
    gallery, probe = gallery_and_probe("nm-01", "nm-02")
    assert (gallery, probe) == ((("nm", 1),), (("nm", 2),))


def test_gait_keys_read_as_casia_b_writes_them():
    assert str(GaitKey("001", "nm", 5, 18)) == "001-nm-05-018"


def test_gaits_are_chosen_by_subject_and_sequence(make_gaits):
    gaits = make_gaits(subjects=3, view_angles=(0,), sequences=2)
    assert [str(key) for key in gaits.of_subjects(["002"]).keys] == ["002-nm-01-000", "002-nm-02-000"]
    assert set(gaits.without_subject("002").subjects) == {"001", "003"}
    second = gaits.chosen(SequenceChoice.parse("nm-02"))
    assert [key.number for key in second.keys] == [2, 2, 2]
    assert (second.inputs == gaits.inputs[1::2]).all()


def test_every_gait_needs_an_image(make_gaits):
    gaits = make_gaits(subjects=2)
    with pytest.raises(ValueError, match="24 gaits are named, but there are 23 to read"):
        Gaits(gaits.keys, gaits.inputs[1:])


def test_numbers_come_before_names():
    assert sorted(["b", "10", "9", "a"], key=subject_order) == ["9", "10", "a", "b"]


# Images of one pixel, compared as they are: distances are differences of gray.
GRAY = Zheng(Parameters(size=(1, 1), projection="none", transform="none"))


def gray(*gaits: tuple[str, int, int, float]) -> Gaits:
    """(subject, number, view angle, gray) each."""
    keys = tuple(GaitKey(subject, "nm", number, view) for subject, number, view, _ in gaits)
    return Gaits(keys, np.array([g[3] for g in gaits], np.float32).reshape(-1, 1, 1))


def recognizer() -> Zheng:
    training = gray(("8", 1, 0, 0), ("9", 1, 0, 1), ("8", 1, 90, 0), ("9", 1, 90, 1))
    return GRAY.fit(training.inputs, training.subjects, training.view_angles)


def test_a_subject_is_as_near_as_the_nearest_of_its_gallery_gaits():
    gallery = gray(("2", 1, 0, 8), ("1", 1, 0, 0), ("2", 2, 0, 5), ("1", 2, 0, 1))
    answers = evaluate(recognizer(), gallery, gray(("1", 3, 0, 2), ("2", 3, 0, 4)))
    assert answers.subjects == ("1", "2")
    assert answers.scores[0].tolist() == [[1, 3], [3, 1]]
    assert answers.true_rank.tolist() == [[1, 1]]


def test_all_pairs_of_view_angles_are_cells_even_without_gallery():
    gallery = gray(("1", 1, 0, 0), ("2", 1, 0, 5))
    answers = evaluate(recognizer(), gallery, gray(("1", 2, 0, 1), ("2", 2, 90, 1)))
    assert answers.view_angles == (0, 90)
    assert answers.counted.tolist() == [[True, True], [False, False]]
    assert answers.predicted.tolist() == [[0, 0], [-1, -1]]


def test_a_probe_counts_only_where_its_subject_is_enrolled():
    gallery = gray(("1", 1, 0, 0), ("2", 1, 0, 5), ("1", 1, 90, 0))
    probes = gray(("1", 2, 0, 1), ("2", 2, 0, 1), ("3", 2, 0, 1))
    answers = evaluate(recognizer(), gallery, probes)
    assert answers.counted.tolist() == [[True, True, False], [True, False, False]]
    assert answers.true_rank.tolist() == [[1, 2, 0], [1, 0, 0]]


def test_the_fixed_donor_may_be_named_but_is_no_probe():
    gallery = gray(("1", 1, 0, 0), ("2", 1, 0, 5))
    probes = gray(("1", 2, 0, 5), ("2", 2, 0, 5)).without_subject("2")
    answers = evaluate(recognizer(), gallery, probes)
    assert [key.subject for key in answers.probes] == ["1"]
    assert answers.subjects[answers.predicted[0, 0]] == "2"


def test_ties_go_to_the_lower_number_whatever_the_gallerys_order():
    probes = gray(("10", 2, 0, 3), ("9", 2, 0, 3))
    for gallery in (gray(("10", 1, 0, 1), ("9", 1, 0, 5)), gray(("9", 1, 0, 5), ("10", 1, 0, 1))):
        answers = evaluate(recognizer(), gallery, probes)
        assert [answers.subjects[named] for named in answers.predicted[0]] == ["9", "9"]
        assert answers.true_rank.tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("gallery", "probes", "said"),
    [
        (gray(), gray(("1", 1, 0, 0)), "gallery is empty"),
        (gray(("1", 1, 0, 0)), gray(), "no probes"),
        (gray(("1", 1, 0, 0)), gray(("1", 2, 0, 0), ("1", 2, 0, 1)), "1-nm-02-000 is there twice"),
        (gray(("1", 1, 0, np.inf)), gray(("1", 2, 0, 0)), "no finite number"),
        (gray(("1", 1, 45, 0)), gray(("1", 2, 0, 0)), "no view angle 45"),
    ],
)
def test_an_evaluation_that_cannot_be_says_why(gallery, probes, said):
    with pytest.raises(ValueError, match=said):
        evaluate(recognizer(), gallery, probes)
