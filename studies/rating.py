"""A rater's way through a study: see the next pair, score it once, report what can't be played.

This is the raters' door: how they come and go (`enrolment`, `seats`) and what they may be refused (`refusals`)
is offered here, too. A seat is taken by a conditional update and its pairs are frozen into presentations then,
so a reload shows the same pairs and the design can be audited. Unique constraints decide every race; whoever
comes second finds what the first one made. All of it holds on SQLite (one writer at a time) and on PostgreSQL
(row locks).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from studies import identities, playback, seats, showing, webhooks
from studies.enrolment import Applicant, enrol, withdraw
from studies.models import Presentation, Rater, Rating, Stimulus, Study
from studies.progress import positions, practice, rated, remaining
from studies.refusals import (
    AlreadyRated,
    Closed,
    Expired,
    Frozen,
    Full,
    NoConsent,
    NoPairLeft,
    NoSuchPresentation,
    NotOpen,
    NotWatched,
    OffTheScale,
    PersonalLinkNeeded,
    PlatformNeeded,
    Preview,
    QuotaFull,
    Refused,
    Withdrawn,
)

__all__ = [
    "AlreadyRated",
    "Applicant",
    "Closed",
    "Expired",
    "Frozen",
    "Full",
    "NoConsent",
    "NoPairLeft",
    "NoSuchPresentation",
    "NotOpen",
    "NotWatched",
    "OffTheScale",
    "PersonalLinkNeeded",
    "PlatformNeeded",
    "Preview",
    "QuotaFull",
    "Refused",
    "Withdrawn",
    "check_time",
    "enrol",
    "is_over",
    "next_presentation",
    "positions",
    "practice",
    "present",
    "rate",
    "rated",
    "release_idle_seats",
    "remaining",
    "replace",
    "withdraw",
]

WATCHED = 0.95  # of each clip, and of the clips' length in time
SEEN_LATELY = timedelta(seconds=15)  # more often need not be written down

# --- What comes next ----------------------------------------------------------------------------


def present(rater: Rater, position: int) -> Presentation:
    """The pair at this position, which counts as fetched from now on.

    Raises NoSuchPresentation, Expired or Frozen.
    """
    check_time(rater)
    with transaction.atomic():
        _seen(rater)
        return _fetched(_presentation(rater, position))


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


def check_time(rater: Rater) -> None:
    """Raises Expired when the link's time is over, which gives its seat back, and Frozen when results are final."""
    now = timezone.now()
    if rater.state == Rater.State.COMPLETE:
        return
    if rater.state == Rater.State.EXPIRED or (rater.expires and rater.expires <= now):
        seats.expire(now)
        raise Expired("The time to go on under this link is over. The scores that had arrived are kept.")
    if rater.study.frozen:
        raise Frozen("The results of this study are final, so it can't go on. Your scores are kept.")


def is_over(rater: Rater) -> bool:
    """Whether nothing more can be scored under this rater's link."""
    try:
        check_time(rater)
    except (Expired, Frozen):
        return True
    return False


def _seen(rater: Rater) -> None:
    """Note that the rater is there, alone with the row; who had gone takes the seat again if it is free."""
    now = timezone.now()
    row = Rater.objects.select_for_update().filter(pk=rater.pk).first()
    if row is None:
        raise NoSuchPresentation("Nothing is stored under this link any more.")
    was_gone = row.state == Rater.State.ABANDONED
    if was_gone:
        row.state, row.over_quota = Rater.State.RATING, not seats.take_again(row)
    if was_gone or now - row.last_seen > SEEN_LATELY:
        row.last_seen = now
        row.save(update_fields=["last_seen", "state", "over_quota"])
    rater.last_seen, rater.state, rater.over_quota = row.last_seen, row.state, row.over_quota


def _touch(rater: Rater) -> None:
    """Every kept score shows in `last_seen`: `votes` finds what is new by it."""
    rater.last_seen = timezone.now()
    Rater.objects.filter(pk=rater.pk).update(last_seen=rater.last_seen)


# --- Scores -------------------------------------------------------------------------------------


def rate(
    rater: Rater, position: int, score: int, playback: Mapping[str, Any], presentation_id: int | None = None
) -> tuple[Rating, bool]:
    """The kept rating and whether it is new. The first score counts; the same one again changes nothing.

    `presentation_id` names the pair that was watched: another device may have had it replaced meanwhile.

    Raises NoSuchPresentation, OffTheScale, NotWatched, AlreadyRated when another score was kept, or, where
    none was, Expired or Frozen.
    """
    if not _kept(rater, position):
        check_time(rater)
    with transaction.atomic():
        _seen(rater)
        presentation = _presentation(rater, position)
        _check_score(rater.study, score)
        kept, new = Rating.objects.filter(presentation=presentation).first(), False
        if kept is None:
            _check_same(presentation, presentation_id)
            kept, new = _keep(presentation, score, _evidence(rater, presentation, playback))
            _touch(rater)
            _finish_if_done(rater)
    if kept.score != score:
        raise AlreadyRated(kept.score)
    return kept, new


def _kept(rater: Rater, position: int) -> bool:
    own = Rating.objects.filter(presentation__rater=rater, presentation__position=position)
    return own.filter(presentation__problem="").exists()


def _check_score(study: Study, score: int) -> None:
    scores = [entry["score"] for entry in study.scale]
    if isinstance(score, bool) or score not in scores:
        raise OffTheScale(f"{score!r} is not on the scale: choose one of {', '.join(map(str, scores))}.")


def _check_same(presentation: Presentation, watched: int | None) -> None:
    if watched not in (None, presentation.pk):
        raise NotWatched(
            "Another pair has taken this place meanwhile. Load it, watch it to its end, then score."
        )


def _keep(presentation: Presentation, score: int, evidence: dict[str, Any]) -> tuple[Rating, bool]:
    """Store the score; the unique key on the presentation lets one of two submits in."""
    return Rating.objects.get_or_create(
        presentation=presentation, defaults={"score": score, "rated_at": timezone.now(), **evidence}
    )


def _evidence(rater: Rater, presentation: Presentation, told: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the playback as reported. Raises NotWatched."""
    if presentation.fetched_at is None:
        raise NotWatched("This pair was not loaded yet. Load it, watch it to its end, then score.")
    if rater.study.playback_checked and not rater.simulated:
        clips = showing.clips(rater.study, presentation.stimulus)
        _check_watched(list(clips), playback.watched_fraction(told, list(clips)))
        _check_time_since(presentation.fetched_at, sum(clip.seconds for clip in clips.values()))
    return playback.kept(told)


def _check_watched(names: list[str], watched: float | None) -> None:
    if watched is None or watched < WATCHED:
        raise NotWatched(
            f"Each clip ({', '.join(names)}) needs to be watched to its end before the score counts."
        )


def _check_time_since(fetched_at: datetime, seconds: float) -> None:
    if timezone.now() - fetched_at < timedelta(seconds=WATCHED * seconds):
        raise NotWatched(
            "The score came before all that is shown can have played. Watch it to its end, then score."
        )


def _finish_if_done(rater: Rater) -> None:
    if remaining(rater):
        return
    now = timezone.now()
    rating = Rater.objects.filter(pk=rater.pk, state=Rater.State.RATING)
    if rating.update(state=Rater.State.COMPLETE, completed=now):
        rater.state, rater.completed = Rater.State.COMPLETE, now
        webhooks.rater_completed(rater)


# --- Clips that cannot be played ----------------------------------------------------------------


def replace(rater: Rater, position: int, reason: str, presentation_id: int | None = None) -> Presentation:
    """Another pair of the same view angle and role in place of one that cannot be played.

    `presentation_id` makes a repeated report harmless: when the named pair was replaced already, its
    replacement is returned. Raises NoSuchPresentation, AlreadyRated, or NoPairLeft, after which the position
    is left out.
    """
    check_time(rater)
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
    """Of the pairs this rater has never been given, the one that was shown to the fewest; of its condition, if any."""
    alike = rater.study.stimuli.filter(view_angle=broken.view_angle, role=broken.role)
    unseen = alike.exclude(presentations__rater=rater)
    same = Q(condition=broken.condition_id) if broken.condition_id else Q(condition=None)
    other_condition = Case(When(same, then=Value(0)), default=Value(1), output_field=IntegerField())
    shown = Count("presentations", filter=Q(presentations__problem=""))
    return unseen.annotate(other=other_condition, shown=shown).order_by("other", "shown", "number").first()


# --- What the worker's watch does for raters ------------------------------------------------------


def release_idle_seats(now: datetime | None = None) -> int:
    """Give the seats of idle raters out again (how many is returned), end links and identities whose time is over."""
    now = now or timezone.now()
    seats.expire(now)
    identities.forget(now)
    return seats.release_idle(now)
