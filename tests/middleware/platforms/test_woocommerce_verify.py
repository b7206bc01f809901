"""WooCommerce: genuine or not, with what it makes of a secret; what a request claims; what a body alone says."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from middleware.errors import SchemaError, SignatureError
from middleware.model import Inbound, Reason
from middleware.platforms.woocommerce import ORDER_TOPICS, spellings
from tests.middleware.platforms.woo import PLATFORM, SECRET, SITE, document, inbound, parse, sign

BODY = b'{"id": 7002, "customer_note": "\xc3\xa9"}'


def signed(secret: bytes = SECRET, topic: str = "order.created", body: bytes = BODY) -> Inbound:
    return inbound(topic, body, x_wc_webhook_signature=sign(body, secret))


def refused(request: Inbound, *secrets: bytes) -> str:
    with pytest.raises(SignatureError) as caught:
        PLATFORM.verify(request, secrets or (SECRET,), ORDER_TOPICS)
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    return f"{caught.value.status} {caught.value.code} {caught.value}"


def test_these_are_the_topics_and_no_other() -> None:
    assert {"order.created", "order.updated", "order.deleted"} == ORDER_TOPICS == PLATFORM.order_topics
    for topic in (
        "",
        "order.restored",
        "customer.deleted",
        "product.deleted",
        "action.x",
        "orders/create",
    ):
        refused(signed(topic=topic))
    for topic in ORDER_TOPICS:
        PLATFORM.verify(signed(topic=topic), (SECRET,), ORDER_TOPICS)


@pytest.mark.parametrize(
    ("given", "signs"),
    [
        ("a&b<c>d\"e'f", "a&b<c>d\"e'f"),  # typed, and kept so
        ("a&amp;b&lt;c&gt;d&quot;e&#039;f", "a&b<c>d\"e'f"),  # as the page shows it, which signs with what it means
        ("a&#39;b&#x27;c&#0038;d&#x026;e&#60;f&#62;g&#34;h&#X22;i", "a'b'c&d&e<f>g\"h\"i"),
        ("&amp;lt;", "&lt;"),  # once, not again
        ("a&amp;lt;b", "a&amp;lt;b"),
        ("a&b;&nbsp;&LT;&#0;&#65;&#x41;", "a&b;&nbsp;&LT;&#0;&#65;&#x41;"),  # no others
        ("géheim & co", "géheim & co"),
    ],
)
def test_a_secret_counts_as_it_was_given_and_as_woocommerce_means_it(given: str, signs: str) -> None:
    """It decodes the five characters that a page has to escape, before it signs."""
    PLATFORM.verify(signed(signs.encode()), (given.encode(),), ORDER_TOPICS)
    PLATFORM.verify(signed(signs.encode()), (b"another secret", given.encode()), ORDER_TOPICS)
    refused(signed(b"a&amp;amp;b"), given.encode())


def test_bytes_that_are_no_text_are_a_secret_too() -> None:
    PLATFORM.verify(signed(b"\xff\xfe&"), (b"\xff\xfe&amp;",), ORDER_TOPICS)


def test_an_empty_secret_signs_nothing() -> None:
    assert spellings(b"") == ()
    refused(signed(b""), b"")
    refused(signed(b""), b"", SECRET)
    PLATFORM.verify(signed(), (b"", SECRET), ORDER_TOPICS)


@pytest.mark.parametrize("header", [None, "", "x", "AAAA", "é", sign(BODY, b"another"), sign(BODY) + "\n"])
def test_all_that_is_not_genuine_looks_alike(header: str | None) -> None:
    other = inbound("order.created", BODY, **({} if header is None else {"x_wc_webhook_signature": header}))
    assert refused(other) == refused(signed(topic="order.restored")) == refused(signed(b"another"))


def test_the_raw_bytes_are_what_is_signed() -> None:
    for body in (BODY + b" ", b"", BODY.replace(b'": ', b'":')):
        refused(Inbound(platform="woocommerce", shop="demo", headers=signed().headers, body=body))


@pytest.mark.parametrize(
    ("source", "shop"),
    [
        ("https://winkel.example/", SITE),
        ("https://Winkel.Example", SITE),
        ("http://winkel.example:8888/", "winkel.example:8888"),
        ("https://winkel.example/nl/winkel/", "winkel.example/nl/winkel"),
        ("https://staging.winkel.example/", "staging.winkel.example"),
        ("https://winkel.example/?x=1", ""),
        ("https://demo.myshopify.com/", ""),
        ("https://\u212aelvin.example/", ""),
        ("direct:demo", ""),
        ("", ""),
    ],
)
def test_the_site_that_a_request_claims(source: str, shop: str) -> None:
    assert PLATFORM.shop_of(inbound(x_wc_webhook_source=source)) == shop


def test_two_orders_of_one_second_are_two_deliveries() -> None:
    """The delivery's id is made of webhook and second: what was answered to one order must not be to another."""
    one, two = (inbound(body=body, x_wc_webhook_delivery_id="7f3a") for body in (b"1", b"2"))
    assert PLATFORM.webhook_of(one) != PLATFORM.webhook_of(two)
    assert PLATFORM.webhook_of(one) == PLATFORM.webhook_of(inbound(body=b"1", x_wc_webhook_delivery_id="7f3a"))
    assert PLATFORM.webhook_of(one) != PLATFORM.webhook_of(inbound(body=b"1", x_wc_webhook_delivery_id="7f3b"))


@pytest.mark.parametrize("topic", sorted(ORDER_TOPICS))
def test_a_body_of_an_id_alone_is_a_deletion_under_any_topic(topic: str) -> None:
    parsed = parse({"id": 7014}, topic)
    assert (parsed.order_id, parsed.halt, parsed.order) == ("7014", Reason.CANCELLED, None)


@pytest.mark.parametrize("body", [document(), {}, {"id": "7014"}, {"id": True}, {"id": 7014, "status": None}, [7014]])
def test_a_deletion_by_its_unsigned_topic_alone_is_refused(body: object) -> None:
    with pytest.raises(SignatureError):
        parse(body, "order.deleted")


def test_no_other_topic_changes_what_an_order_is() -> None:
    assert parse(document(), "order.created") == parse(document(), "order.updated")


def test_a_version_is_as_old_as_its_body_says_in_universal_time() -> None:
    order = document(date_modified_gmt="2026-11-21T09:02:07", date_modified="2026-11-21T10:02:07")
    moment = datetime(2026, 11, 21, 9, 2, 7, tzinfo=UTC)
    assert parse(order).updated_at == PLATFORM.updated_at(order) == moment
    for odd in ("2026-11-21T10:02:07+01:00", "yesterday", "", "1999-12-31T23:59:59"):
        assert PLATFORM.updated_at(document(date_modified_gmt=odd)) is None
        with pytest.raises(SchemaError) as caught:
            parse(document(date_modified_gmt=odd))
        assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/date_modified_gmt", "timestamp")]
    assert PLATFORM.updated_at(document(date_modified_gmt=None)) is None


def test_what_else_a_platform_tells() -> None:
    assert PLATFORM.page_of(SITE, "7002") == "https://winkel.example/wp-admin/post.php?post=7002&action=edit"
    assert (PLATFORM.order_id(document()), PLATFORM.order_id({"id": "7"}), PLATFORM.order_id([])) == (
        "7002",
        None,
        None,
    )
    assert (PLATFORM.notices, PLATFORM.ends(""), PLATFORM.tells({}, "", SITE)) == ({}, False, False)
