"""Retention dates: durations are added once to the original trigger, in Europe/Brussels; ``until`` is the last
permitted day.

Old Belgian Civil Code art. 2260-2261: a period counts in days and is complete when its last day has passed, so
erasure comes the day after.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

BRUSSELS = ZoneInfo("Europe/Brussels")

_DURATION = re.compile(r"P(?:([0-9]{1,3})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?")


def today(now: datetime) -> date:
    """The day in Brussels at ``now`` (aware)."""
    return now.astimezone(BRUSSELS).date()


def end(start: date, duration: str) -> date:
    """The last permitted day of an ISO 8601 duration (years, months, days) from ``start``. Raises: ValueError for
    another form.
    """
    match = _DURATION.fullmatch(duration)
    if match is None or duration == "P":
        raise ValueError("a duration is written like P13M, P10Y or P30D")
    years, months, days = (int(part or 0) for part in match.groups())
    return start + relativedelta(years=years, months=months, days=days)


def month(day: date) -> str:
    """The month of a day as key ids name it: ``2027-12``."""
    return f"{day:%Y-%m}"
