"""Parcels of which a clock of retention waits for their delivery, in the transaction that is handed in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Select, bindparam, select, tuple_, type_coerce

from middleware.model import State
from middleware.model_events import TRIGGERS, EventType
from middleware.storage import finding
from middleware.storage.tables import parts, records
from middleware.trail import Awaited, Place

_AT: Final = type_coerce(records.c.created_at, BigInteger)
"""As it rests: it need not be readable to be passed over."""

_WAITS: Final = (
    select(parts.c.name)
    .where(
        parts.c.record_id == records.c.id,
        parts.c.trigger == TRIGGERS[EventType.DELIVERED],
        parts.c.until.is_(None),
        parts.c.ended_at.is_(None),
    )
    .correlate(records)
    .exists()
)
_FIRST: Final[Select[Any]] = (
    select(_AT.label("at"), records.c.id)
    .where(
        records.c.state == State.DELIVERED,
        records.c.created_at >= bindparam("since", type_=records.c.created_at.type),
        records.c.carrier == bindparam("carrier"),
        records.c.barcode.is_not(None),
        records.c.until.is_(None),
        _WAITS,
    )
    .order_by(_AT, records.c.id)
    .limit(1)
)
_NEXT: Final = _FIRST.where(tuple_(_AT, records.c.id) > tuple_(bindparam("at"), bindparam("id")))


def awaiting(connection: Connection, carrier: str, since: datetime, after: Place | None) -> Awaited | None:
    """The first behind ``after``, in the order in which they were taken in."""
    given = {"carrier": carrier, "since": since}
    if after is None:
        row = connection.execute(_FIRST, given).first()
    else:
        row = connection.execute(_NEXT, {**given, "at": after[0], "id": after[1]}).first()
    record = finding.sighting(connection, row.id) if row is not None else None
    return Awaited(place=(row.at, row.id), record=record) if row is not None and record is not None else None
