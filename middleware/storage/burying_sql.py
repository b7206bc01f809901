"""How a record becomes a dead letter, or is quarantined: here alone, so that its shop is told whoever buries it.

A test reads the modules of this folder: nowhere else is one of these states written.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, update

from middleware.model import State
from middleware.storage import making_sql
from middleware.storage.tables import records

STATES: Final = (State.DEAD, State.QUARANTINED)
"""Where nothing happens by itself any more."""

_THESE: Final = update(records).where(records.c.id.in_(bindparam("ids", expanding=True)))
_BURY: Final = _THESE.values(
    state=bindparam("burial"), due=None, settled_at=bindparam("now", type_=records.c.settled_at.type)
)


def bury(connection: Connection, ids: Collection[str], state: State, code: str, now: datetime) -> None:
    """End these records, whose rows are locked; whoever listens is told. Raises: ValueError for a state that is no
    burial.
    """
    _end(connection, ids, state, code, now)
    making_sql.buried(connection, ids, now)


def bury_untold(connection: Connection, ids: Collection[str], state: State, code: str, now: datetime) -> None:
    """The same where nobody is there any more who could be told: the ids of their orders leave."""
    _end(connection, ids, state, code, now)
    for record_id in ids:
        making_sql.forget(connection, record_id)


def _end(connection: Connection, ids: Collection[str], state: State, code: str, now: datetime) -> None:
    if state not in STATES:
        raise ValueError("a record is buried as dead or quarantined")
    connection.execute(_BURY, {"ids": list(ids), "burial": state, "now": now, "last_code": code})
