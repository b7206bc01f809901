"""What shops are to be told: made with what was settled, told in order under a lease, gone once it was heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text, update

from middleware.core.listening import purpose
from middleware.exchange import Delivered
from middleware.model import Arrival, Reason, Record, State, Stored
from middleware.model_back import Event, Kind, Listener, Stop, Way
from middleware.model_keys import Fact
from middleware.ports import Store
from middleware.ports_back import Outbox
from middleware.storage import open_outbox, open_retention, open_rotations
from middleware.storage.numbers_sql import MOST_FORMERS
from middleware.storage.tables import records
from middleware.storage.tables_back import callbacks, listeners
from tests.storage.builders import LATER, LEASE, NOW, again, arrival, cancelled, digest, record
from tests.storage.looking import claim, column, sizes
from tests.storage.purging import purge

LAST = date(2026, 12, 22)
GIVEN = Delivered(barcode="B1", state="created")


def listener(**changes: object) -> Listener:
    values = {"callback": True, "fulfilment": False, "test": False, "order_ref": "sealed", "until": LAST, **changes}
    return Listener(**values)  # type: ignore[arg-type]  # as the defaults are


@pytest.fixture
def outbox(url: str) -> Iterator[Outbox]:
    opened = open_outbox(url)
    yield opened
    opened.close()


def sent(store: Store, shop: str = "demo", **changes: object) -> Record:
    """A record that the parcel platform took."""
    made = record(listener=listener(**changes))
    store.accept(arrival(shop=shop), made)
    stored = store.claim(NOW, LEASE, shop)
    assert stored is not None
    assert store.delivered(stored, GIVEN, NOW)
    return made


def next_(outbox: Outbox, shop: str = "demo", now: object = NOW) -> Event:
    event = outbox.claim(now, LEASE, shop)  # type: ignore[arg-type]  # a moment
    assert event is not None
    return event


def test_what_was_delivered_is_told_with_its_barcode_and_the_sealed_order(store: Store, outbox: Outbox) -> None:
    assert outbox.due(NOW) == []
    made = sent(store)
    assert outbox.due(NOW) == ["demo"]
    event = next_(outbox)
    assert (event.record_id, event.reference, event.barcode) == (made.id, made.reference, "B1")
    assert (event.way, event.kind, event.happened_at) == (Way.CALLBACK, Kind.CREATED, NOW)
    assert (event.order_ref, event.test, event.attempts, event.formers) == ("sealed", False, 0, frozenset())


def test_of_whom_nobody_listens_nothing_is_made(store: Store, outbox: Outbox, behind: Engine) -> None:
    store.accept(arrival(), record())
    store.delivered(claim(store), GIVEN, NOW)
    assert outbox.due(NOW) == []
    assert sizes(behind)["listeners"] == sizes(behind)["callbacks"] == 0


def test_the_order_leaves_once_it_was_told_and_each_opening_is_noted(
    url: str, store: Store, outbox: Outbox, behind: Engine
) -> None:
    made = sent(store)
    assert outbox.again(next_(outbox), NOW + LATER, "http-500")
    assert outbox.done(next_(outbox, now=NOW + LATER))
    with behind.connect() as connection:
        assert connection.execute(select(listeners.c.order_ref, listeners.c.known)).all() == [(None, True)]
        assert connection.execute(select(callbacks)).all() == []
    kept = open_retention(url)
    assert [entry.fact for entry in kept.noted(made.id)] == [Fact.OPENED] * 2
    kept.close()


@pytest.mark.parametrize("over", [False, True])
def test_the_order_stays_as_long_as_its_number_may_have_to_be_taken_back(
    store: Store, outbox: Outbox, behind: Engine, over: bool
) -> None:
    first = arrival()
    store.accept(first, record(listener=listener(fulfilment=True)))
    assert store.delivered(claim(store), GIVEN, NOW)
    one, other = next_(outbox), next_(outbox)
    assert {one.way, other.way} == {Way.CALLBACK, Way.FULFILMENT}
    assert (outbox.done(one), outbox.done(other)) == (True, True)
    assert column(behind, listeners, "order_ref") == ["sealed"]
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    assert (store.too_late if over else store.gone)(leased(store, NOW + LATER), NOW + LATER)
    assert column(behind, listeners, "order_ref") == ["sealed"]
    while event := outbox.claim(NOW + LATER, LEASE, "demo"):
        assert outbox.done(event)
    assert column(behind, listeners, "order_ref") == [None]


def test_a_lease_holds_others_off_ends_and_is_fenced(store: Store, outbox: Outbox) -> None:
    sent(store)
    first = next_(outbox)
    assert outbox.claim(NOW, LEASE, "demo") is None
    later = NOW + timedelta(seconds=LEASE)
    second = next_(outbox, now=later)
    assert (second.id, second.fence) == (first.id, first.fence + 1)
    stop = Stop(shop="demo", address="a", at=NOW, until=LAST)
    assert not any((outbox.done(first), outbox.again(first, later, "x"), outbox.failed(first, "x")))
    assert not outbox.stop(first, stop)
    assert outbox.stops() == []
    assert outbox.again(second, later + LATER, "timeout")
    assert next_(outbox, now=later + LATER).attempts == 1


def test_what_happened_first_is_told_first_and_a_cancelled_shipment_is_told(store: Store, outbox: Outbox) -> None:
    first = arrival()
    made = record(listener=listener())
    store.accept(first, made)
    store.delivered(claim(store), GIVEN, NOW)
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    stored = store.claim(NOW + LATER, LEASE, "demo")
    assert stored is not None
    assert stored.cancelling
    assert store.gone(stored, NOW + LATER)
    created = next_(outbox, now=NOW + LATER)
    assert created.kind is Kind.CREATED
    assert outbox.claim(NOW + LATER, LEASE, "demo") is None  # the first is under way
    assert outbox.done(created)
    told = next_(outbox, now=NOW + LATER)
    assert (told.kind, told.barcode, told.order_ref) == (Kind.CANCELLED, "B1", None)


def test_of_what_the_platform_never_had_no_cancellation_is_told(store: Store, outbox: Outbox) -> None:
    first = arrival()
    store.accept(first, record(listener=listener()))
    store.retry(claim(store), NOW + LATER, "timeout", counted=True)
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    stored = store.claim(NOW + LATER, LEASE, "demo")
    assert stored is not None
    assert store.gone(stored, NOW + LATER)
    assert outbox.due(NOW + LATER) == []


@pytest.mark.parametrize("state", [State.DEAD, State.QUARANTINED])
def test_what_goes_nowhere_is_told_and_is_no_fulfilment(store: Store, outbox: Outbox, state: State) -> None:
    store.accept(arrival(), record(listener=listener(fulfilment=True)))
    assert store.bury(claim(store), state, "http-422", NOW)
    event = next_(outbox)
    assert (event.kind, event.way, event.barcode, event.why) == (Kind.FAILED, Way.CALLBACK, None, "http-422")
    assert outbox.claim(NOW, LEASE, "demo") is None


def test_why_it_failed_is_told_as_it_was_then(store: Store, outbox: Outbox, behind: Engine) -> None:
    made = record(listener=listener())
    store.accept(arrival(), made)
    assert store.bury(claim(store), State.DEAD, "http-422", NOW)
    with behind.begin() as connection:
        connection.execute(update(records).where(records.c.id == made.id).values(last_code="timeout"))
    assert next_(outbox).why == "http-422"


def test_of_what_was_tried_again_and_delivered_no_failure_is_told(store: Store, outbox: Outbox) -> None:
    store.accept(arrival(), record(listener=listener()))
    store.retry(claim(store), NOW + LATER, "timeout", counted=True)
    stored = store.claim(NOW + LATER, LEASE, "demo")
    assert stored is not None
    assert store.delivered(stored, GIVEN, NOW + LATER)
    assert next_(outbox, now=NOW + LATER).why is None


def told_of(outbox: Outbox, at: datetime) -> list[tuple[str, Kind]]:
    """All that the shop is told by then: of which record, and what."""
    said = []
    while event := outbox.claim(at, LEASE, "demo"):
        said.append((event.record_id, event.kind))
        assert outbox.done(event)
    return said


def test_what_is_held_behind_nothing_is_told(store: Store, outbox: Outbox, behind: Engine) -> None:
    first = arrival()
    store.accept(first, record(listener=listener()))
    store.delivered(claim(store), GIVEN, NOW)
    assert outbox.done(next_(outbox))
    held = changed(store, first, 1)
    with behind.begin() as connection:
        connection.execute(update(records).where(records.c.id == held.id).values(predecessor="nowhere"))
    assert store.strand(NOW + LATER)
    assert told_of(outbox, NOW + LATER) == [(held.id, Kind.FAILED)]


def test_what_cannot_be_read_is_told(store: Store, outbox: Outbox, behind: Engine) -> None:
    made = record(listener=listener())
    store.accept(arrival(), made)
    with behind.begin() as connection:
        connection.execute(update(records).where(records.c.id == made.id).values(fence=2**31 - 1))
    assert store.claim(NOW, LEASE, "demo") is None
    assert told_of(outbox, NOW) == [(made.id, Kind.FAILED)]


def test_what_could_not_be_cancelled_is_told(store: Store, outbox: Outbox) -> None:
    first, made = arrival(), record(listener=listener())
    store.accept(first, made)
    store.delivered(claim(store), GIVEN, NOW)
    assert outbox.done(next_(outbox))
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    assert store.bury(leased(store, NOW + LATER), State.DEAD, "http-400", NOW + LATER)
    assert told_of(outbox, NOW + LATER) == [(made.id, Kind.FAILED)]


def test_what_its_order_no_longer_wants_is_no_fulfilment_until_it_stands_again(store: Store, outbox: Outbox) -> None:
    first, made = arrival(), record(listener=listener(fulfilment=True))
    store.accept(first, made)
    stored = claim(store)
    store.accept(again(first), record(content=digest(), listener=listener(fulfilment=True)))
    assert store.delivered(stored, GIVEN, NOW)
    created = next_(outbox)
    assert created.way is Way.CALLBACK
    assert outbox.claim(NOW, LEASE, "demo") is None
    outbox.done(created)
    leased = store.claim(NOW + LATER, LEASE, "demo")
    assert leased is not None
    assert store.too_late(leased, NOW + LATER)
    events = [next_(outbox, now=NOW + LATER) for _ in range(2)]
    assert {(event.way, event.kind) for event in events} == {
        (Way.CALLBACK, Kind.CHANGED),
        (Way.FULFILMENT, Kind.CREATED),
    }


def test_a_barcode_that_was_seen_only_when_it_was_too_late_is_told(store: Store, outbox: Outbox) -> None:
    first, at = arrival(), NOW + timedelta(seconds=LEASE + 1)
    store.accept(first, record(listener=listener(fulfilment=True)))
    claim(store)  # the relay makes the parcel, and dies
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    stored = store.claim(at, LEASE, "demo")
    assert stored is not None
    assert store.too_late(stored, at, "B7")
    events = [next_(outbox, now=at) for _ in range(2)]
    assert {(event.way, event.barcode) for event in events} == {(Way.CALLBACK, "B7"), (Way.FULFILMENT, "B7")}


FULFILMENT = {"callback": False, "fulfilment": True}


def changed(store: Store, first: Arrival, times: int, **changes: object) -> Record:
    """Another content of the same order."""
    made = record(content=digest(), listener=listener(**changes))
    store.accept(again(first, updated_at=first.updated_at + times * LATER), made)
    return made


def leased(store: Store, at: datetime) -> Stored:
    stored = store.claim(at, LEASE, "demo")
    assert stored is not None
    return stored


def gone(store: Store, at: datetime) -> None:
    stored = leased(store, at)
    assert stored.cancelling
    assert store.gone(stored, at)


def formers(store: Store, outbox: Outbox, last: Record, at: datetime) -> frozenset[str]:
    """What the fulfilment of this one, which the parcel platform takes, is to take the place of."""
    stored = leased(store, at)
    assert stored.id == last.id
    assert store.delivered(stored, Delivered(barcode="LAST", state="created"), at)
    event = next_(outbox, now=at)
    assert (event.record_id, event.way, event.barcode) == (last.id, Way.FULFILMENT, "LAST")
    return event.formers


@pytest.fixture
def fulfilled(store: Store, outbox: Outbox) -> Arrival:
    """An order whose platform has the number of its first parcel."""
    first = arrival()
    store.accept(first, record(listener=listener(**FULFILMENT)))
    assert store.delivered(claim(store), GIVEN, NOW)
    assert outbox.done(next_(outbox))
    return first


def test_one_that_took_anothers_place_knows_its_barcode(store: Store, outbox: Outbox, fulfilled: Arrival) -> None:
    last = changed(store, fulfilled, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    assert formers(store, outbox, last, NOW + LATER) == {"B1"}


def test_the_number_that_the_platform_has_is_known_after_one_that_never_went_out(
    store: Store, outbox: Outbox, fulfilled: Arrival
) -> None:
    changed(store, fulfilled, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    changed(store, fulfilled, 2, **FULFILMENT)  # the one before was released, and never claimed
    last = changed(store, fulfilled, 3, **FULFILMENT)
    assert formers(store, outbox, last, NOW + 4 * LATER) == {"B1"}


def test_the_number_that_the_platform_has_is_known_after_one_that_got_none(
    store: Store, outbox: Outbox, fulfilled: Arrival
) -> None:
    changed(store, fulfilled, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    assert store.bury(leased(store, NOW + LATER), State.DEAD, "http-422", NOW + LATER)
    last = changed(store, fulfilled, 2, **FULFILMENT)
    gone(store, NOW + 4 * LATER)
    assert formers(store, outbox, last, NOW + 4 * LATER) == {"B1"}


def test_the_number_that_the_platform_has_is_known_after_one_of_which_it_was_not_told(
    store: Store, outbox: Outbox, fulfilled: Arrival
) -> None:
    changed(store, fulfilled, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    assert store.delivered(leased(store, NOW + LATER), Delivered(barcode="B2", state="created"), NOW + LATER)
    last = changed(store, fulfilled, 2, **FULFILMENT)  # told or not, if a relay died: the platform knows which
    gone(store, NOW + 4 * LATER)
    assert formers(store, outbox, last, NOW + 4 * LATER) == {"B1", "B2"}


def test_the_number_that_the_platform_has_is_known_after_the_order_had_nothing_to_ship(
    store: Store, outbox: Outbox, fulfilled: Arrival
) -> None:
    changed(store, fulfilled, 1, **FULFILMENT)
    gone(store, NOW + LATER)
    nothing = again(fulfilled, updated_at=fulfilled.updated_at + 2 * LATER, halt=Reason.NOTHING_TO_SHIP)
    store.accept(nothing, None)  # the one that was released is withdrawn
    taken = next_(outbox, now=NOW + LATER)
    assert (taken.kind, *taken.formers) == (Kind.CANCELLED, "B1")
    assert outbox.again(taken, NOW + 9 * LATER, "timeout")
    last = changed(store, fulfilled, 3, **FULFILMENT)
    assert formers(store, outbox, last, NOW + 4 * LATER) == {"B1"}


def test_the_number_that_the_platform_has_is_known_after_versions_of_which_it_was_to_be_told_nothing(
    store: Store, outbox: Outbox, fulfilled: Arrival
) -> None:
    """The shop switched it off, and on again."""
    for times in (1, 2):
        store.accept(again(fulfilled, updated_at=fulfilled.updated_at + times * LATER), record(content=digest()))
        if times == 1:
            gone(store, NOW + LATER)
    assert outbox.again(next_(outbox, now=NOW + LATER), NOW + 9 * LATER, "unknown-shop")
    last = changed(store, fulfilled, 3, **FULFILMENT)
    assert formers(store, outbox, last, NOW + 4 * LATER) == {"B1"}


def test_of_many_numbers_the_one_that_the_platform_has_is_known_longest(
    store: Store, outbox: Outbox, fulfilled: Arrival, behind: Engine
) -> None:
    for times in range(1, MOST_FORMERS + 3):
        last = changed(store, fulfilled, times, **FULFILMENT)
        gone(store, NOW + times * LATER)
        given = Delivered(barcode=f"C{times}", state="created")
        assert store.delivered(leased(store, NOW + times * LATER), given, NOW + times * LATER)
    with behind.connect() as connection:
        rests = connection.execute(select(listeners.c.formers).where(listeners.c.record_id == last.id)).scalar_one()
        first, *others = rests.split()
        assert connection.execute(select(records.c.barcode).where(records.c.id == first)).scalar_one() == "B1"
    assert len(others) == MOST_FORMERS - 1
    event = next_(outbox, now=NOW + 99 * LATER)
    assert event.formers == {"B1", *(f"C{times}" for times in range(3, MOST_FORMERS + 2))}
    assert outbox.done(event)
    assert last.id in column(behind, listeners, "formers")


@pytest.mark.parametrize("callback", [True, False])
def test_the_order_leaves_with_what_can_be_told_no_more(
    store: Store, outbox: Outbox, behind: Engine, callback: bool
) -> None:
    """Withdrawn before its claim, or cancelled before it was delivered; and of a fulfilment once it is cancelled."""
    for claimed in (False, True):
        first = arrival()
        store.accept(first, record(listener=listener(fulfilment=True, callback=callback)))
        if claimed:
            store.retry(claim(store), NOW, "timeout", counted=True)
        store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
        if claimed:
            store.gone(claim(store), NOW)
        assert sizes(behind)["listeners"] == 0
    first = arrival()
    store.accept(first, record(listener=listener(fulfilment=True, callback=callback)))
    store.delivered(claim(store), GIVEN, NOW)
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    stored = store.claim(NOW + LATER, LEASE, "demo")
    assert stored is not None
    assert store.gone(stored, NOW + LATER)
    ways = []
    while event := outbox.claim(NOW + LATER, LEASE, "demo"):
        ways.append(event.way)
        outbox.done(event)
    assert ways == [Way.CALLBACK] * 2 * callback
    with behind.connect() as connection:
        assert [one for one in connection.execute(select(listeners.c.order_ref)).scalars() if one] == []


def test_who_wants_no_more_is_left_alone_for_a_while_and_others_are_not(store: Store, outbox: Outbox) -> None:
    sent(store)
    sent(store)
    sent(store, "other")
    sent(store, fulfilment=True, callback=False)
    stop = Stop(shop="demo", address="a", at=NOW, until=LAST)
    under_way = next_(outbox)
    assert outbox.stop(next_(outbox), stop)
    assert outbox.stops() == [stop]
    assert not outbox.done(under_way)  # whoever had it in hand tells it no more
    sent(store)
    assert outbox.counts() == {"waiting": 2, "failed": 0, "stopped": 1}
    assert next_(outbox).way is Way.FULFILMENT
    assert outbox.due(NOW) == ["other"]
    assert outbox.resume("demo", NOW)
    assert not outbox.resume("demo", NOW)
    assert sorted(outbox.due(NOW)) == ["demo", "other"]
    told = [outbox.done(next_(outbox)) for _ in range(3)]
    assert (told, outbox.claim(NOW, LEASE, "demo")) == ([True] * 3, None)


def test_a_callback_tells_the_order_once_however_long_its_fulfilment_waits(
    url: str, store: Store, outbox: Outbox
) -> None:
    first, made = arrival(), record(listener=listener(fulfilment=True))
    store.accept(first, made)
    assert store.delivered(claim(store), GIVEN, NOW)
    given = {event.way: event for event in (next_(outbox), next_(outbox))}
    assert {event.order_ref for event in given.values()} == {"sealed"}
    assert outbox.done(given[Way.CALLBACK])
    assert outbox.again(given[Way.FULFILMENT], NOW + LATER * 9, "on-hold")
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    leased = store.claim(NOW + LATER, LEASE, "demo")
    assert leased is not None
    assert store.too_late(leased, NOW + LATER)
    later = {event.way: event for event in (next_(outbox, now=NOW + LATER * 9) for _ in range(2))}
    assert (later[Way.CALLBACK].kind, later[Way.CALLBACK].order_ref) == (Kind.CHANGED, None)
    assert later[Way.FULFILMENT].order_ref == "sealed"
    kept = open_retention(url)
    assert [entry.fact for entry in kept.noted(made.id)] == [Fact.OPENED] * 3
    kept.close()


def test_what_was_given_up_waits_for_a_person(store: Store, outbox: Outbox) -> None:
    made = sent(store)
    sent(store, "other")
    assert outbox.failed(next_(outbox), "http-500")
    assert outbox.failed(next_(outbox, "other"), "http-404")
    assert outbox.due(NOW + timedelta(days=9)) == []
    (told,) = outbox.unheard("demo", 9)
    assert (told.record_id, told.failed, told.attempts, told.code) == (made.id, True, 1, "http-500")
    assert len(outbox.unheard(None, 9)) == 2
    assert outbox.retry("demo", NOW) == 1
    assert (next_(outbox).attempts, outbox.retry(None, NOW)) == (0, 1)


def test_a_person_who_tells_again_leaves_alone_who_wants_no_more(store: Store, outbox: Outbox) -> None:
    sent(store)
    sent(store)
    sent(store, fulfilment=True, callback=False)
    assert outbox.failed(next_(outbox), "http-500")
    assert outbox.stop(next_(outbox), Stop(shop="demo", address="a", at=NOW, until=LAST))
    assert outbox.failed(next_(outbox), "on-hold")
    assert outbox.counts() == {"waiting": 0, "failed": 2, "stopped": 1}
    assert [one.failed for one in outbox.unheard("demo", 9) if one.code == "stopped"] == [False]
    assert outbox.retry(None, NOW) == 1
    assert next_(outbox).way is Way.FULFILMENT
    assert outbox.claim(NOW, LEASE, "demo") is None
    assert outbox.resume("demo", NOW)
    assert outbox.retry("demo", NOW) == 1
    assert {next_(outbox).way for _ in range(2)} == {Way.CALLBACK}


@pytest.mark.parametrize("between", [False, True])
def test_what_was_given_up_is_not_told_behind_what_came_after_it(
    store: Store, outbox: Outbox, behind: Engine, between: bool
) -> None:
    first, other = arrival(), sent(store)
    assert outbox.failed(next_(outbox), "http-500")
    store.accept(first, record(listener=listener()))
    store.delivered(claim(store), GIVEN, NOW)
    assert outbox.failed(next_(outbox), "http-500")
    store.accept(cancelled(order=first.order, updated_at=first.updated_at + LATER), None)
    gone(store, NOW + LATER)
    later = next_(outbox, now=NOW + LATER)
    again_ = [outbox.retry("demo", NOW + LATER)] if between else []  # while the later is under way
    assert (later.kind, outbox.done(later)) == (Kind.CANCELLED, True)
    again_ += [outbox.retry("demo", NOW + LATER)]
    assert again_ == ([2, 0] if between else [1])
    assert told_of(outbox, NOW + LATER) == [(other.id, Kind.CREATED)]
    assert sizes(behind)["callbacks"] == 0


@pytest.mark.policy("VP-RET-3")
def test_nothing_of_it_outlives_its_last_day_or_its_record(url: str, store: Store, behind: Engine) -> None:
    sent(store)
    day = NOW.replace(day=22, month=12)
    assert "listeners" not in purge(url, day)
    assert purge(url, day + timedelta(days=1))["listeners"] == 1
    assert sizes(behind)["listeners"] == sizes(behind)["callbacks"] == 0
    first = arrival()
    store.accept(first, record(listener=listener()))
    store.accept(again(first), record())  # the one before was never claimed, and is gone
    assert sizes(behind)["listeners"] == 0


def test_what_is_settled_and_what_is_told_of_it_are_one(url: str, store: Store, behind: Engine) -> None:
    """What cannot be put down is not settled: the record stays claimed, and is sent again under its own id."""
    made = record(listener=listener())
    store.accept(arrival(), made)
    stored = claim(store)
    with behind.begin() as connection:
        connection.execute(text("ALTER TABLE callbacks RENAME COLUMN shop TO shap"))
    try:
        with pytest.raises(Exception, match="storage"):
            store.delivered(stored, GIVEN, NOW)
    finally:
        with behind.begin() as connection:
            connection.execute(text("ALTER TABLE callbacks RENAME COLUMN shap TO shop"))
    found = store.show(made.id)
    assert found is not None
    assert (found.state, found.barcode) == (State.CLAIMED, None)


def test_the_order_follows_the_service_key_when_that_is_changed(url: str, store: Store, outbox: Outbox) -> None:
    made = sent(store)
    rotations = open_rotations(url)
    (found,) = rotations.locked(None, 9)
    assert (found.purpose, found.token) == (purpose(made.id), "sealed")
    assert rotations.locked(found, 9) == []
    assert rotations.relocked([found], [replace(found, token="anew")]) == 1
    assert rotations.relocked([found], [replace(found, token="too late")]) == 0
    assert next_(outbox).order_ref == "anew"
    rotations.close()


def test_a_row_that_nobody_of_us_wrote_stops_no_other(store: Store, outbox: Outbox, behind: Engine) -> None:
    odd = sent(store)
    other = sent(store)
    with behind.begin() as connection:
        changed = "UPDATE callbacks SET way = 'nonsense', happened_at = 4611686018427387904 WHERE record_id = :id"
        connection.execute(text(changed), {"id": odd.id})
    told = {event.record_id for _ in range(2) if (event := outbox.claim(NOW, LEASE, "demo"))}
    assert told == {other.id}
    assert outbox.counts()["failed"] == 1
    assert {(one.record_id, one.way, one.failed) for one in outbox.unheard("demo", 9)} == {
        (odd.id, "nonsense", True),
        (other.id, "callback", False),
    }
