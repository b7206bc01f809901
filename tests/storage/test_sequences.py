"""Long lives of orders, made up by hypothesis: the store against a small model that obeys ``decide``."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from middleware.core.lifecycle import Standing, Step, decide
from middleware.model import Answer, Arrival, Delivered, Reason, Record, State, Status, Stored
from middleware.ports import Store
from middleware.storage.tables import metadata
from tests.storage.builders import LATER, LEASE, NOW, arrival, digest, record

ORDERS = (digest(), digest())
CONTENTS = (digest(), digest())

arrivals = st.builds(
    lambda order, minutes, halt, content: ("arrive", order, minutes, halt, content),
    st.sampled_from(ORDERS),
    st.integers(0, 3),
    st.sampled_from([None, None, None, Reason.NOT_PAID, Reason.CANCELLED, Reason.FULFILLED]),
    st.sampled_from(CONTENTS),
)
relays = st.sampled_from([("claim",), ("delivered",), ("retry",), ("bury",)])
Act = tuple[object, ...]


@dataclass(slots=True)
class Modelled:
    """A record as the model sees it."""

    made: Record
    state: State = State.WAITING
    claimed: bool = False
    flagged: bool = False


@dataclass(slots=True)
class Model:
    """What ought to stand: versions per order, records by id."""

    versions: dict[bytes, Standing] = field(default_factory=dict)
    stands: dict[bytes, Modelled] = field(default_factory=dict)
    records: dict[str, Modelled] = field(default_factory=dict)

    def accept(self, arrived: Arrival, made: Record | None) -> Answer:
        old = self.versions.get(arrived.order)
        found = self.stands.get(arrived.order)
        standing = None
        if old is not None:
            standing = Standing(
                updated_at=old.updated_at,
                cancelled=old.cancelled,
                state=found.state if found else None,
                content=found.made.content if found else None,
                claimed=found.claimed if found else False,
            )
        step = decide(standing, arrived.updated_at, arrived.halt, made.content if made else None)
        self.versions[arrived.order] = Standing(
            updated_at=max(arrived.updated_at, old.updated_at) if old else arrived.updated_at,
            cancelled=arrived.halt is Reason.CANCELLED or (old is not None and old.cancelled),
        )
        if made is not None and step in (Step.CREATE, Step.REPLACE):
            if step is Step.REPLACE and found is not None:
                del self.records[found.made.id]
            self.stands[arrived.order] = self.records[made.id] = Modelled(made)
            return Answer(status=Status.ACCEPTED, id=made.id, reference=made.reference)
        if found is not None and step is Step.WITHDRAW:
            found.state = State.WITHDRAWN
        if found is not None and step is Step.FLAG:
            found.flagged = True
        status = {Step.FLAG: Status.ACCEPTED, Step.DUPLICATE: Status.DUPLICATE}.get(step, Status.IGNORED)
        reason = None if step is Step.FLAG else arrived.halt
        if step is Step.OLDER:
            reason = Reason.CANCELLED if old is not None and old.cancelled else Reason.OLDER_VERSION
        known = {"id": found.made.id, "reference": found.made.reference} if found else {}
        return Answer(status=status, reason=reason, **known)

    def due(self) -> str | None:
        waiting = [one for one in self.records.values() if one.state is State.WAITING]
        return min(waiting, key=lambda one: one.made.due).made.id if waiting else None


def play(store: Store, acts: list[Act]) -> Model:
    model, seconds = Model(), count()
    held: list[Stored] = []
    for act in acts:
        match act:
            case ("arrive", bytes() as order, int() as minutes, halt, bytes() as content):
                arrived = arrival(order=order, updated_at=NOW + minutes * LATER, halt=halt)
                due = NOW - timedelta(hours=1) + timedelta(seconds=next(seconds))
                made = None if halt else record(content=content, due=due)
                assert store.accept(arrived, made) == model.accept(arrived, made)
            case ("claim",):
                stored = store.claim(NOW, LEASE, "demo")
                assert (stored.id if stored else None) == model.due()
                if stored:
                    held.append(stored)
                    model.records[stored.id].state = State.CLAIMED
                    model.records[stored.id].claimed = True
            case (str() as settlement,) if held:
                assert settle(store, model, held.pop(), settlement)
    return model


def settle(store: Store, model: Model, stored: Stored, settlement: str) -> bool:
    ends = {"delivered": State.DELIVERED, "retry": State.WAITING, "bury": State.DEAD}
    model.records[stored.id].state = ends[settlement]
    if settlement == "delivered":
        return store.delivered(stored, Delivered(barcode="B", state="created"), NOW)
    if settlement == "retry":
        return store.retry(stored, model.records[stored.id].made.due, "timeout", counted=True)
    return store.bury(stored, State.DEAD, "refused", NOW)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=st.lists(arrivals | relays, max_size=14))
def test_the_store_does_as_the_model_says(store: Store, behind: Engine, acts: list[Act]) -> None:
    with behind.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    model = play(store, acts)
    listed = {found.id: (found.state, found.changed_after_delivery) for found in store.list(tuple(State), None, 99)}
    assert listed == {record_id: (one.state, one.flagged) for record_id, one in model.records.items()}
    left = {State.DELIVERED, State.WITHDRAWN}
    with behind.connect() as connection:
        parts = connection.exec_driver_sql("SELECT record_id, jwe FROM parts").all()
        times = connection.exec_driver_sql('SELECT "order", cancelled FROM orders').all()
    assert {bytes(order): bool(final) for order, final in times} == {
        order: version.cancelled for order, version in model.versions.items()
    }
    assert len(parts) == 3 * len(model.records)
    assert all((jwe is None) == (model.records[record_id].state in left) for record_id, jwe in parts)
