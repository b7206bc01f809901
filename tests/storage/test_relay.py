"""The contract of the outbox: leases, fences, settlements and lanes."""

from __future__ import annotations

import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Connection, Engine

from middleware.errors import StorageError
from middleware.exchange import Delivered
from middleware.model import Reason, State, Stored
from middleware.ports import Store
from middleware.storage import relay_sql
from middleware.storage.sql import SqlStore
from middleware.storage.tables import index_entries, parts, records
from middleware.trail import Summary
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, record
from tests.storage.looking import claim, column

DONE = Delivered(barcode="323299901059900000012345", state="created")
EXPIRED = NOW + timedelta(seconds=LEASE)


def shown(store: Store, stored: Stored) -> Summary:
    found = store.show(stored.id)
    assert found is not None
    return found


class TestClaim:
    def test_nothing_is_due(self, store: Store) -> None:
        store.accept(arrival(), record(due=NOW + timedelta(microseconds=1)))
        assert store.claim(NOW, LEASE, "demo") is None
        assert store.claim(NOW + timedelta(microseconds=1), LEASE, "demo") is not None

    def test_the_oldest_due_goes_first(self, store: Store) -> None:
        made = {seconds: record(due=NOW - timedelta(seconds=seconds)) for seconds in (5, 60, 30)}
        for one in made.values():
            store.accept(arrival(), one)
        assert [claim(store).id for _ in made] == [made[60].id, made[30].id, made[5].id]
        assert store.claim(NOW, LEASE, "demo") is None

    def test_a_claimed_record_is_told_as_such(self, store: Store) -> None:
        store.accept(arrival(), record())
        found = shown(store, claim(store))
        assert (found.state, found.due) == (State.CLAIMED, EXPIRED)

    def test_an_expired_lease_is_claimed_again_under_a_new_fence(self, store: Store) -> None:
        store.accept(arrival(), record())
        first = claim(store)
        assert store.claim(EXPIRED - timedelta(microseconds=1), LEASE, "demo") is None
        second = store.claim(EXPIRED, LEASE, "demo")
        assert second is not None
        assert (second.id, second.fence) == (first.id, first.fence + 1)

    def test_the_first_claim_is_remembered(self, store: Store, behind: Engine) -> None:
        store.accept(arrival(), record())
        claim(store)
        store.claim(EXPIRED, LEASE, "demo")
        assert column(behind, records, "first_claimed_at") == [NOW]

    def test_an_older_lease_that_ended_comes_before_a_younger_order(self, store: Store) -> None:
        abandoned = record(due=NOW - LATER)
        store.accept(arrival(), abandoned)
        claim(store)
        store.accept(arrival(), record(due=EXPIRED + LATER))
        found = store.claim(EXPIRED + 2 * LATER, LEASE, "demo")
        assert found is not None
        assert found.id == abandoned.id


class TestDelivered:
    def test_barcode_and_state(self, store: Store, behind: Engine) -> None:
        store.accept(arrival(), record())
        stored = claim(store)
        assert store.delivered(stored, DONE, NOW + LATER)
        found = shown(store, stored)
        assert (found.state, found.barcode, found.due) == (State.DELIVERED, DONE.barcode, None)
        assert column(behind, records, "settled_at") == [NOW + LATER]
        assert store.claim(EXPIRED, LEASE, "demo") is None

    @pytest.mark.policy("VP-RET-4")
    def test_what_was_sent_leaves_and_what_may_stay_stays(self, store: Store, behind: Engine) -> None:
        made = record()
        store.accept(arrival(), made)
        store.delivered(claim(store), DONE, NOW)
        assert column(behind, parts, "jwe") == [None, None, None]
        assert column(behind, records, "clear") == [None]
        assert set(column(behind, parts, "until")) == {part.until for part in made.parts}  # in whatever order they lie
        assert column(behind, records, "receipt") == [made.receipt]
        assert len(column(behind, index_entries, "digest")) == len(made.index)

    def test_other_records_keep_theirs(self, store: Store) -> None:
        store.accept(arrival(), record(due=NOW - LATER))
        other = record()
        store.accept(arrival(), other)
        store.delivered(claim(store), DONE, NOW)
        assert claim(store).parts == other.parts


class TestRetry:
    @pytest.mark.parametrize(("counted", "attempts"), [(True, 1), (False, 0)])
    def test_it_waits_again(self, store: Store, counted: bool, attempts: int) -> None:
        made = record()
        store.accept(arrival(), made)
        assert store.retry(claim(store), NOW + LATER, "timeout", counted=counted)
        assert store.claim(NOW + LATER / 2, LEASE, "demo") is None
        back = store.claim(NOW + LATER, LEASE, "demo")
        assert back is not None
        assert (back.attempts, back.fence) == (attempts, 2)
        assert (back.parts, back.clear) == (made.parts, made.clear)
        assert shown(store, back).last_code == "timeout"

    def test_attempts_add_up(self, store: Store) -> None:
        store.accept(arrival(), record())
        for _ in range(3):
            store.retry(claim(store), NOW, "timeout", counted=True)
        assert claim(store).attempts == 3


class TestBury:
    @pytest.mark.parametrize("state", [State.DEAD, State.QUARANTINED])
    def test_it_ends_and_keeps_its_parts(self, store: Store, behind: Engine, state: State) -> None:
        made = record()
        store.accept(arrival(), made)
        stored = claim(store)
        assert store.bury(stored, state, "refused", NOW)
        found = shown(store, stored)
        assert (found.state, found.last_code, found.due) == (state, "refused", None)
        assert column(behind, parts, "jwe") == [part.jwe for part in made.parts]
        assert store.claim(EXPIRED, LEASE, "demo") is None

    @pytest.mark.parametrize("state", [State.WAITING, State.CLAIMED, State.DELIVERED, State.WITHDRAWN])
    def test_only_as_dead_or_quarantined(self, store: Store, state: State) -> None:
        store.accept(arrival(), record())
        stored = claim(store)
        with pytest.raises(ValueError, match="buried"):
            store.bury(stored, state, "refused", NOW)
        assert shown(store, stored).state is State.CLAIMED


class TestFencing:
    """A relay that slept through its lease must not settle what another one holds or has settled."""

    @pytest.mark.parametrize("settlement", ["delivered", "retry", "bury"])
    def test_a_lost_lease_settles_nothing(self, store: Store, behind: Engine, settlement: str) -> None:
        made = record()
        store.accept(arrival(), made)
        sleeper = claim(store)
        store.claim(EXPIRED, LEASE, "demo")
        before = shown(store, sleeper)
        assert not settle(store, sleeper, settlement)
        assert shown(store, sleeper) == before
        assert column(behind, parts, "jwe") == [part.jwe for part in made.parts]

    @pytest.mark.parametrize("settlement", ["delivered", "retry", "bury"])
    @pytest.mark.parametrize("end", ["delivered", "retry", "bury"])
    def test_what_is_settled_is_not_settled_again(self, store: Store, settlement: str, end: str) -> None:
        store.accept(arrival(), record())
        stored = claim(store)
        assert settle(store, stored, end)
        before = shown(store, stored)
        assert not settle(store, stored, settlement)
        assert shown(store, stored) == before

    def test_a_lease_that_expired_unnoticed_may_still_settle(self, store: Store) -> None:
        store.accept(arrival(), record())
        assert store.delivered(claim(store), DONE, EXPIRED + LATER)


class TestLanes:
    def test_a_paused_lane_waits_while_others_go(self, store: Store) -> None:
        store.accept(arrival(), record(carrier="paused", due=NOW - LATER))
        store.accept(arrival(), record(carrier="open"))
        store.pause_lane("paused", NOW + LATER, "unauthorised")
        assert claim(store).carrier == "open"
        assert store.claim(NOW, LEASE, "demo") is None
        assert store.paused_lanes(NOW) == {"paused": "unauthorised"}

    def test_the_pause_ends(self, store: Store) -> None:
        store.accept(arrival(), record())
        store.pause_lane("platform", NOW + LATER, "unauthorised")
        assert store.paused_lanes(NOW + LATER) == {}
        assert store.claim(NOW + LATER, LEASE, "demo") is not None

    def test_whoever_starts_a_relay_ends_it_and_what_began_it_goes_first(self, store: Store) -> None:
        until, made = NOW + 15 * LATER, {}
        for name, due, code in (
            ("began", until, "http-403"),
            ("behind", until + LATER, "http-403"),
            ("its own", until, "http-503"),
            ("later", until + 5 * LATER, "http-403"),
            ("cancelling", until, "http-403"),
        ):
            arrived, one = arrival(), record()
            one = replace(one, index=tuple(replace(entry, digest=arrived.order) for entry in one.index[:1]))
            store.accept(arrived, one)
            stored = claim(store)
            if name == "cancelling":
                store.accept(again(arrived, halt=Reason.CANCELLED), None)
            store.retry(stored, due, code, counted=False)
            made[name] = stored
        store.pause_lane("platform", until, "http-403")
        store.pause_lane("another", NOW, "http-401")
        before = {name: shown(store, one).due for name, one in made.items()}
        assert store.reopen(NOW) == {"platform": "http-403"}
        assert store.paused_lanes(NOW) == store.reopen(NOW) == {}
        after = {name: shown(store, one).due for name, one in made.items()}
        assert after == {**before, "began": NOW, "behind": NOW + LATER}
        assert claim(store).id == made["began"].id

    def test_what_is_leased_keeps_its_lease(self, store: Store) -> None:
        store.accept(arrival(), record())
        store.retry(claim(store), NOW, "http-401", counted=False)
        stored = claim(store)
        store.pause_lane("platform", EXPIRED, "http-401")
        store.reopen(NOW)
        assert (shown(store, stored).state, shown(store, stored).due) == (State.CLAIMED, EXPIRED)

    def test_a_pause_that_is_renewed_meanwhile_stays(self, store: Store) -> None:
        store.accept(arrival(), record())
        stored = claim(store)
        store.retry(stored, NOW + LATER, "http-401", counted=False)
        store.pause_lane("platform", NOW + LATER, "http-401")
        assert isinstance(store, SqlStore)
        with store._database.writing() as connection:
            upserts = store._database.upserts

            class Renewing:
                """Between the look and the end another relay hears the same again."""

                def execute(self, statement: Any, *given: Any) -> Any:
                    found = connection.execute(statement, *given)
                    if statement is not relay_sql._PAUSES:
                        return found
                    seen = found.freeze()
                    relay_sql.pause_lane(connection, upserts, "platform", NOW + 2 * LATER, "http-401")
                    return seen()

            assert relay_sql.reopen(cast(Connection, Renewing()), NOW) == {}
        assert store.paused_lanes(NOW + LATER) == {"platform": "http-401"}
        assert shown(store, stored).due == NOW + LATER

    def test_the_newest_pause_counts(self, store: Store) -> None:
        store.pause_lane("platform", NOW + 2 * LATER, "unauthorised")
        store.pause_lane("platform", NOW + LATER, "too-many-requests")
        assert store.paused_lanes(NOW) == {"platform": "too-many-requests"}
        assert store.paused_lanes(NOW + LATER) == {}

    def test_an_abandoned_record_of_a_paused_lane_waits_too(self, store: Store) -> None:
        store.accept(arrival(), record())
        claim(store)
        store.pause_lane("platform", EXPIRED + LATER, "unauthorised")
        assert store.claim(EXPIRED, LEASE, "demo") is None


def settle(store: Store, stored: Stored, settlement: str) -> bool:
    if settlement == "delivered":
        return store.delivered(stored, DONE, NOW)
    if settlement == "retry":
        return store.retry(stored, NOW + LATER, "timeout", counted=True)
    return store.bury(stored, State.DEAD, "refused", NOW)


class TestUnreadable:
    """A row that nobody of us wrote must not stop the others."""

    @pytest.mark.parametrize(
        ("table", "change"),
        [
            ("records", "until = 'no day'"),
            ("records", "created_at = 9223372036854775807"),
            ("records", "attempts = -100"),
            ("records", "fence = 2147483647"),
            ("records", "fence = -1"),
            ("parts", "until = '2027-02-30'"),
        ],
    )
    def test_it_is_set_aside_and_the_next_goes(self, store: Store, behind: Engine, table: str, change: str) -> None:
        first, second = record(due=NOW - LATER), record()
        store.accept(arrival(), first)
        key = "id" if table == "records" else "record_id"
        with behind.begin() as connection:
            connection.exec_driver_sql(f"UPDATE {table} SET {change} WHERE {key} = '{first.id}'")  # noqa: S608 - ours
        store.accept(arrival(), second)
        assert store.claim(NOW, LEASE, "demo") is None
        assert claim(store).id == second.id
        with behind.connect() as connection:
            told = connection.exec_driver_sql(f"SELECT state, last_code FROM records WHERE id = '{first.id}'").one()  # noqa: S608 - ours
        assert tuple(told) == ("quarantined", "unreadable-row")

    @pytest.mark.parametrize("column", ["until", "state", "ending"])
    def test_what_asks_for_it_is_told_that_and_no_value(self, store: Store, behind: Engine, column: str) -> None:
        made = record()
        store.accept(arrival(), made)
        with behind.begin() as connection:
            connection.exec_driver_sql(f"UPDATE records SET {column} = 'k4n4rie'")  # noqa: S608 - ours
        found = store.show(made.id)
        assert found is not None
        assert (found.id, found.readable) == (made.id, False)
        assert "k4n4rie" not in str(found)

    @pytest.mark.parametrize("column", ["state", "ending"])
    def test_a_newer_version_is_told_of_the_storage_and_of_no_value(
        self, store: Store, behind: Engine, column: str
    ) -> None:
        first, made = arrival(), record()
        store.accept(first, made)
        with behind.begin() as connection:
            connection.exec_driver_sql(f"UPDATE records SET {column} = 'k4n4rie'")  # noqa: S608 - ours
        with pytest.raises(StorageError) as caught:
            store.accept(again(first), record())
        assert "k4n4rie" not in "".join(traceback.format_exception(caught.value))
