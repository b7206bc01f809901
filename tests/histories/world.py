"""Everything real but the network and the time: intake, relay and database, and the simulated platform."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from middleware import bootstrap, config, keys, logs, provision
from middleware.carriers.parcel_json import ParcelJson
from middleware.exchange import Request
from middleware.intake import receive
from middleware.model import Answer
from middleware.model import State as Ours
from middleware.ports import Carrier
from middleware.relay import Lane, Relay
from middleware.storage import migrate
from simulator.clock import Clock
from simulator.faults import Faults
from simulator.platform import Platform
from simulator.store import State
from tests.histories.oracle import Broken, Parcel, Promise
from tests.histories.shop import BEGINNING, HOLDS, SHIP_WHEN, Content, webhook
from tests.histories.wire import Died, Wire
from tests.system.settings import toml
from tests.system.stack import SECRET, shop

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it

OURS = ("inbox", "orders", "rejections", "lanes", "index_entries", "parts", "records", "removals")
PLATFORMS = ("ledger", "shipment", "part", "tombstone")
UNDER_WAY = frozenset({"waiting", "held", "claimed", "cancelling"})
STUCK = frozenset({"dead", "quarantined"})


class World:
    """One service and one platform in ``folder``, for one history after the other."""

    def __init__(self, folder: Path) -> None:
        logs.configure("error")
        self.now = BEGINNING
        self.platform = Platform(folder / "platform")
        self.platform.clock = Clock(real=lambda: self.now)
        self.platform.tick()
        settings = _settings(folder)
        keys.provision(settings.server.keys)
        migrate(settings.server.database)
        self.services = replace(bootstrap.services(settings), clock=lambda: self.now)
        self.wire = Wire(self.platform, self._watch)
        provision.refresh(bootstrap.platform_keys(settings)["platform"], self.wire, self.now)
        self.carrier: Carrier = ParcelJson()
        self.relay = self._new_relay()
        self._files = {folder / "parcelveil.db": OURS, folder / "platform" / "platform.db": PLATFORMS}
        self._opened: dict[str, Content] = {}
        self._bodies: dict[str, bytes] = {}
        self._number = 0
        self.touched: set[str] = set()

    def begin(self) -> None:
        """Forget everything."""
        for file, tables in self._files.items():
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA synchronous = OFF")
                for table in tables:
                    connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names
                connection.commit()
        for seen in (self._opened, self._bodies, self.touched):
            seen.clear()
        self.now, self.wire.plan, self.wire.faults = BEGINNING, None, Faults({}, 0)
        self.relay = self._new_relay()

    def close(self) -> None:
        """Close both databases."""
        self.services.store.close()
        self.platform.close()

    def arrive(self, name: str, body: bytes, topic: str) -> Answer:
        """A webhook of the shop ``name``."""
        self._number += 1
        self.now += timedelta(seconds=1)
        return receive(webhook(name, body, topic, self._number), self.services)

    def step(self) -> bool:
        """One step of a relay. Raises: Died, after which another one works on."""
        self.now += timedelta(seconds=1)
        try:
            return self.relay.step()
        except Died:
            self.relay = self._new_relay()
            raise

    def parcels(self, order: int | None = None) -> list[Parcel]:
        """The shipments that there ever were, of one order or of all."""
        found = self.platform.store.shipments()
        parcels = [Parcel(id=one.id, content=self._content(one.id), state=one.state) for one in found]
        return [parcel for parcel in parcels if order is None or parcel.content[0].endswith(str(order))]

    def live(self, order: int | None = None) -> list[Parcel]:
        """Those that were not cancelled."""
        return [parcel for parcel in self.parcels(order) if parcel.state is not State.CANCELLED]

    def given_up(self) -> list[str]:
        """The dead letters."""
        return [summary.id for summary in self.services.store.list((Ours.DEAD,), None, 1000)]

    def flagged(self) -> set[str]:
        """The records that wait for a person since their order changed."""
        store = self.services.store
        return {summary.id for summary in store.list(tuple(Ours), None, 1000) if summary.changed_after_delivery}

    def counts(self, states: Iterable[str]) -> int:
        """How many records are in one of these states."""
        counted = self.services.store.counts()
        return sum(int(counted.get(state, 0)) for state in states)

    def move(self, **by: float) -> datetime:
        """Time passes."""
        self.now += timedelta(**by)
        return self.now

    def _new_relay(self) -> Relay:
        signing = self.services.keys.signing
        return Relay(
            store=self.services.store,
            clock=lambda: self.now,
            lanes={"platform": Lane(carrier=self.carrier, transport=self.wire)},
            keys={str(signing.kid): signing},
            observe=lambda *_: None,
            chance=lambda: 0.5,
        )

    def _content(self, id_: str) -> Content:
        if id_ not in self._opened:
            parts = self.platform.opened(id_)["parts"]
            found = self.platform.store.shipment(id_)
            assert isinstance(parts, dict)
            assert found is not None
            delivery, parcel, to = parts["recipient.delivery"], found.clear["parcel"], found.clear["recipient"]
            assert isinstance(parcel, dict)
            assert isinstance(to, dict)
            grams = parcel["weight_grams"]
            street = f"{delivery['street']} {delivery['number']}"
            self._opened[id_] = (delivery["name"], street, to["postal_code"], grams)
        return self._opened[id_]

    def _watch(self, request: Request) -> None:
        """At every moment: one live shipment for an order at most; the same bytes under the same key."""
        key = request.headers.get("Idempotency-Key")
        if key is not None and request.body is not None:
            self.touched.add(key)
            if self._bodies.setdefault(key, request.body) != request.body:
                raise Broken(Promise.UNEQUAL, f"record {key} was sent with other bytes")
        live = [parcel.content[0] for parcel in self.live()]
        if len(live) > len(set(live)):
            raise Broken(Promise.DOUBLED, f"two live shipments of one order: {sorted(live)}")


@contextmanager
def in_memory() -> Iterator[World]:
    """A world in a file system in memory, where there is one; it goes with the block."""
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="pv-", dir=where) as folder, closing(World(Path(folder))) as world:
        yield world


def _settings(folder: Path) -> config.Config:
    (folder / "secret").write_bytes(SECRET)
    (folder / "token").write_bytes(b"made-up-token")
    server = {
        "database": f"sqlite:///{folder}/parcelveil.db",
        "keys": str(folder / "keys"),
        "journal": str(folder / "journal"),
        "state": str(folder / "state"),
    }
    carrier = {"kind": "parcel-json", "url": "https://platform.example", "token": {"file": str(folder / "token")}}
    text = toml(server, "server") + toml(carrier, "carriers.platform")
    text += toml({"platform": "shopify", "secrets": [{"file": str(folder / "secret")}]}, "apps.parcelveil")
    for name, hold in HOLDS.items():
        text += toml(shop(name, hold=hold, ship_when=SHIP_WHEN[name]), f"shops.{name}")
    file = folder / "parcelveil.toml"
    file.write_text(text, encoding="utf-8")
    return config.load(file)
