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
    waiting = Waiting(threading.Semaphore(1), slept.append)
    for _ in range(2):
        looks = Looks(7)
        waiting.until(looks, 1_000)
        assert looks.count == 7
    assert slept == 2 * [0.05, 0.1, 0.2, 0.3, 0.3, 0.3]


def test_what_is_there_already_is_not_waited_for() -> None:
    waiting, looks = Waiting(threading.Semaphore(0), never), Looks(1)
    waiting.until(looks, 1_000)
    assert looks.count == 1


def test_where_there_is_no_place_nobody_waits() -> None:
    waiting, looks = Waiting(threading.Semaphore(0), never), Looks(None)
    waiting.until(looks, 1_000)
    assert looks.count == 1


@pytest.mark.parametrize("seconds", [0, 0.12])
def test_it_ends_after_so_many_seconds(seconds: float) -> None:
    waiting, looks = Waiting(threading.Semaphore(1)), Looks(None)
    waiting.until(looks, seconds)
    assert looks.count == 1 + 2 * bool(seconds)  # at once, after 0.05 s, after what is left


def test_a_failing_look_gives_the_place_back() -> None:
    waiting, places = Waiting(places := threading.Semaphore(1), lambda _: None), places
    looks = iter([False])
    with pytest.raises(StopIteration):
        waiting.until(lambda: next(looks), 1_000)
    assert places.acquire(blocking=False)
