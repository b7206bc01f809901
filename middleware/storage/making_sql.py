"""What shops are to be told, made in the transaction that settles it: what was settled is told, and nothing else is."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, not_, or_, select, update

from middleware.model import Record, State
from middleware.model_back import Kind, Listener, Way
from middleware.storage import numbers_sql
from middleware.storage.tables import records
from middleware.storage.tables_back import callback_stops, callbacks, listeners

STOPPED: Final = "stopped"
"""Why a callback rests: its shop wants to hear nothing more."""

_THIS: Final[Any] = bindparam("this_id")
_LISTEN: Final = insert(listeners)
_MADE: Final = insert(callbacks)
_FORGET: Final = delete(listeners).where(listeners.c.record_id == _THIS)
_MUTE: Final = update(listeners).where(listeners.c.record_id == _THIS).values(callback=False)
_EMPTY: Final = _MUTE.values(fulfilment=False, order_ref=None)
_UNTELL: Final = delete(callbacks).where(callbacks.c.record_id == _THIS, callbacks.c.way == Way.CALLBACK)
_FORMERS: Final = select(listeners.c.formers).where(listeners.c.record_id == _THIS)
_LISTENING: Final = (
    select(listeners.c.record_id, records.c.barcode)
    .join(records, records.c.id == listeners.c.record_id)
    .where(listeners.c.record_id.in_(bindparam("ids", expanding=True)))
)
_UNTIL: Final = select(func.max(listeners.c.until)).where(listeners.c.record_id.in_(bindparam("ids", expanding=True)))
_NEEDS: Final = or_(and_(listeners.c.callback, not_(listeners.c.known)), listeners.c.fulfilment)
_LET_GO: Final = update(listeners).where(listeners.c.record_id == _THIS, not_(_NEEDS)).values(order_ref=None)
_WHO: Final = (
    select(
        listeners.c.callback,
        listeners.c.fulfilment,
        records.c.shop,
        records.c.state,
        records.c.barcode,
        records.c.last_code,
        callback_stops.c.shop.label("stopped"),
    )
    .join(records, records.c.id == listeners.c.record_id)
    .outerjoin(callback_stops, callback_stops.c.shop == records.c.shop)
    .where(listeners.c.record_id == _THIS)
)


def listen(connection: Connection, record: Record, before: Sequence[str]) -> None:
    """Remember that the shop is told of the record, if it is, and what was before it (``formers``): this also where it
    asks for nothing at the moment, for its platform has numbers of those before.
    """
    one = record.listener or _mute(connection, before)
    if one is None:
        return
    row: dict[str, Any] = {"record_id": record.id, "callback": one.callback, "fulfilment": one.fulfilment}
    row |= {"known": False, "test": one.test, "order_ref": one.order_ref or None, "until": one.until}
    row["formers"] = " ".join(before)
    connection.execute(_LISTEN, row)


def _mute(connection: Connection, before: Sequence[str]) -> Listener | None:
    until = connection.execute(_UNTIL, {"ids": list(before)}).scalar_one_or_none()
    return until and Listener(callback=False, fulfilment=False, test=False, order_ref="", until=until)


def delivered(connection: Connection, record_id: str, now: datetime) -> None:
    """The parcel platform has it. What is to be cancelled again at once is no fulfilment."""
    _make(connection, record_id, Kind.CREATED, now)


def cancelled(connection: Connection, record_id: str, now: datetime) -> None:
    """The parcel platform cancelled what it had: no order waits for its number any more. Of what it never had the shop
    was told nothing, and never will be.
    """
    taken = numbers_sql.take_back(connection, record_id, now)
    if not _make(connection, record_id, Kind.CANCELLED, now):
        _quiet(connection, record_id, taken=taken)
    let_go(connection, record_id)


def withdrawn(connection: Connection, record_id: str, now: datetime) -> None:
    """It was never claimed, and is over: of it there is nothing to tell, perhaps of what was before it."""
    _quiet(connection, record_id, taken=numbers_sql.take_back(connection, record_id, now))


def forget(connection: Connection, record_id: str) -> None:
    """Nothing will become of the record: the id of its order leaves, and what the shop has not heard."""
    connection.execute(_FORGET, {"this_id": record_id})


def buried(connection: Connection, ids: Collection[str], now: datetime) -> None:
    """They go nowhere by themselves, or cannot be cancelled: then the number of the parcel stays."""
    for row in connection.execute(_LISTENING, {"ids": list(ids)}).all():
        _make(connection, row.record_id, Kind.FAILED, now)
        if row.barcode is None:
            numbers_sql.take_back(connection, row.record_id, now)


def let_go(connection: Connection, record_id: str) -> None:
    """The id of the order leaves, unless a way needs it."""
    connection.execute(_LET_GO, {"this_id": record_id})


def too_late(connection: Connection, record_id: str, now: datetime) -> None:
    """The parcel stands for its order again."""
    _make(connection, record_id, Kind.CHANGED, now)


def _quiet(connection: Connection, record_id: str, *, taken: bool) -> None:
    """Nothing more is told of the record itself. What was before it stays known to what comes after it."""
    this = {"this_id": record_id}
    if not taken and not connection.execute(_FORMERS, this).scalar_one_or_none():
        forget(connection, record_id)
        return
    connection.execute(_UNTELL, this)
    connection.execute(_MUTE if taken else _EMPTY, this)


def _make(connection: Connection, record_id: str, kind: Kind, now: datetime) -> bool:
    """Whether there is something to tell."""
    row = connection.execute(_WHO, {"this_id": record_id}).one_or_none()
    if row is None or (kind is Kind.CANCELLED and row.barcode is None):
        return False
    told: dict[str, Any] = {"record_id": record_id, "shop": row.shop, "happened_at": now, "fence": 0, "attempts": 0}
    ways = list(_ways(row, kind))
    for way, said in ways:
        rests = way is Way.CALLBACK and row.stopped is not None
        waits = {"due": None if rests else now, "last_code": STOPPED if rests else None}
        why = row.last_code if said is Kind.FAILED else None
        connection.execute(_MADE, {**told, **waits, "id": str(uuid.uuid4()), "way": way, "kind": said, "why": why})
    return bool(ways)


def _ways(row: Any, kind: Kind) -> Iterator[tuple[Way, Kind]]:
    if row.callback:
        yield Way.CALLBACK, kind
    if row.fulfilment and row.state == State.DELIVERED:
        yield Way.FULFILMENT, Kind.CREATED
