"""A create of bpost's in every weather, by the thousand: one living box for each order, however bpost takes a reference
that it knows.

    python -m benchmarks.bpost --runs 1000 [--seed N] [--changes 250] [--kills 20] [--database sqlite|postgresql]

The real relay over real HTTP and a real database, and the simulated bpost, whose ledger alone judges. Each run is an
order from its acceptance to its end; at every moment the way there or back may fail, and the relay may die, or sleep
past its lease while another one works. Then orders that change or are cancelled on their way, in the same weather; both
once more for a shop that is given one account after another, judged over all accounts; then real relay processes, which
are killed (SIGKILL) amid twenty orders. Exit status 1 if an order has no box, or more than one, or was taken twice.
"""

from __future__ import annotations

import argparse
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from middleware import logs
from simulator.bpost.switches import CHOICES, read_switches
from simulator.faults import FaultName
from tests import postgres
from tests.system.bpost_fates import Play, Told, Trouble, drawn, judged
from tests.system.bpost_house import BEGINNING, ENDED, House, house
from tests.system.bpost_moves import Moving
from tests.system.processes import wait_for

SETTINGS = CHOICES["existing-order"]
OTHERS = ("already-printed", "printed-state", "prefixes", "location", "status-updated")
"""Switches that are drawn for every run."""

SWIFT = (FaultName.ERROR, FaultName.BUSY, FaultName.RESET, FaultName.REDIRECT, FaultName.GARBAGE, FaultName.TRUNCATED)
"""Faults that a real process, which waits fifteen seconds for an answer, hears of at once."""

ORDERS_AT_ONCE = 20
ENDING_SECONDS = 300.0


WIDTHS = (9, 8, 7, 7, 6, 6, 13, 14, 5, 12, 14)
COLUMNS = (
    *("bpost", "relays", "orders", "faults", "died", "slept"),
    *("living boxes", "more than one", "lost", "taken twice", "other barcode"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. ``other``: orders of which another barcode was told than bpost has."""

    setting: str
    relays: str
    told: Told
    met: Counter[str]
    other: int = 0

    @property
    def well(self) -> bool:
        """Whether nothing is broken."""
        return self.told.well and not self.other

    def __str__(self) -> str:
        told, met = self.told, self.met
        slept = met[Trouble.SLEEPS]
        died = sum(met[trouble] for trouble in Trouble) - slept
        faults = sum(met[fault] for fault in FaultName)
        numbers = (told.orders, faults, died, slept, told.living, told.several, told.lost, told.again, self.other)
        return line(self.setting, self.relays, *(f"{number:,}" for number in numbers))


def line(*cells: str) -> str:
    """A line of the table: two cells to the left, the others to the right."""
    padded = (
        cell.ljust(width) if place < 2 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return "".join(padded)


def main() -> int:
    """Run, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bpost", description="Creates in every weather.")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    parser.add_argument("--changes", type=int, default=250, help="or cancellations, for each setting of the switch")
    parser.add_argument("--moves", type=int, default=250, help="of each, while the shop gets one account after another")
    parser.add_argument("--kills", type=int, default=20, help="of real processes, for each setting of the switch")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite", help="where records rest")
    asked = parser.parse_args()
    logs.configure("error")
    print(f"seed {asked.seed}, {asked.database}", flush=True)
    began = time.monotonic()
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="pv-bpost-")))
        server = opened.enter_context(postgres.server()) if asked.database == "postgresql" else None
        rows = list(_rows(asked, folder, server))
    print(line(*COLUMNS), *rows, sep="\n")
    well = all(row.well for row in rows)
    print(f"{time.monotonic() - began:.0f} s; {'well' if well else 'NOT WELL'}")
    return 0 if well else 1


def _rows(asked: argparse.Namespace, folder: Path, server: str | None) -> Iterator[Row]:
    """A line of the table for each setting of the switch and each part, in a house and a database of its own."""
    for number, setting in enumerate(SETTINGS):
        share = (asked.runs + number) // len(SETTINGS)
        parts = ((_runs, share), (_overtaken, asked.changes), (_moved, asked.moves), (_kills, asked.kills))
        for part, count in parts:
            name = f"{setting}{part.__name__}"
            chance = random.Random(f"{asked.seed} {setting}")  # noqa: S311 - to be had again by its seed
            with house(folder / name, postgres.database(server, name) if server else None) as one:
                row = part(one, setting, count, chance)
            print(f"  {setting} {part.__name__.removeprefix('_')}: {_counted(row.met)}", flush=True)
            yield row


def _runs(one: House, setting: str, count: int, chance: random.Random) -> Row:
    """So many orders, one after the other, of which each must be delivered."""
    play, undelivered = Play(house=one), 0
    for _ in range(count):
        given = {name: chance.choice(CHOICES[name]) for name in OTHERS}
        one.platform.api.bpost.turn(read_switches({**given, "existing-order": setting}))
        undelivered += play.one(drawn(chance)) != "delivered"
    told = judged(one.ledger(), play.accepted)
    return Row(setting=setting, relays="in turn", told=told, met=play.met, other=len(play.other) + undelivered)


def _overtaken(one: House, setting: str, count: int, chance: random.Random) -> Row:
    """So many orders that are cancelled or changed on their way: what was cancelled may be too late."""
    one.platform.api.bpost.turn(read_switches({"existing-order": setting}))
    play = Play(house=one)
    for _ in range(count):
        play.overtaken(drawn(chance), chance)
    return Row(
        setting=setting, relays="changed", told=judged(one.ledger(), play.accepted, play.cancelled), met=play.met
    )


def _moved(one: House, setting: str, count: int, chance: random.Random) -> Row:
    """So many orders, and so many that change or are cancelled, of a shop that is given one account after another. What
    is cancelled here and lives there counts as one more than there is.
    """
    one.platform.api.bpost.turn(read_switches({"existing-order": setting}))
    play, undelivered = Moving(house=one), 0
    for _ in range(count):
        undelivered += play.one(play.moving(drawn(chance), chance)) != "delivered"
        play.overtaken(play.moving(drawn(chance), chance), chance)
    told = judged(one.ledger(), play.accepted, play.cancelled)
    told.several += len(play.feigned())
    print(f"  {setting} moved: {play.moved:,} other accounts, {play.helps:,} brought back", flush=True)
    return Row(setting=setting, relays="moved", told=told, met=play.met, other=len(play.other) + undelivered)


def _kills(one: House, setting: str, count: int, chance: random.Random) -> Row:
    """So many relays, each killed at an odd moment of its work."""
    one.platform.api.bpost.turn(read_switches({"existing-order": setting, "delay-milliseconds": 20}))
    now, accepted = BEGINNING, list[str]()
    for _ in range(count):
        accepted += [one.accept() for _ in range(ORDERS_AT_ONCE)]
        now += timedelta(minutes=20)  # leases end, attempts are due
        one.tell(now)
        one.platform.faults.set({fault.value: 0.3 / len(SWIFT) for fault in SWIFT})
        before = one.asked()
        with one.relay_process() as process:
            wait_for(lambda: one.asked() > before, "the first request of a relay")  # noqa: B023 - called at once
            time.sleep(chance.uniform(0.0, 0.4))
            process.kill()
            process.wait()
        wait_for(lambda: not one.busy(), "bpost's end of its work")
    one.platform.faults.set({})
    with one.relay_process():
        wait_for(lambda: _ended(one, accepted), "the end of all", ENDING_SECONDS)
    met = Counter({Trouble.DIES_AFTER.value: count}) + Counter(one.faults())
    return Row(setting=setting, relays="killed", told=judged(one.ledger(), [(id_,) for id_ in accepted]), met=met)


def _ended(one: House, accepted: Iterable[str]) -> bool:
    """Whether all have come to an end; if not, time passes."""
    due = [standing.due for standing in map(one.standing, accepted) if standing.state not in ENDED]
    if due:
        one.tell(max(moment or BEGINNING for moment in due) + timedelta(seconds=1))
        time.sleep(0.5)
    return not due


def _counted(met: Counter[str]) -> str:
    return ", ".join(f"{name} {met[name]:,}" for name in (*FaultName, *Trouble) if met[name])


if __name__ == "__main__":
    sys.exit(main())
