"""Clips of one walk in every rendering, encoded in one go."""

import io

import av
import pytest

from anonymizer.gait.clip_jobs import ClipJob, Take, encode_clips
from anonymizer.gait.renderings import RENDERINGS
from anonymizer.gait.silhouettes import pack
from anonymizer.models import Clip
from tests.anonymizer.gait.walking_figure import walking_figure

ORIGINAL, CHANGED = pack(walking_figure(12)), pack(walking_figure(12, stoutness=1.6))


def size(data):
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        return stream.width, stream.height, stream.frames


@pytest.mark.parametrize("name", RENDERINGS)
def test_every_rendering_is_a_clip_of_the_wanted_length(name):
    (data,) = encode_clips(ClipJob(ORIGINAL, (Take(name, CHANGED),), 0.4))
    assert size(data) == (976 if RENDERINGS[name].side_by_side else 480, 360, 10)


def test_all_takes_of_a_walk_come_out_in_their_order_and_differ():
    takes = (Take("centred"), Take("centred", CHANGED), Take("broken"), Take("in-place"))
    made = encode_clips(ClipJob(ORIGINAL, takes, 0.4))
    assert len(set(made)) == 4
    assert made[0] == encode_clips(ClipJob(ORIGINAL, (Take("centred"),), 0.4))[0]


def test_a_walk_is_shown_as_fast_as_it_was_recorded():
    (data,) = encode_clips(ClipJob(ORIGINAL, (Take("centred"),), 4, frame_rate=7.5))
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert (stream.frames, stream.average_rate, stream.duration * stream.time_base) == (30, 7.5, 4)


def test_rows_know_every_rendering():
    assert set(Clip.Rendering.values) == set(RENDERINGS)
