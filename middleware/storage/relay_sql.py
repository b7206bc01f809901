"""What the relay asks of the database, in the transaction that it is handed. The outbox is the records themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from middleware.model import Delivered, State, Stored
from middleware.storage.database import Upserts
from middleware.storage.reading import parts_of
from middleware.storage.records_sql import empty_parts
from middleware.storage.tables import lanes, records

_PAUSED: Final = select(lanes.c.carrier, lanes.c.code).where(lanes.c.paused_until > bindparam("now"))
_DUE: Final = (  # a claimed record is due again when its lease ends: one comparison finds the waiting and the abandoned
    select(records)
    .where(records.c.due <= bindparam("now"), records.c.carrier.not_in(_PAUSED.with_only_columns(lanes.c.carrier)))
    .order_by(records.c.due)
    .limit(1)
    .with_for_update(skip_locked=True, of=records)
)
_LEASE: Final = update(records).where(records.c.id == bindparam("this_id"))
_SETTLE: Final = update(records).where(
    records.c.id == bindparam("this_id"), records.c.fence == bindparam("this_fence"), records.c.state == State.CLAIMED
)


def claim(connection: Connection, now: datetime, lease_seconds: float) -> Stored | None:
    row = connection.execute(_DUE, {"now": now}).one_or_none()
    if row is None:
        return None
    lease = {
        "state": State.CLAIMED,
        "due": now + timedelta(seconds=lease_seconds),
        "fence": row.fence + 1,
        "first_claimed_at": row.first_claimed_at or now,
    }
    connection.execute(_LEASE, {"this_id": row.id, **lease})
    return Stored(
        id=row.id,
        shop=row.shop,
        carrier=row.carrier,
        clear=row.clear,
        parts=parts_of(connection, row.id),
        receipt=row.receipt,
        attempts=row.attempts,
        fence=row.fence + 1,
        until=row.until,
        first_due=row.first_due,
    )


def delivered(connection: Connection, stored: Stored, outcome: Delivered, now: datetime) -> bool:
    """What was sent leaves in the same transaction: sealed parts and clear rest. Tags, index, receipt, barcode stay."""
    news = {"state": State.DELIVERED, "due": None, "settled_at": now, "barcode": outcome.barcode, "clear": None}
    if not _settle(connection, stored, news):
        return False
    empty_parts(connection, stored.id)
    return True


def retry(connection: Connection, stored: Stored, at: datetime, code: str, *, counted: bool) -> bool:
    attempts = stored.attempts + 1 if counted else stored.attempts
    return _settle(connection, stored, {"state": State.WAITING, "due": at, "last_code": code, "attempts": attempts})


def bury(connection: Connection, stored: Stored, state: State, code: str, now: datetime) -> bool:
    """Raises: ValueError for a state that is no burial."""
    if state not in (State.DEAD, State.QUARANTINED):
        raise ValueError("a record is buried as dead or quarantined")
    return _settle(connection, stored, {"state": state, "due": None, "settled_at": now, "last_code": code})


def pause_lane(connection: Connection, upserts: Upserts, carrier: str, until: datetime, code: str) -> None:
    row = {"carrier": carrier, "paused_until": until, "code": code}
    connection.execute(upserts.put[lanes], row)


def paused_lanes(connection: Connection, now: datetime) -> Mapping[str, str]:
    """Carrier → code."""
    return {row.carrier: row.code for row in connection.execute(_PAUSED, {"now": now}).all()}


def _settle(connection: Connection, stored: Stored, news: Mapping[str, Any]) -> bool:
    """False if the lease was lost: somebody claimed the record since, or settled it."""
    mine = {"this_id": stored.id, "this_fence": stored.fence}
    return connection.execute(_SETTLE, mine | dict(news)).rowcount == 1
