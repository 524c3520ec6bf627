"""Random names: those that open a door, and those that mean nothing."""

import secrets
from typing import TypeVar

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)


def token() -> str:
    """A credential of 192 bits that stands in an address."""
    return secrets.token_urlsafe(24)


def behind(token: str, rows: QuerySet[Row]) -> Row | None:
    """The row whose door this token opens. An address may hold what a database refuses to compare, such as NUL."""
    return rows.filter(token=token).first() if token.isprintable() else None


def pseudonym() -> str:
    """A name that means nothing outside the study."""
    return f"R-{secrets.token_hex(4).upper()}"
