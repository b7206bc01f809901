"""A plug-in's calls: remembered with their record or not at all, by digests, for as long as is needed."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import Engine, delete, select

from middleware.exchange import Delivered
from middleware.model import Answer, Arrival, IndexEntry, Reason, Record, State, Status
from middleware.model_shipping import Attempt, Known
from middleware.ports import Storage
from middleware.storage.tables import idempotency, index_entries, orders, records
from tests.storage.builders import LATER, LEASE, NOW, UNTIL, again, arrival, digest, record

BUSY = NOW + timedelta(seconds=20)


def attempt(**changes: object) -> Attempt:
    values = {
        "shop": "demo",
        "key": digest(),
        "payload": digest(),
        "busy_until": BUSY,
        "until": date(2026, 12, 22),
        **changes,
    }
    return Attempt(**values)  # type: ignore[arg-type]


def of(version: Arrival, **changes: object) -> Record:
    """A record that its order's id leads to."""
    return record(index=(IndexEntry(kind="order.id", digest=version.order, until=UNTIL),), **changes)


def shipped(store: Storage) -> tuple[Arrival, Record, Attempt]:
    version, call = arrival(), attempt()
    made = of(version)
    answer = store.ship(version, made, call)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.id) == (Status.ACCEPTED, made.id)
    return version, made, call


def known(store: Storage, call: Attempt) -> Known:
    found = store.known(call.shop, call.key)
    assert found is not None
    return found


def rows(behind: Engine) -> int:
    with behind.connect() as connection:
        return len(connection.execute(select(idempotency)).all())


def test_a_call_is_known_with_its_record(store: Storage) -> None:
    _, made, call = shipped(store)
    found = known(store, call)
    assert (found.payload, found.answered) == (call.payload, None)
    assert found.record is not None
    assert (found.record.id, found.record.state) == (made.id, State.WAITING)
    assert store.known("other", call.key) is None
    assert store.known(call.shop, digest()) is None


def test_a_second_one_under_the_same_key_has_no_effect(store: Storage) -> None:
    _, made, call = shipped(store)
    other = arrival()
    second = store.ship(other, of(other), replace(call, payload=digest()))
    assert isinstance(second, Known)
    assert (second.payload, second.record and second.record.id) == (call.payload, made.id)
    assert store.counts()["waiting"] == 1


def test_one_of_many_at_once_makes_the_shipment(store: Storage) -> None:
    call, told = attempt(), list[object]()
    versions = [arrival() for _ in range(6)]

    def bring(version: Arrival) -> None:
        told.append(store.ship(version, of(version), call))

    threads = [threading.Thread(target=bring, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(one).__name__ for one in told) == ["Answer"] + ["Known"] * 5
    assert store.counts()["waiting"] == 1


def test_the_first_answer_stays(store: Storage) -> None:
    _, _, call = shipped(store)
    assert store.answered(call, 202) == 202
    assert store.answered(call, 201) == 202
    assert known(store, call).answered == 202


def test_a_call_is_taken_over_once_when_nobody_answered_in_time(store: Storage) -> None:
    _, _, call = shipped(store)
    later = replace(call, busy_until=BUSY + LATER)
    assert not store.take_over(later, BUSY - timedelta(microseconds=1))
    assert store.take_over(later, BUSY)
    assert not store.take_over(later, BUSY)
    store.answered(call, 202)
    assert not store.take_over(later, BUSY + 2 * LATER)


def test_a_call_without_an_effect_leaves_its_key_free(store: Storage, behind: Engine) -> None:
    version, _, _ = shipped(store)
    call = attempt()
    older = again(version, updated_at=version.updated_at - LATER)
    answer = store.ship(older, of(older), call)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.reason) == (Status.IGNORED, Reason.OLDER_VERSION)
    assert store.known(call.shop, call.key) is None
    assert rows(behind) == 1


def test_the_same_content_leads_to_the_record_that_stands(store: Storage) -> None:
    version, made, _ = shipped(store)
    call, same = attempt(), again(version)
    answer = store.ship(same, of(same, content=made.content), call)
    assert isinstance(answer, Answer)
    assert (answer.status, answer.id) == (Status.DUPLICATE, made.id)
    found = known(store, call)
    assert found.record is not None
    assert found.record.id == made.id


def test_a_webhook_and_a_call_make_one_shipment(store: Storage) -> None:
    version = arrival()
    store.accept(version, of(version))
    newer = again(version)
    made = of(newer)
    assert isinstance(store.ship(newer, made, attempt()), Answer)
    assert [row.id for row in store.list([State.WAITING], "demo", 10)] == [made.id]


def test_a_call_whose_record_was_replaced_leads_to_the_one_in_its_place(store: Storage) -> None:
    version, _, call = shipped(store)
    newer = again(version)
    made = of(newer)
    store.accept(newer, made)
    found = known(store, call)
    assert found.record is not None
    assert found.record.id == made.id


def test_a_call_of_an_order_that_was_erased_leads_nowhere(store: Storage, behind: Engine) -> None:
    _, made, call = shipped(store)
    with behind.begin() as connection:
        connection.execute(delete(orders))
        connection.execute(delete(records).where(records.c.id == made.id))
    assert known(store, call).record is None


def test_every_row_says_when_it_ends_and_holds_digests_alone(store: Storage, behind: Engine) -> None:
    version, made, call = shipped(store)
    with behind.connect() as connection:
        row = connection.execute(select(idempotency)).one()
    assert (row.until, row.busy_until) == (call.until, call.busy_until)
    assert (row.key, row.payload, row.order, row.record_id) == (call.key, call.payload, version.order, made.id)
    assert len(row) == 8


def test_before_its_first_claim_a_cancelled_record_is_withdrawn(store: Storage) -> None:
    version, made, _ = shipped(store)
    found = store.cancel("demo", made.id, NOW + LATER, date(2026, 12, 22))
    assert found is not None
    assert (found.state, found.last_code) == (State.WITHDRAWN, Reason.CANCELLED)
    late = again(version, updated_at=NOW + 2 * LATER)
    answer = store.ship(late, of(late), attempt())
    assert isinstance(answer, Answer)
    assert answer.reason == Reason.CANCELLED  # final


def test_after_it_the_platform_is_asked_to_cancel_it(store: Storage) -> None:
    _, made, _ = shipped(store)
    stored = store.claim(NOW, LEASE, "demo")
    assert stored is not None
    assert store.delivered(stored, Delivered(barcode="CANARY0000000017", state="created"), NOW)
    for _ in range(2):
        found = store.cancel("demo", made.id, NOW + LATER, date(2026, 12, 22))
        assert found is not None
        assert found.state is State.CANCELLING


def test_another_shops_record_is_not_there(store: Storage) -> None:
    _, made, _ = shipped(store)
    assert store.cancel("other", made.id, NOW, UNTIL) is None
    assert store.cancel("demo", "0" * 32, NOW, UNTIL) is None
    assert store.counts()["waiting"] == 1


def test_what_no_longer_stands_for_its_order_is_left_alone(store: Storage) -> None:
    version, made, _ = shipped(store)
    assert store.claim(NOW, LEASE, "demo") is not None
    newer = again(version)
    store.accept(newer, of(newer))
    store.cancel("demo", made.id, NOW + 3 * LATER, UNTIL)
    assert store.counts()["held"] == 1


def test_a_record_that_no_index_leads_to_is_told_as_it_is(store: Storage, behind: Engine) -> None:
    _, made, _ = shipped(store)
    with behind.begin() as connection:
        connection.execute(delete(index_entries))
    found = store.cancel("demo", made.id, NOW, UNTIL)
    assert found is not None
    assert found.state is State.WAITING
