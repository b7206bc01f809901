"""Parts of what nothing sends, and whose clock therefore never starts: how they end all the same, in the transaction
that is handed in.

What is dead, in quarantine or blocked may stay as if the trigger had come on the day of intake, and no longer. Once it
goes out again it is found here no more. Such a record has no last day (``schedule.ends``), so an index finds it.

Orders are locked before their records, as intake does; nothing of it waits for anybody.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, insert, select, update

from middleware.core.lifecycle import IDLE
from middleware.model_keys import Fact
from middleware.storage import clocks_sql, records_sql
from middleware.storage.standings_sql import THE_PURGE
from middleware.storage.tables import audit_entries, index_entries, orders, parts, records

_IDLE: Final = sorted(IDLE)
IS_OPEN: Final = and_(
    records.c.state.in_(_IDLE), records.c.until.is_(None), parts.c.until.is_(None), parts.c.ended_at.is_(None)
)
# without `until`: it need not be readable
_STANDS_FOR: Final = records_sql.STANDS_FOR.with_only_columns(
    index_entries.c.record_id, orders.c.shop, orders.c.order, maintain_column_froms=True
)
_LOCK_ORDERS: Final = _STANDS_FOR.with_for_update(of=orders, skip_locked=True)
_LOCK: Final = (
    select(records.c.id)
    .where(records.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(records.c.id)
    .with_for_update(skip_locked=True)
)
_CLOSE: Final = (
    update(parts)
    .where(parts.c.record_id == bindparam("this_id"), parts.c.name == bindparam("this_name"))
    .values(until=bindparam("last", type_=parts.c.until.type))
)
_ENDS: Final = select(parts.c.record_id, parts.c.name, parts.c.until).where(
    parts.c.record_id.in_(bindparam("ids", expanding=True))
)


def over(day: ColumnElement[date], held: ColumnElement[bool]) -> Select[Any]:
    """What has ended so before ``day`` and is not ``held``: as the purge's other parts, its last day the ceiling."""
    return (
        select(
            parts.c.record_id,
            parts.c.name,
            parts.c.retention,
            parts.c.starts,
            parts.c.ceiling.label("until"),
            records.c.carrier,
            records.c.first_claimed_at,
            records.c.until.label("record_until"),
        )
        .join(records, records.c.id == parts.c.record_id)
        .where(IS_OPEN, parts.c.ceiling < day, ~held)
    )


def close(
    connection: Connection, found: Select[Any], asked: Mapping[str, Any], limit: int, now: datetime
) -> Sequence[Any]:
    """The parts of ``found``, for the purge: their records locked, their last day set, and with it that of what leads
    to them and of their record. What somebody else has in hand is left for the next run. It is noted in the audit log.
    """
    some = found.with_only_columns(parts.c.record_id, maintain_column_froms=True).limit(limit)
    ids = sorted(set(connection.execute(some, asked).scalars()))
    of_orders, locked = _locked(connection, ids)
    rows = connection.execute(found.where(records.c.id.in_(locked)).limit(limit), asked).all()  # nobody moves it now
    if rows:
        keys = [{"this_id": row.record_id, "this_name": row.name, "last": row.until} for row in rows]
        connection.execute(_CLOSE, keys)
        _follow(connection, sorted({row.record_id for row in rows}), of_orders, now)
    return rows


def _locked(connection: Connection, ids: Collection[str]) -> tuple[Sequence[Any], Collection[str]]:
    """The orders of these records, (record_id, shop, order), and the records, both locked: what is free of them. A
    record whose order somebody else has, or has just taken forward to a new key, is not among them.
    """
    asked = {"ids": list(ids)}
    of_orders = connection.execute(_LOCK_ORDERS, asked).all()
    locked = set(connection.execute(_LOCK, asked).scalars())
    known = {row.record_id for row in connection.execute(_STANDS_FOR, asked)}
    return of_orders, locked - (known - {row.record_id for row in of_orders})


def _follow(connection: Connection, ids: Collection[str], of_orders: Sequence[Any], now: datetime) -> None:
    ends: dict[str, dict[str, date | None]] = {record_id: {} for record_id in ids}
    for row in connection.execute(_ENDS, {"ids": list(ids)}):
        ends[row.record_id][row.name] = row.until
    for record_id, until in ends.items():
        clocks_sql.stretch(connection, record_id, until, [one for one in of_orders if one.record_id == record_id])
    entries = [
        {"id": str(uuid.uuid4()), "at": now, "fact": Fact.NEVER_STARTED, "subject": record_id, "actor": THE_PURGE}
        for record_id in ids
    ]
    connection.execute(insert(audit_entries), entries)
