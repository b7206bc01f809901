"""The shops at work: what changed is taken in, what has a fault is left out and named, what is known stays known."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from middleware import directory
from middleware.directory import LOOK_AGAIN, PAGE, Directory, keep_known
from middleware.errors import ConfigError, ParcelveilError, StorageError, TamperedError
from middleware.model_shop import ShopRow, ShopState
from middleware.services import Shop
from tests.middleware.platforms import making

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def shop(name: str, **settings: Any) -> Shop:
    return Shop(
        settings=making.settings(name=name, **{"domain": f"{name}.myshopify.com", **settings}),
        platform=cast(Any, None),
        carrier=cast(Any, None),
        policy=cast(Any, None),
        keys=cast(Any, None),
        indexer=cast(Any, None),
        sender=cast(Any, None),
    )


@dataclass
class Rows:
    """A store of shops in memory, and how often it was asked for rows."""

    rows: dict[str, ShopRow] = field(default_factory=dict)
    version: int = 0
    asked: list[int] = field(default_factory=list)
    broken: bool = False

    def put(self, name: str, domain: str | None = "", state: ShopState = ShopState.LIVE) -> None:
        self.version += 1
        digest = None if domain is None else digested(domain or f"{name}.myshopify.com")
        self.rows[name] = ShopRow(
            name=name, domain=digest, sealed="", state=state, version=self.version, updated_at=NOW
        )

    def newest(self) -> int:
        if self.broken:
            raise StorageError()
        return self.version

    def changed(self, since: int, limit: int) -> Sequence[ShopRow]:
        self.asked.append(since)
        newer = [row for row in self.rows.values() if row.version > since]
        return sorted(newer, key=lambda row: row.version)[:limit]


def digested(domain: str) -> bytes:
    return f"digest of {domain}".encode()


@dataclass
class Bench:
    """A directory over rows in memory. ``faults`` are what binding a shop raises, ``ends`` when a secret of it ends."""

    rows: Rows = field(default_factory=Rows)
    faults: dict[str, ParcelveilError] = field(default_factory=dict)
    ends: dict[str, datetime] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    bound: list[str] = field(default_factory=list)
    now: datetime = NOW
    said: list[tuple[str, ...]] = field(default_factory=list)

    def bind(self, row: ShopRow, now: datetime) -> tuple[Shop, datetime | None]:
        self.bound.append(row.name)
        if row.name in self.faults:
            raise self.faults[row.name]
        end = self.ends.get(row.name)
        return shop(row.name, own_app=row.name in self.own), end if end and now < end else None

    def asked_after(self, since: int) -> list[ShopRow]:
        """What is newer, and after it a row that has no version to compare."""
        assert since not in self.rows.asked
        self.rows.asked.append(since)
        newer = [row for row in self.rows.rows.values() if row.version > since]
        return [*newer, replace(self.rows.rows["a"], name="odd", domain=None, version=0)]

    def directory(self, *seeds: str) -> Directory:
        return Directory(
            store=cast(Any, self.rows),
            clock=lambda: self.now,
            digest=digested,
            bind=self.bind,
            mark=lambda seed: replace(seed, ended=seed.settings.name in self.ended),
            seeds={name: shop(name) for name in seeds},
        )


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(
        directory,
        "_log",
        SimpleNamespace(
            error=lambda event, **values: made.said.append((event, *values.values())),
            failure=lambda event, error: made.said.append((event, type(error).__name__)),
        ),
    )
    return made


def name(found: Shop | None) -> str | None:
    return None if found is None else found.settings.name


def test_a_shop_is_found_by_name_and_by_domain_once_it_was_taken_in(bench: Bench) -> None:
    known = bench.directory("seed")
    bench.rows.put("new")
    assert (known.get("new"), known.domains.get("new.myshopify.com")) == (None, None)
    assert known.refresh() == 1
    assert name(known.get("new")) == name(known.domains.get("new.myshopify.com")) == "new"
    assert name(known.get("seed")) == name(known.domains.get("seed.myshopify.com")) == "seed"
    assert (known.get("x"), known.get(""), known.domains.get(""), known.domains.get("x")) == (None,) * 4


def test_it_is_bound_when_it_is_needed_and_then_no_more(bench: Bench) -> None:
    known = bench.directory("seed")
    bench.rows.put("new")
    known.refresh()
    assert (bench.bound, [name(one) for one in known.values()]) == ([], ["seed"])
    assert known.get("new") is known.get("new") is known.domains.get("new.myshopify.com")
    assert (bench.bound, [name(one) for one in known.values()]) == (["new"], ["seed", "new"])


def test_only_what_changed_is_read(bench: Bench) -> None:
    known = bench.directory()
    for one in ("a", "b"):
        bench.rows.put(one)
    assert (known.refresh(), known.refresh(), bench.rows.asked) == (2, 0, [0])
    first, other = known.get("a"), known.get("b")
    bench.rows.put("a")
    assert known.refresh() == 1
    assert known.get("a") is not first
    assert known.get("b") is other
    assert bench.rows.asked == [0, 2]


def test_many_are_read_by_pages(bench: Bench) -> None:
    for number in range(2 * PAGE + 1):
        bench.rows.put(f"shop-{number}")
    known = bench.directory()
    assert known.refresh() == 2 * PAGE + 1
    assert bench.rows.asked == [0, PAGE, 2 * PAGE]


def test_a_shop_with_an_app_of_its_own_is_not_found_by_its_domain(bench: Bench) -> None:
    bench.own.add("own")
    bench.rows.put("own")
    known = bench.directory()
    known.refresh()
    assert (name(known.get("own")), known.domains.get("own.myshopify.com")) == ("own", None)


def test_a_paused_shop_is_known_and_says_so_and_a_disconnected_one_is_not(bench: Bench) -> None:
    known = bench.directory()
    for state, paused in ((ShopState.LIVE, False), (ShopState.PAUSED, True), (ShopState.LIVE, False)):
        bench.rows.put("new", state=state)
        known.refresh()
        found = known.get("new")
        assert found is not None
        assert found.paused is paused
    bench.rows.put("new", None, ShopState.DISCONNECTED)
    known.refresh()
    assert (known.get("new"), known.domains.get("new.myshopify.com"), list(known.values())) == (None, None, [])


def test_a_domain_goes_with_the_shop_that_has_it(bench: Bench) -> None:
    known = bench.directory()
    bench.rows.put("old", "one.myshopify.com")
    known.refresh()
    bench.rows.put("old", "two.myshopify.com")
    bench.rows.put("new", "one.myshopify.com")
    known.refresh()
    assert name(known.domains.get("one.myshopify.com")) == "new"
    assert name(known.domains.get("two.myshopify.com")) == "old"
    bench.rows.put("new", "three.myshopify.com")
    bench.rows.put("old", "one.myshopify.com")
    known.refresh()
    found = [name(known.domains.get(f"{one}.myshopify.com")) for one in ("one", "two", "three")]
    assert found == ["old", None, "new"]


def test_a_shop_of_the_file_wins(bench: Bench) -> None:
    bench.rows.put("seed")
    known = bench.directory("seed")
    known.refresh()
    assert known.get("seed") is known.seeds["seed"] is known.domains.get("seed.myshopify.com")


@pytest.mark.parametrize("fault", [ConfigError("x"), TamperedError()])
def test_a_shop_with_a_fault_is_left_out_and_named_once_and_the_others_run(
    bench: Bench, fault: ParcelveilError
) -> None:
    bench.faults["faulty"] = fault
    for one in ("faulty", "sound"):
        bench.rows.put(one)
    known = bench.directory()
    known.refresh()
    for _ in range(3):
        known.bind_all()
        assert (known.get("faulty"), name(known.get("sound"))) == (None, "sound")
    assert bench.said == [("shop_quarantined", "faulty", fault.code)]
    assert bench.bound == ["faulty", "sound"]


def test_a_row_without_a_version_is_taken_in_and_nothing_is_read_twice_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "PAGE", 3)
    for one in ("a", "b"):
        bench.rows.put(one)
    known = bench.directory()
    monkeypatch.setattr(bench.rows, "changed", lambda since, _: bench.asked_after(since))  # as SQLite answers
    assert (known.refresh(), known.refresh(), bench.rows.asked) == (3, 0, [0])
    assert name(known.get("odd")) == "odd"


def test_a_shop_with_a_fault_is_tried_again(bench: Bench) -> None:
    bench.faults["faulty"] = ConfigError("its day has not come")
    bench.rows.put("faulty")
    known = bench.directory()
    known.refresh()
    known.bind_all()
    bench.now += LOOK_AGAIN
    assert known.get("faulty") is None
    assert len(bench.said) == 1
    bench.faults.clear()
    assert known.get("faulty") is None  # not at every request
    bench.now += LOOK_AGAIN
    assert name(known.get("faulty")) == "faulty"


def test_a_shop_is_bound_anew_when_a_secret_of_it_ends(bench: Bench) -> None:
    bench.ends["new"] = NOW + timedelta(hours=1)
    bench.rows.put("new")
    known = bench.directory()
    known.refresh()
    first = known.get("new")
    bench.now += timedelta(minutes=59)
    assert known.get("new") is first
    bench.now += timedelta(minutes=1)
    second = known.get("new")
    assert second is not first
    assert known.get("new") is second


def test_what_a_thread_bound_of_an_older_row_does_not_stay(bench: Bench) -> None:
    bench.rows.put("new")
    known = bench.directory()
    known.refresh()
    binds = known.bind

    def slowly(row: ShopRow, now: datetime) -> tuple[Shop, datetime | None]:
        known.bind = binds
        bench.rows.put("new", state=ShopState.PAUSED)
        known.refresh()  # in another thread, while this one binds
        return binds(row, now)

    known.bind = slowly
    found = known.get("new")
    assert found is not None
    assert not found.paused
    found = known.get("new")
    assert found is not None
    assert found.paused


def test_a_database_that_fails_takes_nothing_away(bench: Bench) -> None:
    bench.rows.put("new")
    known = bench.directory()
    known.refresh()
    bench.rows.broken = True
    with pytest.raises(StorageError):
        known.refresh()
    assert name(known.get("new")) == "new"


def test_an_older_database_in_the_place_of_the_one_that_was_read_is_read_anew(bench: Bench) -> None:
    for one in ("a", "b", "c"):
        bench.rows.put(one)
    known = bench.directory()
    known.refresh()
    bench.rows.rows = {"b": replace(bench.rows.rows["b"], version=1)}
    bench.rows.version = 1
    known.refresh()
    assert [name(known.get(one)) for one in ("a", "b", "c")] == [None, "b", None]


def test_it_is_followed_by_a_thread_that_nothing_ends(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "POLL_SECONDS", 0.001)
    known, stop = bench.directory(), threading.Event()
    turns: list[int] = []

    def bind_all() -> None:
        turns.append(len(turns))
        bench.rows.broken = len(turns) == 1  # the second look fails
        if len(turns) == 3:
            raise ZeroDivisionError
        if len(turns) == 5:
            stop.set()

    monkeypatch.setattr(Directory, "bind_all", lambda _: bind_all())
    bench.rows.put("new")
    keep_known(known, stop).join(10)
    assert len(turns) == 5
    assert name(known.get("new")) == "new"
    assert ("shops_not_refreshed", "storage-unavailable") in bench.said
    assert ("refresh_failed", "ZeroDivisionError") in bench.said


def test_a_shop_of_the_file_ends_when_something_changed(bench: Bench) -> None:
    known = bench.directory("seed", "other")
    known.refresh()
    bench.ended.add("seed")
    bench.rows.version += 1
    known.refresh()
    found = [known.get("seed"), known.domains.get("seed.myshopify.com"), known.get("other")]
    assert [one.ended for one in found if one] == [True, True, False]


def test_that_the_database_cannot_be_asked_is_no_fault_of_a_shop(bench: Bench) -> None:
    bench.faults["new"] = StorageError()
    bench.rows.put("new")
    known = bench.directory()
    known.refresh()
    with pytest.raises(StorageError):
        known.get("new")
    del bench.faults["new"]
    assert name(known.get("new")) == "new"
    assert bench.said == []


def test_nothing_of_a_shop_is_shown(bench: Bench) -> None:
    assert repr(bench.directory("seed")) == "<Directory>"


def test_a_shop_that_only_changed_is_unknown_at_no_moment(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.rows.put("new")
    known, made, seen = bench.directory(), directory._Entry, []
    known.refresh()
    known.bind_all()

    def entry(row: ShopRow) -> Any:
        """Another request looks the shop up while its row is taken in."""
        seen.append((name(known.get("new")), name(known.domains.get("new.myshopify.com"))))
        return made(row)

    monkeypatch.setattr(directory, "_Entry", entry)
    bench.rows.put("new")
    known.refresh()
    assert seen == [("new", "new")]
