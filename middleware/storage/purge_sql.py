"""How what has ended leaves the database: batch by batch, each a short transaction of its own.

``until`` is the last permitted day, so a row has ended when it lies before today. A batch is chosen by an index on
``until``, its rows are locked (those that somebody else has are left for the next run), then taken. What a relay has in
hand is not touched: its lease is short, and when it ends the relay itself finds that the time is over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    not_,
    select,
    tuple_,
    update,
)

from middleware.model import State
from middleware.model_purge import Kind
from middleware.storage.database import Database
from middleware.storage.tables import inbox, index_entries, orders, parts, records, rejections, removals

EXPIRED: Final = "expired"

_DAY: Final = bindparam("day", type_=records.c.until.type)
_NOW: Final = bindparam("now", type_=records.c.due.type)
_IN_HAND: Final = and_(records.c.state == State.CLAIMED, records.c.due > _NOW)
_GOES_ON: Final = (
    select(parts.c.name)
    .where(parts.c.record_id == records.c.id, parts.c.ended_at.is_(None))
    .correlate(records)
    .exists()
)
_LINKED: Final = select(records.c.id).where(records.c.removal == removals.c.id).correlate(removals).exists()

_ENDED: Final[Mapping[Kind, Select[Any]]] = {
    Kind.PARTS: select(parts.c.record_id, parts.c.name)
    .join(records, records.c.id == parts.c.record_id)
    .where(parts.c.until < _DAY, parts.c.ended_at.is_(None), not_(func.coalesce(_IN_HAND, False)))
    .order_by(parts.c.until),
    Kind.CLEAR: select(records.c.id)
    .where(records.c.clear_until < _DAY, records.c.clear.is_not(None), not_(func.coalesce(_IN_HAND, False)))
    .order_by(records.c.clear_until),
    Kind.INDEX: select(*index_entries.primary_key).where(index_entries.c.until < _DAY),
    Kind.ORDERS: select(*orders.primary_key).where(orders.c.until < _DAY),
    Kind.INBOX: select(*inbox.primary_key).where(inbox.c.until < _DAY),
    Kind.REJECTIONS: select(*rejections.primary_key).where(rejections.c.until < _DAY),
    # A record that was withdrawn is remembered for less than its parts would have been kept.
    Kind.RECORDS: select(records.c.id).where(
        records.c.until < _DAY, (records.c.state == State.WITHDRAWN) | not_(_GOES_ON)
    ),
    Kind.REMOVALS: select(removals.c.id).where(removals.c.until < _DAY, not_(_LINKED)),
}
"""The keys of what has ended, by kind."""

_TABLES: Final[Mapping[Kind, Table]] = {
    Kind.PARTS: parts,
    Kind.CLEAR: records,
    Kind.INDEX: index_entries,
    Kind.ORDERS: orders,
    Kind.INBOX: inbox,
    Kind.REJECTIONS: rejections,
    Kind.RECORDS: records,
    Kind.REMOVALS: removals,
}
_LOCKED: Final[Mapping[Kind, Table]] = {**_TABLES, Kind.PARTS: records}
"""Whose rows are locked: of a part its record's, as the relay does."""

_EMPTY: Final = (
    update(parts)
    .where(parts.c.record_id == bindparam("this_id"), parts.c.name == bindparam("this_name"))
    .values(jwe=None)
)
_CLEAR: Final = update(records).where(records.c.id == bindparam("this_id")).values(clear=None)
_BURY: Final = (  # what is to be cancelled stays so: that needs no part of it
    update(records)
    .where(
        records.c.id == bindparam("this_id"),
        records.c.state.in_((State.WAITING, State.HELD, State.CLAIMED)),
        records.c.ending.is_(None),
    )
    .values(state=State.DEAD, due=None, last_code=EXPIRED)
)


class SqlPurging:
    """``middleware.ports.Purging``. Raises: StorageError from every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended(self, day: date, most: int) -> Mapping[Kind, int]:
        asked = {"day": day, "now": None}
        return self._database.read(
            lambda connection: {
                kind: connection.execute(_counted(found, most), asked).scalar_one() for kind, found in _ENDED.items()
            }
        )

    def purge(self, kind: Kind, day: date, now: datetime, limit: int) -> int:
        return self._database.write(lambda connection: _purge(connection, kind, day, now, limit))

    def sweep(self, kinds: Collection[Kind]) -> None:
        self._database.sweep({_TABLES[kind]: None for kind in kinds}.keys())

    def close(self) -> None:
        self._database.close()


def _counted(found: Select[Any], most: int) -> Select[Any]:
    return select(func.count()).select_from(found.order_by(None).limit(most).subquery())


def _purge(connection: Connection, kind: Kind, day: date, now: datetime, limit: int) -> int:
    batch = _ENDED[kind].limit(limit).with_for_update(skip_locked=True, of=_LOCKED[kind])
    keys = [tuple(row) for row in connection.execute(batch, {"day": day, "now": now}).all()]
    if keys:
        _take(connection, kind, keys, now)
    return len(keys)


def _take(connection: Connection, kind: Kind, keys: list[tuple[Any, ...]], now: datetime) -> None:
    if kind is Kind.PARTS:
        connection.execute(_EMPTY, [{"this_id": id_, "this_name": name, "ended_at": now} for id_, name in keys])
    elif kind is Kind.CLEAR:
        connection.execute(_CLEAR, [{"this_id": id_} for (id_,) in keys])
    else:
        connection.execute(delete(_TABLES[kind]).where(_key(_TABLES[kind]).in_(_plain(keys))))
        return
    connection.execute(_BURY, [{"this_id": id_, "settled_at": now} for id_ in {key[0] for key in keys}])


def _key(table: Table) -> ColumnElement[Any]:
    columns = list(table.primary_key)
    return tuple_(*columns) if len(columns) > 1 else columns[0]


def _plain(keys: list[tuple[Any, ...]]) -> list[Any]:
    return [key if len(key) > 1 else key[0] for key in keys]
