"""The second act: thirteen months pass. What an operator does with a test instance, and what is there before and after.

back up ─▶ the last permitted day ─▶ the day after: the relay purges and tells ─▶ the month is over: its keys go
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from middleware.demo import run
from middleware.demo.stage import Stage
from simulator import gather
from simulator.case import Case
from simulator.evidence import Evidence, Later, Moment
from simulator.passed import ends

BRUSSELS = ZoneInfo("Europe/Brussels")
LAST_MINUTES = time(23, 50)
FIRST_MINUTES = time(0, 10)
HALF_AN_HOUR = time(0, 30)
RECIPIENT = "recipient."
PROGRAM = "parcelveil"
ANNOUNCED_BY, CARRIED_OUT_BY = "Els De Smet", "Noor Aziz"
"""Made up: two people, as both steps stand in the audit log with a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A command and what it said."""

    words: tuple[str, ...]
    said: str

    @property
    def line(self) -> str:
        """As a shell reads it."""
        return f"$ {shlex.join((PROGRAM, *self.words))}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One moment of the second act: when it is, what is special about it, what an operator types."""

    at: datetime
    what: str
    typed: tuple[Typed, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Played:
    """The second act as it went, and the evidence that it left."""

    scenes: tuple[Scene, ...]
    later: Later


def play(stage: Stage, evidence: Evidence) -> Played:
    """Play it on the stage of the first act, which kept its promises and whose service has ended. Raises: DemoError."""
    theirs = {key: end for key, end in ends(Case(evidence)).items() if key[1].startswith(RECIPIENT)}
    last, months = max(theirs.values()), sorted({f"{end:%Y-%m}" for end in theirs.values()})
    backup = _back_up(stage)
    before, last_day = _last_day(stage, last)
    after, day_after = _day_after(stage, last + timedelta(days=1), len(theirs))
    over, month_over = _month_over(stage, (last.replace(day=1) + timedelta(days=32)).replace(day=1), months)
    later = Later(backup=backup, last_day=last_day, day_after=day_after, month_over=month_over)
    return Played(scenes=(before, after, over), later=later)


def _back_up(stage: Stage) -> dict[str, bytes]:
    """A copy of the database as the first act left it; nobody touches it again."""
    folder = stage.folder / "backup"
    folder.mkdir(mode=0o700)
    shutil.copyfile(stage.folder / "var" / "parcelveil.db", folder / "parcelveil.db")
    return dict(gather.files([folder], stage.folder))


def _last_day(stage: Stage, day: date) -> tuple[Scene, Moment]:
    at = datetime.combine(day, LAST_MINUTES, BRUSSELS)
    now = stage.turn(at)
    refused = typed(stage, "purge", admitted=(0, 1))  # a machine that cannot tell how long it runs sees no jump
    accepted = typed(stage, "purge", "--accept-clock")
    what = "The last permitted day of the recipients' parts. The clock has jumped, and nothing is taken until a person "
    what += "says that it is right."
    return Scene(at=at, what=what, typed=(refused, accepted)), moment(stage, now)


def _day_after(stage: Stage, day: date, expected: int) -> tuple[Scene, Moment]:
    at = datetime.combine(day, FIRST_MINUTES, BRUSSELS)
    now = stage.turn(at)
    relay = stage.relay()
    run.wait_for(stage, expected, "DELETE", 204)
    relay.stop()
    what = "The day after. The relay starts, purges by itself, and tells the platform of each part that ended."
    return Scene(at=at, what=what, typed=()), moment(stage, now)


def _month_over(stage: Stage, day: date, months: Collection[str]) -> tuple[Scene, Moment]:
    at = datetime.combine(day, HALF_AN_HOUR, BRUSSELS)
    now = stage.turn(at)
    said = [typed(stage, "purge", "--accept-clock")]
    for month in months:
        said.append(typed(stage, "keys", "destroy", month, "--by", ANNOUNCED_BY))
        said.append(typed(stage, "keys", "destroy", month, "--by", CARRIED_OUT_BY, "--carry-out"))
    what = "The month is over. Its keys are destroyed in two steps; the platform destroys its own by its clock."
    return Scene(at=at, what=what, typed=tuple(said)), moment(stage, now)


def typed(stage: Stage, *words: str, admitted: Collection[int] = (0,)) -> Typed:
    """What an operator types, carried out. Raises: DemoError (it ended with no status that is ``admitted``)."""
    process = stage.command(*words)
    process.finish(admitted)
    return Typed(words=words, said=process.said().strip())


def moment(stage: Stage, now: str) -> Moment:
    """All that there is at one moment, ``now`` in ISO 8601."""
    folder = stage.folder
    places: list[Path] = [folder / name for name in ("var", "logs", "tmp", "platform/keys")]
    return Moment(at=now, held=gather.held(stage.platform), files=gather.files(places, folder))
