"""Genuine or not: the HMAC over the raw body, the route's own topics, a body that does not contradict its claims."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from middleware.errors import SignatureError
from middleware.model import Inbound, Reason
from middleware.platforms.shopify import APP_TOPICS, COMPLIANCE_TOPICS, ORDER_TOPICS, is_compliance
from tests.middleware.platforms.making import NUMBER, PLATFORM, document, inbound, parse

BODY = b'{"id": 5001, "note": "\xc3\xa9"}'
OLD, NEW = b"the-secret-before", b"the-secret-now"
ROUTES = {"orders": ORDER_TOPICS, "compliance": COMPLIANCE_TOPICS, "app": APP_TOPICS}


def signed(topic: str, secret: bytes = NEW, body: bytes = BODY) -> Inbound:
    digest = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    return inbound(topic, body=body, x_shopify_hmac_sha256=digest)


def refused(request: Inbound, secrets: tuple[bytes, ...] = (NEW,), topics: frozenset[str] = ORDER_TOPICS) -> str:
    """How the refusal looks from outside."""
    with pytest.raises(SignatureError) as caught:
        PLATFORM.verify(request, secrets, topics)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return f"{caught.value.status} {caught.value.code} {caught.value}"


def test_these_are_the_topics_of_the_routes() -> None:
    events = {"create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled"}
    assert {f"orders/{event}" for event in events} == ORDER_TOPICS == PLATFORM.order_topics
    assert {"customers/data_request", "customers/redact", "shop/redact"} == COMPLIANCE_TOPICS
    assert {"app/uninstalled", "app/scopes_update"} == APP_TOPICS


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("topic", sorted(ORDER_TOPICS | COMPLIANCE_TOPICS | APP_TOPICS))
def test_a_topic_is_taken_on_its_own_route_alone(topic: str, route: str) -> None:
    if topic in ROUTES[route]:
        PLATFORM.verify(signed(topic), (NEW,), ROUTES[route])
    else:
        refused(signed(topic), topics=ROUTES[route])


@pytest.mark.parametrize(
    "topic", ["", "orders", "orders/delete", "orders/edited", "orders/Create", " orders/create", "products/update"]
)
def test_a_topic_of_no_route_is_refused(topic: str) -> None:
    refused(signed(topic))


def test_a_request_without_a_topic_is_refused() -> None:
    genuine = signed("orders/create")
    headers = {name: value for name, value in genuine.headers.items() if name != "x-shopify-topic"}
    refused(Inbound(platform="shopify", shop=None, headers=headers, body=BODY))


def test_both_secrets_count_while_rotating() -> None:
    for secret in (OLD, NEW):
        PLATFORM.verify(signed("orders/create", secret), (OLD, NEW), ORDER_TOPICS)
    refused(signed("orders/create", OLD))
    refused(signed("orders/create", b""), secrets=(OLD, NEW))
    refused(signed("orders/create"), secrets=())


def test_the_raw_bytes_are_what_is_signed() -> None:
    """The same document written otherwise is another body."""
    genuine = signed("orders/create")
    for body in (BODY.replace(b'": ', b'":'), BODY + b" ", b"", b'{"id": 5001, "note": "\\u00e9"}'):
        refused(Inbound(platform="shopify", shop=None, headers=genuine.headers, body=body))


@pytest.mark.parametrize("header", [None, "", "x", "AAAA", "é", base64.b64encode(bytes(32)).decode()])
def test_all_that_is_not_genuine_looks_alike(header: str | None) -> None:
    other = inbound("orders/create", body=BODY, **({} if header is None else {"x_shopify_hmac_sha256": header}))
    assert refused(other) == refused(signed("orders/delete")) == refused(signed("orders/create", OLD))


def test_what_a_request_claims_is_read_from_its_headers() -> None:
    claim = inbound("orders/paid", x_shopify_shop_domain="Demo.MyShopify.com", x_shopify_webhook_id="b54557e4")
    assert (PLATFORM.shop_of(claim), PLATFORM.topic_of(claim)) == ("demo.myshopify.com", "orders/paid")
    assert PLATFORM.webhook_of(claim) == "b54557e4"
    silent = Inbound(platform="shopify", shop=None, headers={}, body=b"")
    assert (PLATFORM.shop_of(silent), PLATFORM.topic_of(silent), PLATFORM.webhook_of(silent)) == ("", "", "")


@pytest.mark.parametrize("topic", sorted(ORDER_TOPICS))
def test_a_cancellation_is_what_the_body_says_under_any_topic(topic: str) -> None:
    assert parse(document(cancelled_at="2026-11-22T11:00:00+01:00"), topic).halt is Reason.CANCELLED


@pytest.mark.parametrize("cancelled_at", [None, ""])
def test_a_cancellation_by_its_unsigned_topic_alone_is_refused(cancelled_at: str | None) -> None:
    for order in (document(cancelled_at=cancelled_at), document(financial_status="voided", test=True, line_items=[])):
        with pytest.raises(SignatureError):
            parse(order, "orders/cancelled")


@pytest.mark.parametrize("topic", sorted(ORDER_TOPICS - {"orders/cancelled"}))
def test_no_other_topic_changes_what_an_order_is(topic: str) -> None:
    assert parse(document(), topic) == parse(document(), "orders/create")


PATH = "orders/a0e50256848ef7f0dca5d9c2252d9d19/authenticate?key=ac9cb747ab3b3695"


@pytest.mark.parametrize("host", ["demo.myshopify.com", "other.myshopify.com", "winkel.example", "winkel.example:8443"])
def test_the_host_of_the_status_url_may_be_the_merchants_own(host: str) -> None:
    assert parse(document(order_status_url=f"https://{host}/{NUMBER}/{PATH}"), number=NUMBER).halt is None


@pytest.mark.parametrize("number", ["68000000002", "6800000000", "680000000011", "0"])
def test_an_order_of_another_shop_number_is_refused(number: str) -> None:
    order = document(order_status_url=f"https://demo.myshopify.com/{number}/{PATH}")
    with pytest.raises(SignatureError):
        parse(order, number=NUMBER)
    assert parse(order, number=None).halt is None  # nothing to compare with until it is configured


def test_an_order_of_another_shop_is_refused_even_if_nothing_is_to_be_shipped() -> None:
    """Else a cancellation for one shop could be passed off as one for another."""
    order = document(order_status_url=f"https://x.example/1/{PATH}", cancelled_at="2026-11-22T11:00:00Z")
    with pytest.raises(SignatureError):
        parse(order, number=NUMBER)


@pytest.mark.parametrize("url", [None, "", "https://winkel.example/", "https://winkel.example/account/orders/7"])
def test_once_configured_an_order_must_tell_the_number(url: str | None) -> None:
    """Else leaving it out, or writing it another way, would do to pass one shop's order off as another's."""
    with pytest.raises(SignatureError):
        parse(document(order_status_url=url), number=NUMBER)


@pytest.mark.parametrize("locale", ["nl", "fr-BE", "zh-Hans"])
def test_a_language_may_stand_before_the_number(locale: str) -> None:
    assert parse(document(order_status_url=f"https://x.example/{locale}/{NUMBER}/{PATH}"), number=NUMBER).halt is None


DOMAIN = "demo.myshopify.com"
OF_SHOP = {"shop_id": 954889, "shop_domain": DOMAIN}
OF_PERSON = {**OF_SHOP, "customer": {"id": 191167, "email": "mirte@example.com", "phone": None}}
REQUESTS: dict[str, dict[str, object]] = {
    "customers/data_request": {**OF_PERSON, "orders_requested": [299938], "data_request": {"id": 9999}},
    "customers/redact": {**OF_PERSON, "orders_to_redact": [299938]},
    "shop/redact": OF_SHOP,
}


@pytest.mark.parametrize("topic", REQUESTS)
@pytest.mark.parametrize("said", REQUESTS)
def test_a_compliance_request_is_what_its_body_says_and_not_its_topic(topic: str, said: str) -> None:
    """Else a harmless request could be passed off as one that erases."""
    assert is_compliance(REQUESTS[said], topic, DOMAIN) == (topic == said)


@pytest.mark.parametrize("topic", REQUESTS)
def test_a_compliance_request_has_exactly_its_names_and_is_for_this_shop(topic: str) -> None:
    request = REQUESTS[topic]
    assert not is_compliance(request, topic, "other.myshopify.com")
    assert not is_compliance({**request, "more": None}, topic, DOMAIN)
    for name in request:
        assert not is_compliance({key: value for key, value in request.items() if key != name}, topic, DOMAIN)
    for other in (None, [], [request], "shop_id shop_domain", 7, {}, {**request, "shop_domain": None}, document()):
        assert not is_compliance(other, topic, DOMAIN)
