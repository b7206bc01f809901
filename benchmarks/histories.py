"""Random lives of orders, by the thousand: one live shipment per order, with the newest content.

    python -m benchmarks.histories --count 5000 [--seed N] [--processes 2]

Prints the seed, what was played, and every promise that was broken with its shortest history. Exit status 1 if there
is one.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.histories.events import History, histories
from tests.histories.oracle import Broken, Promise
from tests.histories.play import Play
from tests.histories.world import in_memory

COUNTED = ("histories", "events", "orders", "shipments", "cancelled", "flagged", "deaths")


@dataclass(slots=True, kw_only=True)
class Played:
    """What was played, and what was broken: a promise, how often, and its shortest history."""

    counted: Counter[str] = field(default_factory=Counter)
    broken: Counter[Promise] = field(default_factory=Counter)
    shortest: dict[Promise, str] = field(default_factory=dict)

    def add(self, other: Played) -> None:
        """Take another part's in."""
        self.counted += other.counted
        self.broken += other.broken
        for promise, text in other.shortest.items():
            self.note(promise, text)

    def note(self, promise: Promise, text: str) -> None:
        """Keep the shortest."""
        self.shortest[promise] = min(text, self.shortest.get(promise, text), key=len)


def play(count: int, number: int) -> Played:
    """So many histories of that seed, in a world of their own."""
    played = Played()
    with in_memory() as world:

        @seed(number)
        @settings(
            max_examples=count,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(history=histories)
        def one(history: History) -> None:
            made = Play(world, history)
            try:
                made.run()
            except Broken as broken:
                played.broken[broken.promise] += 1
                played.note(broken.promise, f"{broken}\n  {history}")
            played.counted += made.counted

        one()
    return played


def main() -> int:
    """Play, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.histories", description="Random lives of orders.")
    parser.add_argument("--count", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    print(f"seed {asked.seed}, {asked.processes} processes", flush=True)
    began, played = time.monotonic(), Played()
    share = -(-asked.count // asked.processes)
    with ProcessPoolExecutor(asked.processes) as pool:
        parts = [pool.submit(play, share, asked.seed + part) for part in range(asked.processes)]
        for part in parts:
            played.add(part.result())
    seconds = time.monotonic() - began
    told = chain(
        ((name, played.counted[name]) for name in COUNTED), ((name.value, played.broken[name]) for name in Promise)
    )
    for name, number in told:
        print(f"{name:<12} {number:>9,}")
    print(f"{seconds:.0f} s, {played.counted['histories'] / seconds:.0f} histories a second")
    for text in played.shortest.values():
        print(f"\nBROKEN {text}")
    return 1 if played.broken else 0


if __name__ == "__main__":
    sys.exit(main())
