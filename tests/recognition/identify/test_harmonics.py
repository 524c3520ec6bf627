import numpy as np
import pytest

from recognition.identify.harmonics import CYCLES, _swings, aligned, cycle, harmonics, template


def waving(frames: int = 50, *, period: float = 25.0, start: float = 0.0) -> np.ndarray:
    """(frames, 64, 48): a body whose right edge swings once a cycle, and one leg twice."""
    time = np.arange(frames) + start
    columns = np.arange(48)
    edge = 30 + 8 * np.sin(2 * np.pi * time / period)
    leg = 16 + 8 * np.sin(4 * np.pi * time / period)
    bodies = np.zeros((frames, 64, 48), bool)
    bodies[:, :32] = (columns < edge[:, None])[:, None]
    bodies[:, 32:] = (columns < leg[:, None])[:, None]
    return bodies


def test_the_cycle_is_found():
    assert cycle(_swings(waving(period=25))) == pytest.approx(25, abs=0.6)
    assert cycle(_swings(waving(60, period=31))) == pytest.approx(31, abs=0.9)
    assert CYCLES[0] == pytest.approx(45)


def test_what_swings_once_a_cycle_is_in_the_first_harmonic_and_twice_in_the_second():
    first, second = np.abs(harmonics(waving()))
    assert first[:16].max() > 3 * second[:16].mean()
    assert first[16:].max() < 0.1
    assert second[16:].max() > 0.4


def test_a_walk_that_begins_later_is_the_same_walk_turned():
    walks = np.stack([harmonics(waving(start=start)) for start in (0, 5, 11)])
    assert not np.allclose(walks[0], walks[1], atol=0.1)
    turned = aligned(walks, walks[0])
    assert np.abs(turned - walks[0]).max() < 0.15  # edges of pixels


def test_the_template_is_what_walks_have_in_common():
    walks = np.stack([harmonics(waving(start=start)) for start in range(8)])
    assert np.abs(aligned(walks[:1], template(walks)) - template(walks)).max() < 0.1


def test_what_stands_still_does_not_move_and_slow_drift_is_hardly_motion():
    still, drifting = np.zeros((2, 50, 64, 48), bool)
    still[:, :, :20] = True
    drifting[:] = (np.arange(48) < 20 + 0.1 * np.arange(50)[:, None])[:, None]
    assert np.abs(harmonics(still)).max() < 1e-6
    assert np.abs(harmonics(drifting)).mean() < 0.2 * np.abs(harmonics(waving())).mean()


@pytest.mark.parametrize("frames", [0, 1, 7])
def test_too_few_frames_say_nothing(frames):
    assert not harmonics(waving(frames)).any()
