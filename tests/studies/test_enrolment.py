import pytest

from studies import rating
from studies.models import ErasedIdentity, Rater, Study
from tests.studies.rows import (
    at_once,
    enrol,
    make_study,
    occupied,
    pairs_of,
    rate,
)

pytestmark = pytest.mark.django_db


def test_raters_take_the_lowest_free_seat_with_its_pairs_in_order(study: Study) -> None:
    first, second = enrol(study), enrol(study)

    assert [rater.seat.position for rater in (first, second) if rater.seat] == [1, 2]
    assert [pairs_of(first), pairs_of(second)] == [[1, 2], [3, 4]]
    assert occupied(study) == [1, 2]
    assert first.token != second.token
    assert first.consent_version == "3"


def test_without_consent_nobody_enters(study: Study) -> None:
    with pytest.raises(rating.NoConsent, match="version 3"):
        rating.enrol(study, rating.Applicant(consent=False))
    with pytest.raises(rating.NoConsent):
        rating.enrol(study, rating.Applicant(consent=True, consent_version="2"))

    assert occupied(study) == []


def test_the_same_key_gets_the_same_rater_and_one_seat(study: Study) -> None:
    first = rating.enrol(study, rating.Applicant(consent=True, idempotency_key="k"))
    second = rating.enrol(study, rating.Applicant(consent=True, idempotency_key="k"))

    assert first[1] is True
    assert second == (first[0], False)
    assert occupied(study) == [1]


def test_a_key_means_something_in_its_own_study_only(study: Study) -> None:
    other = make_study(name="Corridor walks")

    assert enrol(study, idempotency_key="k") != enrol(other, idempotency_key="k")


def test_the_same_key_still_works_when_the_study_is_closed_or_full(study: Study) -> None:
    rater = enrol(study, idempotency_key="k")
    enrol(study)
    Study.objects.update(status=Study.Status.CLOSED)

    assert enrol(study, idempotency_key="k") == rater


@pytest.mark.parametrize(
    ("status", "refusal"), [(Study.Status.DRAFT, rating.NotOpen), (Study.Status.CLOSED, rating.Closed)]
)
def test_a_study_that_is_not_open_takes_nobody(study: Study, status: str, refusal: type[Exception]) -> None:
    Study.objects.update(status=status)

    with pytest.raises(refusal):
        enrol(study)
    assert occupied(study) == []


def test_a_full_study_takes_nobody(study: Study) -> None:
    enrol(study), enrol(study)

    with pytest.raises(rating.Full):
        enrol(study)
    assert Rater.objects.count() == 2


def test_simulated_raters_come_in_by_the_same_door(study: Study) -> None:
    rater = enrol(study, simulated=True)
    rating.present(rater, 1)
    rating.rate(rater, 1, 4, {})

    assert rater.simulated
    assert occupied(study) == [1]
    assert rating.rated(rater) == 1


# --- platform identities


def test_a_platforms_id_is_kept_as_an_hmac_that_differs_between_studies(study: Study) -> None:
    other = make_study(name="Corridor walks")
    here, there = enrol(study, external_id="5f1a"), enrol(other, external_id="5f1a")

    assert len(here.external_hmac) == len(there.external_hmac) == 64
    assert here.external_hmac != there.external_hmac
    assert "5f1a" not in str(Rater.objects.values())


def test_the_same_identity_is_the_same_rater_until_the_first_vote(study: Study) -> None:
    rater = enrol(study, external_id="5f1a")
    assert enrol(study, external_id="5f1a") == rater

    rate(rater, 1, 3)

    with pytest.raises(rating.PersonalLinkNeeded, match="personal link"):
        enrol(study, external_id="5f1a")


def test_after_the_first_vote_the_platforms_session_lets_them_in(study: Study) -> None:
    rater = enrol(study, external_id="5f1a", session_id="s1")
    rate(rater, 1, 3)

    assert enrol(study, external_id="5f1a", session_id="s1") == rater
    with pytest.raises(rating.PersonalLinkNeeded):
        enrol(study, external_id="5f1a", session_id="s2")


def test_who_withdrew_cannot_enter_again_and_is_forgotten_when_the_study_closes(study: Study) -> None:
    rating.withdraw(enrol(study, external_id="5f1a"))

    with pytest.raises(rating.PersonalLinkNeeded, match="withdrawn"):
        enrol(study, external_id="5f1a")

    Study.objects.update(status=Study.Status.CLOSED)
    rating.release_idle_seats()
    assert not ErasedIdentity.objects.exists()


# --- many at once


@pytest.mark.django_db(transaction=True)
def test_raters_who_come_at_once_get_different_seats() -> None:
    study = make_study(view_angles=[0], seats=[[1]] * 5)

    results = at_once([lambda: enrol(study)] * 8)

    seats = sorted(rater.seat.position for rater in results if isinstance(rater, Rater) and rater.seat)
    assert seats == [1, 2, 3, 4, 5]
    assert results.count(rating.Full) == 3
    assert Rater.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_many_times_at_once_is_one_rater() -> None:
    study = make_study(view_angles=[0], seats=[[1]] * 5)

    results = at_once([lambda: enrol(study, idempotency_key="k")] * 6)

    assert {rater.pk for rater in results} == {Rater.objects.get().pk}
    assert occupied(study) == [1]
