"""The contracts with Prolific and Mechanical Turk, parameter by parameter."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from studies import identities, platforms, rating
from studies.models import PlatformIdentity, Rater, Study
from tests.studies.rows import make_study, rate

pytestmark = pytest.mark.django_db

PROLIFIC = {"PROLIFIC_PID": "5f1a", "STUDY_ID": "64b0", "SESSION_ID": "77c2"}
MTURK = {
    "workerId": "A1B2",
    "assignmentId": "3XYZ",
    "hitId": "3HIT",
    "turkSubmitTo": "https://workersandbox.mturk.com",
}


def study_on(platform: str, **fields: Any) -> Study:
    return make_study(view_angles=[0, 90], seats=[[1, 2]] * 4, platform=platform, **fields)


def come(study: Study, parameters: dict[str, str]) -> Rater:
    visit = platforms.visit(study, parameters)
    return rating.enrol(
        study,
        rating.Applicant(
            consent=True,
            external_id=visit.external_id,
            session_id=visit.session_id,
            identity=visit.told,
        ),
    )[0]


def finished(study: Study, parameters: dict[str, str]) -> Rater:
    rater = come(study, parameters)
    rate(rater, 1, 4), rate(rater, 2, 4)
    rater.refresh_from_db()
    return rater


# --- in


def test_prolific_tells_who_comes_and_in_which_session() -> None:
    visit = platforms.visit(study_on("prolific"), {**PROLIFIC, "utm": "x"})

    assert visit == platforms.Visit("5f1a", "77c2", PROLIFIC)


def test_mturk_tells_who_comes_for_which_assignment() -> None:
    assert platforms.visit(study_on("mturk"), MTURK) == platforms.Visit("A1B2", "3XYZ", MTURK)


def test_a_preview_enrols_nobody() -> None:
    preview = {"assignmentId": "ASSIGNMENT_ID_NOT_AVAILABLE", "hitId": "3HIT"}

    with pytest.raises(rating.Preview):
        platforms.visit(study_on("mturk"), preview)


@pytest.mark.parametrize("platform", ["prolific", "mturk"])
def test_who_does_not_come_through_the_platform_is_sent_there(platform: str) -> None:
    study = study_on(platform)

    with pytest.raises(rating.PlatformNeeded):
        platforms.visit(study, {})
    with pytest.raises(rating.PlatformNeeded):
        rating.enrol(study, rating.Applicant(consent=True))
    assert not study.seats.filter(occupied=True).exists()


def test_a_plain_link_may_carry_an_id_and_seals_nothing() -> None:
    rater = come(study_on("link"), PROLIFIC)

    assert len(rater.external_hmac) == 64
    assert not PlatformIdentity.objects.exists()


# --- kept


def test_ids_stand_apart_encrypted() -> None:
    rater = come(study_on("prolific"), PROLIFIC)

    stored = str(list(Rater.objects.values())) + str(list(PlatformIdentity.objects.values()))
    for value in PROLIFIC.values():
        assert value not in stored
    assert identities.told_of(rater) == PROLIFIC


def test_ids_are_seen_by_the_studys_owner_alone(researcher, administrator) -> None:
    study = study_on("prolific", owner=researcher)
    rater = come(study, PROLIFIC)

    assert list(identities.seen_by(researcher, study)) == [(rater, PROLIFIC)]
    assert list(identities.seen_by(administrator, study)) == []
    assert list(identities.seen_by(AnonymousUser(), study)) == []


def test_of_a_study_without_an_owner_nobody_sees_ids() -> None:
    study = study_on("prolific")
    come(study, PROLIFIC)

    assert list(identities.seen_by(AnonymousUser(), study)) == []


def test_withdrawing_deletes_the_identity() -> None:
    rating.withdraw(come(study_on("prolific"), PROLIFIC))

    assert not PlatformIdentity.objects.exists()


@pytest.mark.parametrize("by", ["closed", "closes_on"])
def test_a_set_time_after_closing_every_trace_of_an_id_is_deleted(by: str) -> None:
    study = study_on("prolific", identity_days=30)
    come(study, PROLIFIC)
    ended = timezone.now() - timedelta(days=10)
    if by == "closed":
        Study.objects.update(status="closed", closed=ended)
    else:
        Study.objects.update(closes_on=timezone.localdate(ended))

    rating.release_idle_seats(ended + timedelta(days=29))
    assert PlatformIdentity.objects.count() == 1
    rating.release_idle_seats(ended + timedelta(days=32))

    assert not PlatformIdentity.objects.exists()
    assert Rater.objects.get().external_hmac == ""
    assert Rater.objects.get().session_hmac == ""


def test_another_secret_key_loses_the_ids_and_nothing_else(settings) -> None:
    rater = finished(study_on("mturk"), MTURK)
    settings.SECRET_KEY = "another"

    assert identities.told_of(rater) == {}
    assert platforms.way_back(rater) is None


# --- out


def test_prolific_takes_people_back_at_its_completion_url_with_the_code() -> None:
    back = platforms.way_back(finished(study_on("prolific"), PROLIFIC))

    assert back == platforms.WayBack(
        "Prolific", "https://app.prolific.com/submissions/complete?cc=C7K4Q9", "get", {}
    )


def test_a_completion_url_that_brings_its_code_keeps_it() -> None:
    study = study_on("prolific", return_url="https://app.prolific.com/submissions/complete?cc=OWN1")
    back = platforms.way_back(finished(study, PROLIFIC))

    assert back is not None
    assert back.url == "https://app.prolific.com/submissions/complete?cc=OWN1"
    assert platforms.completion_code(study) == "OWN1"


def test_mturk_takes_a_form_with_the_assignment() -> None:
    back = platforms.way_back(finished(study_on("mturk"), MTURK))

    assert back == platforms.WayBack(
        "Mechanical Turk",
        "https://workersandbox.mturk.com/mturk/externalSubmit",
        "post",
        {"assignmentId": "3XYZ", "code": "C7K4Q9"},
    )


def test_nobody_is_sent_back_before_the_end() -> None:
    assert platforms.way_back(come(study_on("prolific"), PROLIFIC)) is None


def test_a_plain_study_may_lead_somewhere_too(settings) -> None:
    settings.CROWD_HOSTS = ["panel.example.org"]
    study = study_on("link", return_url="https://panel.example.org/done?x=1")
    back = platforms.way_back(finished(study, {}))

    assert back is not None
    assert (back.platform, back.url, back.method) == (
        "panel.example.org",
        "https://panel.example.org/done?x=1",
        "get",
    )
    assert platforms.way_back(finished(study_on("link", name="Without"), {})) is None


@pytest.mark.parametrize(
    "submit_to",
    [
        "https://evil.example",
        "http://www.mturk.com",
        "https://www.mturk.com.evil.example",
        "https://www.mturk.com@evil.example",
        "https://evil@www.mturk.com",
        "https://www.mturk.com:8443",
        "javascript:alert(1)//www.mturk.com",
    ],
)
def test_nobody_is_sent_to_a_host_that_is_not_allowed(submit_to: str) -> None:
    rater = finished(study_on("mturk"), {**MTURK, "turkSubmitTo": submit_to})

    assert platforms.way_back(rater) is None
