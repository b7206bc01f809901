"""Records whose clocks have not started: what waits for its clock never ends by itself; what can get none does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Arrival, Reason, Record, State
from middleware.model_shop import Integration
from middleware.ports import Storage, Store
from middleware.storage import open_both
from middleware.storage.records_sql import REMEMBERED
from tests.storage.builders import NOW, again, arrival, digest, part, record
from tests.storage.looking import claim
from tests.storage.purging import purge, rows, sealed

NAME = "recipient.delivery"
DONE = Delivered(barcode="323299901059900000012345", state="created")
FAR = datetime(2130, 1, 1, tzinfo=UTC)
SOON = NOW + REMEMBERED
AFTER = NOW + REMEMBERED + timedelta(days=1)


def waiting(arrived: Arrival) -> Record:
    """A record that waits for its delivery: nothing of it has a last day."""
    made = record(parts=(part(NAME, trigger="delivered", starts=None, until=None),), clear_until=None, until=None)
    index = tuple(replace(entry, digest=arrived.order, until=None) for entry in made.index[:1])
    return replace(made, index=index)


def taken(store: Store, **changes: object) -> tuple[Arrival, Record]:
    arrived = arrival(standing_until=None, **changes)
    made = waiting(arrived)
    store.accept(arrived, made)
    return arrived, made


def ends(behind: Engine) -> dict[str, set[date | None]]:
    """Table → last days."""
    return {name: {row["until"] for row in rows(behind, name)} for name in ("records", "index_entries", "orders")}


@pytest.mark.policy("AMB-2", "MX-RET-1", "VP-RET-2")
def test_what_waits_for_its_clock_outlives_everybody(store: Storage, url: str, behind: Engine) -> None:
    _, made = taken(store)
    store.delivered(claim(store), DONE, NOW)
    purge(url, FAR)
    assert {name: len(rows(behind, name)) for name in ("records", "parts", "index_entries", "orders")} == {
        "records": 1,
        "parts": 1,
        "index_entries": 1,
        "orders": 1,
    }
    assert rows(behind, "removals")  # a record links to it
    assert ends(behind) == {"records": {None}, "index_entries": {None}, "orders": {None}}
    assert store.sighting(made.id) is not None


def test_it_says_what_starts_its_clock(store: Storage) -> None:
    _, made = taken(store)
    found = store.sighting(made.id)
    assert found is not None
    assert found.starts_with == ("delivered",)


def test_a_clock_that_runs_is_not_named(store: Storage) -> None:
    made = record(parts=(part(NAME), part("sender.contact", trigger="end_of_use", starts=None, until=None)), until=None)
    store.accept(arrival(), made)
    found = store.sighting(made.id)
    assert found is not None
    assert found.starts_with == ("end_of_use",)


def test_a_later_version_leaves_the_order_open(store: Store, behind: Engine) -> None:
    arrived, _ = taken(store)
    unpaid = again(arrived, halt=Reason.NOT_PAID, standing_until=date(2026, 12, 22))
    store.accept(unpaid, None)
    newer = again(unpaid, halt=None, standing_until=None)
    store.accept(newer, waiting(newer))
    assert ends(behind)["orders"] == {None}


def test_what_was_never_claimed_and_is_cancelled_ends_with_its_memory(store: Storage, url: str, behind: Engine) -> None:
    arrived, made = taken(store)
    store.accept(again(arrived, halt=Reason.CANCELLED, standing_until=arrived.until), None)
    assert sealed(behind) == set()
    assert ends(behind) == {"records": {arrived.until}, "index_entries": set(), "orders": {arrived.until}}
    purge(url, AFTER)
    assert store.sighting(made.id) is None
    assert rows(behind, "orders") == []


def test_what_is_cancelled_at_the_platform_can_get_no_clock_and_ends(store: Storage, url: str, behind: Engine) -> None:
    arrived, made = taken(store)
    store.delivered(claim(store), DONE, NOW)
    store.accept(again(arrived, halt=Reason.CANCELLED, standing_until=arrived.until), None)
    assert store.gone(claim(store), NOW)
    last = SOON.date()
    assert ends(behind) == {"records": {last}, "index_entries": {last}, "orders": {last}}
    purge(url, SOON)
    assert store.sighting(made.id) is not None
    purge(url, AFTER)
    assert store.sighting(made.id) is None
    assert [(row["part"], row["telling"]) for row in rows(behind, "notices")] == [(NAME, "erase")]


def test_a_successor_keeps_its_order_open_when_its_predecessor_is_gone(store: Store, behind: Engine) -> None:
    arrived, first = taken(store)
    store.delivered(claim(store), DONE, NOW)
    newer = again(arrived, standing_until=None)
    second = waiting(newer)
    store.accept(newer, second)
    assert store.gone(claim(store), NOW)
    assert {row["id"]: row["until"] for row in rows(behind, "records")} == {first.id: SOON.date(), second.id: None}
    assert ends(behind)["orders"] == {None}


def test_a_successor_that_comes_too_late_is_remembered_for_a_while(store: Store, behind: Engine) -> None:
    arrived, first = taken(store)
    store.delivered(claim(store), DONE, NOW)
    newer = again(arrived, standing_until=None)
    second = waiting(newer)
    store.accept(newer, second)
    assert store.too_late(claim(store), NOW)
    found = {row["id"]: (row["state"], row["until"]) for row in rows(behind, "records")}
    assert found == {first.id: (State.DELIVERED, None), second.id: (State.WITHDRAWN, SOON.date())}


def test_a_retry_of_what_has_no_last_day_is_never_too_late(store: Store) -> None:
    taken(store)
    assert claim(store).until is None


def test_when_the_shop_uninstalls_what_waited_for_a_clock_ends_with_its_memory(url: str, behind: Engine) -> None:
    store, shops = open_both(url)
    under = Integration(domain=digest(), request=digest(), requested_on=date(2026, 11, 2))
    taken(store, integration=under.request)
    store.retry(claim(store), NOW, "timeout", counted=True)
    taken(store, integration=under.request)
    shops.end("demo", under, b"word", NOW)
    assert {row["state"] for row in rows(behind, "records")} == {State.DEAD, State.WITHDRAWN}
    last = SOON.date()
    assert ends(behind) == {"records": {last}, "index_entries": {last}, "orders": {last}}
    purge(url, AFTER)
    assert rows(behind, "records") == []
    store.close()
