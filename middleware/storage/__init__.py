"""Where records rest: SQLite in one file, or PostgreSQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from middleware.errors import ConfigError
from middleware.storage import schema
from middleware.storage.copies_sql import SqlCopies
from middleware.storage.database import Database, translated
from middleware.storage.postgres import PostgresDatabase
from middleware.storage.shops_sql import SqlShopStore
from middleware.storage.sql import SqlStore
from middleware.storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from middleware.ports import Copies, ShopStore, Storage

__all__ = ["is_current", "migrate", "open_both", "open_copies", "open_shops", "open_store"]


def open_store(url: str) -> Storage:
    """The store behind ``sqlite:///FILE`` (relative to the working directory) or ``postgresql://…``.

    A missing SQLite file is made (0600, its folder 0700); its schema is made by ``migrate``. Open it after a fork, not
    before.

    Raises: ConfigError for a URL that cannot be used; StorageError if the file cannot be opened.
    """
    return SqlStore(_database(url))


def open_copies(url: str) -> Copies:
    """The sealed copies of that database. Raises: as ``open_store``."""
    return SqlCopies(_database(url))


def open_shops(url: str) -> ShopStore:
    """The shops of that database. Raises: as ``open_store``."""
    return SqlShopStore(_database(url))


def open_both(url: str) -> tuple[Storage, ShopStore]:
    """Records and shops over the same connections: to close one closes both. Raises: as ``open_store``."""
    database = _database(url)
    return SqlStore(database), SqlShopStore(database)


def migrate(url: str) -> None:
    """Bring the schema up to date: all of it or, whatever happens, nothing. Several at once wait for each other.

    Raises: ConfigError, StorageError.
    """
    database = _database(url)
    try:
        translated(database.migrating, schema.upgrade)
    finally:
        database.close()


def is_current(url: str) -> bool:
    """Whether the schema is the one that this version works with. Raises: ConfigError, StorageError."""
    database = _database(url)
    try:
        return database.read(schema.is_newest)
    finally:
        database.close()


def _database(url: str) -> Database:
    parsed = _parsed(url)
    if parsed is not None and parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return SqliteDatabase(parsed)
    if parsed is not None and parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return PostgresDatabase(parsed)
    # Not repeated here: a database URL may hold a password.
    raise ConfigError("The database has to be sqlite:///FILE or postgresql+psycopg://….")


def _parsed(url: str) -> URL | None:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None
