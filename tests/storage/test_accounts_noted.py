"""The account under which a record goes: noted under the lease, given back with each claim, forgotten where nothing was
made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Reason, Record, State, Stored
from middleware.model_keys import AuditEntry, Fact
from middleware.ports import ShopStore, Storage, Store
from middleware.ports_accounts import UnderWay
from middleware.storage import open_shops, open_store
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, record
from tests.storage.looking import claim
from tests.storage.test_endings import belonging

OURS = "123456"


def entry(made: Record) -> AuditEntry:
    return AuditEntry(at=NOW, fact=Fact.OPENED, subject=made.id, actor="relay")


def opened(store: Store) -> tuple[Record, Stored]:
    """A record whose parts are about to be opened for bpost, and what the relay holds of it once something is made."""
    made = record()
    store.accept(arrival(), made)
    stored = claim(store)
    assert stored.account is None
    assert store.opening(stored, entry(made), OURS)
    return made, replace(stored, account=OURS)


def lapsed(store: Store) -> Stored:
    """What is claimed once the lease before has ended."""
    found = store.claim(NOW + timedelta(seconds=LEASE + 1), LEASE, "demo")
    assert found is not None
    return found


def noted(store: Store, made: Record) -> str | None:
    found = store.show(made.id)
    assert found is not None
    return found.account


def test_it_comes_back_with_the_next_claim(store: Store) -> None:
    made, _ = opened(store)
    assert noted(store, made) == OURS
    found = lapsed(store)
    assert (found.account, found.fence) == (OURS, 2)


@pytest.fixture
def shop_store(url: str) -> Iterable[ShopStore]:
    made = open_shops(url)
    yield made
    made.close()


@pytest.fixture
def storage(url: str) -> Iterable[Storage]:
    made = open_store(url)
    yield made
    made.close()


@pytest.mark.parametrize("rests", [OURS, None])
@pytest.mark.parametrize("settled", ["retry", "bury"])
def test_it_rests_as_it_is_settled(store: Store, settled: str, rests: str | None) -> None:
    made, stored = opened(store)
    stored = replace(stored, account=rests)
    if settled == "retry":
        assert store.retry(stored, NOW, "http-503", counted=True)
    else:
        assert store.bury(stored, State.DEAD, "http-400", NOW)
    assert noted(store, made) == rests


def test_it_stays_with_what_was_delivered_and_is_told_with_it(storage: Storage) -> None:
    made, stored = opened(storage)
    assert storage.delivered(stored, Delivered(barcode="B", state="created"), NOW)
    found = storage.sighting(made.id)
    assert found is not None
    assert found.account == noted(storage, made) == OURS


def test_who_lost_the_lease_notes_and_forgets_nothing(store: Store) -> None:
    made, stored = opened(store)
    lapsed(store)
    assert not store.opening(stored, entry(made), "654321")
    assert not store.retry(replace(stored, account=None), NOW, "lease-lost", counted=True)
    assert noted(store, made) == OURS


def test_what_is_to_be_cancelled_knows_it_and_its_successor_has_none(store: Store) -> None:
    arrived = arrival()
    first, second = belonging(arrived, record()), belonging(arrived, record())
    store.accept(arrived, first)
    stored = claim(store)
    store.opening(stored, entry(first), OURS)
    store.accept(again(arrived), second)
    store.retry(replace(stored, account=OURS), NOW, "http-503", counted=True)
    cancelling = lapsed(store)
    assert (cancelling.id, cancelling.cancelling, cancelling.account) == (first.id, True, OURS)
    assert store.retry(cancelling, NOW, "account-changed", counted=True)
    assert (noted(store, first), noted(store, second)) == (OURS, None)
    shown = store.show(second.id)
    assert shown is not None
    assert shown.state is State.HELD


def test_what_was_never_sent_of_a_shop_that_leaves_is_told_its_account(store: Store, shop_store: ShopStore) -> None:
    made, stored = opened(store)
    store.retry(stored, NOW + LATER, "http-503", counted=True)
    sent, gone, waiting = record(), record(), [record() for _ in range(2)]
    store.accept(arrival(), sent)
    store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    store.accept(arrival(), gone)
    store.bury(claim(store), State.DEAD, "http-400", NOW)
    for one in waiting:
        store.accept(arrival(), one)
    others = record(), record(carrier="another")
    store.accept(arrival(shop="another"), others[0])
    store.accept(arrival(), others[1])
    assert shop_store.behind("demo", "platform", OURS, unsent=True) == 3
    assert shop_store.behind("demo", "platform", OURS, unsent=False) == 1
    ours = UnderWay(shop="demo", carrier="platform", account=OURS, records=1)
    assert shop_store.under_way() == [ours]
    shop_store.keep_account("demo", "platform", "654321")
    assert {noted(store, one) for one in waiting} == {"654321"}
    assert noted(store, made) == OURS
    assert shop_store.under_way() == [ours, replace(ours, account="654321", records=2)]
    assert [noted(store, one) for one in (sent, gone, *others)] == [None] * 4
    assert shop_store.behind("demo", "platform", None, unsent=True) == 0


@pytest.mark.parametrize("released", [True, False])
@pytest.mark.parametrize("cancelled", [True, False])
def test_a_person_may_say_that_nothing_is_there(store: Store, *, released: bool, cancelled: bool) -> None:
    arrived = arrival()
    made = belonging(arrived, record())
    store.accept(arrived, made)
    stored = claim(store)
    store.opening(stored, entry(made), OURS)
    stored = replace(stored, account=OURS)
    if cancelled:
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
        store.retry(stored, NOW, "account-changed", counted=True)
        stored = lapsed(store)
    assert store.bury(stored, State.DEAD, "attempts-exhausted:account-changed", NOW)
    assert store.revive(made.id, NOW + LATER, released=released)
    found = store.claim(NOW + LATER, LEASE, "demo")
    assert found is not None
    assert (found.account, found.cancelling) == (None if released else OURS, cancelled)


def test_one_that_is_no_text_quarantines_its_record_alone(store: Store, behind: Engine) -> None:
    if behind.dialect.name != "sqlite":
        return  # PostgreSQL keeps text in a column of text
    made, stored = opened(store)
    store.retry(stored, NOW, "http-503", counted=True)
    other = record()
    store.accept(arrival(), other)
    with behind.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET account = x'ff' WHERE id = ?", (made.id,))
    claimed = [store.claim(NOW + LATER, LEASE, "demo") for _ in range(3)]
    assert [one.id for one in claimed if one] == [other.id]
    found = store.show(made.id)
    assert found is not None
    assert (found.state, found.readable) == (State.QUARANTINED, False)
