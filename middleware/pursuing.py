"""Parcels whose retention waits for their delivery, asked for by themselves, so that nobody has to tell that they came.

    next ─▶ does its policy wait for it? ─▶ ask ─▶ it came: the event that starts its clock      or nothing at all

Only what the policy, as the shop reads it, counts from delivery is asked for. Of an answer nothing is kept but that it
came, as the event that anybody might have told (``middleware.events``); how far it was before is forgotten at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from middleware.core.calendar import today
from middleware.core.clocks import clock
from middleware.errors import DeliveryError, RequestError, StorageError
from middleware.events import Ledger, Teller, record
from middleware.exchange import Failed, Gone, Impossible
from middleware.following import Watch
from middleware.journey import Journey, Unheard
from middleware.logs import logger
from middleware.model_events import TRIGGERS, EventType
from middleware.ports_retention import Deliveries
from middleware.services import Shop, Shops
from middleware.trail import Place, Sighting
from schemas import events as schema
from schemas.journey import Progress

BY: Final = "parcel-platform"
"""Who tells such an event, in the list of events and in the audit log."""

LONGEST: Final = timedelta(days=30)
"""How long after it was taken in a parcel is asked for; then somebody has to tell of it."""

PACE_SECONDS: Final = 1.0
"""Between two questions to one parcel platform."""

ROUND_SECONDS: Final = 6 * 3_600.0
"""From the end of a round through all that wait to the beginning of the next: bpost scans a parcel some times a day."""

TROUBLE_SECONDS: Final = 60.0
"""After a question that was not answered; longer where the parcel platform asks for it."""

MOST_TROUBLE_SECONDS: Final = 3_600.0
STORAGE_REST_SECONDS: Final = 5.0

_log = logger("following")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pursuit:
    """Asks one parcel platform. ``observe`` is told of every question: (carrier, what came of it). ``refused`` are the
    shops whose own account was not taken in this round: of them no more is asked for in it.
    """

    carrier: str
    watch: Watch
    deliveries: Deliveries
    ledger: Ledger
    shops: Shops
    observe: Callable[[str, str], None]
    refused: set[str] = field(default_factory=set)

    def run(self, stop: threading.Event) -> None:
        """Ask until ``stop`` is set; what is under way is finished."""
        after: Place | None = None
        while not stop.is_set():
            try:
                after, rest = self.step(after)
            except StorageError as problem:
                _log.error("storage", code=problem.code)
                rest = STORAGE_REST_SECONDS
            stop.wait(rest)

    def step(self, after: Place | None) -> tuple[Place | None, float]:
        """Take the next that waits: where it stands, and for how many seconds to rest. None at the end of a round.
        Raises: StorageError.
        """
        now = self.ledger.clock()
        found = self.deliveries.awaiting(self.carrier, now - LONGEST, after)
        if found is None:
            self.refused.clear()
            return None, ROUND_SECONDS
        shop = self.shops.get(found.record.shop)
        if shop is None or not found.record.readable or not _waits(shop, today(now)):
            return found.place, 0.0
        if found.record.shop in self.refused:
            return found.place, 0.0
        return found.place, self._asked(found.record, shop, now)

    def _asked(self, parcel: Sighting, shop: Shop, now: datetime) -> float:
        asked = self.watch.follower.question(parcel)
        if isinstance(asked, Impossible):
            return 0.0
        answer: Journey | Unheard | Gone | Failed
        try:
            answer = self.watch.follower.answer(parcel, self.watch.transport.send(asked))
        except DeliveryError as problem:
            answer = Failed(code=problem.code)
        if isinstance(answer, Failed):
            self.observe(self.carrier, "not_told")
            _log.warning(
                "journey_not_told", record_id=parcel.id, carrier=self.carrier, shop=parcel.shop, code=answer.code
            )
            if answer.alone:
                self.refused.add(parcel.shop)
                return PACE_SECONDS
            return min(max(answer.retry_after or 0.0, TROUBLE_SECONDS), MOST_TROUBLE_SECONDS)
        if isinstance(answer, Journey) and (came := _came(answer, parcel, now)):
            self._tell(parcel, shop, came)
        else:
            self.observe(self.carrier, "under_way")
        return PACE_SECONDS

    def _tell(self, parcel: Sighting, shop: Shop, came: date) -> None:
        """Once: a second process that asked as well tells nothing new."""
        told = {"type": EventType.DELIVERED.value, schema.RECORD: parcel.id, "day": came.isoformat()}
        teller = Teller(by=BY)
        key = shop.indexer.of_bytes("events.key", f"{teller.lane}\0{parcel.id}".encode())
        try:
            record(told, shop, teller, self.ledger, key=key)
        except RequestError as refusal:  # it is gone meanwhile
            self.observe(self.carrier, "not_recorded")
            _log.warning("delivery_not_recorded", record_id=parcel.id, carrier=self.carrier, code=refusal.code)
        else:
            self.observe(self.carrier, "delivered")
            _log.info("delivery_recorded", record_id=parcel.id, carrier=self.carrier, shop=parcel.shop)


def _waits(shop: Shop, day: date) -> bool:
    """Whether the shop reads the policy so that a clock starts with the delivery."""
    return clock(shop.policy, TRIGGERS[EventType.DELIVERED], day).moves


def _came(journey: Journey, parcel: Sighting, now: datetime) -> date | None:
    """The day on which it came, never before it was taken in and never to come; None where it has not. A scan behind
    that of its delivery changes nothing.
    """
    scans = [scan for scan in journey.scans if scan.state is Progress.DELIVERED]
    if not scans and journey.state is not Progress.DELIVERED:
        return None
    days = [today(scan.at) for scan in scans if scan.at is not None]
    return max(min([*days, today(now)]), today(parcel.created_at))
