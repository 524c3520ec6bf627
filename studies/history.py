"""What happened to a study, who did it and when; and that nothing happens any more once it is frozen.

Everything that changes a study for good calls `refuse_if_frozen` first and `record` after.
"""

from django.contrib.auth.models import AnonymousUser, User

from anonymizer.jobs import Refused
from studies.models import Study, StudyEvent

LONGEST = 300  # characters a line


def record(study: Study, user: User | AnonymousUser | None, what: str) -> StudyEvent:
    """A line of the study's log. No user: the product itself did it, or a command."""
    known = user if isinstance(user, User) else None
    text = what if len(what) <= LONGEST else f"{what[: LONGEST - 1]}…"
    return StudyEvent.objects.create(study=study, user=known, what=text)


def refuse_if_frozen(study: Study) -> None:
    """Asked of the database, since the row in hand may be older than the freeze."""
    frozen = Study.objects.values_list("frozen", flat=True).get(pk=study.pk)
    if frozen:
        raise Refused(
            f"Study {study.name!r} was frozen on {frozen:%-d %B %Y}: nothing of it may be changed any more. "
            "Copy it to go on."
        )
