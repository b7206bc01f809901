"""The requests to integrate that have ended, and what becomes of the records that were taken under them.

Every record names its request, and no record goes whose request has ended: one that another process took in a moment
later is stopped when its turn comes. What was never claimed is withdrawn. Of what was, the parcel platform may hold it:
it ends as a dead letter that has nothing left to send, and keeps what leads to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, literal, or_, select, update

from middleware.core.calendar import today
from middleware.model import State
from middleware.model_shop import Ended, Integration
from middleware.storage import burying_sql, records_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import records
from middleware.storage.tables_shops import integrations, shop_changes, shops

CODE: Final = "uninstalled"
"""What is said of a record whose shop uninstalled the app."""

AT_ONCE: Final = 500
"""Records that end in one transaction."""

_ENDED: Final = (
    select(integrations.c.request, func.min(integrations.c.ended_at, type_=integrations.c.ended_at.type).label("at"))
    .where(integrations.c.domain == bindparam("this_domain"))
    .group_by(integrations.c.request)
)
_OVER: Final = select(integrations.c.request).where(integrations.c.request == bindparam("this_request")).limit(1)
_NEXT: Final = update(shop_changes).values(version=shop_changes.c.version + 1).where(shop_changes.c.id == 1)
_NEWEST: Final = select(shop_changes.c.version).where(shop_changes.c.id == 1)
_TELL: Final = update(shops).where(shops.c.domain == bindparam("this_domain"))


def ended(connection: Connection, domain: bytes) -> Sequence[Ended]:
    """Every request of that domain that has ended, and when it did."""
    rows = connection.execute(_ENDED, {"this_domain": domain}).all()
    return [Ended(request=row.request, ended_at=row.at) for row in rows]


def over(connection: Connection, request: bytes | None) -> bool:
    """Whether this request has ended."""
    return request is not None and connection.execute(_OVER, {"this_request": request}).first() is not None


def end(
    connection: Connection, upserts: Upserts, shop: str, integration: Integration, word: bytes, now: datetime
) -> int | None:
    """End it, and tell every process of it; how many records were stopped. None for a word that was heard before."""
    row = {"domain": integration.domain, "word": word, "request": integration.request, "shop": shop, "ended_at": now}
    if not connection.execute(upserts.new[integrations], row).rowcount:
        return None
    connection.execute(upserts.new[shop_changes], {"id": 1, "version": 0})
    connection.execute(_NEXT)
    newest = connection.execute(_NEWEST).scalar_one()
    connection.execute(_TELL, {"this_domain": integration.domain, "version": newest})
    return stop(connection, and_(records.c.shop == shop, records.c.integration == integration.request), now)


def stop(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """End the first ``AT_ONCE`` of the records that would go by themselves; how many. The others are ended when they
    are claimed: a shop's whole backlog would keep every other writer waiting. What a relay has in hand is finished, and
    what its order no longer wants is cancelled all the same: that request holds its id alone.
    """
    idle = or_(
        records.c.state.in_((State.WAITING, State.BLOCKED, State.HELD)),
        and_(records.c.state == State.CLAIMED, records.c.due <= now),
    )
    news: dict[str, Any] = {"due": None, "settled_at": now, "last_code": CODE}
    some = select(records.c.id).where(which, idle, records_sql.WANTED).order_by(records.c.due).limit(AT_ONCE)
    ids = connection.execute(some).scalars().all()
    these = (records.c.id.in_(ids), idle, records_sql.WANTED)
    fresh, taken = records.c.first_claimed_at.is_(None), records.c.first_claimed_at.is_not(None)
    last = func.coalesce(records.c.clear_until, literal(today(now) + records_sql.REMEMBERED, records.c.until.type))
    gone = {"state": State.WITHDRAWN, "until": last}
    stopped = update(records).where(*these, fresh).values(**news, **gone).returning(records.c.id)
    withdrawn = connection.execute(stopped).scalars().all()
    buried = connection.execute(select(records.c.id).where(*these, taken).with_for_update()).scalars().all()
    for record_id in (*withdrawn, *buried):
        records_sql.end_open(connection, record_id, now)
    for record_id in withdrawn:
        records_sql.forget(connection, record_id, now)
    burying_sql.bury_untold(connection, buried, State.DEAD, CODE, now)
    for record_id in buried:
        records_sql.let_go(connection, record_id, now)
    return len(withdrawn) + len(buried)
