"""Parts that the purge cannot read: another program's, or a damaged file's. Each is named, and stops no other.

A day that is none sorts before all days or after them. In the first case it stands where the purge begins, in the
second where nothing ever ends; so both places are looked at, in pages.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Text, bindparam, func, select, tuple_, type_coerce

from middleware.model_purge import Kind, PartKey
from middleware.storage import purge_sql, unstarted_sql
from middleware.storage.tables import UnreadableError, day, moment, parts, records

LAST: Final = "9999-12-31"
"""No day sorts after this one."""

_UNTIL: Final = type_coerce(parts.c.until, Text)
_CEILING: Final = type_coerce(parts.c.ceiling, Text)
_RAW: Final = (
    parts.c.record_id,
    parts.c.name,
    type_coerce(parts.c.starts, Text).label("starts"),
    type_coerce(records.c.first_claimed_at, BigInteger).label("first_claimed_at"),
    type_coerce(records.c.until, Text).label("record_until"),
)
_ENDS: Final = select(parts.c.record_id, _UNTIL.label("until")).where(
    parts.c.record_id.in_(bindparam("ids", expanding=True))
)
_ENDING: Final = ((Kind.PARTS, _UNTIL), (Kind.UNSTARTED, _CEILING))
_NEVER: Final = (
    select(parts.c.record_id, parts.c.name).where(parts.c.ended_at.is_(None), bindparam("last") < _UNTIL),
    select(parts.c.record_id, parts.c.name)
    .join(records, records.c.id == parts.c.record_id)
    .where(unstarted_sql.IS_OPEN, bindparam("last") < _CEILING),
)


def unreadable(
    connection: Connection, today: date, now: datetime, most: int, without: Collection[PartKey]
) -> frozenset[PartKey]:
    """Those of the next ``most`` parts that have ended, and of so many that never would. What ends without a clock is
    left, too, where another part of its record cannot be read: the end of the record follows from all of them.
    """
    found = []
    for kind, last in _ENDING:
        raw = (*_RAW, last.label("until"))
        page = purge_sql.due(kind, without).with_only_columns(*raw, maintain_column_froms=True).limit(most)
        ended = connection.execute(page, purge_sql.asked(today, now)).all()
        odd = _odd(connection, ended) if kind is Kind.UNSTARTED else frozenset()
        found += [row for row in ended if row.record_id in odd or not _readable(row)]
    for never in _NEVER:
        others = never.where(tuple_(parts.c.record_id, parts.c.name).not_in(list(without))) if without else never
        found += connection.execute(others.limit(most), {"last": LAST}).all()
    return frozenset((row.record_id, row.name) for row in found)


def never_ending(connection: Connection, most: int) -> int:
    """How many parts never end as their day is none."""
    return sum(
        connection.execute(select(func.count()).select_from(never.limit(most).subquery()), {"last": LAST}).scalar_one()
        for never in _NEVER
    )


def _odd(connection: Connection, rows: Sequence[Any]) -> frozenset[str]:
    """The records of these parts of which any part has a last day that is none."""
    ids = {row.record_id for row in rows}
    ends = connection.execute(_ENDS, {"ids": list(ids)}).all() if ids else ()
    return frozenset(row.record_id for row in ends if not _are_days(row.until))


def _are_days(*values: object) -> bool:
    try:
        for value in values:
            if value is not None:
                day(value)
    except UnreadableError:
        return False
    return True


def _readable(row: Any) -> bool:
    try:
        if row.first_claimed_at is not None:
            moment(row.first_claimed_at)
    except UnreadableError:
        return False
    return _are_days(row.starts, row.until, row.record_until)
