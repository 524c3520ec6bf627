"""What is left of a walk that several others were mixed into, or that another took the place of."""

import numpy as np
import pytest

from anonymizer.gait import methods
from anonymizer.gait.bodies import scaled
from anonymizer.gait.contour_methods import donor_frames
from anonymizer.gait.donors import Track, Walk
from anonymizer.gait.method_call import Call
from anonymizer.gait.silhouettes import bounding_boxes, mean_iou
from tests.anonymizer.gait.walking_figure import walking_figure


def walker(**figure: float) -> Track:
    return {90: walking_figure(30, **figure)}  # type: ignore[arg-type]


def changed(track: Track, method: str, lent: list[Track], **parameters: object) -> np.ndarray:
    rng = np.random.default_rng(0)
    return methods.anonymize(track, method, parameters=parameters, donors=lent, rng=rng)[90]


@pytest.fixture(scope="module")
def track() -> Track:
    return walker(start=0.2)


@pytest.fixture(scope="module")
def stout() -> Track:
    return walker(start=0.7, stoutness=1.8)


def test_a_replaced_walk_is_the_donors_in_the_originals_box(track: Track, stout: Track) -> None:
    result = changed(track, "replace", [stout])
    frames = donor_frames(Walk(track[90]), Walk(stout[90]))
    assert mean_iou(scaled(result, 64, 48), scaled(stout[90][frames], 64, 48)) > 0.95
    assert np.abs(bounding_boxes(result) - bounding_boxes(track[90]))[:, [0, 2]].max() <= 1


def test_nothing_but_box_and_trunk_of_a_replaced_walk_is_left(track: Track, stout: Track) -> None:
    """A pixel of the original's shape that moves neither box nor trunk changes nothing."""
    dented = {90: track[90].copy()}
    for frame, (top, left, bottom, right) in zip(dented[90], bounding_boxes(track[90]), strict=True):
        frame[(top + 3 * bottom) // 4, left + 2 : right - 2] = False
    assert not np.array_equal(dented[90], track[90])
    same_phase = Walk(dented[90])
    same_phase.features = Walk(track[90]).features
    replaced = methods.replace(same_phase, [Walk(stout[90])], Call({}, None, np.random.default_rng(0)))
    assert np.array_equal(replaced, changed(track, "replace", [stout]))


def test_a_walk_replaced_by_itself_is_itself(track: Track) -> None:
    assert np.array_equal(changed(track, "replace", [track]), track[90])


def test_a_mix_with_one_donor_is_the_blend_with_it(track: Track, stout: Track) -> None:
    mixed = changed(track, "donor-mix", [stout], alpha=1.5, donors=1)
    assert np.array_equal(mixed, changed(track, "sdf", [stout], alpha=1.5))


def test_a_mix_is_of_all_donors_in_any_order(track: Track, stout: Track) -> None:
    thin = walker(start=0.4, stoutness=0.6)
    one, other = (changed(track, "donor-mix", pair, donors=2) for pair in ([stout, thin], [thin, stout]))
    assert np.array_equal(one, other)
    assert mean_iou(one, changed(track, "donor-mix", [stout, stout], donors=2)) < 0.97


def test_the_more_donors_the_more_alike_two_walkers_become(track: Track) -> None:
    """k-same's law: two people mixed with the same others end up nearer to each other."""
    other = walker(start=0.2, stoutness=1.7)
    donors = [walker(start=0.1 * index, stoutness=0.6 + 0.3 * index) for index in range(4)]
    alike = [
        mean_iou(*(changed(each, "donor-mix", donors[:n], donors=n) for each in (track, other)))
        for n in (1, 2, 4)
    ]
    assert [mean_iou(track[90], other[90]), *alike] == sorted([mean_iou(track[90], other[90]), *alike])
