import numpy as np
import pytest

from anonymizer.gait import donors
from anonymizer.gait.donors import Donor, TrackName, Walk
from anonymizer.gait.walkers import walk
from tests.anonymizer.gait.walking_figure import walking_figure

ANGLES = frozenset({0, 90})


def names(
    subjects: int, walks: tuple[tuple[str, int], ...] = (("bg", 1), ("nm", 1), ("nm", 2))
) -> list[TrackName]:
    return [
        TrackName(f"{subject:03d}", condition, number, ANGLES)
        for subject in range(subjects)
        for condition, number in walks
    ]


def test_the_fixed_donor_is_one_walk_of_one_subject_for_the_whole_set() -> None:
    candidates = names(10)
    (chosen,) = {donors.fixed_donor(track, candidates, seed=3) for track in candidates}
    assert (chosen.condition, chosen.number) == ("nm", 1)


def test_the_seed_chooses_the_fixed_subject() -> None:
    subjects = [each.subject for each in names(10)]
    assert donors.fixed_subject(subjects, 3) == donors.fixed_subject(subjects[::-1], 3)
    assert len({donors.fixed_subject(subjects, seed) for seed in range(40)}) > 5


def test_a_donor_was_recorded_at_all_the_tracks_view_angles() -> None:
    candidates = [TrackName("001", "nm", 1, frozenset({0})), TrackName("001", "nm", 2, ANGLES)]
    track = TrackName("002", "nm", 1, ANGLES)
    assert donors.fixed_donor(track, candidates, 0).number == 2
    with pytest.raises(ValueError, match="002/nm-01"):
        donors.fixed_donor(TrackName("002", "nm", 1, frozenset({54})), candidates, 0)


def test_random_donors_are_different_subjects_and_never_the_walker_itself() -> None:
    candidates = names(6)
    for track in candidates:
        subjects = [each.subject for each in donors.random_donors(track, candidates, 4, seed=1)]
        assert len(set(subjects)) == 4
        assert track.subject not in subjects


def test_a_choice_depends_on_the_track_and_the_seed_alone() -> None:
    candidates, track = names(8), TrackName("003", "nm", 1, ANGLES)
    drawn = donors.random_donors(track, candidates, 3, seed=1)
    assert donors.random_donors(track, candidates[::-1], 3, seed=1) == drawn
    assert {tuple(donors.random_donors(track, candidates, 3, seed)) for seed in range(5)} != {tuple(drawn)}


def test_too_few_subjects_are_said() -> None:
    with pytest.raises(ValueError, match="only 1"):
        donors.random_donors(TrackName("000", "nm", 1, ANGLES), names(2), 3, seed=1)


def test_fresh_synthetic_donors_are_shared_by_no_two_tracks() -> None:
    drawn = [number for track in names(40) for number in donors.synthetic_donors(track, 3, seed=1)]
    assert len(set(drawn)) == len(drawn) == 360
    assert drawn[:3] == donors.synthetic_donors(names(1)[0], 3, seed=1)


def test_a_pool_gives_a_track_different_donors() -> None:
    pool = [10, 20, 30, 40, 50, 60]
    for track in names(5):
        drawn = donors.synthetic_donors(track, 4, seed=2, pool=pool)
        assert len(set(drawn)) == 4
        assert set(drawn) <= set(pool)
    with pytest.raises(ValueError, match="holds only 2"):
        donors.synthetic_donors(names(1)[0], 3, seed=2, pool=pool[:2])


def test_a_donor_computes_what_is_asked_of_it_once() -> None:
    donor = Donor({90: walking_figure(30)})
    assert donor.walk(90).features is donor.walk(90).features
    assert donors.prepared(donor) is donor
    assert donors.prepared({90: walking_figure(30)}) is not donor


def test_a_missing_view_angle_and_an_empty_view_are_named() -> None:
    donor = Donor({90: walking_figure(4), 0: np.zeros((4, 20, 20), np.bool_)})
    with pytest.raises(ValueError, match=r"36°, only at 0°, 90°"):
        donor.walk(36)
    with pytest.raises(ValueError, match="0° show nobody"):
        donor.walk(0)


# --- Which way somebody walks ---------------------------------------------------------------------
@pytest.mark.parametrize("view_angle", [18, 54, 90, 144])
def test_a_donor_faces_as_the_original_does(view_angle: int) -> None:
    original, lent = (
        Walk(walk(5, subject, "nm", 1, view_angles=(view_angle,), frames=40)[view_angle])
        for subject in (0, 1)
    )
    assert donors.facing_alike(original, lent, view_angle) is lent
    assert donors.facing_alike(original.mirrored, lent, view_angle) is lent.mirrored


def test_from_the_front_a_donor_is_left_as_it_is() -> None:
    original, lent = Walk(walking_figure(30, view_angle=0)), Walk(walking_figure(30, view_angle=0, start=0.3))
    assert donors.facing_alike(original.mirrored, lent, 0) is lent


def test_a_single_frame_does_not_tell_which_way_somebody_walks() -> None:
    original, lent = Walk(walking_figure(1)), Walk(walking_figure(30, start=0.3))
    assert donors.facing_alike(original, lent, 90) is lent
