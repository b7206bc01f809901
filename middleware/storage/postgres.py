"""PostgreSQL through psycopg 3: several intakes and relays side by side; rows are locked, not the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, Table, create_engine, event, func, select
from sqlalchemy.dialects.postgresql import insert

from middleware.errors import ConfigError
from middleware.storage.database import Database, Finding, finding, translated

POOL_SECONDS: Final = 3.0  # how long a thread waits for a connection
CONNECTIONS: Final = 16

REWRITTEN_BYTES: Final = 64 * 1024 * 1024  # of a table with its indexes: so much is rewritten in about a second
"""``VACUUM`` leaves most of what was deleted in the pages, ``VACUUM FULL`` writes new files under an exclusive lock."""

_DRIVER: Final = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "application_name": "parcelveil",
}  # seconds, milliseconds
_SESSION: Final = {  # a process that stopped in mid-transaction must not stop the others
    "lock_timeout": "3s",
    "statement_timeout": "30s",
    "idle_in_transaction_session_timeout": "10s",
}
_WANTED: Final = {  # (setting, values that keep what was acknowledged)
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply", "remote_write", "local"),
}
_MIGRATION_LOCK: Final = 7_061_757_865  # any number that no one else uses


class PostgresDatabase(Database):
    """A PostgreSQL database. Nothing is connected yet. Raises: ConfigError if the driver is not installed."""

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg")
        pool = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": POOL_SECONDS}
        super().__init__(_engine(self._url, pool_pre_ping=True, **pool), insert)

    def writing(self) -> AbstractContextManager[Connection]:
        return self.engine.begin()

    def reading(self) -> AbstractContextManager[Connection]:
        return self.engine.begin()

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")
            yield connection

    def sweep(self, tables: Collection[Table]) -> None:
        """Rewrite the tables that are small enough to be locked for it; of the others the free space keeps what was
        sealed there until other rows take its place.
        """
        for table in tables:
            translated(_engine(self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect, _swept(table))

    def fence(self, connection: Connection, table: Table) -> None:
        connection.exec_driver_sql(f"LOCK TABLE {table.name} IN ACCESS EXCLUSIVE MODE")

    def check(self) -> Iterator[Finding]:
        yield from translated(_engine(self._url, poolclass=NullPool).connect, _findings)


def _swept(table: Table) -> Callable[[Connection], None]:
    def work(connection: Connection) -> None:
        size = connection.execute(select(func.pg_total_relation_size(table.name))).scalar_one()
        if size > REWRITTEN_BYTES:
            connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql(f"VACUUM {'FULL ' if size <= REWRITTEN_BYTES else ''}{table.name}")

    return work


def _findings(connection: Connection) -> list[Finding]:
    found = {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar()) for name in _WANTED}
    return [
        finding(f"postgresql.{name}", found[name] in wanted, f"it is {found[name]}: set {name} = on")
        for name, wanted in _WANTED.items()
    ]


def _engine(url: URL, **options: Any) -> Engine:
    driver = {name: value for name, value in _DRIVER.items() if name not in url.query}
    try:
        engine = create_engine(url, hide_parameters=True, connect_args=driver, **options)
    except ModuleNotFoundError:
        raise ConfigError("PostgreSQL needs its driver: pip install 'parcelveil[postgresql]'.") from None
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(raw: Any, _record: object) -> None:
    for name, value in _SESSION.items():
        raw.execute(f"SET {name} = '{value}'")
    # A server-wide `off` would lose what was acknowledged; a stronger choice than `on` is the operator's and stays.
    raw.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    raw.commit()
