from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from studies import rating
from studies.models import Presentation, Rater, Rating, Seat, Study
from tests.studies.rows import (
    add_pair,
    at_once,
    enrol,
    make_study,
    pairs_of,
    rate,
    unchanged,
    watched,
)

pytestmark = pytest.mark.django_db


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
    with pytest.raises(rating.NotWatched, match="before all that is shown can have played"):
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
        {"started_at": "9999-12-31T23:59:59Z", "sent_at": "0001-01-01T00:00:00Z"},
    ],
)
def test_odd_evidence_is_no_reason_to_lose_a_score(study: Study, odd: dict[str, Any]) -> None:
    rater = enrol(study)
    playback = {**watched(rater, 1), **odd}

    assert rating.rate(rater, 1, 4, playback)[1]


def test_a_clock_that_is_a_day_off_moves_no_time(study: Study) -> None:
    rater = enrol(study)
    tomorrow = timezone.now() + timedelta(days=1)
    told = {"started_at": (tomorrow - timedelta(minutes=2)).isoformat(), "sent_at": tomorrow.isoformat()}

    kept, _ = rating.rate(rater, 1, 4, {**watched(rater, 1), **told})

    assert round((kept.rated_at - kept.presented_at).total_seconds()) == 120


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


def test_a_score_goes_to_no_pair_but_the_one_that_was_watched(study: Study) -> None:
    rater = enrol(study)
    told, first = watched(rater, 1), rating.present(rater, 1)
    replaced_on_another_device = rating.replace(rater, 1, "does not play", first.pk)
    watched(rater, 1)

    with pytest.raises(rating.NotWatched):
        rating.rate(rater, 1, 4, told, first.pk)
    assert rating.remaining(rater) == [1, 2]

    rating.rate(rater, 1, 3, told, replaced_on_another_device.pk)
    assert Rating.objects.get().presentation == replaced_on_another_device


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


# --- many at once


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
