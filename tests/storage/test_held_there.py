"""What is legally held and lies at the parcel platform alone is not taken back there, whatever the shop says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from middleware.errors_shipping import HeldError
from middleware.model import Answer, Arrival, Ending, Reason, Record, State, Status
from middleware.model_purge import Held, Hold
from middleware.ports import Storage
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from tests.storage.builders import LATER, NOW, UNTIL, again, record
from tests.storage.looking import claim
from tests.storage.test_calls import attempt
from tests.storage.test_endings import DONE, belonging, frozen, shown, state

pytestmark = pytest.mark.policy("AMB-8")

HOLD = Held(ground="case 2027/117", person="Els", starts=NOW.date(), until=date(2029, 6, 30))


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def held(store: Storage, retention: Retention, order: Held = HOLD) -> tuple[Arrival, Record, Hold]:
    arrived, made, _ = frozen(store, "delivered")
    (hold,) = retention.hold(order, [made.id], ["recipient.delivery"], NOW)
    return arrived, made, hold


def newer(arrived: Arrival) -> tuple[Arrival, Record]:
    version = again(arrived)
    return version, belonging(version, record())


def cancel(store: Storage, made: Record) -> State | None:
    found = store.cancel("demo", made.id, NOW + LATER, UNTIL)
    return found.state if found else None


def flagged(store: Storage, made: Record) -> tuple[State, bool]:
    found = shown(store, made.id)
    return found.state, found.changed_after_delivery


def test_the_shop_takes_nothing_back_and_nothing_changes(store: Storage, retention: Retention) -> None:
    _, made, hold = held(store, retention)
    for _ in range(2):
        with pytest.raises(HeldError):
            cancel(store, made)
    assert flagged(store, made) == (State.DELIVERED, False)
    retention.release(hold.id, "Els", NOW)
    assert cancel(store, made) is State.CANCELLING


def test_nor_what_a_webhook_cancelled_before(store: Storage, retention: Retention) -> None:
    arrived, made, _ = held(store, retention)
    store.accept(again(arrived, halt=Reason.CANCELLED), None)
    assert flagged(store, made) == (State.DELIVERED, True)
    assert store.claim(NOW + LATER, 30.0, "demo") is None
    with pytest.raises(HeldError):
        cancel(store, made)


def test_a_newer_version_waits_for_a_person_and_for_the_end_of_the_hold(store: Storage, retention: Retention) -> None:
    arrived, made, hold = held(store, retention)
    version, second = newer(arrived)
    assert store.accept(version, second).id == made.id
    assert flagged(store, made) == (State.DELIVERED, True)
    assert store.show(second.id) is None
    retention.release(hold.id, "Els", NOW)
    later = again(version)
    assert store.accept(later, second).id == second.id
    assert state(store, made.id) == (State.CANCELLING, Ending.REPLACED)


def test_a_call_with_a_newer_version_is_told_so_and_keeps_its_key_free(store: Storage, retention: Retention) -> None:
    arrived, made, _ = held(store, retention)
    call = attempt()
    answer = store.ship(*newer(arrived), call)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.reason) == (Status.IGNORED, Reason.HELD)
    assert store.known(call.shop, call.key) is None
    assert flagged(store, made) == (State.DELIVERED, True)


def test_what_is_in_hand_is_brought_to_its_end(store: Storage, retention: Retention) -> None:
    arrived, made, stored = frozen(store)
    retention.hold(HOLD, [made.id], ["recipient.delivery"], NOW)
    store.accept(*newer(arrived))
    assert store.delivered(stored, DONE, NOW)
    assert flagged(store, made) == (State.DELIVERED, True)


def test_a_request_to_cancel_that_was_given_up_is_not_made_again(store: Storage, retention: Retention) -> None:
    arrived, made, _ = frozen(store, "delivered")
    version, second = newer(arrived)
    store.accept(version, second)
    assert store.bury(claim(store), State.DEAD, "attempts-exhausted:timeout", NOW)
    retention.hold(HOLD, [made.id], ["recipient.delivery"], NOW)
    assert not store.revive(made.id, NOW)
    store.accept(again(version, halt=Reason.CANCELLED), None)
    assert shown(store, second.id).state is State.WITHDRAWN
    assert flagged(store, made) == (State.DEAD, True)


@pytest.mark.parametrize("over", [True, False])
def test_a_hold_whose_last_day_has_passed_keeps_nothing(store: Storage, retention: Retention, over: bool) -> None:
    last = NOW.date() - timedelta(days=1) if over else NOW.date()
    _, made, _ = held(store, retention, replace(HOLD, starts=last, until=last))
    if over:
        assert cancel(store, made) is State.CANCELLING
        return
    with pytest.raises(HeldError):
        cancel(store, made)
