"""Five thousand shops: how long connecting, starting and finding take, beside the same with one shop.

Everything is measured in one run, what is compared interleaved. Prints a line for each figure.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar, cast

from flask.testing import FlaskClient

from middleware import bootstrap, config, logs
from middleware.directory import Directory
from middleware.keys import provision
from middleware.model import Inbound
from middleware.services import Services
from middleware.storage import migrate
from middleware.web.app import create
from tests.middleware.web.conftest import platform_keys
from tests.system.orders import order
from tests.system.stack import headers

T = TypeVar("T")

CONFIGURATION = """
[server]
database = "sqlite:///{folder}/data/parcelveil.db"
keys = "{folder}/keys"
state = "{folder}/state"

[carriers.platform]
kind = "parcel-json"
url = "https://platform.example"

[carriers.simulated]
kind = "parcel-json"
url = "https://simulated.example"
simulated = true

[apps.parcelveil]
platform = "shopify"
secrets = [{{ env = "BENCHMARK_SECRET" }}]
"""

STARTING = """
import sys, time
began = time.perf_counter()
from pathlib import Path
from middleware import bootstrap, config
from middleware.web.app import create
create(bootstrap.services(config.load(Path(sys.argv[1]))), "intake")
print(time.perf_counter() - began)
"""

LOOK_UPS = 20_000
VERIFIED = 2_000
WEBHOOKS = 40
ROUNDS = 7
SECRET = b"made-up secret of the app"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=5_000)
    count: int = parser.parse_args().shops
    os.environ["BENCHMARK_SECRET"] = SECRET.decode()
    logs.configure("warning")
    with tempfile.TemporaryDirectory(prefix="parcelveil-benchmark-") as folder:
        one, many = instance(Path(folder) / "one"), instance(Path(folder) / "many")
        connect(one, 1)
        seconds = connect(many, count)
        _print(f"connect {count} shops", f"{seconds:.1f} s, {seconds / count * 1e3:.2f} ms each")
        _starts(one, many, count)
        _finds(_directory(one), _directory(many), count)
        _webhooks(bootstrap.services(config.load(one)), bootstrap.services(config.load(many)), count)
        _changes(many)


def _print(what: str, figure: str) -> None:
    sys.stdout.write(f"{what:<44} {figure}\n")


def instance(folder: Path) -> Path:
    """A configuration with a database and keys of its own."""
    (folder / "data").mkdir(mode=0o700, parents=True)
    file = folder / "parcelveil.toml"
    file.write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
    migrate(config.load(file).server.database)
    provision(folder / "keys")
    platform_keys(folder / "state", datetime.now(UTC), "simulated")
    return file


def _settings(number: int) -> dict[str, object]:
    return {
        "platform": "shopify",
        "app": "parcelveil",
        "domain": f"shop-{number}.myshopify.com",
        "mode": "test",
        "account_type": "professional",
        "integration": {"requested_on": "2026-11-02", "reference": "made up"},
        "carrier": "platform",
        "sender": {"name": f"Winkel {number}", "street": "Straat", "postal_code": "1000", "locality": "Brussel"},
    }


def connect(file: Path, count: int) -> float:
    """So many shops; how many seconds it took."""
    onboarding = bootstrap.onboarding(config.load(file))
    began = time.perf_counter()
    for number in range(count):
        onboarding.connect(f"shop-{number}", _settings(number))
    seconds = time.perf_counter() - began
    onboarding.store.close()
    return seconds


def _directory(file: Path) -> Directory:
    return cast("Directory", bootstrap.services(config.load(file)).shops)


def _starts(one: Path, many: Path, count: int) -> None:
    """A new process up to the application that answers, imports included."""
    told: dict[Path, list[float]] = {one: [], many: []}
    for _ in range(ROUNDS):
        for file, figures in told.items():
            words = [sys.executable, "-c", STARTING, str(file)]
            done = subprocess.run(words, capture_output=True, text=True, check=True)
            figures.append(float(done.stdout))
    alone, full = median(told[one]), median(told[many])
    _print("start with 1 shop", f"{alone:.2f} s")
    _print(f"start with {count} shops", f"{full:.2f} s, {full / alone:.2f} times as long")
    directory = _directory(many)
    began = time.perf_counter()
    directory.bind_all()
    seconds = time.perf_counter() - began
    _print(f"open and bind {count} shops, beside the work", f"{seconds:.2f} s, {seconds / count * 1e6:.0f} us each")


def _finds(one: Directory, many: Directory, count: int) -> None:
    many.bind_all()
    domains = _domains(LOOK_UPS, count)
    _compare(
        "look-up",
        {
            "1 shop": lambda: _time(one.by_domain, _domains(LOOK_UPS, 1)),
            f"{count} shops": lambda: _time(many.by_domain, domains),
            "ten of them alone": lambda: _time(many.by_domain, _domains(LOOK_UPS, 10)),
            "an unknown shop": lambda: _time(many.by_domain, [f"{domain}x" for domain in domains]),
        },
    )


def _webhooks(one: Services, many: Services, count: int) -> None:
    """What a shop sees: a signed order, each another, up to its answer, on disk; and the part up to whose it is."""
    for services in (one, many):
        cast("Directory", services.shops).bind_all()
    shops = {"1 shop": 1, f"{count} shops": count}
    sides = {"1 shop": one, f"{count} shops": many}
    verified: dict[str, Callable[[], float]] = {
        name: partial(_verify, services, _domains(VERIFIED, shops[name])) for name, services in sides.items()
    }
    _compare("verified", verified)
    clients = {name: create(services, "intake").test_client() for name, services in sides.items()}
    answered = {name: partial(_answer, client, _domains(WEBHOOKS, shops[name])) for name, client in clients.items()}
    _compare("a webhook up to its answer", answered)
    for services in (one, many):
        services.store.close()


def _verify(services: Services, domains: list[str]) -> float:
    body = json.dumps(order()).encode()
    received = [
        Inbound(
            platform="shopify", shop=None, headers={name.lower(): value for name, value in given.items()}, body=body
        )
        for given in (headers(body, domain, secret=SECRET) for domain in domains)
    ]
    return _time(lambda inbound: services.verified(inbound, services.platforms["shopify"].order_topics), received)


def _answer(client: FlaskClient, domains: list[str]) -> float:
    """The median, as the disk now and then takes ten times as long."""
    seconds = []
    for domain in domains:
        body = json.dumps(order()).encode()
        given = headers(body, domain, secret=SECRET)
        began = time.perf_counter()
        answer = client.post("/webhooks/shopify/orders", data=body, headers=given)
        seconds.append(time.perf_counter() - began)
        if (answer.get_json() or {}).get("status") != "accepted":
            raise RuntimeError(f"an order was answered {answer.status_code}")
    return median(seconds)


def _compare(what: str, cases: Mapping[str, Callable[[], float]]) -> None:
    """Each several times, interleaved; seconds, beside the first."""
    told: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(ROUNDS):
        for name, measure in cases.items():
            told[name].append(measure())
    base = median(next(iter(told.values())))
    for name, seconds in told.items():
        _print(f"{what}, {name}", f"{median(seconds) * 1e6:.2f} us, ratio {median(seconds) / base:.2f}")


def _domains(length: int, count: int) -> list[str]:
    """Another text each time, as requests bring it."""
    return [f"shop-{number * 7 % count}.myshopify.com" for number in range(length)]


def _time(work: Callable[[T], object], things: Sequence[T]) -> float:
    began = time.perf_counter()
    for thing in things:
        work(thing)
    return (time.perf_counter() - began) / len(things)


def _changes(file: Path) -> None:
    """What a process spends on asking when nothing changed, and on taking one change in."""
    directory, onboarding = _directory(file), bootstrap.onboarding(config.load(file))
    _print("ask whether anything changed", f"{_each(directory.refresh, 200) * 1e6:.0f} us")
    changes: list[float] = []
    for paused in (True, False) * 10:
        onboarding.pause("shop-0", paused=paused)
        began = time.perf_counter()
        directory.refresh()
        directory.get("shop-0")
        changes.append(time.perf_counter() - began)
    _print("take one change in and bind it", f"{median(changes) * 1e6:.0f} us")


def _each(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


if __name__ == "__main__":
    main()
