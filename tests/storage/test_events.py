"""Clocks that start and move: parts, copies, what leads to them and their record in one transaction, once."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as happens

from middleware.core.clocks import clock
from middleware.errors import StorageError
from middleware.exchange import Delivered
from middleware.model import Arrival, Ending, IndexEntry, Reason, Record, SealedCopy, Status
from middleware.model_events import TRIGGERS, Clock, Event, EventType, Recorded, Selector
from middleware.model_keys import Fact
from middleware.model_purge import Held, Telling, Told
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_copies, open_retention, open_store
from middleware.storage.retention import SqlRetention
from middleware.storage.tables import metadata
from schemas.policy_loader import load
from tests.storage.builders import LEASE, NOW, again, arrival, digest, part, record
from tests.storage.dying import at_every_statement
from tests.storage.looking import claim
from tests.storage.purging import purge, rows, sealed
from tests.storage.test_crash import waiting as waiting_for_a_lock

DONE = Delivered(barcode="323299901059900000012345", state="created")
PACKS = {
    EventType.DELIVERED: load("bpost-shipping-platform").interpret({"recipient_clock": "delivered"}),
    EventType.END_OF_USE: load("bpost-shipping-platform").interpret({"sender_legal_start": "end-of-use"}),
    EventType.AGREEMENT_DISSOLVED: load("bpost-maxiresponse"),
    EventType.LAST_ORDER: load("bpost-mystamp"),
}
DELIVERY, SENDER, CUSTOMER = "recipient.delivery", "sender.contact", "mystamp.customer"
DAY = date(2026, 11, 25)
LATER = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
UNTIL = date(2027, 12, 25)
ALL = Selector()


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def told(kind: EventType = EventType.DELIVERED, selector: Selector = ALL, day: date = DAY, **changes: Any) -> Event:
    values = {"shop": "demo", "about": None, "by": "Els", "at": LATER, "until": date(2026, 12, 25), **changes}
    return Event(id=str(uuid.uuid4()), type=kind, selector=selector, day=day, **values)


def of(kind: EventType, day: date = DAY) -> Clock:
    return clock(PACKS[kind], TRIGGERS[kind], day)


def tell(retention: Retention, what: Event, now: datetime = LATER) -> Recorded:
    return retention.record(what, of(what.type, what.day), now)


def waiting(arrived: Arrival, *parts: Any, **changes: Any) -> Record:
    made = record(parts=parts or (open_part(DELIVERY, "delivered"),), clear_until=None, until=None, **changes)
    return replace(made, index=(IndexEntry(kind="order.id", digest=arrived.order, until=None),))


def open_part(name: str, trigger: str, **changes: Any) -> Any:
    return part(name, trigger=trigger, starts=None, until=None, **changes)


def taken(store: Store, *parts: Any, sent: bool = True, **changes: Any) -> tuple[Arrival, Record]:
    arrived = arrival(standing_until=None, **changes)
    made = waiting(arrived, *parts)
    store.accept(arrived, made)
    if sent:
        store.delivered(claim(store), DONE, NOW)
    return arrived, made


def stamped(store: Store, buyer: bytes) -> Record:
    """A MyStamp order: its customer's index leads to it as well."""
    day = NOW.date()
    made = record(
        parts=(
            part(
                CUSTOMER,
                retention="ms.customer",
                trigger="last_order",
                starts=day,
                until=day.replace(year=day.year + 3),
            ),
        ),
        until=day.replace(year=day.year + 3),
        clear_until=day.replace(year=day.year + 3),
    )
    index = (IndexEntry(kind="customer.id", digest=buyer, until=made.until),)
    store.accept(arrival(), replace(made, index=index))
    return made


def dates(behind: Engine, made: Record) -> dict[str, tuple[date | None, date | None]]:
    return {row["name"]: (row["starts"], row["until"]) for row in rows(behind, "parts") if row["record_id"] == made.id}


def by_order(arrived: Arrival) -> Selector:
    return Selector(kind="order.id", digest=arrived.order)


@pytest.mark.policy("MS-RET-1")
@pytest.mark.parametrize("ending", [*Ending, None])
def test_what_is_being_taken_back_lives_no_longer_by_an_event(
    store: Store, retention: Retention, behind: Engine, ending: Ending | None
) -> None:
    buyer = digest()
    made = stamped(store, buyer)
    arrived, waits = taken(store)
    with behind.begin() as connection:
        connection.execute(metadata.tables["records"].update().values(ending=ending))
    tell(retention, told(EventType.LAST_ORDER, Selector(kind="customer.id", digest=buyer)))
    moved = ending in (None, Ending.TOO_LATE)
    assert dates(behind, made)[CUSTOMER][1] == (date(2029, 11, 25) if moved else date(2029, 11, 22))
    tell(retention, told(selector=by_order(arrived)))
    assert dates(behind, waits) == {DELIVERY: (DAY, UNTIL)}  # else it might never end


@pytest.mark.policy("VP-RET-4", "AMB-2", "AMB-20")
def test_a_delivery_starts_the_recipients_clock_and_all_that_hangs_on_it(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    copy = SealedCopy(kid=f"{DELIVERY}/vp.recipient.operational/2027-12", jwe="made up")
    arrived, made = taken(
        store,
        open_part(DELIVERY, "delivered", copy=copy),
        part(SENDER, retention="vp.sender.legal", until=date(2036, 11, 22)),
    )
    _, other = taken(store)
    came = tell(retention, told(selector=by_order(arrived)))
    assert (came.found, came.parts, came.early, came.records, came.until) == (1, 1, 0, (made.id,), UNTIL)
    assert dates(behind, made) == {DELIVERY: (DAY, UNTIL), SENDER: (date(2026, 11, 22), date(2036, 11, 22))}
    assert dates(behind, other) == {DELIVERY: (None, None)}
    (row,) = (row for row in rows(behind, "records") if row["id"] == made.id)
    assert (row["clear_until"], row["until"]) == (UNTIL, date(2036, 11, 22))
    assert {row["until"] for row in rows(behind, "index_entries") if row["record_id"] == made.id} == {UNTIL}
    assert {row["until"] for row in rows(behind, "orders") if row["record_id"] == made.id} == {UNTIL}
    assert [row["until"] for row in rows(behind, "copies")] == [UNTIL]
    (notice,) = retention.told(made.id)
    assert (notice.telling, notice.state, notice.starts, notice.ends) == (Telling.RETAIN, Told.WAITING, DAY, UNTIL)
    with closing(open_copies(url)) as copies:
        assert copies.living(copy.kid, UNTIL, 10)[0].until == UNTIL
        assert copies.living(copy.kid, date(2028, 1, 1), 10) == []
    purge(url, datetime(2027, 12, 25, 22, 59, tzinfo=UTC))
    assert (made.id, SENDER) not in sealed(behind)  # it was sent: only the copy is here
    assert [row["part"] for row in rows(behind, "copies")] == [DELIVERY]
    purge(url, datetime(2027, 12, 25, 23, 0, tzinfo=UTC))
    assert rows(behind, "copies") == []
    assert {row["telling"] for row in rows(behind, "notices")} == {"erase"}


@pytest.mark.policy("VP-RET-3", "AMB-3")
def test_the_end_of_use_starts_the_ten_years_of_every_record_of_the_shop(
    store: Store, retention: Retention, behind: Engine
) -> None:
    open_ = open_part(SENDER, "end_of_use", retention="vp.sender.legal")
    made = [taken(store, part(DELIVERY), open_)[1] for _ in range(3)]
    taken(store, part(DELIVERY), open_, shop="other", sent=False)
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.found, came.parts, came.selected) == (3, 3, None)
    assert {one for each in made for one in [dates(behind, each)[SENDER]]} == {(DAY, date(2036, 11, 25))}
    assert {row["until"] for row in rows(behind, "records") if row["shop"] == "other"} == {None}


@pytest.mark.policy("MX-RET-1", "AMB-7")
def test_the_end_of_an_agreement_starts_the_three_years(store: Store, retention: Retention, behind: Engine) -> None:
    _, made = taken(store, open_part("maxiresponse.contact", "agreement_dissolved", retention="mx.all"))
    assert dates(behind, made) == {"maxiresponse.contact": (None, None)}
    tell(retention, told(EventType.AGREEMENT_DISSOLVED, Selector(record_id=made.id)))
    assert dates(behind, made) == {"maxiresponse.contact": (DAY, date(2029, 11, 25))}


CONTACT = "maxiresponse.contact"


@pytest.mark.policy("MX-RET-1", "AMB-7")
@pytest.mark.parametrize("sent", [False, True])
def test_a_contact_that_comes_again_after_the_end_of_its_agreement_keeps_its_three_years(
    store: Store, retention: Retention, behind: Engine, *, sent: bool
) -> None:
    clock_ = open_part(CONTACT, "agreement_dissolved", retention="mx.all")
    arrived, made = taken(store, clock_, sent=sent)
    tell(retention, told(EventType.AGREEMENT_DISSOLVED, Selector(record_id=made.id)))
    last = date(2029, 11, 25)
    now = LATER + timedelta(days=90)
    for number in range(2):  # the second takes the place of the first before that is sent
        newer = again(arrived, updated_at=now + timedelta(minutes=number), received_at=now, standing_until=None)
        made = replace(waiting(newer, clock_), due=now)
        assert store.accept(newer, made).status is Status.ACCEPTED
    assert dates(behind, made) == {CONTACT: (DAY, last)}
    (row,) = (row for row in rows(behind, "records") if row["id"] == made.id)
    assert (row["clear_until"], row["until"]) == (last, last)
    assert {row["until"] for row in rows(behind, "index_entries") if row["record_id"] == made.id} == {last}
    assert [row["until"] for row in rows(behind, "orders")] == [last]
    for _ in range(2 if sent else 1):
        stored = store.claim(now, LEASE, "demo")
        assert stored is not None
        if stored.cancelling:
            store.gone(stored, now)
        else:
            store.delivered(stored, DONE, now)
    (notice,) = retention.told(made.id)
    assert (notice.telling, notice.starts, notice.ends) == (Telling.RETAIN, DAY, last)


@pytest.mark.policy("MX-RET-1", "VP-RET-4")
def test_what_has_ended_and_what_a_parcel_began_is_not_gone_on_with(
    store: Store, retention: Retention, behind: Engine
) -> None:
    over = open_part(CONTACT, "agreement_dissolved", retention="mx.all")
    for part_, kind, now in (
        (over, EventType.AGREEMENT_DISSOLVED, datetime(2029, 11, 26, 9, tzinfo=UTC)),
        (open_part(DELIVERY, "delivered"), EventType.DELIVERED, LATER),
    ):
        arrived, made = taken(store, part_)
        tell(retention, told(kind, Selector(record_id=made.id)))
        newer = again(arrived, updated_at=now, received_at=now, standing_until=None)
        made = replace(waiting(newer, part_), due=now)
        assert store.accept(newer, made).status is Status.ACCEPTED
        assert dates(behind, made) == {part_.name: (None, None)}
        assert {row["moved_at"] for row in rows(behind, "parts") if row["record_id"] == made.id} == {None}


@pytest.mark.policy("VP-RET-4", "AMB-2")
def test_a_first_delivery_wins(store: Store, retention: Retention, behind: Engine) -> None:
    arrived, made = taken(store)
    tell(retention, told(selector=by_order(arrived)))
    for day in (date(2026, 11, 23), date(2027, 1, 1)):
        came = tell(retention, told(selector=by_order(arrived), day=day), LATER + timedelta(days=60))
        assert (came.found, came.parts) == (1, 0)
    assert dates(behind, made) == {DELIVERY: (DAY, UNTIL)}


@pytest.mark.policy("MS-RET-1", "AMB-16")
def test_a_later_order_restarts_the_clocks_of_the_same_customer_alone(
    store: Store, retention: Retention, behind: Engine
) -> None:
    buyer = digest()
    first, second, other = stamped(store, buyer), stamped(store, buyer), stamped(store, digest())
    came = tell(retention, told(EventType.LAST_ORDER, Selector(kind="customer.id", digest=buyer)))
    assert (came.found, came.parts, set(came.records)) == (2, 2, {first.id, second.id})
    assert dates(behind, first) == dates(behind, second) == {CUSTOMER: (DAY, date(2029, 11, 25))}
    assert dates(behind, other) == {CUSTOMER: (NOW.date(), date(2029, 11, 22))}
    assert {row["until"] for row in rows(behind, "index_entries")} == {date(2029, 11, 25), date(2029, 11, 22)}
    came = tell(retention, told(EventType.LAST_ORDER, Selector(kind="customer.id", digest=buyer), date(2026, 11, 24)))
    assert (came.found, came.parts) == (2, 0)


@pytest.mark.policy("MS-RET-1")
def test_what_has_ended_is_not_brought_back(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    buyer = digest()
    made = stamped(store, buyer)
    late = datetime(2029, 11, 23, 9, 0, tzinfo=UTC)
    selector = Selector(kind="customer.id", digest=buyer)
    assert tell(retention, told(EventType.LAST_ORDER, selector, late.date()), late).parts == 0
    assert dates(behind, made) == {CUSTOMER: (NOW.date(), date(2029, 11, 22))}
    purge(url, late)
    assert rows(behind, "records") == []
    assert tell(retention, told(EventType.LAST_ORDER, selector, late.date()), late).found == 0


@pytest.mark.parametrize("how", ["withdrawn", "cancelled"])
def test_what_is_cancelled_gets_no_clock(store: Store, retention: Retention, behind: Engine, how: str) -> None:
    arrived, made = taken(store, sent=how == "cancelled")
    store.accept(replace(arrived, webhook=digest(), body=digest(), updated_at=NOW, halt=Reason.CANCELLED), None)
    if how == "cancelled":
        assert store.gone(claim(store), NOW)
    before = dates(behind, made)
    assert tell(retention, told(selector=Selector(record_id=made.id))).found == 0
    assert dates(behind, made) == before
    assert rows(behind, "events") == []


@pytest.mark.policy("AMB-2")
def test_what_was_taken_in_after_the_day_is_left_alone(store: Store, retention: Retention, behind: Engine) -> None:
    arrived, made = taken(store)
    came = tell(retention, told(selector=by_order(arrived), day=date(2026, 11, 21)))
    assert (came.found, came.early, came.parts) == (1, 1, 0)
    assert dates(behind, made) == {DELIVERY: (None, None)}
    assert rows(behind, "events") == []


def test_another_shops_records_are_not_found(store: Store, retention: Retention) -> None:
    arrived, made = taken(store)
    for selector in (by_order(arrived), Selector(record_id=made.id)):
        assert tell(retention, told(selector=selector, shop="other")).found == 0


def test_what_is_known_of_an_event(store: Store, retention: Retention, behind: Engine) -> None:
    arrived, made = taken(store)
    what = told(selector=by_order(arrived), key=digest(), payload=digest())
    came = tell(retention, what)
    assert retention.events(None, 10) == [came]
    assert retention.events("other", 10) == []
    assert (came.selected, came.by, came.payload) == ("order.id", "Els", what.payload)
    assert {(row["fact"], row["subject"], row["actor"]) for row in rows(behind, "audit_entries")} == {
        (Fact.EVENT, what.id, "Els"),
        (Fact.CLOCK_MOVED, made.id, "Els"),
    }


def test_a_call_that_comes_again_finds_what_came_of_it(store: Store, retention: Retention, behind: Engine) -> None:
    buyer, key = digest(), digest()
    stamped(store, buyer)
    selector = Selector(kind="customer.id", digest=buyer)
    first = tell(retention, told(EventType.LAST_ORDER, selector, key=key, payload=b"one"))
    again = tell(
        retention, told(EventType.LAST_ORDER, selector, date(2026, 11, 26), key=key), LATER + timedelta(days=1)
    )
    assert again == first
    assert len(rows(behind, "events")) == 1
    elsewhere = tell(retention, told(EventType.LAST_ORDER, Selector(), key=key, shop="other"))
    assert elsewhere.id != first.id


@pytest.mark.policy("AMB-21")
def test_an_event_is_remembered_as_long_as_what_it_moved(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, _ = taken(store)
    tell(retention, told(selector=by_order(arrived)))
    retention.record(told(EventType.OBJECTION), None, LATER)
    assert sorted(row["until"] for row in rows(behind, "events")) == [date(2026, 12, 25), UNTIL]
    purge(url, datetime(2026, 12, 25, 23, 0, tzinfo=UTC))
    assert [row["type"] for row in rows(behind, "events")] == ["delivered"]


def test_what_is_held_stays_held_when_its_clock_starts(store: Store, retention: Retention) -> None:
    arrived, made = taken(store)
    retention.hold(Held(ground="case 7", person="Els", starts=NOW.date(), until=date(2031, 1, 1)), [made.id], [], NOW)
    tell(retention, told(selector=by_order(arrived)))
    (notice,) = retention.told(made.id)
    assert notice.ends == date(2031, 1, 1)


@pytest.mark.parametrize("claimed", [False, True])
def test_a_platform_that_gets_it_later_is_told_then(store: Store, retention: Retention, claimed: bool) -> None:
    _, made = taken(store, open_part("maxiresponse.contact", "agreement_dissolved", retention="mx.all"), sent=False)
    lease = claim(store) if claimed else None
    tell(retention, told(EventType.AGREEMENT_DISSOLVED, Selector(record_id=made.id)))
    assert len(retention.told(made.id)) == claimed
    store.delivered(lease or claim(store), DONE, LATER)
    (notice,) = retention.told(made.id)
    assert (notice.telling, notice.state, notice.ends) == (Telling.RETAIN, Told.WAITING, date(2029, 11, 25))


def test_what_did_not_move_is_told_to_nobody(store: Store, retention: Retention) -> None:
    _, made = taken(store)
    assert retention.told(made.id) == []


def test_an_order_whose_record_was_replaced_keeps_its_own_end(
    store: Store, retention: Retention, behind: Engine
) -> None:
    arrived, first = taken(store)
    newer = replace(arrived, webhook=digest(), body=digest(), updated_at=NOW)
    second = waiting(newer)
    store.accept(newer, second)
    assert store.too_late(claim(store), NOW)
    assert {row["ending"] for row in rows(behind, "records")} >= {Ending.TOO_LATE}
    tell(retention, told(selector=by_order(arrived)))
    assert dates(behind, first) == {DELIVERY: (DAY, UNTIL)}
    assert {row["until"] for row in rows(behind, "orders")} == {UNTIL}


def test_many_records_are_moved_page_by_page(
    monkeypatch: pytest.MonkeyPatch, store: Store, retention: Retention
) -> None:
    monkeypatch.setattr("middleware.storage.clocks_sql.PAGE", 2)
    open_ = open_part(SENDER, "end_of_use", retention="vp.sender.legal")
    for _ in range(5):
        taken(store, part(DELIVERY), open_, sent=False)
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.found, came.parts, len(came.records)) == (5, 5, 5)


def test_a_death_at_any_statement_leaves_all_or_nothing(url: str, store: Store, behind: Engine) -> None:
    """At every statement in turn: after it nothing has changed, or, where there is none left to die at, everything."""
    arrived, made = taken(store)
    before = {name: rows(behind, name) for name in metadata.tables}

    def unchanged() -> None:
        assert {name: rows(behind, name) for name in metadata.tables} == before

    with closing(open_retention(url)) as retention:
        assert isinstance(retention, SqlRetention)
        told_ = told(selector=by_order(arrived), key=digest(), payload=digest())
        assert at_every_statement(retention._database.engine, lambda: tell(retention, told_), unchanged) > 10
    assert dates(behind, made) == {DELIVERY: (DAY, UNTIL)}
    assert len(rows(behind, "events")) == len(rows(behind, "notices")) == 1


@pytest.mark.parametrize("dies", [False, True])
def test_of_two_calls_at_once_under_one_key_one_counts(
    postgres_url: str, postgres_behind: Engine, *, dies: bool
) -> None:
    """The second waits for the first and gets its answer; of one that died nothing is left, and the second counts."""
    with closing(open_store(postgres_url)) as store:
        arrived, made = taken(store)
    mark: dict[str, Any] = {"key": digest(), "payload": digest()}
    first, second = (told(selector=by_order(arrived), **mark) for _ in range(2))
    came, go = threading.Event(), threading.Event()

    def pause(*call: Any) -> None:
        if call[2].startswith("UPDATE parts"):
            came.set()
            assert go.wait(30)
            if dies:
                raise OSError("killed")

    with (
        closing(open_retention(postgres_url)) as one,
        closing(open_retention(postgres_url)) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        assert isinstance(one, SqlRetention)
        happens.listen(one._database.engine, "before_cursor_execute", pause)
        earlier = pool.submit(tell, one, first)
        assert came.wait(30)
        later = pool.submit(tell, other, second)
        while not later.done() and not waiting_for_a_lock(postgres_behind):
            time.sleep(0.01)
        assert not later.done()
        go.set()
        answers = [later.result()] if dies else [earlier.result(), later.result()]
        assert isinstance(earlier.exception(), StorageError) == dies
    assert {answer.id for answer in answers} == {(second if dies else first).id}
    assert {(answer.found, answer.parts, answer.records) for answer in answers} == {(1, 1, (made.id,))}
    assert dates(postgres_behind, made) == {DELIVERY: (DAY, UNTIL)}
    facts = sorted(row["fact"] for row in rows(postgres_behind, "audit_entries"))
    assert facts == [Fact.CLOCK_MOVED, Fact.EVENT]
    assert len(rows(postgres_behind, "events")) == len(rows(postgres_behind, "notices")) == 1
