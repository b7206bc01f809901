"""A shop whose orders go to the simulated bpost: real intake, relay, SQLite file and HTTP, in a time of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from click.testing import Result
from flask.testing import FlaskClient
from sqlalchemy import Engine, NullPool, create_engine, text

from middleware import bootstrap, bootstrap_lanes, config
from middleware.relay import Relay
from middleware.services import Services
from middleware.transport import HttpTransport
from middleware.web.app import create
from simulator.bpost.store import Order
from simulator.bpost.switches import Switches
from simulator.faults import AFTER_COMMIT
from simulator.http import MockServer, Settings, running
from tests.middleware.cli.bench import Json, run
from tests.ports import free_port
from tests.system.line import tell
from tests.system.orders import order
from tests.system.processes import environment
from tests.system.settings import Settings as Table
from tests.system.settings import toml
from tests.system.stack import SECRET, headers, session, shop

ACCOUNT, PASSPHRASE, TOKEN = "123456", "made-up passphrase", "made-up-token-of-the-shop"
OTHERS = ("654321", "777777")
"""Accounts that a shop may have of its own; bpost knows any, with the same passphrase."""

READ_SECONDS, TOTAL_SECONDS = 0.3, 0.45
"""How long an answer is waited for; in earnest it is fifty times as long."""

BEGINNING = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
REPLACED = "replaced"
"""A newer version came before the first claim: this one is not there any more."""

ENDED = ("delivered", "dead", "quarantined", "cancelled", "withdrawn", REPLACED)
OURS = ("inbox", "idempotency", "orders", "rejections", "index_entries", "parts", "records", "removals", "lanes")
_STANDING = text("SELECT state, due, last_code, barcode, account FROM records WHERE id = :id")
UNDER_WAY = f"""SELECT COUNT(*) FROM ledger WHERE status IS NULL
    AND (fault IS NULL OR fault IN ({", ".join(f"'{name.value}'" for name in AFTER_COMMIT)}))"""  # noqa: S608 - our names


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record as it stands in the database's file."""

    state: str
    due: datetime | None
    code: str | None
    barcode: str | None
    account: str | None


@dataclass(slots=True, kw_only=True)
class House:
    """The service, whose one carrier is bpost, and bpost. Nothing goes by the system's clock."""

    folder: Path
    settings: config.Config
    platform: MockServer
    services: Services
    intake: FlaskClient
    relay: Relay
    way: HttpTransport
    asked_of: Engine

    @property
    def database(self) -> Path:
        """The one file that it stores in, where that is SQLite's."""
        return self.folder / "data" / "parcelveil.db"

    def tell(self, now: datetime) -> None:
        """It is this time."""
        tell(self.folder / "clock", now)

    def send(self, content: object | None = None, name: str = "demo") -> Any:
        """A signed webhook of an order: what is answered."""
        body = json.dumps(order() if content is None else content).encode()
        given = headers(body, f"{name}.myshopify.com")
        return self.intake.post("/webhooks/shopify/orders", data=body, headers=given)

    def accept(self, content: object | None = None, name: str = "demo") -> str:
        """An order that must be accepted: the record's id."""
        answer = self.send(content, name).get_json()
        assert answer["status"] == "accepted", answer
        return str(answer["id"])

    def standing(self, id_: str) -> Standing:
        """How a record stands."""
        with self.asked_of.connect() as connection:
            row = connection.execute(_STANDING, {"id": id_}).one_or_none()
        state, due, *told = row or (REPLACED, None, None, None, None)
        code, barcode, account = told
        due = due and datetime.fromtimestamp(due / 1e6, UTC)
        return Standing(state=state, due=due, code=code, barcode=barcode, account=account)

    def order(self, id_: str) -> Order | None:
        """What bpost has under the reference of a record, in the first account that has anything."""
        shelf = self.platform.api.bpost.manager.shelf
        return next((found for account in (ACCOUNT, *OTHERS) if (found := shelf.order(account, id_))), None)

    def ledger(self) -> dict[str, Json]:
        """All that bpost has, by reference, as it tells it over HTTP: how often each came, and its boxes, whatever
        the account.
        """
        with session() as client:
            told = client.get(f"{self.platform.url}/_ledger", timeout=60).json()["bpost"]
        found: dict[str, Json] = {}
        for name, made in told.items():
            one = found.setdefault(name.partition("/")[2], {"posts": 0, "boxes": []})
            one |= {key: one[key] + made[key] for key in one}
        return found

    def asked(self) -> int:
        """How many requests bpost has received."""
        return int(self.platform.platform.store.rows("SELECT COUNT(*) FROM ledger")[0][0])

    def faults(self) -> dict[str, int]:
        """How many of its requests met which fault."""
        counted = "SELECT fault, COUNT(*) FROM ledger WHERE fault IS NOT NULL GROUP BY fault"
        return dict(self.platform.platform.store.rows(counted))

    def busy(self) -> bool:
        """Whether bpost is at work: what it commits it commits before it is not."""
        return bool(self.platform.platform.store.rows(UNDER_WAY)[0][0])

    def forget(self) -> None:
        """What was taken in, here (SQLite alone) and there, was never there; bpost is well, and as it was."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for table in OURS:
                connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own names
            connection.commit()
        for table in ("ledger", "bpost_order", "bpost_box"):
            self.platform.platform.store.run(f"DELETE FROM {table}")  # noqa: S608 - our own names
        self.platform.faults.set({})
        self.platform.api.bpost.turn(Switches())
        self.tell(BEGINNING)

    def run(self, *words: str) -> Result:
        """Run a command of the command line."""
        return run(*words, "--config", str(self.folder / "parcelveil.toml"))

    @contextmanager
    def relay_process(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A relay in a process of its own, or what ``words`` start; killed at the block's end, if it still runs."""
        (self.folder / "metrics").mkdir(exist_ok=True)
        given = {
            **environment(self.folder),
            "PARCELVEIL_CONFIG": str(self.folder / "parcelveil.toml"),
            "PARCELVEIL_SERVER__METRICS_LISTEN": f"127.0.0.1:{free_port()}",
            "PROMETHEUS_MULTIPROC_DIR": str(self.folder / "metrics"),
        }
        command = [sys.executable, "-m", "middleware", *(words or ("run-role", "relay"))]
        with (
            (self.folder / "relay.log").open("ab") as log,
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=given) as process,
        ):
            yield process
            process.kill()


@contextmanager
def house(
    folder: Path, database: str | None = None, /, *, level: str = "ERROR", carrier: Table | None = None, **shops: Table
) -> Iterator[House]:
    """The two in ``folder``, at their beginning. ``database`` is one of PostgreSQL, or a file of SQLite where none is
    told; ``shops``: further settings of each, ``demo`` where none is told.
    """
    (folder / "data").mkdir(mode=0o700, parents=True)
    tell(folder / "clock", BEGINNING)
    with running(Settings(state=folder / "bpost", passphrase=PASSPHRASE, drip_seconds=0.02)) as platform:
        server = {"database": database or f"sqlite:///{folder}/data/parcelveil.db", "log_level": level}
        file = _written(folder, platform.url, server, carrier or {}, shops or {"demo": {}})
        for words in (("keys", "provision"), ("migrate",)):
            done = run(*words, "--config", str(file))
            assert done.exit_code == 0, done.output
        settings = config.load(file)
        services = bootstrap.services(settings)
        asked_of = create_engine(settings.server.database, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with closing(services.store):
            (relay,) = bootstrap_lanes.relays(settings, lambda *_: None, services.shops)
            relay.store.close()
            ways = settings.carriers["platform"].allow_private
            way = HttpTransport(platform.url, allow_private=ways, connect=1.0, read=READ_SECONDS, total=TOTAL_SECONDS)
            yield House(
                folder=folder,
                settings=settings,
                platform=platform,
                services=services,
                intake=create(services, "intake").test_client(),
                relay=replace(relay, store=services.store),
                way=way,
                asked_of=asked_of,
            )


def _written(folder: Path, url: str, server: Table, carrier: Table, shops: dict[str, Table]) -> Path:
    """Its configuration, which takes no secret from the environment."""
    secrets = {}
    for name, secret in {"app": SECRET.decode(), "passphrase": PASSPHRASE, "token": TOKEN}.items():
        (folder / name).write_text(secret, encoding="ascii")
        secrets[name] = {"file": str(folder / name)}
    folders = {name: str(folder / name) for name in ("keys", "state", "journal")}
    known = {"kind": "bpost-shm", "url": url, "account": ACCOUNT, "passphrase": secrets["passphrase"]}
    text = toml({**folders, **server, "clock": f"file:{folder}/clock"}, "server")
    text += toml({**known, "allow_private": ["127.0.0.1"], **carrier}, "carriers.platform")
    text += toml({"platform": "shopify", "secrets": [secrets["app"]]}, "apps.parcelveil")
    for name, changes in shops.items():
        text += toml(shop(name, **{"token": secrets["token"], **changes}), f"shops.{name}")
    file = folder / "parcelveil.toml"
    file.write_text(text, encoding="utf-8")
    return file
