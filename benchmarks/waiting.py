"""How long a shop waits for the acknowledgement of a webhook while sixteen calls of plug-ins wait for their platform.

    python -m benchmarks.waiting [--databases sqlite,postgresql] [--rounds 6]

Real processes, real HTTP, real databases. Rounds of webhooks alone and of webhooks beside sixteen calls take turns in
one run. Each call is of a shop of its own, whose parcel platform takes every request and answers none, and would wait
for 20 seconds. The exit status is 1 if one webhook in a thousand waited a second or longer beside them, if one was not
acknowledged, or if not all calls waited to their end.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.acknowledging import Waits, sync, waits
from middleware.core.calling import LONGEST_WAIT
from middleware.web.lane import WAITING
from tests import postgres
from tests.middleware.platforms.plugging import shipment
from tests.system.orders import order
from tests.system.stack import Mock, Service, configure, headers, mock, serving, session, shop

PROMISED_MS = 1_000.0
CLIENTS = 4
RATE = 10.0
"""Webhooks a second, of all clients together."""

LEAD_SECONDS = 3.0
"""Until all calls wait; and webhooks end so much before the calls."""

TOKEN = "made-up-token-of-a-caller"  # noqa: S105 - of nobody
_numbers = itertools.count(1)


@dataclass(slots=True, kw_only=True)
class Heard:
    """Seconds: of acknowledgements, by whether calls waited beside, of calls, of syncs; and what went wrong."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)
    syncs: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Measure on each database, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waiting", description="Webhooks beside waiting calls.")
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=6, help="of webhooks alone and webhooks beside calls")
    asked = parser.parse_args()
    well = [_on(kind, asked.rounds) for kind in asked.databases.split(",")]
    return 0 if all(well) else 1


def _on(kind: str, rounds: int) -> bool:
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="parcelveil-waiting-")))
        database = None
        if kind == "postgresql":
            database = postgres.database(opened.enter_context(postgres.server()), "waiting")
        well, silent = (opened.enter_context(mock(folder / name)) for name in ("well", "silent"))
        service = opened.enter_context(_served(folder, well, silent, database))
        heard, stop = Heard(), threading.Event()
        disk = threading.Thread(target=sync, args=(folder, heard.syncs, stop))
        disk.start()
        try:
            _rounds(service, heard, rounds)
        finally:
            stop.set()
            disk.join()
    return _told(kind, heard, rounds)


def _rounds(service: Service, heard: Heard, rounds: int) -> None:
    for _ in range(rounds):
        _webhooks(service, heard.alone, heard.wrong)
        with _calls(service, heard):
            _webhooks(service, heard.beside, heard.wrong)


@contextmanager
def _served(folder: Path, well: Mock, silent: Mock, database: str | None) -> Iterator[Service]:
    callers = {name: shop(name, carrier="silent", creates="call", token={"env": "CALLER_TOKEN"}) for name in _callers()}
    server = {"log_level": "WARNING", **({"database": database} if database else {})}
    carriers = {"platform": well.url, "silent": silent.url}
    service = configure(folder / "service", {"hooks": shop("hooks"), **callers}, carriers, server=server)
    with serving(service, CALLER_TOKEN=TOKEN) as up:
        silent.faults(timeout=1.0)
        yield up


def _callers() -> list[str]:
    return [f"caller{number}" for number in range(1, WAITING + 1)]


@contextmanager
def _calls(service: Service, heard: Heard) -> Iterator[None]:
    """All of them wait, and then each ends."""
    with ThreadPoolExecutor(WAITING) as pool:
        waiting = [pool.submit(_call, service, name) for name in _callers()]
        time.sleep(LEAD_SECONDS)
        yield
        for status, seconds in (one.result() for one in waiting):
            heard.calls.append(seconds)
            heard.wrong += [] if status == 202 else [f"a call {status}"]


def _call(service: Service, name: str) -> tuple[int, float]:
    number = next(_numbers)
    given = {
        "Authorization": f"Bearer {TOKEN}",
        "Idempotency-Key": f'"call-{number}"',
        "Prefer": f"wait={LONGEST_WAIT}",
    }
    url, began = f"{service.api}/v1/shops/{name}/shipments", time.monotonic()
    with session() as client:
        answer = client.post(url, json=shipment(f"C-{number}"), headers=given, timeout=60)
    return answer.status_code, time.monotonic() - began


def _webhooks(service: Service, into: list[float], wrong: list[str]) -> None:
    """As many seconds long as calls wait, less the time at both ends."""
    until = time.monotonic() + LONGEST_WAIT - 2 * LEAD_SECONDS
    clients = [
        threading.Thread(target=_client, args=(service, until, number, into, wrong)) for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()


def _client(service: Service, until: float, number: int, into: list[float], wrong: list[str]) -> None:
    interval = CLIENTS / RATE
    due = time.monotonic() + interval * number / CLIENTS
    with session() as client:
        while due < until:
            time.sleep(max(0.0, due - time.monotonic()))
            body = json.dumps(order()).encode()
            given = headers(body, "hooks.myshopify.com")
            answer = client.post(f"{service.url}/webhooks/shopify/orders", data=body, headers=given, timeout=30)
            into.append(time.monotonic() - due)  # since it was due: who is kept waiting delays the next
            wrong += [] if answer.status_code == 200 else [f"a webhook {answer.status_code}"]
            due += interval


def _told(kind: str, heard: Heard, rounds: int) -> bool:
    alone, beside = waits("alone", heard.alone), waits("beside", heard.beside)
    waited = sum(seconds >= LONGEST_WAIT for seconds in heard.calls)
    print(f"{kind}: {waited} of {len(heard.calls)} calls waited {LONGEST_WAIT} s, {WAITING} at once; {rounds} rounds")
    print(f"  {'webhooks':<10}{'count':>8}{'p50':>9}{'p99':>9}{'p99.9':>9}{'max':>9}  milliseconds")
    for one in (alone, beside, waits("the disk", heard.syncs)):
        print(f"  {one.what:<10}{one.count:>8,}{''.join(f'{number:>9.1f}' for number in _numbers_of(one))}")
    ratios = [late / soon for soon, late in zip(_numbers_of(alone), _numbers_of(beside), strict=True)]
    print(f"  {'ratio':<18}{''.join(f'{number:>9.2f}' for number in ratios)}")
    if heard.wrong:
        print(f"  not as it should be: {len(heard.wrong)} {sorted(set(heard.wrong))}")
    return not heard.wrong and waited == len(heard.calls) and beside.p999 < PROMISED_MS


def _numbers_of(one: Waits) -> tuple[float, float, float, float]:
    return one.p50, one.p99, one.p999, one.most


if __name__ == "__main__":
    sys.exit(main())
