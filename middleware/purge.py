"""The purge: what has ended goes, on the day after its last permitted day, in small steps beside a running intake.

begin ─▶ due ─▶ erase ─▶ sweep ─▶ keys ─▶ finish   kind by kind (``Kind``): a record goes when all its parts have ended

One process at a time, under a lease; every step is a transaction of its own and does the same whoever did it before, so
that it may be stopped anywhere, by whatever, and run again. A clock that jumped stops it until a person says that the
clock is right.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from middleware.core.calendar import today
from middleware.errors import ClockJumpedError, LeaseLostError, StorageError
from middleware.logs import logger
from middleware.model_purge import Boot, Kind, PartKey
from middleware.ports import Clock
from middleware.ports_retention import Purging

EVERY_SECONDS = 300.0
"""How often each relay process looks for what has ended."""

BATCH = 100
"""Rows in one transaction: an intake that writes to the same SQLite file waits for so many."""

SMALLER = 5
"""A batch for which there is no room is cut to this part of it, down to a single row: a journal needs space on the disk
for every page that changes.
"""

MOST_UNREADABLE = 1_000
"""Parts that cannot be read, and round which one run finds its way."""

COUNTED = 10_000
"""How much of a kind is counted at most."""

_log = logger("purge")

Counts = Mapping[Kind, int]

Observer = Callable[[str, int], None]
"""Told of every batch: (kind, rows)."""


def no_keys(_now: datetime) -> None:
    """No key goes with what has ended."""


def unobserved(_kind: str, _rows: int) -> None:
    """Nobody counts: a run by hand tells by itself."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Purge:
    """Carries out what retention demands now. ``boot`` tells how long this machine has been running; ``keys`` destroys
    keys whose time is over, once all has been taken that could be, and only by a clock that is believed.
    """

    purging: Purging
    clock: Clock
    boot: Callable[[], Boot]
    observe: Observer = unobserved
    keys: Callable[[datetime], None] = no_keys
    batch: int = BATCH
    unswept: set[Kind] = field(default_factory=set)
    """What may still be in the database's files: kinds that an earlier run could not sweep."""
    unreadable: set[PartKey] = field(default_factory=set)
    """Parts that cannot be read and so are left for a person; each is named once."""

    def keep(self, stop: threading.Event) -> None:
        """Run every few minutes until ``stop`` is set; the batch under way is finished."""
        while not stop.is_set():
            try:
                self.run(lambda: not stop.is_set())
            except ClockJumpedError as problem:
                _log.error("purge_stopped", code=problem.code)
            except (StorageError, LeaseLostError) as problem:
                _log.error("purge_failed", code=problem.code)
            stop.wait(EVERY_SECONDS)

    def ended(self) -> Counts:
        """How much of each kind has ended and is there still, ``COUNTED`` at most. Raises: StorageError."""
        return self.purging.ended(today(self.clock()), COUNTED)

    def accept(self) -> None:
        """The clock is right, whatever it seemed. Raises: StorageError."""
        self.purging.accept(self.clock(), self.boot())

    def run(self, go_on: Callable[[], bool] = lambda: True) -> Counts | None:
        """Take all that has ended; how much of each kind it was, None where another process is at it. ``go_on`` is
        asked before every step. Raises: StorageError, ClockJumpedError, LeaseLostError.
        """
        now = self.clock()
        fence = self.purging.begin(now, self.boot())
        if fence is None:
            return None
        done: dict[Kind, int] = {}
        problems: list[StorageError] = []
        for kind in Kind:
            try:
                done[kind] = self._all(kind, today(now), fence, go_on)
            except StorageError as problem:  # a row that cannot be read: what else has ended goes all the same
                _log.error("purge_failed", reason=kind.value, code=problem.code)
                problems.append(problem)
        if self.unswept:
            self.purging.sweep(self.unswept)
            self.unswept.clear()
        if go_on():
            self.keys(now)
        if problems:
            raise problems[0]
        if go_on():
            self.purging.finish(fence, self.clock())
        done = {kind: count for kind, count in done.items() if count}
        for kind, count in done.items():
            _log.info("purged", reason=kind.value, rows=count)
        return done

    def _all(self, kind: Kind, day: date, fence: int, go_on: Callable[[], bool]) -> int:
        total, size = 0, self.batch
        without: frozenset[PartKey] = frozenset()
        while more := self._left(kind, day, without):
            without |= more
        while go_on():
            try:
                taken = self.purging.purge(kind, day, self.clock(), size, fence, without)
            except StorageError as problem:
                if more := self._left(kind, day, without):
                    without |= more
                    continue
                if size == 1:
                    raise
                size = max(1, size // SMALLER)
                _log.warning("purge_batch_cut", code=problem.code, rows=size)
                continue
            total += taken
            if taken:
                self.unswept.add(kind)
            self.observe(kind, taken)
            if taken < size:
                break
        return total

    def _left(self, kind: Kind, day: date, without: frozenset[PartKey]) -> frozenset[PartKey]:
        """What cannot be read of the parts that would be taken next: it is named, and left for a person."""
        if kind not in (Kind.PARTS, Kind.UNSTARTED) or len(without) >= MOST_UNREADABLE:
            return frozenset()
        found = frozenset(self.purging.unreadable(day, self.clock(), self.batch, without))
        for record_id, _ in sorted(found - self.unreadable, key=str):
            _log.error("purge_unreadable", reason=kind.value, record_id=record_id)
        self.unreadable.update(found)
        return found
