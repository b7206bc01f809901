"""An order on the real line to the simulated bpost, and back: its delivery is asked for by itself and starts the clock,
and what tracking tells of the person reaches nobody.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, text

from middleware import bootstrap, bootstrap_back, bootstrap_following, bootstrap_lanes, bootstrap_retention
from middleware.web.app import create
from simulator.http import MockServer, Settings, running
from tests.middleware.cli.bench import SECRET, Instance
from tests.middleware.starting import cleaned
from tests.simulator.bpost.bench import basic
from tests.system.line import tell
from tests.system.orders import address, order
from tests.system.stack import headers

NAME = "Verzonnenachternaam"
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
PASSPHRASE = "made-up-word-of-bpost"
CARRIER = """account = "123456"
passphrase = { env = "BPOST_PASSPHRASE" }
tracking = { url = "URL", account = "123456", password = { env = "BPOST_PASSPHRASE" } }
follow = true
allow_private = ["127.0.0.1"]"""
SHOP = 'token = { env = "DEMO_TOKEN" }\ninterpretations = { recipient_clock = "delivered" }\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An instance whose carrier is the simulated bpost, and a parcel that it has."""

    instance: Instance
    server: MockServer
    record: str
    barcode: str

    def journey(self) -> tuple[int, bytes]:
        """What the shop is told, over the ways that the role ``api`` has."""
        settings = self.instance.settings()
        services = bootstrap.services(settings)
        ways = {name: lane.transport for name, lane in bootstrap_lanes.lanes(settings, services.shops).items()}
        watches = bootstrap_following.watches(settings, ways, bootstrap_lanes.own_accounts(services.shops))
        given = {"Authorization": "Bearer made-up-token-of-demo"}
        path = f"/v1/shops/demo/shipments/{self.record}/tracking"
        answer = create(services, "api", watches=watches).test_client().get(path, headers=given)
        services.store.close()
        return answer.status_code, answer.data

    def pursue(self) -> tuple[list[tuple[str, str]], str]:
        """One step of who asks by itself, as the role ``relay`` has it: what came of it, and what was logged."""
        settings, seen = self.instance.settings(), list[tuple[str, str]]()
        known, said, shops = bootstrap_retention.retention(settings), io.StringIO(), bootstrap_back.shops(settings)
        own = bootstrap_lanes.own_accounts(shops)
        with contextlib.redirect_stderr(said), closing(known), closing(shops.store):
            (pursuit,) = bootstrap_following.pursuits(settings, known, shops, own, lambda *told: seen.append(told))
            pursuit.step(None)
        return seen, said.getvalue()

    def move(self, state: str, now: datetime) -> None:
        """The parcel goes on, as bpost's clock says ``now``."""
        for path, told in ((f"_boxes/{self.barcode}", {"status": state}), ("_clock", {"now": now.isoformat()})):
            assert requests.put(f"{self.server.url}/{path}", json=told, timeout=20).status_code == 200

    def leaked(self) -> bytes:
        """What bpost tells."""
        path = f"{self.server.url}/services/trackedmail/item/{self.barcode}/trackingInfo"
        return requests.get(path, headers={"Authorization": basic(passphrase=PASSPHRASE)}, timeout=20).content

    def clock(self) -> object:
        """The first day of the recipient's part; None while its clock waits."""
        asked = "SELECT starts FROM parts WHERE name = 'recipient.delivery'"
        engine = create_engine(f"sqlite:///{self.instance.database}")
        with engine.connect() as connection:
            found = connection.execute(text(asked)).scalar_one()
        engine.dispose()
        return found


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    cleaned(monkeypatch)
    monkeypatch.setattr(bootstrap, "keep_known", lambda *_: None)  # its thread would outlive the test and its database
    monkeypatch.setenv("BPOST_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("DEMO_TOKEN", "made-up-token-of-demo")
    with running(Settings(state=tmp_path / "platform", passphrase=PASSPHRASE)) as server:
        instance = at_bpost(tmp_path, server.url, CARRIER.replace("URL", server.url), SHOP)
        yield Line(instance=instance, server=server, record=accepted(instance), barcode=delivered(instance, server))


def at_bpost(folder: Path, url: str, carrier: str, shop: str) -> Instance:
    """An instance whose one carrier is bpost, with keys and tables, in a time of its own."""
    (folder / "data").mkdir(mode=0o700)
    instance = Instance(folder=folder, url=url)
    instance.write(server=f'clock = "file:{folder}/clock"', carrier=carrier, shop=shop)
    written = instance.file.read_text(encoding="utf-8").replace('kind = "parcel-json"', 'kind = "bpost-shm"')
    instance.file.write_text(re.sub(r"token = .*PLATFORM_TOKEN.*\n", "", written), encoding="utf-8")
    tell(folder / "clock", NOW)
    for words in (("keys", "provision"), ("migrate",)):
        done = instance.run(*words)
        assert done.exit_code == 0, done.output
    return instance


def accepted(instance: Instance) -> str:
    services = bootstrap.services(instance.settings())
    body = json.dumps(order(shipping_address=address(NAME))).encode()
    given = headers(body, "demo.myshopify.com", secret=SECRET.encode())
    answer = create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given)
    services.store.close()
    return str(answer.get_json()["id"])


def delivered(instance: Instance, server: MockServer) -> str:
    """bpost has it from now on: its barcode."""
    tell(instance.folder / "clock", NOW + timedelta(minutes=3))
    settings, results = instance.settings(), list[str]()
    shops = bootstrap_back.shops(settings)
    (relay,) = bootstrap_lanes.relays(settings, lambda _, result: results.append(result), shops)
    with closing(shops.store), closing(relay.store):
        assert relay.step()
    assert results == ["delivered"]
    ledger = requests.get(f"{server.url}/_ledger", timeout=20).json()["bpost"]
    ((box,),) = (order_["boxes"] for order_ in ledger.values())
    return str(box["barcode"])


@pytest.mark.policy("VP-RET-4", "AMB-2", "VP-PUR-3")
def test_a_delivery_is_asked_for_and_starts_the_clock_and_nobody_is_named(
    line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    assert NAME.encode() in line.leaked()
    status, told = line.journey()
    assert (status, json.loads(told)["state"]) == (200, "announced")
    assert (line.pursue()[0], line.clock()) == ([("platform", "under_way")], None)
    line.move("DELIVERED", NOW + timedelta(days=1))
    tell(line.instance.folder / "clock", NOW + timedelta(days=2))
    status, later = line.journey()
    assert (status, json.loads(later)["state"], json.loads(later)["barcode"]) == (200, "delivered", line.barcode)
    seen, said = line.pursue()
    assert (seen, "delivery_recorded" in said) == ([("platform", "delivered")], True)
    assert line.clock() == "2026-11-21"
    assert line.pursue()[0] == []
    listed = line.instance.run("events", "list")
    assert "parcel-platform" in listed.output
    for content in (told, later, said.encode(), listed.output.encode()):
        assert NAME.encode() not in content
        assert b"Gent" not in content


def test_nobody_asks_for_what_went_under_a_shops_own_account_nor_unless_it_is_said(line: Line) -> None:
    line.move("DELIVERED", NOW)
    with closing(sqlite3.connect(line.instance.database)) as behind:
        behind.execute("UPDATE records SET account = '654321'")
        behind.commit()
    assert line.pursue()[0] == []
    assert line.journey()[0] == 404
    written = line.instance.file.read_text(encoding="utf-8").replace("follow = true", "")
    line.instance.file.write_text(written, encoding="utf-8")
    settings = line.instance.settings()
    with closing(bootstrap_retention.retention(settings)) as known:
        assert bootstrap_following.pursuits(settings, known, {}, lambda *_: None, lambda *_: None) == []
