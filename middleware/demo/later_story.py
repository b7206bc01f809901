"""What is told of the second act, on the terminal and on the page: what was where on which day, order by order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from middleware.demo.later import Played, Scene
from simulator.judge import judge_later
from simulator.passed import Passed
from simulator.rest import Key
from simulator.verdict import Verdict

PARTIES = ("recipient", "sender")

EXPLAINED = (
    "Each pair counts parts: those of the recipient + those of the sender. Here: sealed in Parcelveil's database. "
    "There: at the parcel platform. Backup: what opens out of a copy of the database that was made in the first act, "
    "with every private key that is left in any file."
)


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
class Row:
    """One order; the pairs stand beneath ``Told.columns``."""

    title: str
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The second act: its scenes, (day, place) of every column with what each order had there, and the verdicts."""

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
        scenes=played.scenes,
        columns=tuple(column for column, _, _ in places),
        rows=tuple(
            Row(
                title=sent.file.removesuffix(".json"),
                pairs=tuple(_pair(passed, sent.file, keys, late) for _, keys, late in places),
            )
            for sent in passed.case.to_ship
        ),
        said=judge_later(passed),
    )


def _pair(passed: Passed, file: str, keys: Collection[Key], late: bool) -> Pair:
    parties = [part.partition(".")[0] for id_, part in keys if passed.case.order_of.get(id_) == file]
    recipient, sender = (parties.count(party) for party in PARTIES)
    return Pair(recipient=recipient, sender=sender, late=late)
