"""Which parcels are asked for by themselves: those of which a clock waits for their delivery, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from middleware.core.calendar import today
from middleware.model import Record, State
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention, open_store
from middleware.storage.tables import metadata
from middleware.trail import Place
from tests.storage.builders import NOW
from tests.storage.test_events import DELIVERY, LATER, SENDER, by_order, open_part, taken, tell, told

SINCE = NOW - timedelta(days=30)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def set_to(behind: Engine, made: Record, **values: Any) -> None:
    records = metadata.tables["records"]
    with behind.begin() as connection:
        connection.execute(records.update().where(records.c.id == made.id).values(**values))


def awaited(retention: Retention, carrier: str = "platform", since: datetime = SINCE) -> list[str]:
    """All of a round."""
    found: list[str] = []
    after: Place | None = None
    while (each := retention.awaiting(carrier, since, after)) is not None:
        assert after is None or each.place > after
        found.append(each.record.id)
        after = each.place
    return found


def test_they_come_in_the_order_in_which_they_were_taken_in(store: Store, retention: Retention, behind: Engine) -> None:
    made = [taken(store)[1] for _ in range(4)]
    for number, each in enumerate(made):
        set_to(behind, each, created_at=NOW - timedelta(minutes=number // 2))  # two at one moment, twice
    first, last = sorted(one.id for one in made[2:]), sorted(one.id for one in made[:2])
    assert awaited(retention) == [*first, *last]
    assert awaited(retention, since=NOW) == last
    assert awaited(retention, since=NOW + timedelta(seconds=1)) == []
    assert awaited(retention, carrier="another") == []


def test_what_is_told_of_one_is_what_a_question_needs(store: Store, retention: Retention) -> None:
    _, made = taken(store)
    found = retention.awaiting("platform", SINCE, None)
    assert found is not None
    assert (found.record.shop, found.record.carrier, found.record.state) == ("demo", "platform", State.DELIVERED)
    assert found.record.barcode == "323299901059900000012345"
    assert found.record.readable
    assert (found.record.id, found.place[1]) == (made.id, made.id)


@pytest.mark.policy("AMB-2")
def test_once_its_delivery_is_told_nobody_asks_any_more(store: Store, retention: Retention) -> None:
    arrived, _ = taken(store, open_part(DELIVERY, "delivered"), open_part(SENDER, "end_of_use"))
    assert len(awaited(retention)) == 1
    tell(retention, told(selector=by_order(arrived)))  # the record has no end yet: the sender's part waits for another
    assert awaited(retention) == []


def test_what_waits_for_something_else_is_not_asked_for(store: Store, retention: Retention) -> None:
    taken(store, open_part(SENDER, "end_of_use"))
    taken(store, sent=False)
    assert awaited(retention) == []


def test_what_the_parcel_platform_does_not_have_is_not_asked_for(
    store: Store, retention: Retention, behind: Engine
) -> None:
    _, made = taken(store)
    for state in State:
        set_to(behind, made, state=state)
        assert (state, awaited(retention)) == (state, [made.id] if state is State.DELIVERED else [])


def test_without_a_barcode_or_with_an_end_of_its_own_it_is_not_asked_for(
    store: Store, retention: Retention, behind: Engine
) -> None:
    _, made = taken(store)
    set_to(behind, made, barcode=None)
    assert awaited(retention) == []
    set_to(behind, made, barcode="323299901059900000012345", until=today(LATER))
    assert awaited(retention) == []


def test_a_part_that_has_ended_waits_for_nothing(store: Store, retention: Retention, behind: Engine) -> None:
    _, made = taken(store, open_part(DELIVERY, "delivered"), open_part(SENDER, "end_of_use"))
    parts = metadata.tables["parts"]
    with behind.begin() as connection:
        connection.execute(parts.update().where(parts.c.name == DELIVERY).values(ended_at=NOW))
    assert awaited(retention) == []
    assert made.parts[1].name == SENDER


def test_a_row_that_cannot_be_read_stops_none_of_the_others(sqlite_url: str, sqlite_behind: Engine) -> None:
    with closing(open_store(sqlite_url)) as store, closing(open_retention(sqlite_url)) as retention:
        odd, sound = (taken(store)[1] for _ in range(2))
        set_to(sqlite_behind, odd, created_at=NOW - timedelta(minutes=1))
        with sqlite_behind.begin() as connection:
            connection.execute(text("UPDATE records SET settled_at = 'odd' WHERE id = :id"), {"id": odd.id})
        found = retention.awaiting("platform", SINCE, None)
        assert found is not None
        assert (found.record.id, found.record.readable) == (odd.id, False)
        assert awaited(retention) == [odd.id, sound.id]


def test_a_round_reads_no_whole_table(sqlite_url: str, sqlite_behind: Engine) -> None:
    said: dict[str, Any] = {}
    event.listen(Engine, "before_cursor_execute", listener := lambda *call: said.update({call[2]: call[3]}))
    with closing(open_store(sqlite_url)) as store, closing(open_retention(sqlite_url)) as retention:
        taken(store)
        said.clear()
        awaited(retention)
    event.remove(Engine, "before_cursor_execute", listener)
    rounds = {statement: values for statement, values in said.items() if "barcode IS NOT NULL" in statement}
    assert len(rounds) == 2
    with sqlite_behind.connect() as connection:
        for statement, values in rounds.items():
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
            assert any("USING INDEX ix_records_state_created_at (state=? AND created_at" in step for step in plan), plan
            assert not any(step.startswith("SCAN") for step in plan)
