"""Where is this parcel? From what a person can name to all that is known of the order, in one transaction.

A record leads to its order by the keyed digest of the order's id, and the order to all its records and rejections.
Every step finds its rows by an index, whatever the number of shops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Select, Text, bindparam, select, tuple_, type_coerce, union

from middleware.core import clocks
from middleware.core.index import forms
from middleware.core.kinds import NO_PARCEL
from middleware.model import Ending, Rejection, State
from middleware.storage import unreadable
from middleware.storage.reading import rejections_of
from middleware.storage.tables import (
    UnreadableError,
    day,
    inbox,
    index_entries,
    orders,
    parts,
    records,
    rejections,
    word,
)
from middleware.trail import Asked, Sighting, Trail

ORDER: Final = "order.id"
BATCH: Final = 250
"""How many keys one statement asks for."""

MOST: Final = 1_000
"""Records that one question leads to at most: more is no answer to anybody."""

Order = tuple[str, bytes]  # (shop, blind index of the order id)
T = TypeVar("T")

_SEEN: Final = (
    records.c.id,
    records.c.reference,
    records.c.shop,
    records.c.carrier,
    records.c.state,
    records.c.created_at,
    records.c.settled_at,
    records.c.due,
    records.c.attempts,
    records.c.last_code,
    records.c.account,
    records.c.barcode,
    records.c.changed_after_delivery,
    records.c.ending,
    records.c.predecessor,
)


_NOT_STARTED: Final = select(
    parts.c.record_id, parts.c.trigger, type_coerce(parts.c.ceiling, Text).label("ceiling")
).where(parts.c.record_id.in_(bindparam("ids", expanding=True)), parts.c.until.is_(None), parts.c.ended_at.is_(None))


_NO_PARCEL: Final = select(parts.c.record_id).where(
    parts.c.record_id.in_(bindparam("ids", expanding=True)), parts.c.name.in_(sorted(NO_PARCEL))
)


def find(connection: Connection, asked: Asked) -> Sequence[Trail]:
    """Every order that ``asked`` leads to, that with the newest record first."""
    direct = [(entry.shop, form) for entry in asked.digests if entry.kind == ORDER for form in forms(entry.digest)]
    named = [
        (entry.shop, entry.kind, form) for entry in asked.digests if entry.kind != ORDER for form in forms(entry.digest)
    ]
    before = {form: forms(entry.digest) for entry in asked.digests for form in forms(entry.digest)}
    hits = _records_in_the_clear(connection, asked) | _records_of(connection, named)
    of_record = _orders_of(connection, sorted(hits)[:MOST])
    trails = [
        trail
        for order in _known(connection, {*direct, *of_record.values()})
        if (trail := _trail(connection, order, before))
    ]
    alone = sorted(hits - {record.id for trail in trails for record in trail.records})[:MOST]
    trails += [
        Trail(shop=record.shop, records=(record,), rejections=(), reasons=(), cancelled=False)
        for record in _sightings(connection, alone)
    ]
    return sorted(trails, key=_newest, reverse=True)


def _newest(trail: Trail) -> tuple[float, str]:
    moments = [record.created_at for record in trail.records] + [entry.received_at for entry in trail.rejections]
    return max((moment.timestamp() for moment in moments), default=0.0), trail.shop


def _records_in_the_clear(connection: Connection, asked: Asked) -> set[str]:
    """Ids of the records of that id, short code or barcode, each by an index of its own."""
    wanted = (
        (records.c.id, asked.record_id),
        (records.c.reference, asked.reference),
        (records.c.barcode, asked.barcode),
    )
    found: set[str] = set()
    for column, value in wanted:
        if value is not None:
            rows = connection.execute(select(records.c.id, records.c.shop).where(column == value).limit(MOST)).all()
            found |= {row.id for row in rows if row.shop in asked.shops}
    return found


def _records_of(connection: Connection, entries: Iterable[tuple[str, str, bytes]]) -> set[str]:
    """Ids of the records to which these blind indexes lead."""
    key = tuple_(index_entries.c.shop, index_entries.c.kind, index_entries.c.digest)
    found: set[str] = set()
    for batch in _batches(entries):
        found |= set(connection.execute(select(index_entries.c.record_id).where(key.in_(batch))).scalars())
    return found


def _orders_of(connection: Connection, ids: Sequence[str]) -> dict[str, Order]:
    """Record → its order. A record that was withdrawn leads nowhere any more."""
    found: dict[str, Order] = {}
    for batch in _batches(ids):
        page = select(index_entries.c.record_id, index_entries.c.shop, index_entries.c.digest)
        page = page.where(index_entries.c.record_id.in_(batch), index_entries.c.kind == ORDER)
        found |= {row.record_id: (row.shop, row.digest) for row in connection.execute(page)}
    return found


def _known(connection: Connection, asked: set[Order]) -> list[Order]:
    """Those orders of which anything is known: of many shops hardly any."""
    known: set[Order] = set()
    for batch in _batches(sorted(asked)):
        version = select(orders.c.shop, orders.c.order).where(tuple_(orders.c.shop, orders.c.order).in_(batch))
        refused = select(rejections.c.shop, rejections.c.order)
        refused = refused.where(tuple_(rejections.c.shop, rejections.c.order).in_(batch))
        record = select(index_entries.c.shop, index_entries.c.digest).where(
            tuple_(index_entries.c.shop, index_entries.c.kind, index_entries.c.digest).in_(
                [(shop, ORDER, digest) for shop, digest in batch]
            )
        )
        known |= {(row[0], row[1]) for row in connection.execute(union(version, refused, record))}
    return sorted(known)[:MOST]


def _trail(connection: Connection, order: Order, before: Mapping[bytes, Sequence[bytes]]) -> Trail | None:
    """All that is known of one order; None where what was known has ended meanwhile. ``before`` tells what a webhook
    may have the order's digest as.
    """
    shop, digest = order
    version = connection.execute(
        select(orders.c.record_id, orders.c.cancelled).where(orders.c.shop == shop, orders.c.order == digest)
    ).one_or_none()
    ids = _records_of(connection, [(shop, ORDER, digest)])
    if version is not None and version.record_id is not None:
        ids.add(version.record_id)
    found = _sightings(connection, sorted(ids)[:MOST])
    refused = _rejections(connection, shop, digest)
    if version is None and not found and not refused:
        return None
    return Trail(
        shop=shop,
        records=tuple(found),
        rejections=refused,
        reasons=() if found else _reasons(connection, shop, before.get(digest, (digest,))),
        cancelled=version is not None and version.cancelled,
    )


def _sightings(connection: Connection, ids: Sequence[str]) -> list[Sighting]:
    found: list[Sighting] = []
    for batch in _batches(ids):
        found += _seen(connection, batch)
    return sorted(found, key=lambda record: (record.created_at, record.id), reverse=True)


def _seen(connection: Connection, ids: Sequence[str]) -> Sequence[Sighting]:
    page, known = select(*_SEEN), records.c.id
    found = unreadable.tolerant(
        lambda: [_sighting(unreadable.sound(row)) for row in connection.execute(page.where(known.in_(ids))).all()],
        lambda: connection.execute(select(known).where(known.in_(ids))).scalars().all(),
        lambda key: _sighting(unreadable.sound(connection.execute(page.where(known == key)).one())),
        unreadable.sighting,
    )
    still = connection.execute(_NOT_STARTED, {"ids": list(ids)}).all()
    others = set(connection.execute(_NO_PARCEL, {"ids": list(ids)}).scalars())
    return [
        _waiting(replace(record, parcel=record.id not in others), [row for row in still if row.record_id == record.id])
        for record in found
    ]


def _waiting(record: Sighting, still: Sequence[Any]) -> Sighting:
    """With what its clocks wait for, and how long it does so at most."""
    with suppress(UnreadableError):
        last = [clocks.last_day(record.state, None, day(row.ceiling)) for row in still]
        record = replace(record, unsent_until=max((each for each in last if each is not None), default=None))
    return replace(record, starts_with=tuple(sorted({str(row.trigger) for row in still})))


def sighting(connection: Connection, record_id: str) -> Sighting | None:
    """The one record of that id."""
    return next(iter(_sightings(connection, (record_id,))), None)


def _rejections(connection: Connection, shop: str, digest: bytes) -> tuple[Rejection, ...]:
    page: Select[Any] = select(rejections).where(rejections.c.shop == shop, rejections.c.order == digest)
    page = page.order_by(rejections.c.received_at.desc(), rejections.c.id).limit(MOST)
    return tuple(rejections_of(connection, page))


def _reasons(connection: Connection, shop: str, digests: Sequence[bytes]) -> tuple[str, ...]:
    """Why its versions had nothing to ship; of one shop's month of webhooks, for a single order."""
    page = select(inbox.c.reason).where(inbox.c.shop == shop, inbox.c.order.in_(digests), inbox.c.reason.is_not(None))
    return tuple(sorted(set(connection.execute(page).scalars())))


def _sighting(row: Any) -> Sighting:
    state = word(row.state, State)
    return Sighting(
        id=row.id,
        reference=row.reference,
        shop=row.shop,
        carrier=row.carrier,
        state=state,
        created_at=row.created_at,
        since=row.settled_at or row.created_at,
        due=row.due,
        attempts=row.attempts,
        last_code=row.last_code,
        barcode=row.barcode,
        changed_after_delivery=row.changed_after_delivery,
        ending=None if row.ending is None else word(row.ending, Ending),
        predecessor=row.predecessor,
        account=row.account,
    )


def _batches(keys: Iterable[T]) -> Iterator[list[T]]:
    left = iter(keys)
    while batch := list(islice(left, BATCH)):
        yield batch
