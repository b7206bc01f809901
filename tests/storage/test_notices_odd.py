"""What a person has to see of what parcel platforms were told, until they have; of rows that cannot be read, too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from middleware.model import Record
from middleware.model_purge import Held, Telling, Told
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from tests.storage.builders import LATER, NOW
from tests.storage.purging import LAST_DAY, NEXT_DAY, purge
from tests.storage.test_notices import SHOWN, delivered, next_

DELIVERY = "recipient.delivery"
NOTHING = {"waiting": 0, "refused": 0, "impossible": 0, "unreadable": 0, "overdue": 0}


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def changed(behind: Engine, made: Record, column: str, value: object) -> None:
    """What nobody of us wrote, past all types of ours."""
    statement = text(f'UPDATE notices SET "{column}" = :value WHERE record_id = :key')  # noqa: S608  # names of this file
    with behind.begin() as connection:
        connection.execute(statement, {"value": value, "key": made.id})


@pytest.mark.parametrize("state", [Told.REFUSED, Told.IMPOSSIBLE])
def test_what_a_person_has_seen_is_open_no_more(url: str, store: Store, retention: Retention, state: Told) -> None:
    first, second = delivered(store), delivered(store)
    purge(url, NEXT_DAY)
    assert retention.unseen(9) == []
    assert retention.see([(first.id, DELIVERY)], NEXT_DAY) == 0  # it waits: nothing has come of it
    for _ in range(2):
        retention.settle(next_(retention), state, "http-422", NEXT_DAY, SHOWN)
    assert {notice.record_id for notice in retention.unseen(9)} == {first.id, second.id}
    assert len(retention.unseen(1)) == 1
    assert retention.open(NEXT_DAY) == NOTHING | {state.value: 2}
    assert retention.see([(first.id, DELIVERY), ("nothing", DELIVERY), (second.id, "other")], NEXT_DAY) == 1
    assert retention.see([(first.id, DELIVERY)], NEXT_DAY + LATER) == 0
    assert [notice.record_id for notice in retention.unseen(9)] == [second.id]
    assert retention.open(NEXT_DAY) == NOTHING | {state.value: 1}
    (told,) = retention.told(first.id)
    assert (told.state, told.seen_at) == (state, NEXT_DAY)


def test_a_new_end_is_news_again(url: str, store: Store, retention: Retention) -> None:
    made = delivered(store)
    order = Held(ground="g", person="p", starts=NOW.date(), until=SHOWN)
    (held,) = retention.hold(order, [made.id], [DELIVERY], NOW)
    retention.settle(next_(retention, NOW), Told.REFUSED, "http-422", NOW, SHOWN)
    assert retention.see([(made.id, DELIVERY)], NOW) == 1
    retention.release(held.id, "p", NOW)
    (told,) = retention.told(made.id)
    assert (told.telling, told.seen_at) == (Telling.RETAIN, None)
    retention.settle(next_(retention, NOW), Told.REFUSED, "http-422", NOW, SHOWN)
    assert len(retention.unseen(9)) == 1


EVERYWHERE: dict[str, object] = {
    "starts": "nonsense",
    "ends": "2027-13-45",
    "telling": "nonsense",
    "state": "nonsense",
    "created_at": -(2**62),
    "settled_at": 2**62,
    "fence": 2**31 - 1,
}
ON_SQLITE: dict[str, object] = {"attempts": "nonsense", "fence": "x", "last_code": b"\xff", "retention": b"\xff"}
"""What PostgreSQL's own types refuse."""


def stops_no_other(url: str, store: Store, retention: Retention, behind: Engine, column: str, value: object) -> None:
    odd = delivered(store)
    purge(url, NEXT_DAY)
    other = delivered(store)
    purge(url, NEXT_DAY + LATER)
    changed(behind, odd, column, value)
    assert [notice.readable for notice in retention.told(odd.id)] == [False]
    lease = next_(retention, NEXT_DAY + LATER)
    assert lease.record_id == other.id
    assert retention.settle(lease, Told.DONE, None, NEXT_DAY + LATER, SHOWN)
    (row,) = (row for row in rows_raw(behind) if row["record_id"] == odd.id)
    assert (row["state"], row["due"], row["last_code"]) == ("refused", None, "unreadable-row")
    assert retention.open(NEXT_DAY) == NOTHING | {"refused": 1}
    assert [notice.record_id for notice in retention.unseen(9)] == [odd.id]
    purge(url, NEXT_DAY + timedelta(days=29))
    assert retention.see([(odd.id, DELIVERY)], NEXT_DAY) == 1
    assert retention.open(NEXT_DAY) == NOTHING


def rows_raw(behind: Engine) -> list[dict[str, object]]:
    with behind.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(text("SELECT * FROM notices"))]


@pytest.mark.parametrize("column", EVERYWHERE)
def test_one_that_cannot_be_read_is_left_for_a_person_and_the_others_go_on(
    url: str, store: Store, retention: Retention, behind: Engine, column: str
) -> None:
    stops_no_other(url, store, retention, behind, column, EVERYWHERE[column])


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("column", ON_SQLITE)
def test_sqlite_takes_whatever_is_put_there(
    url: str, store: Store, retention: Retention, behind: Engine, column: str
) -> None:
    stops_no_other(url, store, retention, behind, column, ON_SQLITE[column])


def test_a_state_that_is_none_hides_no_count(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made = delivered(store)
    purge(url, NEXT_DAY)
    changed(behind, made, "state", "nonsense")
    changed(behind, made, "due", None)
    assert retention.open(NEXT_DAY + LATER) == NOTHING | {"unreadable": 1}
    assert [(notice.record_id, notice.readable) for notice in retention.unseen(9)] == [(made.id, False)]
    assert retention.see([(made.id, DELIVERY)], NEXT_DAY) == 1
    assert retention.open(NEXT_DAY + LATER) == NOTHING


def test_what_is_kept_for_a_person_is_kept_thirty_days(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    made = delivered(store, until=LAST_DAY, parts=(delivered(store).parts[1],))
    purge(url, NEXT_DAY)
    changed(behind, made, "starts", "nonsense")
    while retention.claim(NEXT_DAY, 60.0, "platform"):
        pass
    (row,) = (row for row in rows_raw(behind) if row["record_id"] == made.id)
    assert row["until"] == SHOWN.isoformat()
