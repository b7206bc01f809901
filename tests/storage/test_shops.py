"""Shops in the database: one contract for both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from middleware.errors import ChangedMeanwhileError, DomainTakenError, SecretTakenError, StorageError
from middleware.model_shop import ShopRow, ShopState
from middleware.ports import ShopStore
from middleware.storage import open_both, open_shops
from tests.storage.children import together

NOW = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def shops(url: str) -> Iterator[ShopStore]:
    opened = open_shops(url)
    yield opened
    opened.close()


def row(name: str, **changes: object) -> ShopRow:
    made = ShopRow(
        name=name,
        domain=name.encode().ljust(32, b"d"),
        sealed=f"sealed {name}",
        state=ShopState.LIVE,
        version=0,
        updated_at=NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # a test's own names


def secret(text: str) -> bytes:
    return text.encode().ljust(32, b"s")


def test_nothing_is_there_at_first(shops: ShopStore) -> None:
    assert (shops.newest(), shops.changed(0, 10), shops.find("demo")) == (0, [], None)


def test_what_was_put_is_found_as_it_was_put(shops: ShopStore) -> None:
    stored = shops.put(row("demo", state=ShopState.PAUSED), [secret("one")], 0)
    assert stored == row("demo", state=ShopState.PAUSED, version=1)
    assert shops.find("demo") == stored
    assert [shops.find(name) for name in ("other", "de\0mo")] == [None, None]  # PostgreSQL takes no NUL in a text


def test_a_version_grows_with_every_change_of_any_shop(shops: ShopStore) -> None:
    first, second = shops.put(row("demo"), [], 0), shops.put(row("other"), [], 0)
    third = shops.put(row("demo", sealed="changed"), [], first.version)
    assert (first.version, second.version, third.version, shops.newest()) == (1, 2, 3, 3)
    assert [(one.name, one.version) for one in shops.changed(0, 10)] == [("other", 2), ("demo", 3)]
    assert [one.name for one in shops.changed(2, 10)] == ["demo"]
    assert [one.name for one in shops.changed(0, 1)] == ["other"]
    assert shops.changed(3, 10) == []


def test_who_has_not_seen_the_newest_changes_nothing(shops: ShopStore) -> None:
    seen = shops.put(row("demo"), [secret("one")], 0)
    for expected in (0, seen.version + 1):
        with pytest.raises(ChangedMeanwhileError):
            shops.put(row("demo", sealed="lost"), [], expected)
    with pytest.raises(ChangedMeanwhileError):
        shops.put(row("new"), [], 7)
    assert (shops.find("demo"), shops.newest(), shops.find("new")) == (seen, seen.version, None)


def test_one_domain_is_one_shop(shops: ShopStore) -> None:
    shops.put(row("demo"), [], 0)
    with pytest.raises(DomainTakenError):
        shops.put(row("other", domain=row("demo").domain), [], 0)
    assert shops.newest() == 1


def test_a_domain_is_free_again_when_its_shop_has_gone(shops: ShopStore) -> None:
    gone = row("demo", domain=None, sealed=None, state=ShopState.DISCONNECTED)
    shops.put(gone, [], shops.put(row("demo"), [secret("one")], 0).version)
    shops.put(replace(gone, name="second"), [], 0)  # several may be without one
    taken = shops.put(row("other", domain=row("demo").domain), [secret("one")], 0)
    assert shops.find("other") == taken


@pytest.mark.parametrize("held", [["one"], ["two", "one"]])
def test_one_secret_is_one_shop_s(shops: ShopStore, held: list[str]) -> None:
    shops.put(row("demo"), [secret(text) for text in held], 0)
    with pytest.raises(SecretTakenError):
        shops.put(row("other"), [secret("three"), secret("one")], 0)
    shops.put(row("other"), [secret("three")], 0)


def test_secrets_are_replaced_whole(shops: ShopStore) -> None:
    first = shops.put(row("demo"), [secret("one"), secret("two")], 0)
    shops.put(row("demo"), [secret("two"), secret("two")], first.version)
    shops.put(row("other"), [secret("one")], 0)
    with pytest.raises(SecretTakenError):
        shops.put(row("third"), [secret("two")], 0)


def test_changes_at_once_come_one_after_another_and_none_is_missed(url: str) -> None:
    def connecting(number: int) -> Callable[[], None]:
        def connect() -> None:
            store = open_shops(url)
            for step in range(10):
                store.put(row(f"shop-{number}-{step}"), [secret(f"{number} {step}")], 0)
            store.close()

        return connect

    store, known = open_shops(url), 0
    seen: list[str] = []
    threads = [threading.Thread(target=connecting(number)) for number in range(4)]
    for thread in threads:
        thread.start()
    while (len(seen) < 40 and any(thread.is_alive() for thread in threads)) or known < store.newest():
        for one in store.changed(known, 3):
            seen.append(one.name)
            known = one.version
    for thread in threads:
        thread.join()
    store.close()
    assert (len(seen), len(set(seen)), known) == (40, 40, 40)


def test_two_that_connect_one_domain_at_once_do_not_both_succeed(url: str) -> None:
    def connect() -> None:
        store = open_shops(url)
        try:
            store.put(row(f"shop-{threading.get_native_id()}", domain=b"x" * 32), [], 0)
        except DomainTakenError:
            pass
        finally:
            store.close()

    together(3, connect)
    store = open_shops(url)
    assert len(store.changed(0, 10)) == 1
    store.close()


def test_records_and_shops_share_their_connections(url: str) -> None:
    store, shops = open_both(url)
    shops.put(row("demo"), [], 0)
    store.ping()
    store.close()
    shops.close()


ODD = ["state = 'k4n4rie'", "updated_at = 9223372036854775807"]
ODD_TYPES = ["domain = 'odd'", "sealed = x'ff'", "state = x'ff'", "updated_at = 'odd'", "updated_at = x'ff'"]


@pytest.mark.parametrize("change", ODD)
def test_a_row_that_nobody_of_us_wrote_stops_no_other(behind: Engine, shops: ShopStore, change: str) -> None:
    """It does not open: its shop is quarantined, and the changes of the others are seen."""
    for name in ("demo", "other"):
        shops.put(row(name), [], 0)
    with behind.begin() as connection:
        connection.exec_driver_sql(f"UPDATE shops SET {change} WHERE name = 'demo'")  # noqa: S608 - ours
    assert [(one.name, one.sealed) for one in shops.changed(0, 10)] == [("demo", ""), ("other", "sealed other")]
    found = shops.find("demo")
    assert found is not None
    assert (found.sealed, found.state, found.version) == ("", ShopState.UNREADABLE, 1)
    assert shops.put(row("demo"), [], found.version).sealed == "sealed demo"


@pytest.mark.parametrize("change", ODD_TYPES)
def test_sqlite_keeps_any_type_in_any_column_and_that_stops_no_other(
    sqlite_behind: Engine, sqlite_url: str, change: str
) -> None:
    shops = open_shops(sqlite_url)
    for name in ("demo", "other"):
        shops.put(row(name), [], 0)
    with sqlite_behind.begin() as connection:
        connection.exec_driver_sql(f"UPDATE shops SET {change} WHERE name = 'demo'")  # noqa: S608 - ours
    states = {one.name: one.state for one in shops.changed(0, 10)}
    shops.close()
    assert states == {"demo": ShopState.UNREADABLE, "other": ShopState.LIVE}


def test_a_version_that_is_none_is_told_of_and_its_shop_can_be_replaced(sqlite_behind: Engine, sqlite_url: str) -> None:
    shops = open_shops(sqlite_url)
    for name in ("demo", "other"):
        shops.put(row(name), [], 0)
    with sqlite_behind.begin() as connection:
        connection.exec_driver_sql("UPDATE shops SET version = 'odd' WHERE name = 'demo'")
    told = [(one.name, one.state, one.version) for one in shops.changed(0, 10)]
    assert told == [("other", ShopState.LIVE, 2), ("demo", ShopState.UNREADABLE, 0)]
    assert shops.put(row("demo"), [], 0).version == 3
    shops.close()


def test_a_failure_is_told_without_a_value(behind: Engine, shops: ShopStore) -> None:
    with behind.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE shops RENAME COLUMN sealed TO closed")
    try:
        with pytest.raises(StorageError) as refusal:
            shops.put(row("demo", sealed="canary-7f3a"), [], 0)
    finally:
        with behind.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE shops RENAME COLUMN closed TO sealed")
    assert "canary" not in f"{refusal.value!r}{refusal.value.__context__!r}"
