"""The standing of a shop's user at rest: an order moves it once a day, an event at once, the purge on its day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import Engine
from sqlalchemy import event as happens

from middleware.core.calendar import BRUSSELS
from middleware.core.standing import ended, use
from middleware.core.switching import Saying, heard
from middleware.model import IndexEntry, Reason
from middleware.model_events import EventType, Recorded, Selector
from middleware.model_keys import Fact
from middleware.model_standing import Ended, Shift, Switched, Term
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from schemas.permission import Refusal
from schemas.policy_loader import load
from tests.storage.builders import NOW, arrival, record
from tests.storage.purging import purge, rows
from tests.storage.test_events import by_order, told

PARCELS = load("bpost-shipping-platform")
MARKETING, OPERATIONAL = "vp.former_user.marketing", "vp.sender.operational"
DAY = NOW.date()
END = DAY + relativedelta(months=36)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def label(store: Store, day: date = DAY, at: datetime = NOW, **changes: Any) -> None:
    made = arrival(use=use(PARCELS, day), received_at=at, updated_at=at, **changes)
    store.accept(made, record(until=day + relativedelta(years=10)) if made.halt is None else None)


def say(retention: Retention, verb: str, name: str = "Aanvullend", at: datetime = NOW, **changes: Any) -> Recorded:
    own = verb in ("consent", "resume")
    saying = Saying(kind=Switched.LEVEL, name=name, verb=verb, way=None, day=at.date(), by="Els", own=own)
    found = heard(PARCELS, saying, at)
    assert not isinstance(found, Refusal)
    kind = EventType.RESUME if own else EventType.OBJECTION
    return retention.record(told(kind, about=name, day=at.date(), at=at, **changes), None, at, found[0])


def term(retention: Retention, name: str = MARKETING, shop: str = "demo") -> Term | None:
    return next((one for one in retention.standing(shop).terms if one.retention == name), None)


def facts(behind: Engine, fact: Fact) -> list[tuple[str, str]]:
    return [(row["subject"], row["actor"]) for row in rows(behind, "audit_entries") if row["fact"] == fact]


def midnight(day: date) -> datetime:
    """The first moment of a day in Brussels."""
    return datetime(day.year, day.month, day.day, tzinfo=BRUSSELS).astimezone(UTC)


@pytest.mark.policy("VP-RET-1", "VP-RET-2")
def test_an_order_that_is_taken_in_is_a_use_and_moves_it_once_a_day(
    store: Store, retention: Retention, behind: Engine
) -> None:
    assert retention.standing("demo").terms == ()
    label(store, halt=Reason.NOT_PAID)
    assert retention.standing("demo").terms == ()  # nothing to ship is no label
    label(store)
    assert term(retention) == Term(retention=MARKETING, starts=DAY, until=END)
    assert term(retention, OPERATIONAL) == Term(retention=OPERATIONAL, starts=DAY)
    assert [(row["shop"], row["until"]) for row in rows(behind, "standings")] == [
        ("demo", DAY + relativedelta(years=10))
    ]
    wrote: list[str] = []
    happens.listen(store._database.engine, "before_cursor_execute", lambda *args: wrote.append(args[2]))  # type: ignore[attr-defined]
    label(store)
    assert not [said for said in wrote if ("terms" in said or "standings" in said) and not said.startswith("SELECT")]
    month_35 = DAY + relativedelta(months=35)
    label(store, month_35)
    assert term(retention) == Term(retention=MARKETING, starts=month_35, until=month_35 + relativedelta(months=36))
    label(store, DAY)  # one of before, which comes late
    assert term(retention) == Term(retention=MARKETING, starts=month_35, until=month_35 + relativedelta(months=36))


@pytest.mark.policy("VP-RET-1", "AMB-5", "AMB-6")
def test_the_purge_notes_it_on_the_day_after_never_before_and_once(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    label(store)
    last = midnight(END + timedelta(days=1)) - timedelta(microseconds=1)
    assert "terms" not in purge(url, last)
    assert term(retention) == Term(retention=MARKETING, starts=DAY, until=END)
    now = last + timedelta(microseconds=1)
    sealed = {row["name"]: row["jwe"] for row in rows(behind, "parts")}
    assert purge(url, now)["terms"] == 1
    assert term(retention) == Term(
        retention=MARKETING, starts=DAY, until=END, restricted_at=now, restricted_by=Ended.TERM
    )
    assert {row["name"]: row["jwe"] for row in rows(behind, "parts")} == sealed
    assert term(retention, OPERATIONAL) == Term(retention=OPERATIONAL, starts=DAY)
    assert facts(behind, Fact.RESTRICTED) == [(f"demo/{MARKETING}", "retention")]
    assert "terms" not in purge(url, now + timedelta(days=1))
    assert len(facts(behind, Fact.RESTRICTED)) == 1
    after = END + timedelta(days=40)
    label(store, after, midnight(after))
    assert term(retention) == Term(retention=MARKETING, starts=after, until=after + relativedelta(months=36))
    assert facts(behind, Fact.UNRESTRICTED) == [(f"demo/{MARKETING}", "shop")]


@pytest.mark.policy("VP-RET-1", "VP-PUR-10")
def test_an_objection_after_the_end_of_the_term_is_told_and_no_label_lifts_it(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    label(store)
    purge(url, midnight(END + timedelta(days=1)))
    after = END + timedelta(days=40)
    say(retention, "object", at=midnight(after))
    restricted = [(f"demo/{MARKETING}", "Els"), (f"demo/{MARKETING}", "retention")]
    assert sorted(facts(behind, Fact.RESTRICTED)) == restricted
    label(store, after + timedelta(days=1), midnight(after + timedelta(days=1)))
    assert getattr(term(retention), "restricted_by", None) is Ended.OBJECTION
    assert facts(behind, Fact.UNRESTRICTED) == []


@pytest.mark.policy("VP-RET-1", "VP-PUR-10", "X-LVL-1")
def test_an_objection_restricts_at_once_and_its_return_lifts_that_alone(
    store: Store, retention: Retention, behind: Engine
) -> None:
    label(store)
    say(retention, "object")
    found = term(retention)
    assert found is not None
    assert (found.restricted_at, found.restricted_by) == (NOW, Ended.OBJECTION)
    (stands,) = retention.standing("demo").switches
    assert (stands.name, stands.on, stands.verb, stands.by, stands.heard_at) == (
        "Aanvullend",
        False,
        "object",
        "Els",
        NOW,
    )
    assert facts(behind, Fact.RESTRICTED) == [(f"demo/{MARKETING}", "Els")]
    label(store, DAY + timedelta(days=9))
    assert getattr(term(retention), "restricted_by", None) is Ended.OBJECTION
    say(retention, "resume", at=NOW - timedelta(days=1))  # said before the objection, heard after it
    assert getattr(term(retention), "restricted_by", None) is Ended.OBJECTION
    say(retention, "resume", at=NOW + timedelta(days=1))
    assert getattr(term(retention), "restricted_at", NOW) is None
    assert [one.on for one in retention.standing("demo").switches] == [True]


@pytest.mark.policy("VP-PUR-10")
def test_an_objection_of_somebody_who_made_no_label_yet_stays(store: Store, retention: Retention) -> None:
    say(retention, "object")
    label(store)
    found = term(retention)
    assert found is not None
    assert (found.starts, found.until, found.restricted_by) == (DAY, END, Ended.OBJECTION)
    assert retention.standing("other").switches == ()


@pytest.mark.policy("VP-RET-1")
def test_the_same_event_changes_nothing_twice(retention: Retention, behind: Engine) -> None:
    say(retention, "object", key=b"k" * 32, payload=b"p" * 32)
    say(retention, "resume", at=NOW + timedelta(days=1))
    say(retention, "object", key=b"k" * 32, payload=b"p" * 32)
    assert [one.on for one in retention.standing("demo").switches] == [True]
    assert len(facts(behind, Fact.EVENT)) == 2


@pytest.mark.policy("VP-RET-3", "AMB-6")
def test_the_end_of_use_leaves_the_sender_to_legal_claims_from_the_day_after(
    url: str, store: Store, retention: Retention
) -> None:
    label(store)
    retention.record(told(EventType.END_OF_USE, day=DAY), None, NOW, ended(PARCELS, DAY))
    assert term(retention, OPERATIONAL) == Term(retention=OPERATIONAL, starts=DAY, until=DAY)
    assert "terms" not in purge(url, NOW)
    assert purge(url, midnight(DAY + timedelta(days=1)))["terms"] == 1
    assert getattr(term(retention, OPERATIONAL), "restricted_by", None) is Ended.TERM
    label(store, DAY + timedelta(days=7))
    assert term(retention, OPERATIONAL) == Term(retention=OPERATIONAL, starts=DAY + timedelta(days=7))


@pytest.mark.policy("VP-RET-1")
def test_the_event_last_use_is_a_use(retention: Retention) -> None:
    day = DAY + timedelta(days=3)
    said = Shift(day=day, kept=day, use=use(PARCELS, day))
    retention.record(told(EventType.LAST_USE, day=day), None, NOW, said)
    assert getattr(term(retention), "starts", None) == day


@pytest.mark.policy("VP-RET-1")
@pytest.mark.parametrize("told_by", ["order", "record"])
def test_a_label_is_a_use_of_the_shops_user_whatever_it_is_told_by(
    store: Store, retention: Retention, behind: Engine, told_by: str
) -> None:
    arrived, made = arrival(), record()
    index = (IndexEntry(kind="order.id", digest=arrived.order, until=made.until),)
    store.accept(arrived, replace(made, index=index))
    selector = by_order(arrived) if told_by == "order" else Selector(record_id=made.id)
    day = DAY + timedelta(days=3)
    said = Shift(day=day, kept=day, use=use(PARCELS, day))
    assert retention.record(told(EventType.LABEL_CREATED, selector, day), None, NOW, said).found == 1
    assert getattr(term(retention), "starts", None) == day
    assert [row["customer"] for row in rows(behind, "standings")] == [b""]


@pytest.mark.policy("AMB-21")
def test_it_is_forgotten_when_nothing_is_left_to_decide_about(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    label(store)
    say(retention, "object")
    late = midnight(DAY + relativedelta(years=10, days=1))
    assert "standings" not in purge(url, late - timedelta(microseconds=1))
    with behind.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET until = '2040-01-01'")
        connection.exec_driver_sql("UPDATE parts SET until = '2040-01-01' WHERE ended_at IS NULL")
    assert "standings" not in purge(url, late)  # a record of the shop is there still
    with behind.begin() as connection:
        connection.exec_driver_sql("DELETE FROM records")
    assert purge(url, late)["standings"] == 1
    assert rows(behind, "terms") == rows(behind, "switches") == []
