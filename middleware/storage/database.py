"""What the two databases have in common: one transaction per piece of work, and failures that tell no value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from sqlalchemy import Connection, Engine, Table, select
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from middleware.errors import StorageError
from middleware.storage import tables_retention
from middleware.storage.tables import lanes

T = TypeVar("T")

Insert = SqliteInsert | PostgresInsert
Finding = tuple[str, bool, str]  # (name, is well, what is the matter and the remedy), as ports.Store.check


@dataclass(frozen=True, slots=True, kw_only=True)
class Upserts:
    """``INSERT … ON CONFLICT`` for every table: both databases have it, SQLAlchemy only per dialect.

    ``new`` does nothing where the row is there already (``rowcount`` tells). ``put`` overwrites the row of the same
    primary key, and has to be given every column.
    """

    new: Mapping[Table, Insert]
    put: Mapping[Table, Insert]


class Database(ABC):
    """One database: how it connects, begins and inserts. What is said to it is the same for both, and not here."""

    def __init__(self, engine: Engine, insert: Callable[[Table], Insert]) -> None:
        self.engine = engine
        self.upserts = _upserts(insert)

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """A transaction: what it did is on disk when it ends, or undone. On SQLite there is one at a time."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, in bounded pages that are fetched to the end."""

    @abstractmethod
    def migrating(self) -> AbstractContextManager[Connection]:
        """A transaction for the schema: one at a time, and it waits long for others."""

    @abstractmethod
    def check(self) -> Iterator[Finding]:
        """What is in force on a fresh connection. Raises: StorageError."""

    @abstractmethod
    def sweep(self, tables: Collection[Table]) -> None:
        """What was deleted from these tables leaves the files. Not in a transaction. Raises: StorageError."""

    @abstractmethod
    def fence(self, connection: Connection, table: Table) -> None:
        """Wait until nobody who read this table is at work any more; nobody reads it until this transaction ends."""

    def probe(self, connection: Connection) -> None:
        """Ask for the right to write, so that a missing schema, a standby or a read-only file system shows."""
        connection.execute(select(lanes.c.carrier).limit(1).with_for_update()).all()

    def write(self, work: Callable[[Connection], T]) -> T:
        """Raises: StorageError."""
        return translated(self.writing, work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Raises: StorageError."""
        return translated(self.reading, work)

    def close(self) -> None:
        self.engine.dispose()


def finding(name: str, well: bool, fault: str) -> Finding:
    """``fault`` is what is the matter, a colon and the remedy."""
    return name, well, "" if well else fault


def translated(transaction: Callable[[], AbstractContextManager[Connection]], work: Callable[[Connection], T]) -> T:
    """Do ``work`` in a transaction. Raises: StorageError for every failure of database, driver or file system."""
    try:
        with transaction() as connection:
            return work(connection)
    except (SQLAlchemyError, OSError) as error:
        kind = _kind(error)
    # Raised outside the except block: a driver's error holds the values that it was given; __context__ would keep it.
    raise StorageError(f"The storage is not available ({kind}).")


@cache
def _upserts(insert: Callable[[Table], Insert]) -> Upserts:
    """Those of a dialect: every database of it has the same, and they take longer to make than to open it."""
    tables = tables_retention.metadata.sorted_tables  # all of them: those of `tables`, too
    return Upserts(
        new={
            table: insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True) for table in tables
        },
        put={table: _put(insert(table), table) for table in tables},
    )


def _put(statement: Insert, table: Table) -> Insert:
    news = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=news)


def _kind(error: Exception) -> str:
    """The error's class and the driver's code, both from closed lists; never its text."""
    origin = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(origin, "sqlite_errorname", None) or getattr(origin, "sqlstate", None)
    return f"{type(error).__name__}, {code}" if code else type(error).__name__
