"""What is sealed to transit keys, week by week, in the transaction that is handed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from middleware.model_keys import AuditEntry
from middleware.storage import audit_sql
from middleware.storage.tables import parts

THERE: Final = parts.c.week.is_not(None)
"""As its index says it: a partial index is used where its condition is said in full. With the part its week leaves."""

_WEEKS: Final = (
    select(parts.c.week, func.count(parts.c.record_id.distinct()).label("records")).where(THERE).group_by(parts.c.week)
)
_WAIT: Final = select(func.count(parts.c.record_id.distinct())).where(THERE, parts.c.week == bindparam("this_week"))


def weeks(connection: Connection) -> Mapping[str, int]:
    """How many records hold parts that are sealed to the keys of each week."""
    return {row.week: row.records for row in connection.execute(_WEEKS).all()}


def note(connection: Connection, entry: AuditEntry, week: str | None) -> int:
    """Write the entry, unless records of that week wait: how many do."""
    waiting = connection.execute(_WAIT, {"this_week": week}).scalar_one() if week else 0
    if not waiting:
        audit_sql.note(connection, entry)
    return int(waiting)
