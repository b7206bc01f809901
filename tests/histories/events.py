"""What can happen to orders: the events of a history, and how histories are made up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from hypothesis import strategies as st

from simulator.faults import FaultName
from tests.histories.shop import BAD_ZIP, GOOD_ZIP

TOPICS = ("orders/create", "orders/updated", "orders/paid")
ORDERS = 2
"""How many orders a history has."""


@dataclass(frozen=True, slots=True)
class Say:
    """The order changes in its shop, ``minutes`` after the version before; the webhook comes at once, or later."""

    order: int
    field: str
    value: object
    minutes: int = 1
    at_once: bool = True
    topic: str = TOPICS[1]


@dataclass(frozen=True, slots=True)
class Hear:
    """A webhook comes, perhaps not for the first time, of the version that is ``back`` before the newest."""

    order: int
    back: int = 0
    topic: str = TOPICS[1]
    dialect: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """Time passes, and nobody works."""

    minutes: int


@dataclass(frozen=True, slots=True)
class HandOver:
    """The order's parcel goes on its way, or arrives."""

    order: int


@dataclass(frozen=True, slots=True)
class Revive:
    """A person has every dead letter sent again."""


class Death(StrEnum):
    """When a relay dies, between its claim and what it would have written of the outcome."""

    BEFORE = "before the request left"
    AFTER = "after the answer came"


@dataclass(frozen=True, slots=True)
class Relay:
    """One step of a relay. ``before`` and ``after`` happen while it waits for its answer: before the platform has its
    request, and after.
    """

    fault: FaultName | None = None
    death: Death | None = None
    before: tuple[Event, ...] = ()
    after: tuple[Event, ...] = ()


@dataclass(frozen=True, slots=True)
class Storm:
    """The relays work on for hours while the platform fails, by a seeded draw with each request."""

    hours: int
    rates: tuple[tuple[str, float], ...]
    seed: int


Event = Say | Hear | Wait | HandOver | Revive | Relay | Storm


@dataclass(frozen=True, slots=True)
class Order:
    """An order of a history: whose it is, and whether it was paid and told of when it was placed."""

    shop: str
    paid: bool = True
    at_once: bool = True


@dataclass(frozen=True, slots=True)
class History:
    """Orders, all of them placed before the first event, and what happens."""

    orders: tuple[Order, ...]
    events: tuple[Event, ...]


MOVES = tuple(("street", number) for number in range(3))
CHANGES: tuple[tuple[str, object], ...] = (
    ("grams", 900),
    ("pieces", 1),
    ("pieces", 0),
    ("pieces", 2),
    ("paid", True),
    ("paid", False),
    ("nothing", None),
    ("cancelled", True),
    ("cancelled", False),
    ("fulfilled", True),
    ("fulfilled", False),
    ("zip", BAD_ZIP),
    ("zip", GOOD_ZIP),
    ("well_formed", False),
    ("well_formed", True),
)
EVERY_FAULT = tuple((name.value, 0.3 / len(FaultName)) for name in FaultName)
STORMS = (EVERY_FAULT, EVERY_FAULT, (("500", 1.0),), (("timeout-after-commit", 1.0),))

_orders = st.sampled_from((0, 0, 0, 1))  # most of what happens to one order makes its history
_mostly = st.sampled_from((True, True, True, False))
_says = st.builds(
    lambda order, change, minutes, at_once, topic: Say(order, change[0], change[1], minutes, at_once, topic),
    _orders,
    st.one_of(st.sampled_from(MOVES), st.sampled_from(CHANGES)),
    st.sampled_from((1, 1, 0)),
    _mostly,
    st.sampled_from(TOPICS),
)
_hears = st.builds(Hear, _orders, st.sampled_from((0, 1, 1, 2, 3)), st.sampled_from(TOPICS), st.integers(0, 1))
_waits = st.builds(Wait, st.sampled_from((1, 3, 40, 400)))
_hand_overs = st.builds(HandOver, _orders)
_storms = st.builds(Storm, st.sampled_from((1, 40)), st.sampled_from(STORMS), st.integers(0, 99))
_faults = st.sampled_from((None, None, *FaultName))
_deaths = st.sampled_from((None, None, None, Death.BEFORE, Death.AFTER))
_relays = st.builds(Relay, _faults, _deaths)
_others = st.one_of(_says, _relays, _says, _relays, _hears, _waits, _hand_overs, _storms)
_overtaken = st.builds(
    lambda fault, death, late, others, after: Relay(fault, death, (*((Wait(3),) if late else ()), *others), after),
    _faults,
    _deaths,
    st.booleans(),
    st.lists(_others, max_size=4),
    st.lists(_others, max_size=3).map(tuple),
)
_chapters = st.one_of(
    st.tuples(_says),
    st.tuples(_hears),
    st.tuples(_relays),
    st.tuples(_overtaken),
    st.tuples(st.one_of(_waits, _storms, _hand_overs, st.just(Revive()))),
    st.tuples(_says, _relays),
    st.tuples(st.just(Relay()), _says, _overtaken, _waits),
    st.tuples(st.just(Relay()), _says, _storms),
    st.tuples(_says, _hears, st.just(Wait(40)), _overtaken, _says, _relays),
)
histories = st.builds(
    History,
    st.tuples(
        *(
            st.builds(Order, st.sampled_from(("prompt", "paid", "paid", "held", "slow")), _mostly, _mostly)
            for _ in range(ORDERS)
        )
    ),
    st.lists(_chapters, min_size=1, max_size=8).map(lambda chapters: tuple(chain.from_iterable(chapters))),
)
"""Histories of orders, with faults, deaths and overtaking."""
