"""What is kept of a plug-in's call, so that it may be sent again and again: digests, a status, a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from middleware.model_events import Clock, Selector
from middleware.trail import Sighting


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """What an order that is accepted starts anew: the clocks of the earlier records of its customer."""

    selector: Selector
    clock: Clock
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call under an ``Idempotency-Key``. All digests are keyed (``core.index``)."""

    shop: str
    key: bytes  # of the key
    payload: bytes  # of the raw body
    busy_until: datetime  # when it will have been answered, or whoever had it in hand has died
    until: date  # how long the memory of it may last (class pv.inbox)
    restart: Restart | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a call that was taken before. ``answered`` is the status of its first answer, None while it is
    in hand; ``record`` is its record, or the one that took its place, None once the order was erased.
    """

    payload: bytes
    answered: int | None
    record: Sighting | None
