"""Export files, their manifests, and the command that writes them."""

import csv
import hashlib
import json
from collections import Counter

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from sureal.dataset_reader import RawDatasetReader
from sureal.subjective_model import SubjectMLEModelProjectionSolver
from sureal.tools.misc import import_python_file

from anonymizer.jobs import code_version
from recognition import tables
from studies import export, export_files
from studies.models import Mask
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    study = make_study(seats=((1, 2), (2, 3), (1, 3), (1, 4)), seed=7)
    for score in (5, 3, 2):
        rater = enrol(study)
        rate(rater, 1, score)
        rate(rater, 2, score - 1)
    return study


def run(study, form, path):
    call_command("export_study", study.slug, format=form, output=str(path))
    return json.loads(path.with_name(f"{path.name}.manifest.json").read_text())


@pytest.mark.parametrize("form", ["csv", "xlsx", "json", "parquet", "sureal", "bundle"])
def test_the_manifest_tells_rows_digest_and_what_made_the_file(study, form, tmp_path):
    path = tmp_path / "votes"
    found = run(study, form, path)
    assert (found["study"], found["format"], found["rows"], found["seed"]) == ("street-walks", form, 6, 7)
    assert found["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found["bytes"] == path.stat().st_size
    assert found["versions"]["gaitmos"] == code_version()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["votes", "votes.manifest.json"]


def test_a_csv_is_one_row_a_presentation_under_the_columns_names(study, tmp_path):
    run(study, "csv", tmp_path / "votes.csv")
    with (tmp_path / "votes.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(export.COLUMNS)
    assert Counter(row[rows[0].index("score")] for row in rows[1:]) == Counter("542132")


def test_an_earlier_file_is_replaced(study, tmp_path):
    path = tmp_path / "votes.json"
    path.write_text("old")
    run(study, "json", path)
    assert len(json.loads(path.read_text())) == 6


def test_the_commands_json_is_the_manifest(study, tmp_path, capsys):
    call_command("export_study", study.name, format="csv", output=str(tmp_path / "v.csv"), json="-")
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "v.csv.manifest.json").read_text())


@pytest.mark.parametrize(
    ("slug", "form", "path", "message"),
    [
        ("nothing", "csv", "v.csv", "No study is named 'nothing'. Known: street-walks."),
        ("street-walks", "exe", "v.csv", "Format 'exe' is not known. Use one of: csv, xlsx, json, parquet"),
        (
            "street-walks",
            "csv",
            "none/v.csv",
            "none/v.csv: the folder does not exist. Make it, or give another path.",
        ),
        ("street-walks", "csv", ".", "no file can be written there, it is a folder. Give another path."),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line_and_leaves_nothing(
    study, tmp_path, slug, form, path, message
):
    with pytest.raises(CommandError) as error:
        call_command("export_study", slug, format=form, output=str(tmp_path / path))
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_half_way_keeps_the_old_file_and_leaves_no_part(study, tmp_path, monkeypatch):
    path = tmp_path / "votes.csv"
    path.write_text("old")

    def breaks(columns, rows, target):
        target.write_text("half")
        raise OSError("No space left on device")

    monkeypatch.setitem(tables.WRITERS, "csv", breaks)
    with pytest.raises(CommandError, match="The system refused: no space left on device"):
        call_command("export_study", study.slug, format="csv", output=str(path))
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("votes.csv", "old")]


# --- The sureal library's form --------------------------------------------------------------------
def read_by_sureal(study, tmp_path):
    path = tmp_path / "votes.py"
    votes = export_files.write(study, "sureal", path)
    return import_python_file(str(path)), votes


def test_the_sureal_library_reads_the_votes_and_models_them(study, tmp_path):
    dataset, votes = read_by_sureal(study, tmp_path)
    matrix = RawDatasetReader(dataset).opinion_score_3darray[:, :, 0]
    assert votes == 6
    assert sorted(np.nanmean(matrix, axis=1).tolist()) == [1.5, 3.5, 3.5]
    assert [video["asset_id"] for video in dataset.dis_videos] == [1, 2, 3]
    assert (
        SubjectMLEModelProjectionSolver(RawDatasetReader(dataset)).run_modeling()["quality_scores"]
        is not None
    )


def test_only_what_enters_mos_stands_in_it(study, tmp_path):
    first = study.raters.first()
    Mask.objects.create(study=study, rater=first)
    rate(enrol(study, simulated=True), 1, 5)
    dataset, votes = read_by_sureal(study, tmp_path)
    assert votes == 4
    assert first.pseudonym not in repr(dataset.dis_videos)
    assert dataset.dataset_name == "street-walks"


def test_simulated_raters_stand_in_it_where_nobody_else_voted_and_it_says_so(study, tmp_path):
    study.raters.update(simulated=True)
    dataset, votes = read_by_sureal(study, tmp_path)
    assert (dataset.dataset_name, votes) == ("street-walks, votes of simulated raters", 6)
    study.raters.all().delete()
    dataset, votes = read_by_sureal(study, tmp_path)
    assert (dataset.dataset_name, votes) == ("street-walks", 0)
