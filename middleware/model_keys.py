"""What stays here after delivery, sealed to keys of our own, and what the audit log tells of these keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from schemas.order import Hidden


class Fact(StrEnum):
    """What an audit entry tells. The words never change: who reads the log may match on them."""

    DESTRUCTION_ANNOUNCED = "key-destruction-announced"
    DESTROYED = "key-destroyed"
    HELD = "hold-added"
    RELEASED = "hold-ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One fact: ``subject`` is a key id or a record id, ``actor`` who did it, as this operator calls them."""

    at: datetime
    fact: Fact
    subject: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptCopy(Hidden):
    """A sealed copy as it rests: ``kid`` is the key that opens it, ``until`` its last permitted day; None while the
    clock has not started.
    """

    record_id: str
    part: str
    kid: str
    until: date | None
    jwe: str
