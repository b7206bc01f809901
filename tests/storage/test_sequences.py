"""Long lives of orders, made up by hypothesis: the store against a small model that obeys ``decide``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, select

from middleware.core.lifecycle import Standing, Step, decide
from middleware.exchange import Delivered
from middleware.model import Answer, Arrival, Ending, IndexEntry, Reason, Record, State, Status, Stored
from middleware.ports import Store
from middleware.storage.tables import metadata, orders, parts
from tests.storage.builders import LATER, LEASE, NOW, arrival, digest, record

ORDERS = (digest(), digest())
CONTENTS = (digest(), digest())
MAY_GO = (State.WAITING, State.CANCELLING)
NOT_IN_HAND = (State.WAITING, State.DELIVERED, State.DEAD)

arrivals = st.builds(
    lambda order, minutes, halt, content: ("arrive", order, minutes, halt, content),
    st.sampled_from(ORDERS),
    st.integers(0, 3),
    st.sampled_from([None, None, None, None, Reason.NOT_PAID, Reason.CANCELLED, Reason.FULFILLED]),
    st.sampled_from(CONTENTS),
)
relays = st.sampled_from([("claim",), ("claim",), ("delivered",), ("retry",), ("bury",), ("gone",), ("too late",)])
Act = tuple[object, ...]


@dataclass(slots=True)
class Modelled:
    """A record as the model sees it."""

    made: Record
    due: datetime
    state: State = State.WAITING
    claimed: bool = False
    flagged: bool = False
    ending: Ending | None = None
    predecessor: Modelled | None = None

    def recall(self, ending: Ending) -> None:
        self.ending = ending
        if self.state in NOT_IN_HAND:
            self.state, self.due = State.CANCELLING, NOW

    def end(self, state: State) -> None:
        self.state = state if self.ending is None else State.CANCELLING
        self.due = NOW


@dataclass(slots=True)
class Version:
    """What is remembered of an order."""

    updated_at: datetime
    cancelled: bool
    content: bytes | None = None


@dataclass(slots=True)
class Model:
    """What ought to stand: versions per order, records by id."""

    versions: dict[bytes, Version] = field(default_factory=dict)
    stands: dict[bytes, Modelled] = field(default_factory=dict)
    records: dict[str, Modelled] = field(default_factory=dict)

    def accept(self, arrived: Arrival, made: Record | None) -> Answer:
        old, found = self.versions.get(arrived.order), self.stands.get(arrived.order)
        standing = None
        if old is not None:
            standing = Standing(
                updated_at=old.updated_at,
                cancelled=old.cancelled,
                content=old.content,
                state=found.state if found else None,
                claimed=found.claimed if found else False,
                ending=found.ending if found else None,
            )
        step = decide(standing, arrived.updated_at, arrived.halt, made.content if made else None)
        new = self.versions[arrived.order] = Version(
            max(arrived.updated_at, old.updated_at) if old else arrived.updated_at,
            cancelled=arrived.halt is Reason.CANCELLED or (old is not None and old.cancelled),
            content=old.content if old else None,
        )
        if made is not None and step in (Step.CREATE, Step.REPLACE, Step.SUPERSEDE):
            new.content = made.content
            self._store(arrived.order, step, found, made)
            return Answer(status=Status.ACCEPTED, id=made.id, reference=made.reference)
        if found is not None:
            self._end(arrived.order, step, found, new, made)
        status = {Step.FLAG: Status.ACCEPTED, Step.DUPLICATE: Status.DUPLICATE}.get(step, Status.IGNORED)
        reason = None if step is Step.FLAG else arrived.halt
        if step is Step.OLDER:
            reason = Reason.CANCELLED if old is not None and old.cancelled else Reason.OLDER_VERSION
        ours = (found.made.id, found.made.reference) if found else (None, None)
        return Answer(status=status, reason=reason, id=ours[0], reference=ours[1])

    def _store(self, order: bytes, step: Step, found: Modelled | None, made: Record) -> None:
        one = Modelled(made, made.due)
        if found is not None and step is Step.REPLACE:
            one.state, one.predecessor = found.state, found.predecessor
            del self.records[found.made.id]
        if found is not None and step is Step.SUPERSEDE:
            found.recall(Ending.REPLACED)
            one.state, one.predecessor = State.HELD, found
        self.stands[order] = self.records[made.id] = one

    def _end(self, order: bytes, step: Step, found: Modelled, new: Version, made: Record | None) -> None:
        if step is Step.WITHDRAW:
            held, found.state, new.content = found.state is State.HELD, State.WITHDRAWN, None
            if held and found.predecessor:
                found.predecessor.recall(Ending.CANCELLED)
                self.stands[order] = found.predecessor
        if step is Step.RECALL:
            found.recall(Ending.CANCELLED)
            new.content = None
        if step is Step.FLAG:
            found.flagged = True
            new.content = made.content if made else new.content

    def due(self) -> set[str]:
        live = [one for one in self.records.values() if one.state in MAY_GO and one.due <= NOW]
        first = min((one.due for one in live), default=None)
        return {one.made.id for one in live if one.due == first}

    def settle(self, stored: Stored, settlement: str) -> None:
        one = self.records[stored.id]
        match settlement:
            case "retry":
                one.state = State.CANCELLING if stored.cancelling or one.ending else State.WAITING
                one.due = one.made.due if stored.cancelling or not one.ending else one.due
            case "bury" if stored.cancelling:
                one.state = State.DEAD
            case "bury":
                one.end(State.DEAD)
            case "delivered":
                one.end(State.DELIVERED)
            case "gone":
                one.state = State.CANCELLED
                self._after(one, State.WAITING)
            case "too late":
                one.state, one.ending, one.flagged = State.DELIVERED, Ending.TOO_LATE, True
                self._after(one, State.WITHDRAWN)

    def _after(self, one: Modelled, state: State) -> None:
        for order, other in list(self.stands.items()):
            if other.predecessor is one and other.state is State.HELD:
                other.state, other.due = state, max(NOW, other.made.due)
                if state is State.WITHDRAWN:
                    self.stands[order] = one


def play(store: Store, acts: list[Act]) -> Model:
    model, seconds = Model(), count()
    held: list[Stored] = []
    for act in acts:
        match act:
            case ("arrive", bytes() as order, int() as minutes, halt, bytes() as content):
                arrived = arrival(order=order, updated_at=NOW + minutes * LATER, halt=halt)
                due = NOW - timedelta(hours=1) + timedelta(seconds=next(seconds))
                index = (IndexEntry(kind="order.id", digest=order, until=arrived.standing_until),)
                made = None if halt else record(content=content, due=due, index=index)
                assert store.accept(arrived, made) == model.accept(arrived, made)
            case ("claim",):
                stored = store.claim(NOW, LEASE, "demo")
                assert (stored.id in model.due()) if stored else not model.due()
                if stored:
                    held.append(stored)
                    one = model.records[stored.id]
                    assert stored.cancelling is (one.state is State.CANCELLING)
                    one.claimed, one.due = True, NOW + timedelta(seconds=LEASE)
                    one.state = State.CANCELLING if stored.cancelling else State.CLAIMED
            case (str() as settlement,) if held and (
                settlement in EITHER or held[-1].cancelling is (settlement in GONE)
            ):
                stored = held.pop()
                assert settle(store, model, stored, settlement)
                model.settle(stored, settlement)
    return model


EITHER, GONE = ("retry", "bury"), ("gone", "too late")


def settle(store: Store, model: Model, stored: Stored, settlement: str) -> bool:
    match settlement:
        case "delivered":
            return store.delivered(stored, Delivered(barcode="B", state="created"), NOW)
        case "retry":
            return store.retry(stored, model.records[stored.id].made.due, "timeout", counted=True)
        case "gone":
            return store.gone(stored, NOW)
        case "too late":
            return store.too_late(stored, NOW)
    return store.bury(stored, State.DEAD, "refused", NOW)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(arrivals | relays, max_size=20))
def test_the_store_does_as_the_model_says(store: Store, behind: Engine, acts: list[Act]) -> None:
    with behind.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    model = play(store, acts)
    listed = {
        found.id: (found.state, found.changed_after_delivery, found.ending)
        for found in store.list(tuple(State), None, 99)
    }
    assert listed == {record_id: (one.state, one.flagged, one.ending) for record_id, one in model.records.items()}
    with behind.connect() as connection:
        times = connection.execute(select(orders)).all()
        left = connection.execute(select(parts.c.record_id).where(parts.c.jwe.is_(None)).distinct()).scalars().all()
    assert {row.order: (row.updated_at, row.cancelled, row.content, row.record_id) for row in times} == {
        order: (
            one.updated_at,
            one.cancelled,
            one.content,
            model.stands[order].made.id if order in model.stands else None,
        )
        for order, one in model.versions.items()
    }
    gone = {State.DELIVERED, State.WITHDRAWN, State.CANCELLED}
    assert within(model, gone) <= set(left)
    live = {State.WAITING, State.HELD, State.CLAIMED}
    assert not within(model, live) & set(left)


def within(model: Model, states: set[State]) -> set[str]:
    return {record_id for record_id, one in model.records.items() if one.state in states}
