"""How what has ended leaves the database: batch by batch, each a short transaction of its own.

``until`` is the last permitted day, so a row has ended when it lies before today. A batch is chosen by an index on
``until``, its rows are locked (those that somebody else has are left for the next run), then taken. What a relay has in
hand is not touched: its lease is short, and when it ends the relay itself finds that the time is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    not_,
    or_,
    select,
    tuple_,
    update,
)

from middleware.core.weeks import oldest
from middleware.model import State
from middleware.model_purge import Kind, PartKey, Telling, Told
from middleware.storage import burying_sql, chain_sql, standings_sql, unstarted_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import (
    copies,
    idempotency,
    inbox,
    index_entries,
    orders,
    parts,
    records,
    rejections,
    removals,
)
from middleware.storage.tables_back import listeners
from middleware.storage.tables_retention import events, holds, notices, standings, terms
from middleware.storage.transit_sql import THERE

EXPIRED: Final = "expired"
KEY_GONE: Final = "key-gone"
"""Why a record is buried whose weekly key may exist no longer."""

SHOWN: Final = timedelta(days=30)
"""How long at least it is told what came of an erasure, though its record is gone."""

_DAY: Final = bindparam("day", type_=records.c.until.type)
_NOW: Final = bindparam("now", type_=records.c.due.type)
_IN_HAND: Final = and_(records.c.state == State.CLAIMED, records.c.due > _NOW)
_GOES_ON: Final = (
    select(parts.c.name)
    .where(parts.c.record_id == records.c.id, parts.c.ended_at.is_(None))
    .correlate(records)
    .exists()
)
_KNOWN: Final = select(records.c.id).where(records.c.id == holds.c.record_id).correlate(holds).exists()
_SHIPPED: Final = select(records.c.id).where(records.c.shop == standings.c.shop).correlate(standings).exists()
_LED_TO: Final = (
    select(index_entries.c.record_id)
    .where(
        index_entries.c.shop == standings.c.shop,
        index_entries.c.kind == chain_sql.CUSTOMER,
        index_entries.c.digest == standings.c.customer,
    )
    .correlate(standings)
    .exists()
)
_OF_SOMEBODY: Final = or_(and_(standings.c.customer == standings_sql.NOBODY, _SHIPPED), _LED_TO)
"""The shop's own user has records while the shop has one, a contact or a customer while one leads to them."""

_LINKED: Final = select(records.c.id).where(records.c.removal == removals.c.id).correlate(removals).exists()
_HOLDS: Final = (holds.c.ended_at.is_(None), holds.c.starts <= _DAY, holds.c.until >= _DAY)
_HELD_NOW: Final = select(holds.c.record_id, holds.c.part).where(
    holds.c.record_id.in_(bindparam("ids", expanding=True)), *_HOLDS
)
_PART_HELD: Final = (
    select(holds.c.id)
    .where(holds.c.record_id == parts.c.record_id, holds.c.part == parts.c.name, *_HOLDS)
    .correlate(parts)
    .exists()
)


def _held(record_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether any part of the record is held: what leads to it, or says whose it is, is kept with it."""
    return select(holds.c.id).where(holds.c.record_id == record_id, *_HOLDS).exists()


_ENDED: Final[Mapping[Kind, Select[Any]]] = {
    Kind.PARTS: select(
        parts.c.record_id,
        parts.c.name,
        parts.c.retention,
        parts.c.starts,
        parts.c.until,
        records.c.carrier,
        records.c.first_claimed_at,
        records.c.until.label("record_until"),
    )
    .join(records, records.c.id == parts.c.record_id)
    .where(parts.c.until < _DAY, parts.c.ended_at.is_(None), not_(func.coalesce(_IN_HAND, False)), not_(_PART_HELD))
    .order_by(parts.c.until),
    Kind.TRANSIT: select(parts.c.record_id, parts.c.name)
    .join(records, records.c.id == parts.c.record_id)
    .where(THERE, parts.c.week < bindparam("oldest"), not_(func.coalesce(_IN_HAND, False)))
    .order_by(parts.c.week),
    Kind.UNSTARTED: unstarted_sql.over(_DAY, _PART_HELD),
    Kind.CLEAR: select(records.c.id)
    .where(
        records.c.clear_until < _DAY,
        records.c.clear.is_not(None),
        not_(func.coalesce(_IN_HAND, False)),
        not_(_held(records.c.id)),
    )
    .order_by(records.c.clear_until),
    Kind.INDEX: select(*index_entries.primary_key).where(
        index_entries.c.until < _DAY, not_(_held(index_entries.c.record_id))
    ),
    Kind.ORDERS: select(*orders.primary_key).where(orders.c.until < _DAY),
    Kind.INBOX: select(*inbox.primary_key).where(inbox.c.until < _DAY),
    Kind.CALLS: select(*idempotency.primary_key).where(idempotency.c.until < _DAY),
    Kind.REJECTIONS: select(*rejections.primary_key).where(rejections.c.until < _DAY),
    Kind.LISTENERS: select(listeners.c.record_id).where(listeners.c.until < _DAY),
    # A record that was withdrawn is remembered for less than its parts would have been kept.
    Kind.RECORDS: select(records.c.id).where(
        records.c.until < _DAY,
        (records.c.state == State.WITHDRAWN) | not_(_GOES_ON),
        not_(_held(records.c.id)),
    ),
    Kind.REMOVALS: select(removals.c.id).where(removals.c.until < _DAY, not_(_LINKED)),
    Kind.NOTICES: select(*notices.primary_key).where(notices.c.until < _DAY, notices.c.due.is_(None)),
    Kind.HOLDS: select(*holds.primary_key).where(holds.c.until < _DAY, not_(_KNOWN)),
    Kind.TERMS: standings_sql.ended(_DAY),
    Kind.STANDINGS: select(*standings.primary_key).where(standings.c.until < _DAY, not_(_OF_SOMEBODY)),
    Kind.EVENTS: select(events.c.id).where(events.c.until < _DAY),
}
"""What has ended, by kind: its keys; of a part what its parcel platform is told as well."""

_TABLES: Final[Mapping[Kind, Table]] = {
    Kind.PARTS: parts,
    Kind.TRANSIT: parts,
    Kind.UNSTARTED: parts,
    Kind.CLEAR: records,
    Kind.INDEX: index_entries,
    Kind.ORDERS: orders,
    Kind.INBOX: inbox,
    Kind.CALLS: idempotency,
    Kind.REJECTIONS: rejections,
    Kind.LISTENERS: listeners,
    Kind.RECORDS: records,
    Kind.REMOVALS: removals,
    Kind.NOTICES: notices,
    Kind.HOLDS: holds,
    Kind.TERMS: terms,
    Kind.STANDINGS: standings,
    Kind.EVENTS: events,
}
_LOCKED: Final[Mapping[Kind, Table]] = {**_TABLES, Kind.PARTS: records, Kind.TRANSIT: records}
"""Whose rows are locked: of a part its record's, as the relay does."""

_EMPTY: Final = (
    update(parts)
    .where(parts.c.record_id == bindparam("this_id"), parts.c.name == bindparam("this_name"))
    .values(jwe=None, week=None)
)
_UNTELL: Final = delete(notices).where(
    notices.c.record_id == bindparam("this_id"),
    notices.c.part == bindparam("this_name"),
    notices.c.telling == Telling.RETAIN,
)
_UNCOPY: Final = delete(copies).where(
    copies.c.record_id == bindparam("this_id"), copies.c.part == bindparam("this_name")
)
_CLEAR: Final = update(records).where(records.c.id == bindparam("this_id")).values(clear=None)
_ALIVE: Final = (State.WAITING, State.BLOCKED, State.HELD, State.CLAIMED)
_TO_BURY: Final = (  # what is to be cancelled stays so: that needs no part of it
    select(records.c.id)
    .where(records.c.id.in_(bindparam("ids", expanding=True)), records.c.state.in_(_ALIVE), records.c.ending.is_(None))
    .with_for_update()
)
_SAY_WHY: Final = (
    update(records)
    .where(
        records.c.id.in_(bindparam("ids", expanding=True)),
        records.c.state == State.DEAD,
        records.c.ending.is_(None),
    )
    .values(last_code=bindparam("code"))
)


def ended(connection: Connection, day: date, most: int) -> Mapping[Kind, int]:
    values = asked(day, None)
    return {kind: connection.execute(_counted(found, most), values).scalar_one() for kind, found in _ENDED.items()}


def due(kind: Kind, without: Collection[PartKey] = ()) -> Select[Any]:
    """What has ended of a kind, but for these parts; takes ``asked``."""
    found = _ENDED[kind]
    return found.where(tuple_(parts.c.record_id, parts.c.name).not_in(list(without))) if without else found


def asked(day: date, now: datetime | None) -> Mapping[str, Any]:
    """What ``due`` has to be told: the day in question, and a time to which a relay's leases are compared."""
    return {"day": day, "now": now, "oldest": oldest(day)}


def tables_of(kinds: Collection[Kind]) -> Collection[Table]:
    """From which tables these kinds are taken."""
    found = {_TABLES[kind]: None for kind in kinds}
    return (found | {copies: None} if parts in found else found).keys()


def _counted(found: Select[Any], most: int) -> Select[Any]:
    return select(func.count()).select_from(found.order_by(None).limit(most).subquery())


def purge(
    connection: Connection,
    upserts: Upserts,
    kind: Kind,
    day: date,
    now: datetime,
    limit: int,
    without: Collection[PartKey] = (),
) -> int:
    """One batch; a part's end is told to the parcel platform in the same transaction, where it may hold it."""
    batch = due(kind, without)
    if kind is Kind.UNSTARTED:
        found = unstarted_sql.close(connection, batch, asked(day, now), limit, now)
    else:
        page = batch.limit(limit).with_for_update(skip_locked=True, of=_LOCKED[kind])
        found = connection.execute(page, asked(day, now)).all()
    if not found:
        return 0
    if kind is Kind.PARTS:
        _end_parts(connection, upserts, _unheld(connection, found, day), day, now)
    elif kind is Kind.UNSTARTED:
        _end_parts(connection, upserts, found, day, now)
    elif kind is Kind.TRANSIT:  # a copy that stays is sealed to a month's key
        connection.execute(_EMPTY, [{"this_id": row.record_id, "this_name": row.name} for row in found])
        ids = {row.record_id for row in found}
        connection.execute(_SAY_WHY, {"ids": list(ids), "code": KEY_GONE})  # of what was a dead letter already
        _bury(connection, ids, now, KEY_GONE)
    elif kind is Kind.CLEAR:
        connection.execute(_CLEAR, [{"this_id": row.id} for row in found])
        _bury(connection, {row.id for row in found}, now)
    elif kind is Kind.TERMS:
        standings_sql.restrict(connection, found, now)
    else:
        table = _TABLES[kind]
        connection.execute(delete(table).where(_key(table).in_([_plain(row) for row in found])))
    return len(found)


def _unheld(connection: Connection, found: Sequence[Any], day: date) -> Sequence[Any]:
    """Without what somebody held while the batch was being chosen: now that its records are locked, nobody can."""
    ids = {row.record_id for row in found}
    held = {tuple(row) for row in connection.execute(_HELD_NOW, {"ids": list(ids), "day": day})}
    return [row for row in found if (row.record_id, row.name) not in held]


def _end_parts(connection: Connection, upserts: Upserts, found: Sequence[Any], day: date, now: datetime) -> None:
    if not found:
        return
    keys = [{"this_id": row.record_id, "this_name": row.name, "ended_at": now} for row in found]
    connection.execute(_EMPTY, keys)
    connection.execute(_UNCOPY, [{"this_id": row.record_id, "this_name": row.name} for row in found])
    told = [row for row in found if row.first_claimed_at is not None]  # else nobody but us ever had it
    if told:
        connection.execute(_UNTELL, [{"this_id": row.record_id, "this_name": row.name} for row in told])
        connection.execute(upserts.new[notices], [_erasure(row, day, now) for row in told])
    _bury(connection, {row.record_id for row in found}, now)


def _erasure(row: Row[Any], day: date, now: datetime) -> dict[str, Any]:
    return {
        "record_id": row.record_id,
        "part": row.name,
        "telling": Telling.ERASE,
        "carrier": row.carrier,
        "retention": row.retention,
        "starts": row.starts,
        "ends": row.until,
        "state": Told.WAITING,
        "due": now,
        "created_at": now,
        "until": max(row.record_until or row.until, day + SHOWN),
    }


def _bury(connection: Connection, ids: Collection[str], now: datetime, code: str = EXPIRED) -> None:
    alive = connection.execute(_TO_BURY, {"ids": list(ids)}).scalars().all()
    if alive:
        burying_sql.bury(connection, alive, State.DEAD, code, now)


def _key(table: Table) -> ColumnElement[Any]:
    columns = list(table.primary_key)
    return tuple_(*columns) if len(columns) > 1 else columns[0]


def _plain(row: Row[Any]) -> Any:
    return tuple(row) if len(row) > 1 else row[0]
