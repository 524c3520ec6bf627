import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context

import cv2
import numpy as np
import pytest

from anonymizer.gait.silhouettes import Silhouettes, bounding_boxes, mean_iou
from anonymizer.gait.walkers import CASIA_B_VIEW_ANGLES, DIFFICULTIES, donor, walk

from .conftest import Walks


def digest(named: tuple[int, int, str, int]) -> str:
    seen = walk(*named, view_angles=(0, 54), frames=8)
    return sha256(b"".join(seen[angle].tobytes() for angle in sorted(seen))).hexdigest()


NAMED = [(1, 0, "nm", 1), (1, 0, "bg", 1), (1, 3, "cl", 2), (2, 0, "nm", 1)]


def test_a_walk_has_every_view_angle_of_casia_b_and_its_picture_size() -> None:
    seen = walk(5, 1, "nm", 1, frames=10)
    assert tuple(seen) == CASIA_B_VIEW_ANGLES
    assert {s.shape for s in seen.values()} == {(10, 240, 320)}
    assert {s.dtype for s in seen.values()} == {np.dtype(bool)}


def test_fifty_frames_fit_at_every_view_angle_for_nearly_everybody() -> None:
    counts = [
        len(s) for subject in range(8) for s in walk(9, subject, "nm", 1, view_angles=(0, 54, 90)).values()
    ]
    assert np.mean([count == 50 for count in counts]) > 0.9
    assert min(counts) >= 40


def test_no_body_touches_the_border_even_in_a_walk_too_long_for_the_picture() -> None:
    seen = walk(5, 1, "nm", 1, view_angles=(90,), frames=120)[90]
    boxes = bounding_boxes(seen)
    assert 40 < len(seen) < 120
    assert boxes[:, 1].min() >= 1
    assert boxes[:, 3].max() <= 319


def test_walks_are_the_same_bit_for_bit_in_any_order_and_in_other_processes() -> None:
    here = [digest(named) for named in NAMED]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
        there = list(processes.map(digest, reversed(NAMED)))
    assert here == there[::-1]
    assert len(set(here)) == len(NAMED)


def test_the_choice_of_view_angles_changes_none_of_them() -> None:
    alone = walk(1, 2, "nm", 1, view_angles=(90,), frames=6)[90]
    among = walk(1, 2, "nm", 1, view_angles=(18, 90, 180), frames=6)[90]
    assert np.array_equal(alone, among)


def test_every_part_of_the_name_makes_another_walk(walks: Walks) -> None:
    first = walks(0, "nm", 1)[90][:20]
    others = [walks(1, "nm", 1), walks(0, "bg", 1), walks(0, "cl", 1), walks(0, "nm", 2)]
    assert all(mean_iou(first, other[90][:20]) < 0.9 for other in others)


def test_a_donor_is_no_subject_and_is_repeatable() -> None:
    one = donor(11, 0, view_angles=(90,), frames=20)[90]
    assert np.array_equal(one, donor(11, 0, view_angles=(90,), frames=20)[90])
    assert not np.array_equal(one, walk(11, 0, "nm", 0, view_angles=(90,), frames=20)[90])
    assert mean_iou(one, donor(11, 1, view_angles=(90,), frames=20)[90]) < 0.9


def largest_part(frame: np.ndarray) -> float:
    """The share of the silhouette in its largest connected part."""
    sizes = cv2.connectedComponentsWithStats(frame.view(np.uint8))[2][1:, cv2.CC_STAT_AREA]
    return float(sizes.max() / sizes.sum())


@pytest.mark.parametrize("condition", ["nm", "bg", "cl"])
def test_a_body_is_in_one_piece(walks: Walks, condition: str) -> None:
    shares = [largest_part(frame) for subject in range(3) for frame in walks(subject, condition, 1)[90]]
    assert min(shares) > 0.97
    assert np.mean(shares) > 0.995


def test_walkers_are_as_tall_in_the_picture_as_people_are(walks: Walks) -> None:
    for subject in range(4):
        boxes = bounding_boxes(walks(subject, "nm", 1)[90])
        heights = boxes[:, 2] - boxes[:, 0]
        assert 98 < np.median(heights) < 150  # 1.45 to 1.95 m, clothes included, seen from 4.7 m


def test_at_90_degrees_the_walker_goes_left_and_at_0_comes_nearer(walks: Walks) -> None:
    for subject in range(3):
        seen = walks(subject, "nm", 1)
        side, front = bounding_boxes(seen[90]), bounding_boxes(seen[0])
        assert side[0, 1] - side[-1, 1] > 60  # px in 1.2 s, which is some 0.8 m
        assert front[-1, 2] - front[-1, 0] > 1.1 * (front[0, 2] - front[0, 0])


def test_legs_open_and_close_and_heads_do_not(walks: Walks) -> None:
    frames = walks(0, "nm", 1)[90]
    boxes = bounding_boxes(frames)
    legs = [np.ptp(np.nonzero(f[b - 12 : b])[1]) for f, b in zip(frames, boxes[:, 2], strict=True)]
    heads = [np.ptp(np.nonzero(f[t : t + 12])[1]) for f, t in zip(frames, boxes[:, 0], strict=True)]
    assert max(legs) > 2 * min(legs)
    assert max(heads) < 25


def test_a_coat_makes_people_wider_and_a_bag_larger(walks: Walks) -> None:
    def area(condition: str) -> float:
        return float(
            np.mean([walks(subject, condition, 1)[0].sum(axis=(1, 2)).mean() for subject in range(4)])
        )

    assert area("cl") > 1.05 * area("nm")
    assert area("bg") > 1.01 * area("nm")


def test_harder_presets_change_more_from_walk_to_walk(energy: Callable[[Silhouettes], np.ndarray]) -> None:
    def change(difficulty: str) -> float:
        own = [
            [
                energy(
                    walk(3, subject, "nm", number, view_angles=(90,), frames=30, difficulty=difficulty)[90]
                )
                for number in (1, 2)
            ]
            for subject in range(4)
        ]
        return float(np.mean([np.linalg.norm(a - b) for a, b in own]))

    assert tuple(DIFFICULTIES) == ("easy", "casia", "hard")
    assert change("easy") < change("casia") < change("hard")


def test_the_path_can_vary_more_from_walk_to_walk_and_as_before_without_a_word() -> None:
    def frames(**asked: float) -> Silhouettes:
        return walk(3, 1, "nm", 1, view_angles=(90,), frames=6, **asked)[90]  # type: ignore[arg-type]

    def feet(variation: float) -> list[int]:
        """The lowest row of the body in each of four walks: how far away it walks."""
        seen = [
            walk(3, 1, "nm", n, view_angles=(90,), frames=2, path_variation=variation)[90]
            for n in range(1, 5)
        ]
        return [int(np.flatnonzero(each[0].any(axis=1)).max()) for each in seen]

    assert np.array_equal(frames(), frames(path_variation=1.0))
    assert np.ptp(feet(0.0)) < np.ptp(feet(5.0))


def test_raw_gait_energy_images_name_the_walker_seen_from_the_same_angle(
    walks: Walks, energy: Callable[[Silhouettes], np.ndarray]
) -> None:
    subjects = range(10)
    for angle in (0, 90):
        gallery = np.array([energy(walks(s, "nm", n)[angle]) for s in subjects for n in (1, 2)])
        probes = np.array([energy(walks(s, "nm", 3)[angle]) for s in subjects])
        nearest = np.linalg.norm(probes[:, None] - gallery, axis=2).argmin(axis=1) // 2
        assert np.mean(nearest == subjects) >= 0.7  # chance is 0.1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"condition": "xx"}, "condition must be one of nm, bg, cl"),
        ({"subject": -1}, "subject must be 0 or more"),
        ({"seed": -3}, "seed must be 0 or more"),
        ({"view_angles": (90, 200)}, "angle from 0 to 180"),
        ({"view_angles": ()}, "at least one angle"),
        ({"frames": 0}, "frames must be 1 or more"),
        ({"difficulty": "brutal"}, "difficulty must be one of easy, casia, hard"),
        ({"path_variation": 11.0}, "path_variation must be from 0 to 10, not 11"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], message: str) -> None:
    usual = {"seed": 1, "subject": 1, "condition": "nm", "number": 1}
    with pytest.raises(ValueError, match=message):
        walk(**(usual | wrong))  # type: ignore[arg-type]


def test_walking_needs_neither_the_body_model_nor_torch() -> None:
    program = (
        "import sys; from anonymizer.gait.walkers import walk; walk(1, 1, 'nm', 1, view_angles=(90,), frames=2);"
        "print({'anny', 'torch', 'django'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
