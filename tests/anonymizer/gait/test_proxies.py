import numpy as np
import pytest

from anonymizer.gait import proxies
from anonymizer.gait.silhouettes import Silhouettes
from tests.anonymizer.gait.walking_figure import walking_figure


@pytest.fixture(scope="module")
def real() -> list[Silhouettes]:
    return [walking_figure(20, start=0.13 * i, stoutness=1 + 0.1 * (i % 4)) for i in range(8)]


def test_an_unchanged_walk_jitters_as_in_life() -> None:
    walk = walking_figure(20)
    assert proxies.jitter_ratio(walk, walk.copy()) == 1.0


def test_frames_that_flicker_jitter_more_and_frozen_ones_less() -> None:
    walk = walking_figure(24)
    flickering = walk.copy()
    flickering[::2] = walking_figure(24, start=0.25)[::2]
    frozen = np.repeat(walk[:1], 24, axis=0)
    assert proxies.jitter_ratio(walk, flickering) > 1.3  # type: ignore[operator]
    assert proxies.jitter_ratio(walk, frozen) == 0.0


def test_jitter_is_undefined_without_three_frames_of_a_body_in_a_row() -> None:
    walk = walking_figure(6)
    walk[2::3] = False
    assert proxies.jitter(walk) is None
    assert proxies.jitter_ratio(walk, walking_figure(6)) is None


def test_jitter_skips_blank_frames() -> None:
    walk = walking_figure(20)
    gap = walk.copy()
    gap[10] = False
    assert proxies.jitter(gap) == pytest.approx(proxies.jitter(walk), rel=0.3)


def test_detached_parts_are_counted_and_specks_are_not() -> None:
    walk = walking_figure(4, shape=(120, 160))
    walk[0, 2:12, 2:12] = True
    walk[1, 2, 2] = True
    assert proxies.detached_share(walk) == 0.25
    assert proxies.detached_share(np.zeros_like(walk)) is None


def test_real_walks_fit_the_manifold_of_real_walks(real: list[Silhouettes]) -> None:
    manifold = proxies.fit_manifold(real, components=20)
    assert manifold.ratio(walking_figure(20, start=0.4, stoutness=1.15)) == pytest.approx(1, abs=0.35)


def test_shapes_that_are_no_bodies_lie_off_the_manifold(real: list[Silhouettes]) -> None:
    manifold = proxies.fit_manifold(real, components=20)
    noise = np.random.default_rng(0).random((5, 120, 160)) < 0.5
    assert manifold.ratio(noise) > 2  # type: ignore[operator]
    assert manifold.ratio(np.zeros((3, 120, 160), np.bool_)) is None


def test_too_few_real_frames_are_said(real: list[Silhouettes]) -> None:
    with pytest.raises(ValueError, match="at least 4 walks"):
        proxies.fit_manifold(real[:3])


def test_twice_is_as_far_off_as_half() -> None:
    assert proxies.log_ratio(2.0) == pytest.approx(proxies.log_ratio(0.5))
    assert proxies.log_ratio(1.0) == 0
    assert proxies.log_ratio(0.0) == np.inf
