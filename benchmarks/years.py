"""A shop's years: on every day nothing lives past its end, and nothing is gone before it, here and at the platform.

    python -m benchmarks.years [--orders 10000] [--years 12] [--seed N]

The real line and purge over a real SQLite, the simulated platform over real HTTP, ``keep_delivered = "policy"``, in
made-up time: every day is played and judged. A backup is made every year and read at the end. Exit status 1 if a
promise is broken.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import time
from datetime import date, timedelta

from tests.years.oracle import Broken, Oracle
from tests.years.world import World, spread, world

FIRST = date(2027, 1, 1)
SAMPLE = 2_000


def main() -> None:
    """Play and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--years", type=int, default=12)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31))
    asked = parser.parse_args()
    days = (FIRST.replace(year=FIRST.year + asked.years) - FIRST).days
    print(f"{asked.orders:,} orders on {days:,} days from {FIRST}, seed {asked.seed}")
    began = time.monotonic()
    with world(FIRST) as shop:
        try:
            _play(shop, days, asked.orders, random.Random(asked.seed))  # noqa: S311 - to be repeatable
        except Broken as broken:
            print(f"BROKEN: {broken}")
            sys.exit(1)
        _table(shop.oracle)
        total, opened, wrong = shop.read_back()
        print(f"backups: {len(shop.backups)}, with {total:,} parts; {opened:,} open now, {wrong} of them wrongly")
        residue = shop.residue(SAMPLE)
        print(f"raw bytes of the database: {residue} of {SAMPLE:,} parts that have ended are found")
    print(f"every day judged on both sides, in {time.monotonic() - began:.0f} s: nothing late, nothing early")
    sys.exit(1 if wrong or residue else 0)


def _play(shop: World, days: int, orders: int, chance: random.Random) -> None:
    counts = spread(orders, days, chance)
    for number in range(days):
        shop.play(counts.get(number, 0), chance)
        if (shop.today + timedelta(days=1)).day == 1 and shop.today.month == 12:
            shop.back_up()


def _table(oracle: Oracle) -> None:
    """Parts by class and year: made, ended on their day, and alive at the year's end."""
    years = sorted({year for _, year in (*oracle.made, *oracle.ended)})
    print(f"{'':<6}{'recipient, 13 months':^33}{'sender, 10 years':^33}")
    print(f"{'year':<6}" + 2 * f"{'made':>11}{'ended':>11}{'alive':>11}")
    alive = dict.fromkeys(("recipient", "sender"), 0)
    for year in years:
        cells = []
        for party in alive:
            made, ended = oracle.made[(party, year)], oracle.ended[(party, year)]
            alive[party] += made - ended
            cells += [made, ended, alive[party]]
        print(f"{year:<6}" + "".join(f"{number:>11,}" for number in cells))


if __name__ == "__main__":
    main()
