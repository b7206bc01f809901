"""What people and metrics are told: states, codes and tags, never content."""

from __future__ import annotations

from dataclasses import replace

import pytest

from middleware.exchange import Delivered
from middleware.model import Reason, State
from middleware.ports import Store
from middleware.trail import Summary
from tests.storage import states
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, record, rejection
from tests.storage.looking import claim

ALL = tuple(State)


def test_a_record_is_shown_with_its_tags(store: Store) -> None:
    arrived, made = arrival(), record(due=NOW + LATER)
    store.accept(arrived, made)
    assert store.show(made.id) == Summary(
        id=made.id,
        reference=made.reference,
        shop=arrived.shop,
        carrier="platform",
        state=State.WAITING,
        created_at=arrived.received_at,
        due=NOW + LATER,
        attempts=0,
        last_code=None,
        barcode=None,
        changed_after_delivery=False,
        changed_seen_at=None,
        ending=None,
        predecessor=None,
        parts=tuple(replace(part, jwe="") for part in made.parts),
        removal=made.removal.id,
        until=made.until,
    )


def test_an_unknown_record_is_none(store: Store) -> None:
    assert store.show("nothing") is None


def test_the_newest_come_first_and_no_more_than_asked_for(store: Store) -> None:
    made = [record(id=f"r{number}") for number in range(4)]
    for minutes, one in zip((2, 0, 3, 1), made, strict=True):
        store.accept(arrival(received_at=NOW + minutes * LATER), one)
    assert [found.id for found in store.list(ALL, None, 3)] == ["r2", "r0", "r3"]
    assert [found.parts for found in store.list(ALL, None, 1)] == [tuple(replace(p, jwe="") for p in made[2].parts)]


def test_a_limit_counts_records_and_not_their_parts(store: Store) -> None:
    for number in range(3):
        store.accept(arrival(), record(parts=() if number else record().parts))
    assert len(store.list(ALL, None, 3)) == 3


def test_what_waits_is_counted_no_further_than_asked(store: Store) -> None:
    for number in range(4):
        store.accept(arrival(), record(due=NOW + number * LATER))
    store.accept(arrival(shop="other"), record())
    assert [store.waiting("demo", most) for most in (1, 4, 5)] == [1, 4, 4]
    assert store.waiting("other", 5) == 1
    assert store.waiting("nobody", 5) == 0


def test_what_is_under_way_still_waits_and_what_has_ended_does_not(store: Store) -> None:
    for _ in range(3):
        store.accept(arrival(), record())
    store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    store.bury(claim(store), State.DEAD, "refused", NOW)
    assert store.waiting("demo", 5) == 1
    claim(store)
    assert store.waiting("demo", 5) == 1


def test_by_shop_and_state(store: Store) -> None:
    one, two = record(), record(due=NOW + LATER)
    store.accept(arrival(shop="one"), one)
    store.accept(arrival(shop="two"), two)
    store.claim(NOW, LEASE, "one")
    assert [found.id for found in store.list(ALL, "two", 9)] == [two.id]
    assert [found.id for found in store.list([State.CLAIMED], None, 9)] == [one.id]
    assert {found.id for found in store.list([State.CLAIMED, State.WAITING], None, 9)} == {one.id, two.id}
    assert store.list([State.CLAIMED], "two", 9) == []
    assert store.list([], None, 9) == []


def test_only_what_is_flagged(store: Store) -> None:
    made = states.fill(store)
    assert [found.id for found in store.list(ALL, None, 9, changed=True)] == [made[State.DELIVERED].id]
    assert store.list([State.DEAD], None, 9, changed=True) == []
    assert store.list(ALL, "other", 9, changed=True) == []


def test_what_a_person_has_looked_at_is_flagged_no_more(store: Store) -> None:
    made = states.fill(store)[State.DELIVERED]
    assert store.see_changed([made.id, "nothing"], NOW) == 1
    assert store.see_changed([made.id], NOW + LATER) == 0
    assert store.list(ALL, None, 9, changed=True) == []
    assert store.counts()["changed"] == 0
    found = store.show(made.id)
    assert found is not None
    assert (found.changed_after_delivery, found.changed_seen_at) == (True, NOW)


def test_a_later_change_flags_anew(store: Store) -> None:
    arrived, made = arrival(), record()
    store.accept(arrived, made)
    stored = claim(store)
    assert store.delivered(stored, Delivered(barcode="B", state="created"), NOW)
    rejected = again(arrived)
    for minutes in (1, 2):
        newer = rejection(version=(arrived.order, rejected.updated_at + minutes * LATER))
        store.reject(newer)
        assert [found.id for found in store.list(ALL, None, 9, changed=True)] == [made.id]
        assert store.see_changed([made.id], NOW) == 1


def test_rejections_the_newest_first(store: Store) -> None:
    made = [rejection(received_at=NOW + number * LATER, shop=shop) for number, shop in enumerate(("a", "b", "a"))]
    for one in made:
        store.reject(one)
    assert store.rejections(None, 2) == [made[2], made[1]]
    assert store.rejections("a", 9) == [made[2], made[0]]


def test_counts_of_an_empty_store(store: Store) -> None:
    assert store.counts() == {**{state.value: 0 for state in State}, "oldest_due": 0, "unseen": 0, "changed": 0}


def test_counts_per_state_and_the_oldest_that_waits(store: Store) -> None:
    states.fill(store)
    oldest = int((NOW + LATER).timestamp())
    assert store.counts() == {**{state.value: 1 for state in State}, "oldest_due": oldest, "unseen": 0, "changed": 1}
    store.accept(arrival(), record(due=NOW + LATER / 2))
    assert store.counts()["oldest_due"] == oldest - 30


@pytest.mark.parametrize("ending", ["withdrawn", "delivered"])
def test_tags_stay_when_the_parts_have_left(store: Store, ending: str) -> None:
    arrived, made = arrival(), record()
    store.accept(arrived, made)
    if ending == "withdrawn":
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
    else:
        store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    found = store.show(made.id)
    assert found is not None
    assert found.state == ending
    assert found.parts == tuple(replace(part, jwe="") for part in made.parts)


def test_it_is_reachable(store: Store) -> None:
    store.ping()
