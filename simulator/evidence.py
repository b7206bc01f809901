"""What the judge looks at: what was sent in, what the platform got, and the bytes that were left behind.

Nothing here comes from what Parcelveil says of itself: its answers count by their HTTP status alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PARCEL_JSON, BPOST = "parcel-json", "bpost-shm"
"""The two kinds of carrier: the JSON parcel API, which opens sealed parts, and bpost's XML, which takes cleartext."""

BRINGS = re.compile("/shipments|/services/shm/[0-9]{6}/orders")
"""Where a shipment is brought to, with either kind."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sent:
    """One made-up order that was sent: its file's name and bytes, what must become of it, how it was answered.

    ``expected`` is ``accepted``, ``ignored`` or ``rejected``. ``statuses`` holds the HTTP status of every delivery
    (None: no answer came).
    """

    file: str
    body: bytes
    expected: str
    statuses: tuple[int | None, ...]

    @property
    def acknowledged(self) -> bool:
        """Whether the shop was told that it arrived."""
        return any(status is not None and 200 <= status <= 299 for status in self.statuses)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Entry:
    """One request in the platform's ledger, byte for byte. ``at`` is an ISO 8601 moment with its offset."""

    seq: int
    at: str
    method: str
    path: str
    body: bytes
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shipment:
    """One shipment that the platform made: what it could open of it, which parts it could not, and the label (PDF).

    ``parts`` maps the name of a part to its plaintext. ``label`` is empty if there is none. bpost's boxes have
    ``elements``: all that was told of one, as (path of names, text), of which ``parts`` holds what has a place there.
    """

    id: str
    barcode: str
    parts: Mapping[str, Mapping[str, Any]]
    unreadable: tuple[str, ...]
    label: bytes
    elements: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shop:
    """What the shop chose: how the delivery notifies, the note attribute of its pick-up points, and who sends."""

    notify: str
    pickup_attribute: str
    sender: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Evidence:
    """All of it. ``database`` and ``logs`` map the names of files to their bytes, ``waiting`` those of the database
    while everything that came in waited for the relay.
    """

    shop: Shop
    orders: tuple[Sent, ...]
    entries: tuple[Entry, ...]
    shipments: tuple[Shipment, ...]
    database: Mapping[str, bytes] = field(default_factory=dict)
    logs: Mapping[str, bytes] = field(default_factory=dict)
    carrier: str = PARCEL_JSON
    waiting: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def posts(self) -> tuple[Entry, ...]:
        """The entries that brought a shipment."""
        return tuple(entry for entry in self.entries if entry.method == "POST" and BRINGS.fullmatch(entry.path))


Held = Mapping[str, Mapping[str, Mapping[str, Any] | None]]
"""Shipment → the parts that the platform has of it → what it can read of each, None where it cannot open it."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Moment:
    """What was there at one moment. ``at`` is an ISO 8601 moment with its offset; ``files`` maps names to bytes."""

    at: str
    held: Held
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Later:
    """The second act: thirteen months after the orders.

    ``backup`` is what was copied in the first act: names of files → bytes. ``last_day`` is the last permitted day of
    what is of the recipients, ``day_after`` the next one, ``month_over`` the first of the month after, once the keys of
    theirs are destroyed.
    """

    backup: Mapping[str, bytes]
    last_day: Moment
    day_after: Moment
    month_over: Moment


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Weeks:
    """The second act with bpost's services: once the week is over, and thirteen months later."""

    week_over: Moment
    months_over: Moment
