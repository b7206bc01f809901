"""The purge at scale: what it takes to erase a million rows beside a running intake, and what the intake notices.

    python -m benchmarks.purge [--rows 1000000] [--rate 20] [--window 5]

An SQLite database is filled with records all of whose rows have ended. The real purge takes them in a process of its
own, in windows; in every other window it rests. Signed orders are taken in all the while, at a constant rate: how long
each waits since it was due is told for both kinds of windows, so that what is compared is interleaved. Memory is the
purge's own, before its first batch and at its peak.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import cast

from flask.testing import FlaskClient
from sqlalchemy import make_url, update

from benchmarks.shops import SECRET, connect, instance
from middleware import bootstrap, bootstrap_retention, config, logs
from middleware.directory import Directory
from middleware.model import IndexEntry, State
from middleware.storage import intake_sql
from middleware.storage.sqlite import SqliteDatabase
from middleware.storage.tables import records
from middleware.web.app import create
from tests.storage.builders import arrival, digest, part, record
from tests.system.orders import order
from tests.system.stack import headers

ENDED = date(2025, 1, 1)
"""The last permitted day of all that is to go: the clock need not be turned."""

ROWS = 8
"""Of a record: two parts, two index entries, its order, its webhook, its clear rest, itself."""

BETWEEN = 1.0
"""Seconds after a window of the purge that count for neither: what it kept waiting is still being taken in."""

AT_ONCE = 500
"""Records in one transaction of the filling."""


def main() -> None:
    """Fill, purge and print; or be the process that purges."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=20.0, help="orders a second")
    parser.add_argument("--window", type=float, default=5.0, help="seconds")
    parser.add_argument("--purge", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ["BENCHMARK_SECRET"] = SECRET.decode()
    logs.configure("error")
    if asked.purge:
        _purge(asked.purge)
        return
    with tempfile.TemporaryDirectory(prefix="parcelveil-benchmark-") as folder:
        file = instance(Path(folder) / "instance")
        connect(file, 1)
        began = time.monotonic()
        _fill(config.load(file).server.database, asked.rows // ROWS)
        size = sum(each.stat().st_size for each in (Path(folder) / "instance" / "data").iterdir())
        print(f"{asked.rows:,} rows that have ended, {size / 2**20:,.0f} MiB, made in {time.monotonic() - began:.0f} s")
        _measure(file, asked.rate, asked.window)


def _fill(url: str, count: int) -> None:
    with closing(SqliteDatabase(make_url(url))) as database:
        for start in range(0, count, AT_ONCE):
            with database.writing() as connection:
                for _ in range(min(AT_ONCE, count - start)):
                    entries = tuple(
                        IndexEntry(kind=kind, digest=digest(), until=ENDED) for kind in ("order.id", "email")
                    )
                    parts = tuple(part(name, until=ENDED) for name in ("recipient.delivery", "sender.contact"))
                    made = record(parts=parts, index=entries, clear_until=ENDED, until=ENDED)
                    arrived = arrival(shop="shop-0", standing_until=ENDED, until=ENDED)
                    intake_sql.accept(connection, database.upserts, arrived, made)
        with database.writing() as connection:  # delivered long ago: what waits would be a backlog
            connection.execute(update(records).values(state=State.DELIVERED, due=None))


def _purge(file: Path) -> None:
    """One run, which waits between two batches while its window is over: for each number on standard input it goes on
    for so many seconds, and then tells how far it is.
    """
    settings, before = config.load(file), _peak()
    taken, began, until = [0], [0.0], [0.0]

    def tell(*, done: bool) -> None:
        figures = {"taken": taken[0], "seconds": time.monotonic() - began[0], "before": before, "peak": _peak()}
        print(json.dumps(figures | {"done": done}), flush=True)
        taken[0] = 0

    def go_on() -> bool:
        if time.monotonic() >= until[0]:
            if began[0]:
                tell(done=False)
            length = float(sys.stdin.readline())
            began[0] = time.monotonic()
            until[0] = began[0] + length
        return True

    def observe(_kind: str, rows: int) -> None:
        taken[0] += rows

    with closing(bootstrap_retention.retention(settings)) as known:
        bootstrap_retention.purge(settings, known, observe).run(go_on)
    tell(done=True)


def _peak() -> int:
    """Bytes of memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _measure(file: Path, rate: float, window: float) -> None:
    services = bootstrap.services(config.load(file))
    cast("Directory", services.shops).bind_all()
    waits: dict[str, list[float]] = {"alone": [], "beside": [], "between": []}
    now = ["between"]
    words = [sys.executable, "-m", "benchmarks.purge", "--purge", str(file)]
    with (
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as purging,
        _orders(create(services, "intake").test_client(), rate, waits, now),
    ):
        taken, seconds, told = 0.0, 0.0, {"done": 0.0}
        while not told["done"]:
            time.sleep(BETWEEN)
            now[0] = "alone"
            time.sleep(window)
            now[0] = "beside"
            told = _ask(purging, window)
            now[0] = "between"
            taken, seconds = taken + told["taken"], seconds + told["seconds"]
    services.store.close()
    _print(taken, seconds, told, waits)


def _ask(purging: subprocess.Popen[str], seconds: float) -> dict[str, float]:
    if purging.stdin is None or purging.stdout is None:
        raise RuntimeError("the purge has no pipes")
    purging.stdin.write(f"{seconds}\n")
    purging.stdin.flush()
    found: dict[str, float] = json.loads(purging.stdout.readline())
    return found


@contextmanager
def _orders(client: FlaskClient, rate: float, waits: dict[str, list[float]], now: list[str]) -> Iterator[None]:
    """Orders at a constant rate; each counts where it was due, and since then."""
    stop = threading.Event()

    def send() -> None:
        due = time.monotonic()
        while not stop.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            where = now[0]
            body = json.dumps(order()).encode()
            given = headers(body, "shop-0.myshopify.com", secret=SECRET)
            answer = client.post("/webhooks/shopify/orders", data=body, headers=given)
            if answer.status_code != 200:
                raise RuntimeError(f"an order was answered {answer.status_code}")
            waits[where].append(time.monotonic() - due)
            due += 1 / rate

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _print(taken: float, seconds: float, told: dict[str, float], waits: dict[str, list[float]]) -> None:
    print(f"purged {taken:,.0f} rows in {seconds:.1f} s: {taken / seconds:,.0f} a second")
    before, peak = told["before"] / 2**20, told["peak"] / 2**20
    print(f"memory of the purge: {before:.0f} MiB before its first batch, {peak:.0f} MiB at most")
    print(f"{'an order waits, in ms':<24}{'orders':>8}{'p50':>9}{'p99':>9}{'p99.9':>9}{'most':>9}")
    for name in ("alone", "beside"):
        ordered = sorted(waits[name])
        figures = (
            1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] for share in (0.5, 0.99, 0.999, 1.0)
        )
        print(f"{name:<24}{len(ordered):>8,}" + "".join(f"{figure:>9.1f}" for figure in figures))


if __name__ == "__main__":
    main()
