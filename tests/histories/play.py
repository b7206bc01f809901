"""Playing a history to its end, and judging it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial

from middleware.model import State
from simulator.faults import Faults
from simulator.store import State as Journey
from tests.histories.events import Event, HandOver, Hear, History, Relay, Revive, Say, Storm, Wait
from tests.histories.oracle import Book, Broken, Promise, Seen
from tests.histories.shop import Version
from tests.histories.wire import Died, Plan
from tests.histories.world import STUCK, UNDER_WAY, World

LEAPS = (5 / 3600, 1 / 60, 0.1, 0.2, 0.5, 1, 2, 5, 12, 12, 12)
"""Hours between two looks of a relay at what is due, in a storm."""

LONGEST_REST_HOURS = 13
"""Whatever waits is due by then."""

MOST_LEAPS = 20


class Play:
    """One history in a world of its own."""

    def __init__(self, world: World, history: History) -> None:
        self.counted: Counter[str] = Counter()
        self._world = world
        self._history = history
        self._book = Book()
        self._versions = [[Version(order=number, paid=order.paid)] for number, order in enumerate(history.orders)]
        self._arrived: set[tuple[int, int]] = set()
        self._records: dict[str, int] = {}

    def run(self) -> None:
        """Play it to its end and judge. Raises: Broken."""
        self._world.begin()
        for order, placed in enumerate(self._history.orders):
            if placed.at_once:
                self._arrive(order, 0, "orders/create", 0)
        self._all(self._history.events)
        for order, versions in enumerate(self._versions):  # a shop sends on until it is answered
            for number in range(len(versions)):
                if (order, number) not in self._arrived:
                    self._arrive(order, number, "orders/updated", 0)
        self._rest()
        flagged = self._world.flagged()
        for order in range(len(self._versions)):
            self._book.judge(order, self._world.live(order), len(self._world.parcels(order)), flagged)
        self._count(flagged)

    def _all(self, events: Iterable[Event]) -> None:
        for event in events:
            self.counted["events"] += 1
            self._one(event)

    def _one(self, event: Event) -> None:
        match event:
            case Say():
                self._say(event)
            case Hear(order, back, topic, dialect):
                self._arrive(order, max(0, len(self._versions[order]) - 1 - back), topic, dialect)
            case Wait(minutes):
                self._world.move(minutes=minutes)
            case HandOver(order):
                self._hand_over(order)
            case Revive():
                self._revive()
            case Relay():
                self._relay(event)
            case Storm():
                self._storm(event)

    def _say(self, said: Say) -> None:
        versions = self._versions[said.order]
        versions.append(versions[-1].changed(said.field, said.value, said.minutes))
        if said.at_once:
            self._arrive(said.order, len(versions) - 1, said.topic, 0)

    def _arrive(self, order: int, number: int, topic: str, dialect: int) -> None:
        world, version, name = self._world, self._versions[order][number], self._history.orders[order].shop
        body = version.body(dialect)
        seen = Seen(
            live=next((parcel.content for parcel in world.live(order)), None),
            touched=any(self._records.get(id_) == order for id_ in world.touched),
            given_up=any(self._records.get(id_) == order for id_ in world.given_up()),
        )
        answer = world.arrive(name, body, topic)
        self._arrived.add((order, number))
        if answer.id is not None:
            self._records[answer.id] = order
        self._book.hear(version, name, body, seen)

    def _hand_over(self, order: int) -> None:
        for parcel in self._world.live(order):
            onwards = Journey.HANDED_OVER if parcel.state is Journey.CREATED else Journey.DELIVERED
            self._world.platform.set_state(parcel.id, b'{"state": "%s"}' % onwards.encode())

    def _revive(self) -> None:
        store = self._world.services.store
        for summary in store.list((State.DEAD,), None, 100):
            store.revive(summary.id, self._world.now)

    def _relay(self, step: Relay) -> None:
        wire = self._world.wire
        wire.plan = Plan(
            fault=step.fault,
            death=step.death,
            before=partial(self._all, step.before),
            after=partial(self._all, step.after),
        )
        try:
            if not self._world.step():
                self._all((*step.before, *step.after))  # nothing was due: they happen all the same
        except Died:
            self.counted["deaths"] += 1
        wire.plan = None

    def _storm(self, storm: Storm) -> None:
        world, passed = self._world, 0.0
        world.wire.faults = Faults(dict(storm.rates), storm.seed)
        for leap in LEAPS:
            if passed < storm.hours:
                self._work()
                world.move(hours=leap)
                passed += leap
        world.wire.faults = Faults({}, 0)

    def _work(self) -> None:
        while self._world.step():
            self.counted["exchanges"] += 1

    def _rest(self) -> None:
        """Without faults, until nothing moves any more and no dead letter is left. Raises: Broken."""
        self._world.wire.faults = Faults({}, 0)
        for _ in range(MOST_LEAPS):
            self._work()
            if not self._world.counts(UNDER_WAY | STUCK):
                return
            self._revive()
            self._world.move(hours=LONGEST_REST_HOURS)
        raise Broken(Promise.UNSETTLED, "it never comes to rest")

    def _count(self, flagged: set[str]) -> None:
        shipments = self._world.platform.store.shipments()
        self.counted["histories"] += 1
        self.counted["orders"] += len(self._versions)
        self.counted["flagged"] += len(flagged)
        self.counted["shipments"] += len(shipments)
        self.counted["cancelled"] += sum(shipment.state is Journey.CANCELLED for shipment in shipments)
