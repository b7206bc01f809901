"""Events of retention as they are told, in the transaction that is handed in: kept beside what they change, so that
either both are there or neither. A call takes its key before it changes anything: of two at once the second waits for
the first. One that comes again finds what came of it the first time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from middleware.errors_events import OnlyTheDataSubjectError
from middleware.model_events import Clock, Cut, Event, EventType, Moved, Recorded, Release
from middleware.model_keys import Fact
from middleware.model_standing import Shift
from middleware.storage import chain_sql, clocks_sql, shipping_sql, standings_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import audit_entries, word
from middleware.storage.tables_retention import events

RECORD: Final = "record"
_KNOWN: Final = select(events).where(events.c.shop == bindparam("this_shop"), events.c.key == bindparam("this_key"))
_THIS: Final = events.c.id == bindparam("this_id")
_FORGET: Final = delete(events).where(_THIS)
_CAME: Final = update(events).where(_THIS)
_LISTED: Final = select(events).order_by(events.c.at.desc(), events.c.id)


def record(
    connection: Connection,
    upserts: Upserts,
    event: Event,
    clock: Clock | Cut | None,
    now: datetime,
    said: Shift | None = None,
    released: Sequence[Release] = (),
) -> Recorded:
    """Keep the event, let its clock run or end its part early, move what is known of the shop's user, or of the contact
    or customer whom it names, and let go what it releases; of one that is known by its key, what was kept then, and
    nothing else. One that leads to no record leaves nothing (``found`` is 0), unless it concerns the shop as a whole.
    Raises: StorageError where the process has not read the newest index key yet, and where something else waits for a
    declaration than what it releases. OnlyTheDataSubjectError for a use that would lift what is over and may not: then
    nothing is kept.
    """
    event = chain_sql.told(connection, event)
    if not connection.execute(upserts.new[events], _row(event, _recorded(event, Moved()))).rowcount:
        return _first(connection, event)
    if clock is None:
        moved = Moved(found=clocks_sql.known(connection, event.shop, event.selector))
    else:
        moved = clocks_sql.move(connection, upserts, event.shop, event.selector, clock, event.by, now)
    made = _recorded(event, moved)
    if _selected(event) is not None and moved.found == moved.early:
        connection.execute(_FORGET, {"this_id": event.id})
        return made  # nothing is known of it, or all of it came later: nothing happened
    _check_use(connection, event, said, now)
    connection.execute(_CAME, {"this_id": event.id, **_came(made)})
    if said is not None:
        standings_sql.shift(connection, upserts, event.shop, said, now, event.by, event.selector.customer)
    if event.type is EventType.DECLARATION:
        shipping_sql.let_go(connection, event.shop, event.selector, released, now)
    audit = {"id": str(uuid.uuid4()), "at": now, "fact": Fact.EVENT, "subject": event.id, "actor": event.by}
    connection.execute(insert(audit_entries), audit)
    return made


def _check_use(connection: Connection, event: Event, said: Shift | None, now: datetime) -> None:
    """Of a label that is told of, the clocks move all the same. Raises: OnlyTheDataSubjectError."""
    use = said.use if said is not None and event.type is EventType.LAST_USE else None
    if use is not None and not use.lifts and standings_sql.lifted(connection, event.shop, use, now):
        raise OnlyTheDataSubjectError()


def listed(connection: Connection, shop: str | None, limit: int) -> Sequence[Recorded]:
    """The newest events first, of one shop or of all."""
    page = _LISTED if shop is None else _LISTED.where(events.c.shop == shop)
    return [_read(row) for row in connection.execute(page.limit(limit)).all()]


def _first(connection: Connection, event: Event) -> Recorded:
    """What is known under the event's key."""
    return _read(connection.execute(_KNOWN, {"this_shop": event.shop, "this_key": event.key}).one())


def _selected(event: Event) -> str | None:
    return RECORD if event.selector.record_id is not None else event.selector.kind


def _recorded(event: Event, moved: Moved) -> Recorded:
    return Recorded(
        id=event.id,
        shop=event.shop,
        type=event.type,
        about=event.about,
        selected=_selected(event),
        day=event.day,
        by=event.by,
        at=event.at,
        until=max(event.until, moved.until or event.until),
        found=moved.found,
        parts=moved.parts,
        early=moved.early,
        records=moved.records,
        unreadable=moved.unreadable,
        payload=event.payload,
        ways=event.ways,
    )


def _row(event: Event, made: Recorded) -> Mapping[str, Any]:
    return {
        "id": made.id,
        "shop": made.shop,
        "type": made.type,
        "selected": made.selected,
        "record_id": event.selector.record_id,
        "about": made.about,
        "day": made.day,
        "by": made.by,
        "at": made.at,
        "key": event.key,
        "payload": event.payload,
        "ways": list(made.ways),
        **_came(made),
    }


def _came(made: Recorded) -> Mapping[str, Any]:
    return {
        "found": made.found,
        "parts": made.parts,
        "early": made.early,
        "records": list(made.records),
        "until": made.until,
    }


def _read(row: Any) -> Recorded:
    return Recorded(
        id=row.id,
        shop=row.shop,
        type=word(row.type, EventType),
        about=row.about,
        selected=row.selected,
        day=row.day,
        by=row.by,
        at=row.at,
        until=row.until,
        found=row.found,
        parts=row.parts,
        early=row.early,
        records=tuple(row.records),
        payload=row.payload,
        ways=tuple(row.ways),
    )
