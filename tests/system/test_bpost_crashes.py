"""A create of bpost's, whatever happens at whichever moment of it: one living box in the end, where bpost replaces what
it has under the reference and where it adds a box. Over real HTTP and an SQLite file; bpost's own ledger tells.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from middleware.account import Account
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.errors import TransientDeliveryError
from middleware.exchange import Failed, Outcome, Request, Response
from middleware.model import State, Stored
from middleware.ports import Transport
from simulator.bpost.names import BoxState
from simulator.bpost.switches import read_switches
from simulator.faults import FaultName
from tests.system.bpost_fates import TROUBLES, Fate, Moment, Play, drawn, judged, once
from tests.system.bpost_house import BEGINNING, House, house
from tests.system.bpost_moves import OWN, Moving
from tests.system.processes import wait_for

SETTINGS = ("replace", "append")
IN_TURN = (Moment.CLAIM, Moment.OPENING, Moment.EXCHANGE, Moment.EXCHANGE, Moment.SETTLE)
"""A first claim where nothing happens: the two exchanges make the order and its label."""

CASES = [(number, moment, fate) for number, moment in enumerate(IN_TURN) for fate in TROUBLES[moment]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("bpost") / "house") as one:
        yield one


@pytest.fixture
def play(made: House) -> Play:
    made.forget()
    return Play(house=made)


def turn(play: Play, again: str, **more: str) -> None:
    named = {name.replace("_", "-"): setting for name, setting in more.items()}
    play.house.platform.api.bpost.turn(read_switches({"existing-order": again, **named}))


def assert_one_of_each(play: Play) -> None:
    assert judged(play.house.ledger(), play.accepted, play.cancelled).well, play.met
    assert play.other == []


@pytest.mark.parametrize("again", SETTINGS)
@pytest.mark.parametrize(("number", "moment", "fate"), CASES, ids=[f"{one[0]} {one[1]}: {one[2]}" for one in CASES])
def test_there_is_one_box_whatever_happens_at_any_moment(
    play: Play, again: str, number: int, moment: Moment, fate: Fate
) -> None:
    turn(play, again)
    assert play.one(once(number, fate)) == "delivered"
    assert play.met == {str(fate): 1}, moment
    assert_one_of_each(play)


@pytest.mark.parametrize("printed", ["empty", "without-bytes", "again"])
@pytest.mark.parametrize("again", SETTINGS)
def test_there_is_one_box_whatever_happens_however_often(play: Play, again: str, printed: str) -> None:
    turn(play, again, already_printed=printed)
    chance = random.Random(f"20261122 {again} {printed}")  # noqa: S311 - to be repeated
    ends = [play.one(drawn(chance)) for _ in range(3)]
    assert ends == ["delivered"] * 3
    assert sum(play.met.values()) > 3
    assert_one_of_each(play)


@pytest.mark.parametrize("again", SETTINGS)
def test_there_is_one_box_of_an_order_that_changes_on_its_way(play: Play, again: str) -> None:
    turn(play, again)
    chance = random.Random(f"20261122 {again}")  # noqa: S311 - to be repeated
    for _ in range(4):
        play.overtaken(drawn(chance), chance)
    assert 0 < len(play.cancelled) < 4
    assert sum(play.met.values()) > 4
    assert_one_of_each(play)


def test_a_relay_that_is_killed_while_bpost_takes_its_order_makes_no_second_one(play: Play) -> None:
    turn(play, "append")
    one = play.house
    one.tell(BEGINNING)
    id_ = one.accept()
    one.tell(BEGINNING + timedelta(seconds=1))
    one.platform.faults.set({FaultName.TIMEOUT_AFTER_COMMIT: 1.0})
    with one.relay_process() as process:
        wait_for(lambda: one.order(id_) is not None, "the order at bpost")
        process.kill()
        assert process.wait() < 0
    one.platform.faults.set({})
    due = one.standing(id_).due
    assert due is not None
    one.tell(due + timedelta(seconds=1))
    with one.relay_process():
        wait_for(lambda: one.standing(id_).state == "delivered", "another relay")
    assert judged(one.ledger(), [(id_,)]).well


@pytest.fixture
def moving(made: House) -> Moving:
    made.forget()
    return Moving(house=made)


@pytest.mark.parametrize("again", SETTINGS)
def test_there_is_one_box_whatever_account_the_shop_is_given_meanwhile(moving: Moving, again: str) -> None:
    turn(moving, again)
    chance = random.Random(f"20261123 {again}")  # noqa: S311 - to be repeated
    for _ in range(2):
        assert moving.one(moving.moving(drawn(chance), chance)) == "delivered"
    for _ in range(3):
        moving.overtaken(moving.moving(drawn(chance), chance), chance)
    assert moving.moved > 5
    assert moving.feigned() == []
    assert_one_of_each(moving)


def taken_by_another(moving: Moving, monkeypatch: pytest.MonkeyPatch, *, noted: bool) -> str:
    """An order that bpost took before the connection broke, whose shop has another account when it is looked for: how
    it ends.
    """

    def account(carrier: BpostShm, shop: str, known: str | None) -> Account | Failed:
        return asking(carrier, shop, known if noted else None)

    asking = BpostShm._account
    monkeypatch.setattr(BpostShm, "_account", account)
    turn(moving, "append")
    taken = once(2, FaultName.TIMEOUT_AFTER_COMMIT)

    def fates(moment: Moment) -> Fate | None:
        fate = taken(moment)
        if fate is not None:
            moving.give(OWN["654321"])
        return fate

    return moving.one(fates)


def test_what_one_account_took_is_looked_for_under_no_other(moving: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    assert taken_by_another(moving, monkeypatch, noted=True) == "delivered"
    assert (moving.helps, moving.moved) == (0, 1)  # the carrier's is known, whatever the shop has
    assert_one_of_each(moving)


def test_what_a_shops_own_account_took_waits_until_it_is_back(moving: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    moving.give(OWN["777777"])
    assert taken_by_another(moving, monkeypatch, noted=True) == "delivered"
    assert (moving.helps, moving.moved) == (1, 3)
    assert_one_of_each(moving)


def test_the_judge_sees_a_relay_that_looks_under_another_account(
    moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_by_another(moving, monkeypatch, noted=False)
    told = judged(moving.house.ledger(), moving.accepted)
    assert (told.again, told.several, told.well) == (1, 1, False)


def test_a_service_that_starts_tries_a_paused_lane_anew(play: Play) -> None:
    one = play.house
    one.tell(BEGINNING)
    id_ = one.accept()
    one.tell(BEGINNING + timedelta(seconds=1))
    one.services.store.pause_lane("platform", BEGINNING + timedelta(minutes=15), "http-401")
    with one.relay_process("serve", "--role", "relay"):
        # asked of the store: a reader that may not write takes a journal that is going away for one to roll back
        wait_for(lambda: delivered(one, id_), "the relay, in less than a quarter of an hour")


def delivered(one: House, id_: str) -> bool:
    found = one.services.store.show(id_)
    return found is not None and found.state is State.DELIVERED


@pytest.mark.parametrize("again", SETTINGS)
def test_the_judge_sees_a_relay_that_does_not_look(play: Play, again: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(carrier: BpostShm, stored: Stored) -> Request | Outcome:
        return looking(carrier, replace(stored, fence=1, attempts=0))

    looking = BpostShm.start
    monkeypatch.setattr(BpostShm, "start", start)
    turn(play, again)
    play.one(once(2, FaultName.TIMEOUT_AFTER_COMMIT))
    told = judged(play.house.ledger(), play.accepted)
    assert (told.again, told.several, told.well) == (1, int(again == "append"), False)


@dataclass
class Late:
    """The way to a bpost that takes the first order only after it was asked for ``after`` more, and says nothing."""

    way: Transport
    after: int
    held: Request | None = None
    asked: int = 0

    def send(self, request: Request) -> Response:
        if self.held is None:
            self.held = request
            problem = TransientDeliveryError()
            problem.code = "timeout"
            raise problem
        self.asked += 1
        answer = self.way.send(request)
        if self.asked == self.after:
            assert self.way.send(self.held).status == 201
        return answer


LOOKED, SENT_AGAIN, LABELLED = 1, 2, 3


@pytest.mark.parametrize("after", [LOOKED, SENT_AGAIN])
def test_a_create_that_commits_after_bpost_denied_it_is_told_where_it_appends(play: Play, after: int) -> None:
    assert late(play, "append", after) == ("dead", "several-boxes", [BoxState.PRINTED, BoxState.PRINTED])


@pytest.mark.parametrize("after", [LOOKED, SENT_AGAIN])
def test_where_it_replaces_there_is_one_box(play: Play, after: int) -> None:
    assert late(play, "replace", after) == ("delivered", None, [BoxState.PRINTED])
    assert play.other == []


@pytest.mark.parametrize(
    ("again", "boxes"), [("append", [BoxState.PRINTED, BoxState.PENDING]), ("replace", [BoxState.PENDING])]
)
def test_a_create_that_commits_after_its_successor_was_labelled_is_seen_by_nobody(
    play: Play, again: str, boxes: list[BoxState]
) -> None:
    """What remains possible, as docs/bpost.md says."""
    assert late(play, again, LABELLED) == ("delivered", None, boxes)
    assert bool(play.other) is (again == "replace")


def late(play: Play, again: str, after: int) -> tuple[str, str | None, list[BoxState]]:
    """What becomes of an order whose first create commits so late: state, code, and boxes at bpost."""
    turn(play, again)
    play.through(lambda way: Late(way, after))
    state = play.one(lambda _: None)
    ((id_,),) = play.accepted
    found, standing = play.house.order(id_), play.house.standing(id_)
    assert found is not None
    return state, standing.code if state == "dead" else None, [box.state for box in found.boxes]
