"""Parts of another program, or of a damaged file: the purge leaves them for a person, and takes all others."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine, text

from middleware.model import State
from middleware.model_purge import Kind
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.purge import Purge
from middleware.storage import open_retention
from tests.storage.builders import NOW, arrival, part, record
from tests.storage.looking import claim
from tests.storage.purging import BOOT, LAST_DAY, NEXT_DAY, TEN_YEARS

DELIVERY, SENDER = "recipient.delivery", "sender.contact"
DAY = date(2027, 12, 23)


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def changed(behind: Engine, record_id: str, column: str, value: object, name: str = DELIVERY) -> None:
    """What nobody of us wrote, past all types of ours."""
    statement = text(f'UPDATE parts SET "{column}" = :value WHERE record_id = :key AND name = :name')  # noqa: S608  # names of this file
    with behind.begin() as connection:
        connection.execute(statement, {"value": value, "key": record_id, "name": name})


def there(behind: Engine) -> set[str]:
    """Of which records the recipient's part is there, read raw."""
    page = text("SELECT record_id FROM parts WHERE name = :name AND jwe IS NOT NULL")
    with behind.connect() as connection:
        return set(connection.execute(page, {"name": DELIVERY}).scalars())


def leaves_no_other(
    store: Store, retention: Retention, behind: Engine, column: str, value: object, batch: int = 2
) -> None:
    made = [record() for _ in range(5)]
    for one in made:
        store.accept(arrival(), one)
    odd = {one.id for one in made[1:4]}
    for record_id in odd:
        changed(behind, record_id, column, value)
    purge = Purge(purging=retention, clock=lambda: NEXT_DAY, boot=lambda: BOOT, batch=batch)
    taken = purge.run()
    assert taken is not None
    assert taken[Kind.PARTS] == 2
    assert there(behind) == odd
    assert purge.unreadable == {(record_id, DELIVERY) for record_id in odd}
    assert retention.upkeep().last_run == NEXT_DAY
    assert retention.ended(DAY, 100)[Kind.PARTS] == 3
    assert retention.ended(DAY, 100)[Kind.CLEAR] == 0
    assert retention.unreadable(DAY, NEXT_DAY, 100, purge.unreadable) == frozenset()


EVERYWHERE = {"until": "0", "later": "nonsense", "starts": "2027-13-45", "no-day": "2027-02-30"}
ON_SQLITE: dict[str, object] = {"until": b"\xff\xfe", "starts": b"\xff"}
"""What PostgreSQL's own types refuse."""


@pytest.mark.policy("VP-RET-4")
@pytest.mark.parametrize("how", EVERYWHERE)
def test_parts_that_cannot_be_read_are_named_and_the_others_go(
    store: Store, retention: Retention, behind: Engine, how: str
) -> None:
    column = "starts" if how == "starts" else "until"
    leaves_no_other(store, retention, behind, column, EVERYWHERE[how])


@pytest.mark.parametrize("database", ["sqlite"])
@pytest.mark.parametrize("column", ON_SQLITE)
def test_sqlite_takes_whatever_is_put_there(store: Store, retention: Retention, behind: Engine, column: str) -> None:
    leaves_no_other(store, retention, behind, column, ON_SQLITE[column], batch=1)


@pytest.mark.parametrize("ceiling", ["0", "nonsense"])
def test_a_ceiling_that_cannot_be_read_is_named_and_the_others_go(
    store: Store, retention: Retention, behind: Engine, ceiling: str
) -> None:
    made = [record(parts=(part(DELIVERY, starts=None, until=None, ceiling=LAST_DAY),), until=None) for _ in range(3)]
    for one in made:
        store.accept(arrival(), one)
        store.bury(claim(store), State.DEAD, "http-422", NOW)
    changed(behind, made[0].id, "ceiling", ceiling)
    purge = Purge(purging=retention, clock=lambda: NEXT_DAY, boot=lambda: BOOT, batch=1)
    assert (purge.run() or {})[Kind.UNSTARTED] == 2
    assert there(behind) == {made[0].id}
    assert purge.unreadable == {(made[0].id, DELIVERY)}
    ended = retention.ended(DAY, 100)
    assert ended[Kind.PARTS] + ended[Kind.UNSTARTED] == 1


@pytest.mark.policy("MX-RET-1")
@pytest.mark.parametrize("until", ["0", "nonsense"])
def test_of_a_record_with_an_odd_part_no_other_ends_without_a_clock_and_other_records_do(
    store: Store, retention: Retention, behind: Engine, until: str
) -> None:
    """The end of a record follows from all of its parts."""
    waits = part(DELIVERY, starts=None, until=None, ceiling=LAST_DAY)
    made = [record(parts=(waits, part(SENDER, until=TEN_YEARS.date())), until=None) for _ in range(3)]
    for one in made:
        store.accept(arrival(), one)
        store.bury(claim(store), State.DEAD, "http-422", NOW)
    odd = made[0].id
    changed(behind, odd, "until", until, SENDER)
    purge = Purge(purging=retention, clock=lambda: NEXT_DAY, boot=lambda: BOOT, batch=2)
    assert (purge.run() or {})[Kind.UNSTARTED] == 2
    assert there(behind) == {odd}
    assert purge.unreadable == {(odd, DELIVERY), (odd, SENDER)}
    changed(behind, odd, "until", "2036-11-22", SENDER)
    assert (purge.run() or {})[Kind.UNSTARTED] == 1
    assert there(behind) == set()


def test_what_is_mended_goes_with_the_next_run(store: Store, retention: Retention, behind: Engine) -> None:
    made = record()
    store.accept(arrival(), made)
    changed(behind, made.id, "until", "0")
    purge = Purge(purging=retention, clock=lambda: NEXT_DAY, boot=lambda: BOOT)
    assert Kind.PARTS not in (purge.run() or {})
    changed(behind, made.id, "until", "2027-12-22")
    assert (purge.run() or {})[Kind.PARTS] == 1
    assert there(behind) == set()
