from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from anonymizer.gait import clip_loop, video
from anonymizer.gait.silhouettes import Silhouettes
from tests.anonymizer.gait.walking_figure import walking_figure

SMALL = (128, 96)


def pictures(walk: Silhouettes, **options: object) -> np.ndarray:
    return np.stack(list(video.clip_frames(walk, size=SMALL, **options)))  # type: ignore[arg-type]


def decoded(path: Path) -> np.ndarray:
    """`(frames, height, width, 3)` as red, green, blue."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def body_rows(picture: np.ndarray) -> tuple[int, int]:
    rows = np.flatnonzero((picture > 127).any(axis=1))
    return int(rows[0]), int(rows[-1])


def test_ten_seconds_are_250_frames_that_every_browser_plays(tmp_path: Path) -> None:
    video.encode(walking_figure(50, 26), tmp_path / "clip.mp4", size=SMALL)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "Main", "yuv420p")
        assert (stream.frames, context.width, context.height) == (250, *SMALL)
        assert stream.average_rate == Fraction(25)
        assert sum(1 for _ in container.decode(video=0)) == 250
        assert float(container.duration or 0) / av.time_base == pytest.approx(10.0)


def test_the_index_stands_before_the_pictures(tmp_path: Path) -> None:
    video.encode(walking_figure(50, 26), tmp_path / "clip.mp4", size=SMALL, seconds=1)
    data = (tmp_path / "clip.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_every_second_can_be_sought(tmp_path: Path) -> None:
    video.encode(walking_figure(50, 26), tmp_path / "clip.mp4", size=SMALL, seconds=4)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        keys = [packet.pts for packet in container.demux(video=0) if packet.is_keyframe]
    assert len(keys) >= 4


def test_the_same_walk_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.mp4", "two.mp4"):
        video.encode(walking_figure(50, 26), tmp_path / name, size=SMALL, seconds=2)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_off_white_walks_on_near_black(tmp_path: Path) -> None:
    video.encode(walking_figure(50, 26), tmp_path / "clip.mp4", size=(240, 180), seconds=1)
    frame = decoded(tmp_path / "clip.mp4")[10].astype(int)
    opaque = next(video.clip_frames(walking_figure(50, 26), size=(240, 180)))
    assert np.abs(frame[:10, :10] - video.BACKGROUND).max() <= 4
    assert np.abs(frame[80, 115:125].mean(axis=0) - video.BODY).max() <= 6
    assert opaque[80, 120] == 255


def test_nothing_is_left_where_encoding_fails(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(OSError, match=r"clip\.mp4"):
        video.encode(walking_figure(50, 26), tmp_path / "clip.mp4", size=SMALL, seconds=1)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_the_body_stays_in_the_middle_at_constant_height() -> None:
    clip = pictures(walking_figure(50, 26, drift=1.5))
    centroids = [np.flatnonzero(picture.any(axis=0)).mean() for picture in clip]
    heights = [bottom - top + 1 for top, bottom in map(body_rows, clip)]
    assert max(abs(centroid - 63.5) for centroid in centroids) < 6
    assert max(heights) - min(heights) <= 0.08 * 96
    assert np.mean(heights) == pytest.approx(0.8 * 96, abs=4)


def test_in_place_shows_the_way_and_cuts_with_grey() -> None:
    walk = walking_figure(50, 26, drift=1.5)
    clip = pictures(walk, in_place=True)
    plan = video.loop_plan(walk)
    middles = [np.flatnonzero(picture.any(axis=0)).mean() for picture in clip[: plan.length]]
    assert middles[-1] - middles[0] == pytest.approx(1.5 * (plan.length - 1) * 0.8, rel=0.2)
    cut = clip[plan.length : plan.length + 5]
    assert len(np.unique(cut)) == 1
    assert 0 < cut[0, 0, 0] < 255
    assert np.array_equal(clip[plan.length + 5], clip[0])


def test_equal_frames_do_not_differ_at_all() -> None:
    walk = walking_figure(50, 26)[[3, 7, 3]]
    differences = clip_loop._differences(walk, clip_loop.body_heights(walk))
    assert differences[0, 2] == differences.diagonal().max() == 0
    assert differences[0, 1] == differences[1, 2] > 1


def test_a_grey_cut_takes_a_fifth_of_a_second_at_any_frame_rate() -> None:
    plan = video.loop_plan(walking_figure(50, 26), fps=10)
    shown = plan.source_frames(2 * plan.length, grey_cuts=True)
    assert shown.count(video.GREY) == 2


def test_a_walk_without_a_cycle_fades_at_its_joint() -> None:
    walk = walking_figure(15, 26)
    brightest = pictures(walk, seconds=1).max(axis=(1, 2))
    assert brightest[[0, 12, 24]].tolist() == [255, 255, 255]
    assert brightest[[14, 15]].tolist() == [51, 51]


def test_the_originals_plan_serves_both_clips_of_a_pair_alike() -> None:
    original = walking_figure(50, 26, view_angle=54)
    changed = original.copy()
    changed[:, :20] = False  # lower by the top of the head
    plan = video.loop_plan(original)
    ours, theirs = pictures(original, cycle=plan), pictures(changed, cycle=plan)
    assert len(ours) == len(theirs) == 250
    assert np.array_equal(ours[0], ours[plan.length])
    assert np.array_equal(theirs[0], theirs[plan.length])
    assert body_rows(theirs[0])[0] > body_rows(ours[0])[0] + 3  # not stretched to full height
    assert body_rows(theirs[0])[1] == body_rows(ours[0])[1]


def test_a_pair_is_one_clip_with_both_walks(tmp_path: Path) -> None:
    left, right = walking_figure(50, 26, view_angle=54), walking_figure(50, 26, view_angle=54, stoutness=2)
    video.encode_pair(left, right, tmp_path / "pair.mp4", size=SMALL, seconds=1)
    clip = decoded(tmp_path / "pair.mp4")
    assert clip.shape == (25, 96, 2 * 128 + 16, 3)
    white = (clip[0, ..., 0] > 127).sum(axis=0)
    assert 0 < white[:128].sum() < white[144:].sum()
    assert white[128:144].sum() == 0


def test_edges_are_smooth_however_far_the_walk_is_enlarged() -> None:
    walk = walking_figure(50, 26, shape=(48, 64))
    picture = next(video.clip_frames(walk, size=(480, 360)))
    shades = np.count_nonzero((picture > 20) & (picture < 235))
    outline = np.count_nonzero((picture > 127)[1:] != (picture > 127)[:-1])
    assert 0 < shades < 12 * outline
    assert len(np.unique(picture)) > 20


def test_blank_frames_show_nothing_but_background() -> None:
    clip = pictures(np.zeros((10, 24, 32), np.bool_), seconds=1)
    assert not clip.any()


def test_a_plan_for_another_number_of_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="same number of frames"):
        video.clip_frames(walking_figure(40), cycle=video.loop_plan(walking_figure(50)))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"seconds": 0}, "at most 120 s"),
        ({"seconds": 1e6}, "at most 120 s"),
        ({"fps": 0}, "at most 120 s"),
        ({"size": (321, 240)}, "must be even"),
    ],
)
def test_clips_that_can_not_be_are_refused(tmp_path: Path, options: dict[str, int], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        video.encode(walking_figure(5), tmp_path / "clip.mp4", **options)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
