"""An order of bpost's in every weather: whatever is lost on the way there or back, and wherever the relay dies, there
is one box of it in the end. A create commits before its connection ends; of one that commits later the last test tells.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import pytest

from middleware.exchange import Delivered, Outcome, Refused, Request, Response
from middleware.model import Stored
from middleware.relay import MOST_EXCHANGES
from tests.middleware.carriers.test_bpost_shm import vector
from tests.middleware.carriers.test_bpost_shm_conversation import BARCODE, ENDING, STORED, answer, carrier, denial, seen

CARRIER = carrier()


class Fate(Enum):
    """What becomes of one exchange."""

    WELL = auto()
    LOST_THERE = auto()  # the request never arrives
    LOST_BACK = auto()  # it is carried out, and its answer never arrives; or the relay dies before it reads it


@dataclass
class Ledger:
    """What bpost has under the one reference. ``again`` is ``replace`` or ``append``, ``printed`` what the labels of an
    order are that were printed before.
    """

    again: str
    printed: str
    boxes: list[str] = field(default_factory=list)
    created: int = 0

    def answer(self, request: Request) -> Response:
        if request.path.endswith("/orders"):
            self.created += 1
            self.boxes = [*(self.boxes if self.again == "append" else ()), "PENDING"]
            return answer(201)
        if not self.boxes:
            return denial(b"no such order")
        if request.path.endswith("/A6"):
            before = set(self.boxes) == {"PRINTED"}
            self.boxes = ["PRINTED"] * len(self.boxes)
            return answer(
                200, vector("answers", "labels-printed-before" if before and self.printed == "empty" else "labels")
            )
        if request.method == "POST":
            self.boxes = ["CANCELLED" if box == "PENDING" else box for box in self.boxes]
            return answer(200)
        return seen(*((box, BARCODE if box == "PRINTED" else None) for box in self.boxes))


def attempt(stored: Stored, ledger: Ledger, fates: Iterator[Fate]) -> Outcome | None:
    """One attempt of the relay: its outcome, None where an exchange was lost."""
    said = CARRIER.start(stored)
    for _ in range(MOST_EXCHANGES):
        if not isinstance(said, Request):
            return said
        fate = next(fates, Fate.WELL)
        came = None if fate is Fate.LOST_THERE else ledger.answer(said)
        if fate is not Fate.WELL or came is None:
            return None
        said = CARRIER.after(stored, said, came)
    return None if isinstance(said, Request) else said


def settled(ledger: Ledger, fates: Iterator[Fate]) -> Outcome:
    """What comes of a record whose exchanges have these fates, and go well after them."""
    for fence in range(1, 20):
        outcome = attempt(replace(STORED, fence=fence, attempts=fence - 1), ledger, fates)
        if outcome is not None:
            return outcome
    raise AssertionError("it never ends")


@pytest.mark.parametrize("printed", ["empty", "again"])
@pytest.mark.parametrize("again", ["replace", "append"])
def test_there_is_one_box_in_the_end_whatever_is_lost(again: str, printed: str) -> None:
    for fates in itertools.product(Fate, repeat=5):
        ledger = Ledger(again=again, printed=printed)
        assert settled(ledger, iter(fates)) == Delivered(barcode=BARCODE, state="created"), fates
        assert (ledger.boxes, ledger.created) == (["PRINTED"], 1), fates


@pytest.mark.parametrize("again", ["replace", "append"])
def test_what_is_cancelled_in_any_weather_leaves_no_box_that_could_have_gone_unseen(again: str) -> None:
    for fates in itertools.product(Fate, repeat=4):
        ledger, coming = Ledger(again=again, printed="empty"), iter(fates)
        attempt(STORED, ledger, coming)
        outcome = None
        for fence in range(2, 20):
            outcome = outcome or attempt(replace(ENDING, fence=fence), ledger, coming)
        assert type(outcome).__name__ == ("TooLate" if "PRINTED" in ledger.boxes else "Gone"), fates
        assert set(ledger.boxes) <= {"PRINTED"} or set(ledger.boxes) <= {"CANCELLED"}, fates


def test_a_create_that_commits_after_bpost_denied_it_is_seen_where_it_appends() -> None:
    """What remains possible: the platform says that it has none, and has one a moment later."""
    ledger = Ledger(again="append", printed="empty", boxes=["PENDING", "PENDING"], created=2)
    assert settled(ledger, iter((Fate.LOST_THERE,))) == Refused(code="several-boxes")
