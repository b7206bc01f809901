"""R1: every process is killed at odd moments, round after round, while the parcel platform fails three times in ten."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from tests.system.processes import wait_for
from tests.system.shopper import Shopper, kill
from tests.system.weather import MIXED, Arrived, Weather, weather

VICTIMS = ("relay", "intake", "intake worker", "supervisor")
"""In turn. A new supervisor starts the pauses anew after which it starts again what died."""

PAUSES = (0.03, 0.21, 0.11, 0.29, 0.17)
MORE = 8
"""Orders that are acknowledged between two kills, at least."""

SECONDS = 900.0


def rounds(folder: Path, count: int, database: str | None) -> tuple[Arrived, int]:
    """So many kills: what came of what was acknowledged, and how many there were.

    On PostgreSQL, of which ``database`` is the URL, every fifth victim is a server process of it: the server then ends
    all connections and recovers.
    """
    victims: tuple[str, ...] = (*VICTIMS, "postgresql") if database else VICTIMS
    with weather(folder, ("lane",), database) as line:
        line.faults(MIXED)
        shopper = Shopper(line.service, "lane")
        for number in range(count):
            victim, pause = victims[number % len(victims)], PAUSES[number % len(PAUSES)]
            shopper.wait_for_more(MORE)
            time.sleep(pause)
            _kill(line, victim)
            line.move(seconds=130)  # leases end, the next attempts are due
        shopper.wait_for_more(MORE)
        shopper.stop()
        line.settle(SECONDS)
        return line.arrived(set(shopper.acknowledged.values())), count


def _kill(line: Weather, victim: str) -> None:
    if victim != "postgresql":
        kill(line.service, victim)
        return
    wait_for(lambda: any(True for _ in _backends()), "a server process of PostgreSQL")
    os.kill(next(_backends()), signal.SIGKILL)


def _backends() -> Iterator[int]:
    """The server processes of PostgreSQL that serve this benchmark's database."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue  # it has just ended
        if command.startswith(b"postgres: ") and b" weather " in command:
            yield int(entry.parent.name)
