"""Who is believed: only the body is signed, and whatever is wrong with a signature is answered alike."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.middleware.web.conftest import NEW_SECRET, OLD_SECRET, ORDERS, Intake
from tests.system.orders import order
from tests.system.stack import OWN_SECRET, SECRET, Json, headers, sign

BODY = json.dumps(order()).encode()
GOOD = sign(BODY)
OWN_ORDERS = "/webhooks/shopify/own/orders"
COMPLIANCE = "/webhooks/shopify/compliance"
APP = "/webhooks/shopify/app"
SHOP_REDACT = json.dumps({"shop_id": 1, "shop_domain": "plain.myshopify.com"}).encode()


def other_last_letter(header: str) -> str:
    """The same bytes, spelt otherwise: the last letter has two bits that no byte uses."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = letters[letters.index(header[-2]) ^ 1]
    assert base64.b64decode(f"{header[:-2]}{other}=") == base64.b64decode(header)
    return f"{header[:-2]}{other}="


FORGED: Mapping[str, dict[str, Any]] = {
    "missing": {"x_shopify_hmac_sha256": None},
    "empty": {"x_shopify_hmac_sha256": ""},
    "no base64": {"x_shopify_hmac_sha256": "?" * 44},
    "not ASCII": {"x_shopify_hmac_sha256": "\xe9" * 44},
    "base64 for URLs": {"x_shopify_hmac_sha256": base64.urlsafe_b64encode(b"\xff" * 32).decode()},
    "spelt otherwise": {"x_shopify_hmac_sha256": other_last_letter(GOOD)},
    "padded more": {"x_shopify_hmac_sha256": f"{GOOD}="},
    "not padded": {"x_shopify_hmac_sha256": GOOD.rstrip("=")},
    "with a space": {"x_shopify_hmac_sha256": f"{GOOD[:20]} {GOOD[20:]}"},
    "hex": {"x_shopify_hmac_sha256": hmac.new(SECRET, BODY, hashlib.sha256).hexdigest()},
    "31 bytes": {"x_shopify_hmac_sha256": base64.b64encode(base64.b64decode(GOOD)[:31]).decode()},
    "33 bytes": {"x_shopify_hmac_sha256": base64.b64encode(base64.b64decode(GOOD) + b"\0").decode()},
    "32 zeros": {"x_shopify_hmac_sha256": base64.b64encode(bytes(32)).decode()},
    "twice": {"x_shopify_hmac_sha256": f"{GOOD}, {GOOD}"},
    "twice, the first one wrong": {"x_shopify_hmac_sha256": f"{sign(b'')},{GOOD}"},
    "of another body": {"x_shopify_hmac_sha256": sign(BODY + b" ")},
    "of another secret": {"x_shopify_hmac_sha256": sign(BODY, OWN_SECRET)},
    "of an empty secret": {"x_shopify_hmac_sha256": sign(BODY, b"")},
    "unknown shop": {"x_shopify_shop_domain": "nobody.myshopify.com"},
    "no shop": {"x_shopify_shop_domain": None},
    "two shops": {"x_shopify_shop_domain": "plain.myshopify.com,strict.myshopify.com"},
    "a shop with an app of its own": {"x_shopify_shop_domain": "own.myshopify.com"},
    "no topic": {"x_shopify_topic": None},
    "unknown topic": {"x_shopify_topic": "orders/delete"},
    "topic in capitals": {"x_shopify_topic": "ORDERS/CREATE"},
    "topic of another route": {"x_shopify_topic": "customers/redact"},
    "cancelled without a word of it": {"x_shopify_topic": "orders/cancelled"},
}


def told(answer: TestResponse) -> tuple[int, Json, dict[str, str]]:
    """An answer without what tells one request from another."""
    body = {name: value for name, value in json.loads(answer.text).items() if name != "instance"}
    return answer.status_code, body, {name: value for name, value in answer.headers.items() if name != "X-Request-Id"}


def refused(intake: Intake) -> tuple[int, Json, dict[str, str]]:
    """The one answer to whatever is not believed."""
    found = told(intake.client.post(ORDERS))
    assert found[:2] == (
        401,
        {
            "type": "urn:problem:invalid-signature",
            "title": "The signature of this request could not be verified.",
            "status": 401,
        },
    )
    return found


@pytest.mark.parametrize("name", FORGED)
def test_what_is_forged_is_answered_alike(intake: Intake, name: str) -> None:
    before = intake.records()
    assert told(intake.post("plain", BODY, **FORGED[name])) == refused(intake)
    assert intake.records() == before


def test_what_is_genuine_is_believed(intake: Intake) -> None:
    assert intake.post("plain", BODY).status_code == 200


@pytest.mark.parametrize(
    ("route", "name", "secret"),
    [
        ("/webhooks/shopify/nobody/orders", "plain", SECRET),
        ("/webhooks/shopify/plain/orders", "plain", SECRET),
        (OWN_ORDERS, "own", SECRET),
        (OWN_ORDERS, "plain", SECRET),
        (OWN_ORDERS, "plain", OWN_SECRET),
        (ORDERS, "own", OWN_SECRET),
        (ORDERS, "plain", OWN_SECRET),
    ],
)
def test_a_secret_belongs_to_one_route(intake: Intake, route: str, name: str, secret: bytes) -> None:
    assert told(intake.post(name, order(), route=route, secret=secret)) == refused(intake)


def test_a_shop_with_an_app_of_its_own(intake: Intake) -> None:
    assert intake.post("own", order(), route=OWN_ORDERS, secret=OWN_SECRET).get_json()["status"] == "accepted"


@pytest.mark.parametrize(("secret", "status"), [(OLD_SECRET, 200), (NEW_SECRET, 200), (OWN_SECRET, 401), (b"", 401)])
def test_two_secrets_while_rotating(intake: Intake, secret: bytes, status: int) -> None:
    answer = intake.post("rotating", order(), route="/webhooks/shopify/rotating/orders", secret=secret)
    assert answer.status_code == status


@pytest.mark.parametrize(("number", "status"), [("68000000001", 200), ("68000000002", 401)])
def test_the_shops_number_in_the_body_is_compared_once_it_is_configured(
    intake: Intake, number: str, status: int
) -> None:
    content = order(order_status_url=f"https://merchant.example/{number}/orders/abc/authenticate")
    assert intake.post("numbered", content).status_code == status
    assert intake.post("plain", content).status_code == 200


@pytest.mark.parametrize(
    ("route", "topic", "body"),
    [
        (COMPLIANCE, "customers/redact", BODY),  # a captured order that is to erase somebody
        (COMPLIANCE, "shop/redact", BODY),
        (COMPLIANCE, "orders/create", SHOP_REDACT),
        (COMPLIANCE, "app/uninstalled", SHOP_REDACT),
        (COMPLIANCE, "customers/redact", SHOP_REDACT),
        (COMPLIANCE, "shop/redact", SHOP_REDACT.replace(b"plain.", b"strict.")),
        (COMPLIANCE, "shop/redact", SHOP_REDACT[:-1] + b', "more": 1}'),
        (COMPLIANCE, "shop/redact", b'{"shop_id": 1}'),
        (COMPLIANCE, "shop/redact", b"[]"),
        ("/webhooks/shopify/app", "orders/create", BODY),
        ("/webhooks/shopify/app", "shop/redact", SHOP_REDACT),
        (APP, "app/uninstalled", BODY),  # a captured order that is to end the exchange
        (APP, "app/scopes_update", BODY),
        (APP, "app/uninstalled", b"{}"),
        (APP, "app/uninstalled", b"[]"),
        (APP, "app/uninstalled", b'{"myshopify_domain": 7}'),
        (APP, "app/uninstalled", b'{"myshopify_domain": "strict.myshopify.com"}'),
        (APP, "app/uninstalled", b'{"myshopify_domain": "strict.myshopify.com", "domain": "plain.myshopify.com"}'),
        (APP, "app/uninstalled", b'{"domain": "merchant.example"}'),
        (APP, "app/uninstalled", b'{"id": 1, "previous": [], "current": []}'),
        (APP, "app/scopes_update", b'{"current": [], "myshopify_domain": "strict.myshopify.com"}'),
        (APP, "app/scopes_update", b'{"current": "write_orders"}'),
        (ORDERS, "shop/redact", SHOP_REDACT),
        (ORDERS, "app/uninstalled", BODY),
    ],
)
def test_a_body_under_another_topic_or_on_another_route_is_not_believed(
    intake: Intake, route: str, topic: str, body: bytes
) -> None:
    assert told(intake.post("plain", body, route=route, x_shopify_topic=topic)) == refused(intake)


def test_an_order_is_no_cancellation_because_a_header_says_so(intake: Intake) -> None:
    content = order()
    assert intake.post("plain", content).get_json()["status"] == "accepted"
    assert intake.post("plain", content, x_shopify_topic="orders/cancelled").status_code == 401
    cancelled = {**content, "cancelled_at": "2026-11-21T09:00:00+01:00", "updated_at": "2026-11-21T09:00:00+01:00"}
    told_under_another_topic = intake.post("plain", cancelled, x_shopify_topic="orders/updated").get_json()
    assert (told_under_another_topic["status"], told_under_another_topic["reason"]) == ("ignored", "cancelled")


def test_every_bit_of_the_signature_counts(intake: Intake) -> None:
    body = b'{"id": 1}'
    good = sign(body).encode()
    for position in range(len(good) * 8):
        flipped = bytearray(good)
        flipped[position // 8] ^= 1 << position % 8
        overridden = {"HTTP_X_SHOPIFY_HMAC_SHA256": flipped.decode("latin-1")}
        given = headers(body, "plain.myshopify.com")
        answer = intake.client.post(ORDERS, data=body, headers=given, environ_overrides=overridden)
        assert answer.status_code == 401, position


def test_every_bit_of_the_body_counts(intake: Intake) -> None:
    body = b'{"id": 1, "updated_at": "2026-11-20T09:00:00+01:00"}'
    good = sign(body)
    for position in range(len(body) * 8):
        flipped = bytearray(body)
        flipped[position // 8] ^= 1 << position % 8
        answer = intake.post("plain", bytes(flipped), x_shopify_hmac_sha256=good)
        assert answer.status_code == 401, position


def test_an_unknown_shop_costs_as_much_as_a_known_one(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def counted(key: bytes, body: bytes, digest: Any) -> Any:
        lengths.append(len(body))
        return hmac.new(key, body, digest)

    monkeypatch.setattr("middleware.core.signature.hmac", Counted(counted))
    for domain in ("plain", "nobody"):
        assert intake.post(domain, BODY, x_shopify_hmac_sha256=sign(b"")).status_code == 401
    assert lengths == [len(BODY)] * 4  # two each, as many as a shop has secrets while one is changed


class Counted:
    """The module ``hmac`` with another ``new``."""

    compare_digest = staticmethod(hmac.compare_digest)

    def __init__(self, new: Any) -> None:
        self.new = new


WRONG = {"x_shopify_hmac_sha256": sign(b"another body")}
NO_JSON, NO_ORDER = b"[", b"{}"
LONG = b"[".ljust((2 << 20) + 1)


@pytest.mark.parametrize(
    ("method", "route", "body", "changes", "status"),
    [
        ("GET", "/nowhere", LONG, {"content_type": "text/plain", **WRONG}, 404),
        ("GET", ORDERS, LONG, {"content_type": "text/plain", **WRONG}, 405),
        ("POST", ORDERS, LONG, {"x_shopify_hmac_sha256": None, "content_type": "text/plain"}, 401),
        ("POST", ORDERS, LONG, {"content_type": "text/plain", **WRONG}, 415),
        ("POST", ORDERS, LONG, {"content_encoding": "gzip", **WRONG}, 415),
        ("POST", ORDERS, LONG, WRONG, 413),
        ("POST", ORDERS, NO_JSON, WRONG, 401),
        ("POST", ORDERS, NO_JSON, {"x_shopify_shop_domain": "nobody.myshopify.com"}, 401),
        ("POST", ORDERS, NO_JSON, {"x_shopify_topic": "customers/redact"}, 401),
        ("POST", ORDERS, NO_JSON, {}, 400),
        ("POST", ORDERS, NO_ORDER, {}, 422),
        ("POST", ORDERS, NO_ORDER, {"x_shopify_topic": "orders/cancelled"}, 422),
    ],
)
def test_the_order_of_checks(
    intake: Intake, method: str, route: str, body: bytes, changes: dict[str, Any], status: int
) -> None:
    given = headers(body, "strict.myshopify.com", **changes)
    assert intake.client.open(route, method=method, data=body, headers=given).status_code == status
