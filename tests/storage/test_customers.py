"""The standing of one contact or customer at rest: whose it is, when it is known, and how long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta
from sqlalchemy import Engine

from middleware.core.switching import Saying, heard
from middleware.model import IndexEntry, Record
from middleware.model_events import EventType, Recorded, Selector
from middleware.model_keys import Fact
from middleware.model_standing import Ended, Shift, Standing, Switched
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from schemas.policy_loader import load
from tests.storage.builders import NOW, arrival, digest, record
from tests.storage.purging import purge, rows
from tests.storage.test_events import told

CONTACTS, STAMPS = load("bpost-maxiresponse"), load("bpost-mystamp")
DAY = NOW.date()
THREE_YEARS = DAY + relativedelta(years=3)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def known(store: Store, customer: bytes, until: Any = None, shop: str = "demo") -> Record:
    """A contact is taken in, whose agreement lasts, or ended."""
    arrived = arrival(shop=shop, standing_until=until)
    index = (
        IndexEntry(kind="order.id", digest=arrived.order, until=until),
        IndexEntry(kind="customer.id", digest=customer, until=until),
    )
    made = replace(record(until=until, clear_until=until), index=index)
    store.accept(arrived, made)
    return made


def say(retention: Retention, customer: bytes, verb: str = "object", shop: str = "demo", day: date = DAY) -> Recorded:
    own = verb == "resume"
    saying = Saying(kind=Switched.LEVEL, name="Aanvullend", verb=verb, way=None, day=day, by="Els", own=own)
    found = heard(CONTACTS, saying, NOW)
    assert isinstance(found, tuple)
    selector = Selector(kind="customer.id", digest=customer)
    kind = EventType.RESUME if own else EventType.OBJECTION
    return retention.record(told(kind, selector, day, at=NOW, shop=shop), None, NOW, found[0])


def said(retention: Retention, customer: bytes, shop: str = "demo") -> list[tuple[str, bool]] | None:
    found = retention.customer(shop, customer, DAY)
    return None if found is None else [(one.name, one.on) for one in found.switches]


@pytest.mark.policy("X-LVL-1", "X-LVL-2", "MX-PUR-4")
def test_a_word_is_that_of_one_person_of_one_shop(store: Store, retention: Retention, behind: Engine) -> None:
    one, other = digest(), digest()
    known(store, one)
    known(store, other)
    known(store, one, shop="second")
    assert say(retention, one).found == 1
    assert said(retention, one) == [("Aanvullend", False)]
    assert said(retention, other) == said(retention, one, "second") == []
    assert retention.standing("demo") == Standing()
    entries = [row for row in rows(behind, "audit_entries") if row["fact"] == Fact.EVENT]
    assert [(row["subject"], row["actor"]) for row in entries] == [(rows(behind, "events")[0]["id"], "Els")]


@pytest.mark.policy("X-LVL-2")
def test_of_whom_no_record_lives_nothing_is_known_and_nothing_is_kept(
    store: Store, retention: Retention, behind: Engine
) -> None:
    nobody, ended = digest(), digest()
    assert say(retention, nobody).found == 0
    assert rows(behind, "standings") == rows(behind, "events") == []
    assert said(retention, nobody) is None
    known(store, ended, DAY)
    say(retention, ended)
    assert said(retention, ended) == [("Aanvullend", False)]
    assert retention.customer("demo", ended, DAY + timedelta(days=1)) is None  # the purge comes late
    with behind.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET state = 'withdrawn'")
    assert said(retention, ended) is None


@pytest.mark.policy("X-LVL-1", "MX-PUR-4", "AMB-15", "AMB-21")
def test_an_objection_is_remembered_while_a_record_leads_there_and_three_years_at_least(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    one, brief = digest(), digest()
    known(store, one, THREE_YEARS + timedelta(days=9))
    known(store, brief, DAY)
    say(retention, one)
    say(retention, brief)
    assert {row["until"] for row in rows(behind, "standings")} == {THREE_YEARS}
    last = datetime(THREE_YEARS.year, THREE_YEARS.month, THREE_YEARS.day, 12, tzinfo=UTC)
    assert "standings" not in purge(url, last)  # of who is told of again a shop cannot undo the objection meanwhile
    assert purge(url, last + timedelta(days=1))["standings"] == 1
    assert [row["customer"] for row in rows(behind, "standings")] == [one]
    assert [row["customer"] for row in rows(behind, "switches")] == [one]
    purge(url, last + timedelta(days=9))
    assert len(rows(behind, "standings")) == 1
    assert purge(url, last + timedelta(days=10))["standings"] == 1
    assert rows(behind, "switches") == []


@pytest.mark.policy("X-LVL-1", "MX-PUR-4")
def test_who_is_taken_back_and_sent_anew_has_objected_still(store: Store, retention: Retention, behind: Engine) -> None:
    one = digest()
    known(store, one)
    say(retention, one)
    with behind.begin() as connection:
        connection.exec_driver_sql("DELETE FROM records")
    assert said(retention, one) is None
    known(store, one)
    assert said(retention, one) == [("Aanvullend", False)]


@pytest.mark.policy("X-LVL-1", "MX-PUR-4", "AMB-21")
def test_an_objection_of_long_ago_is_remembered_from_the_day_on_which_it_was_heard(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    one, long_ago = digest(), DAY - relativedelta(years=9)
    known(store, one)
    say(retention, one, day=long_ago)
    assert [row["day"] for row in rows(behind, "switches")] == [long_ago]
    with behind.begin() as connection:
        connection.exec_driver_sql("DELETE FROM records")
    last = datetime(THREE_YEARS.year, THREE_YEARS.month, THREE_YEARS.day, 12, tzinfo=UTC)
    assert "standings" not in purge(url, NOW)
    assert "standings" not in purge(url, last)
    known(store, one)
    assert said(retention, one) == [("Aanvullend", False)]


@pytest.mark.policy("VP-RET-1", "X-LVL-1")
def test_the_purge_notes_the_end_of_a_term_with_whom_it_is_of(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    one, other = digest(), digest()
    for customer, day in ((one, DAY), (other, DAY + timedelta(days=9))):
        known(store, customer)
        over = Shift(day=day, kept=THREE_YEARS, over=frozenset(("own.class",)))  # of a pack of an operator's own
        selector = Selector(kind="customer.id", digest=customer)
        retention.record(told(EventType.AGREEMENT_DISSOLVED, selector, DAY), None, NOW, over)
    assert purge(url, NOW + timedelta(days=1))["terms"] == 1
    assert [row["customer"] for row in rows(behind, "terms") if row["restricted_by"] == Ended.TERM] == [one]
    assert retention.standing("demo") == Standing()
