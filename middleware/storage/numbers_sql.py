"""The tracking numbers that a shop's platform has, or may have: which records they are of, and how they are taken back.

A number is taken back once its parcel is cancelled and none goes in its place. Where one does, that one replaces it: it
remembers the records before it (``formers``) from the moment at which it is taken.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from middleware.model import Ending, State
from middleware.model_back import LEASE_SECONDS, Event, Kind, Way
from middleware.storage.tables import records
from middleware.storage.tables_back import callbacks, listeners

MOST_FORMERS: Final = 20
"""How many records before it are remembered: the first of them, which the platform was told of, and the last."""

_LEASE: Final = timedelta(seconds=LEASE_SECONDS)
_ENDED: Final = (State.CANCELLED, State.WITHDRAWN)
_THIS: Final[Any] = bindparam("this_id")
_ROWS: Final = and_(callbacks.c.record_id == _THIS, callbacks.c.way == Way.FULFILMENT)
_BEFORE: Final = (
    select(records.c.id, records.c.barcode, records.c.predecessor, listeners.c.formers)
    .outerjoin(listeners, listeners.c.record_id == records.c.id)
    .where(records.c.id == _THIS)
)
_WAITING: Final = select(callbacks.c.due, callbacks.c.fence).where(_ROWS).with_for_update()
_DROP: Final = delete(callbacks).where(_ROWS)
_LISTENS: Final = (
    select(listeners.c.fulfilment, listeners.c.formers, records.c.shop, records.c.state)
    .join(records, records.c.id == listeners.c.record_id)
    .where(listeners.c.record_id == _THIS)
)
_BARCODES: Final = select(records.c.barcode).where(
    records.c.id.in_(bindparam("ids", expanding=True)), records.c.barcode.is_not(None)
)
_DEAD: Final = _BARCODES.where(records.c.state == State.CANCELLED)
_NEXT: Final = (
    select(records.c.id)
    .join(listeners, and_(listeners.c.record_id == records.c.id, listeners.c.fulfilment))
    .where(records.c.predecessor == _THIS, records.c.state == State.WAITING)
    .limit(1)
)
_TAKE_BACK: Final = insert(callbacks).values(way=Way.FULFILMENT, kind=Kind.CANCELLED, fence=0, attempts=0)
_STANDS: Final = select(records.c.state, records.c.ending).where(records.c.id == _THIS)
_LISTENER: Final = update(listeners).where(listeners.c.record_id == _THIS)


def formers(connection: Connection, record_id: str | None) -> Sequence[str]:
    """The records of an order whose number its platform may have, up to this one: of what never had one, those before
    it. Which of them the platform was told of last, only the platform knows.
    """
    row = connection.execute(_BEFORE, {"this_id": record_id}).one_or_none()
    if row is None:
        return ()
    before = row.formers.split() if row.formers else [row.predecessor] if row.predecessor else []
    known = list(dict.fromkeys((*before, *([row.id] if row.barcode else []))))
    return known if len(known) <= MOST_FORMERS else [known[0], *known[1 - MOST_FORMERS :]]


def barcodes(connection: Connection, row: Any) -> frozenset[str]:
    """Of an event: the numbers in whose place its own comes, or of those that are to be taken back the cancelled."""
    if row.way != Way.FULFILMENT:
        return frozenset()
    if row.kind == Kind.CANCELLED:
        return _dead(connection, {row.record_id, *row.formers.split()})
    return frozenset(connection.execute(_BARCODES, {"ids": row.formers.split()}).scalars())


def take_back(connection: Connection, record_id: str, now: datetime) -> bool:
    """No parcel of this record is on its way, nor will be by itself: what its platform may have of numbers that are
    cancelled is to be taken back, unless the one that was let go a moment ago replaces them. Whether it is.
    """
    this = {"this_id": record_id}
    waiting = connection.execute(_WAITING, this).all()  # first: whoever is settling one of them is waited for
    row = connection.execute(_LISTENS, this).one_or_none()
    if row is None or not row.fulfilment:
        return False
    connection.execute(_DROP, this)
    known = set(row.formers.split()) | ({record_id} if any(one.fence for one in waiting) else set())
    if not _dead(connection, known) or connection.execute(_NEXT, this).first() is not None:
        if row.state in _ENDED:
            connection.execute(_LISTENER.values(fulfilment=False), this)
        return False
    told = {"id": str(uuid.uuid4()), "record_id": record_id, "shop": row.shop, "happened_at": now}
    connection.execute(_TAKE_BACK, {**told, "due": _after(waiting, now)})
    return True


def heard(connection: Connection, event: Event) -> None:
    """The platform has the number alone, in the place of all before it, or has none of them any more. The id of the
    order is needed as long as the number may have to be taken back.
    """
    this = {"this_id": event.record_id}
    row = connection.execute(_STANDS, this).one()
    over = row.state in _ENDED
    if event.kind is Kind.CREATED:
        connection.execute(_LISTENER.values(formers=event.record_id), this)
        over = row.ending == Ending.TOO_LATE
    if over and not connection.execute(_WAITING, this).all():
        connection.execute(_LISTENER.values(fulfilment=False), this)


def _dead(connection: Connection, ids: Collection[str]) -> frozenset[str]:
    return frozenset(connection.execute(_DEAD, {"ids": list(ids)}).scalars())


def _after(waiting: Sequence[Any], now: datetime) -> datetime:
    """Once whoever may be telling the platform this very moment has ended: what was just made has to be seen."""
    return max((min(one.due, now + _LEASE) for one in waiting if one.due is not None and one.fence), default=now)
