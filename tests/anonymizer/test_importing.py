"""Walks that are brought in: what is kept, what is dropped and why; once, however often the run is begun."""

import shutil

import pytest

from anonymizer import importing, runs, store
from anonymizer.gait import casia_b
from anonymizer.gait.reading import RecordedSequence
from anonymizer.gait.silhouettes import unpack
from anonymizer.jobs import Refused
from anonymizer.models import Dataset, Run, Sequence
from tests.anonymizer.running import done, interrupted, of
from tests.factories import figure

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_runs")]


@pytest.fixture
def tree(tmp_path):
    """Two subjects in CASIA-B's layout; one walk is too short."""
    sequences = [
        RecordedSequence(f"{subject:03d}", "nm", number, 90, figure(subject, number))
        for subject in (1, 2)
        for number in (1, 2)
    ]
    short = RecordedSequence("002", "bg", 1, 90, figure(2, 1)[:5])
    casia_b.export(tmp_path / "tree", [*sequences, short])
    return tmp_path / "tree"


def test_an_import_keeps_what_is_long_enough_and_says_what_was_dropped(tree):
    run = done(runs.request_import(tree, "brought", frames=12, licence="for research"))
    assert [str(row) for row in of(run.dataset)] == [
        "001-nm-01-090", "001-nm-02-090", "002-nm-01-090", "002-nm-02-090"
    ]  # fmt: skip
    assert [(each["sequence"], each["frames"]) for each in run.dataset.dropped] == [("002-bg-01-090", 5)]
    assert (run.dataset.licence, run.dataset.may_be_shown_to_raters) == ("for research", False)
    assert (unpack(store.read(of(run.dataset)[0])).any(axis=(1, 2))).all()


def test_a_dataset_keeps_how_fast_it_was_recorded_and_methods_know(tree):
    dataset = done(runs.request_import(tree, "brought", frames=12, frame_rate=12.5)).dataset
    asked = runs.request_anonymization(dataset, "replace-best", split=None)
    overruled = runs.request_anonymization(dataset, "replace-best", split=None, parameters={"frame_rate": 25})
    assert dataset.frame_rate == 12.5
    assert asked.parameters["parameters"]["frame_rate"] == 12.5
    assert overruled.parameters["parameters"]["frame_rate"] == 25


def test_a_frame_rate_that_no_camera_has_is_refused(tree):
    with pytest.raises(Refused, match=r"Frame rate must be from 4 to 120, not nan\."):
        runs.request_import(tree, "brought", frame_rate=float("nan"))


def test_an_interrupted_import_goes_on_and_brings_nothing_twice(tree):
    run = runs.request_import(tree, "brought", frames=12)
    interrupted(run, importing.import_walks, after=1)
    before = set(Sequence.objects.values_list("pk", "silhouettes"))
    assert 0 < len(before) < 4
    done(run)
    assert before <= set(Sequence.objects.values_list("pk", "silhouettes"))
    assert Sequence.objects.count() == 4
    assert len(run.result["dropped"]) == 1


def test_an_import_that_keeps_nothing_is_refused_and_leaves_no_dataset(tree):
    run = runs.request_import(tree, "brought", frames=13)
    with pytest.raises(Refused, match=r"Nothing was kept: .*13"):
        runs.execute(run)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert run.error.startswith("Nothing was kept: ")
    assert not Dataset.objects.exists()


def test_an_import_of_something_else_fails_in_one_line_and_leaves_no_dataset(tmp_path):
    (tmp_path / "walks.zip").write_bytes(b"no archive")
    run = runs.request_import(tmp_path / "walks.zip", "brought")
    with pytest.raises(ValueError, match="walks"):
        runs.execute(run)
    run.refresh_from_db()
    assert run.status == Run.Status.FAILED
    assert run.error
    assert "\n" not in run.error
    assert not Dataset.objects.exists()


def test_an_uploaded_archive_is_removed_when_it_is_in(tree, settings, tmp_path):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path / "uploads")
    (tmp_path / "uploads").mkdir()
    upload = shutil.make_archive(str(tmp_path / "uploads" / "walks"), "zip", tree)
    done(runs.request_import(upload, "uploaded", frames=12))
    assert list((tmp_path / "uploads").iterdir()) == []
    assert Sequence.objects.count() == 4


@pytest.mark.parametrize("kind", [Run.Kind.IMPORT_CASIA_B, Run.Kind.IMPORT_OPENGAIT])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "fake.zip: is neither a folder nor a zip, tar or tar.gz file"),
        (b"PK\x05\x06" + bytes(18), "fake.zip: holds no "),
    ],
)
def test_what_is_wrong_with_an_upload_names_it_as_it_came(settings, tmp_path, kind, content, said):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    upload = tmp_path / "import-1d8aad.zip"
    upload.write_bytes(content)
    run = runs.request_import(upload, "brought", kind=kind, filename="fake.zip")
    with pytest.raises(Refused):
        runs.execute(run)
    run.refresh_from_db()
    assert run.error.startswith(said)
    assert "import-1d8aad" not in run.error
    assert str(tmp_path) not in run.error
