"""The contract of intake: what is kept of an arrival, and what another version of the order does to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine

from middleware.model import Answer, Reason, Record, State, Status, Stored
from middleware.ports import Store
from middleware.storage.tables import inbox, index_entries, orders, parts, records, removals
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, cancelled, digest, record, report
from tests.storage.looking import claim, column, sizes

ALL = tuple(State)


def accepted(made: Record) -> Answer:
    return Answer(status=Status.ACCEPTED, id=made.id, reference=made.reference)


def duplicate(made: Record, reason: Reason | None = None) -> Answer:
    return Answer(status=Status.DUPLICATE, id=made.id, reference=made.reference, reason=reason)


def ignored(reason: Reason, made: Record | None = None) -> Answer:
    ours = made.id if made else None, made.reference if made else None
    return Answer(status=Status.IGNORED, reason=reason, id=ours[0], reference=ours[1])


def test_everything_of_a_record_comes_back(store: Store) -> None:
    arrived, made = arrival(), record()
    assert store.accept(arrived, made) == accepted(made)
    assert claim(store) == Stored(
        id=made.id,
        shop=arrived.shop,
        carrier=made.carrier,
        cancelling=False,
        clear=made.clear,
        parts=made.parts,
        receipt=made.receipt,
        attempts=0,
        fence=1,
        until=made.until,
    )
    assert store.removal(made.removal.id) == made.removal


def test_index_entries_are_kept_with_their_ends(store: Store, behind: Engine) -> None:
    made = record()
    store.accept(arrival(), made)
    assert sorted(column(behind, index_entries, "digest")) == sorted(entry.digest for entry in made.index)
    assert set(column(behind, index_entries, "until")) == {entry.until for entry in made.index}
    assert set(column(behind, index_entries, "record_id")) == {made.id}


def test_a_record_may_be_without_parts_and_index(store: Store, behind: Engine) -> None:
    store.accept(arrival(), record(parts=(), index=()))
    assert claim(store).parts == ()
    assert sizes(behind)["parts"] == sizes(behind)["index_entries"] == 0


class TestDuplicates:
    def test_the_same_webhook_with_the_same_body(self, store: Store, behind: Engine) -> None:
        arrived, made = arrival(), record()
        assert store.seen(arrived.shop, arrived.topic, arrived.webhook, arrived.body) is None
        store.accept(arrived, made)
        before = sizes(behind)
        assert store.seen(arrived.shop, arrived.topic, arrived.webhook, arrived.body) == duplicate(made)
        assert store.accept(arrived, record()) == duplicate(made)
        assert sizes(behind) == before

    @pytest.mark.parametrize(("other", "known"), [("shop", False), ("body", False), ("topic", True), ("webhook", True)])
    def test_a_body_is_known_again_whatever_its_headers(self, store: Store, other: str, known: bool) -> None:
        """Topic and webhook id are not signed: under others an old body could undo a newer one."""
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        key = {name: getattr(arrived, name) for name in ("shop", "topic", "webhook", "body")}
        key[other] = digest() if isinstance(key[other], bytes) else "other"
        assert store.seen(**key) == (duplicate(made) if known else None)

    def test_a_replayed_body_of_the_same_time_undoes_nothing(self, store: Store) -> None:
        old, newer = arrival(), record()
        store.accept(old, record())
        assert store.accept(again(old), newer) == accepted(newer)
        assert store.accept(replace(old, webhook=digest(), topic="orders/updated"), record()) == duplicate(newer)

    def test_a_replayed_body_that_changed_nothing_undoes_nothing(self, store: Store) -> None:
        first, made, newer = arrival(), record(), record()
        store.accept(first, made)
        same = again(first)
        assert store.accept(same, record(content=made.content)) == duplicate(made)
        assert store.accept(again(first), newer) == accepted(newer)
        assert store.accept(replace(same, webhook=digest()), record(content=made.content)) == duplicate(newer)

    def test_the_same_content_in_another_webhook(self, store: Store, behind: Engine) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        before = sizes(behind)
        assert store.accept(again(arrived), record(content=made.content)) == duplicate(made)
        assert sizes(behind) == {**before, "inbox": before["inbox"] + 1}

    def test_the_same_webhook_with_another_body_is_judged(self, store: Store) -> None:
        arrived, newer = arrival(), record()
        store.accept(arrived, record())
        assert store.accept(again(arrived, webhook=arrived.webhook), newer) == accepted(newer)

    def test_of_a_replaced_version_it_names_the_record_that_stands(self, store: Store) -> None:
        arrived, newer = arrival(), record()
        store.accept(arrived, record())
        store.accept(again(arrived), newer)
        assert store.seen(arrived.shop, arrived.topic, arrived.webhook, arrived.body) == duplicate(newer)

    def test_of_an_ignored_order_it_repeats_the_reason(self, store: Store) -> None:
        arrived = arrival(halt=Reason.NOT_PAID)
        store.accept(arrived, None)
        expected = Answer(status=Status.DUPLICATE, reason=Reason.NOT_PAID)
        assert store.seen(arrived.shop, arrived.topic, arrived.webhook, arrived.body) == expected

    def test_the_same_order_id_in_two_shops_is_two_orders(self, store: Store) -> None:
        arrived, one, two = arrival(shop="one"), record(), record()
        assert store.accept(arrived, one) == accepted(one)
        assert store.accept(again(arrived, shop="two"), two) == accepted(two)
        assert len(store.list(ALL, None, 10)) == 2

    @pytest.mark.parametrize("halt", [None, Reason.NOT_PAID, Reason.CANCELLED])
    def test_a_flood_of_replays_grows_nothing(self, store: Store, behind: Engine, halt: Reason | None) -> None:
        """Only the body is signed: whoever captured one may send it under ever new webhook ids and topics."""
        arrived, made = arrival(halt=halt), record()
        store.accept(arrived, None if halt else made)
        before = sizes(behind)
        for number in range(5):
            replay = replace(arrived, webhook=digest(), topic=f"orders/{number}", until=date(2099, 1, 1))
            store.accept(replay, None if halt else record(content=made.content))
        assert sizes(behind) == before

    def test_a_flood_of_replays_of_a_frozen_order_grows_nothing(self, store: Store, behind: Engine) -> None:
        arrived, other = arrival(), digest()
        store.accept(arrived, record())
        claim(store)
        changed = again(arrived)
        for _ in range(5):
            store.accept(replace(changed, webhook=digest()), record(content=other))
        assert sizes(behind)["inbox"] == 2

    def test_a_replay_does_not_lengthen_the_memory(self, store: Store, behind: Engine) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        replay = replace(arrived, webhook=digest(), standing_until=date(2099, 1, 1), until=date(2099, 1, 1))
        store.accept(replay, record(content=made.content))
        assert column(behind, orders, "until") == [arrived.standing_until]
        assert column(behind, inbox, "until") == [arrived.until]


class TestVersions:
    def test_a_newer_one_replaces_what_waits(self, store: Store, behind: Engine) -> None:
        arrived, old, newer = arrival(), record(), record()
        store.accept(arrived, old)
        assert store.accept(again(arrived), newer) == accepted(newer)
        assert store.show(old.id) is None
        assert [summary.id for summary in store.list(ALL, None, 10)] == [newer.id]
        assert set(column(behind, parts, "record_id")) == set(column(behind, index_entries, "record_id")) == {newer.id}

    def test_at_equal_times_the_later_arrival_is_newer(self, store: Store) -> None:
        arrived, newer = arrival(), record()
        store.accept(arrived, record())
        assert store.accept(again(arrived, updated_at=arrived.updated_at), newer) == accepted(newer)

    def test_an_older_one_changes_nothing(self, store: Store, behind: Engine) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        before = sizes(behind)
        older = again(arrived, updated_at=arrived.updated_at - LATER)
        assert store.accept(older, record()) == ignored(Reason.OLDER_VERSION, made)
        assert store.accept(replace(older, halt=Reason.NOT_PAID), None) == ignored(Reason.OLDER_VERSION, made)
        assert sizes(behind) == before
        assert column(behind, orders, "updated_at") == [arrived.updated_at]

    def test_the_newest_time_is_remembered_even_of_a_duplicate(self, store: Store) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        store.accept(again(arrived), record(content=made.content))
        between = again(arrived, updated_at=arrived.updated_at + LATER / 2)
        assert store.accept(between, record()) == ignored(Reason.OLDER_VERSION, made)

    def test_microseconds_count(self, store: Store) -> None:
        arrived, made = arrival(updated_at=NOW + timedelta(microseconds=1)), record()
        store.accept(arrived, made)
        assert store.accept(again(arrived, updated_at=NOW), record()).reason == Reason.OLDER_VERSION

    def test_a_newer_version_lengthens_the_memory_of_the_order_and_never_shortens_it(
        self, store: Store, behind: Engine
    ) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        for until, expected in ((date(2040, 1, 1), date(2040, 1, 1)), (date(2030, 1, 1), date(2040, 1, 1))):
            arrived = again(arrived, standing_until=until)
            store.accept(arrived, record(content=made.content))
            assert column(behind, orders, "until") == [expected]


class TestHalts:
    def test_nothing_to_ship_is_noted_and_leaves_no_record(self, store: Store, behind: Engine) -> None:
        assert store.accept(arrival(halt=Reason.NOTHING_TO_SHIP), None) == ignored(Reason.NOTHING_TO_SHIP)
        assert {name: size for name, size in sizes(behind).items() if size} == {"orders": 1, "inbox": 1}

    def test_an_order_that_is_paid_later_is_stored(self, store: Store) -> None:
        arrived, made = arrival(halt=Reason.NOT_PAID), record()
        store.accept(arrived, None)
        assert store.accept(again(arrived, halt=None), made) == accepted(made)
        assert claim(store).id == made.id

    @pytest.mark.parametrize("halt", [Reason.CANCELLED, Reason.NOT_PAID, Reason.FULFILLED])
    def test_what_waits_is_withdrawn(self, store: Store, behind: Engine, halt: Reason) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        assert store.accept(again(arrived, halt=halt), None) == ignored(halt, made)
        found = store.show(made.id)
        assert found is not None
        assert (found.state, found.due, found.last_code) == (State.WITHDRAWN, None, halt)
        assert column(behind, parts, "jwe") == [None] * 3
        assert column(behind, records, "clear") == [None]
        assert (column(behind, records, "receipt"), column(behind, orders, "content")) == ([""], [None])
        assert sizes(behind)["index_entries"] == 0
        assert found.until == arrived.until
        assert store.claim(NOW + LATER, LEASE, "demo") is None

    def test_what_was_withdrawn_may_come_back_unless_cancelled(self, store: Store) -> None:
        arrived, back = arrival(), record()
        store.accept(arrived, record())
        store.accept(again(arrived, halt=Reason.NOT_PAID), None)
        assert store.accept(again(arrived, updated_at=arrived.updated_at + 2 * LATER), back) == accepted(back)
        assert len(store.list([State.WITHDRAWN], None, 10)) == len(store.list([State.WAITING], None, 10)) == 1

    def test_cancelled_is_final_whatever_its_time(self, store: Store) -> None:
        arrived, made = arrival(), record()
        store.accept(arrived, made)
        early = again(arrived, updated_at=arrived.updated_at - LATER, halt=Reason.CANCELLED)
        assert store.accept(early, None) == ignored(Reason.CANCELLED, made)
        assert store.accept(again(arrived), record()) == ignored(Reason.CANCELLED, made)
        assert store.accept(again(arrived, halt=Reason.CANCELLED), None) == duplicate(made, Reason.CANCELLED)

    def test_an_early_cancellation_does_not_turn_back_the_time(self, store: Store, behind: Engine) -> None:
        arrived = arrival()
        store.accept(arrived, record())
        store.accept(again(arrived, updated_at=arrived.updated_at - LATER, halt=Reason.CANCELLED), None)
        assert column(behind, orders, "updated_at") == [arrived.updated_at]

    def test_a_cancellation_that_comes_first_counts(self, store: Store, behind: Engine) -> None:
        first = cancelled()
        assert store.accept(first, None) == ignored(Reason.CANCELLED)
        assert store.accept(again(first, halt=None), record()) == ignored(Reason.CANCELLED)
        assert sizes(behind)["records"] == 0

    @pytest.mark.parametrize("wrong", [(None, None), (Reason.NOT_PAID, record())])
    def test_an_arrival_is_either_a_record_or_a_reason(
        self, store: Store, behind: Engine, wrong: tuple[Reason | None, Record | None]
    ) -> None:
        with pytest.raises(ValueError, match="either"):
            store.accept(arrival(halt=wrong[0]), wrong[1])
        assert set(sizes(behind).values()) == {0}


class TestErasedRecords:
    def test_a_version_of_an_order_whose_record_has_gone_is_a_new_record(self, store: Store, behind: Engine) -> None:
        arrived, back = arrival(), record()
        store.accept(arrived, record())
        with behind.begin() as connection:
            connection.execute(records.delete())
        expected = Answer(status=Status.DUPLICATE)
        assert store.seen(arrived.shop, arrived.topic, arrived.webhook, arrived.body) == expected
        assert store.accept(again(arrived), back) == accepted(back)


class TestRemovalReports:
    def test_one_per_shape_for_as_long_as_the_longest_record(self, store: Store, behind: Engine) -> None:
        for until in (date(2030, 1, 1), date(2036, 1, 1), date(2031, 1, 1)):
            store.accept(arrival(), record(until=until))
        assert column(behind, removals, "until") == [date(2036, 1, 1)]

    def test_another_shape_is_another_report(self, store: Store) -> None:
        store.accept(arrival(), record())
        store.accept(arrival(), record(removal=report(id="1" * 64, removed=())))
        assert store.removal("1" * 64) == report(id="1" * 64, removed=())
        assert store.removal("2" * 64) is None
