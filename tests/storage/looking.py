"""Looking behind the store's back, and the claim that a test knows will succeed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Table, func, select

from middleware.model import Stored
from middleware.ports import Store
from middleware.storage.tables import metadata
from tests.storage.builders import LEASE, NOW


def claim(store: Store) -> Stored:
    stored = store.claim(NOW, LEASE, "demo")
    assert stored is not None
    return stored


def sizes(behind: Engine) -> dict[str, int]:
    """Rows per table."""
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in metadata.tables.values()]
    with behind.connect() as connection:
        return dict(zip(metadata.tables, connection.execute(select(*counts)).one(), strict=True))


def column(behind: Engine, table: Table, name: str) -> list[Any]:
    with behind.connect() as connection:
        return list(connection.execute(select(table.c[name])).scalars())
