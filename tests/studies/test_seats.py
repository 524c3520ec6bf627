from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from studies import rating, seats
from studies.models import Presentation, Rater, Rating, Study
from studies.mos import design
from tests.studies.rows import (
    at_once,
    enrol,
    idle_for,
    make_study,
    occupied,
    pairs_of,
    rate,
    watched,
)

pytestmark = pytest.mark.django_db


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


# --- links that expire


def expire(rater: Rater) -> None:
    Rater.objects.filter(pk=rater.pk).update(expires=timezone.now() - timedelta(seconds=1))
    rater.refresh_from_db()


def test_a_link_works_for_as_many_days_as_the_study_says(study: Study) -> None:
    Study.objects.update(rater_days=3)
    study.refresh_from_db()

    rater = enrol(study)

    assert rater.expires == rater.consented + timedelta(days=3)


def test_an_expired_links_seat_is_given_out_again_whole_and_its_scores_stay(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)
    expire(rater)

    rating.release_idle_seats()

    rater.refresh_from_db()
    assert rater.state == Rater.State.EXPIRED
    assert occupied(study) == []
    assert Rating.objects.count() == 1
    assert pairs_of(enrol(study)) == [1, 2]


def test_who_comes_with_an_expired_link_is_told_so_and_the_seat_is_free_at_once(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)
    expire(rater)

    for call in (
        lambda: rating.present(rater, 2),
        lambda: rating.rate(rater, 2, 4, {"watched_fraction": 1.0}),
        lambda: rating.replace(rater, 2, "error"),
    ):
        with pytest.raises(rating.Expired):
            call()
    assert Rater.objects.get().state == Rater.State.EXPIRED
    assert occupied(study) == []
    assert Rating.objects.count() == 1


def test_a_score_sent_again_after_the_expiry_is_still_acknowledged(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4)
    expire(rater)

    assert rating.rate(rater, 1, 4, {})[1] is False


def test_who_is_done_never_expires(study: Study) -> None:
    rater = enrol(study)
    rate(rater, 1, 4), rate(rater, 2, 4)
    expire(rater)

    rating.release_idle_seats()

    rater.refresh_from_db()
    assert rater.state == Rater.State.COMPLETE
    assert rating.present(rater, 1).position == 1
    assert occupied(study) == [1]


def test_an_abandoned_raters_expiry_frees_nobodys_seat(study: Study) -> None:
    gone = enrol(study)
    idle_for(gone, 61)
    rating.release_idle_seats()
    enrol(study)
    expire(gone)

    rating.release_idle_seats()

    gone.refresh_from_db()
    assert gone.state == Rater.State.EXPIRED
    assert occupied(study) == [1]


def test_nothing_is_added_to_frozen_results_but_erasing_stays_possible(study: Study) -> None:
    rater = enrol(study)
    playback = watched(rater, 1)
    Study.objects.update(frozen=timezone.now())
    rater.study.refresh_from_db()

    with pytest.raises(rating.Frozen):
        rating.rate(rater, 1, 4, playback)
    rating.withdraw(rater)
    assert not Rater.objects.exists()


# --- the last day, and quotas


def test_enrolment_ends_after_the_last_day(study: Study) -> None:
    today = timezone.localdate()
    Study.objects.update(closes_on=today)
    rater = enrol(study)
    Study.objects.update(closes_on=today - timedelta(days=1))

    with pytest.raises(rating.Closed):
        enrol(study)
    rate(rater, 1, 4)  # who is in may finish


def test_a_quota_holds_for_a_language_with_its_regions_and_for_nobody_else() -> None:
    study = make_study(view_angles=[0], seats=[[1]] * 5, quotas=[{"locale": "ja", "most": 2}])
    enrol(study, locale="ja"), enrol(study, locale="ja-JP")

    for locale in ("ja", "JA-jp"):
        with pytest.raises(rating.QuotaFull):
            enrol(study, locale=locale)
    assert enrol(study, locale="jam").locale == "jam"
    assert enrol(study).locale == ""
    assert occupied(study) == [1, 2, 3, 4]


def test_a_quotas_place_is_free_again_when_its_rater_is_gone() -> None:
    study = make_study(view_angles=[0], seats=[[1]] * 3, quotas=[{"locale": "ja", "most": 1}])
    gone = enrol(study, locale="ja")
    idle_for(gone, 61)
    rating.release_idle_seats()
    enrol(study, locale="ja")

    rating.present(gone, 1)  # back, and over the quota although a seat is free

    gone.refresh_from_db()
    assert gone.over_quota
    assert occupied(study) == [1]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_come_at_once_the_quota_lets_its_number_in() -> None:
    study = make_study(view_angles=[0], seats=[[1]] * 8, quotas=[{"locale": "ja", "most": 2}])

    results = at_once([lambda: enrol(study, locale="ja")] * 6)

    assert results.count(rating.QuotaFull) == 4
    assert study.raters.count() == 2


# --- exposure


@pytest.mark.django_db(transaction=True)
def test_with_gaps_left_by_the_gone_exposure_still_differs_by_one_when_no_seat_is_free() -> None:
    view_angles = [0, 0, 90, 90, 180, 180]
    order = design.seats(view_angles, seats=12, pairs_per_rater=3, seed=7)
    study = make_study(view_angles=view_angles, seats=[[int(pair) + 1 for pair in row] for row in order])
    first = at_once([lambda: enrol(study)] * 12)
    for rater, leave in zip(first, ["idle", "erase", "expire"] * 2, strict=False):
        if leave == "erase":
            rating.withdraw(rater)
        else:
            idle_for(rater, 61) if leave == "idle" else expire(rater)
    rating.release_idle_seats()

    at_once([lambda: enrol(study)] * 9)

    assert study.seats.filter(occupied=False).count() == 0
    shown = Presentation.objects.filter(rater__state__in=seats.HOLDING, rater__over_quota=False)
    assert shown.count() == 36
    for what in ("stimulus__number", "stimulus__view_angle"):
        exposures = Counter(shown.values_list(what, flat=True))
        assert max(exposures.values()) - min(exposures.values()) <= 1
