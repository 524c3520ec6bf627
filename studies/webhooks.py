"""Telling other programs that a rater has finished or a study was closed: signed, and sent again until taken.

A message is written down in the transaction of what it tells of, and sent by the worker's watch. Its body is
signed with the webhook's secret: `GaitMOS-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`. A
receiver recomputes it and refuses what is old. Nothing in a message lets anybody in or tells who a rater is.
"""

import hashlib
import hmac
import json
import secrets
import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from anonymizer.jobs import Refused
from studies import sealing
from studies.models import Rater, Study, Webhook, WebhookDelivery
from studies.posting import NotSent, check_address, post

MOST = 10  # webhooks of a study
FIRST_WAIT = timedelta(seconds=30)  # doubled twice with each failure
ATTEMPTS = 8  # the last about a day and a half after the first
ROUND_SECONDS = 8  # of the watch, which has other things to do


# --- Webhooks ---------------------------------------------------------------------------------------
def make(study: Study, url: str) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is told here and never again. Refused for addresses that won't do."""
    check_address(url)
    if study.webhooks.count() >= MOST:
        raise Refused(f"The study has {MOST} webhooks already. Remove one first.")
    if study.webhooks.filter(url=url).exists():
        raise Refused("The study tells this address already.")
    secret = secrets.token_urlsafe(32)
    return Webhook.objects.create(study=study, url=url, sealed_secret=sealing.seal(secret)), secret


# --- Messages ---------------------------------------------------------------------------------------
def rater_completed(rater: Rater) -> None:
    """To be called in the transaction in which the rater's state changes."""
    study = rater.study
    if study.webhooks.exists():
        complete = study.raters.filter(state=Rater.State.COMPLETE, simulated=rater.simulated).count()
        tell(
            study,
            "rater.completed",
            rater=rater.pseudonym,
            simulated=rater.simulated,
            raters_complete=complete,
        )


def study_closed(study: Study) -> None:
    tell(study, "study.closed")


def trial(webhook: Webhook) -> WebhookDelivery:
    """One message to this webhook alone, for trying it out."""
    return _written(webhook, "test", {})


def tell(study: Study, event: str, **about: Any) -> None:
    """Write a message to each of the study's webhooks."""
    for webhook in study.webhooks.all():
        _written(webhook, event, about)


def _written(webhook: Webhook, event: str, about: dict[str, Any]) -> WebhookDelivery:
    now = timezone.now()
    payload = {"event": event, "study": webhook.study.slug, "at": now.isoformat(), **about}
    return webhook.deliveries.create(event=event, payload=payload, next_attempt=now)


# --- Sending ----------------------------------------------------------------------------------------
def deliver_due(now: datetime | None = None) -> int:
    """Send what is due, the oldest first, for a few seconds at most; how many were taken."""
    start, taken = time.monotonic(), 0
    due = Q(delivered=None, next_attempt__lte=now or timezone.now())
    for delivery in WebhookDelivery.objects.filter(due).select_related("webhook")[:50]:
        if time.monotonic() - start > ROUND_SECONDS:
            break
        taken += _claim(delivery, now or timezone.now()) and _send(delivery)
    return taken


def _claim(delivery: WebhookDelivery, now: datetime) -> bool:
    """Of several watches one gets it; should that one die, the message is due again after the wait."""
    attempts = delivery.attempts + 1
    same = WebhookDelivery.objects.filter(pk=delivery.pk, delivered=None, attempts=delivery.attempts)
    wait = FIRST_WAIT * 4 ** (attempts - 1)
    delivery.attempts, delivery.next_attempt = attempts, now + wait
    return same.update(attempts=attempts, next_attempt=delivery.next_attempt) == 1


def _send(delivery: WebhookDelivery) -> bool:
    """Whether it was taken. Afterwards the row says what the other side answered."""
    try:
        status = post(delivery.webhook.url, *_signed(delivery))
        taken, answer = 200 <= status < 300, f"HTTP {status}"
    except (NotSent, Refused, sealing.CannotOpen) as error:
        taken, answer = False, str(error)
    changes: dict[str, Any] = {"answer": answer[:300]}
    if taken:
        changes |= {"delivered": timezone.now(), "next_attempt": None}
    elif delivery.attempts >= ATTEMPTS:
        changes["next_attempt"] = None
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**changes)
    return taken


def _signed(delivery: WebhookDelivery) -> tuple[bytes, dict[str, str]]:
    """The body and its headers."""
    body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode()
    secret = sealing.open_sealed(delivery.webhook.sealed_secret)
    return body, {
        "Content-Type": "application/json",
        "User-Agent": "GaitMOS",
        "GaitMOS-Event": delivery.event,
        "GaitMOS-Delivery": str(delivery.pk),
        "GaitMOS-Signature": signature(secret, body, int(time.time())),
    }


def signature(secret: str, body: bytes, at: int) -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
