"""Bytes on the wire against the real server: what a client library would never send."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest

from middleware.core.body import MAX_BYTES
from tests.middleware.web.conftest import NOWHERE, ORDERS, SECRETS, SHOPS, furnish
from tests.middleware.web.wire import BAD, BODY, CHUNKED, GOOD, LENGTH, chunks, exchange, head, statuses
from tests.system.stack import Service, configure, sign


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The role ``intake`` alone; the parcel platform does not answer, its keys are known."""
    service = configure(tmp_path_factory.mktemp("wire"), SHOPS, {"platform": NOWHERE})
    furnish(service, datetime.now(UTC)).serve("--role", "intake", **SECRETS)
    yield service
    service.stop()


def test_a_plain_request_is_served(server: Service) -> None:
    answer = exchange(server, head(LENGTH) + BODY)
    assert statuses(answer) == [200]
    assert b'"status":"ignored"' in answer.replace(b" ", b"")


def test_chunks_are_served(server: Service) -> None:
    assert statuses(exchange(server, head(CHUNKED) + chunks(BODY))) == [200]


@pytest.mark.parametrize(
    "lines", [(), ("Host: one.example", "Host: two.example"), ("Host: shop.example", "Host: shop.example")]
)
def test_not_exactly_one_host(server: Service, lines: tuple[str, ...]) -> None:
    answer = exchange(server, head(LENGTH, *lines, without="host") + BODY)
    assert statuses(answer) == [400]


def test_too_large_by_its_length(server: Service) -> None:
    answer = exchange(server, head(f"Content-Length: {MAX_BYTES + 1}") + b" " * (MAX_BYTES + 1))
    assert statuses(answer) in ([413], [])  # a connection that is reset while it is written to may lose the answer


def test_too_large_in_chunks(server: Service) -> None:
    body = BODY.ljust(MAX_BYTES + 1)
    request = head(CHUNKED).replace(GOOD.encode(), sign(body).encode()) + chunks(body, 1 << 16)
    assert statuses(exchange(server, request)) == [413]


def test_a_body_that_ends_before_its_length_is_not_taken_though_what_came_is_signed(server: Service) -> None:
    def taken() -> int:
        return sum(line["event"] == "webhook" for line in server.lines())

    before = taken()
    found = statuses(exchange(server, head(f"Content-Length: {len(BODY) + 9}") + BODY, half_close=True))
    assert found in ([400], [])  # who has hung up need not be answered
    assert statuses(exchange(server, head(LENGTH) + BODY)) == [200]
    assert taken() == before + 1


TWICE: Mapping[str, tuple[str, str]] = {
    "x-shopify-hmac-sha256": (GOOD, BAD),
    "x-shopify-shop-domain": ("plain.myshopify.com", "nobody.myshopify.com"),
    "x-shopify-topic": ("orders/create", "customers/redact"),
}


@pytest.mark.parametrize("name", TWICE)
def test_a_header_that_comes_twice_is_not_believed(server: Service, name: str) -> None:
    for first, second in (TWICE[name], TWICE[name][::-1]):
        for spelling in (name, name.title()):
            lines = (f"{name}: {first}", f"{spelling}: {second}")
            assert statuses(exchange(server, head(LENGTH, *lines, without=name) + BODY)) == [401]


@pytest.mark.parametrize("name", TWICE)
def test_a_header_with_underscores_is_that_header_and_no_way_around_it(server: Service, name: str) -> None:
    """To a WSGI application both spellings are one name, and either may win: the good one must be there at least."""
    good, bad = TWICE[name]
    underscored = name.replace("-", "_")

    def answered(*lines: str) -> list[int]:
        return statuses(exchange(server, head(LENGTH, *lines, without=name) + BODY))

    assert answered(f"{name}: {good}", f"{underscored}: {bad}") in ([200], [401])
    assert answered(f"{underscored}: {bad}", f"{name}: {good}") in ([200], [401])
    assert answered(f"{name}: {bad}", f"{underscored}: {bad}") == [401]
    assert answered(f"{underscored}: {bad}") == [401]


def test_a_signature_that_comes_twice_is_not_believed_even_if_it_is_good(server: Service) -> None:
    assert statuses(exchange(server, head(LENGTH, f"X-Shopify-Hmac-Sha256: {GOOD}") + BODY)) == [401]


SECOND = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n"
"""What must never be taken for a request of its own when it stands in a body."""

MALFORMED: Mapping[str, bytes] = {
    "two lengths": head(LENGTH, f"Content-Length: {len(BODY) + 7}") + BODY,
    "two equal lengths": head(LENGTH, LENGTH) + BODY,
    "a list of lengths": head(f"{LENGTH}, {len(BODY)}") + BODY,
    "a length with a sign": head(f"Content-Length: +{len(BODY)}") + BODY,
    "a length with an underscore": head(f"Content-Length: 0_{len(BODY)}") + BODY,
    "a hexadecimal length": head(f"Content-Length: {len(BODY):#x}") + BODY,
    "a negative length": head("Content-Length: -1") + BODY,
    "no length that any number holds": head(f"Content-Length: {'9' * 40}") + BODY,
    "an underscored length": head(LENGTH, "Content_Length: 3") + BODY,
    "length and chunks": head(LENGTH, CHUNKED) + b"0\r\n\r\n" + SECOND,
    "chunks and length": head(CHUNKED, "Content-Length: 5") + b"0\r\n\r\n" + SECOND,
    "odd coding": head("Transfer-Encoding: xchunked") + chunks(BODY),
    "chunked twice": head("Transfer-Encoding: chunked, chunked") + chunks(BODY),
    "chunked, then nothing": head("Transfer-Encoding: chunked, identity") + chunks(BODY),
    "an underscored coding": head(LENGTH, "Transfer_Encoding: chunked") + BODY,
    "coding after a space": head("Transfer-Encoding : chunked") + chunks(BODY),
    "coding on a folded line": head("Transfer-Encoding:\r\n chunked") + chunks(BODY),
    "a bad chunk size": head(CHUNKED) + b"0x5\r\nhello\r\n0\r\n\r\n",
    "a negative chunk size": head(CHUNKED) + b"-5\r\nhello\r\n0\r\n\r\n",
    "a huge chunk size": head(CHUNKED) + b"f" * 17 + b"\r\nhello\r\n0\r\n\r\n",
    "a chunk without its end": head(CHUNKED) + b"5\r\nhelloX\r\n0\r\n\r\n",
    "a bad chunk extension": head(CHUNKED) + chunks(BODY, extension=b";\n"),
    "a space before the colon": head(LENGTH, "X-Odd : 1") + BODY,
    "a folded line": head(LENGTH, "X-Odd: 1\r\n 2") + BODY,
    "bare line feeds": head(LENGTH).replace(b"\r\n", b"\n") + BODY,
    "a NUL in a header": head(LENGTH, "X-Odd: a\0b") + BODY,
    "a header without a name": head(LENGTH, ": 1") + BODY,
    "a header without a colon": head(LENGTH, "odd") + BODY,
    "an absolute address": head(LENGTH).replace(b"POST /", b"POST http://shop.example/") + BODY,
    "no version": b"POST /webhooks/shopify/orders\r\n\r\n",
    "an old version": head(LENGTH).replace(b"HTTP/1.1", b"HTTP/0.9") + BODY,
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(60),
}


SERVED = frozenset(
    (
        *("two equal lengths", "an underscored length", "an underscored coding", "chunked twice"),
        *("bare line feeds", "an absolute address"),
    )
)
"""What the server reads as one request with the whole signed body; nothing after it is taken for another."""

CUT = frozenset(
    (
        *("length and chunks", "chunks and length", "a bad chunk size", "a negative chunk size", "a huge chunk size"),
        *("a chunk without its end", "a bad chunk extension"),
    )
)
"""What the server hands over as far as it could read it: the signature over what was read decides."""


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_malformed_has_one_answer(server: Service, name: str) -> None:
    expected = 200 if name in SERVED else 401 if name in CUT else 400
    assert statuses(exchange(server, MALFORMED[name])) == [expected]


@pytest.mark.parametrize(("path", "status"), [("/healthz", 411), ("/readyz", 411), ("/nowhere", 404), (ORDERS, 405)])
def test_only_a_webhook_may_leave_its_length_open(server: Service, path: str, status: int) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n{CHUNKED}\r\n\r\n".encode()
    answer = exchange(server, request + chunks(b"x"))
    assert statuses(answer) == [status]
    assert (b"urn:problem:length-required" in answer) == (status == 411)


@pytest.mark.parametrize("sent_at_once", [True, False])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", path) for path in ("/nowhere", "/healthz", "/webhooks/shopify/orders", "/webhooks/shopify/own/app")),
        *(("GET", path) for path in ("/nowhere", "/healthz", "/webhooks/shopify/orders")),
    ],
)
def test_who_is_answered_before_the_body_was_read_is_told_that_the_connection_ends(
    server: Service, method: str, path: str, sent_at_once: bool
) -> None:
    """The server ends it where the body had not come yet; a client that was not told would use it again and lose its
    next request.
    """
    request = f"{method} {path} HTTP/1.1\r\nHost: shop.example\r\n{LENGTH}\r\n\r\n".encode()
    answer = exchange(server, request + (BODY if sent_at_once else b""))
    assert len(statuses(answer)) == 1
    assert b"\r\nconnection: close\r\n" in answer.lower()


def test_who_was_listened_to_may_go_on(server: Service) -> None:
    request = head(LENGTH, without="connection").replace(b"Connection: close\r\n", b"") + BODY
    answer = exchange(server, request + request)
    assert statuses(answer) == [200, 200]
    assert b"\r\nconnection: close\r\n" not in answer.lower()
    plain = b"GET /healthz HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    assert statuses(exchange(server, plain + plain)) == [200, 200]


def test_a_huge_header_is_refused(server: Service) -> None:
    found = statuses(exchange(server, head(LENGTH, f"X-Odd: {'x' * (4 << 20)}") + BODY))
    assert found in ([431], [])  # a connection that is reset while it is written to may lose the answer


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "UNHEARD"])
def test_other_methods_on_the_wire(server: Service, method: str) -> None:
    answer = exchange(server, head(LENGTH).replace(b"POST", method.encode(), 1) + BODY)
    assert statuses(answer) == [405]
    assert b"\r\nallow: POST\r\n" in answer


def test_nobody_is_told_of_what_runs_behind(server: Service) -> None:
    for request in (head(LENGTH) + BODY, head(LENGTH, without="x-shopify-topic") + BODY, SECOND):
        answer = exchange(server, request).lower()
        assert b"python" not in answer
        assert b"werkzeug" not in answer
        assert b"flask" not in answer


def test_it_still_stands(server: Service) -> None:
    assert statuses(exchange(server, head(LENGTH) + BODY)) == [200]
    assert [
        line for line in server.lines() if line["level"] == "error" and line["event"] != "platform_keys_not_refreshed"
    ] == []
