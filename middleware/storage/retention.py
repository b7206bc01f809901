"""Retention over SQL: what has ended leaves, and parcel platforms are told; every method is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from middleware.model_purge import Kind, Notice, Told
from middleware.storage import notices_sql, purge_sql, relay_sql
from middleware.storage.database import Database


class SqlRetention:
    """``middleware.ports.Retention``. Raises: StorageError from every method; what was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended(self, day: date, most: int) -> Mapping[Kind, int]:
        return self._database.read(lambda connection: purge_sql.ended(connection, day, most))

    def purge(self, kind: Kind, day: date, now: datetime, limit: int) -> int:
        upserts = self._database.upserts
        return self._database.write(lambda connection: purge_sql.purge(connection, upserts, kind, day, now, limit))

    def sweep(self, kinds: Collection[Kind]) -> None:
        self._database.sweep(purge_sql.tables_of(kinds))

    def claim(self, now: datetime, lease_seconds: float, carrier: str) -> Notice | None:
        return self._database.write(lambda connection: notices_sql.claim(connection, now, lease_seconds, carrier))

    def settle(self, notice: Notice, state: Told, code: str | None, now: datetime, until: date) -> bool:
        return self._database.write(lambda connection: notices_sql.settle(connection, notice, state, code, now, until))

    def again(self, notice: Notice, at: datetime, code: str, *, counted: bool) -> bool:
        return self._database.write(lambda connection: notices_sql.again(connection, notice, at, code, counted=counted))

    def pause_lane(self, carrier: str, until: datetime, code: str) -> None:
        upserts = self._database.upserts
        self._database.write(lambda connection: relay_sql.pause_lane(connection, upserts, carrier, until, code))

    def told(self, record_id: str) -> Sequence[Notice]:
        return self._database.read(lambda connection: notices_sql.told(connection, record_id))

    def open(self, before: datetime) -> Mapping[str, int]:
        return self._database.read(lambda connection: notices_sql.open_ones(connection, before))

    def close(self) -> None:
        self._database.close()
