"""What a newly arrived version of an order does to what stands for it, in the transaction that is handed in.

An order's row in ``orders`` is locked before anything is decided about the order, so that two versions that arrive at
once, and a version and the relay that ends its predecessor, come one after the other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, bindparam, exists, select, update

from middleware.core.calendar import today
from middleware.core.clocks import succeeding
from middleware.core.index import same
from middleware.core.lifecycle import Standing, Step, decide
from middleware.core.schedule import latest
from middleware.model import Answer, Arrival, Ending, Reason, Record, State, Status
from middleware.storage import clocks_sql, numbers_sql, records_sql, standings_sql
from middleware.storage.database import Upserts
from middleware.storage.ending_sql import STRANDED
from middleware.storage.tables import orders, records, word

_THIS_ORDER: Final = (orders.c.shop == bindparam("this_shop"), orders.c.order == bindparam("this_order"))
_VERSION: Final = (
    select(orders.c.updated_at, orders.c.cancelled, orders.c.content, orders.c.record_id, orders.c.until)
    .where(*_THIS_ORDER)
    .with_for_update()
)
_REMEMBER: Final = update(orders).where(*_THIS_ORDER)
_RECORD: Final = (
    select(
        records.c.id,
        records.c.reference,
        records.c.state,
        records.c.first_claimed_at,
        records.c.ending,
        records.c.predecessor,
        records.c.last_code,
    )
    .where(records.c.id == bindparam("this_id"))
    .with_for_update()
)

_FIRST: Final = records.alias("first")
_BEHIND: Final = select(records.c.predecessor).where(
    records.c.id == bindparam("this_id"),
    records.c.first_claimed_at.is_(None),
    ~exists().where(_FIRST.c.id == records.c.predecessor, _FIRST.c.state.in_((State.CANCELLED, State.WITHDRAWN))),
)
"""What has to be gone before a record that was never claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands for an order, and the record that an answer names; all None if the order is new."""

    standing: Standing | None = None
    until: date | None = None
    record_id: str | None = None
    reference: str | None = None
    predecessor: str | None = None

    def answer(self, status: Status, reason: Reason | None = None) -> Answer:
        return Answer(status=status, id=self.record_id, reference=self.reference, reason=reason)


def judge(connection: Connection, upserts: Upserts, arrival: Arrival, record: Record | None) -> tuple[Step, Answer]:
    """Decide about a version and carry it out; ``record`` is None where ``arrival.halt`` says why."""
    found = _found(connection, upserts, arrival, record)
    content, free = (record.content, not record.blocked) if record else (None, False)
    step = decide(found.standing, arrival.updated_at, arrival.halt, content, free=free)
    if record is not None and step in (Step.CREATE, Step.REPLACE, Step.SUPERSEDE):
        return step, _stored(connection, upserts, step, found, arrival, record)
    return step, _without_a_record(connection, step, found, arrival, content)


def _found(connection: Connection, upserts: Upserts, arrival: Arrival, record: Record | None) -> _Found:
    """Lock the order's row, made if it is new, and read what stands."""
    row = {
        "shop": arrival.shop,
        "order": arrival.order,
        "updated_at": arrival.updated_at,
        "cancelled": arrival.halt is Reason.CANCELLED,
        "content": record.content if record else None,
        "record_id": record.id if record else None,  # where nothing stands, the step is to create it
        "until": arrival.standing_until,
    }
    if connection.execute(upserts.new[orders], row).rowcount:
        return _Found()
    version = connection.execute(_VERSION, _this(arrival)).one()
    known: dict[str, Any] = {
        "updated_at": version.updated_at,
        "cancelled": version.cancelled,
        "content": _content(version.content, record),
    }
    stands = connection.execute(_RECORD, {"this_id": version.record_id}).one_or_none()
    if stands is None:
        return _Found(standing=Standing(**known), until=version.until)
    standing = Standing(
        **known,
        state=word(stands.state, State),
        claimed=stands.first_claimed_at is not None,
        ending=word(stands.ending, Ending) if stands.ending else None,
        held=records_sql.is_pinned(connection, stands.id, today(arrival.received_at)),
    )
    return _Found(
        standing=standing,
        until=version.until,
        record_id=stands.id,
        reference=stands.reference,
        predecessor=_before(connection, stands, standing),
    )


def _content(known: bytes | None, record: Record | None) -> bytes | None:
    """What is known of the content, as the record says it where it is the same: of another generation, perhaps."""
    return record.content if known is not None and record is not None and same(known, record.content) else known


def _before(connection: Connection, stands: Any, standing: Standing) -> str | None:
    """What has to be gone first, before this record and before one that takes its place. Where that is not there the
    record was quarantined, and what takes its place waits for a person as well.
    """
    if standing.state is State.QUARANTINED and stands.last_code == STRANDED and not standing.claimed:
        return stands.predecessor or str(stands.id)
    if standing.state is State.DEAD:  # it may have been buried while it was held
        predecessor: str | None = connection.execute(_BEHIND, {"this_id": stands.id}).scalar_one_or_none()
        return predecessor
    return stands.predecessor if standing.state in (State.HELD, State.BLOCKED) else None


def _stored(
    connection: Connection, upserts: Upserts, step: Step, found: _Found, arrival: Arrival, record: Record
) -> Answer:
    """Store the record in the place of what stands, or to come after it, with the clocks that run."""
    predecessor, signed = None, record
    formers = numbers_sql.formers(connection, found.record_id)  # before any of it goes
    if step is not Step.CREATE and found.record_id:
        before = clocks_sql.running(connection, found.record_id, arrival.received_at)
        if before:
            record = succeeding(record, before)
            arrival = replace(arrival, standing_until=record.clear_until)
    if step is Step.REPLACE and found.record_id:
        if records_sql.is_held(connection, found.record_id):  # what is legally held stays, and is not sent
            records_sql.withdraw(connection, found.record_id, arrival.received_at, Ending.REPLACED, arrival.until)
        else:
            records_sql.remove(connection, found.record_id)
        predecessor = found.predecessor
    elif step is Step.SUPERSEDE:
        _recall(connection, found.record_id, Ending.REPLACED, arrival)
        predecessor = found.record_id
    taken = (arrival.received_at, arrival.integration)
    records_sql.store(connection, upserts, record, arrival.shop, *taken, predecessor, formers)
    clocks_sql.moved_before(connection, signed, record, arrival.received_at)
    if arrival.use is not None:
        standings_sql.used(connection, upserts, arrival.shop, arrival.use, arrival.received_at)
    _remember(connection, found, arrival, record.id, record.content)
    return Answer(status=Status.ACCEPTED, id=record.id, reference=record.reference)


def _without_a_record(
    connection: Connection, step: Step, found: _Found, arrival: Arrival, content: bytes | None
) -> Answer:
    stands = found.record_id or ""  # the steps that change a record have one
    known = found.standing.content if found.standing else None
    match step:
        case Step.WITHDRAW:
            records_sql.withdraw(connection, stands, arrival.received_at, arrival.halt, arrival.until)
            _recall(connection, found.predecessor, Ending.CANCELLED, arrival)
            if found.predecessor is None and found.until is None:  # nothing is left whose clock could end the memory
                found = replace(found, until=arrival.until)
            _remember(connection, found, arrival, found.predecessor or stands, None)
        case Step.RECALL:
            _recall(connection, stands, Ending.CANCELLED, arrival)
            _remember(connection, found, arrival, stands, None)
        case Step.FLAG:
            records_sql.flag(connection, stands)
            held = found.standing is not None and found.standing.held  # it may be told again when the hold is over
            _remember(connection, found, arrival, stands, known if held else content or known)
            return found.answer(Status.ACCEPTED)
        case _:
            _remember(connection, found, arrival, found.record_id, known)
    if step is Step.DUPLICATE:
        return found.answer(Status.DUPLICATE, arrival.halt)
    if step is Step.OLDER:
        final = found.standing is not None and found.standing.cancelled
        return found.answer(Status.IGNORED, Reason.CANCELLED if final else Reason.OLDER_VERSION)
    return found.answer(Status.IGNORED, arrival.halt)


def _recall(connection: Connection, record_id: str | None, ending: Ending, arrival: Arrival) -> None:
    """What is at the platform, or may be, is to be cancelled there. A record that was erased needs it no more; one that
    is legally held there stays, flagged.
    """
    stands = connection.execute(_RECORD, {"this_id": record_id}).one_or_none() if record_id else None
    if stands is None:
        return
    if records_sql.is_pinned(connection, stands.id, today(arrival.received_at)):
        records_sql.flag(connection, stands.id)
    else:
        records_sql.recall(connection, stands.id, word(stands.state, State), ending, arrival.received_at)


def _remember(
    connection: Connection, found: _Found, arrival: Arrival, record_id: str | None, content: bytes | None
) -> None:
    """Time and cancellation only grow. Only a newer version or a new record lengthens the memory: a replay must not."""
    if found.standing is None:
        return  # the row was made a moment ago
    grew = arrival.updated_at > found.standing.updated_at
    cancels = arrival.halt is Reason.CANCELLED and not found.standing.cancelled
    changed = record_id != found.record_id or content != found.standing.content
    if grew or cancels or changed:
        news = {
            "updated_at": max(arrival.updated_at, found.standing.updated_at),
            "cancelled": cancels or found.standing.cancelled,
            "content": content,
            "record_id": record_id,
            "until": latest((arrival.standing_until, found.until)),
        }
        connection.execute(_REMEMBER, _this(arrival) | news)


def _this(arrival: Arrival) -> dict[str, Any]:
    return {"this_shop": arrival.shop, "this_order": arrival.order}
