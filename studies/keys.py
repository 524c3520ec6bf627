"""Researchers' keys for programs: shown once, kept as a hash, good until they are revoked.

A key is 256 random bits, so a plain SHA-256 of it can't be turned back.
"""

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from anonymizer.jobs import Refused
from studies.models import ApiKey

MARK = "gaitmos_"  # so that a leaked key is known for what it is
SHOWN = len(MARK) + 4  # letters that lists show
MOST = 20  # keys in use at a time
USED_EVERY = timedelta(minutes=1)  # no more than one write a minute for a busy key


def make(user: User, name: str) -> tuple[ApiKey, str]:
    """A new key and its secret, which is told here and never again. Refused without a name, or with too many."""
    name = name.strip()
    if not name or len(name) > 64:
        raise Refused("Give the key a name of at most 64 characters, such as the program that will use it.")
    if user.api_keys.filter(revoked=None).count() >= MOST:
        raise Refused(f"{MOST} keys are in use. Revoke one that you don't need any more.")
    secret = MARK + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(user=user, name=name, prefix=secret[:SHOWN], sha256=_hash(secret))
    return key, secret


def user_of(secret: str) -> User | None:
    """Whose key this is, if it is good and its owner still may sign in."""
    key = ApiKey.objects.select_related("user").filter(sha256=_hash(secret), revoked=None).first()
    if key is None or not key.user.is_active:
        return None
    now = timezone.now()
    if key.last_used is None or now - key.last_used > USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used=now)
    return key.user


def revoke(user: User, pk: int) -> bool:
    """Whether the key was this user's and still good."""
    return bool(user.api_keys.filter(pk=pk, revoked=None).update(revoked=timezone.now()))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
