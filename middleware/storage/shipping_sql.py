"""What the plug-in lane asks of the database, in the transaction that it is handed.

A call's row is written in the transaction that stores its record: either both are there or neither, so that no death
of a process leaves a key that is taken and a shipment that is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, update

from middleware.core.calendar import today
from middleware.core.index import Blind, forms
from middleware.core.lifecycle import Step
from middleware.errors import StorageError
from middleware.errors_shipping import HeldError
from middleware.model import Answer, Arrival, Reason, Record, State, Status
from middleware.model_events import Release, Selector
from middleware.model_shipping import Attempt, Known
from middleware.storage import chain_sql, clocks_sql, finding, records_sql, versions_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import idempotency, index_entries, orders, records
from middleware.trail import Sighting

_THIS: Final = (idempotency.c.shop == bindparam("this_shop"), idempotency.c.key == bindparam("this_key"))
_CALL: Final = select(idempotency).where(*_THIS)
_FORGET: Final = delete(idempotency).where(*_THIS)
_CHANGE: Final = update(idempotency).where(*_THIS)
_ANSWER: Final = _CHANGE.where(idempotency.c.answered.is_(None))
_TAKE_OVER: Final = _ANSWER.where(idempotency.c.busy_until <= bindparam("now"))
_STANDS: Final = select(orders.c.record_id).where(
    orders.c.shop == bindparam("this_shop"), orders.c.order == bindparam("this_order")
)
_FIRST: Final = records.alias("first")
_PREDECESSOR: Final = select(records.c.predecessor).where(records.c.id == bindparam("this_id"))
_GONE: Final = (State.CANCELLED, State.WITHDRAWN)
_STATE: Final = select(_FIRST.c.state).where(_FIRST.c.id == bindparam("this_id")).with_for_update()
_UNBLOCK: Final = update(records).where(
    records.c.id == bindparam("this_id"),
    records.c.state == State.BLOCKED,
    records.c.receipt == bindparam("this_receipt"),
)
_OF_SHOP: Final = select(records.c.id).where(
    records.c.id == bindparam("this_id"), records.c.shop == bindparam("this_shop")
)


def known(connection: Connection, shop: str, key: bytes) -> Known | None:
    """What is known of the call under that key; None if nothing is."""
    found = (connection.execute(_CALL, {"this_shop": shop, "this_key": form}).one_or_none() for form in forms(key))
    row = next((one for one in found if one is not None), None)
    if row is None:
        return None
    record = finding.sighting(connection, row.record_id)
    if record is None:  # replaced before its first claim, or erased
        stands = _standing(connection, shop, row.order, key)
        record = finding.sighting(connection, stands) if stands else None
    return Known(payload=row.payload, answered=row.answered, record=record)


def _standing(connection: Connection, shop: str, order: bytes, key: bytes) -> str | None:
    """The record that stands for a call's order, which may have been taken forward before the call."""
    orders_ = (order, key.forward(order)) if isinstance(key, Blind) else (order,)
    found = (
        connection.execute(_STANDS, {"this_shop": shop, "this_order": one}).scalar_one_or_none()
        for one in dict.fromkeys(orders_)
    )
    return next((one for one in found if one is not None), None)


def ship(
    connection: Connection, upserts: Upserts, arrival: Arrival, record: Record, attempt: Attempt
) -> Answer | Known | None:
    """Judge the version as every other, and remember the call; of a call that somebody else brought meanwhile, what is
    known. None if even that has gone.
    """
    arrival, taken = chain_sql.arrived(connection, arrival, record)
    record, attempt = taken or record, chain_sql.called(connection, attempt)
    row = {
        "shop": attempt.shop,
        "key": attempt.key,
        "payload": attempt.payload,
        "order": arrival.order,
        "record_id": record.id,
        "answered": None,
        "busy_until": attempt.busy_until,
        "until": attempt.until,
    }
    if not connection.execute(upserts.new[idempotency], row).rowcount:
        return known(connection, attempt.shop, attempt.key)
    step, answer = versions_sql.judge(connection, upserts, arrival, record)
    this = {"this_shop": attempt.shop, "this_key": attempt.key}
    if step is Step.FLAG and answer.id and records_sql.is_pinned(connection, answer.id, today(arrival.received_at)):
        answer = replace(answer, status=Status.IGNORED, reason=Reason.HELD)
    if answer.status is Status.IGNORED or answer.id is None:  # it had no effect: the key is free
        connection.execute(_FORGET, this)
    elif answer.id != record.id:
        connection.execute(_CHANGE, this | {"record_id": answer.id})
    elif attempt.restart is not None and step is Step.CREATE:  # no newer version: it is its customer's last order
        again = attempt.restart
        clocks_sql.move(
            connection, upserts, attempt.shop, again.selector, again.clock, again.actor, arrival.received_at
        )
    return answer


def take_over(connection: Connection, attempt: Attempt, now: datetime) -> bool:
    """Have a call in hand that nobody answered in time. False while somebody has it."""
    asked = {"this_shop": attempt.shop, "now": now, "busy_until": attempt.busy_until}
    return any(connection.execute(_TAKE_OVER, asked | {"this_key": key}).rowcount for key in forms(attempt.key))


def answered(connection: Connection, attempt: Attempt, status: int) -> int:
    """Keep the status of the first answer; which that is."""
    for key in forms(attempt.key):
        this = {"this_shop": attempt.shop, "this_key": key}
        connection.execute(_ANSWER, this | {"answered": status})
        row = connection.execute(_CALL, this).one_or_none()
        if row is not None:
            return int(row.answered)
    return status


def cancel(
    connection: Connection, upserts: Upserts, shop: str, record_id: str, now: datetime, until: date
) -> Sighting | None:
    """Cancel the order for which that record stands, as its cancellation by webhook would; None if there is no such
    record in that shop. What no longer stands for its order is on its way out already. Raises: HeldError where a legal
    hold keeps what the parcel platform has; then nothing is changed.
    """
    if connection.execute(_OF_SHOP, {"this_id": record_id, "this_shop": shop}).first() is None:
        return None
    for order in records_sql.orders_of(connection, [record_id]):
        versions_sql.judge(connection, upserts, _cancellation(shop, order.order, now, until), None)
        if records_sql.is_pinned(connection, record_id, today(now)):
            raise HeldError()
    return finding.sighting(connection, record_id)


def blocked(connection: Connection, shop: str, selector: Selector) -> Sequence[tuple[str, str]]:
    """(record id, receipt) of what waits for a declaration; nothing without a selector. Raises: StorageError where the
    process has not read the newest index key yet.
    """
    page = select(records.c.id, records.c.receipt).where(records.c.shop == shop, records.c.state == State.BLOCKED)
    if selector.record_id is not None:
        page = page.where(records.c.id == selector.record_id)
    else:
        page = page.join(index_entries, index_entries.c.record_id == records.c.id)
        digests = chain_sql.sought(connection, selector.digest)
        page = page.where(index_entries.c.kind == selector.kind, index_entries.c.digest.in_(digests))
    return [(row.id, row.receipt) for row in connection.execute(page)]


def let_go(connection: Connection, shop: str, selector: Selector, released: Sequence[Release], now: datetime) -> None:
    """Let go all that waits for a declaration, each with its new receipt. Raises: StorageError where something else
    waits by now than what was signed anew, so that the declaration is told again.
    """
    waiting = set(blocked(connection, shop, selector))
    same = waiting == {(one.record_id, one.before) for one in released}
    if not same or not all(_unblock(connection, one, now) for one in released):
        raise StorageError("What waits for the declaration has changed meanwhile; it has to be told again.")


def _unblock(connection: Connection, release: Release, now: datetime) -> bool:
    """Behind a predecessor that is not gone yet, or of which nobody knows, the record is held. False where it is
    blocked no more, or has another receipt.
    """
    this = {"this_id": release.record_id, "this_receipt": release.before, "receipt": release.after}
    before = connection.execute(_PREDECESSOR, {"this_id": release.record_id}).scalar_one_or_none()
    held = before is not None and connection.execute(_STATE, {"this_id": before}).scalar_one_or_none() not in _GONE
    news = {"state": State.HELD, "due": None} if held else {"state": State.WAITING, "due": now}
    return bool(connection.execute(_UNBLOCK, this | news).rowcount)


def _cancellation(shop: str, order: bytes, now: datetime, until: date) -> Arrival:
    return Arrival(
        shop=shop,
        topic="",
        webhook=b"",
        body=b"",
        order=order,
        updated_at=now,
        halt=Reason.CANCELLED,
        received_at=now,
        until=until,
        standing_until=until,
    )
