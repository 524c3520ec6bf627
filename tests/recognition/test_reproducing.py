"""A recognition once more from what was stored of it."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from anonymizer import jobs
from anonymizer.models import Run
from recognition import runs
from recognition.models import Recognizer
from tests.factories import RunFactory
from tests.recognition.conftest import GALLERY, PROBE

pytestmark = pytest.mark.django_db
ATTACKERS = ["naive", "anonymized-gallery", "box-track"]


@pytest.fixture
def recognized(anonymization):
    run = runs.request_recognition(
        anonymization, attackers=ATTACKERS, gallery=GALLERY, probe=PROBE, copies=2, seed=4
    )
    assert jobs.execute(run.pk, runs.recognize)
    run.refresh_from_db()
    return run


def reproduced(run, tmp_path, **options):
    path = tmp_path / "again.json"
    call_command("reproduce", run.pk, json=str(path), stdout=io.StringIO(), **options)
    return json.loads(path.read_text())


def test_a_run_again_gives_the_same_numbers(recognized, tmp_path):
    found = reproduced(recognized, tmp_path)
    assert (found["run"], found["same"], found["differences"], found["changed"]) == (
        recognized.pk,
        True,
        0,
        {},
    )
    assert found["numbers"] > 100
    assert Run.objects.get(pk=found["again"]).parameters["copies"] == 2


def test_from_scratch_the_recognizer_is_trained_again_and_is_the_same(recognized, tmp_path):
    assert reproduced(recognized, tmp_path, from_scratch=True)["same"]
    first, second = Recognizer.objects.order_by("pk")
    assert first.sha256 == second.sha256


def test_a_number_that_differs_is_named_and_the_command_fails(recognized, tmp_path):
    result = recognized.result
    result["experiment"]["originals"]["probes"][0][1] = 99
    result["provenance"]["libraries"]["numpy"] = "1.0"
    Run.objects.filter(pk=recognized.pk).update(result=result)
    said = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("reproduce", recognized.pk, stdout=said)
    assert "1 differ:\nexperiment.originals.probes[0][1]: 99 before, 6 now" in said.getvalue()
    assert "numpy: 1.0 before, " in said.getvalue()


def test_a_result_says_what_it_was_made_of(recognized):
    made_of = recognized.result["provenance"]
    assert made_of["recognizer_sha256"] == Recognizer.objects.get().sha256
    assert made_of["checkpoint_sha256"] is None
    assert {len(made_of[f"{name}_sha256"]) for name in ("dataset", "anonymization")} == {64}
    assert made_of["libraries"]["numpy"]


def sweep():
    rows = [{"recognition_run": number} for number in (13, 21)]
    return RunFactory(kind=Run.Kind.SWEEP, result={"rows": rows})


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (None, "There is no run"),
        (RunFactory, "is no finished recognition"),
        (sweep, "is a sweep. Give one of its recognitions: 13, 21."),
    ],
)
def test_what_cannot_be_reproduced_is_refused_in_one_line(db, run, said):
    number = run().pk if run else 12345
    with pytest.raises(CommandError, match=said):
        call_command("reproduce", number)
