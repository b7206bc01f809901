"""A parcel's way, as a parcel platform tells it: states, codes and times, nothing of anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from schemas.journey import Progress
from schemas.order import Hidden


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Scan(Hidden):
    """One step. ``at`` and ``code`` are None where they were not told in their form."""

    at: datetime | None
    code: str | None
    state: Progress


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Window(Hidden):
    """When the parcel is to be delivered; a bound that is not told is None."""

    starts: datetime | None
    ends: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Journey(Hidden):
    """How far a parcel is, and its way there, the oldest scan first."""

    barcode: str
    state: Progress
    scans: tuple[Scan, ...] = ()
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    """The parcel platform knows of no such parcel, or not yet."""
