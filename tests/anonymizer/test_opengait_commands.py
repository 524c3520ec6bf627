"""Walks from and into OpenGait's layout, by command and by page."""

import io
import json
import pickle

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from anonymizer import runs, store
from anonymizer.models import Dataset, Run, Sequence
from tests.factories import DatasetFactory, walks

pytestmark = pytest.mark.django_db


@pytest.fixture
def exported(tmp_path):
    """A dataset of two walkers at two view angles, written in OpenGait's layout."""
    made = DatasetFactory(name="two walkers", slug="two-walkers")
    walks(made, subjects=2, view_angles=(0, 90), numbers=(1,))
    call_command("export_opengait", "two walkers", str(tmp_path / "out"), stdout=io.StringIO())
    return tmp_path / "out"


def imported(*arguments: str) -> dict:
    out = io.StringIO()
    call_command("import_opengait", *arguments, stdout=out)
    return out.getvalue()


def test_every_sequence_is_written_as_opengait_reads_it(exported):
    files = sorted(file.relative_to(exported).as_posix() for file in exported.rglob("*.pkl"))
    assert files == [f"00{s}/nm-01/{v}/{v}.pkl" for s in (1, 2) for v in ("000", "090")]
    with (exported / files[0]).open("rb") as file:
        array = pickle.load(file)
    assert (array.dtype, array.shape[1:]) == (np.uint8, (64, 64))
    assert set(np.unique(array)) == {0, 255}


def test_what_was_written_comes_back_as_a_dataset(exported, tmp_path):
    report = tmp_path / "report.json"
    imported(str(exported), "--name", "back", "--frames", "8", "--json", str(report))
    told = json.loads(report.read_text())
    assert (told["dataset"], told["subjects"], told["sequences"], told["dropped"]) == ("back", 2, 4, [])
    assert Dataset.objects.get(name="back").source == Dataset.Source.OPENGAIT
    assert set(Sequence.objects.filter(subject__dataset__name="back").values_list("height", "width")) == {
        (64, 64)
    }


def test_a_folder_in_use_and_an_unknown_dataset_are_refused(exported):
    with pytest.raises(CommandError, match="holds files already"):
        call_command("export_opengait", "two walkers", str(exported))
    with pytest.raises(CommandError, match="No dataset is named 'nobody'"):
        call_command("export_opengait", "nobody", str(exported / "new"))


def test_what_is_not_opengait_leaves_nothing_behind(tmp_path):
    (tmp_path / "walks.pkl").write_bytes(b"")
    with pytest.raises(CommandError, match="named as in OpenGait"):
        imported(str(tmp_path), "--name", "nothing")
    assert not Dataset.objects.exists()


def test_the_page_imports_in_the_chosen_layout(signed_in, exported, administrator, client):
    client.force_login(administrator)
    fields = {"name": "by page", "frames": 8, "path": str(exported), "layout": Run.Kind.IMPORT_OPENGAIT}
    client.post(reverse("anonymizer:dataset_import"), fields)
    run = Run.objects.get(kind=Run.Kind.IMPORT_OPENGAIT)
    runs.execute(run)
    run.refresh_from_db()
    assert (run.status, run.result["sequences"]) == (Run.Status.SUCCEEDED, 4)
    assert "import_opengait" in client.get(reverse("anonymizer:run", args=[run.pk])).content.decode()


def test_an_export_that_ends_early_leaves_an_empty_folder_and_may_be_asked_for_again(tmp_path, monkeypatch):
    walks(DatasetFactory(name="two walkers"), subjects=2, view_angles=(0,), numbers=(1,))
    read, calls = store.read, []

    def full_at_the_second(row):
        calls.append(row)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return read(row)

    monkeypatch.setattr(store, "read", full_at_the_second)
    with pytest.raises(CommandError, match=r"(?i:no space left)"):
        call_command("export_opengait", "two walkers", str(tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []
    call_command("export_opengait", "two walkers", str(tmp_path / "out"), stdout=io.StringIO())
    assert len(list((tmp_path / "out").rglob("*.pkl"))) == 2
