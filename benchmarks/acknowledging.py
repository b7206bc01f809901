"""How long a shop waits for its acknowledgement, with the parcel platform up and down, in one run and in turn."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from simulator.http import Settings, running
from tests.system.orders import order
from tests.system.stack import headers, session
from tests.system.weather import Arrived, Weather, weather

LANES = ("up", "refused", "silent", "failing")
"""Well; nobody listens; no answer ever comes; every answer is 500."""

CLIENTS = 4
PAUSE_SECONDS = 0.05
"""Between two orders of one client."""

TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long one lane's acknowledgements took, in milliseconds."""

    lane: str
    count: int
    p50: float
    p99: float
    p999: float
    most: float


@dataclass(slots=True, kw_only=True)
class _Heard:
    seconds: dict[str, list[float]] = field(default_factory=lambda: {lane: [] for lane in LANES})
    ids: set[str] = field(default_factory=set)
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, lane: str, seconds: float, id_: str | None) -> None:
        with self.lock:
            self.seconds[lane].append(seconds)
            if id_ is None:
                self.refused += 1
            else:
                self.ids.add(id_)


def measure(folder: Path, seconds: float, database: str | None) -> tuple[list[Waits], int, Arrived]:
    """Send for so long: the waits by lane, how many were not acknowledged, and what came of the others in the end."""
    heard = _Heard()
    with weather(folder, LANES, database) as line:
        line.platforms["silent"].faults.set({"timeout": 1.0})
        line.platforms["failing"].faults.set({"500": 1.0})
        down = line.platforms["refused"]
        down.stop()
        with _ticking(line):
            _send(line, heard, time.monotonic() + seconds)
        address = down.url.removeprefix("http://")
        with running(Settings(state=folder / "refused", listen=address)) as back:
            line.platforms["refused"] = back
            line.settle(900.0)
            told = line.arrived(heard.ids)
    return [_waits(lane, sorted(heard.seconds[lane])) for lane in LANES], heard.refused, told


def _send(line: Weather, heard: _Heard, until: float) -> None:
    clients = [threading.Thread(target=_client, args=(line, heard, until, number)) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def _client(line: Weather, heard: _Heard, until: float, number: int) -> None:
    lanes = itertools.islice(itertools.cycle(LANES), number, None)
    with session() as client:
        while time.monotonic() < until:
            lane = next(lanes)
            body = json.dumps(order()).encode()
            given = headers(body, f"{lane}.myshopify.com")
            began = time.monotonic()
            answer = client.post(f"{line.service.url}/webhooks/shopify/orders", data=body, headers=given, timeout=30)
            took = time.monotonic() - began
            heard.note(lane, took, answer.json()["id"] if answer.status_code == 200 else None)
            time.sleep(PAUSE_SECONDS)


@contextmanager
def _ticking(line: Weather) -> Iterator[None]:
    """The service's time goes as time does, so that what failed is tried again meanwhile."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(TICK_SECONDS):
            line.move(seconds=TICK_SECONDS)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _waits(lane: str, ordered: list[float]) -> Waits:
    def at(share: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Waits(lane=lane, count=len(ordered), p50=at(0.5), p99=at(0.99), p999=at(0.999), most=1000 * ordered[-1])
