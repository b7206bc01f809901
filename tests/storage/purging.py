"""What the tests of the purge share: an opened port, a year that passes, and what is left."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Engine, select

from middleware.model_purge import Boot
from middleware.purge import Purge
from middleware.storage import open_retention
from middleware.storage.tables import metadata

LAST_DAY = date(2027, 12, 22)
"""The last permitted day of a recipient's part of ``builders.record``."""

LAST_MOMENT = datetime(2027, 12, 22, 22, 59, 59, 999999, tzinfo=UTC)
NEXT_DAY = datetime(2027, 12, 22, 23, 0, tzinfo=UTC)
"""Midnight in Brussels."""

TEN_YEARS = datetime(2036, 11, 22, 23, 0, tzinfo=UTC)
"""Midnight after the sender's last day."""

BOOT = Boot(id="made up", since=None)
"""A machine that cannot tell how long it has been running."""


def purge(url: str, now: datetime, **changes: Any) -> dict[str, int]:
    """Purge once, at ``now``: how much of each kind went."""
    purging = open_retention(url)
    try:
        made = Purge(purging=purging, clock=lambda: now, boot=lambda: BOOT, **changes)
        taken = made.run()
        assert taken is not None
        return {str(kind): count for kind, count in taken.items()}
    finally:
        purging.close()


def rows(behind: Engine, name: str) -> list[dict[str, Any]]:
    """All of a table."""
    with behind.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(metadata.tables[name]))]


def sealed(behind: Engine) -> set[tuple[str, str]]:
    """(record, part) of what is sealed here still."""
    return {(row["record_id"], row["name"]) for row in rows(behind, "parts") if row["jwe"] is not None}
