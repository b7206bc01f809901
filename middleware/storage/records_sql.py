"""How a record is written, replaced, withdrawn, recalled and flagged, in the transaction that is handed in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, func, insert, or_, select, update

from middleware.core.calendar import today
from middleware.model import Ending, Record, State
from middleware.storage import chain_sql, making_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import copies, index_entries, orders, parts, records, removals
from middleware.storage.tables_retention import holds

REMEMBERED: Final = timedelta(days=30)
"""How long what never becomes a shipment is remembered where no clock had started that could end it."""

_NEW_RECORD: Final = insert(records)
_NEW_PARTS: Final = insert(parts)
_NEW_COPIES: Final = insert(copies)
_NEW_ENTRIES: Final = insert(index_entries)
_CHANGE: Final = update(records).where(records.c.id == bindparam("this_id"))
UNWANTED: Final = (Ending.REPLACED, Ending.CANCELLED)
WANTED: Final = records.c.ending.is_(None) | records.c.ending.not_in(UNWANTED)
_NOT_IN_HAND: Final = (State.WAITING, State.DELIVERED, State.DEAD, State.QUARANTINED)
_REMOVE: Final = delete(records).where(records.c.id == bindparam("this_id"))
_UNINDEX: Final = delete(index_entries).where(index_entries.c.record_id == bindparam("this_id"))
_EMPTY: Final = update(parts).where(parts.c.record_id == bindparam("this_id")).values(jwe=None, week=None)
_LAST: Final = bindparam("last", type_=records.c.until.type)
_LAST_HOLD: Final = select(func.max(holds.c.starts)).where(
    holds.c.record_id == bindparam("this_id"), holds.c.ended_at.is_(None)
)
_HELD_PARTS: Final = select(holds.c.part).where(holds.c.record_id == bindparam("this_id"), holds.c.ended_at.is_(None))
_DROP_COPIES: Final = delete(copies).where(
    copies.c.record_id == bindparam("this_id"), copies.c.part.not_in(_HELD_PARTS)
)
_OTHERS: Final = _EMPTY.where(parts.c.name.not_in(_HELD_PARTS))
_SOONER: Final = tuple(
    update(table).where(owner == bindparam("this_id"), *more, or_(end.is_(None), end > _LAST))
    for table, owner, end, more in (
        (parts, parts.c.record_id, parts.c.until, (parts.c.ended_at.is_(None), parts.c.jwe.is_not(None))),
        (index_entries, index_entries.c.record_id, index_entries.c.until, ()),
        (records, records.c.id, records.c.clear_until, ()),
    )
)
_LONGER: Final = update(records).where(records.c.id == bindparam("this_id"), records.c.until < _LAST)
STANDS_FOR: Final = (
    select(index_entries.c.record_id, orders.c.shop, orders.c.order, orders.c.until)
    .join(
        orders,
        and_(
            orders.c.shop == index_entries.c.shop,
            orders.c.order == index_entries.c.digest,
            orders.c.record_id == index_entries.c.record_id,
        ),
    )
    .where(index_entries.c.record_id.in_(bindparam("ids", expanding=True)), index_entries.c.kind == "order.id")
    .order_by(orders.c.shop, orders.c.order)  # whoever locks several locks them in this order
)
"""The orders for which records (``ids``) stand."""

_ORDERS: Final = STANDS_FOR.with_for_update(of=orders)
_KEEP_ORDER: Final = update(orders).where(
    orders.c.shop == bindparam("this_shop"),
    orders.c.order == bindparam("this_order"),
    or_(orders.c.until.is_(None), orders.c.until < _LAST),
)
_END_OPEN: Final = (
    update(records)
    .where(records.c.id == bindparam("this_id"))
    .values(until=func.coalesce(records.c.until, _LAST), clear_until=func.coalesce(records.c.clear_until, _LAST)),
    update(parts).where(parts.c.record_id == bindparam("this_id"), parts.c.until.is_(None)).values(until=_LAST),
    update(copies).where(copies.c.record_id == bindparam("this_id"), copies.c.until.is_(None)).values(until=_LAST),
    update(index_entries)
    .where(index_entries.c.record_id == bindparam("this_id"), index_entries.c.until.is_(None))
    .values(until=_LAST),
)
_PINNED: Final = (
    select(holds.c.id)
    .join(parts, and_(parts.c.record_id == holds.c.record_id, parts.c.name == holds.c.part))
    .join(records, records.c.id == holds.c.record_id)
    .where(
        holds.c.record_id == bindparam("this_id"),
        holds.c.ended_at.is_(None),
        holds.c.until >= bindparam("today", type_=holds.c.until.type),
        or_(parts.c.jwe.is_(None), records.c.state == State.CLAIMED),
        parts.c.ended_at.is_(None),
        records.c.state.not_in((State.WITHDRAWN, State.CANCELLED, State.CANCELLING)),
    )
    .limit(1)
)
_REPORT: Final = select(removals.c.until).where(removals.c.id == bindparam("this_id"))
_LENGTHEN: Final = update(removals).where(
    removals.c.id == bindparam("this_id"), removals.c.until < bindparam("this_until")
)


def store(
    connection: Connection,
    upserts: Upserts,
    record: Record,
    shop: str,
    created_at: datetime,
    integration: bytes | None = None,
    predecessor: str | None = None,
    formers: Sequence[str] = (),
) -> None:
    """Write a record with its parts, index entries and removal report; from now on it waits, is held until its
    predecessor is gone, or blocked until there is a declaration. ``integration`` is the keyed digest of the request to
    integrate under which it was taken, ``formers`` what ``numbers_sql`` says of the one before it.
    """
    _keep_report(connection, upserts, record, created_at)
    state = State.BLOCKED if record.blocked else State.HELD if predecessor else State.WAITING
    row = {
        "id": record.id,
        "reference": record.reference,
        "shop": shop,
        "carrier": record.carrier,
        "state": state,
        "due": record.due if state is State.WAITING else None,
        "first_due": record.due,
        "predecessor": predecessor,
        "integration": integration,
        "removal": record.removal.id,
        "created_at": created_at,
        "until": record.until,
        "receipt": record.receipt,
        "clear": record.clear,
        "clear_until": record.clear_until,
    }
    connection.execute(_NEW_RECORD, row)
    told = ((_NEW_PARTS, _parts(record)), (_NEW_COPIES, _copies(record)), (_NEW_ENTRIES, _entries(record, shop)))
    for statement, rows in told:
        if rows:  # SQLAlchemy takes an empty list for one row of defaults
            connection.execute(statement, rows)
    making_sql.listen(connection, record, formers)


def remove(connection: Connection, record_id: str) -> None:
    """Delete a record; by their foreign keys its parts and index entries go with it."""
    connection.execute(_REMOVE, {"this_id": record_id})


def is_held(connection: Connection, record_id: str) -> bool:
    """Whether there is a legal hold on any part of the record, whose row is locked."""
    return connection.execute(_LAST_HOLD, {"this_id": record_id}).scalar_one() is not None


def is_pinned(connection: Connection, record_id: str, day: date) -> bool:
    """Whether there is a legal hold on a part that the parcel platform has, or is about to have, and that is not sealed
    here any more: to take the record back would take what is held. What is being taken back already is none. The
    record's row is locked.
    """
    return connection.execute(_PINNED, {"this_id": record_id, "today": day}).first() is not None


def withdraw(connection: Connection, record_id: str, at: datetime, code: str | None, until: date | None) -> None:
    """End a record that was never claimed: what would have been sent leaves, and all that leads to it or tells of it.

    ``until`` is how long its mere state may be remembered; None where nothing says so.
    """
    gone = {"due": None, "settled_at": at, "last_code": code, "until": until or today(at) + REMEMBERED}
    news = {"state": State.WITHDRAWN, **gone}
    connection.execute(_CHANGE, {"this_id": record_id, **news})
    if code == Ending.REPLACED:  # what takes its place knows what it knew
        making_sql.forget(connection, record_id)
    else:
        making_sql.withdrawn(connection, record_id, at)
    _leave(connection, record_id, at)


def forget(connection: Connection, record_id: str, at: datetime) -> None:
    """All that leads to a record that was never claimed leaves, and what would have been sent; as ``let_go``."""
    making_sql.forget(connection, record_id)
    _leave(connection, record_id, at)


def _leave(connection: Connection, record_id: str, at: datetime) -> None:
    drop_copies(connection, record_id)
    if not let_go(connection, record_id, at):
        connection.execute(_UNINDEX, {"this_id": record_id})
        connection.execute(_CHANGE, {"this_id": record_id, "receipt": ""})


def let_go(connection: Connection, record_id: str, at: datetime) -> bool:
    """There is no shipment any more that would have been a reason to keep what would have been sent: it leaves, but for
    the parts that are legally held, and what leads to them. These stay where they are until no hold keeps them, or the
    last of their holds begins. Whether anything is held.
    """
    this = {"this_id": record_id}
    connection.execute(_OTHERS, this)
    starts = connection.execute(_LAST_HOLD, this).scalar_one()
    if starts is None:
        connection.execute(_CHANGE, {**this, "clear": None})
        return False
    last = max(starts, today(at))
    for statement, name in zip(_SOONER, ("until", "until", "clear_until"), strict=True):
        connection.execute(statement, {**this, "last": last, name: last})
    connection.execute(_LONGER, {**this, "last": last, "until": last})
    return True


def end_open(connection: Connection, record_id: str, at: datetime) -> None:
    """What waited for its clock ends with the memory of it: there is no shipment any more that could start one."""
    last = today(at) + REMEMBERED
    keep_orders(connection, [order for order in orders_of(connection, [record_id]) if order.until is None], last)
    for statement in _END_OPEN:
        connection.execute(statement, {"this_id": record_id, "last": last})


def orders_of(connection: Connection, ids: Collection[str]) -> Sequence[Any]:
    """The orders for which these records stand, locked: (record_id, shop, order, until)."""
    return chain_sql.locked(connection, _ORDERS, {"ids": sorted(ids)})


def keep_orders(connection: Connection, of_record: Iterable[Any], last: date) -> None:
    """Remember these orders until that day, and longer where they are already."""
    keys = [{"this_shop": row.shop, "this_order": row.order, "last": last, "until": last} for row in of_record]
    if keys:
        connection.execute(_KEEP_ORDER, keys)


def recall(connection: Connection, record_id: str, state: State, ending: Ending, at: datetime) -> None:
    """A frozen record is to be cancelled at the platform: at once, unless a relay has it in hand."""
    news: dict[str, Any] = {"ending": ending}
    if state in _NOT_IN_HAND:
        news |= {"state": State.CANCELLING, "due": at, "attempts": 0}
    connection.execute(_CHANGE, {"this_id": record_id, **news})


def flag(connection: Connection, record_id: str) -> None:
    """The order changed after its record was frozen, and the parcel did not."""
    connection.execute(_CHANGE, {"this_id": record_id, "changed_after_delivery": True, "changed_seen_at": None})


def empty_parts(connection: Connection, record_id: str) -> None:
    """The sealed parts leave, their tags stay."""
    connection.execute(_EMPTY, {"this_id": record_id})


def drop_copies(connection: Connection, record_id: str) -> None:
    """There is no shipment any more that would have been a reason to keep them, but for what is legally held."""
    connection.execute(_DROP_COPIES, {"this_id": record_id})


def _parts(record: Record) -> list[dict[str, Any]]:
    return [
        {
            "record_id": record.id,
            "name": part.name,
            "position": position,
            "retention": part.retention,
            "trigger": part.trigger,
            "starts": part.starts,
            "until": part.until,
            "ceiling": part.ceiling,
            "jwe": part.jwe,
            "week": part.week,
        }
        for position, part in enumerate(record.parts)
    ]


def _copies(record: Record) -> list[dict[str, Any]]:
    return [
        {"record_id": record.id, "part": part.name, "kid": part.copy.kid, "until": part.until, "jwe": part.copy.jwe}
        for part in record.parts
        if part.copy
    ]


def _entries(record: Record, shop: str) -> list[dict[str, Any]]:
    return [
        {"shop": shop, "kind": entry.kind, "digest": entry.digest, "record_id": record.id, "until": entry.until}
        for entry in record.index
    ]


def _keep_report(connection: Connection, upserts: Upserts, record: Record, created_at: datetime) -> None:
    """Keep the removal report as long as the longest-lived record of its shape.

    Read first: an unconditional upsert would make all intakes of one shape wait for each other.
    """
    report = {"this_id": record.removal.id}
    last = record.until or today(created_at)  # it is kept as long as a record links to it anyhow
    until = connection.execute(_REPORT, report).scalar_one_or_none()
    if until is not None and until >= last:
        return
    removed, doubted = (
        [[one.path, one.reason] for one in told] for told in (record.removal.removed, record.removal.doubted)
    )
    row = {"id": record.removal.id, "removed": removed, "doubted": doubted, "until": last}
    longer = report | {"this_until": last, "until": last}
    # The purge may take an ended one between the look and here; another intake may have made a shorter one.
    if (
        not connection.execute(_LENGTHEN, longer).rowcount
        and not connection.execute(upserts.new[removals], row).rowcount
    ):
        connection.execute(_LENGTHEN, longer)
