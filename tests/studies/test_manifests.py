"""Clips that somebody brings: named by a manifest, checked row by row, kept all or not at all."""

import csv
import io
import json
import zipfile

import av
import numpy as np
import pytest

from anonymizer import jobs
from anonymizer.gait import own_clips
from anonymizer.jobs import Refused
from anonymizer.models import Clip, Run
from studies import life, manifests, runs
from studies.models import Study
from studies.proposals import Proposal
from tests.studies.rows import video

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_heartbeat")]
COLUMNS = ("original", "processed", "view_angle", "label", "method", "subject")


def rows(walks=2, labels=("mine", "theirs")):
    return [
        {
            "original": f"originals/{walk}.mp4", "processed": f"{label}/{walk}.mp4", "view_angle": 90 * (walk % 2),
            "label": label, "method": "sdf" if label == "mine" else "", "subject": f"{walk:03d}",
        }
        for label in labels
        for walk in range(walks)
    ]  # fmt: skip


def as_csv(entries):
    file = io.StringIO()
    writer = csv.DictWriter(file, list(dict.fromkeys(name for entry in entries for name in entry)))
    writer.writeheader()
    writer.writerows(entries)
    return file.getvalue()


def put(folder, entries, contents=None, manifest="manifest.csv"):
    """A folder with a manifest and its clips, real ones where nothing else is given."""
    text = as_csv(entries) if manifest.endswith(".csv") else json.dumps(entries)
    (folder / manifest).write_text(text)
    names = sorted({entry.get(name) for entry in entries for name in ("original", "processed")} - {None, ""})
    for step, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((contents or {}).get(name, video(step)))
    return folder


def zipped(folder, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, f"upload/{path.relative_to(folder)}")
    return target


def requested(path, name="brought", **options):
    asked = {"pairs_per_rater": 2, "raters": 3, "seed": 5}
    return runs.make(Proposal(name, manifest=manifests.read(path), **{**asked, **options}))


def prepared(path, **options):
    study = requested(path, **options)
    jobs.execute(study.run.pk, runs.prepare_study)
    study.refresh_from_db()
    assert study.run.status == Run.Status.SUCCEEDED, study.run.error
    return study


# --- What becomes of them -------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["folder", "manifest.csv", "manifest.json", "zip"])
def test_clips_come_in_a_folder_beside_their_manifest_or_in_a_zip(tmp_path, kind):
    folder = tmp_path / "clips"
    folder.mkdir()
    put(folder, rows(), manifest="manifest.json" if kind == "manifest.json" else "manifest.csv")
    path = {"folder": folder, "zip": tmp_path / "clips.zip"}.get(kind, folder / kind)
    study = prepared(zipped(folder, path) if kind == "zip" else path)
    assert [(each.label, each.method) for each in study.conditions.all()] == [("mine", "sdf"), ("theirs", "")]
    shown = list(study.stimuli.all())
    assert [(row.view_angle, row.condition.label) for row in shown] == [
        (0, "mine"), (90, "mine"), (0, "theirs"), (90, "theirs"),
    ]  # fmt: skip
    assert shown[0].labels == {"original": "originals/0.mp4", "processed": "mine/0.mp4", "subject": "000"}
    assert shown[0].reference_clip == shown[2].reference_clip
    assert Clip.objects.count() == 6
    assert study.seats.count() == 3


def test_what_raters_see_is_encoded_anew(tmp_path):
    study = prepared(put(tmp_path, rows(1, ("mine",))), pairs_per_rater=1)
    clip = study.stimuli.get().test_clip
    assert study.clip_seconds == clip.seconds == 0.6
    with clip.file.open("rb") as file, av.open(file) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.frames == 15
        assert float(stream.average_rate) == 25


def test_rows_may_be_practice_and_checks(tmp_path):
    entries = rows(2, ("mine",))
    extra = [
        {**entries[0], "processed": "practice.mp4", "role": "training"},
        {**entries[0], "processed": "broken.mp4", "role": "check", "expected_score": "1"},
    ]
    study = prepared(put(tmp_path, [*entries, *extra]), check_pairs=2)
    by_role = {role: list(study.stimuli.filter(role=role)) for role in ("regular", "training", "check")}
    assert {role: len(found) for role, found in by_role.items()} == {"regular": 2, "training": 1, "check": 2}
    brought, identical = by_role["check"]
    assert (brought.expected_score, identical.expected_score) == (1, 5)
    assert identical.reference_clip == identical.test_clip
    assert (study.training_pairs, study.check_pairs) == (1, 2)


def test_hidden_references_are_the_originals_once_each(tmp_path):
    study = prepared(put(tmp_path, rows()), template="acr-hr")
    hidden = study.stimuli.filter(condition=None)
    assert sorted(row.labels["processed"] for row in hidden) == ["originals/0.mp4", "originals/1.mp4"]


def test_walks_shown_alone_need_no_original(tmp_path):
    entries = [{"processed": f"{n}.mp4", "view_angle": 90, "label": "mine"} for n in range(2)]
    study = prepared(put(tmp_path, entries), template="acr")
    assert all(row.reference_clip is None for row in study.stimuli.all())


def test_side_by_side_puts_both_into_one_picture(tmp_path):
    study = prepared(put(tmp_path, rows(2, ("mine",))), layout="side-by-side", check_pairs=1)
    clip = study.stimuli.filter(role="regular").first().test_clip
    with clip.file.open("rb") as file, av.open(file) as container:
        assert container.streams.video[0].width == 2 * 320 + 16
    assert study.stimuli.get(role="check").test_clip != clip


def test_deleting_the_draft_takes_the_clips_along(tmp_path, django_capture_on_commit_callbacks):
    study = prepared(put(tmp_path, rows()))
    files = [clip.file for clip in Clip.objects.all()]
    with django_capture_on_commit_callbacks(execute=True):
        life.delete_draft(study)
    assert not Clip.objects.exists()
    assert not any(file.storage.exists(file.name) for file in files)


# --- What is wrong, row by row --------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"processed": ""}, "row 1: it names no processed clip"),
        ({"processed": "gone.mp4"}, "row 1: 'gone.mp4' is not there"),
        ({"processed": "../escape.mp4"}, "row 1: '../escape.mp4' leads out of the manifest's folder"),
        ({"processed": "/etc/passwd"}, "row 1: '/etc/passwd' leads out of the manifest's folder"),
        ({"processed": "notes.txt"}, "row 1: 'notes.txt' is no video file"),
        ({"view_angle": "side"}, "row 1: its view angle is 'side'"),
        ({"role": "extra"}, "row 1: its role is 'extra'"),
        ({"role": "check"}, "row 1: a check needs its expected score"),
        ({"expected_score": "9"}, "row 1: its expected score is '9'"),
        ({"original": ""}, "row 1: it names no original, and template naturalness shows one"),
    ],
)
def test_a_row_that_cannot_be_is_named(tmp_path, changed, message):
    entries = rows()
    put(tmp_path, entries)
    entries[0].update(changed)
    (tmp_path / "manifest.csv").write_text(as_csv(entries))
    with pytest.raises(Refused) as refusal:
        requested(tmp_path)
    assert message in str(refusal.value)
    assert not Study.objects.exists()


def test_a_clip_that_cannot_be_decoded_is_named_and_nothing_is_kept(tmp_path, settings):
    put(tmp_path, rows(), {"mine/1.mp4": b"no video at all" * 100})
    study = requested(tmp_path)
    with pytest.raises(Refused, match=r"row 2: 'mine/1\.mp4': it can't be read as a video"):
        jobs.execute(study.run.pk, runs.prepare_study)
    study.refresh_from_db()
    assert study.run.result["report"] == [
        "row 2: 'mine/1.mp4': it can't be read as a video (InvalidDataError)"
    ]
    assert not Clip.objects.exists()
    assert not study.stimuli.exists()
    assert not list(settings.MEDIA_ROOT.rglob("*.mp4"))


def test_clips_of_a_pair_are_of_one_length_and_size(tmp_path):
    put(tmp_path, rows(1, ("mine",)), {"mine/0.mp4": video(1, 1.2)})
    study = requested(tmp_path, pairs_per_rater=1)
    with pytest.raises(Refused, match=r"the original lasts 0\.6 s and the processed clip 1\.2 s"):
        jobs.execute(study.run.pk, runs.prepare_study)


def test_a_zip_that_climbs_out_of_its_folder_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        archive.writestr("../../etc/manifest.csv", as_csv(rows()))
    with pytest.raises(Refused, match="lead out of their folder"):
        requested(tmp_path / "bad.zip")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("manifest.csv", "original,processed\n", "holds no rows"),
        ("manifest.json", "{", "can't be read"),
        ("manifest.json", "[1, 2]", "holds no rows"),
        ("manifest.csv", "\xff\xfe", "Save it as UTF-8"),
    ],
)
def test_a_manifest_that_is_none_says_what_one_is(tmp_path, name, text, message):
    (tmp_path / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(Refused, match=message):
        manifests.read(tmp_path / name)


def test_a_folder_needs_one_manifest(tmp_path):
    with pytest.raises(Refused, match=r"must hold one manifest\.csv or manifest\.json.*found: none"):
        manifests.read(tmp_path)


def test_of_many_wrong_rows_some_are_told_and_the_rest_is_counted(tmp_path):
    entries = [{**entry, "view_angle": "?"} for entry in rows(10)]
    put(tmp_path, entries)
    with pytest.raises(Refused, match=r"20 rows to correct.*and 8 more"):
        requested(tmp_path)


# --- The codec's side -----------------------------------------------------------------------------
def raw(frames, size=(64, 48), rate=25, codec="libx264", form="mp4"):
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            picture = np.full((size[1], size[0], 3), 20 + number % 200, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it can't be read as a video"),
        (raw(5), "it lasts 0.20 s: at least 0.4 s are needed"),
        (raw(61 * 2, rate=2), "it lasts longer than 60 s"),
        (raw(12, size=(2000, 48)), "it has 2000 x 48 pixels: at most 1920 x 1080 can be read"),
        (b"#EXTM3U\n#EXTINF:2,\n/tmp/other.mp4\n#EXT-X-ENDLIST\n", "it can't be read as a video"),
        (b"ffconcat version 1.0\nfile /tmp/other.mp4\n", "it can't be read as a video"),
    ],
    ids=["empty", "short", "long", "large", "playlist", "concatenation"],
)
def test_what_is_no_clip_is_refused_in_words(data, reason):
    assert str(own_clips.prepared(own_clips.Job((data,)))).startswith(reason)


def test_any_rate_becomes_25_pictures_a_second(tmp_path):
    clip = own_clips.prepared(own_clips.Job((raw(30, rate=50),)))
    assert (clip.seconds, clip.size) == (0.6, (64, 48))


def test_webm_does_as_well():
    assert own_clips.prepared(own_clips.Job((raw(20, codec="libvpx", form="webm"),))).seconds == 0.8


def test_a_large_picture_is_scaled_down_in_its_proportions():
    assert own_clips.prepared(own_clips.Job((raw(12, size=(1920, 1080)),))).size == (960, 540)
