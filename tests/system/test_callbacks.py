"""A shop is told of its order over real HTTP: signed, at least once under one id, with nothing of a person, and with
nothing of it left in the clear.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from middleware import bootstrap, bootstrap_back
from middleware.core.calendar import today
from middleware.core.schedule import required_kids
from middleware.exchange import Delivered
from middleware.keys import provision
from middleware.storage import open_rotations
from middleware.web.app import create
from schemas.policy_loader import load
from simulator import message
from simulator.shopify_admin import ShopifyAdmin
from tests.middleware.cli.bench import DEAD, SECRET, Instance
from tests.middleware.starting import cleaned
from tests.system.line import tell
from tests.system.orders import address, order
from tests.system.processes import ROOT, SECONDS
from tests.system.receiver import Came, Receiver, receiving
from tests.system.stack import headers

VERIFY = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "callbacks" / "verify.py"))["verify"]
NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SIGNS = "whsec_bWFkZS11cC1rZXktb2YtYS1jYWxsYmFjay0wMDE="
PERSON = "Verzonnenachternaam"
CANARIES = {
    "name": "#Naamvandeorder7",
    "note": "k4n4rie-nota",
    "email": "k4n4rie@mens.example",
    "phone": "+32470000001",
}
ORDER = 5_123_456_789_012
BARCODE = "323299901059912015292030"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An instance whose shop is told; intake and those who tell in this process."""

    instance: Instance
    shop: Receiver
    said: list[str] = field(default_factory=list)

    def accept(self, **changes: Any) -> str:
        """An order comes and is delivered: the record's id."""
        services = bootstrap.services(self.instance.settings())
        body = json.dumps(order(**{"shipping_address": address(PERSON), **CANARIES, "id": ORDER, **changes})).encode()
        given = headers(body, "demo.myshopify.com", secret=SECRET.encode())
        with contextlib.redirect_stderr(io.StringIO()) as log:
            answer = create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given)
        told = answer.get_json()
        assert told["status"] == "accepted", told
        self.pass_(minutes=3)
        stored = services.store.claim(self.now, 60.0, "demo")
        assert stored is not None
        assert services.store.delivered(stored, Delivered(barcode=BARCODE, state="created"), self.now)
        services.store.close()
        self.said.append(log.getvalue())
        return str(told["id"])

    def updated(self, **changes: Any) -> dict[str, Any]:
        """A later version of the same order: what is answered."""
        services = bootstrap.services(self.instance.settings())
        newer = {
            "shipping_address": address(PERSON),
            **CANARIES,
            "id": ORDER,
            "updated_at": "2026-11-20T11:00:00+01:00",
        }
        body = json.dumps(order(**{**newer, **changes})).encode()
        given = headers(body, "demo.myshopify.com", secret=SECRET.encode(), x_shopify_topic="orders/updated")
        with contextlib.redirect_stderr(io.StringIO()) as log:
            answer = create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given)
        services.store.close()
        self.said.append(log.getvalue())
        return dict(answer.get_json())

    def gone(self) -> None:
        """The parcel platform cancels what it has."""
        services = bootstrap.services(self.instance.settings())
        stored = services.store.claim(self.now, 60.0, "demo")
        assert stored is not None
        assert stored.cancelling
        assert services.store.gone(stored, self.now)
        services.store.close()

    @property
    def now(self) -> datetime:
        return bootstrap.clock(self.instance.settings())()

    def pass_(self, **length: float) -> None:
        tell(self.instance.folder / "clock", self.now + timedelta(**length))

    def told(self) -> list[str]:
        """One attempt at telling the shop: what came of it."""
        results: list[str] = []
        settings = self.instance.settings()
        known = bootstrap_back.shops(settings)
        with closing(bootstrap_back.outbox(settings)) as waiting, closing(known.store):
            one, *_ = bootstrap_back.callbacks(settings, waiting, known, lambda _, result: results.append(result))
            with contextlib.redirect_stderr(io.StringIO()) as log:
                one.sweep()
                one.step()
        self.said.append(log.getvalue())
        return results


def begun(folder: Path, patch: pytest.MonkeyPatch, receiver: Receiver, *, private: str = '["127.0.0.1"]') -> Line:
    cleaned(patch)
    patch.setenv("DEMO_CALLBACK_SECRET", SIGNS)
    (folder / "data").mkdir(mode=0o700)
    instance = Instance(folder=folder, url=f"http://{DEAD}")
    server = f'clock = "file:{folder}/clock"\ncallbacks_private = {private}'
    url = f"{receiver.url}/back?of=demo"
    callback = f'callback = {{ url = "{url}", secrets = [{{ env = "DEMO_CALLBACK_SECRET" }}] }}'
    instance.write(server=server, shop=callback)
    tell(folder / "clock", NOW)
    instance.know(*required_kids(load("bpost-shipping-platform"), today(NOW)))
    provision(folder / "keys")
    done = instance.run("migrate")
    assert done.exit_code == 0, done.output
    return Line(instance=instance, shop=receiver)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    with receiving() as receiver:
        yield begun(tmp_path, monkeypatch, receiver)


def genuine(line: Line, came: Came) -> bool:
    return bool(VERIFY(came.body, came.headers, [SIGNS], line.now.timestamp()))


def test_a_shop_is_told_its_order_and_barcode_signed_and_nothing_of_a_person(line: Line) -> None:
    id_ = line.accept()
    assert str(ORDER).encode() not in line.instance.database.read_bytes()
    assert line.told() == ["done"]
    (came,) = line.shop.came
    assert genuine(line, came)
    assert (came.method, came.path, came.headers["content-type"]) == ("POST", "/back?of=demo", "application/json")
    document = json.loads(came.body)
    reference = document["data"].pop("reference")
    assert document == {
        "type": "shipment.created",
        "timestamp": "2026-11-20T09:33:00Z",
        "data": {"shipment": id_, "order": str(ORDER), "barcode": BARCODE, "state": "created", "test": False},
    }
    assert reference in line.instance.run("deliveries", "show", id_).output
    everything = " ".join((*line.said, repr(came.headers), came.body.decode())) + str(
        line.instance.database.read_bytes()
    )
    assert [one for one in (PERSON, *CANARIES.values(), SIGNS) if one in everything] == []
    assert str(ORDER) not in " ".join(line.said)
    assert line.told() == []


def test_until_it_answers_it_is_told_again_under_the_same_id(line: Line) -> None:
    line.accept()
    line.shop.answer = lambda _: (500, b"k4n4rie")
    assert line.told() == ["retry"]
    line.pass_(minutes=1)
    line.shop.answer = lambda _: (302, f"{line.shop.url}/elsewhere".encode())
    assert line.told() == ["retry"]
    line.pass_(minutes=10)
    line.shop.answer = lambda _: (200, b"")
    assert line.told() == ["done"]
    assert {came.path for came in line.shop.came} == {"/back?of=demo"}  # no redirect was followed
    first, *others = line.shop.came
    assert len(others) == 2
    assert {(came.headers["webhook-id"], came.body) for came in others} == {(first.headers["webhook-id"], first.body)}
    assert len({came.headers["webhook-timestamp"] for came in line.shop.came}) == 3
    assert genuine(line, others[-1])
    assert "k4n4rie" not in " ".join(line.said)


def test_who_wants_no_more_is_left_alone_until_it_has_another_address(line: Line) -> None:
    line.accept()
    line.shop.answer = lambda _: (410, b"")
    assert line.told() == ["stopped"]
    line.accept(id=ORDER + 1)
    assert line.told() == []
    assert len(line.shop.came) == 1
    file, line.shop.answer = line.instance.file, lambda _: (200, b"")
    file.write_text(file.read_text(encoding="utf-8").replace("/back?of=demo", "/anew"), encoding="utf-8")
    assert [line.told(), line.told(), line.told()] == [["done"], ["done"], []]
    told = [json.loads(came.body)["data"]["order"] for came in line.shop.came]
    assert (told[0], sorted(told[1:])) == (str(ORDER), [str(ORDER), str(ORDER + 1)])


def test_an_address_inside_is_not_dialled_unless_the_operator_allows_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        line = begun(tmp_path, monkeypatch, receiver, private='["10.0.0.0/8"]')
        line.accept()
        assert line.told() == ["retry"]
        assert receiver.came == []
        with closing(bootstrap_back.outbox(line.instance.settings())) as waiting:
            assert [one.code for one in waiting.unheard("demo", 9)] == ["egress-blocked"]


def test_a_relay_that_is_killed_between_the_two_tells_again_under_the_same_id(line: Line, tmp_path: Path) -> None:
    """kill -9 while the shop has the request in hand: nothing is lost, and the shop can know that it is the same."""
    line.accept()
    (tmp_path / "metrics").mkdir()
    given = {"PARCELVEIL_CONFIG": str(line.instance.file), "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics")}
    with (tmp_path / "relay.log").open("wb") as log:
        relay = subprocess.Popen(
            [sys.executable, "-m", "middleware", "run-role", "relay"],
            env={**os.environ, **given, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stderr=log,
        )

        def kill(_: Came) -> tuple[int, bytes]:
            relay.kill()
            return 500, b""

        line.shop.answer = kill
        with relay:
            assert relay.wait(SECONDS) == -signal.SIGKILL
    line.said.append((tmp_path / "relay.log").read_text(encoding="utf-8"))
    assert line.told() == []  # whoever died holds the lease
    line.pass_(minutes=6)
    line.shop.answer = lambda _: (204, b"")
    assert line.told() == ["done"]
    first, second = line.shop.came
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert genuine(line, second)
    assert [one for one in (PERSON, str(ORDER), SIGNS, BARCODE, line.shop.url) if one in " ".join(line.said)] == []


TOKEN = "shpat_k4n4rie"


@pytest.fixture
def shopify() -> ShopifyAdmin:
    return ShopifyAdmin(TOKEN)


def fulfilling(
    line: Line, patch: pytest.MonkeyPatch, receiver: Receiver, shopify: ShopifyAdmin, mode: str = "live"
) -> None:
    """From here on the tracking number goes to the simulated Shopify, and no callback."""
    patch.setenv("DEMO_ADMIN_TOKEN", TOKEN)
    file, receiver.answer = line.instance.file, lambda came: simulated(shopify, came)
    text = re.sub(r"^callback = .*$", "", file.read_text(encoding="utf-8"), flags=re.M)
    told = f'fulfilment = {{ token = {{ env = "DEMO_ADMIN_TOKEN" }}, url = "{receiver.url}" }}\nmode = "{mode}"'
    simulated_one = "[carriers.platform]\nsimulated = true" if mode == "test" else "[carriers.platform]"
    text = text.replace('carrier = "platform"', f'carrier = "platform"\n{told}')
    file.write_text(text.replace("[carriers.platform]", simulated_one), encoding="utf-8")


def leaked(line: Line, receiver: Receiver) -> list[str]:
    """What of the person, the order or the token stands where it must not."""
    everything = " ".join(line.said) + repr([came.body for came in receiver.came])
    stored = str(line.instance.database.read_bytes())
    shown = [one for one in (PERSON, *CANARIES.values(), "shpat_") if one in everything]
    return shown + [one for one in (PERSON, str(ORDER), "shpat_") if one in stored]


@pytest.mark.parametrize("mode", ["live", "test"])
def test_a_shopify_order_gets_its_tracking_number_and_what_the_shop_reports_then_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shopify: ShopifyAdmin, mode: str
) -> None:
    """Of a shop in test mode nothing is told: what a simulated platform gave is no tracking number."""
    with receiving() as receiver:
        line = begun(tmp_path, monkeypatch, receiver)
        fulfilling(line, monkeypatch, receiver, shopify, mode)
        id_ = line.accept()
        assert line.told() == (["done"] if mode == "live" else [])
        if mode == "test":
            assert receiver.came == []
            return
        (made,) = shopify.orders[ORDER].made
        assert made["trackingInfo"] == {"company": "BPost", "number": BARCODE}
        assert line.told() == []
        answer = line.updated(fulfillment_status="fulfilled")
        assert (answer["status"], answer["reason"]) == ("ignored", "fulfilled")
        assert line.instance.json("deliveries", "show", id_)["state"] == "delivered"
        assert leaked(line, receiver) == []


def test_a_shopify_order_whose_parcel_is_cancelled_is_open_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shopify: ShopifyAdmin
) -> None:
    """Its id was told once already, and is opened once more."""
    with receiving() as receiver:
        line = begun(tmp_path, monkeypatch, receiver)
        fulfilling(line, monkeypatch, receiver, shopify)
        line.accept()
        assert line.told() == ["done"]
        assert len(shopify.orders[ORDER].live()) == 1
        assert line.updated(cancelled_at="2026-11-20T11:00:00+01:00")["reason"] == "cancelled"
        line.gone()
        assert [line.told(), line.told()] == [["done"], []]
        assert (shopify.orders[ORDER].live(), shopify.orders[ORDER].status()) == ([], "UNFULFILLED")
        assert b"fulfillmentCancel" in b"".join(came.body for came in receiver.came)
        assert leaked(line, receiver) == []
        with closing(open_rotations(line.instance.settings().server.database)) as rotations:
            assert rotations.locked(None, 9) == []  # no id of an order rests any more


def simulated(shopify: ShopifyAdmin, came: Came) -> tuple[int, bytes]:
    answer = shopify.answer(message.Request(method=came.method, target=came.path, headers=came.headers, body=came.body))
    return answer.status, answer.body
