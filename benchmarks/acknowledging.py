"""How long a shop waits for its acknowledgement, with the parcel platform up and down, in one run and in turn."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from simulator.http import Settings, running
from tests.system.orders import order
from tests.system.stack import headers, session
from tests.system.weather import Arrived, Weather, weather

LANES = ("up", "refused", "silent", "failing")
"""Well; nobody listens; no answer ever comes; every answer is 500."""

DOWN = LANES[1:]
CLIENTS = 4
SYNC_SECONDS = 0.05
"""Between two syncs of the disk alone."""

TICK_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long something took, in milliseconds: the acknowledgements of a lane, or of all that were down; or the disk
    alone, for a sync of 4 KiB.
    """

    what: str
    count: int
    p50: float
    p99: float
    p999: float
    most: float


@dataclass(slots=True, kw_only=True)
class _Heard:
    seconds: dict[str, list[float]] = field(default_factory=lambda: {lane: [] for lane in LANES})
    syncs: list[float] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    refused: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, lane: str, seconds: float, answer: requests.Response) -> None:
        with self.lock:
            self.seconds[lane].append(seconds)
            if answer.status_code == 200:
                self.ids.add(answer.json()["id"])
            else:
                self.refused.append(answer.status_code)


def measure(folder: Path, seconds: float, rate: float, database: str | None) -> tuple[list[Waits], list[int], Arrived]:
    """Send so many orders a second for so long: the waits, the statuses of what was not acknowledged, and what came of
    the others in the end.
    """
    heard = _Heard()
    with weather(folder, LANES, database) as line:
        line.platforms["silent"].faults.set({"timeout": 1.0})
        line.platforms["failing"].faults.set({"500": 1.0})
        down = line.platforms["refused"]
        down.stop()
        with _beside(line, heard, folder):
            _send(line, heard, seconds, CLIENTS / rate)
        address = down.url.removeprefix("http://")
        with running(Settings(state=folder / "refused", listen=address)) as back:
            line.platforms["refused"] = back
            line.settle(900.0)
            told = line.arrived(heard.ids)
    found = [waits(lane, heard.seconds[lane]) for lane in LANES]
    found.append(waits("down", [wait for lane in DOWN for wait in heard.seconds[lane]]))
    return [*found, waits("disk", heard.syncs)], heard.refused, told


def _send(line: Weather, heard: _Heard, seconds: float, interval: float) -> None:
    until = time.monotonic() + seconds
    clients = [
        threading.Thread(target=_client, args=(line, heard, until, interval, number)) for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def _client(line: Weather, heard: _Heard, until: float, interval: float, number: int) -> None:
    lanes = itertools.islice(itertools.cycle(LANES), number, None)
    due = time.monotonic() + interval * number / CLIENTS
    with session() as client:
        while due < until:
            time.sleep(max(0.0, due - time.monotonic()))
            lane = next(lanes)
            body = json.dumps(order()).encode()
            given = headers(body, f"{lane}.myshopify.com")
            answer = client.post(f"{line.service.url}/webhooks/shopify/orders", data=body, headers=given, timeout=30)
            heard.note(lane, time.monotonic() - due, answer)  # since it was due: who is kept waiting delays the next
            due += interval


@contextmanager
def _beside(line: Weather, heard: _Heard, folder: Path) -> Iterator[None]:
    """The service's time goes as time does, so that what failed is tried again meanwhile; the disk is tried alone."""
    stop = threading.Event()

    def tick() -> None:
        while not stop.wait(TICK_SECONDS):
            line.move(seconds=TICK_SECONDS)

    threads = [threading.Thread(target=tick), threading.Thread(target=sync, args=(folder, heard.syncs, stop))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def sync(folder: Path, into: list[float], stop: threading.Event) -> None:
    """Try the disk alone until ``stop``: the seconds of each sync of 4 KiB."""
    with (folder / "synced").open("wb") as file:
        while not stop.wait(SYNC_SECONDS):
            began = time.monotonic()
            os.pwrite(file.fileno(), bytes(4096), 0)
            os.fdatasync(file.fileno())
            into.append(time.monotonic() - began)


def waits(what: str, seconds: list[float]) -> Waits:
    """How long these took."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Waits(what=what, count=len(ordered), p50=at(0.5), p99=at(0.99), p999=at(0.999), most=1000 * ordered[-1])
