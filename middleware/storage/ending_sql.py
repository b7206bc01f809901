"""How a record that its order no longer wants ends at the parcel platform, and what becomes of its successor.

The order's row is locked first, as intake does: a version that arrives at this moment finds either the predecessor
that is still there, or the successor that was released.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, exists, func, or_, select, update

from middleware.core.calendar import today
from middleware.model import Ending, State, Stored
from middleware.storage import burying_sql, chain_sql, making_sql, records_sql
from middleware.storage.tables import index_entries, orders, parts, records

STRANDED: Final = "predecessor-missing"
"""The code of what was held behind a record that is not there."""

_ORDER: Final = (
    select(orders.c.shop, orders.c.order, orders.c.record_id)
    .join(
        index_entries,
        and_(
            index_entries.c.shop == orders.c.shop,
            index_entries.c.kind == "order.id",
            index_entries.c.digest == orders.c.order,
        ),
    )
    .where(index_entries.c.record_id == bindparam("this_id"))
    .order_by(orders.c.shop, orders.c.order)  # whoever locks several locks them in this order
    .with_for_update(of=orders)
)
_LEASED: Final = update(records).where(
    records.c.id == bindparam("this_id"),
    records.c.fence == bindparam("this_fence"),
    records.c.state == State.CANCELLING,
)
_STANDS: Final = _LEASED.values(
    barcode=func.coalesce(records.c.barcode, bindparam("seen", type_=records.c.barcode.type))
)
_NOW: Final = bindparam("now", type_=records.c.due.type)
_DUE_NOW: Final = case((records.c.first_due > _NOW, records.c.first_due), else_=_NOW)  # its own hold counts too
_FIRST: Final = records.alias("first")
_RELEASE: Final = (
    update(records)
    .where(records.c.predecessor == bindparam("this_id"), records.c.state == State.HELD)
    .values(state=State.WAITING, due=_DUE_NOW)
)
_OVER: Final = and_(parts.c.until.is_(None), parts.c.ceiling < bindparam("today", type_=parts.c.ceiling.type))
_IS_OVER: Final = exists().where(parts.c.record_id == records.c.id, _OVER)
_FREE: Final = (
    update(records)
    .where(
        records.c.id == bindparam("this_id"),
        or_(
            and_(
                records.c.state == State.HELD,
                records.c.predecessor.in_(select(_FIRST.c.id).where(_FIRST.c.state == State.QUARANTINED)),
            ),
            and_(records.c.state == State.QUARANTINED, records.c.last_code == STRANDED, ~_IS_OVER),
        ),
    )
    .values(state=State.WAITING, due=_DUE_NOW)
)
_GONE_BEFORE: Final = records.c.predecessor.is_(None) | ~exists().where(_FIRST.c.id == records.c.predecessor)
_STRANDED: Final = (
    select(records.c.id, records.c.carrier).where(records.c.state == State.HELD, _GONE_BEFORE).with_for_update()
)
_BURIED_THERE: Final = and_(records.c.state == State.DEAD, records.c.first_claimed_at.is_(None))
_SUCCESSOR: Final = select(records.c.id, records.c.clear_until).where(
    records.c.predecessor == bindparam("this_id"), or_(records.c.state.in_((State.HELD, State.BLOCKED)), _BURIED_THERE)
)
"""Of one that may be at the platform: what waits until it is gone, or was buried while it did."""
_STAND: Final = update(orders).where(orders.c.shop == bindparam("this_shop"), orders.c.order == bindparam("this_order"))
_DEAD: Final = (
    select(records.c.ending, records.c.clear)
    .where(records.c.id == bindparam("this_id"), records.c.state == State.DEAD)
    .with_for_update()
)
_LEFT: Final = (
    select(parts.c.name).where(parts.c.record_id == bindparam("this_id"), or_(parts.c.jwe.is_(None), _OVER)).limit(1)
)
_CHANGE: Final = update(records).where(records.c.id == bindparam("this_id"))


def gone(connection: Connection, stored: Stored, now: datetime) -> bool:
    """The platform holds it no more: what was sealed leaves, and its successor may go. False if the lease was lost."""
    _locked(connection, stored.id)
    news = {"state": State.CANCELLED, "due": None, "settled_at": now}
    if not connection.execute(_LEASED, _mine(stored) | news).rowcount:
        return False
    records_sql.let_go(connection, stored.id, now)
    records_sql.drop_copies(connection, stored.id)
    records_sql.end_open(connection, stored.id, now)
    connection.execute(_RELEASE, {"this_id": stored.id, "now": now})
    making_sql.cancelled(connection, stored.id, now)
    return True


def too_late(connection: Connection, stored: Stored, now: datetime, barcode: str | None) -> bool:
    """The parcel is on its way: it stands for the order again, flagged, and its successor never goes. ``barcode`` is
    kept where none is known. False if the lease was lost.
    """
    known = _locked(connection, stored.id)
    news = {"state": State.DELIVERED, "due": None, "ending": Ending.TOO_LATE, "seen": barcode}
    if not connection.execute(
        _STANDS, _mine(stored) | news | {"changed_after_delivery": True, "changed_seen_at": None, "clear": None}
    ).rowcount:
        return False
    records_sql.empty_parts(connection, stored.id)
    for successor in connection.execute(_SUCCESSOR, {"this_id": stored.id}).all():
        records_sql.withdraw(connection, successor.id, now, Ending.TOO_LATE, successor.clear_until)
        for order in (order for order, stands in known if stands in (successor.id, stored.id)):
            connection.execute(_STAND, {**order, "record_id": stored.id})
    making_sql.too_late(connection, stored.id, now)
    return True


def revive(connection: Connection, record_id: str, now: datetime, *, released: bool) -> bool:
    """A dead letter goes again: the same bytes under the same key, or the request to cancel it; ``released`` under the
    account that is in force. What is held behind a record in quarantine, which will never be cancelled, or was behind
    one that is not there, goes as well. False for what is neither, has lost what would be sent, or is over
    (``clocks.last_day``), and for a request to cancel what is legally held.
    """
    _locked(connection, record_id)
    asked = {"this_id": record_id, "today": today(now)}
    if connection.execute(_FREE, {**asked, "now": now}).rowcount:
        return True
    row = connection.execute(_DEAD, {"this_id": record_id}).one_or_none()
    if row is None:
        return False
    left = row.clear is None or connection.execute(_LEFT, asked).first() is not None
    if row.ending is None and left:
        return False
    if row.ending is not None and records_sql.is_pinned(connection, record_id, today(now)):
        return False
    state = State.WAITING if row.ending is None else State.CANCELLING
    news: dict[str, Any] = {"state": state, "due": now, "attempts": 0, "settled_at": None}
    news |= {"account": None} if released else {}
    connection.execute(_CHANGE, {"this_id": record_id, **news})
    return True


def strand(connection: Connection, now: datetime) -> Sequence[tuple[str, str]]:
    """Quarantine what is held behind a record that is not there: what the platform has of it cannot be known, so it is
    neither cancelled nor is this one let go. Gives (id, carrier) of each.
    """
    stranded = [(row.id, row.carrier) for row in connection.execute(_STRANDED).all()]
    if stranded:
        burying_sql.bury(connection, [record_id for record_id, _ in stranded], State.QUARANTINED, STRANDED, now)
    return stranded


def _locked(connection: Connection, record_id: str) -> list[tuple[dict[str, Any], str | None]]:
    """The order's row, locked, and which record stands for it; none if it is remembered no more. Of one record there is
    one, unless another hand wrote to the index.
    """
    rows = chain_sql.locked(connection, _ORDER, {"this_id": record_id})
    return [({"this_shop": row.shop, "this_order": row.order}, row.record_id) for row in rows]


def _mine(stored: Stored) -> dict[str, Any]:
    return {"this_id": stored.id, "this_fence": stored.fence}
