"""A shop's years: the real line, database and purge, and the simulated platform over real HTTP, in made-up time."""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import requests

from middleware import binding, bootstrap, bootstrap_months, bootstrap_retention, config, keys, logs, months, provision
from middleware.carriers.parcel_json import ParcelJson
from middleware.errors import UnknownKeyError
from middleware.intake import receive
from middleware.model import Inbound, Status
from middleware.model_keys import KeptCopy
from middleware.model_purge import Boot
from middleware.propagation import Propagation
from middleware.purge import Purge
from middleware.relay import Lane, Relay
from middleware.storage import migrate
from simulator.http import MockServer, Settings, running
from tests.system.settings import Literal, toml
from tests.system.stack import SECRET, headers, shop
from tests.years.oracle import Key, Oracle

HOUR = 10
"""At which hour, UTC, a day is played: the same day in Brussels."""

INSIDE, OUTSIDE = "BE", "CH"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
DURATIONS = {"vp.recipient.operational": "P13M", "vp.sender.legal": "P10Y"}


class World:
    """One shop, which keeps copies to their end, and one platform, both at work since ``first``."""

    def __init__(self, folder: Path, platform: MockServer, first: date) -> None:
        logs.configure("error")
        self.folder, self.platform, self.first = folder, platform, first
        self.oracle, self.backups, self.number = Oracle(), list[Path](), 0
        self._closed = first
        """The day before which all months are closed."""
        self.now = _moment(first)
        self._move_platform()
        settings = _settings(folder, platform.url)
        keys.provision(settings.server.keys)
        migrate(settings.server.database)
        self.services = replace(bootstrap.services(settings), clock=lambda: self.now)
        self.transport = bootstrap.transports(settings)["platform"]
        self._published = bootstrap.platform_keys(settings)["platform"]
        self.ring, self.copies = bootstrap_months.ring(settings), bootstrap_months.copies(settings)
        self._policies = [binding.pack("bpost-shipping-platform")]
        self._open_month()
        self.retention = bootstrap_retention.retention(settings)
        signing = self.services.keys.signing
        self.relay = Relay(
            store=self.services.store,
            clock=lambda: self.now,
            lanes={"platform": Lane(carrier=ParcelJson(), transport=self.transport)},
            keys={str(signing.kid): signing},
            observe=lambda *_: None,
        )
        self.purge = Purge(purging=self.retention, clock=lambda: self.now, boot=self._boot)
        self.propagation = Propagation(
            carrier="platform",
            notices=self.retention,
            clock=lambda: self.now,
            teller=ParcelJson(),
            transport=self.transport,
            observe=lambda *_: None,
        )

    @property
    def today(self) -> date:
        """The day that is played."""
        return self.now.date()

    def play(self, orders: int, chance: random.Random) -> None:
        """One day: what has ended goes, on both sides; so many orders come and leave; both sides are judged."""
        if self.today.day == 1 and self.today != self.first:
            self._close_month()
        self.oracle.begin(self.today)
        self.purge.run()
        while self.propagation.step():
            pass
        for _ in range(orders):
            self._order(outside=chance.random() < 0.1, notify=chance.random() < 0.5)
        while self.relay.step():
            pass
        self.judge()
        self.now += timedelta(days=1)

    def judge(self) -> None:
        """Raises: tests.years.oracle.Broken."""
        self.oracle.judge("here", self.today, self.here())
        self.oracle.judge("at the platform", self.today, self.there())

    def here(self) -> set[Key]:
        """The parts of which anything sealed is in the database, read past the service."""
        return _keys(
            self.folder / "parcelveil.db",
            "SELECT record_id, part FROM copies UNION SELECT record_id, name FROM parts WHERE jwe IS NOT NULL",
        )

    def there(self) -> set[Key]:
        """The parts that the platform holds."""
        return _keys(self.folder / "platform" / "platform.db", "SELECT shipment, part FROM part")

    def back_up(self) -> None:
        """A copy of the database as it is, which nobody ever touches again."""
        path = self.folder / f"backup-{len(self.backups)}.db"
        with (
            closing(sqlite3.connect(self.folder / "parcelveil.db")) as source,
            closing(sqlite3.connect(path)) as target,
        ):
            source.backup(target)
        self.backups.append(path)

    def read_back(self) -> tuple[int, int, int]:
        """(parts in all backups, how many of them open now, how many of those ended in a month that was closed)."""
        total = opened = wrong = 0
        for kept in (kept for path in self.backups for kept in _copies(path)):
            total += 1
            try:
                self.ring.open(kept)
            except UnknownKeyError:
                continue
            opened += 1
            wrong += self.oracle.ends[(kept.record_id, kept.part)] < self._closed
        return total, opened, wrong

    def residue(self, most: int) -> int:
        """How many sealed parts of backups that have ended since are found in the raw bytes of the database's files."""
        ended = [
            kept.jwe.encode()[-64:-16]
            for path in self.backups
            for kept in _copies(path)
            if (kept.record_id, kept.part) not in self.oracle.alive
        ]
        raw = b"".join(path.read_bytes() for path in self.folder.glob("parcelveil.db*"))
        return sum(text in raw for text in ended[:most])

    def close(self) -> None:
        """Close the databases."""
        for one in (self.services.store, self.retention, self.copies):
            one.close()

    def _boot(self) -> Boot:
        """A machine that has run all the time: its clock never jumps."""
        return Boot(id="years", since=self.now - _moment(self.first))

    def _order(self, *, outside: bool, notify: bool) -> None:
        self.number += 1
        name = "sms" if notify else "none"
        answer = receive(_webhook(name, self.number, self.now, OUTSIDE if outside else INSIDE), self.services)
        assert answer.status is Status.ACCEPTED, answer
        assert answer.id is not None
        parts = {"recipient.delivery", "sender.contact"}
        parts |= {"recipient.customs"} if outside else set()
        parts |= {"recipient.notification"} if notify else set()
        self.oracle.take(answer.id, frozenset(parts), self.today)

    def _move_platform(self) -> None:
        told = requests.put(f"{self.platform.url}/_clock", json={"now": self.now.isoformat()}, timeout=30)
        assert told.status_code == 200, told.text

    def _open_month(self) -> None:
        self.ring.provision(months.needed(self._policies, self.today))
        provision.refresh(self._published, self.transport, self.now)

    def _close_month(self) -> None:
        """The platform closes its month by its clock; we re-seal what lives on, and destroy what is over."""
        self._closed = self.today
        self._move_platform()
        self._open_month()
        months.close(self.copies, self.ring, self.now, DURATIONS.__getitem__)
        last = f"{self.today - timedelta(days=1):%Y-%m}"
        for kid in [kid for kid in self.ring.kids() if kid.endswith(last)]:
            months.announce(self.copies, kid, "year's end", self.now)
            months.carry_out(self.copies, self.ring, kid, "year's end", self.now)


def spread(orders: int, days: int, chance: random.Random) -> Mapping[int, int]:
    """How many orders come on which day: each on a day of its own accord."""
    counts: dict[int, int] = {}
    for _ in range(orders):
        day = chance.randrange(days)
        counts[day] = counts.get(day, 0) + 1
    return counts


@contextmanager
def world(first: date) -> Iterator[World]:
    """A world in a file system in memory, where there is one; it goes with the block."""
    where = MEMORY if MEMORY.is_dir() else None
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="pv-", dir=where)))
        (folder / "token").write_bytes(b"made-up-token")
        (folder / "secret").write_bytes(SECRET)
        platform = opened.enter_context(running(Settings(state=folder / "platform", token="made-up-token")))
        yield opened.enter_context(closing(World(folder, platform, first)))


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, HOUR, tzinfo=UTC)


def _keys(file: Path, query: str) -> set[Key]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return set(connection.execute(query).fetchall())


def _copies(file: Path) -> Iterator[KeptCopy]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        for record_id, part, kid, jwe in connection.execute("SELECT record_id, part, kid, jwe FROM copies"):
            yield KeptCopy(record_id=record_id, part=part, kid=kid, until=None, jwe=jwe)


def _webhook(name: str, number: int, now: datetime, country: str) -> Inbound:
    content = {
        "id": 9_000_000_000 + number,
        "name": f"#{number}",
        "updated_at": now.isoformat(),
        "financial_status": "paid",
        "currency": "EUR",
        "shipping_address": {
            "first_name": "Verzonnen",
            "last_name": f"Ontvanger{number}",
            "address1": f"Laan {number % 300 + 1}",
            "zip": "1000" if country == INSIDE else "3011",
            "city": "Brussel" if country == INSIDE else "Bern",
            "country_code": country,
            "phone": f"+3247055{number % 10_000:04}",
        },
        "line_items": [{"title": "Theepot", "quantity": 1, "grams": 900, "requires_shipping": True, "price": "24.95"}],
    }
    body = json.dumps(content).encode()
    given = headers(body, f"{name}.myshopify.com", x_shopify_webhook_id=f"00000000-0000-0000-0000-{number:012}")
    return Inbound(platform="shopify", shop=None, headers=given, body=body)


def _settings(folder: Path, url: str) -> config.Config:
    server = {
        "database": f"sqlite:///{folder}/parcelveil.db",
        "keys": str(folder / "keys"),
        "journal": str(folder / "journal"),
        "state": str(folder / "state"),
        "keep_delivered": "policy",
    }
    carrier = {"kind": "parcel-json", "url": url, "token": {"file": str(folder / "token")}}
    text = toml(server, "server") + toml({**carrier, "allow_private": ["127.0.0.1"]}, "carriers.platform")
    text += toml({"platform": "shopify", "secrets": [{"file": str(folder / "secret")}]}, "apps.parcelveil")
    for name in ("none", "sms"):
        text += toml(
            shop(name, notify=name, hold="0s", integration={"requested_on": Literal("2020-01-01")}), f"shops.{name}"
        )
    file = folder / "parcelveil.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)
