"""What becomes of a frozen record when its order changes, and of the record that is held until it is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from middleware.exchange import Delivered
from middleware.model import Answer, Arrival, Ending, Reason, Record, State, Status, Stored
from middleware.ports import Store
from middleware.storage.tables import index_entries, orders, parts
from middleware.trail import Summary
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, record, rejection
from tests.storage.looking import claim, column

EXPIRED = NOW + timedelta(seconds=LEASE)
DONE = Delivered(barcode="323299901059900000012345", state="created")
ENDED = ("delivered", "dead", "quarantined")


def belonging(arrived: Arrival, made: Record) -> Record:
    """The record with the index entry that leads from it to its order."""
    return replace(made, index=tuple(replace(entry, digest=arrived.order) for entry in made.index[:1]))


def frozen(store: Store, end: str | None = None) -> tuple[Arrival, Record, Stored]:
    """A record that was claimed, and has come to that end."""
    arrived = arrival()
    made = belonging(arrived, record())
    store.accept(arrived, made)
    stored = claim(store)
    if end:
        come_to(store, stored, end)
    return arrived, made, stored


def come_to(store: Store, stored: Stored, end: str) -> None:
    match end:
        case "delivered":
            assert store.delivered(stored, DONE, NOW)
        case "dead" | "quarantined":
            assert store.bury(stored, State(end), "refused", NOW)
        case "retried":
            assert store.retry(stored, NOW, "timeout", counted=True)


def shown(store: Store, record_id: str) -> Summary:
    found = store.show(record_id)
    assert found is not None
    return found


def state(store: Store, record_id: str) -> tuple[State, Ending | None]:
    found = shown(store, record_id)
    return found.state, found.ending


def superseded(store: Store, end: str | None = None) -> tuple[Arrival, Record, Record]:
    """(newest version, its predecessor, its record) of an order that changed after it had come to that end."""
    arrived, first, _ = frozen(store, end)
    newer = again(arrived)
    second = belonging(newer, record())
    assert store.accept(newer, second) == Answer(status=Status.ACCEPTED, id=second.id, reference=second.reference)
    return newer, first, second


class TestAnotherContent:
    def test_while_it_is_in_hand_the_new_one_is_held_until_the_outcome_is_known(self, store: Store) -> None:
        _, first, second = superseded(store)
        assert state(store, first.id) == (State.CLAIMED, Ending.REPLACED)
        found = shown(store, second.id)
        assert (found.state, found.due, found.predecessor) == (State.HELD, None, first.id)

    @pytest.mark.parametrize("end", [*ENDED, "retried"])
    def test_when_nobody_has_it_in_hand_it_is_cancelled_at_once(self, store: Store, end: str) -> None:
        _, first, second = superseded(store, end)
        assert state(store, first.id) == (State.CANCELLING, Ending.REPLACED)
        assert shown(store, second.id).state is State.HELD
        stored = claim(store)
        assert (stored.id, stored.cancelling, stored.attempts) == (first.id, True, 0)
        assert stored.clear == (b"" if end == "delivered" else first.clear)

    def test_what_failed_meanwhile_is_not_tried_again(self, store: Store) -> None:
        arrived, first, stored = frozen(store)
        store.accept(again(arrived), belonging(arrived, record()))
        assert store.retry(stored, NOW + timedelta(hours=10), "timeout", counted=True)
        found = shown(store, first.id)
        assert (found.state, found.due, found.attempts) == (State.CANCELLING, EXPIRED, 0)

    def test_what_was_abandoned_meanwhile_is_claimed_to_be_cancelled(self, store: Store) -> None:
        arrived, first, _ = frozen(store)
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
        found = store.claim(EXPIRED, LEASE, "demo")
        assert found is not None
        assert (found.id, found.cancelling) == (first.id, True)
        assert state(store, first.id) == (State.CANCELLING, Ending.CANCELLED)

    @pytest.mark.parametrize("end", ["dead", "quarantined"])
    def test_what_was_given_up_gives_place_even_to_the_same_content(self, store: Store, end: str) -> None:
        arrived, made, _ = frozen(store, end)
        mended = belonging(arrived, record(content=made.content))
        assert store.accept(again(arrived), mended).status is Status.ACCEPTED
        assert state(store, made.id) == (State.CANCELLING, Ending.REPLACED)

    @pytest.mark.parametrize("end", ENDED)
    def test_when_the_outcome_comes_later_it_is_cancelled_then(self, store: Store, behind: Engine, end: str) -> None:
        arrived, first, stored = frozen(store)
        store.accept(again(arrived), belonging(arrived, record()))
        come_to(store, stored, end)
        assert state(store, first.id) == (State.CANCELLING, Ending.REPLACED)
        assert shown(store, first.id).due == NOW
        assert shown(store, first.id).barcode == (DONE.barcode if end == "delivered" else None)
        gone = [jwe for jwe in column(behind, parts, "jwe") if jwe is None]
        assert len(gone) == (3 if end == "delivered" else 0)

    def test_it_goes_once_its_predecessor_is_gone(self, store: Store) -> None:
        _, first, second = superseded(store, "delivered")
        stored = claim(store)
        assert store.claim(NOW, LEASE, "demo") is None  # the held one is not due
        assert store.gone(stored, NOW + LATER)
        assert state(store, first.id) == (State.CANCELLED, Ending.REPLACED)
        found = store.claim(NOW + LATER, LEASE, "demo")
        assert found is not None
        assert (found.id, found.cancelling, found.parts) == (second.id, False, second.parts)

    def test_its_own_hold_counts_too(self, store: Store) -> None:
        arrived, _, _ = frozen(store, "delivered")
        second = belonging(arrived, record(due=NOW + 5 * LATER))
        store.accept(again(arrived), second)
        assert store.gone(claim(store), NOW + LATER)
        assert shown(store, second.id).due == NOW + 5 * LATER

    def test_what_is_gone_leaves_no_sealed_part(self, store: Store, behind: Engine) -> None:
        _, _, second = superseded(store, "dead")
        assert store.gone(claim(store), NOW)
        assert sorted(jwe for jwe in column(behind, parts, "jwe") if jwe) == sorted(part.jwe for part in second.parts)

    def test_a_still_newer_version_takes_the_place_of_the_held_one(self, store: Store) -> None:
        newer, first, second = superseded(store, "delivered")
        newest = again(newer)
        third = belonging(newest, record())
        store.accept(newest, third)
        assert store.show(second.id) is None
        assert (shown(store, third.id).state, shown(store, third.id).predecessor) == (State.HELD, first.id)
        assert store.gone(claim(store), NOW)
        assert claim(store).id == third.id

    def test_once_released_a_newer_version_takes_its_place_and_waits_for_nobody(self, store: Store) -> None:
        newer, _, second = superseded(store, "delivered")
        store.gone(claim(store), NOW)
        third = record()
        store.accept(again(newer), third)
        assert store.show(second.id) is None
        assert claim(store).id == third.id

    def test_the_same_content_again_is_a_duplicate(self, store: Store) -> None:
        newer, _, second = superseded(store)
        answer = store.accept(again(newer), record(content=second.content))
        assert answer == Answer(status=Status.DUPLICATE, id=second.id, reference=second.reference)

    def test_of_an_unchanged_frozen_record_too(self, store: Store) -> None:
        arrived, made, _ = frozen(store)
        answer = store.accept(again(arrived), record(content=made.content))
        assert answer == Answer(status=Status.DUPLICATE, id=made.id, reference=made.reference)
        assert not shown(store, made.id).changed_after_delivery


class TestTooLate:
    def test_the_parcel_is_flagged_and_its_successor_never_goes(self, store: Store, behind: Engine) -> None:
        _, first, second = superseded(store, "delivered")
        assert store.too_late(claim(store), NOW)
        found = shown(store, first.id)
        assert (found.state, found.ending, found.changed_after_delivery) == (State.DELIVERED, Ending.TOO_LATE, True)
        assert (found.due, found.barcode) == (None, DONE.barcode)
        assert shown(store, second.id).state is State.WITHDRAWN
        assert store.claim(NOW + LATER, LEASE, "demo") is None
        assert column(behind, parts, "jwe") == [None] * 6
        assert column(behind, orders, "record_id") == [first.id]
        assert column(behind, index_entries, "record_id") == [first.id]
        assert shown(store, second.id).until == second.clear_until

    def test_a_barcode_that_nobody_noted_is_kept_and_one_that_is_known_stays(self, store: Store) -> None:
        arrived, first, _ = frozen(store)  # the relay makes the parcel, and dies
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
        at = NOW + timedelta(seconds=LEASE + 1)
        stored = store.claim(at, LEASE, "demo")
        assert stored is not None
        assert store.too_late(stored, at, "B7")
        assert (shown(store, first.id).state, shown(store, first.id).barcode) == (State.DELIVERED, "B7")
        _, known, _ = superseded(store, "delivered")
        assert store.too_late(claim(store), NOW, "B7")
        assert shown(store, known.id).barcode == DONE.barcode

    def test_from_then_on_changes_are_flagged_alone(self, store: Store) -> None:
        newer, first, _ = superseded(store, "delivered")
        store.too_late(claim(store), NOW)
        known = Answer(status=Status.ACCEPTED, id=first.id, reference=first.reference)
        assert store.accept(again(newer), record()) == known
        assert store.accept(again(newer, halt=Reason.CANCELLED, updated_at=NOW + LATER), None) == known
        assert state(store, first.id) == (State.DELIVERED, Ending.TOO_LATE)
        assert len(store.list([State.HELD, State.WAITING], None, 9)) == 0

    def test_a_cancellation_can_be_too_late_as_well(self, store: Store) -> None:
        arrived, first, _ = frozen(store, "delivered")
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
        assert store.too_late(claim(store), NOW)
        assert shown(store, first.id).changed_after_delivery


class TestCancellation:
    @pytest.mark.parametrize("halt", [Reason.CANCELLED, Reason.NOTHING_TO_SHIP, Reason.NOT_PAID])
    def test_in_flight_it_is_cancelled_once_its_outcome_is_known(self, store: Store, halt: Reason) -> None:
        arrived, first, stored = frozen(store)
        answer = store.accept(again(arrived, halt=halt), None)
        assert answer == Answer(status=Status.IGNORED, id=first.id, reference=first.reference, reason=halt)
        assert state(store, first.id) == (State.CLAIMED, Ending.CANCELLED)
        come_to(store, stored, "delivered")
        assert store.gone(claim(store), NOW)
        assert state(store, first.id) == (State.CANCELLED, Ending.CANCELLED)

    def test_it_withdraws_what_was_held(self, store: Store, behind: Engine) -> None:
        newer, first, second = superseded(store, "delivered")
        store.accept(again(newer, halt=Reason.CANCELLED), None)
        assert state(store, first.id) == (State.CANCELLING, Ending.CANCELLED)
        assert shown(store, second.id).state is State.WITHDRAWN
        assert column(behind, orders, "record_id") == [first.id]
        assert store.gone(claim(store), NOW)
        assert store.claim(NOW + LATER, LEASE, "demo") is None

    @pytest.mark.parametrize("gone", [False, True])
    def test_what_is_shipped_after_all_comes_after_what_was_cancelled(self, store: Store, gone: bool) -> None:
        arrived, first, _ = frozen(store, "delivered")
        store.accept(again(arrived, halt=Reason.NOTHING_TO_SHIP), None)
        if gone:
            store.gone(claim(store), NOW)
        back = belonging(arrived, record(content=first.content))
        store.accept(again(arrived, updated_at=NOW + LATER), back)
        if not gone:
            assert shown(store, back.id).state is State.HELD
            store.gone(claim(store), NOW)
        assert claim(store).id == back.id

    def test_what_the_shop_reports_as_fulfilled_changes_nothing(self, store: Store) -> None:
        newer, first, second = superseded(store)
        answer = store.accept(again(newer, halt=Reason.FULFILLED), None)
        assert (answer.status, answer.id) == (Status.IGNORED, second.id)
        assert shown(store, first.id).ending is Ending.REPLACED
        assert shown(store, second.id).state is State.HELD


class TestRejectedVersion:
    """A version that cannot be read makes what stands out of date all the same."""

    def test_what_waits_is_withdrawn(self, store: Store) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        store.reject(rejection(version=(arrived.order, arrived.updated_at + LATER)))
        found = shown(store, made.id)
        assert (found.state, found.last_code) == (State.WITHDRAWN, Reason.REJECTED)

    def test_what_is_frozen_is_flagged_and_goes_on(self, store: Store) -> None:
        arrived, made, stored = frozen(store)
        store.reject(rejection(version=(arrived.order, arrived.updated_at + LATER)))
        assert shown(store, made.id).changed_after_delivery
        come_to(store, stored, "delivered")
        assert state(store, made.id) == (State.DELIVERED, None)

    def test_an_older_one_changes_nothing(self, store: Store) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        store.reject(rejection(version=(arrived.order, arrived.updated_at - LATER)))
        assert claim(store).id == made.id

    def test_one_that_tells_no_time_changes_nothing(self, store: Store) -> None:
        made = record()
        store.accept(arrival(), made)
        store.reject(rejection(version=None))
        assert claim(store).id == made.id

    def test_what_came_before_it_is_older(self, store: Store) -> None:
        late = arrival()
        store.reject(rejection(version=(late.order, late.updated_at + LATER)))
        assert store.accept(late, record()).reason is Reason.OLDER_VERSION

    def test_the_corrected_version_goes(self, store: Store) -> None:
        arrived = arrival()
        store.accept(arrived, record())
        store.reject(rejection(version=(arrived.order, arrived.updated_at + LATER)))
        mended = record()
        store.accept(again(arrived, updated_at=arrived.updated_at + 2 * LATER), mended)
        assert claim(store).id == mended.id

    def test_the_corrected_version_of_a_flagged_one_takes_its_place(self, store: Store) -> None:
        arrived, first, _ = frozen(store, "delivered")
        store.reject(rejection(version=(arrived.order, arrived.updated_at + LATER)))
        mended = belonging(arrived, record())
        store.accept(again(arrived, updated_at=arrived.updated_at + 2 * LATER), mended)
        assert state(store, first.id) == (State.CANCELLING, Ending.REPLACED)
        store.gone(claim(store), NOW)
        assert claim(store).id == mended.id


class TestFailing:
    def test_a_cancellation_is_tried_again(self, store: Store) -> None:
        superseded(store, "delivered")
        stored = claim(store)
        assert store.retry(stored, NOW + LATER, "timeout", counted=True)
        assert store.claim(NOW, LEASE, "demo") is None
        back = store.claim(NOW + LATER, LEASE, "demo")
        assert back is not None
        assert (back.id, back.cancelling, back.attempts) == (stored.id, True, 1)

    def test_one_that_was_abandoned_is_claimed_again(self, store: Store) -> None:
        superseded(store, "delivered")
        stored = claim(store)
        back = store.claim(NOW + timedelta(seconds=LEASE), LEASE, "demo")
        assert back is not None
        assert (back.cancelling, back.fence) == (True, stored.fence + 1)
        assert not store.gone(stored, NOW)
        assert not store.too_late(stored, NOW)
        assert store.gone(back, NOW)

    def test_one_that_is_refused_keeps_its_successor_held(self, store: Store) -> None:
        _, first, second = superseded(store, "delivered")
        assert store.bury(claim(store), State.DEAD, "http-422", NOW)
        assert state(store, first.id) == (State.DEAD, Ending.REPLACED)
        assert shown(store, second.id).state is State.HELD

    def test_a_newer_version_begins_it_anew(self, store: Store) -> None:
        arrived, first, _ = frozen(store, "delivered")
        store.accept(again(arrived, halt=Reason.NOTHING_TO_SHIP), None)
        store.bury(claim(store), State.DEAD, "http-422", NOW)
        store.accept(again(arrived, updated_at=NOW + LATER), belonging(arrived, record()))
        assert state(store, first.id) == (State.CANCELLING, Ending.REPLACED)


class TestRevive:
    def test_a_dead_letter_goes_again_with_the_same_bytes(self, store: Store) -> None:
        _, made, stored = frozen(store, "dead")
        assert store.revive(made.id, NOW + LATER)
        assert store.claim(NOW, LEASE, "demo") is None
        back = store.claim(NOW + LATER, LEASE, "demo")
        assert back is not None
        assert back == replace(stored, attempts=0, fence=stored.fence + 1)

    def test_a_cancellation_that_died_begins_again(self, store: Store) -> None:
        _, first, second = superseded(store, "delivered")
        store.bury(claim(store), State.DEAD, "http-422", NOW)
        assert store.revive(first.id, NOW)
        assert store.gone(claim(store), NOW)
        assert claim(store).id == second.id

    def test_what_is_held_behind_what_is_in_quarantine_may_go(self, store: Store) -> None:
        _, first, second = superseded(store, "quarantined")
        assert not store.revive(second.id, NOW)
        store.bury(claim(store), State.QUARANTINED, "tampered", NOW)
        assert store.revive(second.id, NOW + LATER)
        assert (shown(store, second.id).state, shown(store, second.id).due) == (State.WAITING, NOW + LATER)
        assert shown(store, first.id).state is State.QUARANTINED

    @pytest.mark.parametrize("end", [None, "retried", "delivered", "quarantined"])
    def test_nothing_else_does(self, store: Store, end: str | None) -> None:
        _, made, _ = frozen(store, end)
        before = shown(store, made.id)
        assert not store.revive(made.id, NOW + LATER)
        assert shown(store, made.id) == before

    def test_nothing_that_nobody_knows_does(self, store: Store) -> None:
        assert not store.revive("nothing", NOW)

    def test_nothing_whose_parts_have_left_does(self, store: Store, behind: Engine) -> None:
        _, made, _ = frozen(store, "dead")
        with behind.begin() as connection:
            connection.execute(parts.update().where(parts.c.name == "recipient.delivery").values(jwe=None))
        assert not store.revive(made.id, NOW)


class TestDue:
    def test_the_shops_with_something_due(self, store: Store) -> None:
        for shop in ("b", "a", "c", "a"):
            store.accept(arrival(shop=shop), record())
        store.accept(arrival(shop="later"), record(due=NOW + LATER))
        store.accept(arrival(shop="paused"), record(carrier="paused"))
        store.pause_lane("paused", NOW + LATER, "http-401")
        assert list(store.due(NOW)) == ["a", "b", "c"]
        assert store.claim(NOW, LEASE, "b") is not None
        assert list(store.due(NOW)) == ["a", "c"]
        assert list(store.due(NOW + LATER)) == ["a", "b", "c", "later", "paused"]

    def test_lanes_that_others_serve_are_left_out(self, store: Store) -> None:
        store.accept(arrival(shop="a"), record(carrier="slow"))
        store.accept(arrival(shop="b"), record())
        assert list(store.due(NOW, ["slow"])) == ["b"]
        assert store.claim(NOW, LEASE, "a", ["slow"]) is None
        assert store.claim(NOW, LEASE, "a", ["platform"]) is not None

    def test_none(self, store: Store) -> None:
        assert list(store.due(NOW)) == []

    def test_a_claim_takes_nothing_of_another_shop(self, store: Store) -> None:
        store.accept(arrival(shop="other"), record())
        assert store.claim(NOW, LEASE, "demo") is None
