"""The quota of the outbox: counted now and then, and no shop's matter but its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from middleware.backlog import KEPT, Backlog
from middleware.errors import BacklogFullError, StorageError
from middleware.ports import Store

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
MOST = 3


@dataclass
class Counting:
    """A store that only counts what waits."""

    waits: dict[str, int]
    asked: list[tuple[str, int]] = field(default_factory=list)
    broken: bool = False

    def waiting(self, shop: str, most: int) -> int:
        self.asked.append((shop, most))
        if self.broken:
            raise StorageError()
        return min(self.waits.get(shop, 0), most)


def full(backlog: Backlog, store: Counting, shop: str, now: datetime = NOW) -> bool:
    try:
        backlog.check(cast(Store, store), shop, now)
    except BacklogFullError:
        return True
    return False


def test_the_refusal_says_so() -> None:
    with pytest.raises(BacklogFullError) as refusal:
        Backlog(MOST).check(cast(Store, Counting({"demo": MOST})), "demo", NOW)
    told = (refusal.value.status, refusal.value.code, refusal.value.shop, refusal.value.retry_after)
    assert told == (503, "backlog-full", "demo", 300)


@pytest.mark.parametrize(("waits", "expected"), [(0, False), (MOST - 1, False), (MOST, True), (MOST + 5, True)])
def test_full_is_what_has_as_many_as_may_wait(waits: int, expected: bool) -> None:
    store = Counting({"demo": waits})
    assert full(Backlog(MOST), store, "demo") is expected
    assert store.asked == [("demo", MOST)]  # counted no further


def test_one_shop_is_full_and_the_other_is_not() -> None:
    backlog, store = Backlog(MOST), Counting({"flood": MOST})
    assert [full(backlog, store, shop) for shop in ("flood", "small")] == [True, False]


@pytest.mark.parametrize("waits", [0, MOST])
def test_it_is_counted_once_in_a_while(waits: int) -> None:
    backlog, store = Backlog(MOST), Counting({"demo": waits})
    for moment in (NOW, NOW + KEPT / 2, NOW + KEPT - timedelta(microseconds=1)):
        full(backlog, store, "demo", moment)
    assert len(store.asked) == 1
    store.waits["demo"] = MOST - waits
    assert full(backlog, store, "demo", NOW + KEPT) is (waits == 0)


def test_a_clock_that_is_set_back_does_not_keep_it_full() -> None:
    backlog, store = Backlog(MOST), Counting({"demo": MOST})
    assert full(backlog, store, "demo")
    store.waits.clear()
    assert not full(backlog, store, "demo", NOW - timedelta(days=1))


def test_what_could_not_be_counted_is_counted_next_time() -> None:
    backlog, store = Backlog(MOST), Counting({}, broken=True)
    with pytest.raises(StorageError):
        full(backlog, store, "demo")
    store.broken = False
    assert not full(backlog, store, "demo")
