"""How often somebody may ask: a burst, then steadily, each for itself."""

from __future__ import annotations

from middleware.core.pace import Pace


def test_a_burst_is_let_through_and_then_one_at_a_time() -> None:
    pace = Pace(rate=0.5, burst=3)
    assert [pace.take("a", 100.0) for _ in range(4)] == [0, 0, 0, 2]
    assert pace.take("a", 101.0) == 1
    assert pace.take("a", 102.0) == 0
    assert pace.take("a", 102.0) == 2


def test_nobody_takes_from_another() -> None:
    pace = Pace(rate=1, burst=1)
    assert [pace.take(who, 0.0) for who in ("a", "a", "b")] == [0, 1, 0]


def test_no_more_gathers_than_the_burst() -> None:
    pace = Pace(rate=1, burst=2)
    pace.take("a", 0.0)
    assert [pace.take("a", 1_000.0) for _ in range(3)] == [0, 0, 1]
