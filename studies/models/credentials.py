"""Random names: those that open a door, and those that mean nothing."""

import secrets


def token() -> str:
    """A credential of 192 bits that stands in an address."""
    return secrets.token_urlsafe(24)


def pseudonym() -> str:
    """A name that means nothing outside the study."""
    return f"R-{secrets.token_hex(4).upper()}"
