"""The second act with a carrier that takes cleartext: the week ends and its keys go, then thirteen months pass.

a copy while all waited ─▶ the week is over: the relay destroys its keys ─▶ thirteen months: what was left here ends
"""

from __future__ import annotations

import time as clocks
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from middleware.demo.later import BRUSSELS, FIRST_MINUTES, Scene, moment, typed
from middleware.demo.processes import POLL_SECONDS
from middleware.demo.stage import Stage
from simulator import gather
from simulator.arrival import months_on
from simulator.evidence import Evidence, Moment, Weeks

AFTER_AN_HOUR = time(1, 30)
"""A week's keys stay for an hour: what was sealed in its last moment is still being stored."""

MONTHS = 13
LONGEST_SECONDS = 20.0
"""How long the relay may take to start, to purge and to destroy keys."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Played:
    """The second act as it went, the evidence that it left, and of which records bpost still has boxes."""

    scenes: tuple[Scene, ...]
    weeks: Weeks
    boxes: tuple[str, ...]


def play(stage: Stage, evidence: Evidence) -> Played:
    """Play it on the stage of the first act, which kept its promises and whose service has ended. Raises: DemoError."""
    days = {datetime.fromisoformat(entry.at).astimezone(BRUSSELS).date() for entry in evidence.posts}
    last = max(days)
    monday, weeks = last + timedelta(days=7 - last.weekday()), {f"{day:%G-W%V}" for day in days}
    first, week_over = _week_over(stage, monday, weeks, evidence.shipments[0].id)
    second, months_over = _months_over(stage, months_on(last, MONTHS) + timedelta(days=1))
    boxes = tuple(box.id for box in gather.shipments(stage.platform, stage.token))
    return Played(scenes=(first, second), weeks=Weeks(week_over=week_over, months_over=months_over), boxes=boxes)


def _week_over(stage: Stage, monday: date, weeks: Collection[str], record: str) -> tuple[Scene, Moment]:
    at = datetime.combine(monday, AFTER_AN_HOUR, BRUSSELS)
    now = stage.turn(at)
    accepted = typed(stage, "purge", "--accept-clock")
    relay = stage.relay()
    _wait_for_keys(stage, weeks)
    relay.stop()
    shown = typed(stage, "shipments", "find", record)
    what = "The week is over for an hour, and nothing of it waits. A person says that the clock is right, for it has "
    what += "jumped; then the relay starts, purges, and destroys the week's keys by itself. This is what is known here "
    what += "of the first order from now on."
    return Scene(at=at, what=what, typed=(accepted, shown)), moment(stage, now)


def _wait_for_keys(stage: Stage, weeks: Collection[str]) -> None:
    """Until no private key of these weeks is left, or it takes too long: the judge sees what is left."""
    until = clocks.monotonic() + LONGEST_SECONDS
    while clocks.monotonic() < until:
        names = gather.files([stage.folder / "var" / "keys" / "retention"], stage.folder)
        if not any(week in name for name in names for week in weeks):
            return
        clocks.sleep(POLL_SECONDS)


def _months_over(stage: Stage, day: date) -> tuple[Scene, Moment]:
    at = datetime.combine(day, FIRST_MINUTES, BRUSSELS)
    now = stage.turn(at)
    said = typed(stage, "purge", "--accept-clock")
    what = "Thirteen months later what was kept to know the orders again ends here. bpost's boxes are as they were."
    return Scene(at=at, what=what, typed=(said,)), moment(stage, now)
