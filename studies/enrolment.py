"""How a rater comes and goes: a seat with its pairs at enrolment, everything erased at withdrawal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from studies import identities, progress, seats
from studies.history import record
from studies.models import ErasedIdentity, Presentation, Rater, Seat, Study
from studies.refusals import NoConsent, PersonalLinkNeeded, PlatformNeeded, Withdrawn

ENROLMENT_TRIES = 5


@dataclass(frozen=True)
class Applicant:
    """What somebody who wants to rate says of themselves. Empty means unknown."""

    consent: bool = False
    consent_version: str = ""
    idempotency_key: str = ""
    external_id: str = ""  # a platform's name for them; enrolment keeps an HMAC
    session_id: str = ""  # the platform's session, likewise
    identity: Mapping[str, str] = field(default_factory=dict)  # what is kept sealed, on a platform's studies
    locale: str = ""
    device: Mapping[str, Any] | None = None
    simulated: bool = False


def enrol(study: Study, applicant: Applicant) -> tuple[Rater, bool]:
    """The rater and whether they are new. The same key, or identity before its first vote, is the same rater.

    Raises NoConsent, PersonalLinkNeeded, PlatformNeeded, NotOpen, Closed or Full.
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
    identity = identities.fingerprint(study, applicant.external_id)
    if not identity:
        return None
    if study.erased_identities.filter(external_hmac=identity).exists():
        raise Withdrawn("You have withdrawn from this study, so it can't be entered again.")
    known = study.raters.filter(external_hmac=identity).first()
    session = identities.fingerprint(study, applicant.session_id)
    same_session = known is not None and session != "" and session == known.session_hmac
    if known and not same_session and progress.rated(known):
        raise PersonalLinkNeeded("You have begun already. Please come back through your personal link.")
    return known


def _new_rater(study: Study, applicant: Applicant) -> Rater:
    if study.platform != Study.Platform.LINK and not (applicant.external_id or applicant.simulated):
        raise PlatformNeeded("This study takes people through a crowd platform. Please open it from there.")
    taken = seats.take_simulated(study) if applicant.simulated else seats.take(study, applicant.locale)
    seat, now = taken, timezone.now()
    rater = Rater.objects.create(
        study=study,
        seat=seat,
        simulated=applicant.simulated,
        consent_version=study.consent_version,
        consented=now,
        idempotency_key=applicant.idempotency_key,
        external_hmac=identities.fingerprint(study, applicant.external_id),
        session_hmac=identities.fingerprint(study, applicant.session_id),
        locale=applicant.locale,
        device=dict(applicant.device or {}),
        last_seen=now,
        expires=now + timedelta(days=study.rater_days),
    )
    identities.keep(rater, applicant.identity)
    _freeze(rater, seat)
    return rater


def _freeze(rater: Rater, seat: Seat) -> None:
    stimuli = {stimulus.number: stimulus for stimulus in rater.study.stimuli.filter(number__in=seat.pairs)}
    Presentation.objects.bulk_create(
        Presentation(rater=rater, stimulus=stimuli[number], position=position)
        for position, number in enumerate(seat.pairs, start=1)
    )


def withdraw(rater: Rater) -> None:
    """Erase the rater with all scores and free the seat. Of a platform's id an HMAC stays until closing."""
    with transaction.atomic():
        row = Rater.objects.select_for_update().filter(pk=rater.pk).first()
        if row is None:
            return
        if row.external_hmac and row.study.status != Study.Status.CLOSED:
            ErasedIdentity.objects.get_or_create(study=row.study, external_hmac=row.external_hmac)
        seats.free(row)
        if row.study.frozen:
            record(row.study, None, "A rater withdrew: their scores are erased.")
        row.delete()
