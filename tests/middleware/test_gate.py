"""The gate under threads: no more at work than may be, a turn for each shop, and places that always come back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from middleware.core.shares import LATEST, SOONEST, Shares, Ticket
from middleware.errors import BusyError, SchemaError
from middleware.gate import Gate

LONG = 30.0
"""Seconds that no test waits: what it waits for comes."""

PLACES, AT_WORK, SHARE = 8, 2, 4
"""``SHARE`` is what a shop gets that is alone."""


class Counted(Shares):
    """Shares that tell how many came: a thread that waits looks from outside like one that has not begun."""

    came = 0

    def come(self, shop: str) -> Ticket | None:
        self.came += 1
        return super().come(shop)


class Bench:
    """Work that stands still until it is let go, and the order in which it began."""

    def __init__(self, pool: ThreadPoolExecutor, patience: float = LONG) -> None:
        self.shares, self.pool = Counted(places=PLACES, at_work=AT_WORK), pool
        self.gate = Gate(self.shares, patience)
        self.began: list[str] = []
        self.now = self.most = 0
        self._change = threading.Condition()
        self._free = 0

    def send(self, *shops: str) -> list[Future[None]]:
        """One webhook after the other, each on a thread of its own; all of them are at work or wait."""
        sent = []
        for number, shop in enumerate(shops, self.shares.came + 1):
            sent.append(self.pool.submit(self._work, shop))
            self.until(partial(self._came, number))
        return sent

    def _came(self, number: int) -> bool:
        return self.shares.came >= number

    def let_go(self, count: int) -> None:
        with self._change:
            self._free += count
            self._change.notify_all()

    def until(self, happened: Callable[[], bool]) -> None:
        with self._change:
            while not happened():
                self._change.wait(0.01)

    def _work(self, shop: str) -> None:
        with self.gate.turn(shop, f"of {shop}"), self._change:
            self.began.append(shop)
            self.now += 1
            self.most = max(self.most, self.now)
            assert self._change.wait_for(lambda: self._free > 0, LONG)
            self._free -= 1
            self.now -= 1


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * PLACES) as made:
        yield made


def test_a_flood_gets_its_share_and_the_small_shop_the_next_turn(pool: ThreadPoolExecutor) -> None:
    bench = Bench(pool)
    flood = bench.send(*["flood"] * SHARE)
    (small,) = bench.send("small")
    bench.until(lambda: bench.now == AT_WORK)
    bench.let_go(2)
    bench.until(lambda: len(bench.began) == 4)
    assert (bench.began[:2], sorted(bench.began[2:])) == (["flood", "flood"], ["flood", "small"])
    bench.let_go(3)
    for one in (*flood, small):
        one.result(LONG)
    assert (len(bench.began), bench.most) == (SHARE + 1, AT_WORK)


def test_more_than_its_share_is_sent_away_at_once_and_others_are_not(pool: ThreadPoolExecutor) -> None:
    bench = Bench(pool)
    flood = bench.send(*["flood"] * SHARE)
    (late,) = bench.send("flood")
    refusal = late.exception(LONG)
    assert isinstance(refusal, BusyError)
    assert (refusal.code, refusal.status, refusal.shop) == ("busy", 503, "flood")
    assert SOONEST <= refusal.retry_after <= LATEST
    small = bench.send("small")
    bench.let_go(SHARE + 1)
    for one in (*flood, *small):
        one.result(LONG)


def test_who_has_no_patience_left_is_sent_away_and_leaves_its_place(pool: ThreadPoolExecutor) -> None:
    bench = Bench(pool, patience=0.0)
    working = bench.send("flood", "flood")
    for _ in range(2 * PLACES):
        (tired,) = bench.send("flood")
        assert isinstance(tired.exception(LONG), BusyError)
    bench.let_go(2)
    for one in working:
        one.result(LONG)
    bench.let_go(1)
    bench.send("flood")[0].result(LONG)


def test_what_fails_at_work_leaves_its_place_too() -> None:
    gate = Gate(Shares(places=PLACES, at_work=AT_WORK), LONG)
    for _ in range(2 * PLACES):
        with pytest.raises(SchemaError), gate.turn("demo", ""):
            raise SchemaError(())


def test_whatever_the_threads_do_everybody_gets_through(pool: ThreadPoolExecutor) -> None:
    """So many as there are places for: nobody is sent away, nobody is forgotten in the queue."""
    gate, done = Gate(Shares(places=PLACES, at_work=AT_WORK), LONG), []

    def come(shop: str) -> None:
        for _ in range(200):
            with gate.turn(shop, ""):
                done.append(shop)

    for one in [pool.submit(come, shop) for shop in ("a", "a", "b", "b")]:
        one.result(LONG)
    assert sorted(done) == ["a"] * 400 + ["b"] * 400
