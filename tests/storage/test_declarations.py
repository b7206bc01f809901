"""What is blocked until there is a declaration of lawfulness: let go in the transaction of the event that tells of one,
or not at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from middleware.errors import StorageError
from middleware.exchange import Delivered
from middleware.model import Arrival, IndexEntry, Record, State, Status
from middleware.model_events import Event, EventType, Release, Selector
from middleware.model_keys import Fact
from middleware.model_shop import Integration
from middleware.ports import Storage, Store
from middleware.ports_retention import Retention
from middleware.storage import open_both, open_retention, shipping_sql
from middleware.storage.records_sql import REMEMBERED
from tests.storage.builders import LEASE, NOW, again, arrival, cancelled, digest, record
from tests.storage.children import start
from tests.storage.looking import claim, sizes
from tests.storage.purging import purge, rows, sealed
from tests.storage.test_events import by_order, told

DONE = Delivered(barcode="323299901059900000012345", state="created")
SOON = NOW.date() + REMEMBERED
OF_A_RECORD = ("records", "parts", "copies", "index_entries", "orders")
pytestmark = pytest.mark.policy("MS-CTL-2", "MS-CTL-3")


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    with closing(open_retention(url)) as opened:
        yield opened


def blocked(arrived: Arrival) -> Record:
    index = (IndexEntry(kind="order.id", digest=arrived.order, until=None),)
    return replace(record(clear_until=None, until=None), index=index, blocked=True)


def taken(store: Store) -> tuple[Arrival, Record]:
    arrived = arrival(standing_until=None)
    made = blocked(arrived)
    store.accept(arrived, made)
    return arrived, made


def declare(retention: Retention, made: Record, selector: Selector, **changes: bytes) -> Event:
    event = told(EventType.DECLARATION, selector, NOW.date(), **changes)
    released = (Release(record_id=made.id, before=made.receipt, after=f"signed anew {event.id}"),)
    retention.record(event, None, NOW, None, released)
    return event


def states(behind: Engine) -> dict[str, tuple[str, str]]:
    return {row["id"]: (row["state"], row["receipt"]) for row in rows(behind, "records")}


def test_what_is_declared_goes_out_with_the_receipt_that_tells_it(
    store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, made = taken(store)
    assert store.claim(NOW, LEASE, "demo") is None
    event = declare(retention, made, by_order(arrived))
    assert states(behind) == {made.id: (State.WAITING, f"signed anew {event.id}")}
    assert claim(store).receipt == f"signed anew {event.id}"


def test_under_a_key_that_was_used_nothing_is_let_go(store: Store, retention: Retention, behind: Engine) -> None:
    first, one = taken(store)
    _, other = taken(store)
    key = {"key": digest(), "payload": digest()}
    event = declare(retention, one, by_order(first), **key)
    declare(retention, other, Selector(record_id=other.id), key=key["key"], payload=digest())
    assert states(behind) == {
        one.id: (State.WAITING, f"signed anew {event.id}"),
        other.id: (State.BLOCKED, other.receipt),
    }
    assert len(rows(behind, "events")) == 1


def test_only_what_waits_for_that_declaration_is_found(store: Storage) -> None:
    arrived, made = taken(store)
    _, other = taken(store)
    assert store.blocked("demo", by_order(arrived)) == [(made.id, made.receipt)]
    assert store.blocked("demo", Selector(record_id=other.id)) == [(other.id, other.receipt)]
    assert store.blocked("another", by_order(arrived)) == []
    assert store.blocked("another", Selector(record_id=made.id)) == []
    assert store.blocked("demo", Selector()) == []


def test_behind_a_predecessor_it_is_held_until_that_is_gone(store: Store, retention: Retention, behind: Engine) -> None:
    arrived = arrival(standing_until=None)
    first = replace(blocked(arrived), blocked=False, due=NOW)
    store.accept(arrived, first)
    store.delivered(claim(store), DONE, NOW)
    newer = again(arrived)
    second = blocked(newer)
    store.accept(newer, second)
    declare(retention, second, by_order(newer))
    assert states(behind)[second.id][0] == State.HELD
    recalled = claim(store)
    assert (recalled.id, recalled.cancelling) == (first.id, True)
    store.gone(recalled, NOW)
    assert (states(behind)[second.id][0], claim(store).id) == (State.WAITING, second.id)


def test_a_predecessor_that_is_gone_lets_nothing_blocked_go(store: Store, retention: Retention, behind: Engine) -> None:
    arrived = arrival(standing_until=None)
    first = replace(blocked(arrived), blocked=False, due=NOW)
    store.accept(arrived, first)
    store.delivered(claim(store), DONE, NOW)
    newer = again(arrived)
    second = blocked(newer)
    store.accept(newer, second)
    store.gone(claim(store), NOW)
    assert states(behind)[second.id][0] == State.BLOCKED
    declare(retention, second, by_order(newer))
    assert states(behind)[second.id][0] == State.WAITING


def test_behind_a_predecessor_of_which_nobody_knows_it_is_held(
    store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, made = taken(store)
    with behind.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET predecessor = 'nobody'")
    declare(retention, made, by_order(arrived))
    assert states(behind)[made.id][0] == State.HELD


def test_what_was_cancelled_while_it_was_blocked_stays_so(store: Store, retention: Retention, behind: Engine) -> None:
    arrived, made = taken(store)
    store.accept(cancelled(order=arrived.order), None)
    assert states(behind)[made.id][0] == State.WITHDRAWN
    with pytest.raises(StorageError, match="told again"):
        declare(retention, made, Selector(record_id=made.id))
    assert states(behind) == {made.id: (State.WITHDRAWN, "")}
    assert rows(behind, "events") == []


def test_what_is_cancelled_between_the_look_and_the_release_stays_so(
    store: Store, retention: Retention, behind: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, made = taken(store)
    store.accept(cancelled(order=arrived.order), None)
    monkeypatch.setattr(shipping_sql, "blocked", lambda *_: [(made.id, made.receipt)])  # as it was a moment ago
    with pytest.raises(StorageError, match="told again"):
        declare(retention, made, Selector(record_id=made.id))
    assert states(behind) == {made.id: (State.WITHDRAWN, "")}
    assert rows(behind, "events") == []


def test_what_was_blocked_meanwhile_is_let_go_by_a_declaration_that_is_told_again(
    store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, made = taken(store)
    event = told(EventType.DECLARATION, by_order(arrived), NOW.date())
    with pytest.raises(StorageError, match="told again"):
        retention.record(event, None, NOW)
    assert states(behind) == {made.id: (State.BLOCKED, made.receipt)}
    assert (rows(behind, "events"), rows(behind, "audit_entries")) == ([], [])
    declare(retention, made, by_order(arrived))
    assert states(behind)[made.id][0] == State.WAITING


def test_the_same_content_without_need_of_a_declaration_takes_its_place(store: Store, behind: Engine) -> None:
    arrived, made = taken(store)
    newer = again(arrived)
    waits = store.accept(newer, replace(blocked(newer), content=made.content))
    assert (waits.status, waits.id) == (Status.DUPLICATE, made.id)
    free = replace(blocked(newer), content=made.content, blocked=False, due=NOW)
    assert store.accept(again(newer), free).status is Status.ACCEPTED
    assert states(behind) == {free.id: (State.WAITING, free.receipt)}
    assert claim(store).id == free.id


@pytest.mark.parametrize("sent", [False, True])
def test_what_an_event_let_go_is_not_sent_again_by_its_declaration(
    store: Store, retention: Retention, behind: Engine, *, sent: bool
) -> None:
    arrived, made = taken(store)
    declare(retention, made, by_order(arrived))
    if sent:
        store.delivered(claim(store), DONE, NOW)
    newer = again(arrived)
    answer = store.accept(newer, replace(blocked(newer), content=made.content, blocked=False, due=NOW))
    assert (answer.status, answer.id) == (Status.DUPLICATE, made.id)
    assert states(behind)[made.id][0] == (State.DELIVERED if sent else State.WAITING)


def test_what_took_the_place_of_the_blocked_one_waits_for_its_own(
    store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, made = taken(store)
    newer = again(arrived)
    second = blocked(newer)
    store.accept(newer, second)
    for other in (made, replace(second, receipt="another")):
        with pytest.raises(StorageError, match="told again"):
            declare(retention, other, by_order(newer))
    assert rows(behind, "events") == []
    assert states(behind) == {second.id: (State.BLOCKED, second.receipt)}


def test_a_process_killed_between_declaration_and_release_leaves_neither(
    store: Store, url: str, behind: Engine
) -> None:
    """By SIGKILL, at each statement and at the commit; whoever tells it again lets go what waits."""
    _, made = taken(store)
    with start("declaring", url, made.id, made.receipt) as child:
        seen = child.communicate(timeout=110)[0].splitlines()
    assert len(seen) > 6
    assert set(seen[:-1]) == {"killed blocked 0 0"}
    assert seen[-1] == "ended waiting 1 1"
    assert [row["fact"] for row in rows(behind, "audit_entries")] == [Fact.EVENT]
    assert claim(store).id == made.id


@pytest.mark.policy("VP-PLG-3")
def test_when_the_shop_uninstalls_what_is_blocked_is_withdrawn_and_no_declaration_lets_it_go(
    url: str, retention: Retention, behind: Engine
) -> None:
    under = Integration(domain=digest(), request=digest(), requested_on=NOW.date())
    store, shops = open_both(url)
    with closing(store):
        arrived = arrival(standing_until=None, integration=under.request)
        made = blocked(arrived)
        store.accept(arrived, made)
        assert shops.end("demo", under, b"word", NOW) == 1
        found = store.show(made.id)
        assert found is not None
        assert (found.state, found.last_code, found.until) == (State.WITHDRAWN, "uninstalled", SOON)
        assert sealed(behind) == set()
        assert store.blocked("demo", Selector(record_id=made.id)) == []
        for released in ((), (Release(record_id=made.id, before=made.receipt, after="signed"),)):
            told_ = told(EventType.DECLARATION, Selector(record_id=made.id), NOW.date())
            with contextlib.suppress(StorageError):
                retention.record(told_, None, NOW, None, released)
            assert states(behind) == {made.id: (State.WITHDRAWN, "")}
        assert store.claim(NOW, LEASE, "demo") is None
    purge(url, datetime.combine(SOON + timedelta(days=1), NOW.timetz()))
    assert [name for name, size in sizes(behind).items() if size and name in OF_A_RECORD] == []


@pytest.mark.parametrize("told_of", [False, True])
def test_what_another_process_blocked_after_the_shop_uninstalled_is_stopped_once_it_is_let_go(
    url: str, retention: Retention, behind: Engine, *, told_of: bool
) -> None:
    """It was taken in by a process that did not know yet: blocked, it has no turn until somebody declares it."""
    under = Integration(domain=digest(), request=digest(), requested_on=NOW.date())
    store, shops = open_both(url)
    with closing(store):
        shops.end("demo", under, b"word", NOW)
        arrived = arrival(standing_until=None, integration=under.request)
        made = blocked(arrived)
        store.accept(arrived, made)
        if told_of:
            declare(retention, made, by_order(arrived))
        assert store.claim(NOW, LEASE, "demo") is None
        assert states(behind)[made.id][0] == (State.WITHDRAWN if told_of else State.BLOCKED)
