"""What parcel platforms are told of parts: leased, settled and counted, in the transaction that is handed in.

Rows are read raw and understood one by one: one that nobody of us wrote is told as such, and stops no other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, Text, bindparam, case, func, literal, select, type_coerce, update

from middleware.core.calendar import today
from middleware.model_purge import Notice, Telling, Told
from middleware.storage import unreadable
from middleware.storage.purge_sql import SHOWN
from middleware.storage.relay_sql import MOST_COUNTED
from middleware.storage.tables import EPOCH, Day, Instant, UnreadableError, day, lanes, moment, word
from middleware.storage.tables_retention import NOT_DONE, notices

_STORED: Final = {Instant: BigInteger, Day: Text}
_RAW: Final = [
    type_coerce(column, _STORED[type(column.type)]).label(column.name) if type(column.type) in _STORED else column
    for column in notices.c
]
_PAUSED: Final = select(lanes.c.carrier).where(lanes.c.paused_until > bindparam("now"))
_NEXT: Final = (
    select(*_RAW)
    .where(
        notices.c.due.is_not(None),
        notices.c.due <= bindparam("now"),
        notices.c.carrier == bindparam("this_carrier"),
        notices.c.carrier.not_in(_PAUSED),
    )
    .order_by(notices.c.due)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_THIS: Final = (
    notices.c.record_id == bindparam("this_id"),
    notices.c.part == bindparam("this_part"),
    notices.c.telling == bindparam("this_telling"),
)
_LEASE: Final = update(notices).where(*_THIS)
_SETTLE: Final = update(notices).where(*_THIS, notices.c.fence == bindparam("this_fence"), notices.c.due.is_not(None))
_OF: Final = select(*_RAW).where(notices.c.record_id == bindparam("this_id")).order_by(*notices.primary_key)
_FOR_A_PERSON: Final = (NOT_DONE, notices.c.state != Told.WAITING, notices.c.seen_at.is_(None))
_UNSEEN: Final = select(*_RAW).where(*_FOR_A_PERSON).order_by(notices.c.created_at.desc(), *notices.primary_key)
_SEE: Final = update(notices).where(
    notices.c.record_id == bindparam("this_id"), notices.c.part == bindparam("this_part"), *_FOR_A_PERSON
)
_OPEN: Final = (
    select(
        notices.c.state,
        func.count().label("all"),
        func.count(case((notices.c.created_at < bindparam("before", type_=notices.c.created_at.type), 1))).label("old"),
    )
    .where(NOT_DONE, notices.c.seen_at.is_(None))
    .group_by(notices.c.state)
)


def claim(connection: Connection, now: datetime, lease_seconds: float, carrier: str) -> Notice | None:
    while row := connection.execute(_NEXT, {"now": now, "this_carrier": carrier}).one_or_none():
        notice = _notice(row)
        key = _key(row.record_id, row.part, row.telling)
        if notice.readable:
            lease = {"due": now + timedelta(seconds=lease_seconds), "fence": notice.fence + 1}
            connection.execute(_LEASE, key | lease)
            return replace(notice, fence=notice.fence + 1)
        connection.execute(_LEASE.values(**_ended(Told.REFUSED, unreadable.CODE, now, today(now) + SHOWN)), key)
    return None


def settle(connection: Connection, notice: Notice, state: Told, code: str | None, now: datetime, until: date) -> bool:
    return connection.execute(_SETTLE.values(**_ended(state, code, now, until)), _mine(notice)).rowcount == 1


def _ended(state: Told, code: str | None, now: datetime, until: date) -> dict[str, Any]:
    news: dict[str, Any] = {"state": state, "due": None, "last_code": code, "settled_at": now}
    if state is not Told.DONE:
        news["until"] = case((notices.c.until < until, literal(until, notices.c.until.type)), else_=notices.c.until)
    return news


def again(connection: Connection, notice: Notice, at: datetime, code: str, *, counted: bool) -> bool:
    news = {"due": at, "last_code": code, "attempts": notice.attempts + 1 if counted else notice.attempts}
    return connection.execute(_SETTLE, _mine(notice) | news).rowcount == 1


def told(connection: Connection, record_id: str) -> Sequence[Notice]:
    return [_notice(row) for row in connection.execute(_OF, {"this_id": record_id}).all()]


def unseen(connection: Connection, limit: int) -> Sequence[Notice]:
    return [_notice(row) for row in connection.execute(_UNSEEN.limit(limit)).all()]


def see(connection: Connection, seen: Collection[tuple[str, str]], now: datetime) -> int:
    keys = [{"this_id": record_id, "this_part": part, "seen_at": now} for record_id, part in sorted(set(seen))]
    return sum(connection.execute(_SEE, key).rowcount for key in keys)


def open_ones(connection: Connection, before: datetime) -> Mapping[str, int]:
    found = {state.value: 0 for state in Told if state is not Told.DONE} | {"unreadable": 0, "overdue": 0}
    for row in connection.execute(_OPEN, {"before": before}).all():
        found[row.state if row.state in list(Told) else "unreadable"] += row.all
        if row.state == Told.WAITING:
            found["overdue"] = row.old
    return found


def _key(record_id: str, part: str, telling: str) -> dict[str, Any]:
    return {"this_id": record_id, "this_part": part, "this_telling": telling}


def _mine(notice: Notice) -> dict[str, Any]:
    return {**_key(notice.record_id, notice.part, notice.telling), "this_fence": notice.fence}


def _notice(row: Row[Any]) -> Notice:
    """As the row says; not ``readable`` where it says what nobody of us wrote."""
    try:
        return _read(row)
    except UnreadableError:
        pass
    return Notice(
        record_id=row.record_id if isinstance(row.record_id, str) else "",
        part=row.part if isinstance(row.part, str) else "",
        telling=Telling(row.telling) if row.telling in list(Telling) else Telling.ERASE,
        carrier="",
        retention="",
        starts=None,
        ends=None,
        state=Told.REFUSED,
        due=None,
        attempts=0,
        fence=0,
        last_code=unreadable.CODE,
        created_at=EPOCH,
        settled_at=None,
        readable=False,
    )


def _read(row: Row[Any]) -> Notice:
    """Raises: UnreadableError."""
    texts = (row.record_id, row.part, row.carrier, row.retention, row.last_code or "")
    if not all(isinstance(value, str) for value in texts):
        raise UnreadableError()
    if not all(isinstance(value, int) and 0 <= value < MOST_COUNTED for value in (row.attempts, row.fence)):
        raise UnreadableError()
    days = {name: None if row._mapping[name] is None else day(row._mapping[name]) for name in ("starts", "ends")}
    moments = {
        name: None if row._mapping[name] is None else moment(row._mapping[name])
        for name in ("due", "settled_at", "seen_at")
    }
    return Notice(
        record_id=row.record_id,
        part=row.part,
        telling=word(row.telling, Telling),
        carrier=row.carrier,
        retention=row.retention,
        starts=days["starts"],
        ends=days["ends"],
        state=word(row.state, Told),
        due=moments["due"],
        attempts=row.attempts,
        fence=row.fence,
        last_code=row.last_code,
        created_at=moment(row.created_at),
        settled_at=moments["settled_at"],
        seen_at=moments["seen_at"],
    )
