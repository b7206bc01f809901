"""Retention over SQL: what has ended leaves, and parcel platforms are told; every method is one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from middleware.core.calendar import today
from middleware.errors import ClockJumpedError, LeaseLostError
from middleware.model_events import Clock, Cut, Event, Recorded, Release
from middleware.model_keys import AuditEntry
from middleware.model_purge import Boot, Held, Hold, Kind, Notice, PartKey, Told, Upkeep
from middleware.model_standing import Shift, Standing
from middleware.storage import (
    audit_sql,
    events_sql,
    following_sql,
    holds_sql,
    notices_sql,
    odd_parts_sql,
    purge_sql,
    relay_sql,
    standings_sql,
    transit_sql,
    upkeep_sql,
)
from middleware.storage.database import Database
from middleware.trail import Awaited, Place

LEASE: Final = timedelta(minutes=2)
"""How long after its last batch another process may go on with a purge."""


class SqlRetention:
    """``middleware.ports.Retention``. Raises: StorageError from every method; what was returned is on disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ended(self, day: date, most: int) -> Mapping[Kind, int]:
        def look(connection: Connection) -> Mapping[Kind, int]:
            found = purge_sql.ended(connection, day, most)
            return {**found, Kind.PARTS: found[Kind.PARTS] + odd_parts_sql.never_ending(connection, most)}

        return self._database.read(look)

    def unreadable(self, day: date, now: datetime, most: int, without: Collection[PartKey]) -> Collection[PartKey]:
        return self._database.read(lambda connection: odd_parts_sql.unreadable(connection, day, now, most, without))

    def begin(self, now: datetime, boot: Boot) -> int | None:
        upserts = self._database.upserts
        fence, jumped = self._database.write(lambda connection: upkeep_sql.begin(connection, upserts, now, boot, LEASE))
        if jumped:  # said once it is written down
            raise ClockJumpedError()
        return fence

    def purge(
        self, kind: Kind, day: date, now: datetime, limit: int, fence: int, without: Collection[PartKey] = ()
    ) -> int:
        upserts = self._database.upserts

        def work(connection: Connection) -> int:
            if not upkeep_sql.hold(connection, fence, now + LEASE):
                raise LeaseLostError()
            return purge_sql.purge(connection, upserts, kind, day, now, limit, without)

        return self._database.write(work)

    def finish(self, fence: int, now: datetime) -> None:
        self._database.write(lambda connection: upkeep_sql.finish(connection, fence, now))

    def accept(self, now: datetime, boot: Boot) -> None:
        upserts = self._database.upserts
        self._database.write(lambda connection: upkeep_sql.accept(connection, upserts, now, boot))

    def upkeep(self) -> Upkeep:
        return self._database.read(upkeep_sql.read)

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

    def unseen(self, limit: int) -> Sequence[Notice]:
        return self._database.read(lambda connection: notices_sql.unseen(connection, limit))

    def see(self, seen: Collection[PartKey], now: datetime) -> int:
        return self._database.write(lambda connection: notices_sql.see(connection, seen, now))

    def open(self, before: datetime) -> Mapping[str, int]:
        return self._database.read(lambda connection: notices_sql.open_ones(connection, before))

    def hold(self, order: Held, records: Collection[str], parts: Collection[str], now: datetime) -> Sequence[Hold]:
        upserts = self._database.upserts
        return self._database.write(lambda connection: holds_sql.hold(connection, upserts, order, records, parts, now))

    def release(self, hold_id: str, person: str, now: datetime) -> Sequence[Hold]:
        upserts = self._database.upserts
        return self._database.write(
            lambda connection: holds_sql.release(connection, upserts, hold_id, person, today(now), now)
        )

    def holds(self, record_id: str | None) -> Sequence[Hold]:
        return self._database.read(lambda connection: holds_sql.listed(connection, record_id))

    def passing(self, hold_id: str) -> Mapping[PartKey, str]:
        return self._database.read(lambda connection: holds_sql.passing(connection, hold_id))

    def weeks(self) -> Mapping[str, int]:
        return self._database.read(transit_sql.weeks)

    def note(self, entry: AuditEntry, week: str | None) -> int:
        return self._database.write(lambda connection: transit_sql.note(connection, entry, week))

    def noted(self, subject: str) -> Sequence[AuditEntry]:
        return self._database.read(lambda connection: audit_sql.noted(connection, subject))

    def record(
        self,
        event: Event,
        clock: Clock | Cut | None,
        now: datetime,
        said: Shift | None = None,
        released: Sequence[Release] = (),
    ) -> Recorded:
        upserts = self._database.upserts
        return self._database.write(
            lambda connection: events_sql.record(connection, upserts, event, clock, now, said, released)
        )

    def standing(self, shop: str) -> Standing:
        return self._database.read(lambda connection: standings_sql.read(connection, shop))

    def customer(self, shop: str, customer: bytes, day: date) -> Standing | None:
        return self._database.read(lambda connection: standings_sql.of_customer(connection, shop, customer, day))

    def events(self, shop: str | None, limit: int) -> Sequence[Recorded]:
        return self._database.read(lambda connection: events_sql.listed(connection, shop, limit))

    def awaiting(self, carrier: str, since: datetime, after: Place | None) -> Awaited | None:
        return self._database.read(lambda connection: following_sql.awaiting(connection, carrier, since, after))

    def close(self) -> None:
        self._database.close()
