"""Short secrets that the database holds but does not tell: encrypted under a key derived from SECRET_KEY.

Who has the database alone reads none of them. With another SECRET_KEY they can't be opened any more.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"gaitmos.sealing.1"


class CannotOpen(Exception):
    """It was sealed under another SECRET_KEY, or it was changed."""


def seal(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode()


def open_sealed(sealed: str) -> str:
    """The text that was sealed. Raises CannotOpen."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen("It was sealed under another SECRET_KEY, or it was changed.") from None


def _fernet() -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))
