"""A shop is disconnected while something of it waits for a declaration: nobody lets it go, and it ends on its day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from middleware.core.calendar import today
from middleware.directory import Directory
from middleware.events import Ledger
from middleware.model import State
from middleware.model_purge import Boot, Kind
from middleware.ports_retention import Retention
from middleware.purge import Purge
from middleware.storage import open_retention
from middleware.web.app import create
from tests.middleware.platforms.telling import stamps
from tests.middleware.web.answering import problem
from tests.middleware.web.conftest import Api

TOKEN = "made-up-token-of-a-shop-of-stamps"
ROUTE = "/v1/shops/stamps"
SETTINGS = {
    "platform": "direct",
    "carrier": "platform",
    "token": TOKEN,
    "policy": "bpost-mystamp",
    "account_type": "mystamp",
}
pytestmark = pytest.mark.policy("MS-CTL-2", "MS-CTL-3")


@pytest.fixture
def retention(api: Api, tmp_path: Path) -> Iterator[Retention]:
    with closing(open_retention(f"sqlite:///{tmp_path}/data/parcelveil.db")) as known:
        yield known


@pytest.fixture
def client(api: Api, retention: Retention) -> FlaskClient:
    return create(api.services, "api", ledger=Ledger(events=retention, clock=api.clock)).test_client()


def connect(api: Api, method: str = "PUT") -> None:
    answer = api.ask(method, "stamps", SETTINGS if method == "PUT" else None)
    assert answer.status_code < 300, answer.data
    cast("Directory", api.services.shops).refresh()


def post(client: FlaskClient, path: str, document: object, key: str) -> TestResponse:
    given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f'"{key}"', "Content-Type": "application/json"}
    return client.post(ROUTE + path, data=json.dumps(document), headers=given)


def declare(client: FlaskClient, key: str) -> TestResponse:
    return post(client, "/events", {"type": "declaration", "order": "S-1"}, key)


@pytest.fixture
def blocked(api: Api, client: FlaskClient) -> str:
    """An order that shows somebody, of a shop that was disconnected since."""
    connect(api)
    answer: Any = post(client, "/mystamp/orders", stamps("S-1", depicted=[{"name": "Afgebeelde"}]), "one").get_json()
    connect(api, "DELETE")
    return str(answer["id"])


def test_nobody_lets_it_go_until_the_shop_is_connected_again(api: Api, client: FlaskClient, blocked: str) -> None:
    problem(declare(client, "two"), 401, "unauthorised")
    assert api.services.store.claim(api.clock(), 90, "stamps") is None
    found = api.services.store.show(blocked)
    assert found is not None
    assert found.state is State.BLOCKED
    connect(api)
    assert declare(client, "two").status_code == 200
    taken = api.services.store.claim(api.clock(), 90, "stamps")
    assert taken is not None
    assert taken.id == blocked


@pytest.mark.policy("MS-RET-1")
def test_it_ends_on_its_day_all_the_same(api: Api, retention: Retention, blocked: str) -> None:
    last = max(part.until for part in cast("Any", api.services.store.show(blocked)).parts)
    boot = Boot(id="made up", since=None)
    while today(api.clock()) < last:
        api.clock.move(timedelta(days=1))
    assert Kind.PARTS not in (Purge(purging=retention, clock=api.clock, boot=lambda: boot).run() or {})
    assert api.services.store.show(blocked) is not None
    api.clock.move(timedelta(days=1))
    assert (Purge(purging=retention, clock=api.clock, boot=lambda: boot).run() or {})[Kind.PARTS] == 2
    assert api.services.store.show(blocked) is None
