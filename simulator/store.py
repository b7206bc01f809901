"""What the simulated platform remembers: one SQLite file, synced to disk before any answer.

Sealed parts rest here sealed. The ledger keeps every request as it came, which is what a ledger for tests is for: a
part that has been deleted can still be found in it, sealed, until the key of its month is destroyed.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from simulator.envelope import Retention
from simulator.parts import KINDS, SHIPMENTS

SCHEMA = """
CREATE TABLE IF NOT EXISTS ledger (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    idempotency_key TEXT, body BLOB NOT NULL, status INTEGER, fault TEXT);
CREATE TABLE IF NOT EXISTS shipment (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, digest BLOB NOT NULL, state TEXT NOT NULL,
    posts INTEGER NOT NULL, clear TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS part (
    shipment TEXT NOT NULL, part TEXT NOT NULL, kid TEXT NOT NULL, jwe TEXT NOT NULL, class TEXT NOT NULL,
    starts TEXT, until TEXT, PRIMARY KEY (shipment, part));
CREATE TABLE IF NOT EXISTS tombstone (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""

PRAGMAS = ("journal_mode = DELETE", "synchronous = EXTRA", "secure_delete = ON")
"""A rollback journal, synced before and after; what is deleted is overwritten."""


LedgerRow = tuple[int, str, str, str, str | None, bytes, int | None, str | None]


class State(StrEnum):
    """The life of a shipment."""

    CREATED = "created"
    HANDED_OVER = "handed_over"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shipment:
    """One record: ``digest`` is the SHA-256 of the body that made it, ``posts`` how often that body was accepted."""

    number: int
    id: str
    digest: bytes
    state: State
    posts: int
    clear: Mapping[str, object]

    @property
    def kind(self) -> str:
        """Which of ``simulator.parts.KINDS`` it is of."""
        return next((kind for kind in KINDS if kind in self.clear), SHIPMENTS)

    @property
    def barcode(self) -> str:
        """24 digits in the form of bpost's national barcode."""
        return f"3232{self.number:017d}030"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StoredPart:
    """One sealed part of a shipment, the key that it is sealed to, and its tag."""

    shipment: str
    kid: str
    jwe: str
    tag: Retention


class Store:
    """The file. Any thread may call; a change is durable when its method, or the transaction around it, ends."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        path.touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in PRAGMAS:
            self._db.execute(f"PRAGMA {pragma}")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file once a transaction under way has ended."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of the changes made inside."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def received(self, *, at: str, method: str, path: str, key: str | None, body: bytes, fault: str | None) -> int:
        """Note a request before anything is done with it; its place in the ledger."""
        statement = "INSERT INTO ledger (at, method, path, idempotency_key, body, fault) VALUES (?,?,?,?,?,?)"
        cursor = self.run(statement, at, method, path, key, body, fault)
        return int(cursor.lastrowid or 0)

    def answered(self, seq: int, status: int) -> None:
        """Note how that request was answered."""
        self.run("UPDATE ledger SET status = ? WHERE seq = ?", status, seq)

    def requests(self) -> list[LedgerRow]:
        """The ledger in order: seq, at, method, path, idempotency key, body, status (None: not answered), fault."""
        statement = "SELECT seq, at, method, path, idempotency_key, body, status, fault FROM ledger ORDER BY seq"
        rows: list[LedgerRow] = self.rows(statement)
        return rows

    def add_shipment(self, id_: str, digest: bytes, clear: Mapping[str, object]) -> None:
        """A new shipment, created."""
        text = json.dumps(clear)
        statement = "INSERT INTO shipment (id, digest, state, posts, clear) VALUES (?,?,?,1,?)"
        self.run(statement, id_, digest, State.CREATED.value, text)

    def shipment(self, id_: str) -> Shipment | None:
        """The shipment of that id, or None."""
        statement = "SELECT number, id, digest, state, posts, clear FROM shipment WHERE id = ?"
        return next((_shipment(row) for row in self.rows(statement, id_)), None)

    def shipments(self) -> list[Shipment]:
        """All shipments in order."""
        statement = "SELECT number, id, digest, state, posts, clear FROM shipment ORDER BY number"
        return [_shipment(row) for row in self.rows(statement)]

    def count_post(self, id_: str) -> None:
        """The same body came once more."""
        self.run("UPDATE shipment SET posts = posts + 1 WHERE id = ?", id_)

    def set_state(self, id_: str, state: State) -> None:
        """Move a shipment to ``state``."""
        self.run("UPDATE shipment SET state = ? WHERE id = ?", state.value, id_)

    def put_part(self, part: StoredPart) -> None:
        """Store a part, in the place of an earlier form of it."""
        tag = part.tag
        values = (part.shipment, tag.part, part.kid, part.jwe, tag.retention, _iso(tag.starts), _iso(tag.until))
        self.run("INSERT OR REPLACE INTO part VALUES (?,?,?,?,?,?,?)", *values)

    def parts(self, id_: str) -> list[StoredPart]:
        """The sealed parts that a shipment still has."""
        statement = "SELECT shipment, kid, jwe, part, class, starts, until FROM part WHERE shipment = ? ORDER BY part"
        return [_part(row) for row in self.rows(statement, id_)]

    def parts_sealed_to(self, kids: Iterable[str]) -> list[StoredPart]:
        """All parts that are sealed to one of these keys."""
        statement = "SELECT shipment, kid, jwe, part, class, starts, until FROM part WHERE kid = ? ORDER BY shipment"
        return [_part(row) for kid in sorted(kids) for row in self.rows(statement, kid)]

    def delete_part(self, id_: str, part: str) -> None:
        """Erase one part, if it is there."""
        self.run("DELETE FROM part WHERE shipment = ? AND part = ?", id_, part)

    def add_tombstone(self, id_: str) -> None:
        """No shipment of that id may ever come to be."""
        self.run("INSERT OR IGNORE INTO tombstone VALUES (?)", id_)

    def entombed(self, id_: str) -> bool:
        """Whether that id may not come to be."""
        return bool(self.rows("SELECT 1 FROM tombstone WHERE id = ?", id_))

    def setting(self, name: str) -> str | None:
        """A remembered setting, or None."""
        rows = self.rows("SELECT value FROM setting WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def put_setting(self, name: str, value: str) -> None:
        """Remember a setting."""
        self.run("INSERT OR REPLACE INTO setting VALUES (?,?)", name, value)

    def script(self, statements: str) -> None:
        """Make tables that are not there yet."""
        with self._lock:
            self._db.executescript(statements)

    def run(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Carry out one statement, durably unless a transaction is open around it."""
        with self._lock:
            return self._db.execute(statement, values)

    def rows(self, statement: str, *values: object) -> list[Any]:
        """What one question finds."""
        with self._lock:
            return self._db.execute(statement, values).fetchall()


def _shipment(row: Any) -> Shipment:
    number, id_, digest, state, posts, clear = row
    return Shipment(number=number, id=id_, digest=digest, state=State(state), posts=posts, clear=json.loads(clear))


def _part(row: Any) -> StoredPart:
    shipment, kid, jwe, part, retention, starts, until = row
    tag = Retention(part=part, retention=retention, starts=_date(starts), until=_date(until))
    return StoredPart(shipment=shipment, kid=kid, jwe=jwe, tag=tag)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
