"""What a rater's page reports of how the clips played, and how much of it is kept.

The report comes from outside: whatever is odd in it is left out, and never a reason to lose a score.
"""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime

LARGEST = 8192  # bytes of JSON; more evidence than this is no evidence


def kept(playback: Mapping[str, Any]) -> dict[str, Any]:
    """The report as a rating's columns: whole, and what is asked of often by itself."""
    return {
        "playback": _storable(playback),
        "watched_fraction": watched_fraction(playback),
        "stalls": _count(playback.get("stalls")),
        "presented_at": _moment(playback.get("started_at")),
    }


def watched_fraction(playback: Mapping[str, Any]) -> float | None:
    """The least over the pair's clips, told as one number or as one a clip."""
    told = playback.get("watched_fraction")
    fractions = list(told.values()) if isinstance(told, Mapping) else [told]
    if not fractions or not all(_is_number(fraction) for fraction in fractions):
        return None
    return min(max(min(fractions), 0.0), 1.0)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _count(value: object) -> int | None:
    if isinstance(value, int | float) and _is_number(value) and value >= 0:
        return min(int(value), 2**31 - 1)
    return None


def _moment(value: object) -> datetime | None:
    """An ISO 8601 time with its offset; anything else is no reason to lose a score."""
    try:
        moment = parse_datetime(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and timezone.is_aware(moment) else None


def _storable(playback: Mapping[str, Any]) -> dict[str, Any]:
    """The report as any database's JSON column takes it (no NaN, no NUL, not endless), or nothing."""
    try:
        text = json.dumps(dict(playback), allow_nan=False)
    except ValueError:
        return {}
    return dict(playback) if len(text) <= LARGEST and "\\u0000" not in text else {}
