"""What the relay asks of the database, in the transaction that it is handed. The outbox is the records themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, func, literal, select, update

from middleware.core.calendar import today
from middleware.exchange import Delivered
from middleware.model import State, Stored
from middleware.model_keys import AuditEntry
from middleware.storage import accounts_sql, audit_sql, burying_sql, holds_sql, integrations_sql, making_sql, unreadable
from middleware.storage.database import Upserts
from middleware.storage.reading import parts_of
from middleware.storage.records_sql import UNWANTED, WANTED, empty_parts
from middleware.storage.tables import UnreadableError, lanes, records

MOST_COUNTED: Final = 2**31 - 1
"""The largest number of a column of type integer on PostgreSQL."""

_PAUSED: Final = select(lanes.c.carrier, lanes.c.code).where(lanes.c.paused_until > bindparam("now"))
_PAUSES: Final = select(lanes).where(lanes.c.paused_until > bindparam("now")).order_by(lanes.c.carrier)
_RESUME: Final = delete(lanes).where(  # the very pause that was seen: another relay may have begun a new one
    lanes.c.carrier == bindparam("this_carrier"),
    lanes.c.paused_until == bindparam("seen", type_=lanes.c.paused_until.type),
)
_LIVE: Final = records.c.due.is_not(None)  # said in full: a partial index is used where its condition is said
_MAY_GO: Final = (
    records.c.due <= bindparam("now"),
    records.c.carrier.not_in(bindparam("without", expanding=True)),
    records.c.carrier.not_in(_PAUSED.with_only_columns(lanes.c.carrier)),
)
_NEXT: Final = (  # a leased record is due again when its lease ends: one comparison finds the waiting and the abandoned
    select(records.c.id)
    .where(
        _LIVE,
        records.c.shop == bindparam("this_shop"),
        *_MAY_GO,
    )
    .order_by(records.c.due)
    .limit(1)
    .with_for_update(skip_locked=True, of=records)
)
_READ: Final = select(records).where(records.c.id == bindparam("this_id"))
_LEASE: Final = update(records).where(records.c.id == bindparam("this_id"))
_LEASED: Final = (
    records.c.id == bindparam("this_id"),
    records.c.fence == bindparam("this_fence"),
    records.c.state.in_((State.CLAIMED, State.CANCELLING)),
)
_SETTLE: Final = update(records).where(*_LEASED)
_MINE: Final = select(records.c.id, records.c.ending).where(*_LEASED).with_for_update()


_SOON: Final = timedelta(minutes=2)
"""How much later than a pause at most what began it is due: threads tell it one after the other, and some go behind."""

_BEGAN: Final = select(records.c.id, records.c.due).where(
    _LIVE,
    records.c.due > bindparam("now"),
    records.c.due <= bindparam("last", type_=records.c.due.type),
    records.c.carrier == bindparam("this_carrier"),
    records.c.state == State.WAITING,
    records.c.last_code == bindparam("this_code"),
)
_SOONER: Final = update(records).where(
    records.c.id == bindparam("this_id"),
    records.c.state == State.WAITING,
    records.c.due == bindparam("this_due", type_=records.c.due.type),
)


def _shops_with_work() -> Any:
    """The shops with something due: one look into the index for each shop, however much each has."""
    first = select(func.min(records.c.shop).label("shop")).where(_LIVE)
    shops = first.cte("shops", recursive=True)
    following = select(func.min(records.c.shop)).where(_LIVE, records.c.shop > shops.c.shop).scalar_subquery()
    shops = shops.union_all(select(following).where(shops.c.shop.is_not(None)))
    due = select(literal(1)).where(_LIVE, records.c.shop == shops.c.shop, *_MAY_GO).exists()
    return select(shops.c.shop).where(shops.c.shop.is_not(None), due)


_DUE: Final = _shops_with_work()


def due(connection: Connection, now: datetime, without: Collection[str]) -> Sequence[str]:
    """Every shop that has something due."""
    return connection.execute(_DUE, {"now": now, "without": list(without)}).scalars().all()


def claim(
    connection: Connection, now: datetime, lease_seconds: float, shop: str, without: Collection[str]
) -> Stored | None:
    asked = {"now": now, "this_shop": shop, "without": list(without)}
    record_id = connection.execute(_NEXT, asked).scalar_one_or_none()
    if record_id is None:
        return None
    try:
        return _leased(connection, record_id, now, lease_seconds)
    except (UnreadableError, TypeError):
        # or it would stop all the others
        burying_sql.bury(connection, [record_id], State.QUARANTINED, unreadable.CODE, now)
    return None


def _leased(connection: Connection, record_id: str, now: datetime, lease_seconds: float) -> Stored | None:
    """None for one whose shop has uninstalled the app: it is ended instead. Raises: UnreadableError."""
    row = connection.execute(_READ, {"this_id": record_id}).one()
    if integrations_sql.over(connection, row.integration) and integrations_sql.stop(
        connection, records.c.id == record_id, now
    ):
        return None
    held = parts_of(connection, record_id)
    fence, attempts = _count(row.fence) + 1, _count(row.attempts)
    account = _text(row.account) or accounts_sql.shared(connection, row.shop, row.carrier, row.created_at)
    cancelling = row.state == State.CANCELLING or row.ending in UNWANTED  # its lease ended before it was settled
    lease = {
        "state": State.CANCELLING if cancelling else State.CLAIMED,
        "due": now + timedelta(seconds=lease_seconds),
        "fence": fence,
        "first_claimed_at": row.first_claimed_at or now,
        "account": account,
    }
    connection.execute(_LEASE, {"this_id": row.id, **lease})
    return Stored(
        id=row.id,
        shop=row.shop,
        carrier=row.carrier,
        cancelling=cancelling,
        clear=b"" if row.clear is None and cancelling else row.clear,
        parts=held,
        receipt=row.receipt,
        attempts=attempts,
        fence=fence,
        until=row.until,
        account=account,
    )


def _count(value: object) -> int:
    """A number that can still grow by one. Raises: UnreadableError."""
    if not isinstance(value, int) or not 0 <= value < MOST_COUNTED:
        raise UnreadableError()
    return value


def _text(value: object) -> str | None:
    """Raises: UnreadableError."""
    if value is None or isinstance(value, str):
        return value
    raise UnreadableError()


def opening(connection: Connection, stored: Stored, entry: AuditEntry, account: str | None) -> bool:
    """Note that its parts are about to be opened, and under which account it goes, as long as the lease is ours."""
    if connection.execute(_MINE, _mine(stored)).first() is None:
        return False
    audit_sql.note(connection, entry)
    return account == stored.account or _settle(connection, stored, {"account": account})


def delivered(connection: Connection, upserts: Upserts, stored: Stored, outcome: Delivered, now: datetime) -> bool:
    """What was sent leaves in the same transaction: sealed parts and clear rest. Tags, index, receipt, barcode stay."""
    news = {"settled_at": now, "barcode": outcome.barcode, "clear": None}
    if not _end(connection, stored, {"state": State.DELIVERED, "due": None, "attempts": stored.attempts}, now, news):
        return False
    empty_parts(connection, stored.id)
    holds_sql.delivered(connection, upserts, stored.id, today(now), now)
    making_sql.delivered(connection, stored.id, now)
    return True


def retry(connection: Connection, stored: Stored, at: datetime, code: str, *, counted: bool) -> bool:
    """It waits for its next attempt; what its order no longer wants for the end of its lease alone, to be cancelled."""
    attempts = stored.attempts + 1 if counted else stored.attempts
    if stored.cancelling:
        news = {"state": State.CANCELLING, "due": at, "attempts": attempts, "last_code": code}
        return _settle(connection, stored, news)
    wanted = {"state": State.WAITING, "due": at, "attempts": attempts}
    return _end(connection, stored, wanted, records.c.due, {"last_code": code, "account": stored.account})


def bury(connection: Connection, stored: Stored, state: State, code: str, now: datetime) -> bool:
    """What its order no longer wants is to be cancelled instead, unless that is what failed: it is not tried for ever.
    Raises: ValueError for a state that is no burial.
    """
    mine = connection.execute(_MINE, _mine(stored)).one_or_none()
    if mine is None:
        return False
    if not stored.cancelling:
        _settle(connection, stored, {"account": stored.account})  # this attempt made nothing under another one
        if mine.ending in UNWANTED:
            unwanted = {"state": State.CANCELLING, "due": now, "attempts": 0, "settled_at": now, "last_code": code}
            return _settle(connection, stored, unwanted)
    burying_sql.bury(connection, [stored.id], state, code, now)
    return True


def pause_lane(connection: Connection, upserts: Upserts, carrier: str, until: datetime, code: str) -> None:
    row = {"carrier": carrier, "paused_until": until, "code": code}
    connection.execute(upserts.put[lanes], row)


def paused_lanes(connection: Connection, now: datetime) -> Mapping[str, str]:
    """Carrier → code."""
    return {row.carrier: row.code for row in connection.execute(_PAUSED, {"now": now}).all()}


def reopen(connection: Connection, now: datetime) -> Mapping[str, str]:
    """End every pause that is not renewed meanwhile. What began one, and so waits until it ends, goes now; who was to
    go behind others stays behind them. What is leased is left alone. Carrier → code of each.
    """
    ended: dict[str, str] = {}
    for lane in connection.execute(_PAUSES, {"now": now}).all():
        if not connection.execute(_RESUME, {"this_carrier": lane.carrier, "seen": lane.paused_until}).rowcount:
            continue
        ended[lane.carrier] = lane.code
        began = {"this_carrier": lane.carrier, "this_code": lane.code, "now": now, "last": lane.paused_until + _SOON}
        for row in connection.execute(_BEGAN, began).all():
            due = now + max(row.due - lane.paused_until, timedelta(0))
            connection.execute(_SOONER, {"this_id": row.id, "this_due": row.due, "due": due})
    return ended


def _end(
    connection: Connection,
    stored: Stored,
    wanted: Mapping[str, Any],
    otherwise: datetime | ColumnElement[datetime],
    news: Mapping[str, Any],
) -> bool:
    """An attempt is over. What its order no longer wants is to be cancelled, from ``otherwise`` on, whatever the
    outcome was: the platform may hold it. Decided by the database, which may have learnt of it a moment ago.
    """
    unwanted = {"state": State.CANCELLING, "due": otherwise, "attempts": 0}
    cases = {
        name: case((WANTED, _value(name, value)), else_=_value(name, unwanted[name])) for name, value in wanted.items()
    }
    return connection.execute(_SETTLE.values(**cases, **news), _mine(stored)).rowcount == 1


def _value(name: str, value: Any) -> ColumnElement[Any]:
    return value if isinstance(value, ColumnElement) else literal(value, records.c[name].type)


def _settle(connection: Connection, stored: Stored, news: Mapping[str, Any]) -> bool:
    """False if the lease was lost: somebody claimed the record since, or settled it."""
    return connection.execute(_SETTLE, _mine(stored) | dict(news)).rowcount == 1


def _mine(stored: Stored) -> dict[str, Any]:
    return {"this_id": stored.id, "this_fence": stored.fence}
