"""Pick-up points as rows of JSON: what may be known of one, wherever it was told, and in which form it is told on.

The JSON parcel API publishes such rows, the state folder keeps them, and the shop's checkout is answered with them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from middleware.exchange import Hours, Kind, PickupPoint
from schemas.order import PICKUP_POINT

DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_TEXT: Final = 100
"""Characters."""

_MOST_SPANS: Final = 4
_TEXTS: Final = ("name", "street", "number", "locality")
_POSTAL_CODE: Final = re.compile(r"[A-Za-z0-9 -]{1,12}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")


def read_point(row: object) -> PickupPoint | None:
    """The point of a row. None for one without id, postal code or country; whatever else has not its form is left out,
    and what is not listed here is never taken.
    """
    if not isinstance(row, Mapping):
        return None
    id_, postal_code, country = (_told(row.get(name)) for name in ("id", "postal_code", "country"))
    if not (PICKUP_POINT.fullmatch(id_) and _POSTAL_CODE.fullmatch(postal_code) and _COUNTRY.fullmatch(country)):
        return None
    kind, texts = _told(row.get("kind")), {name: text_of(row.get(name)) for name in _TEXTS}
    return PickupPoint(
        id=id_,
        postal_code=postal_code,
        country=country,
        kind=Kind(kind) if kind in list(Kind) else None,
        latitude=degrees(row.get("latitude"), 90),
        longitude=degrees(row.get("longitude"), 180),
        hours=_hours(row.get("hours")),
        **texts,
    )


def row_of(point: PickupPoint) -> dict[str, Any]:
    """The row of a point, without what is not known."""
    members = {name: getattr(point, name) for name in ("id", "kind", *_TEXTS, "postal_code", "country")}
    members |= {"latitude": point.latitude, "longitude": point.longitude}
    if point.hours is not None:
        members["hours"] = {day: [list(span) for span in spans] for day, spans in point.hours.items()}
    return {name: value for name, value in members.items() if value is not None}


def kept(rows: object) -> Mapping[str, PickupPoint]:
    """The points by id of rows that ``row_of`` made. Raises: ValueError for any others."""
    points = [read_point(row) for row in rows] if isinstance(rows, list) else [None]
    if [point and row_of(point) for point in points] != rows:
        raise ValueError("no rows of points")
    return {point.id: point for point in points if point is not None}


def text_of(value: object) -> str | None:
    """One line of text without space around it; None for none, one that is too long, or what cannot be shown."""
    text = _told(value).strip()
    return text if text and text.isprintable() and len(text) <= LONGEST_TEXT else None


def degrees(value: object, most: int) -> float | None:
    """A number of degrees between ``-most`` and ``most``."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value) if abs(value) <= most else None


def spans_of(pairs: object) -> tuple[tuple[str, str], ...] | None:
    """The spans of one day, in their order and apart from each other; None for what is no such list."""
    if not isinstance(pairs, list | tuple) or len(pairs) > _MOST_SPANS:
        return None
    times: list[str] = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(map(_TIME.fullmatch, map(_told, pair))):
            return None
        times += pair
    if any(later <= sooner for sooner, later in pairwise(times)):
        return None
    return tuple(zip(times[::2], times[1::2], strict=True))


def _hours(value: object) -> Hours | None:
    return dict(_days(value)) if isinstance(value, Mapping) else None


def _days(value: Mapping[Any, Any]) -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    for day in DAYS:
        spans = spans_of(value.get(day))
        if spans is not None:
            yield day, spans


def _told(value: object) -> str:
    return value if isinstance(value, str) else ""
