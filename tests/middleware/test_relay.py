"""The relay: every outcome settled as it should be, whatever was done to a record, and our own words in the log."""

from __future__ import annotations

import json
import logging
import random
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from middleware.core.tag import tag
from middleware.errors import PermanentDeliveryError, StorageError, TransientDeliveryError
from middleware.exchange import Failed, Gone, Outcome, Refused, Request, Response, TooLate
from middleware.model import State, Stored
from middleware.ports import Store
from middleware.relay import (
    EXCHANGE_SECONDS,
    IDLE_SECONDS,
    LEASE_SECONDS,
    MOST_EXCHANGES,
    STORAGE_REST_SECONDS,
    Relay,
    Turns,
)
from middleware.transport import CONNECT_SECONDS, TOTAL_SECONDS
from tests.middleware.core.made_up import NOW, POLICY, REPORT, order, sealed, stamp, stored, values
from tests.middleware.relay_bench import (
    CANARY,
    DONE,
    TAMPERED,
    FakeStore,
    FakeTransport,
    Stop,
    Ticking,
    bench,
    due,
    stop_after,
)


@pytest.fixture
def lines(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged so far."""
    with caplog.at_level(logging.DEBUG):
        yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


class TestStep:
    def test_nothing_is_due(self) -> None:
        made = bench()
        assert made.relay.step() is False
        assert (made.store.calls, made.transport.sent, made.told) == ([], [], [])

    def test_a_claim_is_made_now_and_outlives_the_longest_exchange(self) -> None:
        made = bench()
        made.relay.step()
        assert made.store.claims == [(NOW, LEASE_SECONDS)]
        assert EXCHANGE_SECONDS >= CONNECT_SECONDS + TOTAL_SECONDS
        assert LEASE_SECONDS > MOST_EXCHANGES * EXCHANGE_SECONDS

    def test_delivered(self) -> None:
        one = due()
        made = bench(one, outcomes=(DONE,), clock=Ticking())
        assert made.relay.step() is True
        assert made.store.calls == [("delivered", one.id, DONE, NOW + timedelta(seconds=3))]
        assert made.told == [("platform", "delivered")]

    def test_sends_the_same_bytes_under_the_same_key_however_often(self) -> None:
        one = due()
        again = replace(one, attempts=3, fence=4)
        made = bench(one, again, outcomes=(Failed(code="http-500"), DONE))
        assert (made.relay.step(), made.relay.step()) == (True, True)
        first, second = made.transport.sent
        assert first == second
        assert (first.method, first.path, first.headers["Idempotency-Key"]) == ("POST", "/shipments", one.id)
        assert (json.loads(first.body or b"")["id"], one.receipt in str(first.body)) == (one.id, True)

    def test_refused(self) -> None:
        one = due()
        made = bench(one, outcomes=(Refused(code="http-422"),))
        made.relay.step()
        assert made.store.calls == [("bury", one.id, State.DEAD, "http-422", NOW)]
        assert made.told == [("platform", "dead")]

    @pytest.mark.parametrize(("attempts", "seconds"), [(0, 5), (1, 300), (2, 1800), (6, 36_000)])
    def test_failed_is_tried_again_on_schedule(self, attempts: int, seconds: int) -> None:
        one = due(attempts=attempts)
        made = bench(one, outcomes=(Failed(code="http-500"),))
        made.relay.step()
        assert made.store.calls == [("retry", one.id, NOW + timedelta(seconds=seconds), "http-500", True)]
        assert made.told == [("platform", "retry")]

    def test_what_the_platform_asks_for_is_honoured(self) -> None:
        one = due()
        made = bench(one, outcomes=(Failed(code="http-429", retry_after=90),))
        made.relay.step()
        assert made.store.calls == [("retry", one.id, NOW + timedelta(seconds=90), "http-429", True)]

    def test_after_the_last_attempt_it_is_a_dead_letter(self) -> None:
        one = due(attempts=7)
        made = bench(one, outcomes=(Failed(code="http-500"),))
        made.relay.step()
        assert made.store.calls == [("bury", one.id, State.DEAD, "attempts-exhausted:http-500", NOW)]
        assert made.told == [("platform", "dead")]

    @pytest.mark.policy("VP-RET-4")
    def test_retention_beats_retry(self) -> None:
        one = due()
        late = datetime.fromisoformat("2027-12-22T22:59:59+00:00")
        made = bench(one, outcomes=(Failed(code="http-500"),), clock=lambda: late)
        made.relay.step()
        assert made.store.calls == [("bury", one.id, State.DEAD, "expired", late)]

    @pytest.mark.policy("VP-RET-4", "AMB-20")
    def test_what_has_ended_is_not_sent(self) -> None:
        """The last day is that of the receipt: one who stretches it in the database gains nothing."""
        one = due()
        stretched = replace(one, parts=tuple(replace(part, until=None) for part in one.parts))
        midnight = datetime.fromisoformat("2027-12-22T23:00:00+00:00")
        for late in (midnight, midnight + timedelta(days=900)):
            made = bench(one, stretched, clock=lambda moment=late: moment)
            assert (made.relay.step(), made.relay.step()) == (True, True)
            assert made.store.calls == [("bury", one.id, State.DEAD, "expired", late)] * 2
            assert made.transport.sent == []

    @pytest.mark.policy("VP-RET-4")
    def test_what_the_purge_took_has_expired_and_was_not_tampered_with(self) -> None:
        one = due()
        taken = replace(one, clear=cast(bytes, None), parts=tuple(replace(part, jwe="") for part in one.parts))
        late = NOW + timedelta(days=400)
        made = bench(taken, clock=lambda: late)
        made.relay.step()
        assert made.store.calls == [("bury", one.id, State.DEAD, "expired", late)]
        early = bench(taken)
        early.relay.step()
        assert [call[2] for call in early.store.calls] == [State.QUARANTINED]

    @pytest.mark.policy("VP-RET-4", "AMB-2")
    def test_a_clock_that_started_since_counts(self) -> None:
        """The receipt knows no end of it; the tag does."""
        waiting = POLICY.interpret({"recipient_clock": "delivered", "sender_legal_start": "end-of-use"})
        slim, plan, closed = sealed(order(), policy=waiting)
        one = stored(tag(closed, plan, slim, REPORT, stamp(policy=waiting)))
        started = replace(one, parts=tuple(replace(part, until=NOW.date()) for part in one.parts))
        late = NOW + timedelta(days=1)
        made = bench(started, clock=lambda: late)
        made.relay.step()
        assert made.store.calls == [("bury", one.id, State.DEAD, "expired", late)]

    @pytest.mark.policy("VP-RET-4", "AMB-20")
    def test_on_its_last_day_it_is_sent(self) -> None:
        late = datetime.fromisoformat("2027-12-22T22:59:59.999999+00:00")
        made = bench(due(), outcomes=(DONE,), clock=lambda: late)
        made.relay.step()
        assert [call[0] for call in made.store.calls] == ["delivered"]

    @pytest.mark.policy("AMB-2", "AMB-3")
    def test_what_has_no_end_yet_is_sent(self) -> None:
        waiting = POLICY.interpret({"recipient_clock": "delivered", "sender_legal_start": "end-of-use"})
        slim, plan, closed = sealed(order(), policy=waiting)
        one = stored(tag(closed, plan, slim, REPORT, stamp(policy=waiting)))
        made = bench(one, outcomes=(DONE,), clock=lambda: NOW + timedelta(days=9000))
        made.relay.step()
        assert [call[0] for call in made.store.calls] == ["delivered"]

    @pytest.mark.parametrize(("status", "behind"), [(401, 0), (403, 1)])
    def test_no_permission_pauses_the_lane_and_costs_no_attempt(self, status: int, behind: int) -> None:
        one = due(attempts=7)
        made = bench(one, outcomes=(Failed(code=f"http-{status}", pause_lane=True),))
        made.relay.step()
        later = NOW + timedelta(minutes=15)
        code = f"http-{status}"
        again = later + timedelta(minutes=behind)
        assert made.store.calls == [("pause", "platform", later, code), ("retry", one.id, again, code, False)]
        assert made.told == [("platform", "retry")]

    def test_blocked_egress_pauses_the_lane_and_costs_no_attempt(self) -> None:
        one = due(attempts=7)
        made = bench(one, problem=PermanentDeliveryError(CANARY))
        made.relay.step()
        later = NOW + timedelta(minutes=15)
        code = "delivery-permanent"
        assert made.store.calls == [("pause", "platform", later, code), ("retry", one.id, later, code, False)]

    def test_no_answer_is_tried_again(self) -> None:
        one = due()
        made = bench(one, problem=TransientDeliveryError(CANARY))
        made.relay.step()
        assert made.store.calls == [("retry", one.id, NOW + timedelta(seconds=5), "delivery-transient", True)]

    def test_a_carrier_that_is_not_configured_pauses_its_lane(self) -> None:
        one = due()
        made = bench(one)
        made = replace(made, relay=replace(made.relay, lanes={}))
        made.relay.step()
        later = NOW + timedelta(minutes=15)
        assert made.store.calls == [
            ("pause", "platform", later, "unknown-carrier"),
            ("retry", one.id, later, "unknown-carrier", False),
        ]
        assert made.transport.sent == []

    def test_a_failure_is_counted_from_its_end(self) -> None:
        one = due()
        made = bench(one, outcomes=(Failed(code="http-500"),), clock=Ticking())
        made.relay.step()
        ((_, _, at, _, _),) = made.store.calls
        assert at - timedelta(seconds=5) >= NOW + timedelta(seconds=2)

    def test_waits_are_spread_by_chance(self) -> None:
        assert Relay.__dataclass_fields__["chance"].default is random.random


class TestLacking:
    def test_what_is_lacking_on_this_machine_holds_up_nobody_else_and_does_not_count(self) -> None:
        made = bench(due(), outcomes=(Failed(code="points-unknown", here=True),))
        made.relay.step()
        ((name, _, _, code, counted),) = made.store.calls
        assert (name, code, counted) == ("retry", "points-unknown", False)


class TestForbidden:
    """403 may be the lane's fault or the record's: what others are told shows whose."""

    def test_what_a_lane_alone_refuses_that_took_another_counts_as_a_failure_of_its_own(self) -> None:
        forbidden = Failed(code="http-403", pause_lane=True)
        made = bench(due(), due(), outcomes=(DONE, forbidden))
        made.relay.step()
        made.relay.step()
        assert [call[0] for call in made.store.calls] == ["delivered", "retry"]
        assert made.store.calls[1][4] is True

    def test_long_after_the_lane_took_another_it_may_be_the_lane_again(self) -> None:
        clock = Ticking()
        made = bench(due(), due(), outcomes=(DONE, Failed(code="http-403", pause_lane=True)), clock=clock)
        made.relay.step()
        clock.now += timedelta(minutes=15)
        made.relay.step()
        assert [call[0] for call in made.store.calls] == ["delivered", "pause", "retry"]

    def test_a_token_that_is_not_taken_is_always_the_lane_s(self) -> None:
        made = bench(due(), due(), outcomes=(DONE, Failed(code="http-401", pause_lane=True)))
        made.relay.step()
        made.relay.step()
        assert [call[0] for call in made.store.calls] == ["delivered", "pause", "retry"]

    def test_when_the_lane_opens_again_others_go_first(self) -> None:
        made = bench(due(), outcomes=(Failed(code="http-403", pause_lane=True),))
        made.relay.step()
        (_, _, until, _), (_, _, at, _, counted) = made.store.calls
        assert (at - until, counted) == (timedelta(minutes=1), False)


class TestCancelling:
    def test_the_platform_is_asked_to_cancel_and_told_nothing_else(self) -> None:
        made = bench(due(cancelling=True, clear=b"", parts=()), outcomes=(Gone(),))
        assert made.relay.step()
        ((name, record_id, _),) = made.store.calls
        assert name == "gone"
        assert [(sent.method, sent.path) for sent in made.transport.sent] == [
            ("POST", f"/shipments/{record_id}/cancel")
        ]
        assert made.told == [("platform", "cancelled")]

    def test_too_late(self) -> None:
        made = bench(due(cancelling=True), outcomes=(TooLate(barcode="323212345600000000077030"),))
        made.relay.step()
        assert [(call[0], call[3]) for call in made.store.calls] == [("too_late", "323212345600000000077030")]
        assert made.told == [("platform", "too-late")]

    @pytest.mark.parametrize(
        "change",
        [{"id": "../../admin"}, {"carrier": "other"}, {"receipt": ""}, {"receipt": None}],
        ids=["id", "carrier", "no receipt", "nothing"],
    )
    def test_nothing_is_asked_that_no_receipt_names(self, change: dict[str, Any]) -> None:
        made = bench(due(cancelling=True, clear=b"", parts=(), **change), outcomes=(Gone(),))
        made.relay.step()
        assert made.transport.sent == []
        assert [call[2] for call in made.store.calls] == [State.QUARANTINED]

    def test_it_is_cancelled_even_after_its_last_day(self) -> None:
        late = due(cancelling=True)
        made = bench(late, outcomes=(Gone(),), clock=lambda: NOW + timedelta(days=5000))
        made.relay.step()
        assert [call[0] for call in made.store.calls] == ["gone"]

    def test_a_carrier_may_ask_twice(self) -> None:
        more = Request(method="DELETE", path="/shipments/x/parts/y", headers={}, body=None)
        made = bench(due(cancelling=True), outcomes=(more, Gone()))
        made.relay.step()
        assert [sent.method for sent in made.transport.sent] == ["POST", "DELETE"]
        assert [call[0] for call in made.store.calls] == ["gone"]

    def test_a_conversation_without_an_end_is_tried_again(self) -> None:
        more = Request(method="DELETE", path="/shipments/x/parts/y", headers={}, body=None)
        made = bench(due(cancelling=True), outcomes=(more,) * 9)
        made.relay.step()
        assert len(made.transport.sent) == MOST_EXCHANGES
        assert [(call[0], call[3]) for call in made.store.calls] == [("retry", "no-outcome")]

    @pytest.mark.parametrize(("slept", "asked"), [(LEASE_SECONDS - EXCHANGE_SECONDS, 2), (LEASE_SECONDS, 1)])
    def test_who_slept_past_the_lease_asks_for_nothing_more(self, slept: float, asked: int) -> None:
        more = Request(method="DELETE", path="/shipments/x/parts/y", headers={}, body=None)
        clock = iter((NOW, NOW, *[NOW + timedelta(seconds=slept)] * 9))
        made = bench(due(), outcomes=(more, DONE), clock=lambda: next(clock))
        made.relay.step()
        assert len(made.transport.sent) == asked
        codes = [call[3] for call in made.store.calls if call[0] == "retry"]
        assert codes == ["lease-lost"] * (2 - asked)

    def test_a_refusal_to_cancel_is_a_dead_letter(self) -> None:
        made = bench(due(cancelling=True), outcomes=(Refused(code="http-422"),))
        made.relay.step()
        assert [call[2:4] for call in made.store.calls] == [(State.DEAD, "http-422")]


class TestTurns:
    class Shops(FakeStore):
        """Two shops, of which one has much to do."""

        def __init__(self) -> None:
            super().__init__([])
            self.left = {"flood": 50, "small": 3}
            self.served: list[str] = []
            self.asked = 0
            self.without: set[frozenset[str]] = set()

        def due(self, now: datetime, without: Collection[str] = ()) -> list[str]:
            self.asked += 1
            self.without.add(frozenset(without))
            return [shop for shop, number in self.left.items() if number]

        def claim(self, now: datetime, lease_seconds: float, shop: str, without: Collection[str] = ()) -> Stored | None:
            self.without.add(frozenset(without))
            if not self.left[shop]:
                return None
            self.left[shop] -= 1
            self.served.append(shop)
            return due()

    def serve(self, store: FakeStore, times: int) -> None:
        turns = Turns()
        for _ in range(times):
            turns.claim(cast(Store, store), NOW)

    def test_a_flood_of_one_shop_delays_another_by_its_share_alone(self) -> None:
        store = self.Shops()
        self.serve(store, 8)
        assert store.served == ["flood", "small"] * 3 + ["flood"] * 2

    def test_everything_is_served_and_then_nothing_is_due(self) -> None:
        store = self.Shops()
        self.serve(store, 60)
        assert sorted(store.served) == ["flood"] * 50 + ["small"] * 3

    def test_a_new_round_begins_only_when_the_last_is_over(self) -> None:
        store = self.Shops()
        self.serve(store, 6)
        assert store.asked == 3

    def test_what_others_serve_is_left_to_them(self) -> None:
        store = self.Shops()
        Turns(without={"slow"}).claim(cast(Store, store), NOW)
        assert store.without == {frozenset({"slow"})}


class TestTampered:
    @pytest.mark.parametrize("how", TAMPERED)
    def test_is_quarantined_and_nothing_is_sent(self, how: str) -> None:
        one = TAMPERED[how](due())
        made = bench(one)
        assert made.relay.step() is True
        assert made.store.calls == [("bury", one.id, State.QUARANTINED, "tampered", NOW)]
        assert made.transport.sent == []
        assert made.told == [("platform", "quarantined")]

    def test_a_record_that_was_given_to_another_carrier_is_quarantined(self) -> None:
        one = due(carrier="elsewhere")
        made = bench(one)
        elsewhere = replace(made.relay, lanes={"elsewhere": made.relay.lanes["platform"]})
        elsewhere.step()
        assert made.store.calls == [("bury", one.id, State.QUARANTINED, "tampered", NOW)]
        assert made.transport.sent == []

    def test_the_relay_goes_on_with_the_next(self) -> None:
        broken = [change(due()) for change in TAMPERED.values()]
        sound = due()
        made = bench(*broken, sound, outcomes=(DONE,))
        made.relay.run(stop_after(made.store, len(broken) + 1))
        assert [call[0] for call in made.store.calls] == ["bury"] * len(broken) + ["delivered"]
        assert [one.headers["Idempotency-Key"] for one in made.transport.sent] == [sound.id]

    def test_a_key_that_nobody_knows_verifies_nothing(self) -> None:
        one = due()
        made = bench(one)
        unknown = replace(made.relay, keys={})
        unknown.step()
        assert made.store.calls == [("bury", one.id, State.QUARANTINED, "tampered", NOW)]


class TestLostLease:
    @pytest.mark.parametrize(
        "outcome", [DONE, Refused(code="http-422"), Failed(code="http-500"), Failed(code="http-403", pause_lane=True)]
    )
    def test_is_told_as_such_and_the_relay_goes_on(self, outcome: Outcome) -> None:
        made = bench(due(), due(), outcomes=(outcome, DONE))
        made.store.owned = False
        assert (made.relay.step(), made.relay.step()) == (True, True)
        assert made.told == [("platform", "lease_lost")] * 2

    def test_of_a_tampered_record(self) -> None:
        made = bench(TAMPERED["no receipt"](due()))
        made.store.owned = False
        made.relay.step()
        assert made.told == [("platform", "lease_lost")]


class TestRun:
    def test_rests_only_when_nothing_is_due(self) -> None:
        made = bench(due(), due(), due(), outcomes=(DONE, DONE, DONE))
        stop = Stop(2)
        made.relay.run(stop)
        assert stop.rests == [IDLE_SECONDS, IDLE_SECONDS]
        assert [call[0] for call in made.store.calls] == ["delivered"] * 3
        assert len(made.store.claims) == 5

    def test_a_storage_that_fails_is_waited_for(self) -> None:
        made = bench(StorageError(), due(), StorageError(), due(), outcomes=(DONE, DONE))
        stop = Stop(3)
        made.relay.run(stop)
        assert stop.rests == [STORAGE_REST_SECONDS, STORAGE_REST_SECONDS, IDLE_SECONDS]
        assert [call[0] for call in made.store.calls] == ["delivered"] * 2

    @pytest.mark.parametrize(
        "outcome", [DONE, Refused(code="http-422"), Failed(code="http-500"), Failed(code="http-403", pause_lane=True)]
    )
    def test_what_could_not_be_settled_is_not_told_as_settled(self, outcome: Outcome) -> None:
        made = bench(due(), outcomes=(outcome,))
        made.store.broken = StorageError()
        with pytest.raises(StorageError):
            made.relay.step()
        assert made.told == []

    def test_goes_on_when_a_settlement_fails(self) -> None:
        made = bench(due(), outcomes=(DONE,))
        made.store.broken = StorageError()
        stop = Stop(2)
        made.relay.run(stop)
        assert stop.rests == [STORAGE_REST_SECONDS, IDLE_SECONDS]
        assert len(made.transport.sent) == 1

    def test_stopped_before_it_began_it_claims_nothing(self) -> None:
        made = bench(due())
        stop = threading.Event()
        stop.set()
        made.relay.run(stop)
        assert made.store.claims == []

    def test_finishes_what_is_under_way_and_claims_nothing_more(self) -> None:
        stop = threading.Event()
        made = bench(due(), due(), outcomes=(DONE, DONE))

        class Stopping(FakeTransport):
            def send(self, request: Request) -> Response:
                stop.set()
                return super().send(request)

        lane = replace(made.relay.lanes["platform"], transport=Stopping())
        replace(made.relay, lanes={"platform": lane}).run(stop)
        assert [call[0] for call in made.store.calls] == ["delivered"]
        assert len(made.store.claims) == 1

    def test_stops_at_once_when_it_rests(self) -> None:
        made = bench()
        stop = threading.Event()
        thread = threading.Thread(target=made.relay.run, args=(stop,))
        thread.start()
        stop.set()
        thread.join(timeout=30)
        assert not thread.is_alive()


class TestLog:
    def test_every_attempt_is_a_line_of_our_own_words(self, lines: Callable[[], list[dict[str, Any]]]) -> None:
        one = due(attempts=2)
        bench(one, outcomes=(DONE,)).relay.step()
        (line,) = lines()
        told = {name: line[name] for name in ("event", "logger", "record_id", "carrier", "attempts", "status")}
        assert told == {
            "event": "delivery",
            "logger": "relay",
            "record_id": one.id,
            "carrier": "platform",
            "attempts": 3,
            "status": "delivered",
        }
        assert "dropped_keys" not in line

    def test_a_paused_lane_is_an_error(self, lines: Callable[[], list[dict[str, Any]]]) -> None:
        bench(due(), outcomes=(Failed(code="http-403", pause_lane=True),)).relay.step()
        paused, delivery = lines()
        assert (paused["event"], paused["level"], paused["carrier"], paused["code"]) == (
            "lane_paused",
            "error",
            "platform",
            "http-403",
        )
        assert delivery["status"] == "retry"

    def test_a_storage_that_fails_is_an_error(self, lines: Callable[[], list[dict[str, Any]]]) -> None:
        bench(StorageError(CANARY)).relay.run(Stop(2))
        (line,) = lines()
        assert (line["event"], line["level"], line["code"]) == ("storage", "error", "storage-unavailable")

    def test_no_line_holds_a_value(self, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
        whole = order(recipient__address__country="US")
        outcomes = (DONE, Refused(code="http-422"), Failed(code="http-500"), Failed(code="http-403", pause_lane=True))
        everything = [due() for _ in outcomes] + [change(due()) for change in TAMPERED.values()]
        with caplog.at_level(logging.DEBUG):
            bench(*everything, StorageError(CANARY), outcomes=outcomes).relay.run(Stop(2))
            bench(due(), problem=TransientDeliveryError(CANARY)).relay.step()
            bench(due(), problem=PermanentDeliveryError(CANARY)).relay.step()
        told = capsys.readouterr().err + caplog.text
        assert told.count("\n") > len(everything)
        assert [value for value in (*values(whole, shortest=7), CANARY, str(DONE.barcode)) if value in told] == []
        assert not [part for one in everything for part in one.parts if len(part.jwe) > 9 and part.jwe in told]

    def test_shows_nothing_of_what_it_holds(self) -> None:
        made = bench(due())
        shown = repr(made.relay) + repr(made.relay.lanes["platform"])
        assert "key" not in shown.casefold()


@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize(("day", "sent"), [("2027-12-22T22:59:00+00:00", True), ("2027-12-22T23:00:00+00:00", False)])
def test_nothing_is_sent_after_the_last_permitted_day_that_was_signed(day: str, sent: bool) -> None:
    one = due()
    forged = replace(one, parts=tuple(replace(part, until=date(2099, 1, 1)) for part in one.parts))
    made = bench(forged, outcomes=(DONE,), clock=lambda: datetime.fromisoformat(day))
    made.relay.step()
    assert bool(made.transport.sent) is sent
    assert made.store.calls[0][0] == ("delivered" if sent else "bury")


def test_a_record_cannot_be_sent_by_another_carrier_than_the_signed_one() -> None:
    made = bench(due(carrier="elsewhere"))
    made.relay.step()
    assert made.transport.sent == []
    assert made.store.calls[0][:3] == ("bury", made.store.calls[0][1], State.QUARANTINED)


@pytest.mark.parametrize("odd", [{"receipt": b"x"}, {"receipt": None}, {"clear": None}, {"clear": "x"}])
def test_whatever_a_database_gives_back_is_quarantined_and_the_relay_goes_on(odd: dict[str, Any]) -> None:
    made = bench(replace(due(), **odd), due(), outcomes=(DONE,))
    assert (made.relay.step(), made.relay.step()) == (True, True)
    assert [call[0] for call in made.store.calls] == ["bury", "delivered"]


def test_what_is_held_behind_nothing_is_named_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    made = bench()
    made.store.stranded.append(("a-record", "platform"))
    made.relay.run(Stop(1))
    assert made.told == [("platform", "quarantined")]
    assert '"held_behind_nothing"' in capsys.readouterr().err
