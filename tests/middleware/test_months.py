"""A month closes: what lives on is sealed again, what does not can be read nowhere once the key is gone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from middleware import binding, months
from middleware.core import seal
from middleware.core.schedule import required_kids
from middleware.errors import DestructionRefusedError, UnknownKeyError
from middleware.model import SealedCopy
from middleware.model_keys import KeptCopy
from middleware.ports import Copies
from middleware.retention_keys import KeyRing, PublicKeys
from middleware.storage import migrate, open_copies, open_store
from tests.storage.builders import arrival, part, record

CLASS = "vp.recipient.operational"
KID = f"recipient.delivery/{CLASS}/2027-12"
JANUARY = datetime(2028, 1, 3, 9, tzinfo=UTC)
DURATIONS: Mapping[str, str] = {CLASS: "P13M"}
PLAINTEXT = b'{"name":"Jozefien Wuytack"}'.ljust(1024)


class House:
    """A database with copies, and the keys that they are sealed to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.database = folder, folder / "data" / "parcelveil.db"
        self.url = f"sqlite:///{self.database}"
        migrate(self.url)
        self.ring = KeyRing(folder / "keys")
        self.ring.provision({KID})
        self.copies: Copies = open_copies(self.url)

    def keep(self, until: date | None) -> str:
        """A record with one copy that ends then; its id."""
        made = record()
        key = PublicKeys(self.folder / "keys").known()[KID]
        kept = SealedCopy(kid=KID, jwe=seal.sealed_to(KID, made.id, PLAINTEXT, key))
        stored = record(id=made.id, parts=(part("recipient.delivery", until=until, copy=kept),))
        with closing(open_store(self.url)) as store:
            store.accept(arrival(), stored)
        return made.id

    def close(self, now: datetime = JANUARY) -> months.Closed:
        return months.close(self.copies, self.ring, now, DURATIONS.__getitem__)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.copies.close()


def kept_in(database: Path) -> dict[str, KeptCopy]:
    """The copies of a database file, read past the service, by record."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT record_id, part, kid, jwe FROM copies").fetchall()
    return {row[0]: KeptCopy(record_id=row[0], part=row[1], kid=row[2], until=None, jwe=row[3]) for row in rows}


@pytest.mark.policy("VP-RET-4", "AMB-20")
def test_a_month_is_over_at_midnight_in_brussels_and_not_before() -> None:
    midnight = datetime(2027, 12, 31, 23, tzinfo=UTC)
    assert months.over({KID}, midnight - timedelta(microseconds=1)) == set()
    assert months.over({KID}, midnight) == {KID}


@pytest.mark.policy("VP-RET-4", "AMB-20")
def test_exactly_what_outlives_its_month_is_sealed_again(house: House) -> None:
    ended, later, open_ = house.keep(date(2027, 12, 31)), house.keep(date(2028, 5, 22)), house.keep(None)
    closed = house.close()
    assert (closed.resealed, closed.unreadable) == (2, 0)
    assert months.over(house.ring.kids(), JANUARY) >= {KID}
    kids = {id_: kept.kid for id_, kept in kept_in(house.database).items()}
    assert kids == {
        ended: KID,
        later: f"recipient.delivery/{CLASS}/2028-05",
        open_: f"recipient.delivery/{CLASS}/2029-02",  # as if its clock had started on the day of the closing
    }
    assert all(house.ring.open(kept) == PLAINTEXT for kept in kept_in(house.database).values())


def test_before_its_month_is_over_nothing_is_sealed_again(house: House) -> None:
    house.keep(None)
    assert house.close(datetime(2027, 12, 31, 22, 59, tzinfo=UTC)).resealed == 0
    assert house.close(datetime(2027, 12, 31, 23, 0, tzinfo=UTC)).resealed == 1  # midnight in Brussels


def test_to_close_again_changes_nothing(house: House) -> None:
    house.keep(None)
    house.close()
    before = kept_in(house.database)
    assert house.close().resealed == 0
    assert kept_in(house.database) == before


def test_more_than_a_batch_is_sealed_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(months, "BATCH", 2)
    for _ in range(5):
        house.keep(None)
    assert house.close().resealed == 5


@pytest.mark.policy("VP-RET-4", "AMB-21")
def test_a_backup_of_last_year_cannot_be_read_once_the_key_is_gone(house: House, tmp_path: Path) -> None:
    ids = [house.keep(date(2027, 12, day)) for day in (22, 30, 31)]
    lives = house.keep(date(2028, 2, 1))
    backup = Path(shutil.copy(house.database, tmp_path / "backup.db"))
    assert all(house.ring.open(kept) == PLAINTEXT for kept in kept_in(backup).values())
    house.close()
    for kid in months.destructible(house.ring, "2027-12", JANUARY):
        months.announce(house.copies, kid, "Els", JANUARY)
        months.carry_out(house.copies, house.ring, kid, "Noor", JANUARY)
    opened = []
    for kept in kept_in(backup).values():
        try:
            opened.append(house.ring.open(kept))
        except UnknownKeyError:
            continue
    assert (len(kept_in(backup)), opened) == (4, [])
    assert house.ring.open(kept_in(house.database)[lives]) == PLAINTEXT
    assert set(ids) < set(kept_in(house.database))  # their rows are the purge's work; they open no more


@pytest.mark.policy("VP-RET-4", "VP-RET-3")
def test_a_key_to_which_something_living_is_sealed_is_not_destroyed(house: House) -> None:
    house.keep(None)
    with pytest.raises(DestructionRefusedError, match="1 parts that are permitted to live"):
        months.announce(house.copies, KID, "Els", JANUARY)
    with pytest.raises(DestructionRefusedError, match="was not announced"):
        months.carry_out(house.copies, house.ring, KID, "Els", JANUARY)
    assert house.ring.kids() == {KID}


@pytest.mark.policy("VP-RET-4")
def test_what_came_between_the_steps_stops_the_second(house: House) -> None:
    months.announce(house.copies, KID, "Els", JANUARY)
    house.keep(None)
    with pytest.raises(DestructionRefusedError, match="permitted to live"):
        months.carry_out(house.copies, house.ring, KID, "Els", JANUARY)
    assert house.ring.kids() == {KID}


def test_both_steps_stand_in_the_log_and_a_repetition_completes(house: House) -> None:
    months.announce(house.copies, KID, "Els", JANUARY)
    months.carry_out(house.copies, house.ring, KID, "Noor", JANUARY + timedelta(hours=1))
    months.carry_out(house.copies, house.ring, KID, "Noor", JANUARY + timedelta(hours=2))
    told = [(entry.fact, entry.actor) for entry in house.copies.noted(KID)]
    assert told == [("key-destruction-announced", "Els"), ("key-destroyed", "Noor")]
    assert house.ring.kids() == frozenset()
    assert list(months.destructible(house.ring, KID, JANUARY)) == [KID]


@pytest.mark.parametrize("named", ["2027-11", "2027-12 ", "recipient.delivery", ""])
def test_another_name_destroys_nothing(house: House, named: str) -> None:
    with pytest.raises(DestructionRefusedError, match="no such key"):
        list(months.destructible(house.ring, named, JANUARY))


@pytest.mark.policy("VP-RET-4", "AMB-20")
def test_a_month_that_is_not_over_is_not_destroyed(house: House) -> None:
    with pytest.raises(DestructionRefusedError, match="not over"):
        list(months.destructible(house.ring, KID, datetime(2027, 12, 31, 22, 59, tzinfo=UTC)))


def test_a_copy_that_somebody_changed_is_counted_and_stops_no_other(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can only write to the database cannot have a part of one record opened for another."""
    monkeypatch.setattr(months, "BATCH", 1)
    ids = sorted(house.keep(None) for _ in range(3))
    swap = "UPDATE copies SET jwe = (SELECT jwe FROM copies WHERE record_id = ?) WHERE record_id = ?"
    with closing(sqlite3.connect(house.database)) as connection, connection:
        connection.execute(swap, (ids[1], ids[0]))
    closed = house.close()
    assert (closed.resealed, closed.unreadable) == (2, 1)
    assert [kept_in(house.database)[id_].kid == KID for id_ in ids] == [True, False, False]
    with pytest.raises(DestructionRefusedError):
        months.announce(house.copies, KID, "Els", JANUARY)


@pytest.mark.policy("AMB-20")
@settings(max_examples=40)
@given(day=st.dates(date(2024, 1, 1), date(2040, 12, 31)), ahead=st.integers(0, 183))
def test_every_day_of_the_months_ahead_finds_its_keys(day: date, ahead: int) -> None:
    policy = binding.pack("bpost-shipping-platform")
    later = day + timedelta(days=ahead)
    assert required_kids(policy, later) <= months.needed([policy], day)
