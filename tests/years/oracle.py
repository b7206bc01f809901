"""What must live on which day: written anew from the policy's words and the calendar, nothing of the service asked.

`13 months` for what is of the recipient, `10 years` for what is of the sender, counted once from the day in Brussels on
which the label was made, and the last day of a shorter month where there is no such day. Its last day is the last
permitted one.
"""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

MONTHS = {"recipient": 13, "sender": 120}

Key = tuple[str, str]
"""(record id, part)."""


class Broken(AssertionError):
    """A promise is broken: on which side, on which day, and how many parts of which kind; ids alone, never a value."""


def last_day(taken: date, months: int) -> date:
    """The last day of so many months from the day on which it was taken in."""
    index = taken.year * 12 + taken.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(taken.day, monthrange(year, month)[1]))


@dataclass(slots=True, kw_only=True)
class Oracle:
    """Which parts were made, and when each ends."""

    ends: dict[Key, date] = field(default_factory=dict)
    alive: set[Key] = field(default_factory=set)
    ending: dict[date, set[Key]] = field(default_factory=dict)
    made: Counter[tuple[str, int]] = field(default_factory=Counter)
    ended: Counter[tuple[str, int]] = field(default_factory=Counter)

    def take(self, record_id: str, parts: frozenset[str], day: date) -> None:
        """A record with these parts was taken in."""
        for part in parts:
            party = part.partition(".")[0]
            until = last_day(day, MONTHS[party])
            self.ends[(record_id, part)] = until
            self.alive.add((record_id, part))
            self.ending.setdefault(until, set()).add((record_id, part))
            self.made[(party, day.year)] += 1

    def begin(self, day: date) -> None:
        """A new day: what had its last day before is to be gone."""
        for until in [until for until in self.ending if until < day]:
            for key in self.ending.pop(until):
                self.alive.discard(key)
                self.ended[(key[1].partition(".")[0], until.year)] += 1

    def judge(self, side: str, day: date, found: set[Key]) -> None:
        """What is there on this day, compared with what must be. Raises: Broken."""
        late, early = found - self.alive, self.alive - found
        if late:
            raise Broken(f"{day} {side}: {len(late)} parts live past their end, such as {min(late)}")
        if early:
            raise Broken(f"{day} {side}: {len(early)} parts are gone before their end, such as {min(early)}")
