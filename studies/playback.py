"""What a rater's page reports of how the clips played, and how much of it is kept.

The report comes from outside: whatever is odd in it is left out, and never a reason to lose a score.
"""

import json
from collections.abc import Mapping, Sequence
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
        "presented_at": _presented(playback, timezone.now()),
    }


def watched_fraction(playback: Mapping[str, Any], clips: Sequence[str] = ()) -> float | None:
    """The least over the pair's clips, told as one number or as one a clip; None unless every clip is told of."""
    told = playback.get("watched_fraction")
    told = [*map(told.get, clips), *told.values()] if isinstance(told, Mapping) else [told]
    fractions = [number for number in map(_number, told) if number is not None]
    if not told or len(fractions) < len(told):
        return None
    return min(max(min(fractions), 0.0), 1.0)


def _number(value: object) -> float | None:
    """A number that a database keeps: neither NaN nor infinite nor absurd."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300
    return float(value) if is_number else None  # type: ignore[arg-type]


def _count(value: object) -> int | None:
    number = _number(value)
    return min(int(number), 2**31 - 1) if number is not None and number >= 0 else None


def _presented(playback: Mapping[str, Any], now: datetime) -> datetime | None:
    """When the first clip began, by this clock where the report says when it left by its own: that may be days off."""
    began, left = _moment(playback.get("started_at")), _moment(playback.get("sent_at"))
    try:
        return began + (now - left) if began and left else began
    except OverflowError:
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
