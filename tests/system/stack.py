"""A real stack on loopback: the simulated parcel platform and the service, each in processes of its own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.ports import HOST, free_port
from tests.system.processes import ROOT, SECONDS, Process, descendants, environment, role_of, start, wait_for
from tests.system.settings import Literal, Settings, toml
from tests.system.typed import typed

SECRET = b"made-up secret of an app"
OWN_SECRET = b"made-up secret of a shop of its own"
TOKEN = "made-up-token-of-the-platform"

SENDER: Mapping[str, str] = {
    "name": "Ysolde Afzenderinne",
    "company": "Huis Verzinsel",
    "street": "Bedachte Kouter",
    "number": "17",
    "postal_code": "9000",
    "locality": "Gent",
    "country": "BE",
    "email": "afzender@huis-verzinsel.example",
    "phone": "+3292000017",
}
"""Who sends: a made-up professional shop."""

Json = dict[str, Any]


def shop(name: str, **changes: Any) -> dict[str, Any]:
    """The settings of a shop of the common app; what is None is left out."""
    settings = {
        "platform": "shopify",
        "app": "parcelveil",
        "domain": f"{name}.myshopify.com",
        "policy": "bpost-shipping-platform",
        "account_type": "professional",
        "integration": {"requested_on": Literal("2026-11-02"), "reference": "made up"},
        "carrier": "platform",
        "notify": "none",
        "hold": "0s",
        "sender": SENDER,
        **changes,
    }
    return {key: value for key, value in settings.items() if value is not None}


def direct(name: str, policy: str, kind: str) -> dict[str, Any]:
    """The settings of a shop whose own systems call, with the token that the environment holds for it."""
    token = {"env": f"{name.upper()}_TOKEN"}
    return {"platform": "direct", "carrier": "platform", "token": token, "policy": policy, "account_type": kind}


def sign(body: bytes, secret: bytes = SECRET) -> str:
    """What Shopify writes into ``X-Shopify-Hmac-Sha256``."""
    return base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode("ascii")


def headers(body: bytes, domain: str, *, secret: bytes = SECRET, **changes: str | None) -> dict[str, str]:
    """The headers of a webhook; keywords are names in lower case with ``_`` for ``-``, None leaves one out."""
    everything: dict[str, str | None] = {
        "content-type": "application/json",
        "x-shopify-topic": "orders/create",
        "x-shopify-hmac-sha256": sign(body, secret),
        "x-shopify-shop-domain": domain,
        "x-shopify-webhook-id": str(uuid.uuid4()),
        "x-shopify-event-id": str(uuid.uuid4()),
        "x-shopify-api-version": "2026-10",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return {name: value for name, value in everything.items() if value is not None}


def session() -> requests.Session:
    """A client that takes nothing from the environment."""
    opened = requests.Session()
    opened.trust_env = False
    return opened


@dataclass(slots=True, kw_only=True)
class Mock:
    """The simulated parcel platform, asked over HTTP."""

    process: Process
    url: str
    client: requests.Session = field(default_factory=session)

    def ledger(self) -> Json:
        """All that it received, and what it made of it."""
        told: Json = self.client.get(f"{self.url}/_ledger", timeout=SECONDS).json()
        return told

    def posts(self) -> list[Json]:
        """The shipments that were sent to it, in order, whatever became of them."""
        return [json.loads(base64.b64decode(entry["body_base64"])) for entry in self.entries()]

    def entries(self) -> list[Json]:
        """The ledger's entries of shipments."""
        return [
            entry for entry in self.ledger()["requests"] if (entry["method"], entry["path"]) == ("POST", "/shipments")
        ]

    def shipments(self) -> Json:
        """What it has taken, by id."""
        made: Json = self.ledger()["shipments"]
        return made

    def opened(self, id_: str) -> Json:
        """What it can read of a shipment: part → plaintext."""
        told = self.client.get(f"{self.url}/_opened/{id_}", timeout=SECONDS).json()
        assert told["unreadable"] == []
        parts: Json = told["parts"]
        return parts

    def move_on(self, id_: str, state: str) -> None:
        """Let a parcel go its way."""
        told = self.client.put(f"{self.url}/_state/{id_}", json={"state": state}, timeout=SECONDS)
        assert told.status_code == 200

    def faults(self, **rates: float) -> None:
        """Make these faults from now on, and no others: ``500`` is written ``_500``, ``-`` is written ``_``."""
        named = {name.removeprefix("_").replace("_", "-"): rate for name, rate in rates.items()}
        assert self.client.put(f"{self.url}/_faults", json=named, timeout=SECONDS).status_code == 200


@contextmanager
def mock(folder: Path, *options: str, token: str | None = TOKEN) -> Iterator[Mock]:
    """A simulated parcel platform of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "mock.log"
    given = (*options, "--token-env", "PARCEL_PLATFORM_TOKEN") if token else options
    command = ["simulator", "mock", "--listen", f"{HOST}:0", "--state", str(folder / "platform"), *given]
    process = start(command, log, {**environment(folder), "PARCEL_PLATFORM_TOKEN": token or ""})
    try:
        wait_for(lambda: b"\n" in log.read_bytes() or process.popen.poll() is not None, "the platform's start")
        words = log.read_text(encoding="utf-8").split()
        assert words[:1] == ["ready"], words
        yield Mock(process=process, url=words[1])
    finally:
        process.stop()


@dataclass(slots=True, kw_only=True)
class Service:
    """Parcelveil in a folder of its own. ``extra`` comes first on its processes' path, ``under`` before ``serve``."""

    folder: Path
    config: Path
    url: str
    api: str
    metrics: str
    extra: Path | None = None
    under: tuple[str, ...] = ()
    process: Process | None = None
    client: requests.Session = field(default_factory=session)

    @property
    def database(self) -> Path:
        """The folder that holds the database and nothing else."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """All that ``serve`` and its children said."""
        return self.folder / "serve.log"

    def environment(self, **changes: str) -> dict[str, str]:
        """What its processes get."""
        path = os.pathsep.join(str(part) for part in (self.extra, ROOT) if part is not None)
        secrets = {"SHOPIFY_SECRET": SECRET.decode(), "OWN_SECRET": OWN_SECRET.decode(), "PARCEL_PLATFORM_TOKEN": TOKEN}
        return {**environment(self.folder), **secrets, "PYTHONPATH": path, **changes}

    def command(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line to its end."""
        return subprocess.run(
            [sys.executable, "-m", "middleware", *arguments],
            env=self.environment(**changes),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def configured(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The same with ``--config``."""
        return self.command(*arguments, "--config", str(self.config), **changes)

    def typed(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """The same in this very process."""
        return typed([*arguments, "--config", str(self.config)], self.folder, self.environment(**changes))

    def called(self, *arguments: str) -> str:
        """What one prints whose exit status is 0."""
        done = self.typed(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self) -> Service:
        """Make database and keys."""
        self.called("migrate")
        self.called("keys", "provision")
        return self

    def serve(self, *options: str, path: str = "/readyz", **changes: str) -> Process:
        """Start it and wait until every web role of it answers 200 at ``path``."""
        alone = {"intake": [self.url], "api": [self.api]}
        urls = alone.get(options[-1] if options else "", [self.url, self.api])
        words = ["middleware", "serve", "--config", str(self.config), *options]
        self.process = process = start(words, self.log, self.environment(**changes), self.under)
        wait_for(
            lambda: process.popen.poll() is not None or all(self.answers(path, url) for url in urls),
            f"{path} of the service",
        )
        assert process.popen.poll() is None, self.log.read_text(encoding="utf-8")
        return process

    def answers(self, path: str, url: str | None = None) -> bool:
        """Whether it says 200 there."""
        try:
            return self.client.get((url or self.url) + path, timeout=SECONDS).status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self) -> int:
        """End it; its exit status."""
        assert self.process is not None
        status = self.process.stop()
        self.process = None
        return status

    def pids(self) -> list[int]:
        """The supervisor and all its children."""
        assert self.process is not None
        return [self.process.popen.pid, *descendants(self.process.popen.pid)]

    def running(self, role: str) -> list[int]:
        """The processes of that role, nearest to the supervisor first: the web server's, then its worker."""
        return [pid for pid in self.pids() if role_of(pid) == role]

    def post(
        self, name: str, content: object, *, route: str = "/webhooks/shopify/orders", **changes: Any
    ) -> requests.Response:
        """Sign and send a webhook of the shop ``name``; ``content`` is JSON or bytes, keywords as in ``headers``."""
        body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode("utf-8")
        given = headers(body, f"{name}.myshopify.com", **changes)
        return self.client.post(self.url + route, data=body, headers=given, timeout=SECONDS, allow_redirects=False)

    def records(self) -> list[Json]:
        """What ``deliveries list`` tells."""
        rows: list[Json] = json.loads(self.called("deliveries", "list", "--json", "--limit", "10000"))
        return rows

    def record(self, id_: str) -> Json:
        """The record of that id."""
        return next(row for row in self.records() if row["id"] == id_)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the database, read past the service."""
        with closing(sqlite3.connect(f"file:{self.database}/parcelveil.db?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def stored(self) -> dict[str, bytes]:
        """The bytes of the database and of whatever lies beside it."""
        return {path.name: path.read_bytes() for path in sorted(self.database.iterdir()) if path.is_file()}

    def lines(self) -> list[Json]:
        """What it logged, but for what is no JSON object."""
        return [json.loads(line) for line in self.log.read_text(encoding="utf-8").splitlines() if line[:1] == "{"]


def configure(
    folder: Path,
    shops: Mapping[str, Settings],
    carriers: Mapping[str, str],
    *,
    server: Settings | None = None,
    extra: Path | None = None,
    port: int | None = None,
) -> Service:
    """A service in ``folder``; ``carriers`` maps names to the platforms' addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data").mkdir(mode=0o700)
    port, api, metrics = port or free_port(), free_port(), free_port()
    settings: Settings = {
        "listen": f"{HOST}:{port}",
        "api_listen": f"{HOST}:{api}",
        "metrics_listen": f"{HOST}:{metrics}",
        "database": f"sqlite:///{folder}/data/parcelveil.db",
        "keys": str(folder / "keys"),
        "state": str(folder / "state"),
        "journal": str(folder / "journal"),
        "keep_delivered": "0d",
        "log_level": "DEBUG",
        **(server or {}),
    }
    text = toml(settings, "server")
    for name, url in carriers.items():
        carrier = {"kind": "parcel-json", "url": url, "token": {"env": "PARCEL_PLATFORM_TOKEN"}}
        text += toml({**carrier, "allow_private": [HOST]}, f"carriers.{name}")
    text += toml({"platform": "shopify", "secrets": [{"env": "SHOPIFY_SECRET"}]}, "apps.parcelveil")
    for name, shop_settings in shops.items():
        text += toml(shop_settings, f"shops.{name}")
    config = folder / "parcelveil.toml"
    config.write_text(text, encoding="utf-8")
    return Service(
        folder=folder,
        config=config,
        url=f"http://{HOST}:{port}",
        api=f"http://{HOST}:{api}",
        metrics=f"http://{HOST}:{metrics}",
        extra=extra,
    )


@contextmanager
def serving(service: Service, *options: str, **changes: str) -> Iterator[Service]:
    """The service, prepared and running until the block ends; ``options`` are those of ``serve``."""
    service.prepare().serve(*options, **changes)
    try:
        yield service
    finally:
        if service.process is not None:
            service.stop()
