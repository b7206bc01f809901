"""A record in every state, each brought there as it would come there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from middleware.exchange import Delivered
from middleware.model import Arrival, Reason, Record, State, Stored
from middleware.ports import Store
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, record

BARCODE = "323299901059900000000017"
CODES = {State.WAITING: "http-503", State.DEAD: "attempts-exhausted:timeout", State.QUARANTINED: "tampered"}
SOON = LATER / 3  # before a lease of this moment ends
DONE = Delivered(barcode=BARCODE, state="created")


def fill(store: Store, make: Callable[[], Record] = record) -> dict[State, Record]:
    """The records, the oldest first. The delivered one was cancelled when it was too late; the held one waits for the
    one that is being cancelled.
    """
    arrivals = {state: arrival(received_at=NOW + minute * LATER) for minute, state in enumerate(State)}
    arrivals[State.BLOCKED] = arrival(received_at=NOW + SOON / 2)
    arrivals[State.HELD] = again(arrivals[State.CANCELLING], received_at=NOW + SOON)
    made = {state: _belonging(arrivals[state], make()) for state in State}
    made[State.BLOCKED] = replace(made[State.BLOCKED], blocked=True)
    for state in (state for state in State if state is not State.HELD):
        _bring(store, state, arrivals[state], made[state])
    store.accept(arrivals[State.HELD], made[State.HELD])
    _lease(store, made[State.CANCELLING], NOW + SOON)
    return made


def _belonging(arrived: Arrival, made: Record) -> Record:
    """With an index entry that leads from it to its order."""
    first, *others = made.index
    return replace(made, index=(replace(first, digest=arrived.order), *others))


def _lease(store: Store, made: Record, now: datetime = NOW) -> Stored:
    found = store.claim(now, LEASE, "demo")
    assert found is not None
    assert found.id == made.id
    return found


def _bring(store: Store, state: State, arrived: Arrival, made: Record) -> None:
    store.accept(arrived, made)
    if state is State.BLOCKED:
        return
    cancelled = again(arrived, halt=Reason.CANCELLED, received_at=NOW)
    if state is State.WITHDRAWN:
        store.accept(cancelled, None)
        return
    lease = _lease(store, made)
    match state:
        case State.WAITING:
            store.retry(lease, NOW + LATER, CODES[state], counted=True)
        case State.CANCELLING:
            store.delivered(lease, DONE, NOW)
        case State.DELIVERED | State.CANCELLED:
            store.delivered(lease, DONE, NOW)
            store.accept(cancelled, None)
            settle = store.gone if state is State.CANCELLED else store.too_late
            settle(_lease(store, made), NOW)
        case State.DEAD | State.QUARANTINED:
            store.bury(lease, state, CODES[state], NOW)
