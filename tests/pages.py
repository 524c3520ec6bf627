"""What a page says to whoever reads it."""

import re
from typing import Any


def text(response: Any) -> str:
    """Without tags, every gap one space."""
    return without_tags(response.content.decode())


def without_tags(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
