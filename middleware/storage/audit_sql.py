"""Entries of the audit log, in the transaction of what they tell: without the one there is not the other."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, insert, select

from middleware.model_keys import AuditEntry, Fact
from middleware.storage.tables import audit_entries

_NOTE: Final = insert(audit_entries)
_NOTED: Final = (
    select(audit_entries)
    .where(audit_entries.c.subject == bindparam("this_subject"))
    .order_by(audit_entries.c.at, audit_entries.c.id)
)


def note(connection: Connection, entry: AuditEntry) -> None:
    """Write one entry."""
    row = {"id": str(uuid.uuid4()), "at": entry.at, "fact": entry.fact, "subject": entry.subject}
    connection.execute(_NOTE, {**row, "actor": entry.actor})


def noted(connection: Connection, subject: str) -> Sequence[AuditEntry]:
    """What the log tells of a key or a record, the oldest first."""
    return [
        AuditEntry(at=row.at, fact=Fact(row.fact), subject=row.subject, actor=row.actor)
        for row in connection.execute(_NOTED, {"this_subject": subject}).all()
    ]
