"""What is sealed to keys of our own, what stays here after delivery, what is locked for the service, and what the audit
log tells of keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from schemas.order import Hidden


class Sealing(StrEnum):
    """For whom a carrier's parts are sealed."""

    RETENTION = "retention"  # for the parcel platform, to its keys of the month of expiry: we can never read them
    TRANSIT = "transit"  # for our own relay, to keys of the week of sealing: the carrier takes cleartext


class Fact(StrEnum):
    """What an audit entry tells. The words never change: who reads the log may match on them."""

    DESTRUCTION_ANNOUNCED = "key-destruction-announced"
    DESTROYED = "key-destroyed"
    ROTATED = "key-rotated"
    RETIRED = "key-retired"
    HELD = "hold-added"
    RELEASED = "hold-ended"
    OPENED = "opened"
    CLOCK_MOVED = "clock-moved"
    NEVER_STARTED = "ended-without-clock"
    ENDED_EARLY = "ended-early"
    EVENT = "event-recorded"
    RESTRICTED = "data-restricted"
    UNRESTRICTED = "restriction-lifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One fact: ``subject`` is a key id, a key and its generation (``service/2``), a record id or a shop and a class
    of its user's data (``demo/vp.former_user.marketing``), ``actor`` who did it, as this operator calls them.
    """

    at: datetime
    fact: Fact
    subject: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptCopy(Hidden):
    """A part, or the copy of one, that is sealed to a key of ours: ``kid`` is the key that opens it, ``until`` its last
    permitted day; None while the clock has not started.
    """

    record_id: str
    part: str
    kid: str
    until: date | None
    jwe: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Locked(Hidden):
    """A text under the service key as it rests: ``home`` and ``key`` say where, ``purpose`` what it is locked for."""

    home: str
    key: str
    purpose: str
    token: str
