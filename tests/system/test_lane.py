"""The plug-in lane on real processes: call, barcode, label, replay, cancellation, against the simulated platform."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pypdf import PdfReader

from tests.middleware.platforms.plugging import shipment
from tests.system.orders import order
from tests.system.processes import SECONDS, wait_for
from tests.system.stack import Json, Mock, Service, configure, mock, serving, shop

TOKEN = "made-up-token-of-plain"
LANE = "/v1/shops/plain/shipments"
NAME = "Persoon-Xy7Qz"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Iterator[Service]:
    shops = {"plain": shop("plain", token={"env": "PLAIN_TOKEN"}, hold="1h")}
    made = configure(tmp_path_factory.mktemp("lane"), shops, {"platform": platform.url})
    with serving(made, PLAIN_TOKEN=TOKEN) as up:
        yield up


def ask(service: Service, method: str, path: str, content: object = None, **headers: str) -> requests.Response:
    given = {"Authorization": f"Bearer {TOKEN}", **{name.replace("_", "-"): text for name, text in headers.items()}}
    return service.client.request(method, service.api + path, json=content, headers=given, timeout=SECONDS)


def make(service: Service, content: Json, key: str, wait: int = 20) -> requests.Response:
    return ask(service, "POST", LANE, content, Idempotency_Key=f'"{key}"', Prefer=f"wait={wait}")


def test_from_the_call_to_the_label(service: Service, platform: Mock) -> None:
    content = shipment(81001, recipient={"name": NAME, "email": "mirte@voorbeeld.example"})
    answer = make(service, content, "one")
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    assert platform.shipments()[told["id"]]["barcode"] == told["barcode"]
    opened = platform.opened(told["id"])
    assert opened["recipient.delivery"] == {"name": NAME, "street": "Lijsterbesdreef 14", "locality": "Gent"}
    assert set(opened) == {"recipient.delivery", "sender.contact"}
    label = ask(service, "GET", told["label"])
    assert (label.status_code, label.headers["Content-Type"], label.content[:5]) == (200, "application/pdf", b"%PDF-")
    assert ask(service, "GET", told["status"]).json()["state"] == "delivered"
    again = make(service, content, "one")
    assert (again.status_code, again.json()) == (201, told)
    assert len([entry for entry in platform.posts() if entry["id"] == told["id"]]) == 1
    for name, rest in service.stored().items():
        assert b"%PDF" not in rest, name
        assert NAME.encode() not in rest, name
    assert NAME not in service.log.read_text(encoding="utf-8")


def test_the_labels_of_many_come_in_one_document_and_rest_nowhere(service: Service) -> None:
    names = [f"{NAME}-{number}" for number in range(3)]
    made = [
        make(service, shipment(81011 + number, recipient={"name": name}), f"many-{number}").json()
        for number, name in enumerate(names)
    ]
    order = (1, 2, 0)
    answer = ask(service, "POST", "/v1/shops/plain/labels", {"shipments": [made[place]["id"] for place in order]})
    assert answer.status_code == 200, answer.text
    assert (answer.headers["Content-Type"], answer.headers["Cache-Control"]) == ("application/pdf", "no-store")
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages]
    assert [names[place] in text for place, text in zip(order, pages, strict=True)] == [True] * 3
    for path in service.folder.rglob("*"):
        if path.is_file():
            found = path.read_bytes()
            assert b"%PDF" not in found, path.name
            assert NAME.encode() not in found, path.name


def test_what_was_delivered_is_cancelled_and_its_label_is_gone(service: Service, platform: Mock) -> None:
    told = make(service, shipment(81002), "two").json()
    done = ask(service, "DELETE", told["status"], Prefer="wait=20")
    assert (done.status_code, done.json()["state"]) == (200, "cancelled")
    assert platform.shipments()[told["id"]]["state"] == "cancelled"
    assert ask(service, "GET", told["label"]).status_code == 410


def test_what_is_on_its_way_is_not_cancelled(service: Service, platform: Mock) -> None:
    told = make(service, shipment(81003), "three").json()
    platform.move_on(told["id"], "handed_over")
    assert ask(service, "DELETE", told["status"], Prefer="wait=20").status_code == 409
    assert ask(service, "GET", told["label"]).status_code == 200


def test_a_webhooks_order_goes_at_once_when_a_plug_in_calls_for_it(service: Service, platform: Mock) -> None:
    """Its hold is an hour; the call has none, and there is one shipment."""
    content = order(id=81004, updated_at="2026-11-02T10:00:00+01:00")
    assert service.post("plain", content).json()["status"] == "accepted"
    told = make(service, shipment(81004), "four").json()
    waiting = [row for row in service.records() if row["state"] == "waiting"]
    assert (waiting, platform.shipments()[told["id"]]["state"]) == ([], "created")


def test_while_the_platform_is_down_it_is_202_and_goes_out_later(service: Service, platform: Mock) -> None:
    platform.faults(_500=1.0)
    try:
        answer = make(service, shipment(81005), "five", wait=1)
        assert answer.status_code == 202
        told = make(service, shipment(81005), "five", wait=1).json()
        assert told == answer.json()
        assert ask(service, "GET", f"{told['status']}/label").status_code == 409
    finally:
        platform.faults()
    wait_for(lambda: ask(service, "GET", told["status"]).json()["state"] == "delivered", "the second attempt")
    sent = [base64.b64decode(entry["body_base64"]) for entry in platform.entries()]
    assert {json.loads(body)["id"] for body in sent if told["id"].encode() in body} == {told["id"]}


def test_a_platform_that_is_down_gives_no_label(service: Service, platform: Mock) -> None:
    told = make(service, shipment(81006), "six").json()
    platform.faults(_500=1.0)
    try:
        answer = ask(service, "GET", told["label"])
    finally:
        platform.faults()
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:problem:label-unavailable")
