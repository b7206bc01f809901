"""When to try again: a pure decision that the relay obeys (security §2.12).

The schedule has eight attempts over about 28 hours; each wait is spread by ±20 % so that many records do not come
back at once. Retention beats retry: a record of which a part ends before its next attempt is not tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from middleware.core.calendar import today
from middleware.exchange import Failed
from middleware.model import Stored

SCHEDULE = tuple(timedelta(seconds=seconds) for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 36_000))
"""The wait before attempt n, counted from the failure of attempt n - 1; the first goes at once."""

JITTER = 0.2
LONGEST_RETRY_AFTER = timedelta(hours=10)
LANE_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Try again at ``at``; ``counted`` is False when the attempt says nothing of this record: the whole lane is paused,
    or something is lacking on this machine.
    """

    at: datetime
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveUp:
    """Make it a dead letter, for ``code``."""

    code: str


def decide(stored: Stored, failed: Failed, now: datetime, chance: float) -> Again | GiveUp:
    """What follows a failed attempt. ``stored.attempts`` counts the attempts before it; ``chance`` is uniform in [0,
    1).
    """
    if not (failed.pause_lane or failed.here) and stored.attempts + 1 >= len(SCHEDULE):
        return GiveUp(code=f"attempts-exhausted:{failed.code}")
    again = keep_on(stored.attempts, failed, now, chance)
    if today(again.at) > min((part.until for part in stored.parts if part.until), default=stored.until or date.max):
        return GiveUp(code="expired")
    return again


def keep_on(attempts: int, failed: Failed, now: datetime, chance: float) -> Again:
    """When to try again what is never given up: by the schedule, and then as after its last attempt, for ever.
    ``attempts`` counts those before the one that failed.
    """
    if failed.pause_lane or failed.here:
        return Again(at=now + LANE_PAUSE, counted=False)
    wait = SCHEDULE[min(attempts + 1, len(SCHEDULE) - 1)] * (1 + JITTER * (2 * chance - 1))
    asked = timedelta(seconds=failed.retry_after or 0)
    return Again(at=now + max(wait, min(asked, LONGEST_RETRY_AFTER)))
