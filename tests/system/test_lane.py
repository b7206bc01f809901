"""The plug-in lane on real processes: call, barcode, label, replay, cancellation, against the simulated platform."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from pypdf import PdfReader

from tests.middleware.platforms.plugging import shipment
from tests.system.orders import order
from tests.system.processes import SECONDS, wait_for
from tests.system.settings import toml
from tests.system.stack import Json, Mock, Service, configure, mock, serving, shop

TOKEN = "made-up-token-of-plain"
ADMIN, OTHERS = "made-up-token-of-the-admin-api", "made-up-token-of-switched"
LANE = "/v1/shops/plain/shipments"
NAME = "Persoon-Xy7Qz"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mock]:
    with mock(tmp_path_factory.mktemp("platform")) as made:
        yield made


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, platform: Mock) -> Iterator[Service]:
    shops = {"plain": shop("plain", creates="call", token={"env": "PLAIN_TOKEN"})}
    made = configure(tmp_path_factory.mktemp("lane"), shops, {"platform": platform.url})
    (made.folder / "admin").write_text(ADMIN, encoding="utf-8")
    admin = toml({"tokens": [{"file": str(made.folder / "admin")}]}, "admin")
    made.config.write_text(made.config.read_text(encoding="utf-8") + admin, encoding="utf-8")
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


def switch(service: Service, creates: str, hold: str = "1h") -> None:
    """Connect the shop ``switched`` with this lane."""
    settings = shop("switched", hold=hold, creates=creates, token=OTHERS)
    settings |= {"integration": {"requested_on": "2026-11-02"}}
    given = {"Authorization": f"Bearer {ADMIN}"}
    url = f"{service.api}/admin/v1/shops/switched"
    answer = service.client.put(url, json=settings, headers=given, timeout=SECONDS)
    assert answer.status_code in (200, 201), answer.text


def called(service: Service, content: Json, key: str) -> requests.Response:
    given = {"Authorization": f"Bearer {OTHERS}", "Idempotency-Key": f'"{key}"', "Prefer": "wait=20"}
    url = f"{service.api}/v1/shops/switched/shipments"
    return service.client.post(url, json=content, headers=given, timeout=SECONDS)


def standing(service: Service, number: int) -> tuple[str, str]:
    """What stands for an order: its id and its state."""
    url, given = f"{service.api}/v1/shops/switched/shipments", {"Authorization": f"Bearer {OTHERS}"}
    told = service.client.get(url, params={"order": str(number)}, headers=given, timeout=SECONDS).json()
    return told["id"], told["state"]


def heard(service: Service, number: int, **changes: str) -> tuple[int, str, str]:
    """How a webhook of this order is answered: status of HTTP, status, reason."""
    content = order(**{"id": number, "updated_at": "2026-11-02T10:00:00+01:00", **changes})
    answer = service.post("switched", content)
    told = answer.json()
    return answer.status_code, told.get("status", ""), told.get("reason", "")


def test_the_lane_that_creates_is_switched_and_switched_back_while_an_order_is_under_way(
    service: Service, platform: Mock
) -> None:
    """What a webhook brought and is held goes at once when the shop's own systems call for it, and there is one
    shipment; then no webhook changes it, until webhooks create again: then one takes its place, and again there is one.
    """
    switch(service, "webhook")
    wait_for(lambda: heard(service, 81004) == (200, "accepted", ""), "the shop at the intake")
    wait_for(lambda: called(service, shipment(81004), "four").status_code != 401, "the shop at the api")
    refused = called(service, shipment(81004), "four")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:problem:other-lane")
    switch(service, "call")
    others = iter(range(82_001, 82_999))
    wait_for(lambda: heard(service, next(others))[2] == "other_lane", "the other lane at the intake")
    wait_for(lambda: called(service, shipment(81004), "four").status_code == 201, "the other lane at the api")
    made = called(service, shipment(81004), "four").json()
    later = {"updated_at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
    assert heard(service, 81004, **later) == (200, "ignored", "other_lane")
    assert standing(service, 81004) == (made["id"], "delivered")
    assert platform.shipments()[made["id"]]["state"] == "created"
    switch(service, "webhook", hold="0s")
    wait_for(lambda: heard(service, next(others))[1] == "accepted", "the first lane at the intake")
    assert heard(service, 81004, **later) == (200, "accepted", "")
    wait_for(lambda: platform.shipments()[made["id"]]["state"] == "cancelled", "the label to be cancelled")
    wait_for(lambda: standing(service, 81004)[1] == "delivered", "the newer one")
    stands, _ = standing(service, 81004)
    assert (stands != made["id"], platform.shipments()[stands]["state"]) == (True, "created")


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
