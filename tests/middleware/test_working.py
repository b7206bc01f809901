"""The loops of threads."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from middleware.logs import logger
from middleware.working import repeat, sweeping

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Rests(threading.Event):
    """Notes each rest, and is set after so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.rests: list[float | None] = []
        self._most = most

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        if len(self.rests) == self._most:
            self.set()
        return self.is_set()


def test_what_fails_in_whatever_way_is_done_again_sooner() -> None:
    stop, ends = Rests(3), iter((True, False, None))

    def once() -> bool:
        end = next(ends)
        if end is None:
            raise ZeroDivisionError
        return end

    repeat(stop, once, logger("test"), well=60.0, failed=5.0)
    assert stop.rests == [60.0, 5.0, 5.0]


def test_it_is_swept_at_once_after_so_long_and_when_the_clock_was_set_back() -> None:
    times, swept = [NOW], []
    step = sweeping(lambda: True, lambda: swept.append(times[0]), lambda: times[0], timedelta(minutes=1))
    for moment in (NOW, NOW + timedelta(seconds=59), NOW + timedelta(seconds=60), NOW - timedelta(seconds=1)):
        times[0] = moment
        assert step()
    assert swept == [NOW, NOW + timedelta(seconds=60), NOW - timedelta(seconds=1)]
