"""Where calls wait: so many at once, so long, and no longer than is needed."""

from __future__ import annotations

import threading

import pytest

from middleware.shipping import Waiting


def never(_: float) -> None:
    raise AssertionError("it slept")


class Looks:
    """Counts its looks and says so from the ``last`` on."""

    def __init__(self, last: int | None) -> None:
        self.last, self.count = last, 0

    def __call__(self) -> bool:
        self.count += 1
        return self.last is not None and self.count >= self.last


def test_it_ends_with_what_it_waits_for_and_gives_its_place_back() -> None:
    slept: list[float] = []
    waiting = Waiting(2, slept.append)
    for _ in range(2):
        looks = Looks(7)
        waiting.until("demo", looks, 1_000)
        assert looks.count == 7
    assert slept == 2 * [0.05, 0.1, 0.2, 0.3, 0.3, 0.3]


def test_what_is_there_already_is_not_waited_for() -> None:
    waiting, looks = Waiting(0, never), Looks(1)
    waiting.until("demo", looks, 1_000)
    assert looks.count == 1


def test_where_there_is_no_place_nobody_waits() -> None:
    waiting, looks = Waiting(0, never), Looks(None)
    waiting.until("demo", looks, 1_000)
    assert looks.count == 1


@pytest.mark.parametrize("seconds", [0, 0.12])
def test_it_ends_after_so_many_seconds(seconds: float) -> None:
    waiting, looks = Waiting(2), Looks(None)
    waiting.until("demo", looks, seconds)
    assert looks.count == 1 + 2 * bool(seconds)  # at once, after 0.05 s, after what is left


def test_a_failing_look_gives_the_place_back() -> None:
    waiting, looks = Waiting(2, lambda _: None), iter([False])
    with pytest.raises(StopIteration):
        waiting.until("demo", lambda: next(looks), 1_000)
    again = Looks(3)
    waiting.until("demo", again, 1_000)
    assert again.count == 3


def test_one_shop_leaves_places_for_the_others() -> None:
    """As many as are left free: of four places two, however many calls it makes; whoever comes then finds one."""
    come, let_go = threading.Semaphore(0), threading.Event()
    back: list[str] = []

    def sleep(_: float) -> None:
        come.release()
        assert let_go.wait(30)

    waiting = Waiting(4, sleep)

    def call(shop: str) -> None:
        waiting.until(shop, let_go.is_set, 1_000)
        back.append(shop)

    threads = [threading.Thread(target=call, args=(shop,)) for shop in ("flood", "flood")]
    for thread in threads:
        thread.start()
        assert come.acquire(timeout=30)
    call("flood")  # comes back at once
    assert back == ["flood"]
    other = threading.Thread(target=call, args=("small",))
    other.start()
    assert come.acquire(timeout=30)
    assert back == ["flood"]
    let_go.set()
    for thread in (*threads, other):
        thread.join(30)
    assert sorted(back) == ["flood", "flood", "flood", "small"]
