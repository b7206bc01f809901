"""Where records rest: SQLite in one file, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from middleware.errors import ConfigError
from middleware.storage import keys_sql, schema
from middleware.storage.back_sql import SqlOutbox
from middleware.storage.copies_sql import SqlCopies
from middleware.storage.database import Database, translated
from middleware.storage.keys_sql import KeyChecks
from middleware.storage.postgres import PostgresDatabase
from middleware.storage.retention import SqlRetention
from middleware.storage.rotation_sql import SqlRotations
from middleware.storage.shops_sql import SqlShopStore
from middleware.storage.sql import SqlStore
from middleware.storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from middleware.ports import Copies, ShopStore, Storage
    from middleware.ports_back import Outbox
    from middleware.ports_retention import Retention
    from middleware.ports_rotation import Rotations

__all__ = [
    "KeyChecks",
    "is_current",
    "known_keys",
    "migrate",
    "open_both",
    "open_copies",
    "open_outbox",
    "open_retention",
    "open_rotations",
    "open_shops",
    "open_store",
    "settle_keys",
]


def open_store(url: str) -> Storage:
    """The store behind ``sqlite:///FILE`` (relative to the working directory) or ``postgresql://…``.

    Nothing is made: a mistaken address is no empty database. Open it after a fork, not before.

    Raises: ConfigError for a URL that cannot be used, NoDatabaseError for a file that is not there; StorageError if it
    cannot be opened.
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


def open_outbox(url: str) -> Outbox:
    """What shops are to be told, in that database. Raises: as ``open_store``."""
    return SqlOutbox(_database(url))


def open_retention(url: str) -> Retention:
    """What retention takes and tells, in that database. Raises: as ``open_store``."""
    return SqlRetention(_database(url))


def open_rotations(url: str) -> Rotations:
    """What a rotation of keys asks of that database. Raises: as ``open_store``."""
    return SqlRotations(_database(url))


def migrate(url: str) -> None:
    """Bring the schema up to date: all of it or, whatever happens, nothing. Several at once wait for each other. A
    missing SQLite file is made (0600, its folder 0700).

    Raises: ConfigError, StorageError.
    """
    database = _database(url, make=True)
    try:
        translated(database.migrating, schema.upgrade)
    finally:
        database.close()


def is_current(url: str) -> bool:
    """Whether the schema is the one that this version works with. Raises: as ``open_store``."""
    database = _database(url)
    try:
        return database.read(schema.is_newest)
    finally:
        database.close()


def known_keys(url: str) -> KeyChecks:
    """The check values of the service's keys that this database was used with; none where it has no schema. Raises: as
    ``open_store``.
    """
    database = _database(url)
    try:
        return database.read(lambda connection: keys_sql.known(connection) if schema.is_newest(connection) else {})
    finally:
        database.close()


def settle_keys(url: str, values: Mapping[str, bytes]) -> KeyChecks:
    """The same, after these check values became those of every purpose that had none. Raises: as ``open_store``."""
    database = _database(url)
    try:
        return database.write(lambda connection: keys_sql.settle(connection, database.upserts, values))
    finally:
        database.close()


def _database(url: str, *, make: bool = False) -> Database:
    parsed = _parsed(url)
    if parsed is not None and parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return SqliteDatabase(parsed, make=make)
    if parsed is not None and parsed.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return PostgresDatabase(parsed)
    # Not repeated here: a database URL may hold a password.
    raise ConfigError("The database has to be sqlite:///FILE or postgresql+psycopg://….")


def _parsed(url: str) -> URL | None:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        return None
