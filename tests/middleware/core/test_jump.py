"""A clock that jumped is told from time that passed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from middleware.core.jump import jumped
from middleware.model_purge import Anchor, Boot
from tests.middleware.core.made_up import NOW

DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)
UP = timedelta(days=40)


def later(wall: timedelta, running: timedelta, newest: datetime | None = NOW) -> bool:
    """What is said of a clock that went on by ``wall`` while the machine ran for ``running``."""
    return jumped(NOW + wall, Boot(id="b", since=UP + running), Anchor(wall=NOW, since=UP), newest)


def test_the_first_time_is_believed() -> None:
    assert not jumped(NOW, Boot(id="b", since=UP), None, None)


@pytest.mark.parametrize("time", [timedelta(0), DAY, timedelta(days=400), timedelta(days=4000)])
def test_time_that_passed_is_no_jump(time: timedelta) -> None:
    assert not later(time, time)


@pytest.mark.policy("AMB-20")
@pytest.mark.parametrize("by", [DAY, timedelta(days=396), timedelta(days=3653)])
def test_a_jump_ahead_and_back_within_a_boot(by: timedelta) -> None:
    assert later(by + MOMENT, timedelta(0))
    assert later(-by - MOMENT, timedelta(0))
    assert later(timedelta(0), by + MOMENT)


@pytest.mark.parametrize("by", [timedelta(hours=1), DAY, -DAY, -timedelta(hours=1)])
def test_a_clock_that_is_set_right_has_not_jumped(by: timedelta) -> None:
    assert not later(by, timedelta(0))


def test_small_steps_add_up() -> None:
    """The anchor stays that of the first look, so that nobody gets a year ahead an hour at a time."""
    assert not later(timedelta(hours=23), timedelta(0), NOW + timedelta(hours=22))
    assert later(timedelta(hours=25), timedelta(0), NOW + timedelta(hours=24))


def test_downtime_is_no_jump() -> None:
    """After another boot nothing is known of how much time has passed."""
    assert not jumped(NOW + timedelta(days=400), Boot(id="c", since=timedelta(minutes=1)), None, NOW)


@pytest.mark.policy("AMB-20")
@pytest.mark.parametrize("since", [None, timedelta(minutes=1)])
def test_a_step_back_is_told_after_another_boot_and_without_a_boot_time(since: timedelta | None) -> None:
    boot = Boot(id="c", since=since)
    assert jumped(NOW - DAY - MOMENT, boot, None, NOW)
    assert not jumped(NOW - DAY, boot, None, NOW)


def test_without_a_boot_time_a_jump_ahead_cannot_be_told() -> None:
    assert not jumped(NOW + timedelta(days=400), Boot(id="b", since=None), Anchor(wall=NOW, since=UP), NOW)
    assert not jumped(NOW + timedelta(days=400), Boot(id="b", since=UP), Anchor(wall=NOW, since=None), NOW)
