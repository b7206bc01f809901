"""Sealed copies that stay after delivery: which key each is sealed to, and what was done to those keys.

A key may only be destroyed when nothing that lives is sealed to it: what lives is counted in the transaction that
notes the announcement, and again in the one that notes the destruction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from sqlalchemy import Connection, bindparam, func, or_, select, tuple_, update

from middleware.model_keys import AuditEntry, KeptCopy
from middleware.storage import audit_sql
from middleware.storage.database import Database
from middleware.storage.tables import copies

_KIDS: Final = select(copies.c.kid, func.count()).group_by(copies.c.kid)
_LIVING: Final = (
    copies.c.kid == bindparam("this_kid"),
    or_(copies.c.until.is_(None), copies.c.until >= bindparam("first", type_=copies.c.until.type)),
)
_COUNT: Final = select(func.count()).select_from(copies).where(*_LIVING)
_AFTER: Final = tuple_(copies.c.record_id, copies.c.part) > tuple_(bindparam("after_id"), bindparam("after_part"))
_PAGE: Final = select(copies).where(*_LIVING, _AFTER).order_by(copies.c.record_id, copies.c.part)
_CHANGE: Final = update(copies).where(
    copies.c.record_id == bindparam("this_id"),
    copies.c.part == bindparam("this_part"),
    copies.c.kid == bindparam("this_kid"),
)


class SqlCopies:
    """``middleware.ports.Copies``. What was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def kids(self) -> Mapping[str, int]:
        return self._database.read(lambda connection: {row.kid: row[1] for row in connection.execute(_KIDS).all()})

    def living(self, kid: str, first: date, limit: int, after: KeptCopy | None = None) -> Sequence[KeptCopy]:
        last = {"after_id": after.record_id, "after_part": after.part} if after else {"after_id": "", "after_part": ""}
        asked = {"this_kid": kid, "first": first, **last}
        return self._database.read(
            lambda connection: [
                KeptCopy(record_id=row.record_id, part=row.part, kid=row.kid, until=row.until, jwe=row.jwe)
                for row in connection.execute(_PAGE.limit(limit), asked).all()
            ]
        )

    def resealed(self, before: Sequence[KeptCopy], after: Sequence[KeptCopy]) -> int:
        return self._database.write(lambda connection: sum(map(_replaced, [connection] * len(after), before, after)))

    def note(self, entry: AuditEntry, first: date) -> int:
        return self._database.write(lambda connection: _noted(connection, entry, first))

    def noted(self, subject: str) -> Sequence[AuditEntry]:
        return self._database.read(lambda connection: audit_sql.noted(connection, subject))

    def close(self) -> None:
        self._database.close()


def _replaced(connection: Connection, before: KeptCopy, after: KeptCopy) -> int:
    asked = {"this_id": before.record_id, "this_part": before.part, "this_kid": before.kid}
    return connection.execute(_CHANGE, {**asked, "kid": after.kid, "jwe": after.jwe}).rowcount


def _noted(connection: Connection, entry: AuditEntry, first: date) -> int:
    living = connection.execute(_COUNT, {"this_kid": entry.subject, "first": first}).scalar_one()
    if not living:
        audit_sql.note(connection, entry)
    return living
