"""What ended here is told to the parcel platform, where it may hold it: under a lease, until it is settled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, insert

from middleware.exchange import Delivered
from middleware.model import Record, State
from middleware.model_purge import Notice, Telling, Told
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_retention
from middleware.storage.tables_retention import notices
from tests.storage.builders import LATER, LEASE, NOW, arrival, record
from tests.storage.looking import claim
from tests.storage.purging import LAST_DAY, NEXT_DAY, TEN_YEARS, purge, rows
from tests.storage.states import fill

SHOWN = date(2028, 1, 22)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def delivered(store: Store, **changes: object) -> Record:
    """A record that the platform has."""
    made = record(**changes)
    store.accept(arrival(), made)
    assert store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    return made


def next_(retention: Retention, now: object = NEXT_DAY) -> Notice:
    found = retention.claim(now, LEASE, "platform")  # type: ignore[arg-type]  # a moment
    assert found is not None
    return found


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-4")
def test_each_part_is_told_on_its_own_day(url: str, store: Store, retention: Retention) -> None:
    made = delivered(store)
    purge(url, NEXT_DAY - timedelta(microseconds=1))
    assert retention.told(made.id) == []
    purge(url, NEXT_DAY)
    (first,) = retention.told(made.id)
    assert (first.part, first.telling, first.state) == ("recipient.delivery", Telling.ERASE, Told.WAITING)
    assert (first.carrier, first.ends, first.due) == ("platform", LAST_DAY, NEXT_DAY)
    purge(url, TEN_YEARS)
    assert [notice.part for notice in retention.told(made.id)] == ["recipient.delivery", "sender.contact"]


@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize("state", list(State))
def test_it_is_told_wherever_it_may_be(url: str, store: Store, retention: Retention, state: State) -> None:
    """Of what was ever claimed the platform may hold something, whatever was settled; of the rest it cannot."""
    made = fill(store)
    purge(url, NEXT_DAY)
    claimed = state not in (State.BLOCKED, State.HELD, State.WITHDRAWN)
    open_ = ["recipient.customs"] * (state is State.CANCELLED)  # nothing can start its clock any more
    assert [notice.part for notice in retention.told(made[state].id)] == [*open_, *["recipient.delivery"] * claimed]


def test_what_is_told_outlives_its_record(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made = delivered(store, parts=record().parts[:2])
    purge(url, TEN_YEARS)
    assert store.show(made.id) is None
    assert len(retention.told(made.id)) == 2
    assert purge(url, TEN_YEARS) == {}
    for _ in range(2):
        assert retention.settle(next_(retention, TEN_YEARS), Told.DONE, None, TEN_YEARS, SHOWN)
    assert purge(url, TEN_YEARS + timedelta(days=30)) == {}  # that it was done can be told for a while
    assert len(retention.told(made.id)) == 2
    assert purge(url, TEN_YEARS + timedelta(days=31)) == {"notices": 2}
    assert rows(behind, "notices") == []


def test_a_lease_holds_others_off_and_ends(url: str, store: Store, retention: Retention) -> None:
    delivered(store)
    purge(url, NEXT_DAY)
    first = next_(retention)
    assert retention.claim(NEXT_DAY, LEASE, "platform") is None
    later = NEXT_DAY + timedelta(seconds=LEASE)
    second = next_(retention, later)
    assert second.fence == first.fence + 1
    assert not retention.settle(first, Told.DONE, None, later, SHOWN)
    assert not retention.again(first, later, "timeout", counted=True)
    assert retention.again(second, later + LATER, "timeout", counted=True)
    assert retention.claim(later, LEASE, "platform") is None
    third = next_(retention, later + LATER)
    assert (third.attempts, third.last_code) == (1, "timeout")
    assert retention.again(third, later + LATER, "http-401", counted=False)
    assert next_(retention, later + LATER).attempts == 1


def test_each_lane_has_its_own(url: str, store: Store, retention: Retention) -> None:
    delivered(store)
    purge(url, NEXT_DAY)
    assert retention.claim(NEXT_DAY, LEASE, "other") is None


def test_a_paused_lane_is_told_nothing(url: str, store: Store, retention: Retention) -> None:
    delivered(store)
    purge(url, NEXT_DAY)
    retention.pause_lane("platform", NEXT_DAY + LATER, "http-401")
    assert retention.claim(NEXT_DAY, LEASE, "platform") is None
    assert retention.claim(NEXT_DAY + LATER, LEASE, "platform") is not None


@pytest.mark.parametrize("state", [Told.REFUSED, Told.IMPOSSIBLE])
def test_what_a_person_has_to_see_stays_a_while(url: str, store: Store, retention: Retention, state: Told) -> None:
    made = delivered(store, until=LAST_DAY, parts=record().parts[1:2])
    purge(url, NEXT_DAY)
    assert retention.settle(next_(retention), state, "http-422", NEXT_DAY, SHOWN)
    purge(url, NEXT_DAY + timedelta(days=30))
    (kept,) = retention.told(made.id)
    assert (kept.state, kept.last_code, kept.due, kept.settled_at) == (state, "http-422", None, NEXT_DAY)
    purge(url, NEXT_DAY + timedelta(days=31))
    assert retention.told(made.id) == []


def test_what_is_open_is_counted(url: str, store: Store, retention: Retention) -> None:
    nothing = {"waiting": 0, "refused": 0, "impossible": 0, "unreadable": 0, "overdue": 0}
    assert retention.open(NEXT_DAY) == nothing
    for _ in range(4):
        delivered(store)
    purge(url, NEXT_DAY)
    for state in (Told.DONE, Told.REFUSED):
        retention.settle(next_(retention), state, None, NEXT_DAY, SHOWN)
    assert retention.open(NEXT_DAY) == nothing | {"waiting": 2, "refused": 1}
    assert retention.open(NEXT_DAY + LATER) == nothing | {"waiting": 2, "refused": 1, "overdue": 2}


def test_what_is_erased_needs_no_new_end(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made = delivered(store)
    row = {
        "record_id": made.id,
        "part": "recipient.delivery",
        "telling": Telling.RETAIN,
        "carrier": "platform",
        "retention": "vp.recipient.operational",
        "state": Told.WAITING,
        "due": NOW,
        "created_at": NOW,
        "until": LAST_DAY,
    }
    with behind.begin() as connection:
        connection.execute(insert(notices), row)
    purge(url, NEXT_DAY)
    assert [notice.telling for notice in retention.told(made.id)] == [Telling.ERASE]
