"""Shops in the database: few writes, and a version that tells every process what changed.

Whoever changes a shop first takes the one row of ``shop_changes``: changes come one after another, on every database,
and their versions become visible in their order. So who asks for what is newer than the newest that it knows misses
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, bindparam, delete, select, type_coerce, update

from middleware.errors import ChangedMeanwhileError, DomainTakenError, SecretTakenError
from middleware.model_shop import Ended, Integration, ShopRow, ShopState
from middleware.ports_accounts import Move, UnderWay
from middleware.storage import accounts_sql, integrations_sql, standings_sql
from middleware.storage.database import Database, Upserts
from middleware.storage.tables import EPOCH, UnreadableError, moment, word
from middleware.storage.tables_shops import shop_changes, shop_secrets, shops

_NEWEST: Final = select(shop_changes.c.version).where(shop_changes.c.id == 1)
_NEXT: Final = update(shop_changes).values(version=shop_changes.c.version + 1).where(shop_changes.c.id == 1)
_READ: Final = (  # the moment as it is stored: one that cannot be read would take the whole page with it
    *(column for column in shops.c if column.name != "updated_at"),
    type_coerce(shops.c.updated_at, BigInteger).label("updated_at"),
)
_BY_NAME: Final = select(*_READ).where(shops.c.name == bindparam("this_name"))
_SINCE: Final = select(*_READ).where(shops.c.version > bindparam("since")).order_by(shops.c.version)


class SqlShopStore:
    """``middleware.ports.ShopStore``. What was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self) -> int:
        return self._database.read(lambda connection: connection.execute(_NEWEST).scalar_one_or_none() or 0)

    def changed(self, since: int, limit: int) -> Sequence[ShopRow]:
        page = _SINCE.limit(limit)
        return self._database.read(
            lambda connection: [_row(row) for row in connection.execute(page, {"since": since}).all()]
        )

    def find(self, name: str) -> ShopRow | None:
        return self._database.read(lambda connection: _find(connection, name))

    def restricted(self, name: str) -> Sequence[str]:
        return self._database.read(lambda connection: standings_sql.restricted(connection, name))

    def under_way(self) -> Sequence[UnderWay]:
        return self._database.read(accounts_sql.under_way)

    def behind(self, name: str, carrier: str, account: str | None, *, unsent: bool) -> int:
        return self._database.read(
            lambda connection: accounts_sql.behind(connection, name, carrier, account, unsent=unsent)
        )

    def put(self, row: ShopRow, secrets: Sequence[bytes], expected: int, move: Move | None = None) -> ShopRow:
        upserts = self._database.upserts

        def change(connection: Connection) -> ShopRow:
            stored = _put(connection, upserts, row, secrets, expected)
            if move is not None:
                accounts_sql.moved(connection, upserts, row.name, move, row.updated_at)
            return stored

        return self._database.write(change)

    def ended(self, domain: bytes) -> Sequence[Ended]:
        return self._database.read(lambda connection: integrations_sql.ended(connection, domain))

    def end(self, shop: str, integration: Integration, word: bytes, now: datetime) -> int | None:
        upserts = self._database.upserts
        return self._database.write(
            lambda connection: integrations_sql.end(connection, upserts, shop, integration, word, now)
        )

    def close(self) -> None:
        self._database.close()


def _find(connection: Connection, name: str) -> ShopRow | None:
    if "\0" in name:  # PostgreSQL would refuse the question; a name that comes with a request may hold anything
        return None
    found = connection.execute(_BY_NAME, {"this_name": name}).one_or_none()
    return None if found is None else _row(found)


def _put(connection: Connection, upserts: Upserts, row: ShopRow, secrets: Sequence[bytes], expected: int) -> ShopRow:
    connection.execute(upserts.new[shop_changes], {"id": 1, "version": 0})
    connection.execute(_NEXT)
    stands = _find(connection, row.name)
    if (stands.version if stands else 0) != expected:
        raise ChangedMeanwhileError()
    others = shops.c.name != row.name
    if row.domain and connection.execute(select(shops.c.name).where(shops.c.domain == row.domain, others)).first():
        raise DomainTakenError()
    mine = shop_secrets.c.shop == row.name
    taken = select(shop_secrets.c.shop).where(shop_secrets.c.digest.in_(secrets), ~mine)
    if secrets and connection.execute(taken).first():
        raise SecretTakenError()
    stored = replace(row, version=connection.execute(_NEWEST).scalar_one())
    connection.execute(upserts.put[shops], {column.name: getattr(stored, column.name) for column in shops.c})
    connection.execute(delete(shop_secrets).where(mine))
    if secrets:
        connection.execute(
            upserts.new[shop_secrets], [{"digest": digest, "shop": row.name} for digest in dict.fromkeys(secrets)]
        )
    return stored


def _row(row: Row[Any]) -> ShopRow:
    """A row as it was put. One that nobody of us wrote comes as unreadable, with nothing sealed: no other shop has to
    wait for it.
    """
    domain, sealed, state, updated_at = None, "", ShopState.UNREADABLE, EPOCH
    version = row.version if isinstance(row.version, int) else 0
    with suppress(UnreadableError):
        if _is_ours(row):
            state, updated_at = word(row.state, ShopState), moment(row.updated_at)
            domain, sealed = row.domain, row.sealed
    return ShopRow(
        name=str(row.name), domain=domain, sealed=sealed, state=state, version=version, updated_at=updated_at
    )


def _is_ours(row: Row[Any]) -> bool:
    """Whether the values are of their columns' types: SQLite keeps any value in any column."""
    texts = (row.name, row.state, *(() if row.sealed is None else (row.sealed,)))
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(row.version, int)
        and (row.domain is None or isinstance(row.domain, bytes))
    )
