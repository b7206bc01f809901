"""Transit keys: one per part and ISO week of sealing in Europe/Brussels, for carriers that take cleartext.

What such a carrier is to get lives here no longer than delivery takes, so its key bears the week in which it was
sealed (``recipient.delivery/transit/2026-W48``) and not the month in which it ends. A week has ISO 8601's form, which
sorts as time does. The key goes once nothing of its week waits, and two weeks after it whatever waits.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime, time, timedelta
from typing import Final

from middleware.core.calendar import BRUSSELS, today
from schemas.policy import Policy

CLASS: Final = "transit"
"""What a transit key's id bears in the place of a retention class."""

AHEAD: Final = 4
"""Keys are there for what is taken in this week and in so many after it."""

LONGEST: Final = timedelta(days=14)
"""How long after its week a key may exist at most."""

SETTLING: Final = timedelta(hours=1)
"""How long after its week a key exists at least: what was sealed in the week's last moment is still being stored."""

_WEEK: Final = re.compile(r"[0-9]{4}-W(?:0[1-9]|[1-4][0-9]|5[0-3])")
_SEVEN_DAYS: Final = timedelta(days=7)


def week(day: date) -> str:
    """The ISO 8601 week of a day: ``2026-W48``."""
    year, number, _ = day.isocalendar()
    return f"{year:04}-W{number:02}"


def transit_kid(part: str, day: date) -> str:
    """The id of the transit key of a part that is sealed on ``day``."""
    return f"{part}/{CLASS}/{week(day)}"


def is_week(text: str) -> bool:
    """Whether a text has the form of a week."""
    return _WEEK.fullmatch(text) is not None


def week_of(kid: str) -> str | None:
    """The week that the id of a transit key names; None for another key's."""
    _, _, rest = kid.partition("/")
    kind, _, named = rest.partition("/")
    return named if kind == CLASS and is_week(named) else None


def end_of(named: str) -> date:
    """The last day of a week. Raises: ValueError for what is none."""
    return date.fromisocalendar(int(named[:4]), int(named[6:]), 7)


def last_day(named: str) -> date:
    """The last day on which a key of that week may exist."""
    return end_of(named) + LONGEST


def must_go(named: str, now: datetime) -> bool:
    """Whether a week's keys may exist no longer, whatever waits."""
    return today(now) > last_day(named)


def may_go(named: str, now: datetime) -> bool:
    """Whether a week is over, so that its keys go as soon as nothing of it waits."""
    over = datetime.combine(end_of(named) + timedelta(days=1), time(), BRUSSELS)  # clocks do not change at midnight
    return now >= over + SETTLING


def oldest(day: date) -> str:
    """The oldest week whose keys may still exist on that day: what was sealed before can be opened no more."""
    return week(day - LONGEST)


def needed(policies: Collection[Policy], day: date, ahead: int = AHEAD) -> frozenset[str]:
    """The ids of all transit keys that records of these packs may need, taken in this week or in those ahead."""
    days = [day + weeks * _SEVEN_DAYS for weeks in range(ahead + 1)]
    parts = {part.name for policy in policies for part in policy.parts.values() if part.sealed}
    return frozenset(transit_kid(part, each) for part in parts for each in days)
