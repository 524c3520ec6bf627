"""A rater's way through a study: enrol, see the next pair, score it once, finish or withdraw.

A seat is taken by a conditional update and its pairs are frozen into presentations then, so a reload shows
the same pairs and the design can be audited. Unique constraints decide every race; whoever comes second
finds what the first one made. All of it holds on SQLite (one writer at a time) and on PostgreSQL (row locks).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from studies.models import ErasedIdentity, Presentation, Rater, Rating, Seat, Stimulus, Study
from studies.playback import kept as playback_columns
from studies.playback import watched_fraction

WATCHED = 0.95  # of each clip, and of the clips' length in time
ENROLMENT_TRIES = 5


class Refused(Exception):
    """Not done; the message says why and what to do, in words for the rater."""


class NoConsent(Refused):
    """Nobody takes part without having agreed to the study's present text."""


class PersonalLinkNeeded(Refused):
    """This identity has rated already and comes back through its personal link only."""


class NotOpen(Refused):
    """The study is still a draft."""


class Closed(Refused):
    """The study takes no more raters."""


class Full(Refused):
    """No seat is free."""


class NoSuchPresentation(Refused):
    """This rater has no pair at that position."""


class OffTheScale(Refused):
    """The score is not one of the study's."""


class NotWatched(Refused):
    """The pair was not fetched, or cannot have been watched to its end yet."""


class NoPairLeft(Refused):
    """No other pair of this view angle is left for this rater; the position is left out."""


class AlreadyRated(Refused):
    """Another score was kept first."""

    def __init__(self, kept: int) -> None:
        super().__init__(f"This pair was scored {kept} before. That score stays.")
        self.kept = kept


@dataclass(frozen=True)
class Applicant:
    """What somebody who wants to rate says of themselves. Empty means unknown."""

    consent: bool = False
    consent_version: str = ""
    idempotency_key: str = ""
    external_id: str = ""  # a platform's name for them; only an HMAC is kept
    session_id: str = ""  # the platform's session, likewise
    locale: str = ""
    device: Mapping[str, Any] | None = None
    simulated: bool = False


# --- Enrolment ----------------------------------------------------------------------------------


def enrol(study: Study, applicant: Applicant) -> tuple[Rater, bool]:
    """The rater and whether they are new. The same key, or identity before its first vote, is the same rater.

    Raises NoConsent, PersonalLinkNeeded, NotOpen, Closed or Full.
    """
    if not applicant.consent or applicant.consent_version not in ("", study.consent_version):
        raise NoConsent(f"Taking part needs your agreement to version {study.consent_version} of the text.")
    for tries_left in reversed(range(ENROLMENT_TRIES)):
        try:
            with transaction.atomic():
                known = _known_rater(study, applicant)
                return (known, False) if known else (_new_rater(study, applicant), True)
        except IntegrityError:  # the same applicant was faster; the next look finds them
            if not tries_left:
                raise
    raise AssertionError("unreachable")


def _known_rater(study: Study, applicant: Applicant) -> Rater | None:
    if applicant.idempotency_key:
        same_key = study.raters.filter(idempotency_key=applicant.idempotency_key).first()
        if same_key:
            return same_key
    identity = _study_hmac(study, applicant.external_id)
    if not identity:
        return None
    if study.erased_identities.filter(external_hmac=identity).exists():
        raise PersonalLinkNeeded("You have withdrawn from this study, so it can't be entered again.")
    known = study.raters.filter(external_hmac=identity).first()
    session = _study_hmac(study, applicant.session_id)
    same_session = known is not None and session != "" and session == known.session_hmac
    if known and not same_session and rated(known):
        raise PersonalLinkNeeded("You have begun already. Please come back through your personal link.")
    return known


def _study_hmac(study: Study, identity: str) -> str:
    """What is kept of a platform's id: it can be recognized in this study and nowhere else."""
    if not identity:
        return ""
    return salted_hmac(f"studies.identity.{study.token}", identity, algorithm="sha256").hexdigest()


def _new_rater(study: Study, applicant: Applicant) -> Rater:
    seat, now = _take_seat(study), timezone.now()
    rater = Rater.objects.create(
        study=study,
        seat=seat,
        simulated=applicant.simulated,
        consent_version=study.consent_version,
        consented=now,
        idempotency_key=applicant.idempotency_key,
        external_hmac=_study_hmac(study, applicant.external_id),
        session_hmac=_study_hmac(study, applicant.session_id),
        locale=applicant.locale,
        device=dict(applicant.device or {}),
        last_seen=now,
    )
    _freeze(rater, seat)
    return rater


def _take_seat(study: Study) -> Seat:
    """The lowest free seat. Of many who see the same seat free, the conditional update lets one have it."""
    while True:
        status = Study.objects.values_list("status", flat=True).get(pk=study.pk)
        if status == Study.Status.DRAFT:
            raise NotOpen("This study is not open yet.")
        if status == Study.Status.CLOSED:
            raise Closed("This study is closed and takes no more people.")
        seat = study.seats.filter(occupied=False).order_by("position").first()
        if seat is None:
            raise Full("All places in this study are taken at the moment.")
        if Seat.objects.filter(pk=seat.pk, occupied=False).update(occupied=True):
            return seat


def _freeze(rater: Rater, seat: Seat) -> None:
    stimuli = {stimulus.number: stimulus for stimulus in rater.study.stimuli.filter(number__in=seat.pairs)}
    Presentation.objects.bulk_create(
        Presentation(rater=rater, stimulus=stimuli[number], position=position)
        for position, number in enumerate(seat.pairs, start=1)
    )


# --- What comes next ----------------------------------------------------------------------------


def positions(rater: Rater) -> int:
    """How many pairs this rater was given, all roles counted."""
    return rater.presentations.values("position").distinct().count()


def remaining(rater: Rater) -> list[int]:
    """The positions that still wait for a score, in order."""
    waiting = rater.presentations.filter(problem="", rating__isnull=True)
    return list(waiting.order_by("position").values_list("position", flat=True))


def rated(rater: Rater) -> int:
    return Rating.objects.filter(presentation__rater=rater).count()


def present(rater: Rater, position: int) -> Presentation:
    """The pair at this position, which counts as fetched from now on. Raises NoSuchPresentation."""
    with transaction.atomic():
        _seen(rater)
        presentation = _presentation(rater, position)
        return _fetched(presentation)


def next_presentation(rater: Rater) -> Presentation | None:
    """The first pair that waits for a score, fetched; None when all are done."""
    waiting = remaining(rater)
    return present(rater, waiting[0]) if waiting else None


def _presentation(rater: Rater, position: int) -> Presentation:
    shown: QuerySet[Presentation] = rater.presentations.filter(position=position, problem="")
    found = shown.select_related("stimulus__reference_clip", "stimulus__test_clip").first()
    if found is None:
        raise NoSuchPresentation(f"There is no pair {position} for you.")
    return found


def _fetched(presentation: Presentation) -> Presentation:
    if presentation.fetched_at is None:
        presentation.fetched_at = timezone.now()
        presentation.save(update_fields=["fetched_at"])
    return presentation


def _seen(rater: Rater) -> None:
    """Note that the rater is there, alone with the row; who had gone takes the seat again if it is free."""
    now = timezone.now()
    row = Rater.objects.select_for_update().filter(pk=rater.pk).first()
    if row is None:
        raise NoSuchPresentation("Nothing is stored under this link any more.")
    row.last_seen = now
    if row.state == Rater.State.ABANDONED:
        row.state = Rater.State.RATING
        row.over_quota = not _take_again(row.seat_id)
    row.save(update_fields=["last_seen", "state", "over_quota"])
    rater.last_seen, rater.state, rater.over_quota = now, row.state, row.over_quota


def _take_again(seat_id: int | None) -> bool:
    return bool(seat_id and Seat.objects.filter(pk=seat_id, occupied=False).update(occupied=True))


# --- Scores -------------------------------------------------------------------------------------


def rate(rater: Rater, position: int, score: int, playback: Mapping[str, Any]) -> tuple[Rating, bool]:
    """The kept rating and whether it is new. The first score counts; the same one again changes nothing.

    Raises NoSuchPresentation, OffTheScale, NotWatched, or AlreadyRated when another score was kept.
    """
    with transaction.atomic():
        _seen(rater)
        presentation = _presentation(rater, position)
        _check_score(rater.study, score)
        kept = Rating.objects.filter(presentation=presentation).first()
        if kept is None:
            kept, new = _keep(presentation, score, _evidence(rater, presentation, playback))
            _finish_if_done(rater)
        else:
            new = False
    if kept.score != score:
        raise AlreadyRated(kept.score)
    return kept, new


def _check_score(study: Study, score: int) -> None:
    scores = [entry["score"] for entry in study.scale]
    if isinstance(score, bool) or score not in scores:
        raise OffTheScale(f"{score!r} is not on the scale: choose one of {', '.join(map(str, scores))}.")


def _keep(presentation: Presentation, score: int, evidence: dict[str, Any]) -> tuple[Rating, bool]:
    """Store the score; the unique key on the presentation lets one of two submits in."""
    return Rating.objects.get_or_create(
        presentation=presentation, defaults={"score": score, "rated_at": timezone.now(), **evidence}
    )


def _evidence(rater: Rater, presentation: Presentation, playback: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the playback as reported. Raises NotWatched."""
    if presentation.fetched_at is None:
        raise NotWatched("This pair was not loaded yet. Load it, watch both clips, then score.")
    if rater.study.playback_checked and not rater.simulated:
        _check_watched(presentation, presentation.fetched_at, watched_fraction(playback))
    return playback_columns(playback)


def _check_watched(presentation: Presentation, fetched_at: datetime, watched: float | None) -> None:
    if watched is None or watched < WATCHED:
        raise NotWatched("Both clips need to be watched to the end before the score counts.")
    stimulus = presentation.stimulus
    clips = [clip for clip in (stimulus.reference_clip, stimulus.test_clip) if clip]
    needed = timedelta(seconds=WATCHED * sum(clip.seconds for clip in clips))
    if timezone.now() - fetched_at < needed:
        raise NotWatched("The score came before both clips can have played. Watch both, then score.")


def _finish_if_done(rater: Rater) -> None:
    if remaining(rater):
        return
    now = timezone.now()
    rating = Rater.objects.filter(pk=rater.pk, state=Rater.State.RATING)
    if rating.update(state=Rater.State.COMPLETE, completed=now):
        rater.state, rater.completed = Rater.State.COMPLETE, now


# --- Clips that cannot be played ----------------------------------------------------------------


def replace(rater: Rater, position: int, reason: str, presentation_id: int | None = None) -> Presentation:
    """Another pair of the same view angle and role in place of one that cannot be played.

    `presentation_id` makes a repeated report harmless: when the named pair was replaced already, its
    replacement is returned. Raises NoSuchPresentation, AlreadyRated, or NoPairLeft, after which the position
    is left out.
    """
    with transaction.atomic():
        _seen(rater)
        broken = _presentation(rater, position)
        if presentation_id not in (None, broken.pk):
            return _fetched(broken)
        kept = Rating.objects.filter(presentation=broken).first()
        if kept:
            raise AlreadyRated(kept.score)
        broken.problem = (" ".join(reason.split()) or "not told")[:200]
        broken.save(update_fields=["problem"])
        other = _other_pair(rater, broken.stimulus)
        if other:
            broken.replaced_by = rater.presentations.create(stimulus=other, position=position)
            broken.save(update_fields=["replaced_by"])
            return present(rater, position)
        _finish_if_done(rater)
    raise NoPairLeft("No other pair like this one is left, so it is left out. Nothing else changes.")


def _other_pair(rater: Rater, broken: Stimulus) -> Stimulus | None:
    """Of the pairs this rater has never been given, the one that was shown to the fewest."""
    alike = rater.study.stimuli.filter(view_angle=broken.view_angle, role=broken.role)
    unseen = alike.exclude(presentations__rater=rater)
    shown = Count("presentations", filter=Q(presentations__problem=""))
    return unseen.annotate(shown=shown).order_by("shown", "number").first()


# --- Leaving ------------------------------------------------------------------------------------


def withdraw(rater: Rater) -> None:
    """Erase the rater with all scores and free the seat. Of a platform's id an HMAC stays until closing."""
    with transaction.atomic():
        row = Rater.objects.select_for_update().filter(pk=rater.pk).first()
        if row is None:
            return
        if row.external_hmac and row.study.status != Study.Status.CLOSED:
            ErasedIdentity.objects.get_or_create(study=row.study, external_hmac=row.external_hmac)
        _free_seat(row)
        row.delete()


def _free_seat(rater: Rater) -> None:
    """Free the seat if this rater holds it: not when it was freed before or somebody else has it now."""
    if rater.seat_id and rater.state != Rater.State.ABANDONED and not rater.over_quota:
        Seat.objects.filter(pk=rater.seat_id).update(occupied=False)


def release_idle_seats(now: datetime | None = None) -> int:
    """Give the seats of raters who have not been seen for `idle_minutes` out again; how many were idle.

    Their scores stay. Of studies that are closed the HMACs of erased identities are deleted, too.
    """
    now = now or timezone.now()
    ErasedIdentity.objects.filter(study__status=Study.Status.CLOSED).delete()
    busy = Study.objects.filter(raters__state=Rater.State.RATING).distinct()
    return sum(_release_idle(study, now - timedelta(minutes=study.idle_minutes)) for study in busy)


def _release_idle(study: Study, since: datetime) -> int:
    idle = Q(state=Rater.State.RATING, last_seen__lt=since)
    released = 0
    for rater in study.raters.filter(idle):
        with transaction.atomic():
            # asked again in the update: the rater may have come back in this very moment
            if Rater.objects.filter(idle, pk=rater.pk).update(state=Rater.State.ABANDONED):
                _free_seat(rater)
                released += 1
    return released
