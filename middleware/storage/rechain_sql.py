"""What rests, taken forward to the next generation of digests, page by page (``chain_sql``).

Orders come first: what names an order's digest beside its own moves after it, and finds it in both states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, select, tuple_

from middleware.storage import chain_sql
from middleware.storage.chain_sql import Forward
from middleware.storage.database import Database
from middleware.storage.tables import idempotency, inbox, index_entries, orders, rejections
from middleware.storage.tables_retention import events, standings

PAGE: Final = 200

Move = Callable[[Connection, Row[Any], Forward], None]

CHAINED: Final[Mapping[Table, tuple[str, ...]]] = {
    orders: ("order", "content"),
    index_entries: ("digest",),
    rejections: ("order", "body", "webhook"),
    inbox: ("body", "webhook", "order"),
    idempotency: ("key", "payload", "order"),
    events: ("key", "payload"),
    standings: ("customer",),
}
"""In this order; and which columns are of a generation. Every other column of bytes says itself why it is of none
(``info["unchained"]``).
"""


def rechain(database: Database, forward: Forward, now: datetime) -> tuple[int, int]:
    """(rows that were taken forward, rows that could not be yet: a plug-in's call in hand). Every page is a
    transaction of its own.
    """
    moved, left = 0, 0
    for table in CHAINED:
        after: Sequence[Any] | None = None
        while True:
            page = database.read(_reading(table, after))
            if not page:
                break
            due = [row for row in page if _is_old(table, row, forward)]
            busy = [row for row in due if table is idempotency and row.answered is None and row.busy_until > now]
            ready = [row for row in due if row not in busy]
            if ready:
                database.write(_writing(table, ready, forward))
            moved, left = moved + len(ready), left + len(busy)
            after = [getattr(page[-1], column.name) for column in table.primary_key]
    return moved, left


def _reading(table: Table, after: Sequence[Any] | None) -> Callable[[Connection], Sequence[Row[Any]]]:
    keys = list(table.primary_key)
    names = ("shop", *CHAINED[table], "answered", "busy_until")
    needed = [column for column in table.c if column.primary_key or column.name in names]
    page = select(*needed).order_by(*keys).limit(PAGE)
    if after is not None:
        page = page.where(tuple_(*keys) > tuple_(*after))
    return lambda connection: connection.execute(page).all()


def _writing(table: Table, rows: Sequence[Row[Any]], forward: Forward) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        for row in rows:
            _MOVES[table](connection, row, forward)

    return work


def _is_old(table: Table, row: Row[Any], forward: Forward) -> bool:
    digests = [digest for name in CHAINED[table] if (digest := getattr(row, name))]  # the shop's own user has none
    ours = all(isinstance(digest, bytes) for digest in digests)  # SQLite keeps whatever another hand put there
    return ours and any(forward(digest) != digest for digest in digests)


def _order(connection: Connection, row: Row[Any], forward: Forward) -> None:
    if row.content is not None:
        chain_sql.move_content(connection, row.shop, row.order, row.content, forward)
    if forward(row.order) != row.order:
        chain_sql.move_order(connection, row.shop, row.order, forward)


def _entry(connection: Connection, row: Row[Any], forward: Forward) -> None:
    chain_sql.move_entry(connection, row.shop, row.kind, row.digest, forward)


def _rejection(connection: Connection, row: Row[Any], forward: Forward) -> None:
    if row.order is not None and forward(row.order) != row.order:
        chain_sql.move_order(connection, row.shop, row.order, forward)
    chain_sql.move_rejection(connection, row.shop, row.body, forward)


def _webhook(connection: Connection, row: Row[Any], forward: Forward) -> None:
    chain_sql.move_webhook(connection, row.shop, row.body, forward)


def _call(connection: Connection, row: Row[Any], forward: Forward) -> None:
    chain_sql.move_call(connection, row.shop, row.key, forward)


def _event(connection: Connection, row: Row[Any], forward: Forward) -> None:
    chain_sql.move_event(connection, row.id, forward)


def _standing(connection: Connection, row: Row[Any], forward: Forward) -> None:
    chain_sql.move_entry(connection, row.shop, chain_sql.CUSTOMER, row.customer, forward)


_MOVES: Final[Mapping[Table, Move]] = {
    orders: _order,
    index_entries: _entry,
    rejections: _rejection,
    inbox: _webhook,
    idempotency: _call,
    events: _event,
    standings: _standing,
}
