"""Rows of another program, or of a damaged file: a clock leaves their record as it is, names it, and moves all else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from middleware.model_events import EventType, Selector
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from tests.storage.builders import part
from tests.storage.test_events import DELIVERY, SENDER, open_part, taken, tell, told


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


ODD = {
    "the last day of a part": ("parts", "until", "nonsense", "record_id = :id AND name = 'recipient.delivery'"),
    "the first day of a part": ("parts", "starts", "2026-11-31", "record_id = :id AND name = 'recipient.delivery'"),
    "when it came": ("records", "created_at", 2**62, "id = :id"),
    "the last day of its order": ("orders", "until", "nonsense", "record_id = :id"),
}


def changed(behind: Engine, name: str, record_id: str) -> None:
    """What nobody of us wrote, past all types of ours."""
    table, column, value, where = ODD[name]
    statement = text(f'UPDATE {table} SET "{column}" = :value WHERE {where}')  # noqa: S608  # names of this file
    with behind.begin() as connection:
        assert connection.execute(statement, {"value": value, "id": record_id}).rowcount == 1


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_read_stays_and_stops_no_other(
    store: Store, retention: Retention, behind: Engine, name: str
) -> None:
    open_ = open_part(SENDER, "end_of_use", retention="vp.sender.legal")
    made = [taken(store, part(DELIVERY), open_, sent=False)[1] for _ in range(3)]
    odd = made[1].id
    changed(behind, name, odd)
    came = tell(retention, told(EventType.END_OF_USE))
    assert (came.unreadable, came.found, came.parts) == ((odd,), 3, 2)
    assert set(came.records) == {made[0].id, made[2].id}
    with behind.connect() as connection:
        page = text("SELECT record_id, starts FROM parts WHERE name = :name")
        started = {row.record_id: row.starts for row in connection.execute(page, {"name": SENDER})}
    assert {record_id for record_id, starts in started.items() if starts is None} == {odd}


def test_where_it_is_the_only_one_the_event_is_kept_all_the_same(
    store: Store, retention: Retention, behind: Engine
) -> None:
    _, made = taken(store, open_part(SENDER, "end_of_use", retention="vp.sender.legal"), sent=False)
    changed(behind, "when it came", made.id)
    came = tell(retention, told(EventType.END_OF_USE, Selector(record_id=made.id)))
    assert (came.unreadable, came.found, came.parts, came.early) == ((made.id,), 1, 0, 0)
    assert [one.id for one in retention.events("demo", 9)] == [came.id]
