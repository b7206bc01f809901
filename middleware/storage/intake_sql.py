"""What intake asks of the database, in the transaction that it is handed.

A replay cannot grow a table: the inbox has one row per body, and what changes nothing writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from middleware.core.index import Blind, forms
from middleware.core.lifecycle import Step
from middleware.model import Answer, Arrival, Reason, Record, Rejection, Status
from middleware.storage import chain_sql, versions_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import inbox, orders, records, rejections

_AT_ONCE: Final = 500
"""Ids in one statement: databases take only so many parameters."""

_SEEN: Final = (
    select(func.coalesce(records.c.id, rejections.c.id).label("id"), records.c.reference, inbox.c.reason, inbox.c.order)
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
_STANDS: Final = (
    select(records.c.id, records.c.reference)
    .join(orders, orders.c.record_id == records.c.id)
    .where(orders.c.shop == bindparam("shop"), orders.c.order == bindparam("order"))
)
_REJECTED: Final = select(rejections.c.id).where(
    rejections.c.shop == bindparam("shop"), rejections.c.body == bindparam("body")
)


def seen(connection: Connection, shop: str, topic: str, webhook: bytes, body: bytes) -> Answer | None:
    """The duplicate's answer: it names the record that stands for the order now."""
    for this_body, this_webhook in zip(forms(body), forms(webhook), strict=False):  # they are taken forward together
        asked = {"shop": shop, "topic": topic, "webhook": this_webhook, "body": this_body}
        row = connection.execute(_SEEN, asked).one_or_none()
        if row is not None:
            id_, reference = row.id, row.reference
            if id_ is None and isinstance(body, Blind):  # what belongs to it is of another generation
                id_, reference = _stands(connection, shop, row.order, body)
            return Answer(status=Status.DUPLICATE, id=id_, reference=reference, reason=row.reason)
    return None


def _stands(connection: Connection, shop: str, order: bytes | None, body: Blind) -> tuple[str | None, str | None]:
    """What stands for a webhook's order, or how it was rejected, where they were taken forward apart."""
    if order is None:
        return next(iter(_kept(connection, shop, body)), None), None
    found = connection.execute(_STANDS, {"shop": shop, "order": body.forward(order)}).one_or_none()
    return (found.id, found.reference) if found else (None, None)


def _kept(connection: Connection, shop: str, body: bytes) -> Sequence[str]:
    """The rejection of that body, if it is kept."""
    found = (connection.execute(_REJECTED, {"shop": shop, "body": form}).scalar_one_or_none() for form in forms(body))
    return [one for one in found if one is not None]


def accept(connection: Connection, upserts: Upserts, arrival: Arrival, record: Record | None) -> Answer:
    """Judge and carry out. Raises: ValueError if there is neither a record nor a reason for its absence, or both."""
    if (record is None) is (arrival.halt is None):
        raise ValueError("an arrival brings either a record or the reason why there is none")
    arrival, record = chain_sql.arrived(connection, arrival, record)
    again = seen(connection, arrival.shop, arrival.topic, arrival.webhook, arrival.body)
    if again is not None:
        return again
    step, answer = versions_sql.judge(connection, upserts, arrival, record)
    if step is not Step.OLDER:  # that one stays older however often it comes
        memory = {"status": answer.status, "reason": answer.reason, "order": arrival.order}
        _remember_webhook(connection, upserts, arrival, memory)
    return answer


def reject(connection: Connection, upserts: Upserts, rejection: Rejection) -> Answer:
    """Keep the rejection, once per body however often it arrives. What stands for its order is now out of date.

    A body that was accepted once, under other settings perhaps, is a duplicate: it tells nothing new of its order.
    """
    rejection = chain_sql.refused(connection, rejection)
    again = seen(connection, rejection.shop, rejection.topic, rejection.webhook, rejection.body)
    if again is not None:
        return again
    order, updated_at = rejection.version or (None, None)
    row = {
        "id": rejection.id,
        "shop": rejection.shop,
        "topic": rejection.topic,
        "faults": [list(fault) for fault in rejection.faults],
        "order_ref": rejection.order_ref,
        "order": order,
        "updated_at": updated_at,
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
    if order is not None and updated_at is not None:
        versions_sql.judge(connection, upserts, _arrival(rejection, order, updated_at), None)
    return Answer(status=Status.REJECTED, id=rejection.id)


def kept(connection: Connection, shop: str, body: bytes) -> bool:
    """Whether this very body is kept as a rejection."""
    return bool(_kept(connection, shop, body))


def see(connection: Connection, ids: Sequence[str], now: datetime) -> int:
    """Mark the rejections as seen by a person; how many were new."""
    new = 0
    for start in range(0, len(ids), _AT_ONCE):
        these = rejections.c.id.in_(ids[start : start + _AT_ONCE])
        unseen = update(rejections).where(these, rejections.c.seen_at.is_(None)).values(seen_at=now)
        new += connection.execute(unseen).rowcount
    return new


def see_changed(connection: Connection, ids: Sequence[str], now: datetime) -> int:
    """Mark the flags of these records as seen by a person; how many were new."""
    new = 0
    for start in range(0, len(ids), _AT_ONCE):
        these = records.c.id.in_(ids[start : start + _AT_ONCE])
        unseen = records.c.changed_after_delivery.is_(True) & records.c.changed_seen_at.is_(None)
        new += connection.execute(update(records).where(these, unseen).values(changed_seen_at=now)).rowcount
    return new


def _arrival(rejection: Rejection, order: bytes, updated_at: datetime) -> Arrival:
    return Arrival(
        shop=rejection.shop,
        topic=rejection.topic,
        webhook=rejection.webhook,
        body=rejection.body,
        order=order,
        updated_at=updated_at,
        halt=Reason.REJECTED,
        received_at=rejection.received_at,
        until=rejection.until,
        standing_until=rejection.until,
    )


def _remember_webhook(
    connection: Connection, upserts: Upserts, webhook: Arrival | Rejection, memory: dict[str, Any]
) -> None:
    key = {"shop": webhook.shop, "body": webhook.body, "topic": webhook.topic, "webhook": webhook.webhook}
    connection.execute(upserts.put[inbox], key | memory | {"until": webhook.until})
