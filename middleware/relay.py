"""The relay: what is stored goes out, once each attempt, under a lease.

claim ─▶ check receipt ─▶ build ─▶ send ─▶ read ─▶ settle      delivered | retry at … | dead letter | quarantine
                     └─ open ─┘                                for a carrier that takes cleartext alone

What its order no longer wants is cancelled at the platform in the same way, once it is known what the platform holds.
Shops take turns: each gives its oldest, then the next shop comes. Every parcel platform has a relay with threads of its
own, so that one that hangs holds up nobody but itself.
"""

from __future__ import annotations

import random
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from middleware.core import receipt, retry
from middleware.core.calendar import today
from middleware.errors import PermanentDeliveryError, TamperedError, TransientDeliveryError
from middleware.exchange import Delivered, Failed, Gone, Outcome, Refused, Request, TooLate, may_have_made
from middleware.logs import logger
from middleware.model import State, Stored
from middleware.model_keys import Sealing
from middleware.opening import LEASE_LOST, NoRing, opened
from middleware.ports import Carrier, Clock, Ring, Store, Transport
from middleware.working import sweeping, work

MOST_EXCHANGES = 4
"""bpost's longest conversation: look, make, label, and look again where that was printed before."""

EXCHANGE_SECONDS = 23.0
"""The longest: connect 3 s, answer 20 s."""

LEASE_SECONDS = 120.0
"""Longer than the longest conversation: who loses it had stopped. Its last exchange must begin in time to end in it."""

EXPIRED = "expired"
"""A part ended before it could be sent: retention beats retry."""

OTHER_SEALING = "other-sealing"
"""The carrier that bears this name now is of another kind than when the record was sealed."""

FORBIDDEN = "http-403"
BEHIND = timedelta(minutes=1)
"""How long, when a forbidden lane opens again, the record that closed it lets others go first: they show whose fault it
was.
"""

IDLE_SECONDS = 0.25
"""How long a worker rests when nothing is due."""

STORAGE_REST_SECONDS = 2.0

SWEEP = timedelta(minutes=1)
"""How often it is looked for what is held and can never go."""

_log = logger("relay")

Observer = Callable[[str, str], None]
"""Told of every settled attempt: (carrier, result)."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Lane:
    """One parcel platform: how to talk with it, and the way there."""

    carrier: Carrier
    transport: Transport


class Turns:
    """Whose turn it is among the shops that have something due; the threads of a relay share one. ``without`` are the
    lanes that others serve.
    """

    def __init__(self, without: Collection[str] = ()) -> None:
        self._without = frozenset(without)
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()

    def claim(self, store: Store, now: datetime) -> Stored | None:
        """Lease the next shop's oldest; None if nothing is due. Raises: StorageError."""
        found = self._round(store, now)  # what is left of this round may be done already
        if found is None:
            self._begin(store, now)
            found = self._round(store, now)
        return found

    def _round(self, store: Store, now: datetime) -> Stored | None:
        while (shop := self._next()) is not None:
            stored = store.claim(now, LEASE_SECONDS, shop, self._without)
            if stored is not None:
                return stored
        return None

    def _next(self) -> str | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting else None

    def _begin(self, store: Store, now: datetime) -> None:
        with self._lock:
            if not self._waiting:
                self._waiting.extend(store.due(now, self._without))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Relay:
    """Delivers what is due. ``keys`` verify receipts, by key id; ``ring`` opens what a carrier takes in cleartext."""

    store: Store
    clock: Clock
    lanes: Mapping[str, Lane]
    keys: Mapping[str, receipt.Key]
    observe: Observer
    ring: Ring = field(default_factory=NoRing)
    chance: Callable[[], float] = random.random
    turns: Turns = field(default_factory=Turns)
    well: dict[str, datetime] = field(default_factory=dict)
    """Since when a lane is known to be well: when it last took a record."""

    def run(self, stop: threading.Event) -> None:
        """Deliver until ``stop`` is set; what is under way is finished."""
        step = sweeping(self.step, self.sweep, self.clock, SWEEP)
        work(stop, step, _log, idle=IDLE_SECONDS, storage=STORAGE_REST_SECONDS)

    def sweep(self) -> None:
        """Say of what can never go by itself that it cannot. Raises: StorageError."""
        for record_id, carrier in self.store.strand(self.clock()):
            self.observe(carrier, "quarantined")
            _log.error("held_behind_nothing", record_id=record_id, carrier=carrier, code="predecessor-missing")

    def step(self) -> bool:
        """Take one record as far as this attempt goes. False if none was due. Raises: StorageError."""
        now = self.clock()
        stored = self.turns.claim(self.store, now)
        if stored is None:
            return False
        result, settled = self._settle(*self._attempt(stored, now))
        told = result if settled else "lease_lost"
        self.observe(stored.carrier, told)
        _log.info(
            "delivery",
            record_id=stored.id,
            carrier=stored.carrier,
            attempts=stored.attempts + 1,
            status=told,
        )
        return True

    def _attempt(self, stored: Stored, now: datetime) -> tuple[Stored, Outcome | TamperedError]:
        """What came of it, and the record as it is to rest: with the account under which something may have been made
        of it.
        """
        try:
            payload = self._named(stored)
            if not stored.cancelling and _is_over(stored, payload, today(now)):
                return stored, Refused(code=EXPIRED)  # the purge may have taken what would be checked
            self._check(stored, payload)
            return self._sent(stored, payload, now)
        except TamperedError as tampered:
            return stored, tampered

    def _sent(self, stored: Stored, payload: Mapping[str, Any], now: datetime) -> tuple[Stored, Outcome]:
        """Raises: TamperedError."""
        lane = self.lanes.get(stored.carrier)
        if lane is None:
            return stored, Failed(code="unknown-carrier", pause_lane=True)
        sealed = Sealing.TRANSIT if any(part.week for part in stored.parts) else Sealing.RETENTION
        if not stored.cancelling and sealed is not lane.carrier.sealing:
            return stored, Refused(code=OTHER_SEALING)
        spoken = lane.carrier.under(stored)
        if isinstance(spoken, Failed):
            return stored, spoken
        carrier, account = spoken
        given: Stored | Refused | Failed = stored
        if not stored.cancelling and sealed is Sealing.TRANSIT:
            given = opened(stored, payload, self.ring, self.store, now, account)
        if not isinstance(given, Stored):
            return stored, given
        outcome, made = self._converse(given, replace(lane, carrier=carrier), now)
        return replace(stored, account=account) if made else stored, outcome

    def _converse(self, stored: Stored, lane: Lane, claimed: datetime) -> tuple[Outcome, bool]:
        """Ask and hear until the carrier knows what came of it, and whether something may be there since. Who was held
        up for longer than the lease asks for nothing more: another one may be at it.
        """
        last = claimed + timedelta(seconds=LEASE_SECONDS - EXCHANGE_SECONDS)
        said, made = lane.carrier.start(stored), False
        try:
            for _ in range(MOST_EXCHANGES):
                if not isinstance(said, Request):
                    return said, made
                if self.clock() > last:
                    return Failed(code=LEASE_LOST), made
                response = lane.transport.send(said)
                made = made or may_have_made(said, response)
                said = lane.carrier.after(stored, said, response)
        except TransientDeliveryError as problem:
            return Failed(code=problem.code), made or (isinstance(said, Request) and may_have_made(said, None))
        except PermanentDeliveryError as problem:  # egress is blocked: a fault of the configuration, not of this record
            return Failed(code=problem.code, pause_lane=True), made
        return Failed(code="no-outcome") if isinstance(said, Request) else said, made

    def _named(self, stored: Stored) -> Mapping[str, Any]:
        """The receipt's payload, if it is genuine and names this very record. Raises: TamperedError."""
        if not isinstance(stored.receipt, str):
            raise TamperedError()  # a database gives back whatever was put there
        payload = receipt.verify(stored.receipt, self.keys)
        receipt.check_names(payload, stored.id, stored.carrier)
        return payload

    def _check(self, stored: Stored, payload: Mapping[str, Any]) -> None:
        """Whether all that is sent is what was signed; of a request to cancel that is the id. Raises: TamperedError."""
        if not isinstance(stored.clear, bytes) or not all(isinstance(part.jwe, str) for part in stored.parts):
            raise TamperedError()
        if not stored.cancelling:  # its parts may have left
            receipt.check(payload, stored.id, stored.carrier, stored.clear, stored.parts)

    def _settle(self, stored: Stored, outcome: Outcome | TamperedError) -> tuple[str, bool]:
        now = self.clock()
        match outcome:
            case Delivered():
                self.well[stored.carrier] = now
                return "delivered", self.store.delivered(stored, outcome, now)
            case Gone():
                return "cancelled", self.store.gone(stored, now)
            case TooLate(barcode=barcode):
                return "too-late", self.store.too_late(stored, now, barcode)
            case Refused(code=code):
                return "dead", self.store.bury(stored, State.DEAD, code, now)
            case TamperedError(code=code):
                return "quarantined", self.store.bury(stored, State.QUARANTINED, code, now)
            case Failed():
                return self._again(stored, outcome)

    def _again(self, stored: Stored, failed: Failed) -> tuple[str, bool]:
        now = self.clock()
        well = self.well.get(stored.carrier)
        if failed.code == FORBIDDEN and well is not None and now - well < retry.LANE_PAUSE:
            failed = replace(failed, pause_lane=False)  # the lane took another a moment ago: it is this one's own fault
        decision = retry.decide(stored, failed, now, self.chance())
        if isinstance(decision, retry.GiveUp):
            return "dead", self.store.bury(stored, State.DEAD, decision.code, now)
        if failed.pause_lane:
            self.store.pause_lane(stored.carrier, decision.at, failed.code)
            _log.error("lane_paused", carrier=stored.carrier, code=failed.code)
            behind = BEHIND if failed.code == FORBIDDEN else timedelta(0)
            return "retry", self.store.retry(stored, decision.at + behind, failed.code, counted=False)
        return "retry", self.store.retry(stored, decision.at, failed.code, counted=decision.counted)


def _is_over(stored: Stored, payload: Mapping[str, Any], day: date) -> bool:
    """Whether a part has ended. As signed: who stretches it in the database gains nothing; or as it was set since,
    where its clock had not started.
    """
    ends = [part.until for part in stored.parts if part.until is not None]
    signed = receipt.last_day(payload)
    return day > min([*ends, signed] if signed is not None else ends, default=day)
