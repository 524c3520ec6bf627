"""What is refused before it is changed, and what every method must cope with."""

import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.catalogue import METHODS
from anonymizer.gait.contour_methods import training_pairs
from anonymizer.gait.donors import Track
from anonymizer.gait.network import Weights, initial_weights
from anonymizer.gait.silhouettes import Silhouettes
from anonymizer.gait.training import Checkpoint
from anonymizer.gait.usable import refuse_unusable, what_is_wrong
from tests.anonymizer.gait.walking_figure import walking_figure

READING = {"order": "traced", "padding": "resampled", "phase": "aligned"}
every_method = pytest.mark.parametrize("method", list(METHODS))


def network(method: str) -> Checkpoint | None:
    """The mean of both inputs, as a trained one nearly is."""
    chosen = METHODS[method]
    if not chosen.needs_network:
        return None
    weights = Weights(*(np.zeros_like(each) for each in initial_weights(0, chosen.first_layers).arrays()))
    weights.first[:, 0, 1], weights.second[0, 1] = 1, 0.5
    return Checkpoint(method, {"alpha": 0.3, **READING}, weights)


def changed(track: Track, method: str, donor: Track | None = None) -> Track:
    wanted = METHODS[method].donors_for({})
    lent = donor or {angle: walking_figure(24, stoutness=1.5, view_angle=angle) for angle in track}
    rng = np.random.default_rng(0)
    return methods.anonymize(track, method, donors=[lent] * wanted, network=network(method), rng=rng)


def beside(*walks: Silhouettes) -> Silhouettes:
    return np.concatenate(walks, axis=2)


def test_one_person_may_be_changed() -> None:
    assert what_is_wrong(walking_figure(12)) == ""
    assert what_is_wrong(np.zeros((4, 20, 20), np.bool_)) == ""


def test_two_people_side_by_side_are_told_from_one_in_pieces() -> None:
    walk = walking_figure(12)
    assert "100% of the frames show several people; keep one" in what_is_wrong(beside(walk, walk))
    cut_in_two = walk.copy()
    cut_in_two[:, 58:62] = False
    assert what_is_wrong(cut_in_two) == ""


def test_somebody_who_only_passes_by_does_no_harm() -> None:
    crowd = beside(walking_figure(12), walking_figure(12))
    crowd[4:, :, 160:] = False
    assert what_is_wrong(crowd) == ""


def test_body_and_background_swapped_are_refused() -> None:
    assert "are swapped" in what_is_wrong(~walking_figure(12))


def test_the_view_angle_is_named() -> None:
    with pytest.raises(ValueError, match="view angle 54°: body and background are swapped"):
        refuse_unusable({90: walking_figure(4), 54: ~walking_figure(4)})


@pytest.mark.parametrize(
    ("track", "message"),
    [
        ({}, "the track has no view"),
        (np.zeros((3, 20, 20), np.bool_), "a track is view angles in degrees to walks"),
        ({90: np.zeros((3, 20, 20), np.bool_)}, "no frame of any view shows a body"),
        ({90: np.zeros((0, 20, 20), np.bool_)}, "no frame of any view shows a body"),
        ({90: np.zeros((3, 20, 20), np.uint8)}, "silhouettes must be bool"),
        ({90: np.zeros((20, 20), np.bool_)}, "silhouettes must be bool of shape"),
    ],
)
def test_what_shows_nobody_is_refused_in_words(track: Track, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refuse_unusable(track)


@every_method
def test_a_walk_of_one_frame_is_changed(method: str) -> None:
    result = changed({90: walking_figure(1)}, method)
    assert result[90].shape == (1, 120, 160)
    assert result[90].any()


@every_method
def test_views_of_other_sizes_and_lengths_are_changed_together(method: str) -> None:
    track = {90: walking_figure(20), 54: walking_figure(17, view_angle=54, shape=(64, 64))}
    result = changed(track, method)
    assert {angle: each.shape for angle, each in result.items()} == {90: (20, 120, 160), 54: (17, 64, 64)}


@every_method
def test_a_body_that_touches_the_border_is_changed(method: str) -> None:
    filling = walking_figure(14)[:, 16:108, 66:94]
    assert filling[:, 0].any(axis=1).all()
    assert filling[:, -1].any()
    assert filling[:, :, 0].any()
    result = changed({90: filling}, method)
    assert result[90].shape == filling.shape
    assert result[90].any(axis=(1, 2)).all()


@every_method
def test_a_few_pixels_are_no_reason_to_fail(method: str) -> None:
    """A frame may hold a speck alone."""
    walk = walking_figure(14)
    walk[5] = False
    walk[5, 60, 80] = True
    assert changed({90: walk}, method)[90].shape == walk.shape


@pytest.mark.parametrize("method", [each.name for each in METHODS.values() if each.donors_for({})])
def test_a_donor_who_was_not_seen_from_there_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match=r"no silhouettes at view angle 90°, only at 0°"):
        changed({90: walking_figure(8)}, method, {0: walking_figure(8)})
    with pytest.raises(ValueError, match="the donor's silhouettes at view angle 90° show nobody"):
        changed({90: walking_figure(8)}, method, {90: np.zeros((8, 120, 160), np.bool_)})


def test_weights_that_are_no_numbers_are_refused() -> None:
    good = initial_weights(1)
    with pytest.raises(ValueError, match="'first_bias' hold NaN or infinite values"):
        Weights(good.first, good.first_bias * np.float32("nan"), good.second, good.second_bias)


def test_nothing_is_trained_on_walks_that_show_nobody() -> None:
    blank = {90: np.zeros((5, 20, 20), np.bool_)}
    with pytest.raises(ValueError, match="there are no frames to train on"):
        training_pairs([blank], [{90: walking_figure(5)}], {"alpha": 0.3, **READING})
