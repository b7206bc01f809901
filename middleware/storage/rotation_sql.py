"""What a rotation of the service's keys asks of the database: in small transactions, beside all other work."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from middleware.core.listening import purpose as of_order
from middleware.core.shops import purpose
from middleware.model_keys import AuditEntry, Fact, Locked
from middleware.storage import chain_sql, rechain_sql
from middleware.storage.database import Database
from middleware.storage.tables import audit_entries, key_checks, key_generations, records, rejections
from middleware.storage.tables_back import listeners
from middleware.storage.tables_shops import shop_changes, shops

PAGE: Final = 2_000

_NOTE: Final = insert(audit_entries)
_NOTED: Final = select(audit_entries.c.id).where(
    audit_entries.c.subject == bindparam("this_subject"), audit_entries.c.fact == bindparam("this_fact")
)
_RECEIPTS: Final = (
    select(records.c.id, func.substr(records.c.receipt, 1, bindparam("length")).label("start"))
    .where(records.c.id > bindparam("after"))
    .order_by(records.c.id)
    .limit(PAGE)
)
_KNOWN: Final = select(key_checks).where(key_checks.c.purpose == bindparam("this_purpose"))
_ADMIT: Final = insert(key_checks)
_RETIRE: Final = delete(key_checks).where(
    key_checks.c.purpose == bindparam("this_purpose"), key_checks.c.generation == bindparam("this_generation")
)
_FENCE: Final = update(key_generations).where(key_generations.c.purpose == chain_sql.PURPOSE)
_REJECTED: Final = (
    select(rejections.c.id, rejections.c.order_ref)
    .where(rejections.c.order_ref.is_not(None), rejections.c.id > bindparam("after"))
    .order_by(rejections.c.id)
)
_SHOPS: Final = (
    select(shops.c.name, shops.c.sealed)
    .where(shops.c.sealed.is_not(None), shops.c.name > bindparam("after"))
    .order_by(shops.c.name)
)
_LISTENERS: Final = (
    select(listeners.c.record_id, listeners.c.order_ref)
    .where(listeners.c.order_ref.is_not(None), listeners.c.record_id > bindparam("after"))
    .order_by(listeners.c.record_id)
)
_NEXT: Final = update(shop_changes).values(version=shop_changes.c.version + 1).where(shop_changes.c.id == 1)
_NEWEST: Final = select(shop_changes.c.version).where(shop_changes.c.id == 1)
_SHOP: Final = update(shops).where(shops.c.name == bindparam("this_key"), shops.c.sealed == bindparam("before"))
_REJECTION: Final = update(rejections).where(
    rejections.c.id == bindparam("this_key"), rejections.c.order_ref == bindparam("before")
)

_LISTENER: Final = update(listeners).where(
    listeners.c.record_id == bindparam("this_key"), listeners.c.order_ref == bindparam("before")
)

_HOMES: Final = (shops.name, rejections.name, listeners.name)
_PAGES: Final = {shops.name: _SHOPS, rejections.name: _REJECTED, listeners.name: _LISTENERS}
_PURPOSES: Final = {shops.name: purpose, rejections.name: lambda _: "", listeners.name: of_order}
"""In which order the locked texts are read: of shops there are few, and they matter most."""


class SqlRotations:
    """``middleware.ports_rotation.Rotations``. What was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, entry: AuditEntry) -> None:
        self._database.write(lambda connection: _note(connection, entry))

    def signed(self, start: str) -> bool:
        after: str | None = ""
        while after is not None:
            found, after = self._signed(start, after)
            if found:
                return True
        return False

    def _signed(self, start: str, after: str) -> tuple[bool, str | None]:
        """Of one page, whether one is there, and where the next page begins: no reader holds up writers for long."""
        asked = {"after": after, "length": len(start)}
        rows = self._database.read(lambda connection: connection.execute(_RECEIPTS, asked).all())
        return any(row.start == start for row in rows), rows[-1].id if len(rows) == PAGE else None

    def admit(self, purpose: str, value: bytes, now: datetime, actor: str) -> None:
        def work(connection: Connection) -> None:
            known = connection.execute(_KNOWN, {"this_purpose": purpose}).all()
            if value in [row.value for row in known]:
                return
            newest = max((row.generation for row in known), default=0) + 1
            connection.execute(_ADMIT, {"purpose": purpose, "generation": newest, "value": value})
            _note(connection, _entry(Fact.ROTATED, purpose, newest, now, actor))

        self._database.write(work)

    def retire(self, purpose: str, value: bytes, now: datetime, actor: str) -> None:
        def work(connection: Connection) -> None:
            for row in connection.execute(_KNOWN, {"this_purpose": purpose}).all():
                if row.value != value:
                    connection.execute(_RETIRE, {"this_purpose": purpose, "this_generation": row.generation})
                    _note(connection, _entry(Fact.RETIRED, purpose, row.generation, now, actor))

        self._database.write(work)

    def locked(self, after: Locked | None, limit: int) -> Sequence[Locked]:
        return self._database.read(lambda connection: _locked(connection, after, limit))

    def relocked(self, before: Sequence[Locked], after: Sequence[Locked]) -> int:
        return self._database.write(lambda connection: sum(map(_put, [connection] * len(after), before, after)))

    def fence(self, generation: int) -> None:
        def work(connection: Connection) -> None:
            self._database.fence(connection, key_generations)
            connection.execute(_FENCE, {"generation": generation})

        self._database.write(work)

    def rechain(self, forward: Callable[[bytes], bytes], now: datetime) -> tuple[int, int]:
        return rechain_sql.rechain(self._database, forward, now)

    def close(self) -> None:
        self._database.close()


def _note(connection: Connection, entry: AuditEntry) -> None:
    if connection.execute(_NOTED, {"this_subject": entry.subject, "this_fact": entry.fact}).first() is None:
        row = {"id": str(uuid.uuid4()), "at": entry.at, "fact": entry.fact, "subject": entry.subject}
        connection.execute(_NOTE, {**row, "actor": entry.actor})


def _entry(fact: Fact, purpose: str, generation: int, now: datetime, actor: str) -> AuditEntry:
    return AuditEntry(at=now, fact=fact, subject=f"{purpose}/{generation}", actor=actor)


def _locked(connection: Connection, after: Locked | None, limit: int) -> Sequence[Locked]:
    found: list[Locked] = []
    for home in _HOMES[_HOMES.index(after.home) if after else 0 :]:
        asked = {"after": after.key if after and after.home == home else ""}
        page = _PAGES[home].limit(limit - len(found))
        found += [_row(home, *row) for row in connection.execute(page, asked).all()]
        if len(found) == limit:
            break
    return found


def _row(home: str, key: str, token: str) -> Locked:
    return Locked(home=home, key=key, purpose=_PURPOSES[home](key), token=token)


def _put(connection: Connection, before: Locked, after: Locked) -> int:
    asked: dict[str, Any] = {"this_key": before.key, "before": before.token}
    if before.home == rejections.name:
        return connection.execute(_REJECTION, {**asked, "order_ref": after.token}).rowcount
    if before.home == listeners.name:
        return connection.execute(_LISTENER, {**asked, "order_ref": after.token}).rowcount
    connection.execute(_NEXT)  # every process reads the shop again: what it knows of it is locked under the old key
    version = connection.execute(_NEWEST).scalar_one()
    return connection.execute(_SHOP, {**asked, "sealed": after.token, "version": version}).rowcount
