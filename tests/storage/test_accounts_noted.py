"""The account under which a record goes: noted under the lease, given back with each claim, forgotten where nothing was
made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from middleware.errors import ChangedMeanwhileError
from middleware.exchange import Delivered
from middleware.model import Reason, Record, State, Stored
from middleware.model_keys import AuditEntry, Fact
from middleware.model_shop import ShopRow, ShopState
from middleware.ports import ShopStore, Storage, Store
from middleware.ports_accounts import Move, UnderWay
from middleware.storage import open_shops, open_store
from middleware.storage.accounts_sql import LATE
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
    leave(shop_store, account="654321")
    claimed = [store.claim(NOW, LEASE, "demo", ("another",)) for _ in waiting]
    assert {one.account for one in claimed if one} == {"654321"}
    assert {noted(store, one) for one in waiting} == {"654321"}
    assert noted(store, made) == OURS
    assert shop_store.under_way() == [ours, replace(ours, account="654321", records=2)]
    assert [noted(store, one) for one in (sent, gone, *others)] == [None] * 4
    assert shop_store.behind("demo", "platform", None, unsent=True) == 0


def leave(shop_store: ShopStore, account: str | None = OURS, at: datetime = NOW) -> ShopRow:
    """The shop is let go, which shared that account."""
    stands = shop_store.find("demo")
    gone = ShopRow(name="demo", domain=None, sealed=None, state=ShopState.DISCONNECTED, version=0, updated_at=at)
    move = Move(to=None, left="platform", account=account)
    return shop_store.put(gone, (), stands.version if stands else 0, move)


def test_what_is_taken_in_while_a_shop_leaves_goes_under_what_it_shared(store: Store, shop_store: ShopStore) -> None:
    made = record()
    leave(shop_store, at=NOW - LATE)
    store.accept(arrival(), made)  # by a process that has not heard of it yet
    assert claim(store).account == noted(store, made) == OURS


def test_what_comes_later_is_none_of_it(store: Store, shop_store: ShopStore) -> None:
    leave(shop_store, at=NOW - LATE - timedelta(milliseconds=1))  # a shop of the file by now, of the same name
    store.accept(arrival(), record())
    assert claim(store).account is None


@pytest.mark.parametrize(("to", "account"), [("platform", None), ("another", OURS), (None, OURS)])
def test_back_at_the_carrier_its_settings_say_it_again(
    store: Store, shop_store: ShopStore, to: str | None, account: str | None
) -> None:
    stored = leave(shop_store)
    back = replace(stored, state=ShopState.LIVE)
    shop_store.put(back, (), stored.version, Move(to=to))
    store.accept(arrival(), record())
    assert claim(store).account == account


def test_a_change_that_fails_notes_nothing(store: Store, shop_store: ShopStore) -> None:
    stored = leave(shop_store, account=None)
    with pytest.raises(ChangedMeanwhileError):
        shop_store.put(stored, (), stored.version + 1, Move(to=None, left="platform", account=OURS))
    store.accept(arrival(), record())
    assert claim(store).account is None


def test_what_is_claimed_while_the_shop_leaves_is_told_with_the_next_claim(store: Store, shop_store: ShopStore) -> None:
    store.accept(arrival(), record())
    stored = claim(store)
    leave(shop_store)
    assert store.retry(stored, NOW, "no-account", counted=True)
    assert claim(store).account == OURS


def test_what_was_never_sent_and_is_to_be_cancelled_is_asked_for_there(store: Store, shop_store: ShopStore) -> None:
    arrived = arrival()
    first, second = belonging(arrived, record()), belonging(arrived, record())
    store.accept(arrived, first)
    stored = claim(store)
    store.accept(again(arrived), second)
    store.retry(stored, NOW, "http-401", counted=True)
    leave(shop_store)
    found = lapsed(store)
    assert (found.id, found.cancelling, found.account) == (first.id, True, OURS)
    assert store.gone(found, NOW + LATER)
    following = store.claim(NOW + LATER, LEASE, "demo")
    assert following is not None
    assert (following.id, following.account) == (second.id, OURS)


def test_a_dead_letter_of_a_shop_that_left_goes_there_again(store: Store, shop_store: ShopStore) -> None:
    made = record()
    store.accept(arrival(), made)
    store.bury(claim(store), State.DEAD, "attempts-exhausted:no-account", NOW)
    leave(shop_store)
    assert store.revive(made.id, NOW)
    assert claim(store).account == OURS


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


def test_what_is_held_or_blocked_is_under_way_as_well(store: Store, shop_store: ShopStore) -> None:
    arrived = arrival()
    first, second = belonging(arrived, record()), belonging(arrived, record())
    store.accept(arrived, first)
    stored = claim(store)
    store.opening(stored, entry(first), OURS)
    store.accept(again(arrived), second)
    store.retry(replace(stored, account=OURS), NOW, "http-503", counted=True)
    store.accept(arrival(), replace(record(), blocked=True))
    assert shop_store.behind("demo", "platform", OURS, unsent=True) == 3
    assert shop_store.behind("demo", "platform", OURS, unsent=False) == 1
