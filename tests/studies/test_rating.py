import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from studies import rating
from studies.models import ErasedIdentity, Presentation, Rater, Rating, Seat, Study
from tests.studies.rows import add_pair, enrol, make_study, rate, unchanged, watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def study() -> Study:
    return make_study()


def occupied(study: Study) -> list[int]:
    return list(study.seats.filter(occupied=True).values_list("position", flat=True))


def pairs_of(rater: Rater) -> list[int]:
    return list(rater.presentations.filter(problem="").values_list("stimulus__number", flat=True))


def idle_for(rater: Rater, minutes: int) -> None:
    Rater.objects.filter(pk=rater.pk).update(last_seen=timezone.now() - timedelta(minutes=minutes))


# --- enrolment


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


# --- pairs


def test_pairs_come_in_order_until_none_is_left(study: Study) -> None:
    rater = enrol(study)

    for position in (1, 2):
        shown = rating.next_presentation(rater)
        assert shown is not None
        assert shown.position == position
        rate(rater, position, 4)

    assert rating.next_presentation(rater) is None


def test_pairs_stay_frozen_when_the_seat_changes(study: Study) -> None:
    rater = enrol(study)
    Seat.objects.update(pairs=[4, 3])

    assert pairs_of(rater) == [1, 2]


def test_only_the_first_fetch_counts(study: Study) -> None:
    rater = enrol(study)
    first = rating.present(rater, 1).fetched_at

    assert first is not None
    assert rating.present(rater, 1).fetched_at == first


@pytest.mark.parametrize("position", [0, 3, 10**30])
def test_there_are_no_other_positions(study: Study, position: int) -> None:
    with pytest.raises(rating.NoSuchPresentation):
        rating.present(enrol(study), position)


# --- scores


def test_a_score_is_kept_with_its_evidence(study: Study) -> None:
    rater = enrol(study)
    playback = {**watched(rater, 2), "watched_fraction": 0.97, "stalls": 2, "replays": 1}

    kept, new = rating.rate(rater, 2, 5, playback)

    kept.refresh_from_db()
    assert new
    assert (kept.score, kept.watched_fraction, kept.stalls) == (5, 0.97, 2)
    assert kept.presented_at is not None
    assert kept.presented_at.isoformat() == "2026-03-01T12:00:00+00:00"
    assert kept.playback == playback


def test_a_second_submit_of_the_same_score_changes_nothing(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)
    kept = Rating.objects.get()

    with unchanged(kept):
        assert rating.rate(rater, 1, 4, {}) == (kept, False)


def test_a_second_submit_of_another_score_keeps_the_first(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)

    with unchanged(Rating.objects.get()), pytest.raises(rating.AlreadyRated) as refusal:
        rating.rate(rater, 1, 2, {"watched_fraction": 1})
    assert refusal.value.kept == 4


@pytest.mark.parametrize("score", [0, 6, -1, True, 10**30])
def test_a_score_off_the_scale_is_refused(study: Study, score: int) -> None:
    rater = enrol(study)
    playback = watched(rater, 1)

    with pytest.raises(rating.OffTheScale, match="1, 2, 3, 4, 5"):
        rating.rate(rater, 1, score, playback)


@pytest.mark.parametrize(
    "fraction", [0.949, None, "1.0", True, float("nan"), 10**400, {}, [], {"original": 1.0, "changed": 0.5}]
)
def test_a_pair_that_was_not_watched_through_is_refused(study: Study, fraction: Any) -> None:
    rater = enrol(study)
    playback = {**watched(rater, 1), "watched_fraction": fraction}

    with pytest.raises(rating.NotWatched):
        rating.rate(rater, 1, 4, playback)
    assert rating.remaining(rater) == [1, 2]


def test_watched_fractions_may_come_one_a_clip(study: Study) -> None:
    rater = enrol(study)
    playback = {**watched(rater, 1), "watched_fraction": {"original": 1, "changed": 0.96}}

    assert rating.rate(rater, 1, 4, playback)[0].watched_fraction == 0.96


def test_a_score_sooner_than_the_clips_last_is_refused(study: Study) -> None:
    rater = enrol(study)
    shown = rating.present(rater, 1)
    needed = 0.95 * 2 * study.clip_seconds

    def fetched_before(seconds: float) -> None:
        Presentation.objects.filter(pk=shown.pk).update(
            fetched_at=timezone.now() - timedelta(seconds=seconds)
        )

    fetched_before(needed - 0.5)
    with pytest.raises(rating.NotWatched, match="before both clips"):
        rating.rate(rater, 1, 4, {"watched_fraction": 1.0})
    fetched_before(needed)
    assert rating.rate(rater, 1, 4, {"watched_fraction": 1.0})[1]


def test_a_score_for_a_pair_never_fetched_is_refused(study: Study) -> None:
    Study.objects.update(playback_checked=False)

    with pytest.raises(rating.NotWatched, match="not loaded"):
        rating.rate(enrol(study), 1, 4, {"watched_fraction": 1.0})


def test_without_the_playback_check_a_fetched_pair_is_scored_at_once() -> None:
    rater = enrol(make_study(playback_checked=False))
    rating.present(rater, 1)

    assert rating.rate(rater, 1, 4, {})[1]


def test_any_order_will_do(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 2, 4)

    assert rating.remaining(rater) == [1]


@pytest.mark.parametrize(
    "odd",
    [
        {"stalls": -3, "started_at": "yesterday"},
        {"stalls": "many", "started_at": "2026-13-45T00:00:00Z"},
        {"stalls": float("inf"), "started_at": "2026-03-01T12:00:00", "x": float("nan")},
        {"stalls": 1e300, "text": "\x00"},
        {"stalls": 10**400},
        {"log": "x" * 10_000},
    ],
)
def test_odd_evidence_is_no_reason_to_lose_a_score(study: Study, odd: dict[str, Any]) -> None:
    rater = enrol(study)
    playback = {**watched(rater, 1), **odd}

    assert rating.rate(rater, 1, 4, playback)[1]


def test_the_last_score_completes(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 2, 4)
    assert Rater.objects.get().state == Rater.State.RATING

    rate(rater, 1, 1)

    rater.refresh_from_db()
    assert rater.state == Rater.State.COMPLETE
    assert rater.completed is not None


# --- clips that cannot be played


def test_a_pair_that_cannot_be_played_is_replaced_by_one_of_the_same_view_angle(study: Study) -> None:
    rater = enrol(study)

    other = rating.replace(rater, 1, "  error\n4 ")

    assert (other.stimulus.number, other.stimulus.view_angle, other.position) == (3, 0, 1)
    broken = rater.presentations.exclude(problem="").get()
    assert (broken.problem, broken.replaced_by, broken.stimulus.number) == ("error 4", other, 1)
    assert rating.remaining(rater) == [1, 2]
    rate(rater, 1, 4)
    assert Rating.objects.get().presentation == other


def test_of_the_possible_replacements_the_least_shown_is_taken() -> None:
    study = make_study(view_angles=[0] * 4, seats=[[1], [2], [3]])
    rater = enrol(study)
    enrol(study), enrol(study)

    assert rating.replace(rater, 1, "error").stimulus.number == 4


def test_a_replacement_is_of_the_same_role() -> None:
    study = make_study(view_angles=[0], seats=[[1]])
    add_pair(study, 2, 0, role="check", expected_score=5)
    add_pair(study, 3, 0)

    assert rating.replace(enrol(study), 1, "error").stimulus.number == 3


def test_a_repeated_report_of_the_same_pair_replaces_it_once(study: Study) -> None:
    rater = enrol(study)
    broken = rating.present(rater, 1)

    other = rating.replace(rater, 1, "error", broken.pk)

    assert rating.replace(rater, 1, "error", broken.pk) == other
    assert rater.presentations.count() == 3


def test_when_no_pair_is_left_the_position_is_left_out(study: Study) -> None:
    rater = enrol(study)
    rating.replace(rater, 1, "error")

    with pytest.raises(rating.NoPairLeft):
        rating.replace(rater, 1, "error")

    assert rating.remaining(rater) == [2]
    assert rating.positions(rater) == 2
    rate(rater, 2, 4)
    assert Rater.objects.get().state == Rater.State.COMPLETE


def test_a_scored_pair_is_not_replaced(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)

    with pytest.raises(rating.AlreadyRated):
        rating.replace(rater, 1, "error")
    assert rater.presentations.count() == 2


# --- leaving and coming back


def test_withdrawing_erases_everything_and_frees_the_seat(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)

    rating.withdraw(rater)

    assert not Rater.objects.exists()
    assert not Presentation.objects.exists()
    assert not Rating.objects.exists()
    assert occupied(study) == []
    rating.withdraw(rater)  # a second time changes nothing
    with pytest.raises(rating.NoSuchPresentation):
        rating.present(rater, 1)


def test_an_idle_raters_seat_is_given_out_again_whole(study: Study) -> None:
    gone, busy = enrol(study), enrol(study)
    rate(gone, 1, 4)
    idle_for(gone, 61)
    idle_for(busy, 59)

    assert rating.release_idle_seats() == 1
    assert rating.release_idle_seats() == 0

    gone.refresh_from_db()
    assert gone.state == Rater.State.ABANDONED
    assert Rating.objects.count() == 1
    assert occupied(study) == [2]
    assert pairs_of(enrol(study)) == [1, 2]


def test_who_is_done_keeps_the_seat(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4), rate(rater, 2, 4)
    idle_for(rater, 1000)

    assert rating.release_idle_seats() == 0
    assert occupied(study) == [1]


def test_who_comes_back_to_a_free_seat_takes_it_again(study: Study) -> None:
    rater = enrol(study)
    idle_for(rater, 61)
    rating.release_idle_seats()

    rate(rater, 1, 4)

    rater.refresh_from_db()
    assert (rater.state, rater.over_quota) == (Rater.State.RATING, False)
    assert occupied(study) == [1]


def test_who_comes_back_too_late_keeps_votes_over_quota_and_frees_nobodys_seat(study: Study) -> None:
    late = enrol(study)
    rate(late, 1, 4)
    idle_for(late, 61)
    rating.release_idle_seats()
    enrol(study)

    rate(late, 2, 5)

    late.refresh_from_db()
    assert (late.state, late.over_quota) == (Rater.State.COMPLETE, True)
    assert Rating.objects.count() == 2
    rating.withdraw(late)
    assert occupied(study) == [1]


def test_an_over_quota_rater_who_goes_idle_again_frees_nobodys_seat(study: Study) -> None:
    late = enrol(study)
    idle_for(late, 61)
    rating.release_idle_seats()
    enrol(study)
    rating.present(late, 1)
    idle_for(late, 61)

    assert rating.release_idle_seats() == 1
    assert occupied(study) == [1]


def test_an_abandoned_rater_who_withdraws_frees_nobodys_seat(study: Study) -> None:
    gone = enrol(study)
    idle_for(gone, 61)
    rating.release_idle_seats()
    enrol(study)

    rating.withdraw(gone)

    assert occupied(study) == [1]


# --- many at once


def at_once(calls: list[Any]) -> list[Any]:
    """The results of calls made at the same moment, each in a thread with its own connection."""
    gate, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = calls[index]()
        except rating.Refused as refusal:
            results[index] = type(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


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


@pytest.mark.django_db(transaction=True)
def test_of_two_scores_sent_at_once_one_is_kept_and_the_other_told_so() -> None:
    rater = enrol(make_study())
    playback = watched(rater, 1)

    results = at_once([lambda s=score: rating.rate(rater, 1, s, playback)[1] for score in (1, 2, 3, 4, 5)])

    assert results.count(True) == 1
    assert results.count(rating.AlreadyRated) == 4
    assert Rating.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_score_sent_many_times_at_once_counts_once() -> None:
    rater = enrol(make_study())
    playback = watched(rater, 1)

    results = at_once([lambda: rating.rate(rater, 1, 4, playback)[1]] * 5)

    assert sorted(results) == [False, False, False, False, True]
    assert Rating.objects.count() == 1
