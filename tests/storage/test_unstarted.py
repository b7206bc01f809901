"""What nothing sends, and whose clock never starts: it ends as if the trigger had come on the day of intake."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert, select, update

from middleware.core.clocks import last_day
from middleware.core.lifecycle import IDLE
from middleware.exchange import Delivered
from middleware.model import Arrival, IndexEntry, Reason, Record, SealedCopy, State
from middleware.model_events import EventType, Selector
from middleware.model_keys import Fact
from middleware.model_purge import Held, Kind, Telling
from middleware.ports import Store
from middleware.storage import open_retention, open_store, postgres
from middleware.storage.retention import SqlRetention
from middleware.storage.tables import metadata, orders, parts, records
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, part, record
from tests.storage.dying import at_every_statement
from tests.storage.looking import claim, sizes
from tests.storage.purging import BOOT, LAST_DAY, LAST_MOMENT, NEXT_DAY, TEN_YEARS, purge, rows, sealed
from tests.storage.test_events import of as ticking
from tests.storage.test_events import told

CONTACT, OTHER = "maxiresponse.contact", "sender.contact"
DONE = Delivered(barcode="323299901059900000012345", state="created")
LEFT = {"upkeep", "clocks", "audit_entries", "removals"}
pytestmark = pytest.mark.policy("MX-RET-1")


def open_part(name: str = CONTACT, ceiling: date = LAST_DAY, **changes: Any) -> Any:
    values = {"retention": "mx.all", "trigger": "agreement_dissolved", **changes}
    return part(name, starts=None, until=None, ceiling=ceiling, **values)


def contact(arrived: Arrival, *its: Any, **changes: Any) -> Record:
    made = record(parts=its or (open_part(),), clear_until=None, until=None, **changes)
    return replace(made, index=(IndexEntry(kind="order.id", digest=arrived.order, until=None),))


def taken(store: Store, state: State, *its: Any) -> Record:
    """A contact whose record is in that state, as a relay or nobody brings it there."""
    arrived = arrival(standing_until=None)
    made = contact(arrived, *its, blocked=state is State.BLOCKED)
    store.accept(arrived, made)
    if state in (State.DEAD, State.QUARANTINED):
        store.bury(claim(store), state, "http-422", NOW)
    elif state is State.DELIVERED:
        store.delivered(claim(store), DONE, NOW)
    return made


def ends(behind: Engine, name: str = "parts") -> set[date | None]:
    return {row["until"] for row in rows(behind, name)}


@pytest.mark.parametrize("state", sorted(IDLE))
def test_what_nothing_sends_goes_on_the_day_after_its_ceiling(
    url: str, store: Store, behind: Engine, state: State
) -> None:
    copy = SealedCopy(kid=f"{CONTACT}/mx.all/2027-12", jwe="made up")
    made = taken(store, state, open_part(copy=copy))
    assert {"unstarted", "records"}.isdisjoint(purge(url, LAST_MOMENT))
    assert sealed(behind) == {(made.id, CONTACT)}
    assert purge(url, NEXT_DAY)["unstarted"] == 1
    assert {name for name, size in sizes(behind).items() if size} - {"notices"} <= LEFT
    (entry,) = rows(behind, "audit_entries")
    assert (entry["fact"], entry["subject"], entry["actor"]) == (Fact.NEVER_STARTED, made.id, "retention")
    claimed = state is not State.BLOCKED
    assert [(row["telling"], row["ends"]) for row in rows(behind, "notices")] == [(Telling.ERASE, LAST_DAY)] * claimed
    assert purge(url, NEXT_DAY) == {}


@pytest.mark.parametrize("state", sorted(set(State) - IDLE))
def test_what_goes_by_itself_or_was_sent_waits_for_its_clock(
    url: str, store: Store, behind: Engine, state: State
) -> None:
    made = taken(store, State.WAITING)
    with behind.begin() as connection:
        connection.execute(update(records).values(state=state))
    assert "unstarted" not in purge(url, TEN_YEARS)
    assert sealed(behind) == {(made.id, CONTACT)}
    assert ends(behind) == {None}


def test_a_retry_opens_its_clock_again(url: str, store: Store, behind: Engine) -> None:
    made = taken(store, State.DEAD)
    assert store.revive(made.id, NOW)
    assert "unstarted" not in purge(url, NEXT_DAY)
    store.delivered(claim(store), DONE, NOW)
    assert "unstarted" not in purge(url, TEN_YEARS)
    with closing(open_retention(url)) as retention:
        what = told(EventType.AGREEMENT_DISSOLVED, Selector(record_id=made.id), TEN_YEARS.date(), at=TEN_YEARS)
        retention.record(what, ticking(what.type, what.day), TEN_YEARS)
    assert ends(behind) == {date(2039, 11, 22)}


def test_what_is_over_is_neither_sent_again_nor_started_before_the_purge_comes(
    url: str, store: Store, behind: Engine
) -> None:
    made = taken(store, State.DEAD)
    what = told(EventType.AGREEMENT_DISSOLVED, Selector(record_id=made.id), LAST_DAY, at=NEXT_DAY)
    with closing(open_retention(url)) as retention:
        came = retention.record(what, ticking(what.type, what.day), NEXT_DAY)
    assert (came.found, came.parts, ends(behind)) == (1, 0, {None})
    stranded = taken(store, State.QUARANTINED)
    with behind.begin() as connection:
        connection.execute(update(records).where(records.c.id == stranded.id).values(last_code="predecessor-missing"))
    for one in (made, stranded):
        assert not store.revive(one.id, NEXT_DAY)
        assert store.revive(one.id, LAST_MOMENT)


def test_a_cancellation_is_asked_for_again_though_what_it_ends_is_over(url: str, store: Store, behind: Engine) -> None:
    """It needs no part, neither before the purge nor after it."""
    arrived = arrival(standing_until=None)
    made = contact(arrived, open_part(), open_part(OTHER, TEN_YEARS.date()))
    store.accept(arrived, made)
    store.delivered(claim(store), DONE, NOW)
    store.accept(again(arrived, halt=Reason.CANCELLED), None)
    store.bury(claim(store), State.DEAD, "http-422", NOW)
    assert store.revive(made.id, NEXT_DAY)
    cancelling = store.claim(NEXT_DAY, LEASE, "demo")
    assert cancelling is not None
    store.bury(cancelling, State.DEAD, "http-422", NEXT_DAY)
    assert purge(url, NEXT_DAY)["unstarted"] == 1
    assert store.revive(made.id, NEXT_DAY)
    assert [row["state"] for row in rows(behind, "records")] == [State.CANCELLING]


def test_a_clock_that_is_told_in_time_counts_from_its_day(url: str, store: Store, behind: Engine) -> None:
    made = taken(store, State.DEAD)
    what = told(EventType.AGREEMENT_DISSOLVED, Selector(record_id=made.id), LAST_DAY, at=LAST_MOMENT)
    with closing(open_retention(url)) as retention:
        retention.record(what, ticking(what.type, what.day), LAST_MOMENT)
    assert "unstarted" not in purge(url, NEXT_DAY)
    assert ends(behind) == ends(behind, "records") == {date(2030, 12, 22)}


def test_two_ceilings_in_one_record(url: str, store: Store, behind: Engine) -> None:
    """What leads to it and its record follow from all of its parts."""
    far = date(2036, 11, 22)
    later = open_part(OTHER, far, retention="vp.sender.legal", trigger="end_of_use")
    made = taken(store, State.DEAD, open_part("recipient.delivery", trigger="delivered"), later)
    assert purge(url, NEXT_DAY) == {"unstarted": 1, "clear": 1, "index": 1, "orders": 1, "inbox": 1}
    assert sealed(behind) == {(made.id, OTHER)}
    assert (ends(behind), ends(behind, "records")) == ({LAST_DAY, None}, {None})
    assert purge(url, TEN_YEARS - timedelta(microseconds=1)) == {}
    assert purge(url, TEN_YEARS)["unstarted"] == 1
    assert rows(behind, "records") == []


def test_a_part_whose_clock_runs_keeps_its_own_end(url: str, store: Store, behind: Engine) -> None:
    ticks = part(OTHER, retention="vp.sender.legal", until=date(2036, 11, 22))
    taken(store, State.DEAD, open_part(), ticks)
    purge(url, NEXT_DAY)
    assert ends(behind, "records") == {date(2036, 11, 22)}
    purge(url, TEN_YEARS)
    assert rows(behind, "records") == []


def test_what_is_legally_held_stays(url: str, store: Store, behind: Engine) -> None:
    made = taken(store, State.DEAD)
    with closing(open_retention(url)) as retention:
        order = Held(ground="case 12", person="Els", starts=NOW.date(), until=date(2030, 1, 1))
        (held,) = retention.hold(order, [made.id], [], NOW)
        assert "unstarted" not in purge(url, NEXT_DAY)
        assert sealed(behind) == {(made.id, CONTACT)}
        retention.release(held.id, "Els", NEXT_DAY)
    assert purge(url, NEXT_DAY + LATER)["unstarted"] == 1
    assert sealed(behind) == set()


def test_it_is_counted_before_it_is_taken_and_goes_in_batches(url: str, store: Store) -> None:
    for _ in range(3):
        taken(store, State.DEAD, open_part(), open_part(OTHER))
    with closing(open_retention(url)) as retention:
        assert retention.ended(LAST_DAY + timedelta(days=1), 100)[Kind.UNSTARTED] == 6
        assert retention.ended(LAST_DAY, 100)[Kind.UNSTARTED] == 0
    sizes_told: list[int] = []
    purge(url, NEXT_DAY, batch=4, observe=lambda kind, rows: sizes_told.append(rows) if kind == "unstarted" else None)
    assert sizes_told == [4, 2]


def test_it_says_how_long_it_may_wait(store: Store, url: str) -> None:
    dead, sent = taken(store, State.DEAD, open_part(), open_part(OTHER, NOW.date())), taken(store, State.DELIVERED)
    for made, last in ((dead, LAST_DAY), (sent, None)):
        found = store.sighting(made.id)  # type: ignore[attr-defined]  # the store is more than its port
        assert (found.starts_with, found.unsent_until) == (("agreement_dissolved",), last)


def test_a_death_at_any_statement_leaves_all_or_nothing(url: str, behind: Engine) -> None:
    """Part, copy, index, order, record, audit log and what the parcel platform is told: in one transaction."""
    with closing(open_store(url)) as store:
        taken(store, State.DEAD)
    day, taken_ = LAST_DAY + timedelta(days=1), []
    names = set(metadata.tables) - {"upkeep", "clocks"}
    before = {name: rows(behind, name) for name in names}
    with closing(open_retention(url)) as retention:
        assert isinstance(retention, SqlRetention)
        fence = retention.begin(NEXT_DAY, BOOT)
        assert fence is not None

        def unchanged() -> None:
            assert {name: rows(behind, name) for name in names} == before

        def work() -> None:
            taken_.append(retention.purge(Kind.UNSTARTED, day, NEXT_DAY, 10, fence))

        assert at_every_statement(retention._database.engine, work, unchanged) > 10
    assert taken_ == [1]
    assert all(ends(behind, name) == {LAST_DAY} for name in ("parts", "records", "orders", "index_entries"))
    assert [row["fact"] for row in rows(behind, "audit_entries")] == [Fact.NEVER_STARTED]
    assert (sealed(behind), len(rows(behind, "notices"))) == (set(), 1)


def test_an_order_that_somebody_has_in_hand_holds_nothing_else_up(
    postgres_url: str, postgres_behind: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for the next run, and no longer: the purge itself never waits."""
    monkeypatch.setitem(postgres._SESSION, "lock_timeout", "50ms")
    with closing(open_store(postgres_url)) as store:
        busy, free = taken(store, State.DEAD), taken(store, State.DEAD)
    with closing(open_retention(postgres_url)) as retention:
        fence = retention.begin(NEXT_DAY, BOOT)
        assert fence is not None

        def ended() -> set[str]:
            assert retention.purge(Kind.UNSTARTED, LAST_DAY + timedelta(days=1), NEXT_DAY, 10, fence) == 1
            return {row["record_id"] for row in rows(postgres_behind, "parts") if row["jwe"] is None}

        with postgres_behind.begin() as holder:
            page = select(orders).where(orders.c.record_id == busy.id).with_for_update()
            assert len(holder.execute(page).all()) == 1
            assert ended() == {free.id}
        assert ended() == {busy.id, free.id}
    assert {row["until"] for row in rows(postgres_behind, "orders")} == {LAST_DAY}


DAYS = st.dates(date(2027, 1, 1), date(2027, 1, 9))
PARTS = st.lists(st.tuples(st.one_of(st.none(), DAYS), DAYS), min_size=1, max_size=3)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(known=st.lists(st.tuples(st.sampled_from(State), PARTS), max_size=8), day=DAYS)
def test_the_database_takes_what_the_rule_says_and_nothing_else(
    sqlite_url: str, sqlite_behind: Engine, known: list[tuple[State, list[tuple[date | None, date]]]], day: date
) -> None:
    expected: set[tuple[str, str]] = set()
    with sqlite_behind.begin() as connection:
        connection.execute(records.delete())
        for number, (state, its) in enumerate(known):
            waits = any(until is None for until, _ in its)
            last = None if waits else max(until for until, _ in its if until is not None)
            key = f"r{number}"
            row: dict[str, Any] = {
                "id": key,
                "reference": key,
                "shop": "demo",
                "carrier": "platform",
                "state": state,
                "receipt": "",
            }
            row |= {"first_due": NOW, "created_at": NOW, "removal": "", "until": last, "fence": 0, "attempts": 0}
            connection.execute(insert(records), row | {"changed_after_delivery": False})
            for position, (until, ceiling) in enumerate(its):
                one: dict[str, Any] = {
                    "record_id": key,
                    "name": str(position),
                    "position": position,
                    "retention": "",
                    "trigger": "",
                }
                connection.execute(insert(parts), one | {"until": until, "ceiling": ceiling, "jwe": "sealed"})
                over = last_day(state, until, ceiling)
                if until is None and over is not None and over < day:
                    expected.add((key, str(position)))
    with closing(open_retention(sqlite_url)) as retention:
        assert retention.ended(day, 100)[Kind.UNSTARTED] == len(expected)
        fence = retention.begin(NOW, BOOT)
        assert fence is not None
        assert retention.purge(Kind.UNSTARTED, day, NOW, 100, fence) == len(expected)
        retention.finish(fence, NOW)
    assert {(row["record_id"], row["name"]) for row in rows(sqlite_behind, "parts") if not row["jwe"]} == expected
