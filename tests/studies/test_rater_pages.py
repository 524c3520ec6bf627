import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from studies import identities
from studies.models import Rater, Study
from tests.studies.rows import add_pair, enrol, make_study, rate

pytestmark = pytest.mark.django_db


@pytest.fixture
def http() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.mark.parametrize(
    ("status", "expected", "text"),
    [
        ("open", 200, "I am 18 or older and I agree to take part."),
        ("closed", 410, "This study is closed"),
        ("draft", 404, "This study isn’t open yet"),
    ],
)
def test_the_way_in(http: Client, study: Study, status: str, expected: int, text: str) -> None:
    Study.objects.update(status=status)

    page = http.get(f"/s/{study.token}/")

    assert page.status_code == expected
    assert text in page.content.decode()
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["Cache-Control"] == "no-store"
    assert not page.cookies


def test_a_full_study_says_so(http: Client, study: Study) -> None:
    study.seats.update(occupied=True)

    assert "All places are taken" in http.get(f"/s/{study.token}/").content.decode()


@pytest.mark.parametrize("address", ["/s/unknown/", "/r/unknown/"])
def test_unknown_links_are_404_in_words(http: Client, address: str) -> None:
    page = http.get(address)

    assert page.status_code == 404
    assert "link" in page.content.decode()


@pytest.mark.parametrize("address", ["/s/%00/", "/r/%00/", "/api/v1/raters/%00"])
def test_what_no_token_holds_is_looked_for_nowhere(
    http: Client, address: str, django_assert_num_queries: Any
) -> None:
    """PostgreSQL would fail at it."""
    with django_assert_num_queries(0):
        assert http.get(address).status_code == 404


def test_the_raters_page_brings_nothing_but_its_own_parts(http: Client, own_rater: Rater) -> None:
    page = http.get(f"/r/{own_rater.token}/").content.decode()

    for part in ("bootstrap-reboot", "tokens.css", "rater.css", "rater.js", "theme.js"):
        assert part in page
    assert page.count("<script") == 3  # the theme, the page's own module, and its words, which are no script
    assert page.count('<script id="words" type="application/json">') == 1
    assert page.count('rel="stylesheet"') == 3


def test_a_consent_text_is_shown_as_text(http: Client, study: Study) -> None:
    Study.objects.update(consent_text="<script>alert(1)</script>")

    assert "<script>alert" not in http.get(f"/s/{study.token}/").content.decode()


# --- languages


def test_the_page_is_in_the_language_asked_for_or_the_browsers(http: Client, study: Study) -> None:
    def language_of(query: str = "", accept: str = "") -> tuple[str, str]:
        page = http.get(f"/s/{study.token}/{query}", headers={"accept-language": accept})
        tag = re.search(r'<html lang="(\w+)">', page.content.decode())
        assert tag is not None
        assert page["Content-Language"] == tag[1]
        return tag[1], page.content.decode()

    assert language_of()[0] == "en"
    assert language_of(accept="vi,en;q=0.8")[0] == "vi"
    japanese = language_of("?lang=ja", accept="vi")
    assert japanese[0] == "ja"
    assert "私は18歳以上であり、参加に同意します。" in japanese[1]
    assert "Your scores are kept." in japanese[1]  # a text of the researcher's own, not translated


def test_the_language_links_keep_what_the_platform_added(http: Client, study: Study) -> None:
    page = http.get(f"/s/{study.token}/?PROLIFIC_PID=5f&SESSION_ID=77").content.decode()

    assert 'href="?PROLIFIC_PID=5f&amp;SESSION_ID=77&amp;lang=ja"' in page


def test_a_raters_page_stays_in_the_language_they_began_in(http: Client, study: Study) -> None:
    rater = enrol(study, locale="vi")

    page = http.get(f"/r/{rater.token}/", headers={"accept-language": "ja"})

    assert '<html lang="vi">' in page.content.decode()
    assert '<html lang="en">' in http.get(f"/r/{rater.token}/?lang=en").content.decode()


def test_a_pair_is_asked_in_the_raters_language(http: Client) -> None:
    rater = enrol(make_study(consent_text=""), locale="ja")
    address = f"/api/v1/raters/{rater.token}/presentations/1"

    assert http.get(address).json()["question"] == "加工後の歩行はどのくらい自然に見えますか？"
    assert http.get(address).json()["scale"][4] == {"score": 5, "label": "非常に良い"}
    assert http.get(f"{address}?lang=vi").json()["scale"][0] == {"score": 1, "label": "Rất kém"}


# --- what the start page tells


def test_practice_is_told_and_checks_are_not(http: Client) -> None:
    study = make_study(view_angles=[0, 0], seats=[[3, 1, 4, 2]], pause_half_way=True)
    add_pair(study, 3, 0, role="training")
    add_pair(study, 4, 0, role="check", expected_score=5)

    page = http.get(f"/s/{study.token}/").content.decode()

    assert "<b>3 pairs</b><span>after 1 for practice</span>" in page
    assert "with a pause half-way" in page
    assert "Start with practice" in page


def test_the_last_day_and_full_quotas_are_told(http: Client, study: Study) -> None:
    Study.objects.update(quotas=[{"locale": "ja", "most": 0}])
    assert "この言語の方は" in http.get(f"/s/{study.token}/?lang=ja").content.decode()
    assert "I agree to take part" in http.get(f"/s/{study.token}/").content.decode()

    Study.objects.update(closes_on=timezone.localdate() - timedelta(days=1))
    assert http.get(f"/s/{study.token}/").status_code == 410


def test_an_expired_link_is_a_page_of_its_own_and_frees_the_seat(http: Client, own_rater: Rater) -> None:
    Rater.objects.update(expires=timezone.now())

    page = http.get(f"/r/{own_rater.token}/")

    assert page.status_code == 410
    assert "This link has expired" in page.content.decode()
    assert Rater.objects.get().state == Rater.State.EXPIRED
    progress = http.get(f"/api/v1/raters/{own_rater.token}").json()
    assert (progress["state"], progress["next"], progress["remaining"]) == ("expired", None, [])
    assert http.get(f"/api/v1/raters/{own_rater.token}/presentations/1").status_code == 410


# --- crowd platforms


def policy(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer["Content-Security-Policy"].split(";")]
    return {name: values for name, *values in parts}


def test_only_mturks_pages_may_stand_in_a_frame_and_only_in_its_own(http: Client, study: Study) -> None:
    def answers() -> list[Any]:
        token = study.raters.get().token
        return [http.get(f"/s/{study.token}/?workerId=A&assignmentId=3"), http.get(f"/r/{token}/")]

    enrol(study)
    for answer in answers():
        assert answer["X-Frame-Options"] == "DENY"
        assert policy(answer)["frame-ancestors"] == ["'none'"]

    Study.objects.update(platform="mturk")
    for answer in answers():
        assert answer.status_code == 200
        assert "X-Frame-Options" not in answer
        assert policy(answer)["frame-ancestors"] == [
            "https://worker.mturk.com",
            "https://workersandbox.mturk.com",
            "https://requester.mturk.com",
            "https://requestersandbox.mturk.com",
            "https://www.mturk.com",
        ]
        assert "https://workersandbox.mturk.com" in policy(answer)["form-action"]
        assert policy(answer)["script-src"] == ["'self'"]
        assert not answer.cookies


def test_a_preview_shows_the_study_and_no_way_in(http: Client, study: Study) -> None:
    Study.objects.update(platform="mturk")

    page = http.get(f"/s/{study.token}/?assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE&hitId=3").content.decode()

    assert "This is a preview" in page
    assert "<form" not in page


def test_who_does_not_come_through_the_platform_is_told_where_to_go(http: Client, study: Study) -> None:
    Study.objects.update(platform="prolific")

    assert "Please come in from the platform" in http.get(f"/s/{study.token}/").content.decode()
    page = http.get(f"/s/{study.token}/?PROLIFIC_PID=5f&STUDY_ID=6&SESSION_ID=7").content.decode()
    assert "Your id on Prolific" in page


def test_enrolling_keeps_the_platforms_parameters_sealed_and_leads_back(http: Client, study: Study) -> None:
    Study.objects.update(platform="prolific")
    body = {"consent": True, "platform": {"PROLIFIC_PID": "5f", "STUDY_ID": "6", "SESSION_ID": "7"}}

    token = http.post(f"/api/v1/studies/{study.token}/raters", body, "application/json").json()["rater"]

    rater = Rater.objects.get()
    assert identities.told_of(rater) == body["platform"]
    for position in (1, 2):
        rate(rater, position, 4)
    progress = http.get(f"/api/v1/raters/{token}").json()
    assert progress["way_back"] == {
        "platform": "Prolific",
        "url": "https://app.prolific.com/submissions/complete?cc=C7K4Q9",
        "method": "get",
        "fields": {},
    }
    stored = http.get(f"/api/v1/raters/{token}/data")
    assert stored.json()["platform_identity_kept"] == "encrypted"
    assert "5f" not in stored.content.decode().replace(token, "")


@pytest.mark.parametrize(
    ("parameters", "code"),
    [({"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE"}, "preview"), ({"hitId": "3"}, "platform_needed")],
)
def test_who_cannot_enrol_is_told_why(http: Client, study: Study, parameters: Any, code: str) -> None:
    Study.objects.update(platform="mturk")
    body = {"consent": True, "platform": parameters}

    answer = http.post(f"/api/v1/studies/{study.token}/raters", body, "application/json")

    assert (answer.status_code, answer.json()["code"]) == (403, code)
    assert not Rater.objects.exists()
