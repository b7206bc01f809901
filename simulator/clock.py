"""The platform's own clock, and calendar months in Europe/Brussels.

A month is written ``2027-12``; months compare as text.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")


def _real_now() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Real time plus an offset that can be moved. ``real`` gives the real time (aware)."""

    def __init__(self, offset: timedelta = timedelta(), real: Callable[[], datetime] = _real_now) -> None:
        self._real = real
        self.offset = offset

    def now(self) -> datetime:
        """Now, in Europe/Brussels."""
        return (self._real() + self.offset).astimezone(BRUSSELS)

    def move(self, to: datetime) -> None:
        """From this moment on it is ``to`` (aware), and time goes on from there."""
        self.offset = to - self._real()


def month_of(day: date) -> str:
    """The month that holds ``day`` (for a ``datetime``: as its own zone reads it)."""
    return f"{day.year:04d}-{day.month:02d}"


def plus_months(month: str, count: int) -> str:
    """The month ``count`` months after ``month``."""
    index = int(month[:4]) * 12 + int(month[5:]) - 1 + count
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def last_day(month: str) -> date:
    """The last day of ``month``."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, calendar.monthrange(year, number)[1])
