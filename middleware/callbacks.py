"""What shops are told: barcode and state to an address of their own, the tracking number to their platform.

due ─▶ claim ─▶ open ─▶ converse ─▶ settle      heard | again at … | given up | stopped

A few threads in the relay's process, beside those that deliver. Shops take turns, and of each there is one conversation
at a time; those that are slow share a part of the threads, so that they delay each other and nobody else. What was
settled by the relay was put here in the same transaction, so that nothing is lost, and is told at least once, always
under the same id.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from middleware.core import retry
from middleware.core.calendar import today
from middleware.core.callback import OFF, address_of
from middleware.core.listening import order_of
from middleware.errors import ConfigError, PermanentDeliveryError, TamperedError, TransientDeliveryError
from middleware.exchange import Failed, Refused, Request
from middleware.live_keys import OwnKeys
from middleware.logs import logger
from middleware.model import ShopSettings
from middleware.model_back import LEASE_SECONDS, Done, Ended, Event, Stop, Way
from middleware.ports import Clock, Transport
from middleware.ports_back import Heard, Outbox, Speaker
from middleware.services import Shops
from middleware.working import sweeping, work

EXCHANGE_SECONDS: Final = 23.0
"""The longest: connect 3 s, answer 20 s. The last one must begin in time to end within the lease."""

MOST_EXCHANGES: Final = 12
SLOW: Final = timedelta(seconds=5)
"""A shop with which it lasts longer is slow, until it is quicker."""

MOST_SLOW: Final = 2
"""Slow shops that are told at the same time: the other threads are for those that answer."""

IDLE_SECONDS: Final = 0.5
STORAGE_REST_SECONDS: Final = 5.0
SWEEP: Final = timedelta(minutes=1)
"""How often it is looked whether a shop that wanted no more has another address."""

STOPPED_FOR: Final = timedelta(days=30)
UNKNOWN_SHOP, NO_OUTCOME, NO_WAY, LEASE_LOST = "unknown-shop", "no-outcome", "no-way-out", "lease-lost"

_log = logger("callbacks")


@dataclass(slots=True)
class Turns:
    """Whose turn it is among the shops that have something due; the threads share one. Who is being told is passed
    over, and so are slow ones while there are enough of them; among these it is the one that was told longest ago.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _waiting: list[str] = field(default_factory=list)
    _busy: set[str] = field(default_factory=set)
    _slow: dict[str, None] = field(default_factory=dict)  # a set in order: who was told longest ago stands first

    @contextmanager
    def next(self, outbox: Outbox, now: datetime) -> Iterator[str | None]:
        """The shop whose turn it is, as long as the block lasts; None if there is none. Raises: StorageError."""
        with self._lock:
            free = self._free(self._waiting) or self._free(self._behind(outbox.due(now)))
            shop = free[0] if free else None
            self._waiting = free[1:]
            self._busy |= {shop} if shop else set()
        try:
            yield shop
        finally:
            with self._lock:
                self._busy.discard(shop or "")

    def took(self, shop: str, time: timedelta) -> None:
        """How long it lasted to tell that shop."""
        with self._lock:
            self._slow.pop(shop, None)
            if time > SLOW:
                self._slow[shop] = None

    def _free(self, shops: Sequence[str]) -> list[str]:
        full = len(self._busy & self._slow.keys()) >= MOST_SLOW
        return [shop for shop in shops if shop not in self._busy and not (full and shop in self._slow)]

    def _behind(self, shops: Sequence[str]) -> list[str]:
        order = {shop: place for place, shop in enumerate(self._slow, 1)}
        return sorted(shops, key=lambda shop: order.get(shop, 0))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Callbacks:
    """``ways`` gives the way out to an origin; ``observe`` is told of every settled attempt: (way, result)."""

    outbox: Outbox
    clock: Clock
    shops: Shops
    keys: OwnKeys
    speakers: Mapping[Way, Speaker]
    ways: Callable[[str], Transport]
    observe: Callable[[str, str], None]
    chance: Callable[[], float] = random.random
    turns: Turns = field(default_factory=Turns)

    def run(self, stop: threading.Event) -> None:
        """Tell until ``stop`` is set; what is under way is finished."""
        step = sweeping(self.step, self.sweep, self.clock, SWEEP)
        work(stop, step, _log, idle=IDLE_SECONDS, storage=STORAGE_REST_SECONDS)

    def sweep(self) -> None:
        """Take up again who has another address by now, or has been left alone long enough. Raises: StorageError."""
        for stop in self.outbox.stops():
            shop = self.shops.get(stop.shop)
            url = shop.settings.back.callback.url if shop and shop.settings.back.callback else None
            moved = url is not None and address_of(url) != stop.address
            if (moved or today(self.clock()) > stop.until) and self.outbox.resume(stop.shop, self.clock()):
                _log.info("callback_resumed", shop=stop.shop)

    def step(self) -> bool:
        """Tell one shop one thing. False if nothing was due. Raises: StorageError."""
        now = self.clock()
        with self.turns.next(self.outbox, now) as shop:
            event = self.outbox.claim(now, LEASE_SECONDS, shop) if shop else None
            if event is None:
                return shop is not None
            heard = self._told(event, now)
            self.turns.took(event.shop, self.clock() - now)
            result, settled = self._settle(event, heard)
        told = result if settled else "lease_lost"
        self.observe(event.way, told)
        _log.info("callback", record_id=event.record_id, shop=event.shop, attempts=event.attempts + 1, status=told)
        return True

    def _told(self, event: Event, now: datetime) -> Heard:
        shop = self.shops.get(event.shop)
        if shop is None:
            return Failed(code=UNKNOWN_SHOP)  # quarantined, perhaps: it may be at work again
        origin = self.speakers[event.way].origin(shop.settings)
        if origin is None:
            return Refused(code=OFF)
        try:
            order = order_of(event.order_ref, event.record_id, self.keys.opening()) if event.order_ref else None
            way = self.ways(origin)
        except TamperedError as problem:
            return Refused(code=problem.code)
        except ConfigError:
            return Failed(code=NO_WAY)
        try:
            return self._converse(event, order, shop.settings, way, now)
        except (TransientDeliveryError, PermanentDeliveryError) as problem:
            return Failed(code=problem.code)

    def _converse(
        self, event: Event, order: str | None, shop: ShopSettings, way: Transport, claimed: datetime
    ) -> Heard:
        """Say and hear until it is known what came of it. Who was held up for longer than the lease says nothing more:
        another one may be at it. Raises: TransientDeliveryError, PermanentDeliveryError.
        """
        last = claimed + timedelta(seconds=LEASE_SECONDS - EXCHANGE_SECONDS)
        speaker = self.speakers[event.way]
        said = speaker.start(event, order, shop, claimed)
        for _ in range(MOST_EXCHANGES):
            if not isinstance(said, Request):
                return said
            if self.clock() > last:
                return Failed(code=LEASE_LOST)
            said = speaker.after(event, order, shop, way.send(said))
        return Failed(code=NO_OUTCOME) if isinstance(said, Request) else said

    def _settle(self, event: Event, heard: Heard) -> tuple[str, bool]:
        now = self.clock()
        match heard:
            case Done():
                return "done", self.outbox.done(event)
            case Ended():
                return "stopped", self._stop(event, heard, now)
            case Refused(code=code):
                return "failed", self._fail(event, code)
            case Failed(code=code) if event.attempts + 1 >= len(retry.SCHEDULE):
                return "failed", self._fail(event, code)
            case Failed(code=code):
                again = retry.keep_on(event.attempts, heard, now, self.chance())
                return "retry", self.outbox.again(event, again.at, code)

    def _fail(self, event: Event, code: str) -> bool:
        _log.error("callback_failed", record_id=event.record_id, shop=event.shop, code=code)
        return self.outbox.failed(event, code)

    def _stop(self, event: Event, ended: Ended, now: datetime) -> bool:
        _log.error("callback_stopped", shop=event.shop, code=ended.code)
        stop = Stop(shop=event.shop, address=ended.address, at=now, until=today(now) + STOPPED_FOR)
        return self.outbox.stop(event, stop)
