"""What was not sent and will not be, and is legally held: it stays as long as it is held, and is not sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine

from middleware.model import Arrival, Reason, Record, SealedCopy, State
from middleware.model_purge import Held
from middleware.model_shop import Integration
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_both, open_retention
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, digest, part, record
from tests.storage.looking import claim
from tests.storage.purging import purge, rows, sealed
from tests.storage.test_endings import belonging

DELIVERY, SENDER, CUSTOMS = "recipient.delivery", "sender.contact", "recipient.customs"
HOLD = Held(ground="case 2027/117", person="Els", starts=NOW.date(), until=date(2029, 6, 30))
TOMORROW = NOW.replace(day=24)
OVER = NOW.replace(year=2029, month=6, day=30, hour=22)
UNDER = Integration(domain=digest(), request=digest(), requested_on=date(2026, 11, 2))


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def taken(store: Store) -> tuple[Arrival, Record]:
    arrived = arrival(integration=UNDER.request, standing_until=NOW.date())
    kept = part(CUSTOMS, until=None, copy=SealedCopy(kid="k", jwe="copy"))
    made = belonging(arrived, record(parts=(part(SENDER), part(DELIVERY), kept)))
    store.accept(arrived, made)
    return arrived, made


def replaced(store: Store, arrived: Arrival) -> None:
    newer = again(arrived)
    answer = store.accept(newer, belonging(newer, record()))
    lease = store.claim(NOW, LEASE, "demo")
    assert lease is not None
    assert lease.id == answer.id


def cancelled(store: Store, arrived: Arrival) -> None:
    store.accept(again(arrived, halt=Reason.CANCELLED), None)
    assert store.claim(NOW, LEASE, "demo") is None


def given_up_and_replaced(store: Store, arrived: Arrival) -> None:
    assert store.bury(claim(store), State.DEAD, "refused", NOW)
    newer = again(arrived)
    store.accept(newer, belonging(newer, record()))
    assert store.gone(claim(store), NOW)


WAYS: dict[Callable[[Store, Arrival], None], tuple[State, str]] = {
    replaced: (State.WITHDRAWN, "replaced"),
    cancelled: (State.WITHDRAWN, "cancelled"),
    given_up_and_replaced: (State.CANCELLED, "refused"),
}


@pytest.mark.policy("AMB-8")
@pytest.mark.parametrize("way", WAYS)
def test_what_is_held_of_it_stays_and_what_leads_to_it(
    url: str, store: Store, retention: Retention, behind: Engine, way: Callable[[Store, Arrival], None]
) -> None:
    arrived, made = taken(store)
    retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    way(store, arrived)
    found = store.show(made.id)
    assert found is not None
    assert (found.state, found.last_code) == WAYS[way]
    assert not store.revive(made.id, NOW)
    assert {name for owner, name in sealed(behind) if owner == made.id} == {DELIVERY}
    purge(url, TOMORROW)
    (row,) = (row for row in rows(behind, "records") if row["id"] == made.id)
    assert (row["clear"], row["receipt"]) == (made.clear, made.receipt)
    assert [row["record_id"] for row in rows(behind, "index_entries")].count(made.id) == 1
    assert {name for owner, name in sealed(behind) if owner == made.id} == {DELIVERY}
    assert [row["part"] for row in rows(behind, "copies")] == []


@pytest.mark.policy("AMB-8")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("released", [True, False])
def test_it_goes_when_no_hold_keeps_it(
    url: str,
    store: Store,
    retention: Retention,
    behind: Engine,
    way: Callable[[Store, Arrival], None],
    released: bool,
) -> None:
    """The shipment that was a reason to keep it is no more: of a part that would end in ten years, too."""
    arrived, made = taken(store)
    (held,) = retention.hold(HOLD, [made.id], [CUSTOMS], NOW)
    way(store, arrived)
    if released:
        retention.release(held.id, "Els", NOW + LATER)
    purge(url, TOMORROW if released else OVER)
    assert {name for owner, name in sealed(behind) if owner == made.id} == set()
    assert [row["clear"] for row in rows(behind, "records") if row["id"] == made.id] in ([None], [])
    assert made.id not in [row["record_id"] for row in rows(behind, "index_entries")]
    assert rows(behind, "copies") == []


@pytest.mark.parametrize("starts", [date(2026, 11, 22), date(2026, 12, 31)])
def test_it_waits_for_a_hold_that_has_not_begun(
    url: str, store: Store, retention: Retention, behind: Engine, starts: date
) -> None:
    arrived, made = taken(store)
    retention.hold(replace(HOLD, starts=starts), [made.id], [DELIVERY], NOW)
    cancelled(store, arrived)
    purge(url, NOW.replace(month=12, day=30))
    purge(url, NOW.replace(year=2027, month=6))
    assert sealed(behind) == {(made.id, DELIVERY)}
    assert [row["id"] for row in rows(behind, "records")] == [made.id]


@pytest.mark.policy("VP-PLG-3", "AMB-8")
@pytest.mark.parametrize("tried", [False, True])
def test_the_shop_that_uninstalls_takes_nothing_that_is_held(
    url: str, retention: Retention, behind: Engine, tried: bool
) -> None:
    store, shops = open_both(url)
    _, made = taken(store)
    if tried:
        store.retry(claim(store), NOW, "timeout", counted=True)
    retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    assert shops.end("demo", UNDER, b"word", NOW) == 1
    assert sealed(behind) == {(made.id, DELIVERY)}
    assert [(row["clear"], row["receipt"]) for row in rows(behind, "records")] == [(made.clear, made.receipt)]
    assert len(rows(behind, "index_entries")) == 1
    assert store.claim(NOW + LATER, LEASE, "demo") is None
    store.close()


def test_what_was_held_and_is_no_more_is_replaced_without_a_trace(
    store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, made = taken(store)
    (held,) = retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    retention.release(held.id, "Els", NOW)
    replaced(store, arrived)
    assert made.id not in [row["id"] for row in rows(behind, "records")]
