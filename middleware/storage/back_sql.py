"""What shops are told: leased, settled and counted; every method is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    not_,
    null,
    select,
    type_coerce,
    update,
)

from middleware.model_back import Event, Kind, Stop, Unheard, Way
from middleware.model_keys import AuditEntry, Fact
from middleware.storage import audit_sql, making_sql, numbers_sql, unreadable
from middleware.storage.database import Database
from middleware.storage.making_sql import STOPPED
from middleware.storage.tables import EPOCH, UnreadableError, moment, records, word
from middleware.storage.tables_back import callback_stops, callbacks, listeners

ACTOR: Final = "relay"

_LIVE: Final = callbacks.c.due.is_not(None)  # said in full: a partial index is used where its condition is said
_EARLIER: Final = callbacks.alias("earlier")
_FIRST: Final = not_(
    select(_EARLIER.c.id)
    .where(
        _EARLIER.c.record_id == callbacks.c.record_id,
        _EARLIER.c.way == callbacks.c.way,
        _EARLIER.c.due.is_not(None),
        _EARLIER.c.happened_at < callbacks.c.happened_at,
    )
    .exists()
)
_MAY_GO: Final = (_LIVE, callbacks.c.due <= bindparam("now"), _FIRST)


def _shops_with_work() -> Any:
    """The shops with something due: one look into the index for each shop, however much each has."""
    shops = select(func.min(callbacks.c.shop).label("shop")).where(_LIVE).cte("shops", recursive=True)
    following = select(func.min(callbacks.c.shop)).where(_LIVE, callbacks.c.shop > shops.c.shop).scalar_subquery()
    shops = shops.union_all(select(following).where(shops.c.shop.is_not(None)))
    due = select(literal(1)).where(callbacks.c.shop == shops.c.shop, *_MAY_GO).exists()
    return select(shops.c.shop).where(shops.c.shop.is_not(None), due)


_DUE: Final = _shops_with_work()
_TOLD_ALREADY: Final = and_(callbacks.c.way == Way.CALLBACK, listeners.c.known)
_NEXT: Final = (
    select(callbacks.c.id)
    .where(callbacks.c.shop == bindparam("this_shop"), *_MAY_GO)
    .order_by(callbacks.c.due)
    .limit(1)
    .with_for_update(skip_locked=True, of=callbacks)
)
_READ: Final = (
    select(
        *callbacks.c,
        listeners.c.test,
        case((_TOLD_ALREADY, null()), else_=listeners.c.order_ref).label("order_ref"),
        records.c.reference,
        records.c.barcode,
        listeners.c.formers,
    )
    .join(listeners, listeners.c.record_id == callbacks.c.record_id)
    .join(records, records.c.id == callbacks.c.record_id)
    .where(callbacks.c.id == bindparam("this_id"))
)
_LEASE: Final = update(callbacks).where(callbacks.c.id == bindparam("this_id"))
_MINE: Final = (callbacks.c.id == bindparam("this_id"), callbacks.c.fence == bindparam("this_fence"), _LIVE)
_SETTLE: Final = update(callbacks).where(*_MINE)
_TOLD: Final = delete(callbacks).where(*_MINE)
_OVERTAKEN: Final = delete(callbacks).where(  # given up, or put back since: told after this it would be untrue
    callbacks.c.record_id == bindparam("this_record"),
    callbacks.c.way == bindparam("this_way"),
    callbacks.c.happened_at < bindparam("this_moment"),
)
_KNOWS: Final = update(listeners).where(listeners.c.record_id == bindparam("this_record")).values(known=True)
_STOPS: Final = select(callback_stops).order_by(callback_stops.c.shop)
_OF_SHOP: Final = (callbacks.c.shop == bindparam("this_shop"), callbacks.c.way == Way.CALLBACK)
_REST: Final = update(callbacks).where(*_OF_SHOP, _LIVE).values(due=None, last_code=STOPPED)
_RESUME: Final = delete(callback_stops).where(callback_stops.c.shop == bindparam("this_shop"))
_WAKE: Final = update(callbacks).where(*_OF_SHOP, callbacks.c.due.is_(None), callbacks.c.last_code == STOPPED)
_RESTS: Final = and_(callbacks.c.way == Way.CALLBACK, callbacks.c.shop.in_(select(callback_stops.c.shop)))
_RETRY: Final = update(callbacks).where(callbacks.c.due.is_(None), not_(_RESTS))
_RAW: Final = [
    type_coerce(column, BigInteger).label(column.name) if column.name in ("due", "happened_at") else column
    for column in callbacks.c
]
_UNHEARD: Final = select(*_RAW).order_by(callbacks.c.happened_at, callbacks.c.id)
_GIVEN_UP: Final = and_(callbacks.c.due.is_(None), callbacks.c.last_code.is_distinct_from(STOPPED))
_COUNT: Final = select(
    func.count(callbacks.c.due).label("waiting"), func.count(case((_GIVEN_UP, literal(1)))).label("failed")
)
_HOW_MANY: Final = select(func.count()).select_from(callback_stops)


class SqlOutbox:
    """``middleware.ports_back.Outbox``. Raises: StorageError from every method; what was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(self, now: datetime) -> Sequence[str]:
        return self._database.read(lambda connection: connection.execute(_DUE, {"now": now}).scalars().all())

    def claim(self, now: datetime, lease_seconds: float, shop: str) -> Event | None:
        return self._database.write(lambda connection: _claim(connection, now, lease_seconds, shop))

    def done(self, event: Event) -> bool:
        return self._database.write(lambda connection: _done(connection, event))

    def again(self, event: Event, at: datetime, code: str) -> bool:
        news = {"due": at, "last_code": code, "attempts": event.attempts + 1}
        return self._database.write(lambda connection: _settle(connection, event, news))

    def failed(self, event: Event, code: str) -> bool:
        return self._database.write(lambda connection: _fail(connection, event, code))

    def stop(self, event: Event, stop: Stop) -> bool:
        row = {"shop": stop.shop, "address": stop.address, "at": stop.at, "until": stop.until}

        def work(connection: Connection) -> bool:
            if not _fail(connection, event, STOPPED):
                return False
            connection.execute(self._database.upserts.put[callback_stops], row)
            connection.execute(_REST, {"this_shop": event.shop})
            return True

        return self._database.write(work)

    def stops(self) -> Sequence[Stop]:
        rows = self._database.read(lambda connection: connection.execute(_STOPS).all())
        return [Stop(shop=row.shop, address=row.address, at=row.at, until=row.until) for row in rows]

    def resume(self, shop: str, now: datetime) -> bool:
        def work(connection: Connection) -> bool:
            connection.execute(_WAKE.values(due=now, attempts=0), {"this_shop": shop})
            return connection.execute(_RESUME, {"this_shop": shop}).rowcount == 1

        return self._database.write(work)

    def retry(self, shop: str | None, now: datetime) -> int:
        which = _RETRY if shop is None else _RETRY.where(callbacks.c.shop == shop)
        again = which.values(due=now, attempts=0)
        return self._database.write(lambda connection: connection.execute(again).rowcount)

    def unheard(self, shop: str | None, limit: int) -> Sequence[Unheard]:
        page = (_UNHEARD if shop is None else _UNHEARD.where(callbacks.c.shop == shop)).limit(limit)
        return [_unheard(row) for row in self._database.read(lambda connection: connection.execute(page).all())]

    def counts(self) -> Mapping[str, int]:
        def look(connection: Connection) -> Mapping[str, int]:
            row = connection.execute(_COUNT).one()
            stopped = connection.execute(_HOW_MANY).scalar_one()
            return {"waiting": row.waiting, "failed": row.failed, "stopped": stopped}

        return self._database.read(look)

    def close(self) -> None:
        self._database.close()


def _claim(connection: Connection, now: datetime, lease_seconds: float, shop: str) -> Event | None:
    asked = {"now": now, "this_shop": shop}
    event_id = connection.execute(_NEXT, asked).scalar_one_or_none()
    if event_id is None:
        return None
    try:
        return _leased(connection, connection.execute(_READ, {"this_id": event_id}).one(), now, lease_seconds)
    except (UnreadableError, TypeError):
        connection.execute(_LEASE, {"this_id": event_id, "due": None, "last_code": unreadable.CODE})
    return None  # or it would stop all the others


def _leased(connection: Connection, row: Any, now: datetime, lease_seconds: float) -> Event:
    """Raises: UnreadableError, TypeError for what nobody of us wrote: then nothing is leased."""
    event = _event(row, numbers_sql.barcodes(connection, row))
    lease = {"due": now + timedelta(seconds=lease_seconds), "fence": event.fence}
    connection.execute(_LEASE, {"this_id": row.id, **lease})
    if row.order_ref is not None:  # it is opened for this attempt: what cannot be noted is not done
        audit_sql.note(connection, AuditEntry(at=now, fact=Fact.OPENED, subject=row.record_id, actor=ACTOR))
    return event


def _event(row: Any, formers: frozenset[str]) -> Event:
    return Event(
        id=row.id,
        record_id=row.record_id,
        shop=row.shop,
        way=word(row.way, Way),
        kind=word(row.kind, Kind),
        happened_at=row.happened_at,
        test=row.test,
        reference=row.reference,
        barcode=row.barcode,
        formers=formers,
        order_ref=row.order_ref,
        attempts=row.attempts,
        fence=row.fence + 1,
        why=row.why,
    )


def _done(connection: Connection, event: Event) -> bool:
    if not connection.execute(_TOLD, _mine(event)).rowcount:
        return False
    this = {"this_record": event.record_id}
    connection.execute(_OVERTAKEN, {**this, "this_way": event.way, "this_moment": event.happened_at})
    if event.way is Way.CALLBACK:
        connection.execute(_KNOWS, this)
    else:
        numbers_sql.heard(connection, event)
    making_sql.let_go(connection, event.record_id)
    return True


def _fail(connection: Connection, event: Event, code: str) -> bool:
    return _settle(connection, event, {"due": None, "last_code": code, "attempts": event.attempts + 1})


def _settle(connection: Connection, event: Event, news: Mapping[str, Any]) -> bool:
    return connection.execute(_SETTLE, _mine(event) | dict(news)).rowcount == 1


def _mine(event: Event) -> dict[str, Any]:
    return {"this_id": event.id, "this_fence": event.fence}


def _unheard(row: Row[Any]) -> Unheard:
    try:
        at = moment(row.happened_at)
    except UnreadableError:
        at = EPOCH  # a person is told of it all the same
    return Unheard(
        id=row.id,
        record_id=row.record_id,
        shop=row.shop,
        way=str(row.way),
        kind=str(row.kind),
        happened_at=at,
        failed=row.due is None and row.last_code != STOPPED,
        attempts=row.attempts,
        code=row.last_code,
    )
