"""What is told of the second act, on the terminal and on the page: what was where on which day, order by order."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from middleware.demo import weeks
from middleware.demo.carriers import BPOST_SHM, PLATFORM, Words
from middleware.demo.later import Played, Scene
from simulator.judge import judge_later, judge_weeks
from simulator.passed import Passed
from simulator.rest import Key
from simulator.resting import Ended, day
from simulator.verdict import Verdict

PARTIES = ("recipient", "sender")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """How many parts of the recipient, and how many of the sender; ``late``: of the recipient none may be there."""

    recipient: int
    sender: int
    late: bool

    @property
    def well(self) -> bool:
        """Whether there is what must be, as far as a number can tell."""
        return bool(self.recipient) is not self.late and self.sender > 0

    def __str__(self) -> str:
        return f"{self.recipient} + {self.sender}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many parts or boxes; ``none``: there may be none, else there must be some."""

    number: int
    none: bool

    @property
    def well(self) -> bool:
        """Whether there is what must be, as far as a number can tell."""
        return bool(self.number) is not self.none

    def __str__(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One order; the cells stand beneath ``Told.columns``."""

    title: str
    cells: tuple[Pair | Count, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The second act: its scenes, (day, place) of every column with what each order had there, and the verdicts;
    ``words`` are the carrier's.
    """

    words: Words
    scenes: tuple[Scene, ...]
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    said: tuple[Verdict, ...]


def tell_later(played: Played, passed: Passed) -> Told:
    """By what the judge goes by, too: the platform's parts and the bytes of files."""
    before, after = passed.last_day, passed.day_after
    places: tuple[tuple[tuple[str, str], Collection[Key], bool], ...] = (
        ((f"{before.day}", "here"), before.here, False),
        ((f"{before.day}", "there"), before.there, False),
        ((f"{after.day}", "here"), after.here, True),
        ((f"{after.day}", "there"), after.there, True),
        ((f"{passed.month_over.day}", "backup"), passed.reopened.by.keys(), True),
    )
    return Told(
        words=PLATFORM.words,
        scenes=played.scenes,
        columns=tuple(column for column, _, _ in places),
        rows=tuple(
            Row(
                title=title(sent.file),
                cells=tuple(_pair(passed, sent.file, keys, late) for _, keys, late in places),
            )
            for sent in passed.case.to_ship
        ),
        said=judge_later(passed),
    )


def _pair(passed: Passed, file: str, keys: Collection[Key], late: bool) -> Pair:
    parties = [part.partition(".")[0] for id_, part in keys if passed.case.order_of.get(id_) == file]
    recipient, sender = (parties.count(party) for party in PARTIES)
    return Pair(recipient=recipient, sender=sender, late=late)


def tell_weeks(played: weeks.Played, ended: Ended) -> Told:
    """The same with a carrier that takes cleartext."""
    first, second = ended.moments
    columns = (
        ("first act", "waiting"),
        (day(first), "here"),
        (day(first), "backup"),
        (day(second), "here"),
        (day(second), "at bpost"),
    )
    return Told(
        words=BPOST_SHM.words,
        scenes=played.scenes,
        columns=columns,
        rows=tuple(_row(played, ended, sent.file) for sent in ended.case.to_ship),
        said=judge_weeks(ended),
    )


def _row(played: weeks.Played, ended: Ended, file: str) -> Row:
    def of(ids: Iterable[str]) -> int:
        return sum(ended.case.order_of.get(id_) == file for id_ in ids)

    here = [of({part.key: part.key[0] for part, _, _ in ended.pieces(moment)}.values()) for moment in ended.moments]
    backup = of(id_ for id_, _ in ended.reopened[0])
    cells = (
        Count(number=of(part.key[0] for part in ended.case.sealed), none=False),
        Count(number=here[0], none=True),
        Count(number=backup, none=True),
        Count(number=here[1], none=True),
        Count(number=of(played.boxes), none=False),
    )
    return Row(title=title(file), cells=cells)


def title(file: str) -> str:
    """An order's file without its ending."""
    return file.removesuffix(".json")
