"""A request to integrate that ended: it is remembered by what told of it, and nothing goes that was taken under it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Arrival, Ending, Reason, Record, State
from middleware.model_back import Listener
from middleware.model_shop import Ended, Integration, ShopRow, ShopState
from middleware.ports import ShopStore, Store
from middleware.storage import integrations_sql, open_both
from middleware.storage.tables import copies, index_entries, parts, records
from middleware.storage.tables_back import listeners
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, digest, record
from tests.storage.looking import claim, column
from tests.storage.test_endings import belonging

DONE = Delivered(barcode="323299901059900000012345", state="created")
AFTER = NOW + timedelta(seconds=LEASE)


def integration(domain: bytes | None = None) -> Integration:
    return Integration(domain=domain or digest(), request=digest(), requested_on=date(2026, 11, 2))


OLD = integration()
NEW = integration(OLD.domain)


@pytest.fixture
def both(url: str) -> Iterator[tuple[Store, ShopStore]]:
    store, shops = open_both(url)
    yield store, shops
    store.close()


def taken(store: Store, under: Integration | None = OLD, **changes: object) -> tuple[Arrival, Record]:
    arrived = arrival(integration=under and under.request, **changes)
    made = belonging(arrived, record())
    store.accept(arrived, made)
    return arrived, made


def state(store: Store, made: Record) -> tuple[State, str | None]:
    found = store.show(made.id)
    assert found is not None
    return found.state, found.last_code


def end(shops: ShopStore, under: Integration = OLD, word: bytes = b"word") -> int | None:
    return shops.end("demo", under, word, NOW)


@pytest.mark.policy("VP-PLG-3")
def test_a_request_ends_once_and_only_what_was_never_heard_ends_another(both: tuple[Store, ShopStore]) -> None:
    _, shops = both
    assert shops.ended(OLD.domain) == []
    assert [end(shops), end(shops), end(shops, NEW)] == [0, None, None]  # a replay ends nothing that came after it
    assert shops.ended(OLD.domain) == [Ended(request=OLD.request, ended_at=NOW)]
    assert shops.end("demo", OLD, b"told once more in other words", NOW + LATER) == 0
    assert shops.ended(OLD.domain) == [Ended(request=OLD.request, ended_at=NOW)]
    assert end(shops, NEW, b"another word") == 0
    assert {one.request for one in shops.ended(OLD.domain)} == {OLD.request, NEW.request}
    assert shops.ended(digest()) == []
    assert end(shops, integration(), b"word") == 0  # the same words of another shop


def test_every_process_is_told(both: tuple[Store, ShopStore]) -> None:
    _, shops = both
    end(shops)
    assert shops.newest() == 1
    made = ShopRow(name="demo", domain=NEW.domain, sealed="x", state=ShopState.LIVE, version=0, updated_at=NOW)
    shops.put(made, (), 0)
    end(shops, NEW)  # heard before: nobody has to look again
    assert shops.newest() == 2
    end(shops, NEW, b"another word")
    assert [(one.name, one.version) for one in shops.changed(2, 10)] == [("demo", 3)]


@pytest.mark.policy("VP-PLG-3")
def test_what_waits_is_withdrawn_and_leaves_no_trace(both: tuple[Store, ShopStore], behind: Engine) -> None:
    store, shops = both
    waiting, other, without = (taken(store, under)[1] for under in (OLD, NEW, None))
    elsewhere = taken(store, shop="another")[1]
    assert end(shops) == 1
    assert state(store, waiting) == (State.WITHDRAWN, "uninstalled")
    assert [state(store, one)[0] for one in (other, without, elsewhere)] == [State.WAITING] * 3
    assert waiting.id not in column(behind, index_entries, "record_id")
    found = store.show(waiting.id)
    assert found is not None
    assert found.until == waiting.clear_until
    with behind.connect() as connection:
        held = connection.execute(parts.select().where(parts.c.record_id == waiting.id)).all()
        (row,) = connection.execute(records.select().where(records.c.id == waiting.id)).all()
    assert {one.jwe for one in held} == {None}
    assert (row.clear, row.receipt, row.due) == (None, "", None)


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize("tried", [False, True])
def test_the_id_of_an_order_leaves_with_a_shop_that_can_be_told_no_more(
    both: tuple[Store, ShopStore], behind: Engine, tried: bool
) -> None:
    store, shops = both
    told = Listener(callback=True, fulfilment=True, test=False, order_ref="sealed", until=date(2026, 12, 22))
    arrived = arrival(integration=OLD.request)
    store.accept(arrived, belonging(arrived, record(listener=told)))
    if tried:
        store.retry(claim(store), NOW, "timeout", counted=True)
    assert column(behind, listeners, "order_ref") == ["sealed"]
    assert end(shops) == 1
    assert column(behind, listeners, "order_ref") == []


@pytest.mark.policy("VP-PLG-3")
def test_what_the_platform_may_have_keeps_what_leads_to_it_and_is_never_sent_again(
    both: tuple[Store, ShopStore], behind: Engine
) -> None:
    store, shops = both
    arrived, tried = taken(store)
    store.retry(claim(store), NOW, "timeout", counted=True)
    assert end(shops) == 1
    assert state(store, tried) == (State.DEAD, "uninstalled")
    assert store.claim(NOW + LATER, LEASE, "demo") is None
    assert not store.revive(tried.id, NOW + LATER)
    assert column(behind, parts, "jwe") == [None] * len(tried.parts)
    assert column(behind, index_entries, "record_id") == [tried.id]
    assert column(behind, records, "receipt") == [tried.receipt]
    newer = again(arrived, integration=NEW.request)  # connected again: the older parcel goes first, if there is one
    store.accept(newer, belonging(newer, record()))
    assert state(store, tried)[0] is State.CANCELLING


def test_copies_of_what_never_left_leave_too(both: tuple[Store, ShopStore], behind: Engine) -> None:
    store, shops = both
    made = taken(store)[1]
    with behind.begin() as connection:
        row = {"record_id": made.id, "part": "recipient.delivery", "kid": "k", "until": None, "jwe": "sealed"}
        connection.execute(copies.insert().values(**row))
    end(shops)
    assert column(behind, copies, "record_id") == []


@pytest.mark.policy("VP-PLG-3")
def test_what_another_process_took_in_a_moment_later_does_not_go_either(both: tuple[Store, ShopStore]) -> None:
    store, shops = both
    end(shops)
    late, other = taken(store)[1], taken(store, NEW)[1]
    claimed = [store.claim(NOW, LEASE, "demo") for _ in range(3)]
    assert [one.id for one in claimed if one] == [other.id]
    assert state(store, late) == (State.WITHDRAWN, "uninstalled")


@pytest.mark.parametrize("settled", [True, False])
def test_what_is_in_hand_is_finished(both: tuple[Store, ShopStore], settled: bool) -> None:
    store, shops = both
    made, lease = taken(store)[1], claim(store)
    assert end(shops) == 0
    if settled:
        assert store.delivered(lease, DONE, NOW)
        assert state(store, made) == (State.DELIVERED, None)
    else:  # its relay died
        assert store.claim(AFTER, LEASE, "demo") is None
        assert state(store, made) == (State.DEAD, "uninstalled")
        assert not store.delivered(lease, DONE, AFTER)


def test_what_comes_back_to_wait_is_stopped_when_its_turn_comes(both: tuple[Store, ShopStore]) -> None:
    store, shops = both
    made, lease = taken(store)[1], claim(store)
    end(shops)
    store.retry(lease, NOW, "timeout", counted=True)
    assert store.claim(NOW, LEASE, "demo") is None
    assert state(store, made) == (State.DEAD, "uninstalled")


def test_what_its_order_no_longer_wants_is_cancelled_all_the_same(both: tuple[Store, ShopStore]) -> None:
    store, shops = both
    arrived, made = taken(store)
    store.delivered(claim(store), DONE, NOW)
    newer = again(arrived)
    held = belonging(newer, record())
    store.accept(newer, held)
    assert end(shops) == 1
    assert (state(store, made)[0], state(store, held)) == (State.CANCELLING, (State.WITHDRAWN, "uninstalled"))
    lease = claim(store)
    assert lease.cancelling
    assert store.gone(lease, NOW)
    assert state(store, held)[0] is State.WITHDRAWN


def test_a_cancellation_that_is_in_hand_when_it_ends_is_finished(both: tuple[Store, ShopStore], behind: Engine) -> None:
    store, shops = both
    arrived, made = taken(store)
    claim(store)
    store.accept(again(arrived, halt=Reason.CANCELLED), None)
    end(shops)
    lease = store.claim(AFTER, LEASE, "demo")  # its relay died: it is cancelled, not stopped
    assert lease is not None
    assert (lease.id, lease.cancelling) == (made.id, True)
    assert column(behind, records, "ending") == [Ending.CANCELLED]


def test_a_dead_letter_that_a_person_revives_does_not_go(both: tuple[Store, ShopStore]) -> None:
    store, shops = both
    made = taken(store)[1]
    store.bury(claim(store), State.DEAD, "http-422", NOW)
    assert end(shops) == 0
    assert store.revive(made.id, NOW)
    assert store.claim(NOW, LEASE, "demo") is None
    assert state(store, made) == (State.DEAD, "uninstalled")


@pytest.mark.policy("VP-PLG-3")
def test_of_a_long_backlog_no_more_is_ended_at_once_and_none_of_it_goes(
    both: tuple[Store, ShopStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other writer would wait for it; the rest is ended when its turn comes."""
    monkeypatch.setattr(integrations_sql, "AT_ONCE", 2)
    store, shops = both
    backlog = [taken(store)[1] for _ in range(5)]
    assert end(shops) == 2
    assert sorted(state(store, one)[0] for one in backlog) == [State.WAITING] * 3 + [State.WITHDRAWN] * 2
    assert [store.claim(NOW, LEASE, "demo") for _ in range(4)] == [None] * 4
    assert {state(store, one) for one in backlog} == {(State.WITHDRAWN, "uninstalled")}
