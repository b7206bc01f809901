"""A clock of retention starts or moves, or a part ends early, in the transaction that is handed in: parts, kept copies,
what leads to them, and their record get their new ends, and the parcel platform is told. What has ended by that is
taken by the purge.

Orders are locked before their records, as intake does, and records before their parts, as the purge does: a part has
either ended or its clock is moved. Page by page, so that memory stays bounded however many records there are.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Select, bindparam, exists, insert, select, update

from middleware.core import clocks, schedule
from middleware.core.calendar import today
from middleware.core.index import forms
from middleware.model import Record, State
from middleware.model_events import Clock, Cut, Moved, MovedPart, Selector
from middleware.model_keys import Fact
from middleware.storage import holds_sql, records_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import audit_entries, index_entries, parts, records
from middleware.storage.unreadable import readable

PAGE: Final = 200
"""Records that are locked with one statement."""

MOST_NAMED: Final = 100
"""Records that are named of those that changed; of more it is told how many."""

_NO_SHIPMENT: Final = (State.WITHDRAWN, State.CANCELLED)
_IDS: Final[BindParameter[str]] = bindparam("ids", expanding=True)
_SEEN: Final = (
    select(records.c.id, records.c.state, records.c.ending, records.c.created_at)
    .where(records.c.id.in_(_IDS))
    .order_by(records.c.id)
)
_LOCK: Final = _SEEN.with_for_update()
_PARTS: Final = (
    select(
        parts.c.record_id,
        parts.c.name,
        parts.c.retention,
        parts.c.trigger,
        parts.c.starts,
        parts.c.until,
        parts.c.ceiling,
        parts.c.ended_at,
        parts.c.moved_at,
    )
    .where(parts.c.record_id.in_(_IDS))
    .order_by(parts.c.record_id, parts.c.position)
)
_RUNNING: Final = select(parts.c.name, parts.c.retention, parts.c.trigger, parts.c.starts, parts.c.until).where(
    parts.c.record_id == bindparam("this_id"),
    parts.c.trigger.not_in(clocks.OF_A_SHIPMENT),
    parts.c.starts.is_not(None),
    parts.c.until >= bindparam("today", type_=parts.c.until.type),
    parts.c.ended_at.is_(None),
)
_MOVE: Final = update(parts).where(parts.c.record_id == bindparam("this_id"), parts.c.name == bindparam("this_name"))
_RECORD: Final = update(records).where(records.c.id == bindparam("this_id"))
_INDEX: Final = update(index_entries).where(index_entries.c.record_id == bindparam("this_id"))


def move(
    connection: Connection,
    upserts: Upserts,
    shop: str,
    selector: Selector,
    change: Clock | Cut,
    actor: str,
    now: datetime,
) -> Moved:
    """Start or move the clock of every part that it concerns, or end it early; of the shop as a whole those records are
    looked at that have such a part. A clock that moves nothing locks nothing. ``actor`` is told to the audit log. A
    record of which a row cannot be read stays as it is and is named; it stops no other.
    """
    came = Moved()
    if _whole(selector) and not change.moves:
        return came
    for ids in _pages(connection, shop, selector, change.trigger):
        more = _of_page(connection, upserts, ids, change, actor, now)
        came = Moved(
            parts=came.parts + more.parts,
            records=(*came.records, *more.records)[:MOST_NAMED],
            until=max([day for day in (came.until, more.until) if day], default=None),
            found=came.found + more.found,
            early=came.early + more.early,
            unreadable=(*came.unreadable, *more.unreadable)[:MOST_NAMED],
        )
    return came


def _of_page(
    connection: Connection, upserts: Upserts, ids: Sequence[str], change: Clock | Cut, actor: str, now: datetime
) -> Moved:
    lost: frozenset[str] = frozenset()
    of_orders: Sequence[Any] = ()
    if change.moves:
        of_orders, lost = readable(partial(records_sql.orders_of, connection), ids)
    sound = [record_id for record_id in ids if record_id not in lost]
    seen, odd = readable(partial(_rows, connection, _LOCK if change.moves else _SEEN), sound)
    living = [row for row in seen if row.state not in _NO_SHIPMENT]
    older = {row.id: row for row in living if today(row.created_at) <= change.day}
    changed, left = _moved(connection, upserts, older, of_orders, change, now)
    names = list(dict.fromkeys(one.record_id for one in changed))
    _audit(connection, names, clocks.fact(change), actor, now)
    return Moved(
        parts=len(changed),
        records=tuple(names),
        until=max((one.until for one in changed), default=None),
        found=len(living) + len(lost | odd),
        early=len(living) - len(older),
        unreadable=tuple(sorted(lost | odd | left)),
    )


def running(connection: Connection, record_id: str, now: datetime) -> clocks.Running:
    """The clocks with which what takes the place of that record goes on."""
    rows = connection.execute(_RUNNING, {"this_id": record_id, "today": today(now)})
    return {(row.name, row.retention, row.trigger): (row.starts, row.until) for row in rows}


def moved_before(connection: Connection, signed: Record, stored: Record, now: datetime) -> None:
    """The parcel platform is to be told, once it has the record, which of its clocks are not as its receipt says."""
    pairs = zip(signed.parts, stored.parts, strict=True)
    keys = [{"this_id": stored.id, "this_name": part.name} for part, new in pairs if part != new]
    if keys:
        connection.execute(_MOVE, [key | {"moved_at": now} for key in keys])


def known(connection: Connection, shop: str, selector: Selector) -> int:
    """How many records of the shop an event concerns that moves no clock; 0 where it concerns the shop as a whole."""
    return 0 if _whole(selector) else sum(len(ids) for ids in _pages(connection, shop, selector))


def _whole(selector: Selector) -> bool:
    return selector.record_id is None and selector.digest is None


def _pages(
    connection: Connection, shop: str, selector: Selector, trigger: str | None = None
) -> Iterator[Sequence[str]]:
    chosen = _chosen(selector)
    if trigger is not None and _whole(selector):
        waits = exists().where(parts.c.record_id == records.c.id, parts.c.trigger == trigger)
        chosen = chosen.where(waits)
    last = ""
    while True:
        page = chosen.where(records.c.shop == shop, records.c.id > last).order_by(records.c.id).limit(PAGE)
        ids: Sequence[str] = [row.id for row in connection.execute(page)]
        if not ids:
            return
        yield ids
        last = ids[-1]


def _chosen(selector: Selector) -> Select[tuple[str]]:
    if selector.record_id is not None:
        return select(records.c.id).where(records.c.id == selector.record_id)
    if selector.digest is None:
        return select(records.c.id)
    return (
        select(records.c.id)
        .join(index_entries, index_entries.c.record_id == records.c.id)
        .where(
            index_entries.c.shop == records.c.shop,
            index_entries.c.kind == selector.kind,
            index_entries.c.digest.in_(forms(selector.digest)),
        )
    )


def _moved(
    connection: Connection,
    upserts: Upserts,
    owners: Mapping[str, Any],
    of_orders: Sequence[Any],
    change: Clock | Cut,
    now: datetime,
) -> tuple[list[MovedPart], frozenset[str]]:
    """The parts that have new dates, and the records of which a part cannot be read."""
    rows, odd = readable(partial(_rows, connection, _PARTS), sorted(owners) if change.moves else ())
    day = today(now)
    changed = [new for row in rows if (new := _new(change, row, owners[row.record_id], day)) is not None]
    if not changed:
        return [], odd
    news = {(one.record_id, one.part): one.until for one in changed}
    keys = [{"this_id": one.record_id, "this_name": one.part} for one in changed]
    dates = [{"starts": one.starts, "until": one.until, "moved_at": now} for one in changed]
    connection.execute(_MOVE, [key | date_ for key, date_ in zip(keys, dates, strict=True)])
    for record_id in sorted({one.record_id for one in changed}):
        ends = {row.name: news.get((record_id, row.name), row.until) for row in rows if row.record_id == record_id}
        stretch(connection, record_id, ends, [one for one in of_orders if one.record_id == record_id])
    before = {(row.record_id, row.name): (row.starts, row.until) for row in rows}
    other = [key for key, date_ in zip(news, dates, strict=True) if before[key] != (date_["starts"], date_["until"])]
    holds_sql.tell(connection, upserts, other, day, now)  # the same dates are no news
    return changed, odd


def _rows(connection: Connection, page: Select[Any], ids: Sequence[str]) -> Sequence[Any]:
    return connection.execute(page, {"ids": ids}).all() if ids else []


def _new(change: Clock | Cut, row: Any, owner: Any, day: date) -> MovedPart | None:
    part = clocks.Dated(
        name=row.name,
        retention=row.retention,
        trigger=row.trigger,
        starts=row.starts,
        until=row.until,
        ceiling=row.ceiling,
        untold=row.moved_at is None,
        ended=row.ended_at is not None,
        unwanted=owner.ending in records_sql.UNWANTED,
    )
    new = clocks.new_dates(change, part, owner.state, day)
    return None if new is None else MovedPart(record_id=row.record_id, part=row.name, starts=new[0], until=new[1])


def stretch(connection: Connection, record_id: str, ends: Mapping[str, date | None], of_orders: Sequence[Any]) -> None:
    """The ends of the record, and of what leads to it, follow from those of its parts, later or nearer; what is open
    stays so while one of them is.
    """
    first, last = schedule.ends(ends)
    this = {"this_id": record_id}
    connection.execute(_RECORD, this | {"until": last, "clear_until": first})
    if first is not None:
        records_sql.keep_orders(connection, of_orders, first)
        connection.execute(_INDEX, this | {"until": first})


def _audit(connection: Connection, ids: Collection[str], fact: Fact, actor: str, now: datetime) -> None:
    entries = [
        {"id": str(uuid.uuid4()), "at": now, "fact": fact, "subject": record_id, "actor": actor} for record_id in ids
    ]
    if entries:
        connection.execute(insert(audit_entries), entries)
