"""Digests of two generations beside each other, while the index key is rotated (``core.index``).

The database says of which generation what is written has to be. Whoever writes reads that in its own transaction, so
from one moment on everything new is of the next generation, in every process. What an operation touches is taken
forward first; the rest follows page by page (``rechain``). An order moves whole: its version, what leads to its
records and its rejections in one transaction, so that each of these always finds the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from middleware.core.index import Blind, forms, generation
from middleware.errors import StorageError
from middleware.model import Arrival, Record, Rejection
from middleware.model_events import Event
from middleware.model_shipping import Attempt
from middleware.storage.tables import idempotency, inbox, index_entries, key_generations, orders, rejections
from middleware.storage.tables_retention import events, standings

PURPOSE: Final = "index"
ORDER: Final = "order.id"
CUSTOMER: Final = "customer.id"

Forward = Callable[[bytes], bytes]
"""A digest of any generation → the same of the newest."""

_CURRENT: Final = select(key_generations.c.generation).where(key_generations.c.purpose == PURPOSE)
_ORDER: Final = update(orders).where(orders.c.shop == bindparam("this_shop"), orders.c.order == bindparam("old"))
_CONTENT: Final = _ORDER.where(orders.c.content == bindparam("old_content"))
_ENTRY: Final = update(index_entries).where(
    index_entries.c.shop == bindparam("this_shop"),
    index_entries.c.kind == bindparam("this_kind"),
    index_entries.c.digest == bindparam("old"),
)
_STANDING: Final = update(standings).where(
    standings.c.shop == bindparam("this_shop"), standings.c.customer == bindparam("old")
)
_REFUSED: Final = update(rejections).where(
    rejections.c.shop == bindparam("this_shop"), rejections.c.order == bindparam("old")
)
_REJECTION: Final = update(rejections).where(
    rejections.c.shop == bindparam("this_shop"), rejections.c.body == bindparam("old")
)
_REJECTED: Final = select(rejections.c.webhook).where(
    rejections.c.shop == bindparam("this_shop"), rejections.c.body == bindparam("old")
)
_WEBHOOK: Final = update(inbox).where(inbox.c.shop == bindparam("this_shop"), inbox.c.body == bindparam("old"))
_HEARD: Final = select(inbox.c.webhook, inbox.c.order).where(
    inbox.c.shop == bindparam("this_shop"), inbox.c.body == bindparam("old")
)
_CALL: Final = update(idempotency).where(
    idempotency.c.shop == bindparam("this_shop"), idempotency.c.key == bindparam("old")
)
_CALLED: Final = select(idempotency.c.payload, idempotency.c.order).where(
    idempotency.c.shop == bindparam("this_shop"), idempotency.c.key == bindparam("old")
)
_EVENT: Final = update(events).where(events.c.id == bindparam("this_id"))
_TOLD: Final = select(events.c.key, events.c.payload).where(events.c.id == bindparam("this_id"))
_KEYED: Final = select(events.c.id).where(events.c.shop == bindparam("this_shop"), events.c.key == bindparam("old"))


def current(connection: Connection) -> int:
    """The generation of what is written from now on."""
    return connection.execute(_CURRENT).scalar_one_or_none() or 1


def arrived(connection: Connection, arrival: Arrival, record: Record | None) -> tuple[Arrival, Record | None]:
    """The same in the generation that is written now; what is known of it is of that generation, too.

    Raises: StorageError where the process has not read the newest key yet.
    """
    now = current(connection)
    arrival = replace(
        arrival, order=_at(now, arrival.order), webhook=_at(now, arrival.webhook), body=_at(now, arrival.body)
    )
    if record is not None:
        index = tuple(replace(entry, digest=_at(now, entry.digest)) for entry in record.index)
        record = replace(record, index=index, content=_at(now, record.content))
        for entry in index:
            _touch_customer(connection, arrival.shop, entry.kind, entry.digest)
    _touch(connection, arrival.shop, arrival.body, arrival.order)
    return arrival, record


def refused(connection: Connection, rejection: Rejection) -> Rejection:
    """The same of a rejection. Raises: StorageError."""
    now = current(connection)
    order, updated_at = rejection.version or (None, None)
    body, webhook = _at(now, rejection.body), _at(now, rejection.webhook)
    order = None if order is None else _at(now, order)
    _touch(connection, rejection.shop, body, order)
    version = None if order is None or updated_at is None else (order, updated_at)
    return replace(rejection, body=body, webhook=webhook, version=version)


def called(connection: Connection, attempt: Attempt) -> Attempt:
    """The same of a plug-in's call. Raises: StorageError."""
    now = current(connection)
    key = _at(now, attempt.key)
    if isinstance(key, Blind):
        move_call(connection, attempt.shop, key.former, key.forward)
    return replace(attempt, key=key, payload=_at(now, attempt.payload))


def told(connection: Connection, event: Event) -> Event:
    """The same of an event of retention; what was told under its key before is of that generation, too. Raises:
    StorageError.
    """
    now = current(connection)
    key, payload, digest = (
        None if one is None else _at(now, one) for one in (event.key, event.payload, event.selector.digest)
    )
    if isinstance(key, Blind):
        for known in connection.execute(_KEYED, {"this_shop": event.shop, "old": key.former}).scalars().all():
            move_event(connection, known, key.forward)
    _touch_customer(connection, event.shop, event.selector.kind, digest)
    return replace(event, key=key, payload=payload, selector=replace(event.selector, digest=digest))


def sought(connection: Connection, digest: bytes | None) -> tuple[bytes, ...]:
    """What may rest for a digest that somebody asks for; nothing for none. Raises: StorageError where the process has
    not read the newest key yet, and would find nothing.
    """
    return () if digest is None else forms(_at(current(connection), digest))


def locked(connection: Connection, orders_: Select[Any], asked: Mapping[str, Any]) -> Sequence[Row[Any]]:
    """Orders and what leads to them, with a lock on the orders. Asked twice: an order that was taken forward while its
    row was waited for is none to the first statement, which joins it to what led there before.
    """
    connection.execute(orders_, asked).all()
    return connection.execute(orders_, asked).all()


def _at(now: int, digest: bytes) -> bytes:
    for form in forms(digest):
        if generation(form) == now:
            return digest if form == digest else form
    raise StorageError("The index key was rotated, and this process has not read the new one yet.")


def _touch(connection: Connection, shop: str, body: bytes, order: bytes | None) -> None:
    if isinstance(order, Blind):
        move_order(connection, shop, order.former, order.forward)
    if isinstance(body, Blind):
        move_webhook(connection, shop, body.former, body.forward)
        move_rejection(connection, shop, body.former, body.forward)


def _touch_customer(connection: Connection, shop: str, kind: str | None, digest: bytes | None) -> None:
    """Before the order, as ``rechain`` goes: of two at once neither waits for the other for ever."""
    if kind == CUSTOMER and isinstance(digest, Blind):
        move_entry(connection, shop, CUSTOMER, digest.former, digest.forward)


def move_order(connection: Connection, shop: str, old: bytes, forward: Forward) -> None:
    """Take an order forward: whatever is found by the digest of its id."""
    asked, new = {"this_shop": shop, "old": old}, forward(old)
    connection.execute(_ORDER, {**asked, "order": new})
    connection.execute(_ENTRY, {**asked, "this_kind": ORDER, "digest": new})
    connection.execute(_REFUSED, {**asked, "order": new})


def move_entry(connection: Connection, shop: str, kind: str, old: bytes, forward: Forward) -> None:
    """Take forward whatever leads from that value to records; of a customer what is known of them, too."""
    if kind == ORDER:
        move_order(connection, shop, old, forward)
    else:
        asked = {"this_shop": shop, "this_kind": kind, "old": old}
        connection.execute(_ENTRY, {**asked, "digest": forward(old)})
        if kind == CUSTOMER:
            connection.execute(_STANDING, {"this_shop": shop, "old": old, "customer": forward(old)})


def move_content(connection: Connection, shop: str, order: bytes, old: bytes, forward: Forward) -> None:
    """Take the digest of an order's content forward, unless there is another content by now."""
    asked = {"this_shop": shop, "old": order, "old_content": old}
    connection.execute(_CONTENT, {**asked, "content": forward(old)})


def move_webhook(connection: Connection, shop: str, old: bytes, forward: Forward) -> None:
    """Take a webhook that was answered forward. Its order must be."""
    asked: dict[str, Any] = {"this_shop": shop, "old": old}
    row = connection.execute(_HEARD, asked).one_or_none()
    if row is not None:
        order = None if row.order is None else forward(row.order)
        connection.execute(_WEBHOOK, {**asked, "body": forward(old), "webhook": forward(row.webhook), "order": order})


def move_call(connection: Connection, shop: str, old: bytes, forward: Forward) -> None:
    """Take a plug-in's call forward. Its order must be."""
    asked = {"this_shop": shop, "old": old}
    row = connection.execute(_CALLED, asked).one_or_none()
    if row is not None:
        news = {"key": forward(old), "payload": forward(row.payload), "order": forward(row.order)}
        connection.execute(_CALL, {**asked, **news})


def move_rejection(connection: Connection, shop: str, old: bytes, forward: Forward) -> None:
    """Take a rejection forward, but for its order."""
    asked = {"this_shop": shop, "old": old}
    row = connection.execute(_REJECTED, asked).one_or_none()
    if row is not None:
        connection.execute(_REJECTION, {**asked, "body": forward(old), "webhook": forward(row.webhook)})


def move_event(connection: Connection, event_id: str, forward: Forward) -> None:
    """Take an event of retention forward: the call that told it."""
    row = connection.execute(_TOLD, {"this_id": event_id}).one_or_none()
    if row is not None:
        news = {name: forward(digest) for name, digest in row._mapping.items() if digest is not None}
        connection.execute(_EVENT, {"this_id": event_id, **news})
