import json
from typing import Any

import pytest
from django.test import Client, RequestFactory
from ninja.errors import Throttled

import config.api
from anonymizer import media
from studies import rating
from studies.models import Presentation, Rater, Rating, Study
from tests.studies.rows import add_pair, enrol, make_study, watched

pytestmark = pytest.mark.django_db

API = "/api/v1"


@pytest.fixture
def http() -> Client:
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


def send(http: Client, method: str, address: str, body: Any = None) -> Any:
    """The answer, which must be JSON (or nothing), private, and leave no cookie."""
    content = body if isinstance(body, str) else json.dumps(body)
    answer: Any = http.generic(method, f"{API}/{address}", content, content_type="application/json")
    if answer.status_code != 204:
        assert answer["Content-Type"].startswith("application/json"), answer.content
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cache-Control"] == "no-store"
    assert not answer.cookies
    return answer


def join(http: Client, study: Study, **body: Any) -> Any:
    return send(http, "POST", f"studies/{study.token}/raters", {"consent": True, **body})


def put_score(http: Client, rater: Rater, position: int, score: Any, playback: Any = None) -> Any:
    told = watched(rater, position) if playback is None else playback
    address = f"raters/{rater.token}/presentations/{position}/rating"
    return send(http, "PUT", address, {"score": score, "playback": told})


# --- enrolment


def test_enrolling_gives_a_rater_and_the_first_position(http: Client, study: Study) -> None:
    answer = join(http, study)

    assert answer.status_code == 201
    assert answer.json() == {"rater": Rater.objects.get().token, "presentations": 2, "next": 1}
    assert len(answer.json()["rater"]) >= 22  # 128 bits and more, in base64


def test_everything_a_rater_may_tell_is_kept(http: Client, study: Study) -> None:
    device = {"width": 390, "touch": True}
    body = {
        "consent_version": "3",
        "idempotency_key": "k",
        "external_id": "5f",
        "locale": "en-GB",
        "device": device,
    }

    assert join(http, study, **body).status_code == 201
    kept = Rater.objects.get()
    assert (kept.consent_version, kept.idempotency_key, kept.locale, kept.device) == (
        "3",
        "k",
        "en-GB",
        device,
    )
    assert kept.external_hmac
    assert kept.external_hmac != "5f"


def test_the_same_key_is_the_same_rater(http: Client, study: Study) -> None:
    first, second = join(http, study, idempotency_key="k"), join(http, study, idempotency_key="k")

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_an_identity_is_let_in_again_until_it_has_rated(http: Client, study: Study) -> None:
    first = join(http, study, external_id="5f", session_id="s")
    assert join(http, study, external_id="5f").json() == first.json()
    put_score(http, Rater.objects.get(), 1, 4)

    refused = join(http, study, external_id="5f")
    again = join(http, study, external_id="5f", session_id="s")

    assert refused.status_code == 403
    assert "personal link" in refused.json()["detail"]
    assert (again.status_code, again.json()["next"]) == (200, 2)


@pytest.mark.parametrize("body", [{"consent": False}, {}, {"consent": True, "consent_version": "2"}])
def test_without_consent_to_this_text_it_is_403(http: Client, study: Study, body: Any) -> None:
    answer = send(http, "POST", f"studies/{study.token}/raters", body)

    assert answer.status_code == 403
    assert not Rater.objects.exists()


@pytest.mark.parametrize(("status", "expected"), [("draft", 404), ("closed", 410)])
def test_a_study_that_is_not_open(http: Client, study: Study, status: str, expected: int) -> None:
    Study.objects.update(status=status)

    assert join(http, study).status_code == expected


def test_a_full_study_is_409(http: Client, study: Study) -> None:
    study.seats.update(occupied=True)

    assert join(http, study).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        "[1",
        '{"consent": "yes"}',
        '{"consent": true, "idempotency_key": "' + "k" * 65 + '"}',
        '{"consent": true, "idempotency_key": "a\\u0000"}',
        '{"consent": true, "device": {"x": NaN}}',
        '{"consent": true, "device": {"x": "\\u0000"}}',
        '{"consent": true, "device": {"x": "' + "x" * 5000 + '"}}',
        '{"consent": true, "device": 7}',
    ],
)
def test_what_makes_no_sense_is_refused_with_a_word_on_why(http: Client, study: Study, body: str) -> None:
    answer = send(http, "POST", f"studies/{study.token}/raters", body)

    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)
    assert not Rater.objects.exists()


# --- progress and pairs


def test_progress_tells_the_next_position_and_in_the_end_the_code(http: Client, own_rater: Rater) -> None:
    address = f"raters/{own_rater.token}"
    assert send(http, "GET", address).json() == {
        "state": "rating",
        "next": 1,
        "presentations": 2,
        "practice": 0,
        "pause_after": None,
        "rated": 0,
        "remaining": [1, 2],
        "completion_code": None,
        "way_back": None,
    }

    put_score(http, own_rater, 1, 4), put_score(http, own_rater, 2, 4)

    assert send(http, "GET", address).json() == {
        "state": "complete",
        "next": None,
        "presentations": 2,
        "practice": 0,
        "pause_after": None,
        "rated": 2,
        "remaining": [],
        "completion_code": "C7K4Q9",
        "way_back": None,
    }


def test_a_pair_has_its_question_scale_and_clips(http: Client, own_rater: Rater) -> None:
    pair = send(http, "GET", f"raters/{own_rater.token}/presentations/2").json()

    assert (pair["position"], pair["presentations"], pair["training"]) == (2, 2, False)
    assert pair["question"] == "How natural does the changed walk look?"
    assert pair["scale"][0] == {"score": 1, "label": "Bad"}
    assert pair["scale"][-1] == {"score": 5, "label": "Excellent"}
    assert list(pair["clips"]) == ["original", "changed"]
    assert Presentation.objects.get(position=2).fetched_at is not None
    assert Presentation.objects.get(position=1).fetched_at is None


def test_clips_play_in_parts_without_a_cookie(http: Client, own_rater: Rater) -> None:
    clips = send(http, "GET", f"raters/{own_rater.token}/presentations/1").json()["clips"]

    whole: Any = Client().get(clips["changed"])
    part: Any = Client().get(clips["changed"], headers={"range": "bytes=0-99"})

    content = b"".join(whole.streaming_content)
    assert (whole.status_code, whole["Content-Type"]) == (200, "video/mp4")
    assert content[4:8] == b"ftyp"
    assert (part.status_code, b"".join(part.streaming_content)) == (206, content[:100])
    assert whole["Referrer-Policy"] == "no-referrer"
    assert not whole.cookies


def test_clip_addresses_expire_and_cannot_be_made_up(own_rater: Rater) -> None:
    pk = Presentation.objects.filter(rater=own_rater).first().pk  # type: ignore[union-attr]
    late = media.sign("presentation", pk, "changed", seconds=-2)
    good = media.sign("presentation", pk, "changed", seconds=60)

    assert Client().get(f"/c/changed/{late}").status_code == 410
    assert Client().get(f"/c/changed/{good}").status_code == 200
    assert Client().get(f"/c/original/{good}").status_code == 404
    assert Client().get(f"/c/changed/{good}x").status_code == 404
    rating.withdraw(own_rater)
    assert Client().get(f"/c/changed/{good}").status_code == 404


def test_a_check_looks_like_any_other_pair(http: Client) -> None:
    study = make_study(view_angles=[0, 90], seats=[[2, 1, 3]])
    check = add_pair(study, 3, 0, role="check", expected_score=5)
    check.test_clip = check.reference_clip  # type: ignore[assignment]
    check.save()
    rater = enrol(study)

    pairs = [send(http, "GET", f"raters/{rater.token}/presentations/{n}").json() for n in (1, 2, 3)]

    assert {tuple(pair) for pair in pairs} == {tuple(pairs[0])}
    assert {pair["training"] for pair in pairs} == {False}
    addresses = [address for pair in pairs for address in pair["clips"].values()]
    assert len(set(addresses)) == 6  # the same clip twice does not show


def test_nothing_a_rater_is_told_names_subject_method_or_role(http: Client, own_rater: Rater) -> None:
    told = ""
    for address in ("", "/presentations/1", "/presentations/2", "/data"):
        told += send(http, "GET", f"raters/{own_rater.token}{address}").content.decode().lower()
    told += Client().get(f"/r/{own_rater.token}/").content.decode().lower()
    told += Client().get(f"/s/{own_rater.study.token}/").content.decode().lower()

    for word in (
        "tieu",
        "alpha",
        "regular",
        "expected",
        "subject",
        "donor",
        "view_angle",
        "nm-01",
        "synthetic",
    ):
        assert word not in told, word


def test_practice_is_told(http: Client) -> None:
    study = make_study(view_angles=[0], seats=[[2, 1]])
    add_pair(study, 2, 0, role="training")

    pair = send(http, "GET", f"raters/{enrol(study).token}/presentations/1").json()

    assert pair["training"] is True


# --- scores


def test_a_score_is_kept_once_and_the_first_one_stays(http: Client, own_rater: Rater) -> None:
    first, same, other = (put_score(http, own_rater, 1, score) for score in (4, 4, 2))

    assert (first.status_code, same.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == {"position": 1, "score": 4}
    assert other.json() == {"kept": 4}
    assert Rating.objects.count() == 1


@pytest.mark.parametrize("score", [0, 6, 2.5, "4", True, None, 10**30])
def test_a_score_off_the_scale_is_422(http: Client, own_rater: Rater, score: Any) -> None:
    assert put_score(http, own_rater, 1, score).status_code == 422
    assert not Rating.objects.exists()


def test_a_pair_not_watched_is_422(http: Client, own_rater: Rater) -> None:
    watched(own_rater, 1)

    assert put_score(http, own_rater, 1, 4, {"watched_fraction": 0.5}).status_code == 422
    assert put_score(http, own_rater, 1, 4, {}).status_code == 422
    assert put_score(http, own_rater, 2, 4, {"watched_fraction": 1.0}).status_code == 422  # never fetched
    assert put_score(http, own_rater, 1, 4, {"watched_fraction": 0.95}).status_code == 201


@pytest.mark.parametrize("position", ["0", "3", "99999999999999999999999", "one", "-1"])
def test_positions_that_are_not_this_raters_are_404(http: Client, own_rater: Rater, position: str) -> None:
    address = f"raters/{own_rater.token}/presentations/{position}"

    assert send(http, "GET", address).status_code == 404
    assert send(http, "PUT", f"{address}/rating", {"score": 4, "playback": {}}).status_code == 404
    assert send(http, "POST", f"{address}/problem", {"reason": "x"}).status_code == 404


def test_a_problem_brings_another_pair_of_the_same_view_angle(http: Client, own_rater: Rater) -> None:
    address = f"raters/{own_rater.token}/presentations/1"
    first = send(http, "GET", address).json()

    other = send(http, "POST", f"{address}/problem", {"reason": "decode error"})

    assert other.status_code == 200
    assert other.json()["position"] == 1
    assert other.json()["presentation"] != first["presentation"]
    assert send(http, "GET", address).json()["presentation"] == other.json()["presentation"]
    angles = Presentation.objects.filter(position=1).values_list("stimulus__view_angle", flat=True)
    assert list(angles) == [0, 0]
    assert send(http, "POST", f"{address}/problem", {}).status_code == 409  # none is left
    assert send(http, "GET", f"raters/{own_rater.token}").json()["remaining"] == [2]


# --- what is stored, withdrawing


def test_what_is_stored_is_told_in_full(http: Client, own_rater: Rater) -> None:
    put_score(http, own_rater, 1, 4)

    told = send(http, "GET", f"raters/{own_rater.token}/data").json()

    own_rater.refresh_from_db()
    assert told["pseudonym"] == own_rater.pseudonym
    assert told["consent_version"] == "3"
    assert told["platform_identity_kept"] == "none"
    assert [(kept["position"], kept["score"]) for kept in told["ratings"]] == [(1, 4)]
    assert told["ratings"][0]["playback"]["watched_fraction"] == 1.0


def test_withdrawing_is_204_and_then_nothing_is_there(http: Client, own_rater: Rater) -> None:
    put_score(http, own_rater, 1, 4)
    address = f"raters/{own_rater.token}"

    assert send(http, "DELETE", address).status_code == 204

    for method, path in [("GET", ""), ("GET", "/data"), ("GET", "/presentations/1"), ("DELETE", "")]:
        assert send(http, method, address + path).status_code == 404
    assert not Rating.objects.exists()


# --- every answer is JSON


@pytest.mark.parametrize(
    "address", ["", "nothing", "raters", "raters/unknown", "studies/unknown/raters/x", "a/b/c/"]
)
def test_unknown_addresses_are_404(http: Client, address: str) -> None:
    assert send(http, "GET", address).status_code == 404


def test_an_unknown_study_is_404(http: Client) -> None:
    assert send(http, "POST", "studies/unknown/raters", {"consent": True}).status_code == 404


def test_a_wrong_method_is_405_and_names_the_right_ones(http: Client, own_rater: Rater) -> None:
    answer = send(http, "PATCH", f"raters/{own_rater.token}", {})

    assert answer.status_code == 405
    assert "DELETE" in answer["Allow"]


def test_a_failure_here_is_500_without_details(
    http: Client, own_rater: Rater, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(rater: Rater) -> int:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(rating, "positions", fail)
    answer = send(http, "GET", f"raters/{own_rater.token}")

    assert answer.status_code == 500
    assert "disk" not in answer.content.decode()
    assert "the disk is full" in caplog.text


def test_too_many_requests_are_429() -> None:
    answer = config.api.api.on_exception(RequestFactory().get("/"), Throttled(wait=3))

    assert answer.status_code == 429
    assert json.loads(answer.content)["detail"]


def test_the_calls_are_described(http: Client) -> None:
    description = send(http, "GET", "openapi.json").json()

    assert description["openapi"].startswith("3.")
    calls = {(method, path) for path, methods in description["paths"].items() for method in methods}
    assert ("put", "/api/v1/raters/{rater}/presentations/{position}/rating") in calls
    assert ("post", "/api/v1/studies/{token}/raters") in calls
    assert len(calls) >= 7
