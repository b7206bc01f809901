"""What has ended goes on the day after its last, all of it and nothing else, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, update

from middleware.model import Reason, State
from middleware.model_back import Listener
from middleware.model_purge import Kind
from middleware.ports import Store
from middleware.storage import open_retention, open_store
from middleware.storage.tables import idempotency, parts, records, removals
from tests.storage.builders import LATER, LEASE, NOW, UNTIL, again, arrival, part, record, rejection, report
from tests.storage.looking import claim, sizes
from tests.storage.purging import BOOT, LAST_DAY, LAST_MOMENT, NEXT_DAY, TEN_YEARS, purge, rows, sealed
from tests.storage.states import fill

SENDER, DELIVERY, CUSTOMS = "sender.contact", "recipient.delivery", "recipient.customs"

LISTENER = Listener(callback=True, fulfilment=False, test=False, order_ref="sealed", until=date(2026, 12, 22))


@pytest.mark.policy("VP-RET-4", "AMB-20")
def test_on_its_last_day_a_part_is_there(url: str, store: Store, behind: Engine) -> None:
    made = record()
    store.accept(arrival(), made)
    assert "parts" not in purge(url, LAST_MOMENT)
    assert sealed(behind) == {(made.id, name) for name in (SENDER, DELIVERY, CUSTOMS)}
    assert rows(behind, "records")[0]["clear"] == made.clear


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-4", "AMB-20")
def test_two_clocks_in_one_record(url: str, store: Store, behind: Engine) -> None:
    """The recipient's part goes after 13 months and the sender's after ten years; one whose clock has not started
    stays.
    """
    made = record()
    store.accept(arrival(), made)
    assert purge(url, NEXT_DAY) == {"parts": 1, "clear": 1, "inbox": 1}
    assert sealed(behind) == {(made.id, SENDER), (made.id, CUSTOMS)}
    assert rows(behind, "records")[0]["clear"] is None
    ended = {row["name"]: row["ended_at"] for row in rows(behind, "parts")}
    assert ended == {SENDER: None, DELIVERY: NEXT_DAY, CUSTOMS: None}

    assert purge(url, TEN_YEARS - timedelta(microseconds=1)) == {}
    assert purge(url, TEN_YEARS) == {"parts": 1, "index": 2, "orders": 1}
    assert sealed(behind) == {(made.id, CUSTOMS)}
    assert sizes(behind)["records"] == 1  # as long as the clock of one part has not started


@pytest.mark.policy("VP-RET-3", "AMB-4", "AMB-21")
def test_nothing_is_left_once_the_last_part_has_ended(url: str, store: Store, behind: Engine) -> None:
    made = record(parts=(part(SENDER, until=UNTIL), part(DELIVERY)))
    store.accept(arrival(), made)
    purge(url, TEN_YEARS)
    assert {name for name, size in sizes(behind).items() if size} == {"upkeep", "clocks"}


@pytest.mark.policy("AMB-21")
def test_what_leads_to_a_person_stays_to_its_last_day_and_no_longer(url: str, store: Store, behind: Engine) -> None:
    store.accept(arrival(), record())
    assert "index" not in purge(url, TEN_YEARS - timedelta(microseconds=1))
    assert purge(url, TEN_YEARS)["index"] == 2
    assert sizes(behind)["index_entries"] == 0


@pytest.mark.policy("AMB-21")
def test_what_is_remembered_of_webhooks_goes_after_thirty_days(url: str, store: Store, behind: Engine) -> None:
    store.reject(rejection())
    store.accept(arrival(halt=Reason.NOT_PAID, standing_until=date(2026, 12, 22)), None)
    with behind.begin() as connection:
        call = {"shop": "demo", "key": b"k", "payload": b"p", "order": b"o", "record_id": "r", "busy_until": NOW}
        connection.execute(insert(idempotency), {**call, "until": date(2026, 12, 22)})
    day = NOW.replace(month=12, day=22, hour=22, minute=59)
    assert purge(url, day) == {}
    assert purge(url, day + LATER) == {"orders": 1, "inbox": 2, "calls": 1, "rejections": 1}
    assert not any(sizes(behind)[name] for name in ("orders", "inbox", "idempotency", "rejections"))


@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize("state", list(State))
def test_what_lost_a_part_goes_out_no_more(url: str, store: Store, behind: Engine, state: State) -> None:
    """Retention beats retry; what the order no longer wants at the platform is cancelled all the same."""
    made = fill(store)
    purge(url, NEXT_DAY)
    found = store.show(made[state].id)
    if state is State.WITHDRAWN:  # it was remembered until its recipient's parts would have ended
        assert found is None or found.state is state
        return
    assert found is not None
    stays = state not in (State.WAITING, State.BLOCKED, State.HELD, State.CLAIMED)
    assert found.state == (state if stays else State.DEAD)
    assert found.last_code == "expired" or stays
    claimable = {stored.id for _ in made if (stored := store.claim(NEXT_DAY, LEASE, "demo"))}
    assert claimable == {made[State.CANCELLING].id}
    assert not any(store.revive(one.id, NEXT_DAY) for one in made.values())


def test_what_a_relay_has_in_hand_is_settled_first(url: str, store: Store, behind: Engine) -> None:
    made = record()
    store.accept(arrival(), made)
    lease = store.claim(LAST_MOMENT, LEASE, "demo")
    assert lease is not None
    assert "parts" not in purge(url, NEXT_DAY)
    assert (made.id, DELIVERY) in sealed(behind)
    assert store.retry(lease, NEXT_DAY, "timeout", counted=True)
    assert purge(url, NEXT_DAY)["parts"] == 1
    assert (made.id, DELIVERY) not in sealed(behind)


def test_a_relay_that_died_with_it_in_hand_does_not_keep_it(url: str, store: Store, behind: Engine) -> None:
    made = record()
    store.accept(arrival(), made)
    lease = claim(store)
    assert purge(url, NEXT_DAY)["parts"] == 1
    assert not store.retry(lease, NEXT_DAY, "timeout", counted=True)
    found = store.show(made.id)
    assert found is not None
    assert (found.state, found.last_code) == (State.DEAD, "expired")


def test_what_its_order_no_longer_wants_is_cancelled_all_the_same(url: str, store: Store) -> None:
    """Its relay died with it in hand, and its successor is held until it is gone at the platform."""
    first, made = arrival(), record()
    store.accept(first, made)
    claim(store)
    store.accept(again(first, halt=Reason.CANCELLED), None)
    assert purge(url, NEXT_DAY)["parts"] == 1
    taken = store.claim(NEXT_DAY, LEASE, "demo")
    assert taken is not None
    assert (taken.id, taken.cancelling) == (made.id, True)


def test_a_removal_report_stays_as_long_as_a_record_links_to_it(url: str, store: Store, behind: Engine) -> None:
    first = record(removal=report(id="1" * 64))
    store.accept(arrival(), first)
    with behind.begin() as connection:
        connection.execute(update(removals).values(until=LAST_DAY))
    assert "removals" not in purge(url, NEXT_DAY)
    with behind.begin() as connection:
        connection.execute(parts.delete())
        connection.execute(records.delete())
    assert purge(url, NEXT_DAY)["removals"] == 1


def test_a_report_that_the_purge_took_meanwhile_is_kept_anew(postgres_url: str, postgres_behind: Engine) -> None:
    """Between intake's look and its writing."""
    store = open_store(postgres_url)
    store.accept(arrival(), record(until=LAST_DAY))

    taken: list[int] = []

    def take(*call: Any) -> None:
        if call[2].startswith("UPDATE removals") and not taken:
            taken.append(1)
            with postgres_behind.begin() as connection:
                connection.execute(removals.delete())

    event.listen(Engine, "before_cursor_execute", take)
    store.accept(arrival(), record())
    event.remove(Engine, "before_cursor_execute", take)
    assert taken
    assert [row["until"] for row in rows(postgres_behind, "removals")] == [UNTIL]
    store.close()


def test_many_go_at_once(url: str, store: Store) -> None:
    """In one transaction, and not row by row."""
    for _ in range(4):
        store.accept(arrival(), record(listener=LISTENER))
        store.reject(rejection())
    retention, day = open_retention(url), date(2040, 1, 1)
    fence = retention.begin(TEN_YEARS, BOOT)
    assert fence is not None
    taken = {kind: retention.purge(kind, day, TEN_YEARS, 100, fence) for kind in Kind}
    assert set(taken.values()) == {0, 4, 8}
    assert [kind for kind, count in taken.items() if not count] == [
        Kind.TRANSIT,
        Kind.UNSTARTED,
        Kind.CALLS,
        Kind.RECORDS,
        Kind.REMOVALS,
        Kind.NOTICES,
        Kind.HOLDS,
        Kind.TERMS,
        Kind.STANDINGS,
        Kind.EVENTS,
    ]
    retention.close()


@pytest.mark.parametrize("size", [1, 2, 7])
def test_it_goes_in_batches(url: str, store: Store, behind: Engine, size: int) -> None:
    for _ in range(5):
        store.accept(arrival(), record())
    assert purge(url, NEXT_DAY, batch=size) == {"parts": 5, "clear": 5, "inbox": 5}
    assert purge(url, NEXT_DAY, batch=size) == {}


def test_what_is_due_is_counted_and_not_taken(url: str, store: Store, behind: Engine) -> None:
    for _ in range(3):
        store.accept(arrival(), record())
    purging = open_retention(url)
    day = date(2027, 12, 23)
    before = sizes(behind)
    counted = purging.ended(day, 100)
    assert {kind: count for kind, count in counted.items() if count} == {Kind.PARTS: 3, Kind.CLEAR: 3, Kind.INBOX: 3}
    assert set(purging.ended(day, 2).values()) == {0, 2}
    assert set(purging.ended(LAST_DAY, 2)) == set(Kind)
    assert sizes(behind) == before
    purging.close()


def test_intake_goes_on_with_an_order_whose_record_was_purged(url: str, store: Store, behind: Engine) -> None:
    first = arrival(standing_until=date(2050, 1, 1))
    store.accept(first, record(parts=(part(DELIVERY),), until=LAST_DAY))
    purge(url, NEXT_DAY)
    assert sizes(behind)["records"] == 0
    newer = store.accept(again(first), replace(record(), due=NOW))
    assert newer.status == "accepted"
