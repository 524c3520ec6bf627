"""The life of a study once it is made: opened, closed, opened again, frozen; shared, copied, deleted.

Every change is refused when the study is frozen, and leaves a line in its log. A rater may withdraw even then.
"""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from anonymizer import jobs
from anonymizer.jobs import Refused
from anonymizer.models import Clip
from studies import history, webhooks
from studies.history import refuse_if_frozen
from studies.models import Stimulus, Study, StudyShare
from studies.proposals import why_not_shown


# --- Opening, closing, freezing -------------------------------------------------------------------
def open_study(study: Study, user: User | None = None) -> None:
    """Take raters. A closed study can be opened again."""
    refuse_if_frozen(study)
    for condition in study.conditions.exclude(anonymization=None).select_related("anonymization__dataset"):
        assert condition.anonymization is not None  # excluded
        if why := why_not_shown(condition.anonymization):
            raise Refused(why)
    if not study.seats.exists():
        raise Refused("The study is not prepared yet: its clips are still being rendered. Wait for its run.")
    if study.closes_on and study.closes_on < timezone.localdate():
        raise Refused(
            f"The study was to close on {study.closes_on:%-d %B %Y}. Choose a later day, or none, before it opens."
        )
    again = study.opened is not None
    study.status, study.closed = Study.Status.OPEN, None
    study.opened = study.opened or timezone.now()
    with transaction.atomic():
        study.save(update_fields=["status", "opened", "closed"])
        history.record(study, user, "Opened again." if again else "Opened.")


def close_study(study: Study, user: User | None = None, why: str = "Closed.") -> None:
    """Take no more raters; those who are in may finish. A study that is closed stays as it is."""
    refuse_if_frozen(study)
    if study.status == Study.Status.DRAFT:
        raise Refused("A draft takes no raters, so it can't be closed. Delete it if it is not wanted.")
    now = timezone.now()
    with transaction.atomic():
        open_one = Study.objects.filter(pk=study.pk, status=Study.Status.OPEN)
        if open_one.update(status=Study.Status.CLOSED, closed=now):
            study.status, study.closed = Study.Status.CLOSED, now
            history.record(study, user, why)
            webhooks.study_closed(study)


def close_overdue() -> int:
    """Close the studies whose last day has passed; how many there were."""
    overdue = Study.objects.filter(status=Study.Status.OPEN, closes_on__lt=timezone.localdate(), frozen=None)
    for study in overdue:
        close_study(study, why=f"Closed by itself: its last day was {study.closes_on:%-d %B %Y}.")
    return len(overdue)


def freeze(study: Study, user: User | None = None) -> None:
    """From now on nothing of the study changes: no vote, no mask, no setting. It can't be undone."""
    refuse_if_frozen(study)
    if study.status != Study.Status.CLOSED:
        raise Refused("Close the study first: an open study still takes votes, so its results aren't final.")
    with transaction.atomic():
        study.frozen = timezone.now()
        study.save(update_fields=["frozen"])
        history.record(study, user, "Frozen.")


# --- Settings -------------------------------------------------------------------------------------
SETTINGS = {  # what may still be changed once raters may have come, and how the log calls it
    "name": "Name",
    "closes_on": "Closes on",
    "idle_minutes": "Idle minutes",
    "rater_days": "Days to finish",
    "count_abandoned": "Votes of raters who left count",
    "return_url": "Return address",
}


def change(study: Study, user: User | None = None, **settings: Any) -> list[str]:
    """Set what may still be set; returns the log's lines, one for each that differs."""
    refuse_if_frozen(study)
    unknown = sorted(settings.keys() - SETTINGS.keys())
    if unknown:
        raise Refused(
            f"{unknown[0]!r} can't be changed any more: raters would see another study. Copy it instead."
        )
    lines = []
    with transaction.atomic():
        for name, value in settings.items():
            before = getattr(study, name)
            if before != value:
                setattr(study, name, value)
                lines.append(f"{SETTINGS[name]}: {_said(before)}, now {_said(value)}.")
                history.record(study, user, lines[-1])
        study.save(update_fields=list(settings))
    return lines


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)


# --- Sharing --------------------------------------------------------------------------------------
def share(study: Study, other: User, *, may_edit: bool = False, user: User | None = None) -> StudyShare:
    """Let another researcher look at the study, or change it too."""
    refuse_if_frozen(study)
    if not other.is_active:
        raise Refused(f"{other.get_username()} can't sign in any more.")
    if study.owner_id == other.pk:
        raise Refused(f"The study is {other.get_username()}'s own.")
    with transaction.atomic():
        made, _ = StudyShare.objects.update_or_create(
            study=study, user=other, defaults={"may_edit": may_edit}
        )
        history.record(
            study, user, f"Shared with {other.get_username()}, to {'change' if may_edit else 'look at'}."
        )
    return made


def unshare(study: Study, other: User, user: User | None = None) -> None:
    refuse_if_frozen(study)
    with transaction.atomic():
        if StudyShare.objects.filter(study=study, user=other).delete()[0]:
            history.record(study, user, f"No longer shared with {other.get_username()}.")


# --- Deleting -------------------------------------------------------------------------------------
def delete_draft(study: Study) -> None:
    """Delete a study that nobody has rated. Clips of walks stay, they are shared; clips that were brought go."""
    refuse_if_frozen(study)
    if study.status != Study.Status.DRAFT or study.raters.exists():
        raise Refused("Only a draft can be deleted. Close the study instead; its votes are kept.")
    run = study.run
    if run and not run.is_finished:
        jobs.cancel(run)
    brought = _brought_clips(study)
    with transaction.atomic():
        study.delete()
        left = brought.exclude(pk__in=Stimulus.objects.values("test_clip"))
        left = left.exclude(pk__in=Stimulus.objects.exclude(reference_clip=None).values("reference_clip"))
        files = list(left.values_list("file", flat=True))
        left.delete()
        transaction.on_commit(_deleter(files))


def _brought_clips(study: Study) -> Any:
    shown = [
        *study.stimuli.values_list("test_clip", flat=True),
        *study.stimuli.values_list("reference_clip", flat=True),
    ]
    return Clip.objects.filter(pk__in=[pk for pk in shown if pk], sequence=None, anonymized_sequence=None)


def _deleter(files: list[str]) -> Callable[[], None]:
    def delete() -> None:
        for name in files:
            default_storage.delete(name)

    return delete
