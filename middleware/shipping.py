"""A shop's own system calls: one call becomes a record, and waits a little for the parcel platform's answer.

    call ─▶ known? ─▶ read ─▶ parse ─▶ the line of intake, without a hold ─▶ store ─▶ wait ─▶ 201 | 202

The record and the call's row are one transaction (``ports.Calls.ship``). While it waits, a call holds no transaction,
and no more calls wait than there are places: the others are answered at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from middleware.core.body import read
from middleware.core.calendar import today
from middleware.core.clocks import clock
from middleware.core.index import same
from middleware.core.kinds import kind_of
from middleware.core.planning import check_time, named
from middleware.core.schedule import memory
from middleware.core.trace import credentials
from middleware.errors import NotFoundError, SchemaError, ShopPausedError
from middleware.errors_shipping import (
    ErasedError,
    HeldError,
    InHandError,
    KeyReusedError,
    OlderVersionError,
    OrderCancelledError,
    OtherLaneError,
    OtherPolicyError,
    TooLateError,
)
from middleware.intake import arrival, prepare
from middleware.model import Answer, Ending, ParsedMatter, Reason, State, Status
from middleware.model_events import Selector
from middleware.model_shipping import Attempt, Known, Restart
from middleware.ports_senders import Caller
from middleware.seats import Seats
from middleware.services import Services, Shop
from middleware.trail import Sighting
from schemas.order import Hidden

CREATED, ACCEPTED = 201, 202

LAST_ORDER, CUSTOMER = "last_order", "customer.id"
ACTOR: Final = "shop"
"""Who is told to the audit log when an order starts clocks anew."""

MARGIN: Final = timedelta(seconds=15)
"""How long after its wait a call must have been answered: then another may take it over."""

_PAUSES: Final = (0.05, 0.1, 0.2, 0.3)
"""Seconds between two looks; the last one goes on."""
_UNDER_WAY: Final = frozenset((State.WAITING, State.HELD, State.CLAIMED))
_GONE: Final = frozenset((State.WITHDRAWN, State.CANCELLED))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Call(Hidden):
    """What a plug-in sent: the key of its ``Idempotency-Key``, the raw body, and the seconds that it would wait."""

    key: str
    body: bytes
    wait: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """The answer: ``status`` 201 where the parcel platform has it, or 202; of a shipment that it has the barcode."""

    status: int
    id: str
    reference: str
    barcode: str | None


class Waiting:
    """Where calls wait: ``places`` at once in a process, and of them no more for one shop than are left free."""

    def __init__(self, places: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._seats = Seats(places)
        self._sleep = sleep

    def until(self, shop: str, ended: Callable[[], bool], seconds: float) -> None:
        """Return when ``ended`` says so, after so many seconds, or at once where there is no place."""
        if ended():
            return
        with self._seats.seat(shop) as seated:
            end, looks = time.monotonic() + seconds, 0
            while seated and (left := end - time.monotonic()) > 0:
                self._sleep(min(_PAUSES[min(looks, len(_PAUSES) - 1)], left))
                looks += 1
                if ended():
                    return


def check_policy(caller: Caller, shop: Shop) -> None:
    """One payload, one pack: what a pack has no part for is refused whole (MX-SCO-1, MS-SCO-1). Raises:
    OtherPolicyError.
    """
    if caller.first not in shop.policy.parts:
        raise OtherPolicyError()


def check_lane(shop: Shop) -> None:
    """One lane creates, per shop. Raises: OtherLaneError where it is not this one."""
    if shop.settings.creates != "call":
        raise OtherLaneError()


def ship(call: Call, caller: Caller, shop: Shop, services: Services, waiting: Waiting) -> Shipped:
    """Make the record, or tell again what was answered before.

    Raises: OtherPolicyError, OtherLaneError; BodyError, SchemaError; KeyReusedError, InHandError, ErasedError;
    OrderCancelledError, OlderVersionError, TooLateError, HeldError; ShopPausedError; BusyError, BacklogFullError where
    the shop asks for more than its share; SealError, StorageError when we are at fault.
    """
    check_policy(caller, shop)
    if shop.paused:
        raise ShopPausedError()
    now = services.clock()
    attempt = _attempt(call, shop, now)
    known = services.calls.known(attempt.shop, attempt.key)
    if known is None:
        check_lane(shop)
        with services.gate.turn(attempt.shop, call.key):
            known = _taken(call, attempt, caller, shop, services, now)
    if known is not None:
        again = _again(known, attempt, services, now)
        if again is not None:
            return again
    return _answered(attempt, caller, services, waiting, call.wait)


def cancel(record_id: str, shop: Shop, services: Services, waiting: Waiting, wait: int) -> Sighting:
    """Cancel the order for which this record stands, and what has become of the record: withdrawn or cancelled, or on
    its way to it. Raises: NotFoundError, TooLateError, HeldError, StorageError.
    """
    now = services.clock()
    found = services.calls.cancel(shop.settings.name, record_id, now, memory(shop.policy, now))
    if found is None:
        raise NotFoundError()
    seen = [found]

    def ended() -> bool:
        seen.append(services.calls.sighting(record_id) or seen[-1])
        return seen[-1].state in _GONE or seen[-1].ending is Ending.TOO_LATE

    waiting.until(shop.settings.name, ended, wait)
    if seen[-1].ending is Ending.TOO_LATE:
        raise TooLateError()
    return seen[-1]


def is_gone(record: Sighting) -> bool:
    """Whether nothing of a record is at the parcel platform, nor on its way there."""
    return record.state in _GONE


def _attempt(call: Call, shop: Shop, now: datetime) -> Attempt:
    return Attempt(
        shop=shop.settings.name,
        key=shop.indexer.of_bytes("idempotency.key", call.key.encode()),
        payload=shop.indexer.of_bytes("idempotency.payload", call.body),
        busy_until=now + timedelta(seconds=call.wait) + MARGIN,
        until=memory(shop.policy, now),
    )


def _taken(call: Call, attempt: Attempt, caller: Caller, shop: Shop, services: Services, now: datetime) -> Known | None:
    """Take the call down the line; what is known of it if somebody else brought it meanwhile."""
    document = read(call.body)
    try:
        return _stored(document, attempt, caller, shop, services, now)
    except SchemaError as refusal:
        refusal.alarms = credentials(document, caller.shape)
        raise


def _stored(
    document: object, attempt: Attempt, caller: Caller, shop: Shop, services: Services, now: datetime
) -> Known | None:
    at_once = replace(shop, settings=replace(shop.settings, hold=timedelta(0)))
    parsed = caller.parse(document, at_once.settings, now)
    named(caller.names, lambda: check_time(parsed, now))
    services.backlog.check(services.store, attempt.shop, now)
    record = prepare(parsed, document, caller, at_once, services, now)
    if record is None:
        raise InHandError()  # not reached: a caller's document always has something to ship
    mark = (caller.topic, attempt.key, attempt.payload)
    attempt = replace(attempt, restart=_restart(parsed, shop, now))
    judged = services.calls.ship(arrival(parsed, record, mark, shop, now), record, attempt)
    if isinstance(judged, Answer):
        _check(judged)
        return None
    if judged is None:
        raise InHandError()
    return judged


def _restart(parsed: ParsedMatter, shop: Shop, now: datetime) -> Restart | None:
    """What this order starts anew of its customer's earlier ones, where the pack counts from the last order
    (MS-RET-1).
    """
    customer = parsed.order and kind_of(parsed.order).index(parsed.order).get(CUSTOMER)
    ticks = clock(shop.policy, LAST_ORDER, today(now))
    if not customer or not ticks.ends:
        return None
    selector = Selector(kind=CUSTOMER, digest=shop.indexer.of(CUSTOMER, customer))
    return Restart(selector=selector, clock=ticks, actor=ACTOR)


def _check(judged: Answer) -> None:
    if judged.status is Status.IGNORED:
        if judged.reason == Reason.HELD:
            raise HeldError()
        raise OrderCancelledError() if judged.reason == Reason.CANCELLED else OlderVersionError()


def _again(known: Known, attempt: Attempt, services: Services, now: datetime) -> Shipped | None:
    """The first answer once more; None for a call that was never answered and is now in our hand."""
    if not same(known.payload, attempt.payload):
        raise KeyReusedError()
    if known.record is None:
        raise ErasedError()
    if known.answered is not None:
        return _told(known.answered, known.record)
    if not services.calls.take_over(attempt, now):
        raise InHandError()
    return None


def _answered(attempt: Attempt, caller: Caller, services: Services, waiting: Waiting, seconds: int) -> Shipped:
    """Wait for what becomes of it, and keep what was answered."""
    seen: list[Sighting] = []

    def ended() -> bool:
        known = services.calls.known(attempt.shop, attempt.key)
        if known is None or known.record is None:
            raise ErasedError()
        seen.append(known.record)
        return known.record.state not in _UNDER_WAY

    waiting.until(attempt.shop, ended, seconds)
    record = seen[-1]
    if Ending.TOO_LATE in (record.ending, record.last_code):
        raise TooLateError()
    if record.state in (*_GONE, State.CANCELLING):
        raise OrderCancelledError()
    made = record.state is State.DELIVERED and (record.barcode is not None or not caller.barcode)
    return _told(services.calls.answered(attempt, CREATED if made else ACCEPTED), record)


def _told(status: int, record: Sighting) -> Shipped:
    barcode = record.barcode if status == CREATED else None
    return Shipped(status=status, id=record.id, reference=record.reference, barcode=barcode)
