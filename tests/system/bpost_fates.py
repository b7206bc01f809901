"""What can happen to an order on its way to bpost, at every moment of a relay's work: faults of the way there and back,
deaths of the relay, sleep past its lease. What became of it is judged by what bpost has.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast

from middleware.exchange import Request, Response
from middleware.ports import Store, Transport
from middleware.relay import Lane, Relay, Turns
from middleware.transport import HttpTransport
from simulator.bpost.names import BoxState
from simulator.faults import FaultName
from tests.system.bpost_house import BEGINNING, ENDED, House
from tests.system.orders import order
from tests.system.processes import wait_for

MOST_STEPS = 40
LATER = {"updated_at": "2026-11-20T11:00:00+01:00"}
MOST_TROUBLE = 6
"""Of one order: the eighth attempt that fails is the last, and would need a person."""


class Moment(StrEnum):
    """What a relay does in turn: at each it may die, or sleep."""

    CLAIM = "claim"
    OPENING = "opening"  # the parts, once that is noted
    EXCHANGE = "exchange"  # with bpost
    SETTLE = "settle"


class Trouble(StrEnum):
    """What becomes of the relay. It sleeps before it settles, else after; meanwhile another one does its work."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    SLEEPS = "sleeps past its lease"


Fate = FaultName | Trouble
Ids = tuple[str, ...]
"""The records of one order: it has another one for each version that came after the first claim."""

Fates = Callable[[Moment], Fate | None]
TROUBLES: dict[Moment, tuple[Fate, ...]] = {
    moment: (*FaultName, *Trouble) if moment is Moment.EXCHANGE else (*Trouble,) for moment in Moment
}
LIKELY = {Moment.CLAIM: 0.15, Moment.OPENING: 0.15, Moment.EXCHANGE: 0.6, Moment.SETTLE: 0.3}
"""How often something happens there, as long as anything is left to happen."""

ACTS = {
    "claim": Moment.CLAIM,
    "opening": Moment.OPENING,
    **dict.fromkeys(("delivered", "retry", "bury", "gone", "too_late"), Moment.SETTLE),
}
"""What the relay asks of the store, and which moment that is."""


class Died(BaseException):
    """The relay's process ended."""


def well(_: Moment) -> None:
    """Nothing happens."""


def once(number: int, fate: Fate) -> Fates:
    """This at the moment of that number, counted from 0; and nothing else."""
    left = [number]

    def at(_: Moment) -> Fate | None:
        left[0] -= 1
        return fate if left[0] == -1 else None

    return at


def drawn(chance: random.Random) -> Fates:
    """Up to six troubles, at any moments."""
    left = [chance.randint(1, MOST_TROUBLE)]

    def at(moment: Moment) -> Fate | None:
        if not left[0] or chance.random() > LIKELY[moment]:
            return None
        left[0] -= 1
        return chance.choice(TROUBLES[moment])

    return at


@dataclass(slots=True, kw_only=True)
class Told:
    """What bpost has of the orders that were accepted. ``lost``: no living box; ``several``: more than one; ``again``:
    a record was taken more than once; ``strange``: of none that was accepted.
    """

    orders: int = 0
    living: int = 0
    lost: int = 0
    several: int = 0
    again: int = 0
    strange: int = 0

    @property
    def well(self) -> bool:
        """Whether there is exactly one of each, or none where none need be."""
        return not (self.lost or self.several or self.again or self.strange)


def judged(ledger: dict[str, Any], accepted: Collection[Ids], cancelled: Collection[Ids] = ()) -> Told:
    """By what bpost tells alone, and by nothing that the relay says of itself. Of what was ``cancelled`` there may be a
    box, if that was too late.
    """
    told = Told(orders=len(accepted), strange=len(ledger.keys() - {id_ for ids in accepted for id_ in ids}))
    for ids in accepted:
        made = [ledger[id_] for id_ in ids if id_ in ledger]
        states = [box["status"] for one in made for box in one["boxes"]]
        living = len(states) - states.count(BoxState.CANCELLED.value)
        told.living += living
        told.lost += not living and ids not in cancelled
        told.several += living > 1
        told.again += any(one["posts"] > 1 for one in made)
    return told


@dataclass(slots=True, kw_only=True)
class Play:
    """Relays of a house, one after the other, in whatever weather ``fates`` make; ``met`` counts what happened."""

    house: House
    fates: Fates = well
    met: Counter[str] = field(default_factory=Counter)
    accepted: list[Ids] = field(default_factory=list)
    cancelled: list[Ids] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    """Records of which another barcode was told than the one that bpost has."""

    relay: Relay = field(init=False)
    _at: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Another relay, as after a start."""
        self.house.way.close()
        lane = Lane(carrier=self.house.relay.lanes["platform"].carrier, transport=_Way(self, self.house.way))
        store = cast(Store, _Watched(self))
        self.relay = replace(
            self.house.relay, store=store, lanes={"platform": lane}, chance=lambda: 0.5, turns=Turns(), well={}
        )

    def through(self, way: Callable[[Transport], Transport]) -> None:
        """All that this relay sends goes by a way around its own."""
        lane = self.relay.lanes["platform"]
        self.relay = replace(self.relay, lanes={"platform": replace(lane, transport=way(lane.transport))})

    def accept(self, content: object | None = None) -> str:
        """An order comes, and waits: the record's id."""
        self.house.tell(BEGINNING)
        self.take(self.house.accept(content))
        return self._at

    def take(self, id_: str) -> None:
        """Go on with this one."""
        self._at = id_
        self.accepted.append((id_,))

    def one(self, fates: Fates) -> str:
        """An order from its acceptance to its end. Raises: AssertionError if it never comes to one."""
        self.accept()
        self.fates = fates
        for _ in range(MOST_STEPS):
            now = self.house.standing(self._at)
            if now.state in ENDED and not self.helped(self._at):
                self._compare(now.barcode)
                return now.state
            self.step()
        raise AssertionError(f"{self._at} never ends")

    def overtaken(self, fates: Fates, chance: random.Random) -> None:
        """An order that is cancelled, or whose address changes, somewhere on its way, until nothing of it is left to
        do. Raises: AssertionError if there always is.
        """
        content = order()
        ids: Ids = (self.accept(content),)
        self.fates = fates
        for _ in range(chance.randint(0, 3)):
            self._go_on(ids)
        if chance.random() < 0.5:
            self.house.send(content | LATER | {"cancelled_at": LATER["updated_at"]})
            self.cancelled.append(ids)
        else:
            moved = content["shipping_address"] | {"city": "Gent", "zip": "9000"}
            ids = (*ids, self.house.accept(content | LATER | {"shipping_address": moved}))
            self.accepted[-1] = ids
        for _ in range(2 * MOST_STEPS):
            if not self._go_on(ids) and not any(self.helped(id_) for id_ in ids):
                return
        raise AssertionError(f"{ids} never end")

    def helped(self, id_: str) -> bool:
        """Whether somebody let a dead letter go again."""
        return False

    def _go_on(self, ids: Ids) -> bool:
        """A step of what is due first; False if nothing is."""
        due = [(standing.due, id_) for id_ in ids if (standing := self.house.standing(id_)).due]
        if due:
            _, self._at = min(due)
            self.step()
        return bool(due)

    def step(self) -> None:
        """One step of a relay, when the order is due."""
        self._wake()
        try:
            self.relay.step()
        except Died:
            self.begin()

    def trouble(self, moment: Moment) -> Fate | None:
        """What happens now, counted."""
        fate = self.fates(moment)
        if fate is not None:
            self.met[str(fate)] += 1
        return fate

    def sleep(self) -> None:
        """The lease ends, and another relay does the work."""
        before, self.fates = self.fates, well
        relay = self.relay
        self.begin()
        self._wake()
        self.relay.step()
        self.relay, self.fates = relay, before

    def _wake(self) -> None:
        due = self.house.standing(self._at).due
        if due is not None:
            self.house.tell(due + timedelta(seconds=1))

    def _compare(self, barcode: str | None) -> None:
        found = self.house.order(self._at)
        known = {box.barcodes[0] for box in found.boxes if box.prints} if found else set()
        if known != {barcode}:
            self.other.append(self._at)


@dataclass(slots=True)
class _Watched:
    """The store, at whose acts something may happen."""

    play: Play

    def __getattr__(self, name: str) -> Any:
        act = getattr(self.play.house.services.store, name)
        return self._acting(ACTS[name], act) if name in ACTS else act

    def _acting(self, moment: Moment, act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any, **named: Any) -> Any:
            fate = self.play.trouble(moment)
            if fate is Trouble.DIES_BEFORE:
                raise Died
            if fate is Trouble.SLEEPS and moment is Moment.SETTLE:
                self.play.sleep()
            found = act(*given, **named)
            if fate is Trouble.DIES_AFTER:
                raise Died
            if fate is Trouble.SLEEPS and moment is not Moment.SETTLE:
                self.play.sleep()
            return found

        return acted


@dataclass(slots=True)
class _Way:
    """The way to bpost and back, on which something may happen. Whatever is sent has come to an end at bpost before
    anything else happens: what commits later is another matter.
    """

    play: Play
    transport: HttpTransport

    def send(self, request: Request) -> Response:
        fate = self.play.trouble(Moment.EXCHANGE)
        if fate is Trouble.DIES_BEFORE:
            raise Died
        response = self._sent(request, fate)
        if fate is Trouble.DIES_AFTER:
            raise Died
        if fate is Trouble.SLEEPS:
            self.play.sleep()
        return response

    def _sent(self, request: Request, fate: Fate | None) -> Response:
        house = self.play.house
        before = house.asked()
        house.platform.faults.set({fate.value: 1.0} if isinstance(fate, FaultName) else {})
        try:
            return self.transport.send(request)
        finally:
            wait_for(lambda: house.asked() > before and not house.busy(), "bpost's end of the exchange")
            house.platform.faults.set({})
