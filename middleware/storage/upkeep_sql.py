"""Who purges, and whether the clock is believed, in the transaction that is handed in: one row that is locked first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, update

from middleware.core.jump import jumped
from middleware.model_purge import Anchor, Boot, Upkeep
from middleware.storage.database import Upserts
from middleware.storage.tables_retention import clocks, upkeep

KEPT: Final = timedelta(days=30)
"""How long a boot that is not heard of any more is known."""

_MICROSECOND: Final = timedelta(microseconds=1)
_ROW: Final = select(upkeep).where(upkeep.c.id == 1)
_CHANGE: Final = update(upkeep).where(upkeep.c.id == 1)
_MINE: Final = update(upkeep).where(upkeep.c.id == 1, upkeep.c.fence == bindparam("this_fence"))
_CLOCK: Final = select(clocks).where(clocks.c.boot == bindparam("this_boot"))
_OLD: Final = delete(clocks).where(clocks.c.seen_at < bindparam("before", type_=clocks.c.seen_at.type))
_FORGIVE: Final = update(clocks).values(refused_at=None).where(clocks.c.refused_at.is_not(None))
_REFUSED: Final = select(clocks.c.boot).where(clocks.c.refused_at.is_not(None)).limit(1)


def begin(
    connection: Connection, upserts: Upserts, now: datetime, boot: Boot, lease: timedelta
) -> tuple[int | None, bool]:
    """(the lease's fence, or None; whether the clock has jumped)."""
    row = _locked(connection, upserts)
    known = connection.execute(_CLOCK, {"this_boot": boot.id}).one_or_none()
    anchor = None if known is None else Anchor(wall=known.wall, since=_since(known.since))
    if jumped(now, boot, anchor, row.newest):
        _note(connection, upserts, boot, anchor or Anchor(wall=now, since=boot.since), now, refused_at=now)
        return None, True
    _note(connection, upserts, boot, anchor or Anchor(wall=now, since=boot.since), now)
    connection.execute(_OLD, {"before": now - KEPT})
    newest = max(now, row.newest or now)
    if row.leased_until is not None and row.leased_until - 2 * lease < now < row.leased_until:
        connection.execute(_CHANGE, {"newest": newest})
        return None, False
    connection.execute(_CHANGE, {"newest": newest, "fence": row.fence + 1, "leased_until": now + lease})
    return row.fence + 1, False


def hold(connection: Connection, fence: int, until: datetime) -> bool:
    """Make the lease last until then. False if it was lost."""
    return connection.execute(_MINE, {"this_fence": fence, "leased_until": until}).rowcount == 1


def finish(connection: Connection, fence: int, now: datetime) -> None:
    connection.execute(_MINE, {"this_fence": fence, "leased_until": None, "last_run": now})


def accept(connection: Connection, upserts: Upserts, now: datetime, boot: Boot) -> None:
    row = _locked(connection, upserts)
    connection.execute(_FORGIVE)  # an earlier boot, or a machine that is gone; one that is still there says so again
    _note(connection, upserts, boot, Anchor(wall=now, since=boot.since), now)
    connection.execute(_CHANGE, {"newest": now, "leased_until": None, "fence": row.fence + 1})


def read(connection: Connection) -> Upkeep:
    row = connection.execute(_ROW).one_or_none()
    stopped = connection.execute(_REFUSED).first() is not None
    return Upkeep(last_run=None if row is None else row.last_run, stopped=stopped)


def _locked(connection: Connection, upserts: Upserts) -> Any:
    found = connection.execute(_ROW.with_for_update()).one_or_none()
    if found is None:
        connection.execute(upserts.new[upkeep], {"id": 1, "fence": 0})
        found = connection.execute(_ROW.with_for_update()).one()
    return found


def _note(
    connection: Connection,
    upserts: Upserts,
    boot: Boot,
    anchor: Anchor,
    now: datetime,
    refused_at: datetime | None = None,
) -> None:
    since = None if anchor.since is None else anchor.since // _MICROSECOND
    row = {"boot": boot.id, "wall": anchor.wall, "since": since, "seen_at": now, "refused_at": refused_at}
    connection.execute(upserts.put[clocks], row)


def _since(microseconds: int | None) -> timedelta | None:
    return None if microseconds is None else microseconds * _MICROSECOND
