"""A first round of attacks on the real server: security §2.1 to §2.9. Each line names what it shows.

Whatever comes, there is no 5xx, no value in an answer or in the log, no memory that stays, and it serves afterwards.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import nullcontext, suppress
from typing import Any

import pytest
import requests

from middleware.core.body import MAX_BYTES
from tests.middleware.web.conftest import NEW_SECRET, OLD_SECRET, ORDERS
from tests.middleware.web.wire import BODY, GOOD, LENGTH, PERSON, exchange, head, send, statuses, under_attack
from tests.system.orders import order
from tests.system.processes import SECONDS
from tests.system.stack import OWN_SECRET, SECRET, Service, sign

OWN, OWN_ORDERS = "own.myshopify.com", "/webhooks/shopify/own/orders"
COMPLIANCE, APP = "/webhooks/shopify/compliance", "/webhooks/shopify/app"
WIDE = sign(b"another body")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with under_attack(tmp_path_factory.mktemp("attacks")) as service:
        yield service


def refused_alike(answer: requests.Response) -> bool:
    """Whether it is the one answer to what is not believed."""
    told = {name: value for name, value in answer.json().items() if name != "instance"}
    title = "The signature of this request could not be verified."
    return told == {"type": "urn:problem:invalid-signature", "title": title, "status": 401}


LONG = f'["{PERSON}"'.encode().ljust(MAX_BYTES + 1)
NO_JSON = f'["{PERSON}"'.encode()
NO_ORDER = json.dumps({PERSON: PERSON}).encode()
WRONG = {"x_shopify_hmac_sha256": WIDE}


@pytest.mark.parametrize(
    ("body", "changes", "status"),
    [
        (NO_JSON, {"route": f"/{PERSON}", "method": "GET", **WRONG}, 404),
        (NO_JSON, {"method": "PUT", "content_type": "text/plain", **WRONG}, 405),
        (NO_JSON, {"content_type": "text/plain", "x_shopify_hmac_sha256": None}, 401),
        (NO_JSON, {"content_type": "text/plain", **WRONG}, 415),
        (NO_JSON, {"content_encoding": "gzip", **WRONG}, 415),
        (LONG, {"content_type": "text/plain", **WRONG}, 415),
        (LONG, WRONG, 413),
        (NO_JSON, WRONG, 401),
        (NO_JSON, {"x_shopify_shop_domain": f"{PERSON}.myshopify.com"}, 401),
        (NO_JSON, {"x_shopify_topic": PERSON}, 401),
        (NO_JSON, {}, 400),
        (NO_ORDER, {}, 422),
    ],
)
def test_1_the_order_of_checks(attacked: Service, body: bytes, changes: dict[str, Any], status: int) -> None:
    with suppress(requests.ConnectionError) if len(body) > MAX_BYTES else nullcontext():
        assert send(attacked, body, **changes).status_code == status


SIGNATURES = {
    "empty": b"",
    "a space": b" ",
    "no base64": b"?" * 44,
    "not ASCII": b"\xc3\xa9" * 22,
    "Latin-1": b"\xe9" * 44,
    "base64 for URLs": base64.urlsafe_b64encode(b"\xff" * 32),
    "31 bytes": base64.b64encode(base64.b64decode(GOOD)[:31]),
    "33 bytes": base64.b64encode(base64.b64decode(GOOD) + b"\0"),
    "no bytes": base64.b64encode(b""),
    "zeros": base64.b64encode(bytes(32)),
    "hex": base64.b64decode(GOOD).hex().encode(),
    "without its padding": GOOD.rstrip("=").encode(),
    "padded more": f"{GOOD}=".encode(),
    "in quotes": f'"{GOOD}"'.encode(),
    "with its algorithm": f"sha256={GOOD}".encode(),
    "twice in one": f"{GOOD}, {GOOD}".encode(),
    "of an empty secret": sign(BODY, b"").encode(),
    "of another shop's secret": sign(BODY, OWN_SECRET).encode(),
    "64 KiB": b"A" * 65_536,
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_2_forms_of_a_signature(attacked: Service, name: str) -> None:
    line = b"X-Shopify-Hmac-Sha256: " + SIGNATURES[name] + b"\r\n\r\n"
    request = head(LENGTH, without="x-shopify-hmac-sha256").removesuffix(b"\r\n") + line + BODY
    assert statuses(exchange(attacked, request)) == [401]


@pytest.mark.parametrize("route", [ORDERS, COMPLIANCE, APP, OWN_ORDERS, "/webhooks/shopify/own/compliance"])
@pytest.mark.parametrize("body", [b"", b"{}", NO_JSON])
def test_2_and_6_whatever_is_unsigned_is_401_on_every_route(attacked: Service, route: str, body: bytes) -> None:
    """Shopify's review posts to the compliance routes without a signature, and wants a 401."""
    answer = attacked.client.post(attacked.url + route, data=body, timeout=SECONDS)
    assert refused_alike(answer)


def test_2_one_flipped_bit_of_body_or_signature(attacked: Service) -> None:
    """A sample: every 29th bit of the body, every 7th of the signature; all of them in test_signature.py."""
    body = json.dumps(order(note=PERSON)).encode()
    signature = sign(body).encode()
    found = set()
    for position in range(0, len(body) * 8, 29):
        found.add(send(attacked, flipped(body, position), x_shopify_hmac_sha256=signature.decode()).status_code)
    for position in range(0, len(signature) * 8, 7):
        line = b"X-Shopify-Hmac-Sha256: " + flipped(GOOD.encode(), position) + b"\r\n\r\n"
        request = head(LENGTH, without="x-shopify-hmac-sha256").removesuffix(b"\r\n") + line + BODY
        found |= set(statuses(exchange(attacked, request)) or [0])
    assert found == {401} or found == {400, 401}  # 400: the bit made a character that no header may hold


def flipped(content: bytes, position: int) -> bytes:
    """The same with one other bit."""
    changed = bytearray(content)
    changed[position // 8] ^= 1 << position % 8
    return bytes(changed)


def test_3_and_4_a_replay_has_no_second_effect(attacked: Service) -> None:
    body = json.dumps(order()).encode()
    first = send(attacked, body).json()
    again = [
        send(attacked, body),
        send(attacked, body, x_shopify_topic="orders/updated"),
        send(attacked, body, x_shopify_event_id="x" * 4_096),
        send(attacked, body, x_shopify_webhook_id=PERSON),
    ]
    assert first["status"] == "accepted"
    assert [(answer.status_code, answer.json()["status"]) for answer in again] == [(200, "duplicate")] * 4
    assert {answer.json()["id"] for answer in again} == {first["id"]}


ORDER = json.dumps(order(note=PERSON)).encode()
REDACT = json.dumps({"shop_id": 1, "shop_domain": "plain.myshopify.com"}).encode()
CONFUSED: Mapping[str, tuple[bytes, str, dict[str, Any]]] = {
    "an app's secret, a shop of its own, common route": (ORDER, OWN, {"secret": SECRET}),
    "an app's secret, a shop of its own, its route": (ORDER, OWN, {"secret": SECRET, "route": OWN_ORDERS}),
    "a shop's secret, common route": (ORDER, OWN, {"secret": OWN_SECRET}),
    "a shop's secret, the app's shop": (ORDER, "plain.myshopify.com", {"secret": OWN_SECRET}),
    "a shop's secret, its route, the app's shop": (
        ORDER,
        "plain.myshopify.com",
        {"secret": OWN_SECRET, "route": OWN_ORDERS},
    ),
    "a shop's secret, the route of the app's shop": (
        ORDER,
        OWN,
        {"secret": OWN_SECRET, "route": "/webhooks/shopify/plain/orders"},
    ),
    "a shop's secret, another's route": (
        ORDER,
        OWN,
        {"secret": OWN_SECRET, "route": "/webhooks/shopify/rotating/orders"},
    ),
    "another's secret, its route": (ORDER, OWN, {"secret": OLD_SECRET, "route": OWN_ORDERS}),
    "another's newer secret, its route": (ORDER, OWN, {"secret": NEW_SECRET, "route": OWN_ORDERS}),
    "another's number in the body": (
        json.dumps(order(order_status_url="https://x.example/68000000002/orders/a")).encode(),
        "numbered.myshopify.com",
        {},
    ),
    "a domain in capitals with a dot": (ORDER, "plain.myshopify.com.", {}),
    "a domain that holds another": (ORDER, "plain.myshopify.com.evil.example", {}),
    "a domain with a user": (ORDER, "x@plain.myshopify.com", {}),
    "an order to the compliance route": (ORDER, "plain.myshopify.com", {"route": COMPLIANCE}),
    "an order as an erasure": (
        ORDER,
        "plain.myshopify.com",
        {"route": COMPLIANCE, "x_shopify_topic": "customers/redact"},
    ),
    "an order as a cancellation": (ORDER, "plain.myshopify.com", {"x_shopify_topic": "orders/cancelled"}),
    "an erasure as an order": (REDACT, "plain.myshopify.com", {"x_shopify_topic": "shop/redact"}),
    "an erasure of another shop": (
        REDACT,
        "strict.myshopify.com",
        {"route": COMPLIANCE, "x_shopify_topic": "shop/redact"},
    ),
}


@pytest.mark.parametrize("name", CONFUSED)
def test_2_shop_topic_and_route_cannot_be_confused(attacked: Service, name: str) -> None:
    body, domain, changes = CONFUSED[name]
    assert refused_alike(send(attacked, body, domain, **changes))


@pytest.mark.parametrize("media", ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "*/*", PERSON])
def test_6_other_media(attacked: Service, media: str) -> None:
    assert send(attacked, BODY, content_type=media).status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip", PERSON])
def test_6_other_codings(attacked: Service, encoding: str) -> None:
    assert send(attacked, BODY, content_encoding=encoding).status_code == 415


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 8 * MAX_BYTES])
def test_7_more_than_is_allowed(attacked: Service, size: int) -> None:
    with suppress(requests.ConnectionError):  # it answers before it has read all, and the rest meets a closed door
        assert send(attacked, BODY.ljust(size)).status_code == 413


def test_9_names_and_values_that_nobody_knows_are_dropped_and_never_repeated(attacked: Service) -> None:
    content = {**order(), PERSON: PERSON, "customer": {PERSON: [PERSON, {PERSON: PERSON}]}}
    assert send(attacked, json.dumps(content).encode()).json()["status"] == "accepted"
    wrong = {**content, "id": PERSON, "updated_at": PERSON, "shipping_address": {PERSON: PERSON, "zip": 7}}
    answer = send(attacked, json.dumps(wrong).encode())
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/id"]


ODD_LINES: Mapping[str, tuple[tuple[str, ...], list[int]]] = {
    "64 KiB in one header": ((f"X-Odd: {'x' * 65_536}",), [200]),
    "a thousand headers": (tuple(f"X-Odd-{number}: 1" for number in range(1_000)), [431]),
    "not ASCII": (("X-Odd: \xe9\xff",), [200]),
    "an empty header": (("X-Odd:",), [200]),
    "the length again, underscored": (("Content_Length: 0",), [200]),
    "the type again, underscored": (("Content_Type: text/plain",), [200]),
    "a second host": ((f"Host: {PERSON}",), [400]),
    "a host as forwarded": ((f"X-Forwarded-Host: {PERSON}", "X-Forwarded-For: 10.0.0.1", "Forwarded: for=1"), [200]),
    "another method in a header": (("X-HTTP-Method-Override: DELETE",), [200]),
    "a range": (("Range: bytes=0-1",), [200]),
    "a condition": (("If-Match: x", "If-Modified-Since: never"), [200]),
    "an expectation": (("Expect: nothing",), [200]),
    "an upgrade": (("Upgrade: websocket", "Sec-WebSocket-Version: 13"), [200]),
    "HTTP/2 in clear text": (("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"), [200]),
    "a trailer that is announced": (("Trailer: X-Shopify-Hmac-Sha256",), [200]),
}


@pytest.mark.parametrize("name", ODD_LINES)
def test_2_odd_headers(attacked: Service, name: str) -> None:
    lines, expected = ODD_LINES[name]
    answer = exchange(attacked, head(LENGTH, *lines) + BODY)
    assert PERSON.encode() not in answer
    assert statuses(answer) == expected


TARGETS: Mapping[str, list[int]] = {
    f"http://shop.example{ORDERS}": [200],
    f"http://{PERSON}.example{ORDERS}": [200],
    f"{ORDERS}?{PERSON}={PERSON}": [200],
    f"{ORDERS}#{PERSON}": [200],
    f"{ORDERS};{PERSON}": [404],
    f"/{ORDERS}": [200],
    f"{ORDERS}/": [404],
    "/webhooks/shopify/./orders": [401],
    "/webhooks/shopify/x/../orders": [404],
    "/webhooks/shopify/own%2Forders": [401],
    "/webhooks/shopify/own%252Forders": [404],
    "/webhooks/shopify/%6Frders": [200],
    "/webhooks/shopify/own%00/orders": [401],
    "/webhooks/shopify/own%0d%0aX-Odd:%201/orders": [401],
    "/webhooks/shopify/%2e%2e/orders": [401],
    "/webhooks/shopify/..%2Fshopify/orders": [404],
    "/webhooks/shopify/%ff%fe/orders": [401],
    f"/webhooks/shopify/{'x' * 4_000}/orders": [401],
    f"/webhooks/shopify/{PERSON}/orders": [401],
    "/webhooks/shopify/\xe9/orders": [400],
    "*": [404],
    "shop.example:443": [404],
    ORDERS.upper(): [404],
}


@pytest.mark.parametrize("target", TARGETS, ids=range(len(TARGETS)))
def test_1_odd_targets(attacked: Service, target: str) -> None:
    answer = exchange(attacked, head(LENGTH, target=target) + BODY)
    assert PERSON.encode() not in answer
    assert statuses(answer) == TARGETS[target]
