"""Time does its work: nothing lives past its end, nothing is gone before it, on any day, here and at the platform."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest

from tests.years.oracle import Broken, last_day
from tests.years.world import World, spread, world

DAYS, ORDERS = 460, 40
"""Fifteen months, in which every part of a recipient ends; ``python -m benchmarks.years`` plays twelve years."""


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "AMB-4")
def test_fifteen_months_of_a_shop() -> None:
    chance = random.Random(7)  # noqa: S311 - to be repeatable
    counts = spread(ORDERS, 60, chance)
    with world(date(2027, 12, 31)) as shop:
        for day in range(DAYS):
            shop.play(counts.get(day, 0), chance)
            if day == 90:
                shop.back_up()
        ended = sum(count for (party, _), count in shop.oracle.ended.items() if party == "recipient")
        assert ended == sum(count for (party, _), count in shop.oracle.made.items() if party == "recipient")
        assert {part for _, part in shop.here()} == {"sender.contact"} == {part for _, part in shop.there()}
        total, opened, wrong = shop.read_back()
        assert (total - opened, wrong) == (ended, 0)  # last year's backup: the senders' parts open, and nothing else
        assert shop.residue(ended) == 0


@pytest.mark.parametrize(
    ("side", "file", "statement"),
    [
        ("here", "parcelveil.db", "DELETE FROM copies WHERE part = 'sender.contact'"),
        ("at the platform", "platform/platform.db", "DELETE FROM part WHERE part = 'recipient.delivery'"),
    ],
)
def test_what_is_gone_too_early_is_seen(side: str, file: str, statement: str) -> None:
    with world(date(2027, 12, 31)) as shop:
        shop.play(3, random.Random(1))  # noqa: S311 - to be repeatable
        with closing(sqlite3.connect(shop.folder / file)) as connection, connection:
            connection.execute(statement)
        with pytest.raises(Broken, match=f"{side}: 3 parts are gone before their end"):
            shop.judge()


@pytest.mark.parametrize("broken", ["purge", "propagation"])
def test_what_lives_too_long_is_seen(broken: str) -> None:
    with world(date(2027, 12, 31)) as shop:
        shop.play(2, random.Random(1))  # noqa: S311 - to be repeatable
        _leap(shop, last_day(date(2027, 12, 31), 13))
        shop.play(0, random.Random(1))  # noqa: S311 - the last permitted day
        object.__setattr__(shop, broken, _Nothing())
        side = "here" if broken == "purge" else "at the platform"
        with pytest.raises(Broken, match=f"{side}: .* live past their end"):
            shop.play(0, random.Random(1))  # noqa: S311 - the day after


def _leap(shop: World, day: date) -> None:
    shop.now += day - shop.today
    assert shop.today == day
    assert shop.today - timedelta(days=1) > shop.first


class _Nothing:
    """Stands for what does not work."""

    def run(self) -> None:
        """Nothing is taken."""

    def step(self) -> bool:
        """Nobody is told."""
        return False
