"""Bad weather, the long version: every figure of docs/reliability.md that is not of the histories.

    python -m benchmarks.weather [--only faults|acknowledgements|kills|sync] [--databases sqlite,postgresql] …

Real processes, real HTTP, real databases; the parcel platform is the simulated one, and its ledger is what counts.
Exit status 1 if anything that was acknowledged was lost or doubled, if an acknowledgement came before its sync, or if
one in a thousand took a second or longer while the platform was down.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks import acknowledging, killing
from simulator.faults import FaultName
from tests import postgres
from tests.system.orders import order
from tests.system.processes import wait_for
from tests.system.stack import configure, mock, serving, shop
from tests.system.tracing import available, end, judge, under
from tests.system.weather import MIXED, Arrived, weather

PROMISED_MS = 1_000.0
"""The 999th of 1,000 acknowledgements comes sooner, whatever becomes of the parcel platform."""


def faults(folder: Path, asked: argparse.Namespace, database: str | None) -> bool:
    """Every fault alone on a lane of its own, then all of them mixed, three requests in ten."""
    lanes: dict[str, dict[str, float]] = {name.value: {name.value: 0.5} for name in FaultName}
    lanes["mixed"] = dict(MIXED)
    with weather(folder, lanes, database) as line:
        for lane, rates in lanes.items():
            line.platforms[lane].faults.set(rates)
        chosen = itertools.islice(itertools.cycle(lanes), asked.orders)
        ids = {line.accept(lane) for lane in chosen}
        wait_for(lambda: sum(len(line.met(lane)) for lane in lanes) >= asked.orders, "a first attempt for all", 900.0)
        line.settle(900.0)
        told, strangers = line.arrived(ids), len(line.elsewhere.seen)
    print(f"  each fault alone on its lane (every second request), and all mixed (three in ten): {_words(told)}")
    print(f"  requests that followed a redirect: {strangers}")
    return _well(told) and not strangers


def acknowledgements(folder: Path, asked: argparse.Namespace, database: str | None) -> bool:
    """With the platform up, refusing connections, silent, and failing, in turn."""
    waits, refused, told = acknowledging.measure(folder, asked.seconds, asked.rate, database)
    print(f"  {'platform':<10}{'count':>8}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}  milliseconds")
    for wait in waits:
        times = "".join(f"{number:>9.1f}" for number in (wait.p50, wait.p99, wait.p999, wait.most))
        print(f"  {wait.what:<10}{wait.count:>8,}{times}")
    print(f"  not acknowledged: {len(refused)} {sorted(set(refused))}; afterwards: {_words(told)}")
    return _well(told) and all(wait.p999 < PROMISED_MS for wait in waits if wait.what == "down")


def kills(folder: Path, asked: argparse.Namespace, database: str | None) -> bool:
    """Every process in turn, while three requests in ten fail."""
    told, count = killing.rounds(folder, asked.rounds, database)
    print(f"  {count} kills: {_words(told)}")
    return _well(told)


def sync(folder: Path, asked: argparse.Namespace, database: str | None) -> bool:
    """Every acknowledgement comes after a sync of what was written (SQLite)."""
    why_not = "of SQLite alone" if database else available()
    if why_not:
        print(f"  not shown here: {why_not}")
        return database is not None
    trace = folder / "trace"
    with mock(folder / "platform") as platform:
        shops = {"plain": shop("plain", hold="1h")}
        service = configure(folder / "service", shops, {"platform": platform.url})
        service.under = under(trace)
        with serving(service, "--role", "intake"):
            statuses = [service.post("plain", order()).status_code for _ in range(asked.syncs)]
            end(service)
        with trace.open(encoding="utf-8", errors="replace") as lines:
            found = judge(lines, service.database)
    print(f"  acknowledged {statuses.count(200):,}, before the sync of what was written: {len(found.too_early)}")
    return statuses.count(200) == asked.syncs and found.after_writes >= asked.syncs and not found.too_early


Part = Callable[[Path, argparse.Namespace, str | None], bool]
PARTS: dict[str, Part] = {"faults": faults, "acknowledgements": acknowledgements, "kills": kills, "sync": sync}


def main() -> int:
    """Run what was asked for, on each database, and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.weather", description="Bad weather, the long version.")
    parser.add_argument("--only", choices=sorted(PARTS), action="append")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--orders", type=int, default=300, help="under faults")
    parser.add_argument("--seconds", type=float, default=240.0, help="of acknowledgements")
    parser.add_argument("--rate", type=float, default=10.0, help="orders a second")
    parser.add_argument("--rounds", type=int, default=50, help="kills")
    parser.add_argument("--syncs", type=int, default=1_000, help="acknowledgements that are traced")
    asked = parser.parse_args()
    well = True
    for kind in asked.databases.split(","):
        for name in asked.only or PARTS:
            print(f"{name} on {kind}", flush=True)
            with ExitStack() as opened:
                folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="pv-weather-")))
                database = None
                if kind == "postgresql":
                    database = postgres.database(opened.enter_context(postgres.server()), "weather")
                well = PARTS[name](folder, asked, database) and well
    print("well" if well else "NOT WELL")
    return 0 if well else 1


def _words(told: Arrived) -> str:
    return (
        f"acknowledged {told.acknowledged:,}, arrived {told.arrived:,}, lost {told.lost}, doubled {told.doubled}"
        f" (sent again after it was taken: {told.again:,})"
    )


def _well(told: Arrived) -> bool:
    return not told.lost and not told.doubled and told.arrived == told.acknowledged


if __name__ == "__main__":
    sys.exit(main())
