"""The purge: what has ended goes, on the day after its last permitted day, in small steps beside a running intake.

due ─▶ erase       kind by kind (``Kind``): a record goes when all of its parts have ended

Every step is a transaction of its own and does the same whoever did it before, so that it may be stopped anywhere, by
whatever, and run again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from middleware.core.calendar import today
from middleware.errors import StorageError
from middleware.logs import logger
from middleware.model_purge import Kind
from middleware.ports import Clock, Purging

BATCH = 250
"""Rows in one transaction: an intake that writes to the same SQLite file waits for so many."""

SMALLER = 5
"""A batch for which there is no room is cut to this part of it, down to a single row: a journal needs space on the disk
for every page that changes.
"""

COUNTED = 10_000
"""How much of a kind is counted at most."""

_log = logger("purge")

Counts = Mapping[Kind, int]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Purge:
    """Carries out what retention demands now."""

    purging: Purging
    clock: Clock
    batch: int = BATCH
    unswept: set[Kind] = field(default_factory=set)
    """What may still be in the database's files: kinds that an earlier run could not sweep."""

    def ended(self) -> Counts:
        """How much of each kind has ended and is there still, ``COUNTED`` at most. Raises: StorageError."""
        return self.purging.ended(today(self.clock()), COUNTED)

    def run(self, go_on: Callable[[], bool] = lambda: True) -> Counts:
        """Take all that has ended; how much of each kind it was. ``go_on`` is asked before every step. Raises:
        StorageError.
        """
        now = self.clock()
        taken = {kind: self._all(kind, today(now), now, go_on) for kind in Kind}
        done = {kind: count for kind, count in taken.items() if count}
        self.unswept.update(done)
        if self.unswept:
            self.purging.sweep(self.unswept)
            self.unswept.clear()
        for kind, count in done.items():
            _log.info("purged", reason=kind.value, rows=count)
        return done

    def _all(self, kind: Kind, day: date, now: datetime, go_on: Callable[[], bool]) -> int:
        total, size = 0, self.batch
        while go_on():
            try:
                taken = self.purging.purge(kind, day, now, size)
            except StorageError as problem:
                if size == 1:
                    raise
                size = max(1, size // SMALLER)
                _log.warning("purge_batch_cut", code=problem.code, rows=size)
                continue
            total += taken
            if taken < size:
                break
        return total
