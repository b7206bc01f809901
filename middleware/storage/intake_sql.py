"""What intake asks of the database, in the transaction that it is handed.

An order's row in ``orders`` is locked before anything is decided about the order, so that two versions that arrive at
once are judged one after the other. A replay cannot grow a table: the inbox has one row per body, and what changes
nothing writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from middleware.core.lifecycle import Standing, Step, decide
from middleware.model import Answer, Arrival, Reason, Record, Rejection, State, Status
from middleware.storage import records_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import inbox, orders, records, rejections

_SEEN: Final = (
    select(func.coalesce(records.c.id, rejections.c.id).label("id"), records.c.reference, inbox.c.reason)
    .select_from(
        inbox.outerjoin(orders, and_(orders.c.shop == inbox.c.shop, orders.c.order == inbox.c.order))
        .outerjoin(records, records.c.id == orders.c.record_id)
        .outerjoin(
            rejections,
            and_(inbox.c.order.is_(None), rejections.c.shop == inbox.c.shop, rejections.c.body == inbox.c.body),
        )
    )
    .where(
        inbox.c.shop == bindparam("shop"),
        inbox.c.body == bindparam("body"),
        # A body names its order's version, so the same body is never a newer one, whatever unsigned headers say. One
        # that was rejected is judged again when it is sent again: what was missing may have come.
        or_(
            inbox.c.order.is_not(None),
            and_(inbox.c.topic == bindparam("topic"), inbox.c.webhook == bindparam("webhook")),
        ),
    )
)
_REJECTED: Final = select(rejections.c.id).where(
    rejections.c.shop == bindparam("shop"), rejections.c.body == bindparam("body")
)
_THIS_ORDER: Final = (orders.c.shop == bindparam("this_shop"), orders.c.order == bindparam("this_order"))
_VERSION: Final = (
    select(orders.c.updated_at, orders.c.cancelled, orders.c.record_id, orders.c.until)
    .where(*_THIS_ORDER)
    .with_for_update()
)
_REMEMBER: Final = update(orders).where(*_THIS_ORDER)
_STANDING: Final = (
    select(records.c.id, records.c.reference, records.c.state, records.c.content, records.c.first_claimed_at)
    .where(records.c.id == bindparam("this_id"))
    .with_for_update()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What stands for an order, and the record that an answer names; all None if the order is new."""

    standing: Standing | None = None
    until: date | None = None
    record_id: str | None = None
    reference: str | None = None

    def answer(self, status: Status, reason: Reason | None = None) -> Answer:
        return Answer(status=status, id=self.record_id, reference=self.reference, reason=reason)


def seen(connection: Connection, shop: str, topic: str, webhook: bytes, body: bytes) -> Answer | None:
    """The duplicate's answer: it names the record that stands for the order now."""
    row = connection.execute(_SEEN, {"shop": shop, "topic": topic, "webhook": webhook, "body": body}).one_or_none()
    if row is None:
        return None
    return Answer(status=Status.DUPLICATE, id=row.id, reference=row.reference, reason=row.reason)


def accept(connection: Connection, upserts: Upserts, arrival: Arrival, record: Record | None) -> Answer:
    """Judge and carry out. Raises: ValueError if there is neither a record nor a reason for its absence, or both."""
    if (record is None) is (arrival.halt is None):
        raise ValueError("an arrival brings either a record or the reason why there is none")
    again = seen(connection, arrival.shop, arrival.topic, arrival.webhook, arrival.body)
    if again is not None:
        return again
    found = _found(connection, upserts, arrival, record)
    step = decide(found.standing, arrival.updated_at, arrival.halt, record.content if record else None)
    answer = _carry_out(connection, upserts, step, found, arrival, record)
    if step is not Step.OLDER:  # that one stays older however often it comes
        memory = {"status": answer.status, "reason": answer.reason, "order": arrival.order}
        _remember_webhook(connection, upserts, arrival, memory)
    return answer


def reject(connection: Connection, upserts: Upserts, rejection: Rejection) -> Answer:
    """Keep the rejection, once per body however often it arrives."""
    row = {
        "id": rejection.id,
        "shop": rejection.shop,
        "topic": rejection.topic,
        "faults": [list(fault) for fault in rejection.faults],
        "order_ref": rejection.order_ref,
        "webhook": rejection.webhook,
        "body": rejection.body,
        "received_at": rejection.received_at,
        "until": rejection.until,
    }
    if not connection.execute(upserts.new[rejections], row).rowcount:
        first = connection.execute(_REJECTED, {"shop": rejection.shop, "body": rejection.body}).scalar_one()
        return Answer(status=Status.DUPLICATE, id=first)
    memory = {"status": Status.REJECTED, "reason": None, "order": None}
    _remember_webhook(connection, upserts, rejection, memory)
    return Answer(status=Status.REJECTED, id=rejection.id)


def _found(connection: Connection, upserts: Upserts, arrival: Arrival, record: Record | None) -> _Found:
    """Lock the order's row, made if it is new, and read what stands."""
    row = {
        "shop": arrival.shop,
        "order": arrival.order,
        "updated_at": arrival.updated_at,
        "cancelled": arrival.halt is Reason.CANCELLED,
        "record_id": record.id if record else None,  # where nothing stands, the step is to create it
        "until": arrival.standing_until,
    }
    if connection.execute(upserts.new[orders], row).rowcount:
        return _Found()
    version = connection.execute(_VERSION, _this(arrival)).one()
    stands = connection.execute(_STANDING, {"this_id": version.record_id}).one_or_none()
    if stands is None:
        standing = Standing(updated_at=version.updated_at, cancelled=version.cancelled)
        return _Found(standing=standing, until=version.until)
    standing = Standing(
        updated_at=version.updated_at,
        cancelled=version.cancelled,
        state=State(stands.state),
        content=stands.content,
        claimed=stands.first_claimed_at is not None,
    )
    return _Found(standing=standing, until=version.until, record_id=stands.id, reference=stands.reference)


def _carry_out(
    connection: Connection, upserts: Upserts, step: Step, found: _Found, arrival: Arrival, record: Record | None
) -> Answer:
    stands = found.record_id or ""  # the steps that change a record have one
    if record is not None and step in (Step.CREATE, Step.REPLACE):
        if step is Step.REPLACE:
            records_sql.remove(connection, stands)
        records_sql.store(connection, upserts, record, arrival.shop, arrival.received_at)
        _remember_version(connection, found, arrival, record.id)
        return Answer(status=Status.ACCEPTED, id=record.id, reference=record.reference)
    _remember_version(connection, found, arrival, found.record_id)
    match step:
        case Step.WITHDRAW:
            records_sql.withdraw(connection, stands, arrival.received_at, arrival.halt, arrival.until)
        case Step.FLAG:
            records_sql.flag(connection, stands)
            return found.answer(Status.ACCEPTED)
        case Step.DUPLICATE:
            return found.answer(Status.DUPLICATE, arrival.halt)
        case Step.OLDER:
            final = found.standing is not None and found.standing.cancelled
            return found.answer(Status.IGNORED, Reason.CANCELLED if final else Reason.OLDER_VERSION)
    return found.answer(Status.IGNORED, arrival.halt)


def _remember_version(connection: Connection, found: _Found, arrival: Arrival, record_id: str | None) -> None:
    """Time and cancellation only grow. Only a newer version or a new record lengthens the memory: a replay must not."""
    if found.standing is None or found.until is None:
        return  # the row was made a moment ago
    grew = arrival.updated_at > found.standing.updated_at
    cancels = arrival.halt is Reason.CANCELLED and not found.standing.cancelled
    stored = record_id != found.record_id
    if grew or cancels or stored:
        news = {
            "updated_at": max(arrival.updated_at, found.standing.updated_at),
            "cancelled": cancels or found.standing.cancelled,
            "record_id": record_id,
            "until": max(arrival.standing_until, found.until),
        }
        connection.execute(_REMEMBER, _this(arrival) | news)


def _remember_webhook(
    connection: Connection, upserts: Upserts, webhook: Arrival | Rejection, memory: dict[str, Any]
) -> None:
    key = {"shop": webhook.shop, "body": webhook.body, "topic": webhook.topic, "webhook": webhook.webhook}
    connection.execute(upserts.put[inbox], key | memory | {"until": webhook.until})


def _this(arrival: Arrival) -> dict[str, Any]:
    return {"this_shop": arrival.shop, "this_order": arrival.order}
