import subprocess
import sys

import numpy as np

from anonymizer.gait import batch
from anonymizer.gait.batch import FreshDonor, PackedTrack, TrackJob
from anonymizer.gait.donors import TrackName
from anonymizer.gait.silhouettes import pack, unpack
from anonymizer.gait.walkers import donor


def test_a_fresh_donor_is_seen_from_the_other_side_as_its_mirror_image() -> None:
    lent = batch._donor(FreshDonor(7, (90, 270), 12))
    seen = donor(0, 7, view_angles=(90,), frames=12)[90]
    assert np.array_equal(lent[90], seen)
    assert np.array_equal(lent[270], seen[..., ::-1])


def test_a_walk_to_the_right_gets_a_donor_who_walks_to_the_right() -> None:
    left = donor(0, 3, view_angles=(90,), frames=30)[90]
    right = np.ascontiguousarray(left[..., ::-1])
    batch.prepare("replace", {}, None, "cpu")
    changed = {}
    for angle, walk in ((90, left), (270, right)):
        name = TrackName("001", "nm", 1, frozenset({angle}))
        job = TrackJob(
            name, PackedTrack.of(name, {angle: pack(walk)}), (FreshDonor(8, (angle,), 30),), seed=0
        )
        made = batch.change(job)
        assert (made.error, made.donor) == ("", "synthetic 8")
        changed[angle] = unpack(made.views[angle].silhouettes)
    same = np.mean(changed[90] == changed[270][..., ::-1])
    assert same > 0.99


def test_a_process_that_changes_walks_loads_no_library_that_it_may_not_need() -> None:
    heavy = "{'torch', 'sklearn', 'pandas', 'scipy.stats'}"
    code = f"import sys, anonymizer.gait.batch; print({heavy} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"
