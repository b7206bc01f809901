"""The store over SQL: every method is one transaction.

What is said in it stands in ``intake_sql``, ``shipping_sql``, ``relay_sql``, ``ending_sql``, ``reading`` and
``finding``, once for both databases.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime

from middleware.exchange import Delivered
from middleware.model import Answer, Arrival, Record, Rejection, RemovalReport, State, Stored
from middleware.model_events import Selector
from middleware.model_keys import AuditEntry
from middleware.model_shipping import Attempt, Known
from middleware.storage import ending_sql, intake_sql, reading, relay_sql, schema, shipping_sql
from middleware.storage import finding as looking
from middleware.storage.database import Database, Finding, finding
from middleware.trail import Asked, Sighting, Summary, Trail


class SqlStore:
    """``middleware.ports.Storage``. Raises: StorageError from every method; what was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(self, shop: str, topic: str, webhook: bytes, body: bytes) -> Answer | None:
        return self._database.read(lambda connection: intake_sql.seen(connection, shop, topic, webhook, body))

    def accept(self, arrival: Arrival, record: Record | None) -> Answer:
        upserts = self._database.upserts
        return self._database.write(lambda connection: intake_sql.accept(connection, upserts, arrival, record))

    def reject(self, rejection: Rejection) -> Answer:
        upserts = self._database.upserts
        return self._database.write(lambda connection: intake_sql.reject(connection, upserts, rejection))

    def kept(self, shop: str, body: bytes) -> bool:
        return self._database.read(lambda connection: intake_sql.kept(connection, shop, body))

    def rate(self, shop: str, since: datetime) -> tuple[int, int]:
        return self._database.read(lambda connection: reading.rate(connection, shop, since))

    def waiting(self, shop: str, most: int) -> int:
        return self._database.read(lambda connection: reading.waiting(connection, shop, most))

    def see(self, ids: Sequence[str], now: datetime) -> int:
        return self._database.write(lambda connection: intake_sql.see(connection, ids, now))

    def see_changed(self, ids: Sequence[str], now: datetime) -> int:
        return self._database.write(lambda connection: intake_sql.see_changed(connection, ids, now))

    def due(self, now: datetime, without: Collection[str] = ()) -> Sequence[str]:
        return self._database.read(lambda connection: relay_sql.due(connection, now, without))

    def claim(self, now: datetime, lease_seconds: float, shop: str, without: Collection[str] = ()) -> Stored | None:
        return self._database.write(lambda connection: relay_sql.claim(connection, now, lease_seconds, shop, without))

    def opening(self, stored: Stored, entry: AuditEntry, account: str | None) -> bool:
        return self._database.write(lambda connection: relay_sql.opening(connection, stored, entry, account))

    def delivered(self, stored: Stored, outcome: Delivered, now: datetime) -> bool:
        upserts = self._database.upserts
        return self._database.write(lambda connection: relay_sql.delivered(connection, upserts, stored, outcome, now))

    def retry(self, stored: Stored, at: datetime, code: str, *, counted: bool) -> bool:
        return self._database.write(lambda connection: relay_sql.retry(connection, stored, at, code, counted=counted))

    def bury(self, stored: Stored, state: State, code: str, now: datetime) -> bool:
        return self._database.write(lambda connection: relay_sql.bury(connection, stored, state, code, now))

    def gone(self, stored: Stored, now: datetime) -> bool:
        return self._database.write(lambda connection: ending_sql.gone(connection, stored, now))

    def too_late(self, stored: Stored, now: datetime, barcode: str | None = None) -> bool:
        return self._database.write(lambda connection: ending_sql.too_late(connection, stored, now, barcode))

    def strand(self, now: datetime) -> Sequence[tuple[str, str]]:
        return self._database.write(lambda connection: ending_sql.strand(connection, now))

    def revive(self, record_id: str, now: datetime, *, released: bool = False) -> bool:
        return self._database.write(lambda connection: ending_sql.revive(connection, record_id, now, released=released))

    def pause_lane(self, carrier: str, until: datetime, code: str) -> None:
        upserts = self._database.upserts
        self._database.write(lambda connection: relay_sql.pause_lane(connection, upserts, carrier, until, code))

    def reopen(self, now: datetime) -> Mapping[str, str]:
        return self._database.write(lambda connection: relay_sql.reopen(connection, now))

    def paused_lanes(self, now: datetime) -> Mapping[str, str]:
        return self._database.read(lambda connection: relay_sql.paused_lanes(connection, now))

    def list(
        self, states: Sequence[State], shop: str | None, limit: int, *, changed: bool = False
    ) -> Sequence[Summary]:
        return self._database.read(
            lambda connection: reading.summaries(connection, states, shop, limit, changed=changed)
        )

    def show(self, record_id: str) -> Summary | None:
        return self._database.read(lambda connection: reading.summary(connection, record_id))

    def removal(self, report_id: str) -> RemovalReport | None:
        return self._database.read(lambda connection: reading.removal(connection, report_id))

    def rejections(self, shop: str | None, limit: int) -> Sequence[Rejection]:
        return self._database.read(lambda connection: reading.rejected(connection, shop, limit))

    def find(self, asked: Asked) -> Sequence[Trail]:
        return self._database.read(lambda connection: looking.find(connection, asked))

    def known(self, shop: str, key: bytes) -> Known | None:
        return self._database.read(lambda connection: shipping_sql.known(connection, shop, key))

    def ship(self, arrival: Arrival, record: Record, attempt: Attempt) -> Answer | Known | None:
        upserts = self._database.upserts
        return self._database.write(lambda connection: shipping_sql.ship(connection, upserts, arrival, record, attempt))

    def take_over(self, attempt: Attempt, now: datetime) -> bool:
        return self._database.write(lambda connection: shipping_sql.take_over(connection, attempt, now))

    def answered(self, attempt: Attempt, status: int) -> int:
        return self._database.write(lambda connection: shipping_sql.answered(connection, attempt, status))

    def cancel(self, shop: str, record_id: str, now: datetime, until: date) -> Sighting | None:
        upserts = self._database.upserts
        return self._database.write(
            lambda connection: shipping_sql.cancel(connection, upserts, shop, record_id, now, until)
        )

    def blocked(self, shop: str, selector: Selector) -> Sequence[tuple[str, str]]:
        return self._database.read(lambda connection: shipping_sql.blocked(connection, shop, selector))

    def sighting(self, record_id: str) -> Sighting | None:
        return self._database.read(lambda connection: looking.sighting(connection, record_id))

    def counts(self) -> Mapping[str, int]:
        return self._database.read(reading.counts)

    def ping(self) -> None:
        """Whether an order could be stored now."""
        self._database.write(self._database.probe)

    def check(self) -> Iterator[Finding]:
        yield from self._database.check()
        newest = self._database.read(schema.is_newest)
        yield finding("schema", newest, "it is not the one of this version: parcelveil migrate")

    def close(self) -> None:
        self._database.close()
