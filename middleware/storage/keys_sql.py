"""Which keys of the service a database was used with: a check value for each, never a key."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from middleware.storage.chain_sql import PURPOSE
from middleware.storage.database import Upserts
from middleware.storage.tables import key_checks, key_generations

KeyChecks = Mapping[str, frozenset[bytes]]
"""Purpose → the check values of all keys that it may be used with."""

FIRST = 1
"""The generation of the key that a database is used with first; a rotation adds others."""


def known(connection: Connection) -> KeyChecks:
    """What is known; nothing of a purpose whose key was never used here."""
    found: dict[str, frozenset[bytes]] = {}
    for purpose, value in connection.execute(select(key_checks.c.purpose, key_checks.c.value)):
        found[purpose] = found.get(purpose, frozenset()) | {value}
    return found


def settle(connection: Connection, upserts: Upserts, values: Mapping[str, bytes]) -> KeyChecks:
    """What is known, after these became the first of every purpose that had none; of two at once one is first. Where a
    rotation has ended there is no first any more, and nothing takes its place.
    """
    had = known(connection)
    rows = [{"purpose": name, "generation": FIRST, "value": values[name]} for name in values if name not in had]
    for row in rows:
        connection.execute(upserts.new[key_checks], row)
    connection.execute(upserts.new[key_generations], {"purpose": PURPOSE, "generation": FIRST})
    return known(connection)
