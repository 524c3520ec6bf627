"""The researchers' side of the API."""

import csv
import hashlib
import io
import json

import pytest

from anonymizer.models import Run
from studies import exporting, keys, tasks
from studies.models import Export
from tests.studies.rows import enrol, rate

pytestmark = pytest.mark.django_db
RATINGS = "/api/v1/studies/street-walks/ratings"


@pytest.fixture
def study(rated_study):
    return rated_study


def with_key(user):
    return {"headers": {"Authorization": f"Bearer {keys.make(user, 'notebook')[1]}"}}


def body(answer):
    return b"".join(answer.streaming_content)


def test_ratings_are_given_to_a_key_and_to_a_session(client, study, researcher):
    by_key = client.get(RATINGS, **with_key(researcher))
    client.force_login(researcher)
    by_session = client.get(RATINGS)
    assert body(by_key) == (found := body(by_session))
    assert [row["score"] for row in csv.DictReader(io.StringIO(found.decode()))] == ["4", "2"]
    assert by_key.headers["X-SHA256"] == hashlib.sha256(found).hexdigest()
    assert by_key.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer gaitmos_wrong"}, {"Authorization": "Basic x"}]
)
def test_nobody_else_gets_anything_but_how_to_sign_in(client, study, headers):
    answer = client.get(RATINGS, headers=headers)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="GaitMOS"')
    assert answer.json() == {
        "detail": "Sign in, or send a key that is not revoked: Authorization: Bearer KEY."
    }


def test_a_study_that_one_may_not_see_is_not_there(client, study, django_user_model):
    stranger = django_user_model.objects.create_user("stranger")
    answer = client.get(RATINGS, **with_key(stranger))
    assert answer.status_code == 404
    study.shares.create(user=stranger)
    assert client.get(RATINGS, **with_key(stranger)).status_code == 200


def test_an_unknown_format_is_not_found_and_says_which_there_are(client, study, researcher):
    answer = client.get(RATINGS, {"format": "exe"}, **with_key(researcher))
    assert answer.status_code == 404
    assert "Use one of: csv, xlsx, json, parquet, sureal, bundle" in answer.json()["detail"]


def test_a_large_file_is_made_by_a_job_once_and_then_given(client, study, researcher, monkeypatch):
    monkeypatch.setattr(exporting, "DIRECT_ROWS", 1)
    key = with_key(researcher)
    for _ in range(2):
        answer = client.get(RATINGS, {"format": "json"}, **key)
        assert (answer.status_code, answer.headers["Retry-After"]) == (202, "5")
        assert answer.json()["address"] == f"{RATINGS}?format=json"
    (run,) = Run.objects.filter(kind=Run.Kind.EXPORT_STUDY)
    assert answer.json()["run"] == run.pk
    tasks.export_study(run_id=run.pk)
    answer = client.get(RATINGS, {"format": "json"}, **key)
    found = body(answer)
    assert len(json.loads(found)) == 2
    assert answer.headers["X-SHA256"] == Export.objects.get().sha256 == hashlib.sha256(found).hexdigest()
    rate(enrol(study), 1, 3)
    assert client.get(RATINGS, {"format": "json"}, **key).status_code == 202


def test_results_are_the_dashboards_numbers_with_null_where_there_is_none(client, study, researcher):
    answer = client.get("/api/v1/studies/street-walks/results", **with_key(researcher))
    found = answer.json()
    assert (found["study"], found["measure"]) == ("street-walks", "MOS (ACR labels, explicit reference)")
    assert (found["simulated"], found["success"]) == (None, [])
    assert found["raters"] == {"people": {"complete": 1}, "simulated": {}}
    (condition,) = found["people"]["conditions"]
    assert (condition["condition"], condition["mos"], condition["votes"]) == ("tieu α 0.3", 3.0, 2)
    assert condition["ci95_clustered"] is None
    assert [(row["view_angle"], row["mos"]) for row in found["people"]["by_view_angle"]] == [
        (0, 4.0),
        (90, 2.0),
    ]


def test_results_of_a_study_that_one_may_not_see_are_not_there(client, study, django_user_model):
    stranger = django_user_model.objects.create_user("stranger")
    assert client.get("/api/v1/studies/street-walks/results", **with_key(stranger)).status_code == 404
