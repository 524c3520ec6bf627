"""Who a crowd platform says a rater is: kept apart and sealed, for the study's owner alone, for a set time.

Enrolment itself needs only an HMAC, which recognizes somebody in this study and nowhere else.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from studies import sealing
from studies.models import ErasedIdentity, PlatformIdentity, Rater, Study


def fingerprint(study: Study, identity: str) -> str:
    """What is kept of a platform's id: it can be recognized in this study and nowhere else."""
    if not identity:
        return ""
    return salted_hmac(f"studies.identity.{study.token}", identity, algorithm="sha256").hexdigest()


def keep(rater: Rater, told: Mapping[str, str]) -> None:
    if told:
        PlatformIdentity.objects.create(rater=rater, sealed=sealing.seal(json.dumps(dict(told))))


def told_of(rater: Rater) -> dict[str, str]:
    """What the platform told when the rater came; empty where nothing is kept or it can't be opened."""
    row = PlatformIdentity.objects.filter(rater=rater).first()
    try:
        return dict(json.loads(sealing.open_sealed(row.sealed))) if row else {}
    except sealing.CannotOpen:
        return {}


def seen_by(user: Any, study: Study) -> Iterator[tuple[Rater, dict[str, str]]]:
    """Each rater with what the platform told of them: for the owner, and for nobody else."""
    if not user.is_authenticated or study.owner_id != user.pk:
        return
    for rater in study.raters.filter(identity__isnull=False).order_by("pk"):
        yield rater, told_of(rater)


def forget(now: datetime) -> int:
    """Delete the identities of studies that ended `identity_days` ago, with every HMAC; how many there were."""
    ErasedIdentity.objects.filter(study__status=Study.Status.CLOSED).delete()
    known = Q(raters__identity__isnull=False) | ~Q(raters__external_hmac="")
    return sum(
        _forget(study)
        for study in Study.objects.filter(known).distinct()
        if (ended := _ended(study)) is not None and ended + timedelta(days=study.identity_days) <= now
    )


def _ended(study: Study) -> datetime | None:
    if study.status == Study.Status.CLOSED:
        return study.closed
    if study.closes_on is None:
        return None
    return timezone.make_aware(datetime.combine(study.closes_on + timedelta(days=1), time.min))


def _forget(study: Study) -> int:
    deleted, _ = PlatformIdentity.objects.filter(rater__study=study).delete()
    study.raters.exclude(external_hmac="").update(external_hmac="", session_hmac="")
    return deleted
