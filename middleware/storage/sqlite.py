"""SQLite: rollback journal, synced to disk at every commit, deleted content overwritten, one writer at a time.

Why no WAL: deleted content outlives ``secure_delete`` in it until a checkpoint, and most versions of SQLite before
3.51.3 can corrupt a database in that mode (https://sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert

from middleware.errors import ConfigError, NoDatabaseError, StorageError
from middleware.storage.database import Database, Finding, finding, translated

WRITE_LOCK_SECONDS: Final = 3.0  # how long a writer waits for its turn
MIGRATION_LOCK_SECONDS: Final = 60.0
READ_LOCK_SECONDS: Final = 2.0  # how long SQLite waits for a reader or for the end of a commit
POLL_SECONDS: Final = 0.0005  # how often a waiting process looks whether it is its turn
POOL_SECONDS: Final = 2.0  # how long a thread waits for a connection
CONNECTIONS: Final = 16

_SETTINGS: Final = (  # (pragma, value to set, value in force)
    ("journal_mode", "TRUNCATE", "truncate"),
    ("synchronous", "EXTRA", 3),
    ("secure_delete", "ON", 1),
    ("foreign_keys", "ON", 1),
    ("temp_store", "MEMORY", 2),
)
# The newest line first; the others are backports within their own line.
_WAL_SAFE_SINCE: Final = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


class SqliteDatabase(Database):
    """A database file; with ``make`` it is made where it is missing (0600, a missing folder 0700).

    In a folder that somebody made 2770 all files are 0660: a group shares them, intake and relay as two users.

    Raises: ConfigError, NoDatabaseError, StorageError.
    """

    def __init__(self, url: URL, *, make: bool = False) -> None:
        if url.query or not url.database or url.database == ":memory:":
            raise ConfigError("An SQLite database is a file: sqlite:///path/to/file.db, without further options.")
        self.path = Path(url.database).absolute()  # now: a later change of the working directory must not move it
        if not make and not self.path.exists():
            raise NoDatabaseError(str(self.path))
        if not _made(self.path):
            raise StorageError(f"The database file {self.path} cannot be opened or made.")
        self._url = url.set(drivername="sqlite+pysqlite", database=str(self.path))
        self._turns = _Turns(self.path)
        pool = {"pool_size": CONNECTIONS, "max_overflow": 0, "pool_timeout": POOL_SECONDS}
        super().__init__(_engine(self._url, poolclass=QueuePool, **pool), insert)

    def writing(self) -> AbstractContextManager[Connection]:
        return self._alone(WRITE_LOCK_SECONDS)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    def migrating(self) -> AbstractContextManager[Connection]:
        return self._alone(MIGRATION_LOCK_SECONDS)

    @contextmanager
    def _alone(self, seconds: float) -> Iterator[Connection]:
        with self.engine.connect() as connection, self._turns.taken(seconds), connection.begin():
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def sweep(self, tables: Collection[Table]) -> None:
        """Nothing is left to do: ``secure_delete`` overwrote it, and the journal is cut off at each commit."""

    def fence(self, connection: Connection, table: Table) -> None:
        """Nothing is left to do: one writes at a time."""

    def probe(self, connection: Connection) -> None:
        """Changes a page as well, and undoes it: the rollback journal is written first, so that a full disk shows."""
        super().probe(connection)
        connection.exec_driver_sql("PRAGMA user_version = 1")
        connection.rollback()

    def check(self) -> Iterator[Finding]:
        yield from translated(_engine(self._url, poolclass=NullPool).connect, self._findings)

    def _findings(self, connection: Connection) -> list[Finding]:
        found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name, _, _ in _SETTINGS}
        findings = [
            finding(
                f"sqlite.{name}",
                found[name] == wanted,
                f"it is {found[name]}, not {value}: see who else holds the file",
            )
            for name, value, wanted in _SETTINGS
        ]
        safe = found["journal_mode"] != "wal" or _wal_is_safe(sqlite3.sqlite_version_info)
        fault = f"SQLite {sqlite3.sqlite_version} can corrupt a database in WAL mode: use a newer one"
        findings.append(finding("sqlite.version", safe, fault))
        folder, shared = self.path.parent, _file_mode(self.path.parent)
        for path in (self.path, *(path for path in self._turns.paths if path.exists())):
            private = not path.stat().st_mode & 0o777 & ~shared
            fault = f"others may read it: chmod {shared:o} {path}"
            findings.append(finding(f"sqlite.mode.{path.suffix[1:]}", private, fault))
        owned = not folder.stat().st_mode & (0o002 if shared & 0o060 else 0o022)
        return [*findings, finding("sqlite.folder", owned, f"others can replace its files: chmod go-w {folder}")]


class _Turns:
    """Who may write: one thread of one process, and nobody twice while another process waits.

    Who waits for ``.lock`` holds ``.turn`` meanwhile, so a process that has just written queues behind it instead of
    overtaking it: with one file alone a busy intake starves the relay. The files are opened anew for every turn, which
    makes a fork harmless.
    """

    def __init__(self, path: Path) -> None:
        self.paths = (path.with_name(f"{path.name}.turn"), path.with_name(f"{path.name}.lock"))
        self._threads = threading.Lock()

    @contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """Raises: TimeoutError after so many seconds; OSError."""
        deadline = time.monotonic() + seconds
        turn, lock = self.paths
        if not self._threads.acquire(timeout=seconds):
            raise TimeoutError
        try:
            with _flocked(turn, deadline) as waiting, _flocked(lock, deadline):
                fcntl.flock(waiting, fcntl.LOCK_UN)
                yield
        finally:
            self._threads.release()


@contextmanager
def _flocked(path: Path, deadline: float) -> Iterator[int]:
    descriptor = _opened(path)
    try:
        while not _flock(descriptor):
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def _flock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _engine(url: URL, **pool: Any) -> Engine:
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": READ_LOCK_SECONDS}, **pool)
    event.listen(engine, "connect", _prepare)
    return engine


def _prepare(raw: Any, _record: object) -> None:
    raw.isolation_level = None  # the driver begins nothing of its own accord: DDL is in our transactions too
    for name, value, _ in _SETTINGS:
        raw.execute(f"PRAGMA {name} = {value}").close()


def _wal_is_safe(version: tuple[int, ...]) -> bool:
    newest, *backports = _WAL_SAFE_SINCE
    return version >= newest or any(version[:2] == fixed[:2] and version >= fixed for fixed in backports)


def _made(path: Path) -> bool:
    try:
        for folder in reversed([folder for folder in path.parents if not folder.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        os.close(_opened(path))
    except OSError:
        return False
    return True


def _opened(path: Path) -> int:
    """A descriptor of a file that is made if it is missing. SQLite gives its journal the database's own mode."""
    flags = os.O_RDWR | os.O_CLOEXEC
    if path.exists():
        return os.open(path, flags)
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return os.open(path, flags)
    os.fchmod(descriptor, _file_mode(path.parent))  # a mask cannot take away from that
    return descriptor


def _file_mode(folder: Path) -> int:
    """Set-group-id and writable for the group: what is made there belongs to that group and is for it too."""
    return 0o660 if folder.stat().st_mode & 0o2070 == 0o2070 else 0o600
