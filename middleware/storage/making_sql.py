"""What shops are to be told, made in the transaction that settles it: what was settled is told, and nothing else is."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from middleware.model import Record, State
from middleware.model_back import Kind, Way
from middleware.storage.tables import records
from middleware.storage.tables_back import callback_stops, callbacks, listeners

STOPPED: Final = "stopped"
"""Why a callback rests: its shop wants to hear nothing more."""

MOST_FORMERS: Final = 20
"""How many records before it are remembered."""

_LISTEN: Final = insert(listeners)
_MADE: Final = insert(callbacks)
_UNFULFIL: Final = update(listeners).where(listeners.c.record_id == bindparam("this_id")).values(fulfilment=False)
_NO_NUMBER: Final = delete(callbacks).where(
    callbacks.c.record_id == bindparam("this_id"), callbacks.c.way == Way.FULFILMENT
)
_FORGET: Final = delete(listeners).where(listeners.c.record_id == bindparam("this_id"))
_BEFORE: Final = (
    select(records.c.id, records.c.barcode, records.c.predecessor, listeners.c.formers)
    .outerjoin(listeners, listeners.c.record_id == records.c.id)
    .where(records.c.id == bindparam("this_id"))
)
_WHO: Final = (
    select(
        listeners.c.callback,
        listeners.c.fulfilment,
        records.c.shop,
        records.c.state,
        records.c.barcode,
        callback_stops.c.shop.label("stopped"),
    )
    .join(records, records.c.id == listeners.c.record_id)
    .outerjoin(callback_stops, callback_stops.c.shop == records.c.shop)
    .where(listeners.c.record_id == bindparam("this_id"))
)


def formers(connection: Connection, record_id: str | None) -> Sequence[str]:
    """The records of an order whose number its platform may have, up to this one: of what never had one, those before
    it. Which of them the platform was told of last, only the platform knows.
    """
    row = connection.execute(_BEFORE, {"this_id": record_id}).one_or_none()
    if row is None:
        return ()
    before = row.formers.split() if row.formers else [row.predecessor] if row.predecessor else []
    return [*before, *([row.id] if row.barcode else [])][-MOST_FORMERS:]


def listen(connection: Connection, record: Record, before: Sequence[str]) -> None:
    """Remember that the shop is told of the record, if it is, and what was before it (``formers``)."""
    if record.listener is None:
        return
    one = record.listener
    row: dict[str, Any] = {"record_id": record.id, "callback": one.callback, "fulfilment": one.fulfilment}
    row |= {"known": False, "test": one.test, "order_ref": one.order_ref, "until": one.until}
    row["formers"] = " ".join(before)
    connection.execute(_LISTEN, row)


def delivered(connection: Connection, record_id: str, now: datetime) -> None:
    """The parcel platform has it. What is to be cancelled again at once is no fulfilment."""
    _make(connection, record_id, Kind.CREATED, now)


def cancelled(connection: Connection, record_id: str, now: datetime) -> None:
    """The parcel platform cancelled what it had: no order waits for its number any more. Of what it never had the shop
    was told nothing, and never will be.
    """
    for statement in (_UNFULFIL, _NO_NUMBER):
        connection.execute(statement, {"this_id": record_id})
    if not _make(connection, record_id, Kind.CANCELLED, now):
        forget(connection, record_id)


def forget(connection: Connection, record_id: str) -> None:
    """Nothing will become of the record: the id of its order leaves, and what the shop has not heard."""
    connection.execute(_FORGET, {"this_id": record_id})


def buried(connection: Connection, record_id: str, now: datetime) -> None:
    """It goes nowhere by itself, or cannot be cancelled; one that is to be cancelled yet is not buried."""
    _make(connection, record_id, Kind.FAILED, now)


def too_late(connection: Connection, record_id: str, now: datetime) -> None:
    """The parcel stands for its order again."""
    _make(connection, record_id, Kind.CHANGED, now)


def _make(connection: Connection, record_id: str, kind: Kind, now: datetime) -> bool:
    """Whether there is something to tell."""
    row = connection.execute(_WHO, {"this_id": record_id}).one_or_none()
    if row is None or (kind is Kind.CANCELLED and row.barcode is None):
        return False
    if kind is Kind.FAILED and row.state not in (State.DEAD, State.QUARANTINED):
        return False
    told: dict[str, Any] = {"record_id": record_id, "shop": row.shop, "happened_at": now, "fence": 0, "attempts": 0}
    ways = list(_ways(row, kind))
    for way, said in ways:
        rests = way is Way.CALLBACK and row.stopped is not None
        waits = {"due": None if rests else now, "last_code": STOPPED if rests else None}
        connection.execute(_MADE, {**told, **waits, "id": str(uuid.uuid4()), "way": way, "kind": said})
    return bool(ways)


def _ways(row: Any, kind: Kind) -> Iterator[tuple[Way, Kind]]:
    if row.callback:
        yield Way.CALLBACK, kind
    if row.fulfilment and row.state == State.DELIVERED:
        yield Way.FULFILMENT, Kind.CREATED
