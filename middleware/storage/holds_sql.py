"""Legal holds, in the transaction that is handed in: what is held ends later, here and at the parcel platform.

The record is locked first, as the purge does: a part is either held or has ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, bindparam, insert, select, tuple_, update

from middleware.core import clocks
from middleware.core.calendar import today
from middleware.model import State
from middleware.model_keys import Fact
from middleware.model_purge import Held, Hold, PartKey, Telling, Told
from middleware.storage.database import Upserts
from middleware.storage.tables import audit_entries, copies, parts, records, word
from middleware.storage.tables_retention import holds, notices

_PARTS: Final = (
    select(
        parts.c.record_id,
        parts.c.name,
        parts.c.retention,
        parts.c.starts,
        parts.c.until,
        parts.c.ceiling,
        records.c.state,
        records.c.carrier,
        records.c.first_claimed_at,
        records.c.until.label("record_until"),
    )
    .join(records, records.c.id == parts.c.record_id)
    .where(parts.c.record_id.in_(bindparam("ids", expanding=True)), parts.c.ended_at.is_(None))
    .order_by(parts.c.record_id, parts.c.position)
    .with_for_update(of=records)
)
_HELD_ON: Final = select(holds.c.record_id, holds.c.part).where(
    holds.c.record_id.in_(bindparam("ids", expanding=True)),
    holds.c.ended_at.is_(None),
    holds.c.starts <= bindparam("day", type_=holds.c.starts.type),
    holds.c.until >= bindparam("day", type_=holds.c.until.type),
)
_HELD: Final = select(holds.c.part).where(holds.c.record_id == bindparam("this_id"), holds.c.ended_at.is_(None))
_MOVED: Final = (
    select(parts.c.name, parts.c.trigger, parts.c.starts, parts.c.until, parts.c.ceiling, records.c.created_at)
    .join(records, records.c.id == parts.c.record_id)
    .where(records.c.id == bindparam("this_id"), parts.c.moved_at.is_not(None))
)
_LISTED: Final = select(holds).order_by(holds.c.created_at.desc(), *holds.primary_key)
_RELEASE: Final = update(holds).where(holds.c.id == bindparam("this_id"), holds.c.ended_at.is_(None))
_COPY: Final = update(copies).where(copies.c.record_id == bindparam("this_id"), copies.c.part == bindparam("this_part"))
_PASSING: Final = (
    select(parts.c.record_id, parts.c.name, parts.c.week)
    .join(holds, and_(holds.c.record_id == parts.c.record_id, holds.c.part == parts.c.name))
    .outerjoin(copies, and_(copies.c.record_id == parts.c.record_id, copies.c.part == parts.c.name))
    .where(holds.c.id == bindparam("this_id"), parts.c.week.is_not(None), copies.c.kid.is_(None))
    .order_by(parts.c.record_id, parts.c.position)
)
_FENCES: Final = select(notices.c.record_id, notices.c.part, notices.c.fence).where(
    notices.c.telling == Telling.RETAIN, notices.c.record_id.in_(bindparam("ids", expanding=True))
)


def hold(
    connection: Connection,
    upserts: Upserts,
    order: Held,
    ids: Collection[str],
    names: Collection[str],
    now: datetime,
) -> Sequence[Hold]:
    found = _living(connection, connection.execute(_PARTS, {"ids": list(ids)}).all(), today(now))
    chosen = [row for row in found if not names or row.name in names]
    hold_id = str(uuid.uuid4())
    made = [Hold(id=hold_id, record_id=row.record_id, part=row.name, created_at=now, **asdict(order)) for row in chosen]
    if made:
        connection.execute(insert(holds), [asdict(each) for each in made])
        _audit(connection, made, Fact.HELD, order.person, now)
        _move(connection, upserts, chosen, order.starts, now)
    return made


def _living(connection: Connection, rows: Sequence[Any], day: date) -> Sequence[Any]:
    """Those that have not ended: what is over is the purge's, whether it comes late or not, unless a hold keeps it."""
    ends = {(row.record_id, row.name): clocks.last_day(word(row.state, State), row.until, row.ceiling) for row in rows}
    over = {key for key, last in ends.items() if last is not None and last < day}
    asked = {"ids": sorted({record_id for record_id, _ in over}), "day": day}
    kept = {(row.record_id, row.part) for row in connection.execute(_HELD_ON, asked)} if over else set()
    return [row for row in rows if (row.record_id, row.name) not in over - kept]


def release(
    connection: Connection, upserts: Upserts, hold_id: str, person: str, day: date, now: datetime
) -> Sequence[Hold]:
    held = [_hold(row) for row in connection.execute(_LISTED.where(holds.c.id == hold_id, holds.c.ended_at.is_(None)))]
    keys = {(each.record_id, each.part) for each in held}
    found = connection.execute(_PARTS, {"ids": sorted({record_id for record_id, _ in keys})}).all() if held else []
    if not connection.execute(_RELEASE, {"this_id": hold_id, "ended_at": now, "ended_by": person}).rowcount:
        return []
    _audit(connection, held, Fact.RELEASED, person, now)
    _move(connection, upserts, [row for row in found if (row.record_id, row.name) in keys], day, now)
    return held


def delivered(connection: Connection, upserts: Upserts, record_id: str, day: date, now: datetime) -> None:
    """The parcel platform has it since a moment ago: it is told what was held, or which clock moved, before."""
    this = {"this_id": record_id}
    names = set(connection.execute(_HELD, this).scalars())
    names |= {row.name for row in connection.execute(_MOVED, this) if not _as_signed(row)}
    tell(connection, upserts, [(record_id, name) for name in sorted(names)], day, now)


def _as_signed(row: Any) -> bool:
    return clocks.as_signed(row.trigger, row.starts, row.until, row.ceiling, today(row.created_at))


def tell(connection: Connection, upserts: Upserts, keys: Collection[tuple[str, str]], day: date, now: datetime) -> None:
    """Let these parts, (record, name), end when their retention and all of their holds say, and tell so."""
    if keys:
        found = connection.execute(_PARTS, {"ids": sorted({record_id for record_id, _ in keys})}).all()
        _move(connection, upserts, [row for row in found if (row.record_id, row.name) in keys], day, now)


def listed(connection: Connection, record_id: str | None) -> Sequence[Hold]:
    page = _LISTED if record_id is None else _LISTED.where(holds.c.record_id == record_id)
    return [_hold(row) for row in connection.execute(page).all()]


def passing(connection: Connection, hold_id: str) -> Mapping[PartKey, str]:
    rows = connection.execute(_PASSING, {"this_id": hold_id}).all()
    return {(row.record_id, row.name): row.week for row in rows}


def _move(connection: Connection, upserts: Upserts, rows: Sequence[Any], day: date, now: datetime) -> None:
    """Let parts end when their retention and all of their holds say; what ended before ``day`` is left to the purge."""
    ends = _ends(connection, rows)
    moved = [row for row in rows if row.until is not None and ends[row.record_id, row.name] >= day]
    if not moved:
        return
    news = [{"this_id": row.record_id, "this_part": row.name, "until": ends[row.record_id, row.name]} for row in moved]
    connection.execute(_COPY, news)
    told = [row for row in moved if row.first_claimed_at is not None]  # else nobody but us has it
    fences = {
        (row.record_id, row.part): row.fence
        for row in connection.execute(_FENCES, {"ids": sorted({row.record_id for row in told})})
    }
    for row in told:
        key = (row.record_id, row.name)
        connection.execute(upserts.put[notices], _notice(row, ends[key], fences.get(key, 0) + 1, now))


def _ends(connection: Connection, rows: Sequence[Any]) -> dict[tuple[str, str], date]:
    """The last permitted day of each part whose clock has started."""
    ends = {(row.record_id, row.name): row.until for row in rows if row.until is not None}
    page = select(holds.c.record_id, holds.c.part, holds.c.until).where(
        holds.c.ended_at.is_(None), tuple_(holds.c.record_id, holds.c.part).in_(sorted(ends))
    )
    for row in connection.execute(page) if ends else ():
        ends[row.record_id, row.part] = max(ends[row.record_id, row.part], row.until)
    return ends


def _notice(row: Row[Any], ends: date, fence: int, now: datetime) -> dict[str, Any]:
    return {
        "record_id": row.record_id,
        "part": row.name,
        "telling": Telling.RETAIN,
        "carrier": row.carrier,
        "retention": row.retention,
        "starts": row.starts,
        "ends": ends,
        "state": Told.WAITING,
        "due": now,
        "fence": fence,
        "attempts": 0,
        "last_code": None,
        "created_at": now,
        "settled_at": None,
        "seen_at": None,
        "until": max(row.record_until or ends, ends),
    }


def _audit(connection: Connection, held: Iterable[Hold], fact: Fact, person: str, now: datetime) -> None:
    entries = [
        {"id": str(uuid.uuid4()), "at": now, "fact": fact, "subject": record_id, "actor": person}
        for record_id in sorted({each.record_id for each in held})
    ]
    connection.execute(insert(audit_entries), entries)


def _hold(row: Row[Any]) -> Hold:
    return Hold(**row._mapping)
