"""Rows of another program, or of a damaged file: each is named, none stops others, none lets two parcels go."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from middleware.exchange import Delivered
from middleware.model import IndexEntry, Record, State, Stored
from middleware.ports import Storage
from middleware.storage import open_store
from middleware.storage.tables import index_entries, orders, records
from middleware.trail import Asked, Digest
from tests.storage.builders import LATER, NOW, UNTIL, again, arrival, record, rejection
from tests.storage.looking import claim

ALL = list(State)


@pytest.fixture
def storage(url: str) -> Iterable[Storage]:
    opened = open_store(url)
    yield opened
    opened.close()


def changed(behind: Engine, table: str, key: str, column: str, value: object) -> None:
    """What nobody of us wrote, past all types of ours."""
    statement = text(f'UPDATE {table} SET "{column}" = :value WHERE id = :key')  # noqa: S608  # names of this file
    with behind.begin() as connection:
        connection.execute(statement, {"value": value, "key": key})


def names(order: bytes) -> Asked:
    digests = (Digest(shop="demo", kind="order.id", digest=order),)
    return Asked(shops=frozenset(("demo",)), digests=digests, record_id=None, reference=None, barcode=None)


EVERYWHERE: dict[str, object] = {
    "created_at": 2**62,
    "state": "nonsense",
    "until": "nonsense",
    "ending": "nonsense",
    "settled_at": -(2**62),
}
ON_SQLITE: dict[str, object] = {"due": "nonsense", "attempts": "nonsense", "last_code": b"\xff\xfe"}
"""What PostgreSQL's own types refuse."""


def named_and_no_more(storage: Storage, behind: Engine, column: str, value: object) -> None:
    made = [record() for _ in range(3)]
    for number, one in enumerate(made):
        storage.accept(arrival(received_at=NOW + number * LATER), one)
    changed(behind, "records", made[1].id, column, value)
    states = [*ALL, *([value] if column == "state" else [])]
    listed = {found.id: found.readable for found in storage.list(states, None, 9)}  # type: ignore[arg-type]  # as the row says
    assert listed == {made[0].id: True, made[1].id: False, made[2].id: True}
    shown = storage.show(made[1].id)
    assert shown is not None
    assert (shown.readable, shown.last_code) == (False, "unreadable-row")
    assert storage.counts()["waiting"] >= 2


@pytest.mark.parametrize("column", EVERYWHERE)
def test_an_unreadable_record_is_named_and_the_rest_is_listed(storage: Storage, behind: Engine, column: str) -> None:
    named_and_no_more(storage, behind, column, EVERYWHERE[column])


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("column", ON_SQLITE)
def test_sqlite_takes_whatever_is_put_there(storage: Storage, behind: Engine, column: str) -> None:
    named_and_no_more(storage, behind, column, ON_SQLITE[column])


@pytest.mark.parametrize("database", ["sqlite"])
def test_a_text_that_the_driver_cannot_decode_is_named_too(storage: Storage, behind: Engine) -> None:
    made = [record() for _ in range(2)]
    for one in made:
        storage.accept(arrival(), one)
    with behind.begin() as connection:
        broken = text("UPDATE records SET last_code = CAST(X'FFFE' AS TEXT) WHERE id = :key")
        connection.execute(broken, {"key": made[0].id})
    assert {found.id: found.readable for found in storage.list(ALL, None, 9)} == {made[0].id: False, made[1].id: True}


def test_an_unreadable_record_stops_no_search(storage: Storage, behind: Engine) -> None:
    first = record()
    storage.accept(arrival(), first)
    changed(behind, "records", first.id, "created_at", 2**62)
    asked = Asked(shops=frozenset(("demo",)), digests=(), record_id=first.id, reference=None, barcode=None)
    (trail,) = storage.find(asked)
    assert [(found.id, found.readable, found.last_code) for found in trail.records] == [
        (first.id, False, "unreadable-row")
    ]


def unreadable_rejection(storage: Storage, behind: Engine, faults: str) -> None:
    made = [rejection(received_at=NOW + number * LATER) for number in range(3)]
    for one in made:
        storage.reject(one)
    changed(behind, "rejections", made[1].id, "faults", faults)
    found = storage.rejections(None, 9)
    assert [(one.id, one.readable) for one in found] == [(made[2].id, True), (made[1].id, False), (made[0].id, True)]
    assert found[1].faults == (("", "unreadable-row"),)
    assert found[0] == made[2]


@pytest.mark.parametrize("faults", ['"x"', "[1]", '[["a", "b", "c"]]', '[["a", 1]]', "7", "null"])
def test_an_unreadable_rejection_is_named_and_the_rest_is_listed(storage: Storage, behind: Engine, faults: str) -> None:
    unreadable_rejection(storage, behind, faults)


@pytest.mark.parametrize("database", ["sqlite"])
def test_what_is_no_json_is_named_too(storage: Storage, behind: Engine) -> None:
    unreadable_rejection(storage, behind, "{")


def test_an_unreadable_removal_report_says_so(storage: Storage, behind: Engine) -> None:
    made = record()
    storage.accept(arrival(), made)
    changed(behind, "removals", made.removal.id, "removed", json.dumps([[1, 2]]))
    report = storage.removal(made.removal.id)
    assert report is not None
    assert [(one.path, one.reason) for one in report.removed] == [("*", "unreadable-row")]
    assert storage.removal("nothing") is None


def test_what_waits_since_no_time_hides_no_other(storage: Storage, behind: Engine) -> None:
    poisoned, sound = record(), record(due=NOW + LATER)
    for one in (poisoned, sound):
        storage.accept(arrival(), one)
    changed(behind, "records", poisoned.id, "due", -(2**62))
    assert storage.counts()["oldest_due"] == int((NOW + LATER).timestamp())


def test_a_state_that_is_none_names_no_metric(storage: Storage, behind: Engine) -> None:
    made = record()
    storage.accept(arrival(), made)
    changed(behind, "records", made.id, "state", "nonsense")
    assert set(storage.counts()) == {*ALL, "oldest_due", "unseen", "changed"}


# ---- a second index entry ------------------------------------------------------------------------------------------


class Changed:
    """An order whose first record is claimed, and whose newer one is held behind it."""

    def __init__(self, storage: Storage) -> None:
        self.storage, self.arrived = storage, arrival()
        self.first, self.second = self.another(), self.another()
        storage.accept(self.arrived, self.first)
        self.stored = claim(storage)
        storage.accept(again(self.arrived), self.second)

    def another(self) -> Record:
        return record(index=(IndexEntry(kind="order.id", digest=self.arrived.order, until=UNTIL),))

    def cancelling(self) -> Stored:
        """The first, in hand to be cancelled."""
        self.storage.delivered(self.stored, Delivered(barcode="B", state="created"), NOW)
        return claim(self.storage)


@pytest.fixture
def order(storage: Storage) -> Changed:
    return Changed(storage)


def poison(storage: Storage, behind: Engine, record_id: str) -> bytes:
    """Lead that record to another order as well."""
    other = arrival()
    storage.accept(other, record())
    entry = {"shop": "demo", "kind": "order.id", "digest": other.order, "record_id": record_id, "until": UNTIL}
    with behind.begin() as connection:
        connection.execute(insert(index_entries), entry)
    return other.order


@pytest.mark.parametrize("ending", ["gone", "too_late", "revive"])
def test_a_second_index_entry_stops_no_ending(storage: Storage, behind: Engine, order: Changed, ending: str) -> None:
    stored = order.cancelling()
    other = poison(storage, behind, order.first.id)
    (before,) = [
        found.id for trail in storage.find(names(other)) for found in trail.records if found.id != order.first.id
    ]
    if ending == "revive":
        assert storage.bury(stored, State.DEAD, "timeout", NOW)
        assert storage.revive(order.first.id, NOW)
        return
    assert getattr(storage, ending)(stored, NOW)
    stands = storage.show(order.second.id)
    assert stands is not None
    assert stands.state == (State.WAITING if ending == "gone" else State.WITHDRAWN)
    with behind.connect() as connection:
        rows = connection.execute(select(orders.c.order, orders.c.record_id)).all()
    expected = order.second.id if ending == "gone" else order.first.id
    assert {row.order: row.record_id for row in rows} == {order.arrived.order: expected, other: before}


# ---- held behind nothing -------------------------------------------------------------------------------------------


def stranded(behind: Engine, order: Changed, *, null: bool) -> None:
    with behind.begin() as connection:
        if null:
            connection.execute(update(records).where(records.c.id == order.second.id).values(predecessor=None))
        else:
            connection.execute(delete(records).where(records.c.id == order.first.id))


each_way = pytest.mark.parametrize("null", [True, False], ids=["null", "missing"])


@each_way
def test_what_is_held_behind_nothing_is_quarantined_once(
    storage: Storage, behind: Engine, order: Changed, *, null: bool
) -> None:
    assert storage.strand(NOW) == []
    stranded(behind, order, null=null)
    assert list(storage.strand(NOW)) == [(order.second.id, "platform")]
    assert storage.strand(NOW) == []
    shown = storage.show(order.second.id)
    assert shown is not None
    assert (shown.state, shown.last_code, shown.due) == (State.QUARANTINED, "predecessor-missing", None)
    assert order.second.id not in [stored.id for stored in iter(lambda: storage.claim(NOW, 60, "demo"), None)]


@each_way
def test_a_person_lets_it_go(storage: Storage, behind: Engine, order: Changed, *, null: bool) -> None:
    stranded(behind, order, null=null)
    storage.strand(NOW)
    assert storage.revive(order.second.id, NOW)
    shown = storage.show(order.second.id)
    assert shown is not None
    assert shown.state is State.WAITING


@each_way
def test_a_newer_version_waits_for_that_person_too(
    storage: Storage, behind: Engine, order: Changed, *, null: bool
) -> None:
    """What the platform has of the order cannot be known: whatever comes next may be a second parcel."""
    stranded(behind, order, null=null)
    storage.strand(NOW)
    newest = order.another()
    answer = storage.accept(again(again(order.arrived)), newest)
    assert answer.id == newest.id
    shown = storage.show(newest.id)
    assert shown is not None
    assert shown.state is State.HELD
    assert list(storage.strand(NOW)) == [(newest.id, "platform")]


def test_what_was_tampered_with_is_not_let_go(storage: Storage, order: Changed) -> None:
    storage.bury(order.stored, State.QUARANTINED, "tampered", NOW)
    assert not storage.revive(order.first.id, NOW)
