"""Seats: taken one by one from the first on, and given out again whole when their rater is gone.

Whoever holds a seat is RATING or COMPLETE and not over quota. A seat is taken by a conditional update, so of
many who see the same one free, one has it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from studies.models import Rater, Seat, Study
from studies.refusals import Closed, Full, NotOpen, QuotaFull

HOLDING = (Rater.State.RATING, Rater.State.COMPLETE)


def take(study: Study, locale: str) -> Seat:
    """The lowest free seat. Raises NotOpen, Closed, Full or QuotaFull."""
    while True:
        _check_open(study)
        _check_quota(study, locale)
        if taken := _lowest_free(for_people(study)):
            return taken


def take_simulated(study: Study) -> Seat:
    """A simulated rater's seat: a copy of people's, whose seats and quotas stay theirs. Raises as `take` does."""
    _check_open(study)
    copied = study.seats.filter(simulated=True)
    missing = for_people(study).exclude(position__in=copied.values("position"))
    Seat.objects.bulk_create(
        Seat(study=study, position=seat.position, pairs=seat.pairs, simulated=True) for seat in missing
    )
    while True:
        if taken := _lowest_free(copied):
            return taken


def for_people(study: Study) -> QuerySet[Seat]:
    return study.seats.filter(simulated=False)


def _lowest_free(among: QuerySet[Seat]) -> Seat | None:
    """Taken for the caller; None where somebody else was faster. Raises Full."""
    seat = among.filter(occupied=False).order_by("position").first()
    if seat is None:
        raise Full("All places in this study are taken at the moment.")
    return seat if Seat.objects.filter(pk=seat.pk, occupied=False).update(occupied=True) else None


def _check_open(study: Study) -> None:
    """As the row stands now, not as it was read."""
    status, closes_on = Study.objects.values_list("status", "closes_on").get(pk=study.pk)
    if status == Study.Status.DRAFT:
        raise NotOpen("This study is not open yet.")
    if status == Study.Status.CLOSED or (closes_on and timezone.localdate() > closes_on):
        raise Closed("This study is closed and takes no more people.")


def is_over(study: Study) -> bool:
    """Whether enrolment has ended: closed, or past its last day."""
    past = study.closes_on is not None and timezone.localdate() > study.closes_on
    return study.status == Study.Status.CLOSED or past


# --- Quotas ---------------------------------------------------------------------------------------
def _check_quota(study: Study, locale: str) -> None:
    quota = quota_of(study, locale)
    if quota is None:
        return
    Study.objects.select_for_update().get(pk=study.pk)  # so that two of the last place come one by one
    if not quota_is_free(study, quota):
        raise QuotaFull("All places for people of this language are taken at the moment.")


def quota_of(study: Study, locale: str) -> dict[str, Any] | None:
    """The study's limit for people of this language; one for `ja` holds for `ja-JP`, too."""
    tag = locale.lower().replace("_", "-")
    for quota in study.quotas:
        limited = str(quota["locale"]).lower()
        if tag == limited or tag.startswith(f"{limited}-"):
            return dict(quota)
    return None


def quota_is_free(study: Study, quota: dict[str, Any]) -> bool:
    limited = quota["locale"]
    of_language = Q(locale__iexact=limited) | Q(locale__istartswith=f"{limited}-")
    holding = study.raters.filter(of_language, state__in=HOLDING, over_quota=False, simulated=False)
    return holding.count() < int(quota["most"])


# --- Giving seats back ----------------------------------------------------------------------------
def take_again(rater: Rater) -> bool:
    """For a rater who had gone: the same seat, if nobody has it and the quota still has room."""
    quota = quota_of(rater.study, rater.locale)
    if rater.seat_id is None or (quota and not quota_is_free(rater.study, quota)):
        return False
    return bool(Seat.objects.filter(pk=rater.seat_id, occupied=False).update(occupied=True))


def free(rater: Rater) -> None:
    """Free the seat if this rater holds it: not when it was freed before or somebody else has it now."""
    if rater.seat_id and rater.state in HOLDING and not rater.over_quota:
        Seat.objects.filter(pk=rater.seat_id).update(occupied=False)


def release_idle(now: datetime) -> int:
    """Give the seats of raters who have not been seen for `idle_minutes` out again; how many were idle.

    Their scores stay.
    """
    busy = Study.objects.filter(raters__state=Rater.State.RATING).distinct()
    return sum(
        _let_go(study, Q(last_seen__lt=now - timedelta(minutes=study.idle_minutes)), Rater.State.ABANDONED)
        for study in busy
    )


def expire(now: datetime) -> int:
    """End the links whose time is over, and give their seats out again; how many there were."""
    over = Q(expires__lte=now)
    unfinished = Q(raters__state__in=(Rater.State.RATING, Rater.State.ABANDONED), raters__expires__lte=now)
    return sum(
        _let_go(study, over, Rater.State.EXPIRED) for study in Study.objects.filter(unfinished).distinct()
    )


def _let_go(study: Study, whom: Q, state: str) -> int:
    """Whoever is still rating and meets `whom` gets this state and loses the seat."""
    states = [Rater.State.RATING]
    if state == Rater.State.EXPIRED:
        states.append(Rater.State.ABANDONED)
    released = 0
    for rater in study.raters.filter(whom, state__in=states):
        with transaction.atomic():
            # asked again in the update: the rater may have come back in this very moment
            if Rater.objects.filter(whom, pk=rater.pk, state=rater.state).update(state=state):
                free(rater)
                released += 1
    return released
