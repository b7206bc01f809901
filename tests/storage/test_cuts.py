"""A part that ends early at the customer's request: it alone, with its copy, here at once and at the platform."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from middleware.core.clocks import clock, early_end
from middleware.model import IndexEntry, Record, SealedCopy, State
from middleware.model_events import Cut, EventType, Recorded, Selector
from middleware.model_keys import Fact
from middleware.model_purge import Held, Telling
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from schemas.policy_loader import load
from tests.storage.builders import NOW, arrival, digest, part, record
from tests.storage.looking import claim
from tests.storage.purging import purge, rows, sealed
from tests.storage.test_events import DONE, told

STAMPS = load("bpost-mystamp")
CUSTOMER, DEPICTED, PHOTO = "mystamp.customer", "mystamp.depicted", "mystamp.photo"
DAY = NOW.date()
BEFORE, END = DAY - timedelta(days=1), DAY.replace(year=DAY.year + 3)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def stamped(
    store: Store, buyer: bytes, *, sent: bool = True, names: tuple[str, ...] = (CUSTOMER, DEPICTED, PHOTO)
) -> Record:
    """An order of stamps with a kept copy of each part."""
    made = record(
        parts=tuple(
            part(
                name,
                retention=f"ms.{name.partition('.')[2]}",
                trigger="last_order",
                starts=DAY,
                until=END,
                copy=SealedCopy(kid=f"{name}/own/2029-11", jwe="made up"),
            )
            for name in names
        ),
        until=END,
        clear_until=END,
    )
    arrived = arrival(standing_until=END)
    index = tuple(
        IndexEntry(kind=kind, digest=value, until=END)
        for kind, value in (("order.id", arrived.order), ("customer.id", buyer))
    )
    store.accept(arrived, replace(made, index=index))
    if sent:
        store.delivered(claim(store), DONE, NOW)
    return made


def ask(retention: Retention, selector: Selector, part_: str = PHOTO, day: date = DAY) -> Recorded:
    wanted = early_end(STAMPS, part_, day)
    assert wanted is not None
    return retention.record(told(EventType.ERASURE_REQUEST, selector, day, at=NOW, about=part_), wanted, NOW)


def ends(behind: Engine, made: Record) -> dict[str, tuple[date | None, bool]]:
    """Part → its last permitted day, and whether it has ended."""
    found = (row for row in rows(behind, "parts") if row["record_id"] == made.id)
    return {row["name"]: (row["until"], row["ended_at"] is not None) for row in found}


@pytest.mark.policy("MS-RET-1", "AMB-16")
def test_it_ends_alone_here_and_at_the_platform(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made, other = stamped(store, digest()), stamped(store, digest())
    came = ask(retention, Selector(record_id=made.id))
    assert (came.found, came.parts, came.early, came.about, came.records) == (1, 1, 0, PHOTO, (made.id,))
    assert ends(behind, made) == {CUSTOMER: (END, False), DEPICTED: (END, False), PHOTO: (BEFORE, False)}
    assert purge(url, NOW) == {"parts": 1}
    assert ends(behind, made)[PHOTO] == (BEFORE, True)
    assert {(row["record_id"], row["part"]) for row in rows(behind, "copies")} == {
        *((made.id, name) for name in (CUSTOMER, DEPICTED)),
        *((other.id, name) for name in (CUSTOMER, DEPICTED, PHOTO)),
    }
    assert [(one.part, one.telling) for one in retention.told(made.id)] == [(PHOTO, Telling.ERASE)]
    assert retention.told(other.id) == []
    assert {row["until"] for row in rows(behind, "index_entries")} == {END}
    assert {(row["clear_until"], row["until"]) for row in rows(behind, "records")} == {(END, END)}
    facts = {(row["fact"], row["subject"], row["actor"]) for row in rows(behind, "audit_entries")}
    assert facts == {(Fact.EVENT, came.id, "Els"), (Fact.ENDED_EARLY, made.id, "Els")}
    assert ask(retention, Selector(record_id=made.id)).parts == 0


@pytest.mark.policy("MS-RET-1", "AMB-16")
def test_a_later_order_brings_nothing_back(store: Store, retention: Retention, behind: Engine) -> None:
    buyer = digest()
    first, second = stamped(store, buyer), stamped(store, buyer)
    assert ask(retention, Selector(kind="customer.id", digest=buyer)).parts == 2
    later = DAY + timedelta(days=1)
    again = clock(STAMPS, "last_order", later)
    retention.record(told(EventType.LAST_ORDER, Selector(kind="customer.id", digest=buyer), later), again, NOW)
    for made in (first, second):
        assert ends(behind, made)[PHOTO] == (BEFORE, False)
        assert ends(behind, made)[CUSTOMER][0] == later.replace(year=later.year + 3)


@pytest.mark.policy("MS-RET-1")
def test_what_was_not_sent_yet_is_sent_no_more(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made = stamped(store, digest(), sent=False)
    ask(retention, Selector(record_id=made.id))
    purge(url, NOW)
    assert (made.id, PHOTO) not in sealed(behind)
    assert [(row["state"], row["last_code"]) for row in rows(behind, "records")] == [(State.DEAD, "expired")]
    assert retention.told(made.id) == []


@pytest.mark.policy("MS-RET-1")
def test_a_legal_hold_keeps_it_until_the_hold_is_over(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    made = stamped(store, digest())
    last = date(2026, 12, 24)
    retention.hold(Held(ground="case 7", person="Els", starts=DAY, until=last), [made.id], [PHOTO], NOW)
    ask(retention, Selector(record_id=made.id))
    assert purge(url, NOW) == {}
    (notice,) = retention.told(made.id)
    assert (notice.telling, notice.ends) == (Telling.RETAIN, last)
    assert [row["until"] for row in rows(behind, "copies") if row["part"] == PHOTO] == [last]
    assert "parts" not in purge(url, datetime(2026, 12, 24, 12, tzinfo=UTC))
    assert purge(url, datetime(2026, 12, 25, 12, tzinfo=UTC))["parts"] == 1
    assert [(one.part, one.telling) for one in retention.told(made.id)] == [(PHOTO, Telling.ERASE)]


@pytest.mark.policy("MS-RET-1")
def test_what_came_in_after_the_request_is_left_alone(store: Store, retention: Retention, behind: Engine) -> None:
    made = stamped(store, digest())
    came = ask(retention, Selector(record_id=made.id), day=BEFORE)
    assert (came.found, came.early, came.parts) == (1, 1, 0)
    assert ends(behind, made)[PHOTO] == (END, False)
    assert rows(behind, "events") == []


@pytest.mark.policy("AMB-21")
def test_what_leads_to_a_record_ends_with_the_last_of_its_parts(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    made = stamped(store, digest(), names=(PHOTO,))
    ask(retention, Selector(record_id=made.id))
    assert {row["until"] for row in rows(behind, "index_entries")} == {BEFORE}
    taken: dict[str, Any] = purge(url, NOW)
    assert (taken["parts"], taken["index"], taken["records"]) == (1, 2, 1)


@pytest.mark.policy("MS-RET-1", "AMB-21")
def test_what_waits_for_its_clock_ends_early_too_and_what_leads_to_it_with_it(
    store: Store, retention: Retention, behind: Engine
) -> None:
    """Whatever a pack lets a customer end: its clock need not have started."""
    waits = part(PHOTO, trigger="delivered", starts=None, until=None)
    arrived = arrival(standing_until=None)
    made = record(parts=(waits,), until=None, clear_until=None)
    made = replace(made, index=(IndexEntry(kind="order.id", digest=arrived.order, until=None),))
    store.accept(arrived, made)
    store.delivered(claim(store), DONE, NOW)
    assert ask(retention, Selector(record_id=made.id)).parts == 1
    assert [(row["starts"], row["until"]) for row in rows(behind, "parts")] == [(None, BEFORE)]
    for name in ("index_entries", "orders", "records"):
        assert {row["until"] for row in rows(behind, name)} == {BEFORE}, name


@pytest.mark.policy("MS-RET-1")
def test_an_order_without_that_part_is_found_and_stays_as_it_is(
    store: Store, retention: Retention, behind: Engine
) -> None:
    made = stamped(store, digest(), names=(CUSTOMER,))
    came = retention.record(
        told(EventType.ERASURE_REQUEST, Selector(record_id=made.id), DAY),
        Cut(part=PHOTO, day=DAY, until=BEFORE),
        NOW,
    )
    assert (came.found, came.parts) == (1, 0)
    assert ends(behind, made) == {CUSTOMER: (END, False)}
