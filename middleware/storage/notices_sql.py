"""What parcel platforms are told of parts: leased, settled and counted, in the transaction that is handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, case, func, literal, select, update

from middleware.model_purge import Notice, Telling, Told
from middleware.storage.tables import lanes, word
from middleware.storage.tables_retention import NOT_DONE, notices

_PAUSED: Final = select(lanes.c.carrier).where(lanes.c.paused_until > bindparam("now"))
_NEXT: Final = (
    select(notices)
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
_OF: Final = select(notices).where(notices.c.record_id == bindparam("this_id")).order_by(*notices.primary_key)
_OPEN: Final = (
    select(
        notices.c.state,
        func.count().label("all"),
        func.count(case((notices.c.created_at < bindparam("before", type_=notices.c.created_at.type), 1))).label("old"),
    )
    .where(NOT_DONE)
    .group_by(notices.c.state)
)


def claim(connection: Connection, now: datetime, lease_seconds: float, carrier: str) -> Notice | None:
    row = connection.execute(_NEXT, {"now": now, "this_carrier": carrier}).one_or_none()
    if row is None:
        return None
    lease = {"due": now + timedelta(seconds=lease_seconds), "fence": row.fence + 1}
    connection.execute(_LEASE, _key(row.record_id, row.part, row.telling) | lease)
    return _notice(row, row.fence + 1)


def settle(connection: Connection, notice: Notice, state: Told, code: str | None, now: datetime, until: date) -> bool:
    news: dict[str, Any] = {"state": state, "due": None, "last_code": code, "settled_at": now}
    if state is not Told.DONE:
        news["until"] = case((notices.c.until < until, literal(until, notices.c.until.type)), else_=notices.c.until)
    return connection.execute(_SETTLE.values(**news), _mine(notice)).rowcount == 1


def again(connection: Connection, notice: Notice, at: datetime, code: str, *, counted: bool) -> bool:
    news = {"due": at, "last_code": code, "attempts": notice.attempts + 1 if counted else notice.attempts}
    return connection.execute(_SETTLE, _mine(notice) | news).rowcount == 1


def told(connection: Connection, record_id: str) -> Sequence[Notice]:
    return [_notice(row, row.fence) for row in connection.execute(_OF, {"this_id": record_id}).all()]


def open_ones(connection: Connection, before: datetime) -> Mapping[str, int]:
    rows = connection.execute(_OPEN, {"before": before}).all()
    counts = {str(word(row.state, Told)): row for row in rows}
    waiting = counts.get(Told.WAITING)
    found = {state.value: counts[state].all if state in counts else 0 for state in Told if state is not Told.DONE}
    return found | {"overdue": waiting.old if waiting else 0}


def _key(record_id: str, part: str, telling: str) -> dict[str, Any]:
    return {"this_id": record_id, "this_part": part, "this_telling": telling}


def _mine(notice: Notice) -> dict[str, Any]:
    return {**_key(notice.record_id, notice.part, notice.telling), "this_fence": notice.fence}


def _notice(row: Row[Any], fence: int) -> Notice:
    return Notice(
        record_id=row.record_id,
        part=row.part,
        telling=word(row.telling, Telling),
        carrier=row.carrier,
        retention=row.retention,
        starts=row.starts,
        ends=row.ends,
        state=word(row.state, Told),
        due=row.due,
        attempts=row.attempts,
        fence=fence,
        last_code=row.last_code,
        created_at=row.created_at,
        settled_at=row.settled_at,
    )
