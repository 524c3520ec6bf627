import cv2
import numpy as np

from anonymizer.gait.walkers.segmentation_noise import segmented


def discs() -> np.ndarray:
    picture = cv2.circle(np.zeros((80, 100), np.uint8), (50, 40), 25, 1, -1)
    return np.stack([picture] * 12).view(bool)


def test_without_strength_nothing_changes() -> None:
    assert np.array_equal(segmented(discs(), 1, 0.0, 0.0), discs())


def test_the_outline_wobbles_by_about_the_strength_and_the_inside_stays() -> None:
    clean = discs()
    inner = cv2.erode(clean[0].view(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    outer = cv2.dilate(clean[0].view(np.uint8), np.ones((9, 9), np.uint8)).astype(bool)
    moved = []
    for strength in (0.3, 0.6, 1.0):
        noisy = segmented(clean, 5, strength, 0.0)
        assert noisy[:, inner].all()
        assert not noisy[:, ~outer].any()
        moved.append((noisy != clean).sum() / len(clean) / (2 * np.pi * 25))  # px of outline
    assert moved == sorted(moved)
    assert 0.1 < moved[0] < 0.6
    assert moved[2] < 1.5


def test_every_frame_has_noise_of_its_own_and_the_key_repeats_it() -> None:
    noisy = segmented(discs(), 5, 0.8, 0.5)
    assert len({frame.tobytes() for frame in noisy}) == len(noisy)
    assert np.array_equal(noisy, segmented(discs(), 5, 0.8, 0.5))
    assert not np.array_equal(noisy, segmented(discs(), 6, 0.8, 0.5))


def test_patches_come_as_often_as_asked_and_blank_frames_stay_blank() -> None:
    clean = discs()
    few, many = (
        np.sum(segmented(clean, 7, 0.0, patches) != segmented(clean, 7, 0.0, 1e-9)) for patches in (0.5, 3.0)
    )
    assert 0 < few < many
    blank = np.zeros((2, 20, 20), bool)
    assert not segmented(blank, 7, 1.0, 2.0).any()
