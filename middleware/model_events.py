"""What starts and moves the clocks of retention: which event, whose records, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from schemas.order import Hidden

CUSTOMER: Final = "customer.id"
"""The blind index that leads to a contact or a customer, and to nobody else."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Selector(Hidden):
    """Whose records an event concerns: one record by our id, or those to which a blind index leads (``kind`` as in
    ``core.tag``: ``order.id``, ``customer.id`` …; ``digest``: ``core.index``). With neither all records of the shop.
    """

    record_id: str | None = None
    kind: str | None = None
    digest: bytes | None = None

    @property
    def customer(self) -> bytes | None:
        """The digest of whom it names, where it names a contact or a customer: what leads to an order is nobody."""
        return self.digest if self.kind == CUSTOMER else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """A trigger that came on a day (Europe/Brussels), and what follows for the classes that wait for it: their last
    permitted day (class → ``until``), and which of them start anew with every later day. Without a class it moves
    nothing.
    """

    trigger: str
    day: date
    ends: Mapping[str, date]
    resets: frozenset[str] = field(default_factory=frozenset)

    @property
    def moves(self) -> bool:
        """Whether there is a class that it can move."""
        return bool(self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A part that ends before its time, at somebody's request of a day: ``until`` is its last permitted day at most."""

    part: str
    day: date
    until: date

    @property
    def trigger(self) -> None:
        """It concerns a part, whatever its clock waits for."""
        return None

    @property
    def moves(self) -> bool:
        """There is a part that it can end."""
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedPart:
    """A part whose clock has started or moved, or that ends early, and its new dates. ``starts``: None where a clock
    never started.
    """

    record_id: str
    part: str
    starts: date | None
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a clock did, or an early end: how many parts got new dates, and the last of these (``until``); the first
    records that changed; how many records the event concerns (``found``); how many were left as they are because they
    were taken in after that day (``early``); the first of those that could not be read (``unreadable``).
    """

    parts: int = 0
    records: tuple[str, ...] = ()
    until: date | None = None
    found: int = 0
    early: int = 0
    unreadable: tuple[str, ...] = ()


class EventType(StrEnum):
    """What can be told. The words never change: shops send them, and who reads the list may match on them."""

    LABEL_CREATED = "label-created"
    DELIVERED = "delivered"
    LAST_USE = "last-use"
    END_OF_USE = "end-of-use"
    AGREEMENT_DISSOLVED = "agreement-dissolved"
    LAST_ORDER = "last-order"
    OBJECTION = "objection"
    WITHDRAWAL = "withdrawal"
    DECLARATION = "declaration"
    CONSENT = "consent"
    RESUME = "resume"
    ERASURE_REQUEST = "erasure-request"


TRIGGERS: Final[Mapping[EventType, str]] = MappingProxyType(
    {
        EventType.LABEL_CREATED: "label_created",
        EventType.DELIVERED: "delivered",
        EventType.LAST_USE: "last_label_use",
        EventType.END_OF_USE: "end_of_use",
        EventType.AGREEMENT_DISSOLVED: "agreement_dissolved",
        EventType.LAST_ORDER: "last_order",
    }
)
"""Those that start clocks, and the trigger that they are to the packs (``TRIGGERS`` of ``schemas.policy_terms``)."""

RAISING: Final = frozenset((EventType.CONSENT, EventType.RESUME))
"""Those that raise what is permitted: the data subject's own source alone may tell them."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Event(Hidden):
    """One event as it is told and kept. ``about``: the level or the purpose that it moves, or the part that it ends;
    ``by``: who told it, as the operator knows them, ``shop`` for the shop's own systems; ``key`` and ``payload``: keyed
    digests (``core.index``) of the call's ``Idempotency-Key`` and of its body, None on the command line.
    """

    id: str
    shop: str
    type: EventType
    selector: Selector
    about: str | None
    day: date
    by: str
    at: datetime
    until: date  # how long it is remembered at least; longer where a part that it moved lives longer
    key: bytes | None = None
    payload: bytes | None = None
    ways: tuple[str, ...] = ()  # by which the policy would have it come, if it came by another


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A record that waits for a declaration, with its receipt and the one that tells of the declaration."""

    record_id: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What came of an event: how many records it concerns, how many of their parts have new dates, how many records
    were taken in after its day; ``records`` are the first of those that changed. ``payload`` and ``ways`` as in
    ``Event``. ``unreadable`` are the first of those that could not be read and stayed as they are: told once.
    """

    id: str
    shop: str
    type: EventType
    about: str | None
    selected: str | None  # record, order.id, customer.id; None: all of the shop
    day: date
    by: str
    at: datetime
    until: date
    found: int
    parts: int
    early: int
    records: tuple[str, ...]
    payload: bytes | None = None
    ways: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SourceSettings:
    """``[sources.<name>]``: a source of the data subject's own, such as a dashboard, and the shops of which it tells.
    Without a token it opens nothing.
    """

    name: str
    token: bytes
    shops: frozenset[str]

    def __repr__(self) -> str:
        return f"<SourceSettings {self.name}>"
