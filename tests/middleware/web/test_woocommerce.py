"""WooCommerce's webhooks at their route: what is asked unsigned, and what an order's life looks like there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest
from werkzeug.test import TestResponse

from middleware.core.pileup import MOST
from tests.middleware.web.answering import common, problem
from tests.middleware.web.sources import Source, WooShop
from tests.middleware.web.test_sources import Bench, bench, parcel
from tests.system import stack
from tests.system.stack import OWN_SECRET, Json

__all__ = ["bench"]

ROUTE = "/webhooks/woocommerce/woocommerce/orders"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def shop(bench: Bench) -> WooShop:
    source: Source = bench.sources["woocommerce"]
    assert isinstance(source, WooShop)
    return source


def told(answer: TestResponse) -> Json:
    assert answer.status_code == 200, answer.text
    body: Json = answer.get_json()
    return {name: body[name] for name in ("status", "reason") if name in body}


@pytest.mark.parametrize(
    "route", [ROUTE, "/webhooks/woocommerce/nonesuch/orders", "/webhooks/woocommerce/shopify/orders"]
)
@pytest.mark.parametrize("form", [FORM["Content-Type"], f"{FORM['Content-Type']}; charset=UTF-8"])
def test_a_ping_is_answered_whoever_asks_and_does_nothing(bench: Bench, shop: WooShop, route: str, form: str) -> None:
    before = [bench.rows(f"SELECT count(*) FROM {table}") for table in ("inbox", "records", "rejections", "orders")]  # noqa: S608 - our own names
    answer = shop.intake.post(route, data=b"webhook_id=12", headers={"Content-Type": form})
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ignored"})
    common(answer)
    after = [bench.rows(f"SELECT count(*) FROM {table}") for table in ("inbox", "records", "rejections", "orders")]  # noqa: S608 - our own names
    assert before == after


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"webhook_id=", FORM),
        (b"webhook_id=12&x=1", FORM),
        (b"webhook_id=" + b"1" * 21, FORM),
        (b"webhook_id=12\n", FORM),
        (b"webhook_id=%31", FORM),
        (b"x" * 100_000, FORM),
        (b"", FORM),
        (b"webhook_id=12", {"Content-Type": "application/json"}),
        (b"webhook_id=12", {}),
        (b"webhook_id=12", {**FORM, "X-WC-Webhook-Signature": ""}),
        (b"webhook_id=12", {**FORM, "X-WC-Webhook-Signature": "x"}),
        (b"webhook_id=12", {**FORM, "Transfer-Encoding": "chunked"}),
    ],
)
def test_what_is_no_ping_is_no_webhook_either(shop: WooShop, body: bytes, headers: dict[str, str]) -> None:
    problem(shop.intake.post(ROUTE, data=body, headers=headers), 401, "invalid-signature")


def test_nobody_pings_a_platform_that_does_not_ask(shop: WooShop) -> None:
    answer = shop.intake.post("/webhooks/shopify/orders", data=b"webhook_id=12", headers=FORM)
    problem(answer, 401, "invalid-signature")


def test_a_ping_that_is_signed_is_no_order(shop: WooShop) -> None:
    digest = base64.b64encode(hmac.new(OWN_SECRET, b"webhook_id=12", hashlib.sha256).digest()).decode()
    answer = shop.intake.post(ROUTE, data=b"webhook_id=12", headers={**FORM, "X-WC-Webhook-Signature": digest})
    assert answer.status_code == 415


def test_an_order_that_was_called_off_can_be_taken_up_again(bench: Bench, shop: WooShop) -> None:
    """WooCommerce cancels what was not paid in time, and takes it up again when the payment comes late."""
    order = shop.document(parcel())
    assert told(shop.send({**order, "status": "pending"})) == {"status": "ignored", "reason": "not_paid"}
    off = {**order, "status": "cancelled", "date_modified_gmt": "2026-11-20T09:10:00"}
    assert told(shop.send(off)) == {"status": "ignored", "reason": "called_off"}
    again = shop.send({**order, "date_modified_gmt": "2026-11-20T09:20:00"})
    assert told(again) == {"status": "accepted"}
    assert again.get_json()["id"] in bench.live("woocommerce")
    off["date_modified_gmt"] = "2026-11-20T09:30:00"
    assert told(shop.send(off)) == {"status": "ignored", "reason": "called_off"}
    assert again.get_json()["id"] not in bench.live("woocommerce")


def test_a_deletion_is_final_even_if_it_comes_first(bench: Bench, shop: WooShop) -> None:
    wanted = parcel()
    gone = {"id": wanted.order}
    assert told(shop.send(gone)) == {"status": "ignored", "reason": "cancelled"}
    assert told(shop.send(gone)) == {"status": "duplicate", "reason": "cancelled"}
    assert told(shop.send(shop.document(wanted))) == {"status": "ignored", "reason": "cancelled"}


def test_one_second_s_rejected_order_is_not_the_answer_to_another(shop: WooShop) -> None:
    """Deliveries of one webhook in one second have one id."""
    assert told(shop.send(shop.document(parcel(street=None)))) == {"status": "rejected"}
    assert told(shop.send(shop.document(parcel()))) == {"status": "accepted"}


@pytest.mark.parametrize("source", ["https://staging.winkel.example/", "https://winkel.example/nl/", "", None])
def test_a_copy_of_the_shop_is_not_the_shop(shop: WooShop, source: str | None) -> None:
    """It has the webhooks and their secret, and another address."""
    body = json.dumps(shop.document(parcel())).encode()
    given = {
        "Content-Type": "application/json",
        "X-WC-Webhook-Topic": "order.created",
        "X-WC-Webhook-Signature": base64.b64encode(hmac.new(OWN_SECRET, body, hashlib.sha256).digest()).decode(),
    }
    assert (
        shop.intake.post(ROUTE, data=body, headers=given | {"X-WC-Webhook-Source": "HTTP://Winkel.Example"}).status_code
        == 200
    )
    copied = given if source is None else given | {"X-WC-Webhook-Source": source}
    problem(shop.intake.post(ROUTE, data=body, headers=copied), 401, "invalid-signature")


def test_a_webhook_of_one_platform_is_none_of_another_s(shop: WooShop) -> None:
    """The same body and secret, the same shop in address and header."""
    body = json.dumps(shop.document(parcel())).encode()
    for platform, domain in (("shopify", "winkel.example"), ("woocommerce", "shopify.myshopify.com")):
        given = stack.headers(body, domain, secret=OWN_SECRET)
        answer = shop.intake.post(f"/webhooks/{platform}/woocommerce/orders", data=body, headers=given)
        problem(answer, 401, "invalid-signature")


def test_rejections_pile_up_and_each_is_kept(bench: Bench, shop: WooShop) -> None:
    """It never sends again, so an order that was sent away would be one that nobody ever hears of."""
    answers = [told(shop.send(shop.document(parcel(street=None)))) for _ in range(MOST + 3)]
    assert answers == [{"status": "rejected"}] * (MOST + 3)


def test_what_woocommerce_sends_in_place_of_an_order_that_it_may_not_read_is_rejected(shop: WooShop) -> None:
    no = {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot view this.", "data": {"status": 401}}
    assert told(shop.send(no)) == {"status": "rejected"}
