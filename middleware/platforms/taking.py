"""Reading the order of a shop platform: every value that is taken is noted, and whoever pays is told from whoever
receives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from middleware.core.address_taking import Notes
from schemas.allowlist import is_blank

Fields = Mapping[str, Any]
Lines = Sequence[tuple[int, Fields, int]]
"""(position, line, pieces) of every line that goes into the parcel."""


class Taking:
    """Reads a loaded object and notes every value that it took: concrete source path → canonical path."""

    def __init__(self, source: Fields, prefix: str, notes: Notes) -> None:
        self._source, self._prefix, self._notes = source, prefix, notes

    def __call__(self, name: str, target: str) -> Any:
        value = self._source[name]
        if is_blank(value):
            return None
        self._notes.taken[f"{self._prefix}{name}"] = target
        return value


def same(one: str, other: str) -> bool:
    """Whether two names are one, however they are written."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())


def full_name(person: Fields | None) -> str:
    """First and last name; ``""`` for nobody."""
    names = (person["first_name"], person["last_name"]) if person else ()
    return " ".join(name.strip() for name in names if name and name.strip())


def moment(text: str, *, zone: str = "") -> datetime | None:
    """An instant (ISO 8601 with offset, or ``zone`` in its place) of these times; None for what is none."""
    try:
        found = datetime.fromisoformat(text + zone)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and 2000 <= found.year < 2200 else None
