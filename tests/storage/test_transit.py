"""What is sealed to transit keys: counted week by week, taken when the key may exist no longer, noted when opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Reason, Record, SealedCopy, State
from middleware.model_keys import AuditEntry, Fact
from middleware.model_purge import Held, Kind
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from tests.storage.builders import LEASE, NOW, again, arrival, part, record
from tests.storage.looking import claim
from tests.storage.purging import purge, rows, sealed

WEEK, NEXT = "2026-W47", "2026-W48"
LAST = datetime(2026, 12, 6, 22, 59, 59, tzinfo=UTC)
"""The last moment at which a key of ``WEEK`` may exist."""
OVER = LAST + timedelta(seconds=1)
BARCODE = Delivered(barcode="B", state="created")
KID = "recipient.delivery/transit/2026-W47"


@pytest.fixture
def known(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def in_transit(week: str = WEEK, **changes: object) -> Record:
    """A record of two parts that are sealed to keys of that week, with a copy that stays."""
    copy = SealedCopy(kid="recipient.delivery/vp.recipient.operational/2027-12", jwe="copy")
    return record(
        parts=(part("recipient.delivery", week=week, copy=copy), part("sender.contact", week=week)), **changes
    )


def entry(fact: Fact, subject: str) -> AuditEntry:
    return AuditEntry(at=NOW, fact=fact, subject=subject, actor="relay")


def test_records_are_counted_by_week_as_long_as_their_parts_are_here(store: Store, known: Retention) -> None:
    store.accept(arrival(), in_transit())
    store.accept(arrival(), in_transit())
    store.accept(arrival(), in_transit(NEXT))
    store.accept(arrival(), record())
    assert known.weeks() == {WEEK: 2, NEXT: 1}


@pytest.mark.parametrize("end", ["delivered", "withdrawn", "replaced", "cancelled", "dead"])
def test_what_is_settled_waits_no_more(store: Store, known: Retention, end: str) -> None:
    arrived = arrival()
    store.accept(arrived, in_transit())
    if end == "withdrawn":
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
    elif end == "replaced":
        store.accept(again(arrived), in_transit(NEXT))
    elif end == "dead":
        store.bury(claim(store), State.DEAD, "http-422", NOW)
    else:
        store.delivered(claim(store), BARCODE, NOW)
        if end == "cancelled":
            store.accept(again(arrived, halt=Reason.CANCELLED), None)
            assert known.weeks() == {}
            assert store.gone(claim(store), NOW)
    # A person may send a dead letter again: its key stays as long as it may.
    assert known.weeks() == {"replaced": {NEXT: 1}, "dead": {WEEK: 1}}.get(end, {})


def test_an_opening_is_noted_as_long_as_the_lease_is_ours(store: Store, known: Retention) -> None:
    made = in_transit()
    store.accept(arrival(), made)
    stored = claim(store)
    assert store.opening(stored, entry(Fact.OPENED, made.id), None)
    assert known.noted(made.id) == [entry(Fact.OPENED, made.id)]


@pytest.mark.parametrize("how", ["settled", "another's"])
def test_who_lost_the_lease_may_open_nothing(store: Store, known: Retention, how: str) -> None:
    made = in_transit()
    store.accept(arrival(), made)
    stored = claim(store)
    if how == "settled":
        store.delivered(stored, BARCODE, NOW)
    else:
        assert store.claim(NOW + timedelta(seconds=LEASE + 1), LEASE, "demo") is not None
    assert not store.opening(stored, entry(Fact.OPENED, made.id), None)
    assert known.noted(made.id) == []


@pytest.mark.parametrize(("week", "waiting"), [(WEEK, 1), (NEXT, 0), (None, 0)])
def test_a_destruction_is_noted_unless_records_of_its_week_wait(
    store: Store, known: Retention, week: str | None, waiting: int
) -> None:
    store.accept(arrival(), in_transit())
    assert known.note(entry(Fact.DESTROYED, KID), week) == waiting
    assert known.noted(KID) == ([] if waiting else [entry(Fact.DESTROYED, KID)])


def test_parts_go_when_their_key_may_exist_no_longer(store: Store, url: str, behind: Engine) -> None:
    old, new, other = in_transit(), in_transit(NEXT), record()
    for made in (old, new, other):
        store.accept(arrival(), made)
    assert purge(url, LAST) == {}
    before = sealed(behind)
    assert purge(url, OVER) == {"transit": 2}
    assert before - sealed(behind) == {(old.id, "recipient.delivery"), (old.id, "sender.contact")}
    found = store.show(old.id)
    assert found is not None
    assert (found.state, found.last_code, found.due) == (State.DEAD, "key-gone", None)
    assert {row["record_id"] for row in rows(behind, "copies")} == {old.id, new.id}  # sealed to a month's key
    assert all(row["ended_at"] is None for row in rows(behind, "parts"))  # their time is not over
    assert rows(behind, "notices") == []
    assert not store.revive(old.id, NOW)


@pytest.mark.policy("AMB-8")
def test_a_hold_keeps_the_copy_of_what_its_key_takes_and_tells_what_it_cannot_keep(
    store: Store, known: Retention, url: str, behind: Engine
) -> None:
    made, other = in_transit(), record()
    for one in (made, other):
        store.accept(arrival(), one)
    order = Held(ground="case", person="Els", starts=NOW.date(), until=date(2099, 12, 31))
    held = known.hold(order, [made.id, other.id], (), NOW)
    assert known.passing(held[0].id) == {(made.id, "sender.contact"): WEEK}  # of the other there is a copy
    assert purge(url, OVER) == {"transit": 2}
    assert known.passing(held[0].id) == {}
    purge(url, datetime(2036, 12, 31, tzinfo=UTC))
    assert [row["part"] for row in rows(behind, "copies") if row["record_id"] == made.id] == ["recipient.delivery"]


def test_a_dead_letter_says_that_its_key_has_gone(store: Store, url: str) -> None:
    made = in_transit()
    store.accept(arrival(), made)
    store.bury(claim(store), State.DEAD, "http-422", NOW)
    purge(url, OVER)
    found = store.show(made.id)
    assert found is not None
    assert (found.state, found.last_code) == (State.DEAD, "key-gone")
    assert not store.revive(made.id, OVER)


def test_evidence_stays_in_quarantine_without_its_parts(store: Store, url: str, behind: Engine) -> None:
    made = in_transit()
    store.accept(arrival(), made)
    store.bury(claim(store), State.QUARANTINED, "tampered", NOW)
    purge(url, OVER)
    found = store.show(made.id)
    assert found is not None
    assert (found.state, found.last_code) == (State.QUARANTINED, "tampered")
    assert sealed(behind) == set()


def test_what_a_relay_has_in_hand_is_left_to_it(store: Store, url: str, behind: Engine) -> None:
    store.accept(arrival(), in_transit())
    assert store.claim(OVER, LEASE, "demo") is not None
    assert purge(url, OVER) == {}
    assert purge(url, OVER + timedelta(seconds=LEASE)) == {"transit": 2}
    assert sealed(behind) == set()


def test_what_is_to_be_cancelled_still_is(store: Store, url: str, behind: Engine) -> None:
    arrived = arrival()
    store.accept(arrived, in_transit())
    store.retry(claim(store), OVER, "timeout", counted=True)
    store.accept(again(arrived, halt=Reason.CANCELLED), None)
    purge(url, OVER)
    assert sealed(behind) == set()
    stored = claim(store)
    assert stored.cancelling


def test_how_much_would_go_is_told(store: Store, url: str) -> None:
    store.accept(arrival(), in_transit())
    with closing(open_retention(url)) as known:
        assert known.ended(OVER.date(), 10)[Kind.TRANSIT] == 0  # in Brussels it is the day after
        assert known.ended(OVER.date() + timedelta(days=1), 10)[Kind.TRANSIT] == 2
