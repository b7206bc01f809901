"""One code for packer, shop and support desk: on the label, in the webhook's answer, in the status, and when found."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
import requests

from middleware import bootstrap, bootstrap_lanes
from middleware.web.app import create
from simulator.http import MockServer
from simulator.label_reader import read_label
from tests.middleware.cli.bench import SECRET, TOKEN, Instance
from tests.system.orders import order
from tests.system.stack import headers


def test_label_answer_status_and_desk_tell_the_same_code(
    instance: Instance, platform: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEMO_TOKEN", "made-up token of the shop")
    instance.write(shop='hold = "0s"\ntoken = { env = "DEMO_TOKEN" }')
    settings = instance.settings()
    services = bootstrap.services(settings)
    with closing(services.store), closing(bootstrap_lanes.relays(settings, lambda *_: None, services.shops)[0].store):
        body = json.dumps(order(name="#1001")).encode()
        given = headers(body, "demo.myshopify.com", secret=SECRET.encode())
        answer: Any = (
            create(services, "intake").test_client().post("/webhooks/shopify/orders", data=body, headers=given).json
        )
        assert bootstrap_lanes.relays(settings, lambda *_: None, services.shops)[0].step()
        bearer = {"Authorization": "Bearer made-up token of the shop"}
        asked = create(services, "api").test_client()
        status: Any = asked.get("/v1/shops/demo/shipments?order=%231001", headers=bearer).json
        same: Any = asked.get(f"/v1/shops/demo/shipments/{answer['id']}", headers=bearer).json
    label = requests.get(
        f"{platform.url}/shipments/{answer['id']}/label", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10
    )
    (story,) = instance.json("shipments", "find", "#1001")
    (found,) = story["shipments"]
    printed = [mark.text for mark in read_label(label.content).texts]
    code = answer["reference"]
    assert [text for text in printed if code in text] != []
    assert [text for text in printed if found["barcode"] in text.replace(" ", "")] != []
    assert (status, status["reference"], found["reference"]) == (same, code, code)
    assert (status["state"], status["barcode"]) == ("delivered", found["barcode"])
    assert code in instance.run("shipments", "find", code).stdout
