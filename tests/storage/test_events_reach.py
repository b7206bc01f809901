"""How far an event reaches: what it locks and names, what an assumed start gives way to, what a used key leaves."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy import event as happens

from middleware.core.clocks import clock
from middleware.model_events import TRIGGERS, EventType, Selector
from middleware.model_keys import Fact
from middleware.model_purge import Telling, Told
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention, open_store
from middleware.storage.retention import SqlRetention
from schemas.policy_loader import load
from tests.storage.builders import digest, part
from tests.storage.looking import claim
from tests.storage.purging import rows
from tests.storage.test_events import (
    DAY,
    DELIVERY,
    DONE,
    LATER,
    SENDER,
    by_order,
    dates,
    open_part,
    retention,
    stamped,
    taken,
    tell,
    told,
)

__all__ = ["retention"]

PLATFORM = load("bpost-shipping-platform")


@pytest.mark.policy("VP-RET-1", "VP-RET-3", "AMB-3")
def test_an_event_of_the_shop_touches_those_records_alone_that_have_a_part_of_its_trigger(
    sqlite_url: str, sqlite_behind: Engine
) -> None:
    store, retention = open_store(sqlite_url), open_retention(sqlite_url)
    assert isinstance(retention, SqlRetention)
    open_ = open_part(SENDER, "end_of_use", retention="vp.sender.legal")
    for each in ((part(DELIVERY),), (part(DELIVERY), open_)):
        taken(store, *each, sent=False)
    said: list[str] = []
    happens.listen(retention._database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    last_use = clock(PLATFORM, TRIGGERS[EventType.LAST_USE], DAY)
    came = retention.record(told(EventType.LAST_USE), last_use, LATER)
    assert (came.found, came.parts) == (0, 0)
    assert [one for one in said if "FROM records" in one or "FROM orders" in one] == []
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.found, came.parts, len(came.records)) == (1, 1, 1)
    store.close()
    retention.close()


def test_an_answer_names_the_first_records_alone_and_the_audit_log_all(
    monkeypatch: pytest.MonkeyPatch, store: Store, retention: Retention, behind: Engine
) -> None:
    monkeypatch.setattr("middleware.storage.clocks_sql.PAGE", 2)
    monkeypatch.setattr("middleware.storage.clocks_sql.MOST_NAMED", 3)
    for _ in range(5):
        taken(store, open_part(SENDER, "end_of_use", retention="vp.sender.legal"), sent=False)
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.found, came.parts, len(came.records), came.until) == (5, 5, 3, date(2036, 11, 25))
    assert len([row for row in rows(behind, "audit_entries") if row["fact"] == Fact.CLOCK_MOVED]) == 5


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-2", "AMB-3")
def test_the_first_label_that_is_told_takes_the_place_of_the_day_of_intake(
    store: Store, retention: Retention, behind: Engine
) -> None:
    taken_in, told_, again = date(2026, 11, 22), date(2026, 12, 5), date(2026, 12, 9)
    assumed = {"trigger": "label_created", "starts": taken_in}
    arrived, made = taken(
        store,
        part(DELIVERY, **assumed, until=date(2027, 12, 22)),
        part(SENDER, retention="vp.sender.legal", **assumed, until=date(2036, 11, 22)),
    )

    def label(day: date) -> tuple[int, int]:
        event = told(EventType.LABEL_CREATED, by_order(arrived), day)
        at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        came = retention.record(event, clock(PLATFORM, TRIGGERS[EventType.LABEL_CREATED], day), at)
        return came.found, came.parts

    assert label(told_) == (1, 2)
    moved = {DELIVERY: (told_, date(2028, 1, 5)), SENDER: (told_, date(2036, 12, 5))}
    assert dates(behind, made) == moved
    notices = retention.told(made.id)
    assert [(one.telling, one.state, one.ends) for one in notices] == [
        (Telling.RETAIN, Told.WAITING, date(2028, 1, 5)),
        (Telling.RETAIN, Told.WAITING, date(2036, 12, 5)),
    ]
    assert {row["until"] for row in rows(behind, "index_entries")} == {date(2028, 1, 5)}
    assert label(again) == (1, 0)
    assert (dates(behind, made), retention.told(made.id)) == (moved, notices)


@pytest.mark.policy("VP-RET-4", "AMB-2")
@pytest.mark.parametrize("sent", [False, True])
def test_a_label_of_the_day_of_intake_is_the_first_and_tells_the_platform_no_news(
    store: Store, retention: Retention, behind: Engine, *, sent: bool
) -> None:
    """Its receipt says so: neither now nor once it has the record is it told the same dates again."""
    arrived, made = taken(store, part(DELIVERY, ceiling=date(2027, 12, 22)), sent=sent)
    before = dates(behind, made)
    for day in (date(2026, 11, 22), DAY):
        event = told(EventType.LABEL_CREATED, by_order(arrived), day)
        retention.record(event, clock(PLATFORM, TRIGGERS[EventType.LABEL_CREATED], day), LATER)
    if not sent:
        store.delivered(claim(store), DONE, LATER)
    assert dates(behind, made) == before
    assert retention.told(made.id) == []


@pytest.mark.policy("VP-RET-4", "AMB-2")
def test_a_label_of_another_day_that_ends_on_the_same_is_told(store: Store, retention: Retention) -> None:
    """February has no 30th: what begins on two days ends on one."""
    taken_in = datetime(2026, 1, 30, 9, tzinfo=UTC)
    last = date(2027, 2, 28)
    clipped = part(DELIVERY, starts=taken_in.date(), until=last, ceiling=last)
    arrived, made = taken(store, clipped, sent=False, received_at=taken_in)
    at = taken_in + timedelta(days=1)
    day = at.date()
    event = told(EventType.LABEL_CREATED, by_order(arrived), day)
    label = clock(PLATFORM, "label_created", day)
    assert label.ends[clipped.retention] == last
    retention.record(event, label, at)
    store.delivered(claim(store), DONE, at)
    assert [(one.starts, one.ends) for one in retention.told(made.id)] == [(day, last)]


@pytest.mark.policy("MS-RET-1")
def test_a_call_takes_its_key_before_anything_moves(sqlite_url: str, sqlite_behind: Engine) -> None:
    """So that of two calls under one key that come at once the second waits, and then changes nothing."""
    store, retention = open_store(sqlite_url), open_retention(sqlite_url)
    assert isinstance(retention, SqlRetention)
    buyer = Selector(kind="customer.id", digest=digest())
    said: list[str] = []
    happens.listen(retention._database.engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    with closing(store), closing(retention):
        assert tell(retention, told(EventType.LAST_ORDER, buyer, key=digest(), payload=digest())).found == 0
        assert rows(sqlite_behind, "events") == []
        stamped(store, buyer.digest or b"")
        said.clear()
        came = tell(retention, told(EventType.LAST_ORDER, buyer, key=digest(), payload=digest()))
    words = [" ".join(one.split()[:3]) for one in said]
    touched = [
        at for at, one in enumerate(said) if "FROM orders" in one or "FROM records" in one or "UPDATE parts" in one
    ]
    assert came.parts == 1
    assert words.index("INSERT INTO events") < touched[0]
    (row,) = rows(sqlite_behind, "events")
    assert (row["found"], row["parts"], row["records"]) == (1, 1, list(came.records))
