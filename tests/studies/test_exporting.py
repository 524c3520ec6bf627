"""Exports from pages: small ones at once, large ones as a job whose file is downloaded with its digest."""

import base64
import csv
import hashlib
import html
import io
import json

import pytest
from django.core.files.storage import default_storage
from django.urls import reverse

from anonymizer import jobs
from anonymizer.models import Run
from studies import exporting, life, screening, tasks
from studies.models import Export
from tests.studies.attacks import attack
from tests.studies.rows import enrol, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(rated_study):
    return rated_study


@pytest.fixture
def large(study, monkeypatch):
    monkeypatch.setattr(exporting, "DIRECT_ROWS", 1)
    return study


def content(answer):
    return b"".join(answer.streaming_content)


def digest_of(answer):
    return base64.b64decode(answer.headers["Repr-Digest"].removeprefix("sha-256=:").removesuffix(":")).hex()


@pytest.mark.parametrize(("form", "suffix"), [("csv", "csv"), ("xlsx", "xlsx"), ("sureal", "py")])
def test_a_small_study_is_answered_at_once_with_rows_and_digest(signed_in, study, form, suffix):
    answer = signed_in.get(reverse("studies:export", args=[study.slug]), {"format": form})
    found = content(answer)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="street-walks-ratings.{suffix}"'
    assert answer.headers["X-Rows"] == "2"
    assert digest_of(answer) == answer.headers["X-SHA256"] == hashlib.sha256(found).hexdigest()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"what": "nope"}, "Nothing called 'nope' can be exported. Use one of: ratings, recognition."),
        (
            {"what": "recognition", "format": "json"},
            "There is no format 'json' of recognition. Use one of: csv, xlsx.",
        ),
        (
            {"format": "doc"},
            "There is no format 'doc' of ratings. Use one of: csv, xlsx, json, parquet, sureal, bundle.",
        ),
    ],
)
def test_what_can_not_be_exported_is_told_with_what_can(signed_in, study, asked, sentence):
    answer = signed_in.get(reverse("studies:export", args=[study.slug]), asked)
    assert answer.status_code == 404
    assert sentence in html.unescape(answer.content.decode())


def test_a_large_study_leads_to_the_page_where_its_files_are_made(signed_in, large):
    answer = signed_in.get(reverse("studies:export", args=[large.slug]), {"format": "csv"})
    assert answer.url == reverse("studies:exports", args=[large.slug])
    page = signed_in.get(answer.url).content.decode()
    assert "its file is made by a job" in page
    assert "No file has been made yet." in page


def test_a_file_is_made_by_a_job_and_downloaded_whole_or_in_part(
    signed_in, large, researcher, django_capture_on_commit_callbacks
):
    signed_in.post(reverse("studies:exports", args=[large.slug]), {"format": "json"})
    run = Run.objects.get(kind=Run.Kind.EXPORT_STUDY)
    assert (run.requested_by, run.status) == (researcher, Run.Status.QUEUED)
    waiting = signed_in.get(reverse("studies:exports", args=[large.slug])).content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    tasks.export_study(run_id=run.pk)
    made = Export.objects.get()
    assert (made.run, made.format, made.rows) == (run, "json", 2)
    page = signed_in.get(reverse("studies:exported_files", args=[large.slug])).content.decode()
    assert made.sha256 in page
    assert "hx-trigger" not in page
    address = reverse("studies:exported", args=[large.slug, made.pk])
    answer = signed_in.get(address)
    whole = content(answer)
    assert len(json.loads(whole)) == 2
    assert digest_of(answer) == made.sha256 == hashlib.sha256(whole).hexdigest()
    part = signed_in.get(address, headers={"Range": "bytes=5-9"})
    assert (part.status_code, content(part)) == (206, whole[5:10])


def test_a_job_that_is_done_twice_makes_one_file(large):
    run = exporting.request_export(large, "csv", None)
    tasks.export_study(run_id=run.pk)
    Run.objects.filter(pk=run.pk).update(status=Run.Status.QUEUED)
    tasks.export_study(run_id=run.pk)
    assert Export.objects.count() == 1


def test_the_same_file_is_asked_for_once_until_something_changes(large):
    first = exporting.request_export(large, "csv", None)
    assert exporting.request_export(large, "csv", None) == first
    assert exporting.request_export(large, "json", None) != first
    rate(enrol(large), 1, 3)
    assert exporting.request_export(large, "csv", None) != first


CHANGES = {
    "a vote": lambda study: rate(enrol(study), 1, 3),
    "a mask": lambda study: screening.set_rater_aside(study, study.raters.get(), None, "tired"),
    "a correction by hand": lambda study: screening.votes_corrected(study, "1 rating changed"),
    "its closing": lambda study: life.close_study(study),
    "an attack": lambda study: attack(study.anonymization),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_is_fresh_until_something_changes(large, change):
    assert exporting.fresh(large, "bundle") is None
    jobs.execute(exporting.request_export(large, "bundle", None).pk, exporting.export_study)
    assert exporting.fresh(large, "bundle") == Export.objects.get()
    change(large)
    assert exporting.fresh(large, "bundle") is None


def test_a_finished_run_leads_to_its_file(signed_in, large):
    run = exporting.request_export(large, "csv", None)
    tasks.export_study(run_id=run.pk)
    page = signed_in.get(reverse("anonymizer:run", args=[run.pk])).content.decode()
    assert "Export of street-walks as csv" in page
    assert reverse("studies:exports", args=[large.slug]) in page


def test_files_are_there_for_those_who_may_see_the_study_alone(client, large, django_user_model):
    run = exporting.request_export(large, "csv", None)
    tasks.export_study(run_id=run.pk)
    client.force_login(django_user_model.objects.create_user("stranger"))
    made = Export.objects.get()
    for name, extra in (("exports", []), ("exported_files", []), ("exported", [made.pk])):
        assert client.get(reverse(f"studies:{name}", args=[large.slug, *extra])).status_code == 404
    assert client.post(reverse("studies:exports", args=[large.slug]), {"format": "csv"}).status_code == 404


def test_recognition_names_the_condition(signed_in, study):
    attack(study.anonymization)
    answer = signed_in.get(reverse("studies:export", args=[study.slug]), {"what": "recognition"})
    (names,) = csv.reader(io.StringIO(content(answer).decode()))
    assert names[:3] == ["condition", "attacker", "subject"]


def test_the_administrations_export_of_ratings_has_the_documented_columns(client, administrator, study):
    from studies import export

    client.force_login(administrator)
    address = reverse("admin:studies_rating_export")
    assert ", ".join(export.COLUMNS) in client.get(address).content.decode()
    answer = client.post(address, {"format": "0", "resource": ""})
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows[0] == list(export.COLUMNS)
    assert [row[rows[0].index("score")] for row in rows[1:]] == ["4", "2"]


def test_a_made_file_goes_with_its_row(large, django_capture_on_commit_callbacks):
    run = exporting.request_export(large, "csv", None)
    tasks.export_study(run_id=run.pk)
    made = Export.objects.get()
    name = made.file.name
    assert default_storage.exists(name)
    with django_capture_on_commit_callbacks(execute=True):
        made.delete()
    assert not default_storage.exists(name)
