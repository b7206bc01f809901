"""What retention takes away, kind by kind, and what a parcel platform is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What ends by itself, in the order in which it is taken: a record goes when all of its parts have ended."""

    PARTS = "parts"  # the sealed part; its tag stays until the record ends
    TRANSIT = "transit"  # the sealed part, whose weekly key may exist no longer: its time is not over
    UNSTARTED = "unstarted"  # the sealed part of what nothing sends, whose clock never started
    CLEAR = "clear"  # what of a record tells of the recipient in the clear
    INDEX = "index"  # keyed digests that lead to a record
    ORDERS = "orders"  # the newest version of an order
    INBOX = "inbox"  # webhooks, to know them again
    CALLS = "calls"  # a plug-in's calls, to know them again
    REJECTIONS = "rejections"  # orders that could not be taken, with the order's id
    LISTENERS = "listeners"  # that a shop is told of a record, the id of its order, and what it has not heard
    RECORDS = "records"  # record id, tags, receipt, barcode
    REMOVALS = "removals"  # removal reports to which no record links any more
    NOTICES = "notices"  # what a parcel platform was told and has done
    HOLDS = "holds"  # legal holds that are over, of records that are gone
    TERMS = "terms"  # a class of the data of a shop's user is over: it is noted, and what is kept stays
    STANDINGS = "standings"  # what is known of a shop's user, contact or customer, once none of their records is left
    EVENTS = "events"  # what started or moved clocks, once the last part that it moved has ended


PartKey = tuple[str, str]
"""A part: its record's id, and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What somebody asks for: why, who, and from when to when (both included)."""

    ground: str
    person: str
    starts: date
    until: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A part that is kept beyond its end, for legal claims: ``ground`` and ``person`` say why and who said so. It holds
    from ``starts`` to ``until``, both included, unless somebody ended it before. One ``id`` for all that was held at
    once.
    """

    id: str
    record_id: str
    part: str
    ground: str
    person: str
    starts: date
    until: date
    created_at: datetime
    ended_at: datetime | None = None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Boot:
    """How long this machine has been running: ``since`` counts its sleep, too; None where it cannot be told."""

    id: str
    since: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """What the clock said when the machine had been running for so long."""

    wall: datetime
    since: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """How the purge is doing: when it last came to its end, and whether it stands still because a clock jumped."""

    last_run: datetime | None
    stopped: bool


class Telling(StrEnum):
    """What a parcel platform is told of a part that it may hold."""

    ERASE = "erase"  # its time is over
    RETAIN = "retain"  # its end has moved


class Told(StrEnum):
    """What became of that."""

    WAITING = "waiting"  # it is told when due, and again until it answers
    DONE = "done"  # the platform has done it
    REFUSED = "refused"  # the platform said no: for a person
    IMPOSSIBLE = "impossible"  # the platform has no such thing: for a person


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One part of a record, and what its parcel platform is told of it. ``ends`` is the last permitted day that it is
    told (Europe/Brussels). ``fence`` is the lease's; ``due`` is None once it has ended. ``seen_at`` is when a person
    looked at what was refused or is not possible. Of what is not ``readable`` nothing but the names are known.
    """

    record_id: str
    part: str
    telling: Telling
    carrier: str
    retention: str
    starts: date | None
    ends: date | None
    state: Told
    due: datetime | None
    attempts: int
    fence: int
    last_code: str | None
    created_at: datetime
    settled_at: datetime | None
    seen_at: datetime | None = None
    readable: bool = True
