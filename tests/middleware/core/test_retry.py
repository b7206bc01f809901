"""When to try again: the schedule, what the platform asks for, and retention above both."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.calendar import BRUSSELS
from middleware.core.retry import SCHEDULE, Again, GiveUp, decide
from middleware.exchange import Failed
from middleware.model import Stored
from tests.middleware.core.made_up import NOW, order, record, stored

with (Path(__file__).parents[2] / "vectors" / "retry" / "schedule.csv").open(encoding="utf-8", newline="") as _file:
    ROWS = [{name: int(value) for name, value in row.items()} for row in csv.DictReader(_file)]

MADE = record(order(recipient__address__country="US"))
FAILED = Failed(code="http-500")
LAST = 7
"""Attempts made before the last one."""

chances = st.floats(0, 1, exclude_max=True)


def at(attempts: int) -> Stored:
    return stored(MADE, attempts=attempts)


def ending(*untils: date | None, whole: date = date(2036, 11, 22)) -> Stored:
    """A record whose parts end on these days."""
    parts = tuple(replace(part, until=until) for part, until in zip(MADE.parts, untils, strict=False))
    return stored(MADE, parts=parts, until=whole)


def wait(decision: Again | GiveUp, now: datetime = NOW) -> float:
    assert isinstance(decision, Again)
    assert decision.counted
    return (decision.at - now).total_seconds()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"after {row['attempts'] + 1}")
def test_the_schedule(row: dict[str, int]) -> None:
    before = at(row["attempts"])
    assert wait(decide(before, FAILED, NOW, 0.0)) == row["least"]
    assert wait(decide(before, FAILED, NOW, 0.5)) == row["middle"]
    assert wait(decide(before, FAILED, NOW, 0.999999)) == pytest.approx(row["most"], rel=1e-5)


def test_eight_attempts_over_twenty_eight_hours() -> None:
    assert len(ROWS) + 1 == len(SCHEDULE) == 8
    assert SCHEDULE[0] == timedelta(0)
    assert timedelta(hours=27) < sum(SCHEDULE, timedelta(0)) < timedelta(hours=28)


@pytest.mark.parametrize("attempts", [LAST, LAST + 1, 1000])
def test_after_the_last_attempt_there_is_none(attempts: int) -> None:
    assert decide(at(attempts), FAILED, NOW, 0.5) == GiveUp(code="attempts-exhausted:http-500")
    asked = Failed(code="http-429", retry_after=60)
    assert decide(at(attempts), asked, NOW, 0.5) == GiveUp(code="attempts-exhausted:http-429")


@pytest.mark.parametrize("attempts", [0, LAST, 1000])
def test_what_this_machine_lacks_is_waited_for_and_counts_for_nothing(attempts: int) -> None:
    lacking = Failed(code="points-unknown", here=True)
    assert decide(at(attempts), lacking, NOW, 0.5) == Again(at=NOW + timedelta(minutes=15), counted=False)
    assert decide(ending(NOW.date() - timedelta(days=1)), lacking, NOW, 0.5) == GiveUp(code="expired")


@given(st.integers(0, LAST - 1), chances)
def test_jitter_stays_within_a_fifth(attempts: int, chance: float) -> None:
    row = ROWS[attempts]
    assert row["least"] <= wait(decide(at(attempts), FAILED, NOW, chance)) <= row["most"]


@given(st.integers(0, LAST - 1), chances, chances)
def test_jitter_spreads(attempts: int, one: float, other: float) -> None:
    least, most = sorted((one, other))
    waits = [wait(decide(at(attempts), FAILED, NOW, chance)) for chance in (least, most)]
    assert waits == sorted(waits)
    assert abs((waits[1] - waits[0]) - (most - least) * 0.4 * ROWS[attempts]["middle"]) < 0.001


@pytest.mark.parametrize(
    ("attempts", "asked", "seconds"),
    [
        (0, None, 5),
        (0, 0, 5),
        (0, 3, 5),  # sooner than the schedule: the schedule
        (0, 60, 60),
        (0, 60.5, 60.5),
        (1, 299, 300),
        (1, 301, 301),
        (5, 36_000, 36_000),
        (0, 36_000, 36_000),
        (0, 36_001, 36_000),  # later than ten hours: ten hours
        (0, 9_999_999, 36_000),
    ],
)
def test_what_the_platform_asks_for_is_honoured_and_capped(attempts: int, asked: float | None, seconds: float) -> None:
    assert wait(decide(at(attempts), Failed(code="http-429", retry_after=asked), NOW, 0.5)) == seconds


@given(st.integers(0, LAST - 1), chances, st.floats(0, 10**7))
def test_never_sooner_than_scheduled_nor_than_asked(attempts: int, chance: float, asked: float) -> None:
    scheduled = wait(decide(at(attempts), FAILED, NOW, chance))
    found = wait(decide(at(attempts), Failed(code="http-503", retry_after=asked), NOW, chance))
    assert found == pytest.approx(max(scheduled, min(asked, 36_000)), abs=1e-5)


@pytest.mark.parametrize("attempts", [0, 3, LAST, 1000])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.99])
def test_a_paused_lane_waits_a_quarter_of_an_hour_and_costs_no_attempt(attempts: int, chance: float) -> None:
    paused = Failed(code="http-403", pause_lane=True, retry_after=9_999)
    assert decide(at(attempts), paused, NOW, chance) == Again(at=NOW + timedelta(minutes=15), counted=False)


MIDNIGHT = datetime(2027, 12, 22, 23, 0, tzinfo=UTC)
"""The end of 22 December 2027 in Brussels."""
DAY = date(2027, 12, 22)


@pytest.mark.policy("VP-RET-4", "AMB-20")
def test_retention_beats_retry() -> None:
    assert MIDNIGHT.astimezone(BRUSSELS).date() == date(2027, 12, 23)
    record_ = ending(DAY)
    within = decide(record_, FAILED, MIDNIGHT - timedelta(seconds=5, microseconds=1), 0.5)
    assert within == Again(at=MIDNIGHT - timedelta(microseconds=1))
    assert decide(record_, FAILED, MIDNIGHT - timedelta(seconds=5), 0.5) == GiveUp(code="expired")
    assert decide(record_, FAILED, MIDNIGHT + timedelta(days=300), 0.5) == GiveUp(code="expired")


@pytest.mark.policy("VP-RET-4")
def test_retention_beats_a_paused_lane() -> None:
    paused = Failed(code="http-403", pause_lane=True)
    soon = MIDNIGHT - timedelta(minutes=15)
    assert decide(ending(DAY), paused, soon - timedelta(microseconds=1), 0.5) == Again(
        at=MIDNIGHT - timedelta(microseconds=1), counted=False
    )
    assert decide(ending(DAY), paused, soon, 0.5) == GiveUp(code="expired")


def test_retention_beats_what_the_platform_asks_for() -> None:
    asked = Failed(code="http-503", retry_after=3600)
    assert decide(ending(DAY), asked, MIDNIGHT - timedelta(minutes=59), 0.5) == GiveUp(code="expired")
    assert isinstance(decide(ending(DAY), asked, MIDNIGHT - timedelta(minutes=61), 0.5), Again)


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_the_part_that_ends_first_decides() -> None:
    late = date(2036, 11, 22)
    after = MIDNIGHT + timedelta(hours=1)
    assert decide(ending(late, DAY, late, late), FAILED, after, 0.5) == GiveUp(code="expired")
    assert isinstance(decide(ending(late, late, late, late), FAILED, after, 0.5), Again)
    assert decide(ending(None, DAY, None, late), FAILED, after, 0.5) == GiveUp(code="expired")


@pytest.mark.policy("AMB-2")
def test_where_no_clock_has_started_the_record_decides() -> None:
    after = MIDNIGHT + timedelta(hours=1)
    assert decide(ending(None, None, None, None, whole=DAY), FAILED, after, 0.5) == GiveUp(code="expired")
    assert isinstance(decide(ending(None, None, None, None), FAILED, after, 0.5), Again)
