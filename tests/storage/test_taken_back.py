"""A number is taken back from the shop's platform once its parcel is cancelled and none goes in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Arrival, Reason, State
from middleware.model_back import LEASE_SECONDS, Event, Kind, Way
from middleware.model_purge import Held
from middleware.ports import Store
from middleware.ports_back import Outbox
from middleware.storage import open_outbox, open_retention
from middleware.storage.tables_back import callbacks, listeners
from tests.storage.builders import LATER, NOW, again, arrival, cancelled, digest, record
from tests.storage.looking import claim, column
from tests.storage.test_outbox import FULFILMENT, GIVEN, changed, gone, leased, listener, next_

B1 = frozenset({"B1"})
SOON = NOW + 4 * LATER


@pytest.fixture
def outbox(url: str) -> Iterator[Outbox]:
    with closing(open_outbox(url)) as opened:
        yield opened


@pytest.fixture
def first(store: Store) -> Arrival:
    """An order whose parcel is printed, and of which its shop's platform is to be told."""
    made = arrival()
    store.accept(made, record(listener=listener(**FULFILMENT)))
    assert store.delivered(claim(store), GIVEN, NOW)
    return made


@pytest.fixture
def told(outbox: Outbox, first: Arrival) -> Arrival:
    """The same once it was told."""
    assert outbox.done(next_(outbox))
    return first


def nothing_to_ship(store: Store, order: Arrival, times: int) -> None:
    store.accept(again(order, updated_at=order.updated_at + times * LATER, halt=Reason.NOTHING_TO_SHIP), None)


def taken_back(outbox: Outbox) -> Event:
    """The one thing that the platform is to be told now."""
    event = next_(outbox, now=SOON)
    assert (event.way, event.kind, event.order_ref) == (Way.FULFILMENT, Kind.CANCELLED, "sealed")
    return event


def test_what_was_cancelled_and_has_no_successor_is_taken_back_and_its_order_leaves(
    store: Store, outbox: Outbox, told: Arrival, behind: Engine
) -> None:
    nothing_to_ship(store, told, 1)
    assert outbox.due(SOON) == []  # the parcel platform may say that it is too late
    gone(store, NOW + LATER)
    event = taken_back(outbox)
    assert event.formers == B1
    assert outbox.done(event)
    assert column(behind, listeners, "order_ref") == [None]
    assert column(behind, callbacks, "id") == []


def test_what_a_successor_replaces_is_not_taken_back(store: Store, outbox: Outbox, told: Arrival) -> None:
    changed(store, told, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    assert outbox.due(SOON) == []


def test_the_order_of_what_a_successor_replaces_leaves(store: Store, outbox: Outbox, behind: Engine) -> None:
    order = arrival()
    store.accept(order, record(listener=listener(fulfilment=True, order_ref="before")))
    assert store.delivered(claim(store), GIVEN, NOW)
    assert [outbox.done(next_(outbox)) for _ in range(2)] == [True, True]
    changed(store, order, 1, fulfilment=True)
    gone(store, NOW + LATER)
    assert {*column(behind, listeners, "order_ref")} == {None, "sealed"}


def test_what_is_replaced_and_legally_held_takes_nothing_back(
    url: str, store: Store, outbox: Outbox, told: Arrival
) -> None:
    held = changed(store, told, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    with closing(open_retention(url)) as retention:
        ground = Held(ground="case 7", person="Els", starts=NOW.date(), until=NOW.date() + timedelta(days=99))
        retention.hold(ground, [held.id], ["recipient.delivery"], NOW)
    changed(store, told, 2, **FULFILMENT)
    found = store.show(held.id)
    assert found is not None
    assert (found.state, outbox.due(SOON)) == (State.WITHDRAWN, [])


def test_the_number_is_known_after_one_that_was_let_go_from_behind_what_nobody_can_cancel(
    store: Store, outbox: Outbox, told: Arrival
) -> None:
    """What is in quarantine may be on its way: its number stays until another parcel has one."""
    held = changed(store, told, 1, **FULFILMENT)
    assert store.bury(leased(store, NOW + LATER), State.QUARANTINED, "tampered", NOW + LATER)
    assert store.revive(held.id, NOW + LATER)
    changed(store, told, 2, **FULFILMENT)
    nothing_to_ship(store, told, 3)
    assert outbox.due(SOON) == []
    changed(store, told, 4, **FULFILMENT)
    assert store.delivered(leased(store, SOON), Delivered(barcode="B2", state="created"), SOON)
    event = next_(outbox, now=SOON)
    assert (event.kind, event.barcode, *event.formers) == (Kind.CREATED, "B2", "B1")


@pytest.mark.parametrize("replaced", [False, True])
def test_where_the_successor_is_withdrawn_what_was_before_it_is_taken_back(
    store: Store, outbox: Outbox, told: Arrival, replaced: bool
) -> None:
    changed(store, told, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    if replaced:
        changed(store, told, 2, **FULFILMENT)
    nothing_to_ship(store, told, 3)
    assert taken_back(outbox).formers == B1


def test_a_successor_that_is_withdrawn_while_it_is_held_takes_nothing_back(
    store: Store, outbox: Outbox, told: Arrival
) -> None:
    changed(store, told, 1, **FULFILMENT)
    nothing_to_ship(store, told, 2)
    assert outbox.due(SOON) == []
    gone(store, NOW + 2 * LATER)
    assert taken_back(outbox).formers == B1


def test_where_the_successor_waits_for_a_declaration_the_number_does_not_wait_for_it(
    store: Store, outbox: Outbox, told: Arrival
) -> None:
    blocked = record(content=digest(), listener=listener(**FULFILMENT), blocked=True)
    store.accept(again(told), blocked)
    gone(store, NOW + LATER)
    assert taken_back(outbox).formers == B1


def test_where_the_successor_is_a_dead_letter_what_was_before_it_is_taken_back_until_it_goes_again(
    store: Store, outbox: Outbox, told: Arrival
) -> None:
    last = changed(store, told, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    assert store.bury(leased(store, NOW + LATER), State.DEAD, "http-422", NOW + LATER)
    event = taken_back(outbox)
    assert (event.record_id, event.formers) == (last.id, B1)
    assert store.revive(last.id, NOW + 2 * LATER)
    given = Delivered(barcode="B2", state="created")
    assert store.delivered(leased(store, NOW + 2 * LATER), given, NOW + 2 * LATER)
    assert outbox.due(SOON) == []  # the earlier is under way
    assert outbox.done(event)
    then = next_(outbox, now=SOON)
    assert (then.kind, then.barcode, then.order_ref) == (Kind.CREATED, "B2", "sealed")


def test_what_could_not_be_cancelled_keeps_its_number(store: Store, outbox: Outbox, first: Arrival) -> None:
    nothing_to_ship(store, first, 1)
    assert store.bury(leased(store, NOW + LATER), State.DEAD, "http-400", NOW + LATER)
    event = next_(outbox, now=SOON)
    assert (event.kind, event.barcode) == (Kind.CREATED, "B1")


def test_whoever_is_telling_the_number_this_moment_is_waited_for(store: Store, outbox: Outbox, first: Arrival) -> None:
    """It may be made after it was looked whether it is there."""
    telling = outbox.claim(NOW, LEASE_SECONDS, "demo")
    assert telling is not None
    nothing_to_ship(store, first, 1)
    gone(store, NOW + LATER)
    assert outbox.claim(NOW + timedelta(seconds=LEASE_SECONDS - 1), LEASE_SECONDS, "demo") is None
    assert not outbox.done(telling)
    event = outbox.claim(NOW + timedelta(seconds=LEASE_SECONDS), LEASE_SECONDS, "demo")
    assert event is not None
    assert (event.kind, event.formers) == (Kind.CANCELLED, B1)


@pytest.mark.parametrize("given_up", [False, True])
def test_what_was_tried_once_is_looked_for_however_long_its_next_attempt_was_to_wait(
    store: Store, outbox: Outbox, first: Arrival, given_up: bool
) -> None:
    tried = next_(outbox)
    assert outbox.failed(tried, "timeout") if given_up else outbox.again(tried, NOW + 999 * LATER, "timeout")
    nothing_to_ship(store, first, 1)
    gone(store, NOW + LATER)
    event = outbox.claim(NOW + LATER + timedelta(seconds=LEASE_SECONDS), LEASE_SECONDS, "demo")
    assert event is not None
    assert (event.kind, event.formers, outbox.counts()["failed"]) == (Kind.CANCELLED, B1, 0)


def test_a_callback_tells_the_same_of_it_as_ever(store: Store, outbox: Outbox) -> None:
    order = arrival()
    store.accept(order, record(listener=listener(fulfilment=True)))
    assert store.delivered(claim(store), GIVEN, NOW)
    assert [outbox.done(next_(outbox)) for _ in range(2)] == [True, True]
    store.accept(cancelled(order=order.order, updated_at=order.updated_at + LATER), None)
    gone(store, NOW + LATER)
    events = {event.way: event for event in (next_(outbox, now=SOON) for _ in range(2))}
    callback, fulfilment = events[Way.CALLBACK], events[Way.FULFILMENT]
    assert (callback.kind, callback.order_ref, callback.formers) == (Kind.CANCELLED, None, frozenset())
    assert (fulfilment.kind, fulfilment.order_ref, fulfilment.formers) == (Kind.CANCELLED, "sealed", B1)
    assert replace(callback, id="", way=fulfilment.way, order_ref="sealed", formers=fulfilment.formers) == replace(
        fulfilment, id=""
    )


def test_what_was_given_up_is_taken_back_when_a_person_says_so(store: Store, outbox: Outbox, told: Arrival) -> None:
    """Switched off, perhaps, and on again."""
    nothing_to_ship(store, told, 1)
    gone(store, NOW + LATER)
    assert outbox.failed(taken_back(outbox), "switched-off")
    assert outbox.due(SOON) == []
    assert outbox.retry("demo", SOON) == 1
    assert outbox.done(taken_back(outbox))
    assert outbox.retry("demo", SOON) == 0
