"""The web application over real services: a database file, keys in a folder, a clock that a test can move."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from jwcrypto import jwk
from werkzeug.test import TestResponse

from middleware import binding, bootstrap, config
from middleware.core.calendar import today
from middleware.core.schedule import required_kids
from middleware.directory import Directory
from middleware.keys import provision
from middleware.model import State
from middleware.onboarding import Onboarding
from middleware.platform_keys import Known, PlatformKeys, admit
from middleware.ports import Store
from middleware.services import Services
from middleware.storage import migrate
from middleware.web.admin import Administration
from middleware.web.app import create
from tests.system.stack import SECRET, Json, Service, configure, headers, shop

ORDERS = "/webhooks/shopify/orders"
PACKS = ("bpost-shipping-platform", "bpost-maxiresponse", "bpost-mystamp")
NOWHERE = "http://127.0.0.1:9"

SHOPS: Mapping[str, Mapping[str, Any]] = {
    "plain": shop("plain"),
    "strict": shop("strict", on_invalid="refuse", pickup_attribute="pickup_point"),
    "numbered": shop("numbered", number="68000000001"),
    "own": shop("own", app=None, secrets=[{"env": "OWN_SECRET"}]),
    "rotating": shop("rotating", app=None, secrets=[{"env": "OLD_SECRET"}, {"env": "NEW_SECRET"}]),
}

OLD_SECRET, NEW_SECRET = b"made-up secret of yesterday", b"made-up secret of tomorrow"
ADMIN_TOKEN, ADMIN_OLD = "made-up-token-of-the-admin-api", "made-up-token-of-before"
SECRETS = {"OLD_SECRET": OLD_SECRET.decode(), "NEW_SECRET": NEW_SECRET.decode()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time that the services are told."""

    moments: list[datetime]

    def __call__(self) -> datetime:
        return self.moments[-1]

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.moments.append(self() + by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The application of the role ``intake``, what it stands on, and what it logged."""

    client: FlaskClient
    services: Services
    clock: Clock
    database: Path
    log: Log

    def post(
        self, name: str, content: object, *, route: str = ORDERS, secret: bytes = SECRET, **changes: str | None
    ) -> TestResponse:
        """Sign and send a webhook of the shop ``name``; ``content`` is JSON or bytes."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode("utf-8")
        given = headers(body, f"{name}.myshopify.com", secret=secret, **changes)
        return self.client.post(route, data=body, headers=given)

    def over(self, store: Store) -> FlaskClient:
        """The same application over another store."""
        return create(replace(self.services, store=store), "intake").test_client()

    def records(self) -> int:
        """How many records there are."""
        return sum(count for state, count in self.services.store.counts().items() if state in list(State))

    def lines(self) -> list[Json]:
        """What was logged."""
        return [json.loads(line) for line in self.log.text().splitlines()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The application of the role ``api``, and the intake beside it, over one database."""

    client: FlaskClient
    intake: FlaskClient
    services: Services
    onboarding: Onboarding
    clock: Clock
    log: Log

    def ask(
        self, method: str, path: str, content: object = None, *, token: str | None = ADMIN_TOKEN, **headers: str
    ) -> TestResponse:
        """Ask the admin API; ``content`` is JSON or bytes."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given["Authorization"] = f"Bearer {token}"
        if content is None:
            return self.client.open(f"/admin/v1/shops/{path}", method=method, headers=given)
        body = content if isinstance(content, bytes) else json.dumps(content).encode("utf-8")
        given = {"Content-Type": "application/json"} | given
        return self.client.open(f"/admin/v1/shops/{path}", method=method, data=body, headers=given)

    def post(self, name: str, content: object, *, secret: bytes = SECRET, own: bool = False) -> TestResponse:
        """Let intake take in what changed, then sign and send an order to it."""
        cast("Directory", self.services.shops).refresh()
        body = json.dumps(content).encode("utf-8")
        route = f"/webhooks/shopify/{name}/orders" if own else ORDERS
        return self.intake.post(route, data=body, headers=headers(body, f"{name}.myshopify.com", secret=secret))


def platform_keys(folder: Path, moment: datetime, name: str = "platform") -> None:
    """What a refresh would leave behind: public keys for every part that is sealed now, and one pick-up point."""
    kids = frozenset[str]().union(*(required_kids(binding.pack(name), today(moment)) for name in PACKS))
    public = [
        {**jwk.JWK.generate(kty="EC", crv="P-256").export_public(as_dict=True), "kid": kid, "alg": "ECDH-ES+A256KW"}
        for kid in sorted(kids)
    ]
    points = {"points": [{"id": "PUP-1000-01", "postal_code": "1000", "country": "BE"}]}
    known = admit(Known(), json.dumps({"keys": public}).encode(), json.dumps(points).encode(), moment)
    PlatformKeys(folder, name).store(known)


def furnish(service: Service, moment: datetime) -> Service:
    """Make database and keys, with nobody asked."""
    migrate(f"sqlite:///{service.database}/parcelveil.db")
    provision(service.folder / "keys")
    platform_keys(service.folder / "state", moment)
    return service


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Service:
    service = configure(tmp_path_factory.mktemp("web"), SHOPS, {"platform": NOWHERE})
    return furnish(service, datetime.now(UTC))


@pytest.fixture(scope="module")
def opened(furnished: Service) -> Iterator[Services]:
    """The services as the composition root makes them."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in furnished.environment(**SECRETS).items():
            patched.setenv(name, value)
        services = bootstrap.services(config.load(furnished.config))
    yield services
    services.store.close()


@pytest.fixture
def intake(
    opened: Services, furnished: Service, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Intake:
    clock = Clock(moments=[datetime.now(UTC)])
    services = replace(opened, clock=clock)
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    return Intake(
        client=create(services, "intake").test_client(),
        services=services,
        clock=clock,
        database=furnished.database / "parcelveil.db",
        log=Log(capsys),
    )


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database without rows."""
    path = tmp_path_factory.mktemp("empty") / "parcelveil.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def api(
    furnished: Service, empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Api]:
    """A database of its own, with the keys of the others."""
    for name, value in furnished.environment(**SECRETS, ADMIN_TOKEN=ADMIN_TOKEN, ADMIN_OLD=ADMIN_OLD).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    (tmp_path / "data").mkdir(mode=0o700)
    file = tmp_path / "parcelveil.toml"
    tokens = '[admin]\ntokens = [{ env = "ADMIN_TOKEN" }, { env = "ADMIN_OLD" }]\n'
    simulated = f'[carriers.simulated]\nkind = "parcel-json"\nurl = "{NOWHERE}"\nallow_private = ["127.0.0.1"]\n'
    database = (str(furnished.database), str(tmp_path / "data"))
    text = furnished.config.read_text(encoding="utf-8").replace(*database)
    file.write_text(f"{tokens}{simulated}simulated = true\n{text}", encoding="utf-8")
    settings = config.load(file)
    shutil.copy(empty, tmp_path / "data" / "parcelveil.db")
    PlatformKeys(settings.server.state, "simulated").store(PlatformKeys(settings.server.state, "platform").known())
    clock = Clock(moments=[datetime.now(UTC)])
    services = replace(bootstrap.services(settings), clock=clock)
    cast("Directory", services.shops).clock = clock
    onboarding = replace(bootstrap.onboarding(settings), clock=clock)
    administration = Administration(onboarding=onboarding, tokens=settings.admin_tokens)
    yield Api(
        client=create(services, "api", administration).test_client(),
        intake=create(services, "intake").test_client(),
        services=services,
        onboarding=onboarding,
        clock=clock,
        log=Log(capsys),
    )
    services.store.close()
    onboarding.store.close()


class Log:
    """What was said on standard error since the test began."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def text(self) -> str:
        """All of it, as it was written."""
        self._text += self._capsys.readouterr().err
        return self._text
