from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise

import pytest

from simulator import made_up, shopify
from simulator.wire import NoAnswerError, exchange

SECRET = b"hush"


class Shop(ThreadingHTTPServer):
    """A receiver that notes what comes and answers by ``script``: a status, or what to do with the handler."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.came: list[tuple[str, dict[str, str], bytes]] = []
        self.script: list[int | Callable[[BaseHTTPRequestHandler], None]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        pass


class Receiver(BaseHTTPRequestHandler):
    server: Shop

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.came.append((self.path, dict(self.headers.items()), body))
        act = self.server.script.pop(0) if self.server.script else 200
        if isinstance(act, int):
            self.answer(act)
        else:
            act(self)

    def answer(self, status: int, content: bytes = b'{"status":"accepted"}') -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        if status in (301, 302, 307):
            self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def send(shop: Shop, body: bytes = b'{"id": 1}') -> tuple[shopify.Delivery, list[float]]:
    waited: list[float] = []
    delivery = shopify.send(
        f"{shop.url}/hook?a=1", "demo.myshopify.com", "orders/create", body, SECRET, sleep=waited.append
    )
    return delivery, waited


def test_a_webhook_is_signed_over_its_raw_bytes(shop: Shop) -> None:
    body = '{ "id":1,\n"name":"Zoé \\/ & <b>"}'.encode()
    delivery, waited = send(shop, body)
    path, headers, came = shop.came[0]
    assert (path, came) == ("/hook?a=1", body)
    expected = base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()
    assert headers["X-Shopify-Hmac-Sha256"] == expected
    assert headers["Content-Type"] == "application/json"
    assert headers["X-Shopify-Topic"] == "orders/create"
    assert headers["X-Shopify-Shop-Domain"] == "demo.myshopify.com"
    assert headers["X-Shopify-API-Version"] == "2026-10"
    assert headers["X-Shopify-Webhook-Id"] == delivery.webhook_id
    assert headers["X-Shopify-Event-Id"]
    triggered = datetime.fromisoformat(headers["X-Shopify-Triggered-At"])
    assert abs((datetime.now(UTC) - triggered).total_seconds()) < 60
    assert (delivery.status, delivery.answer, delivery.attempts) == (200, {"status": "accepted"}, 1)
    assert delivery.acknowledged
    assert waited == []


def test_a_failure_is_tried_again_with_the_same_bytes_and_id(shop: Shop) -> None:
    shop.script = [500, 401, 302, 204]
    delivery, waited = send(shop)
    assert (delivery.status, delivery.attempts, delivery.answer) == (204, 4, None)
    assert len({body for _, _, body in shop.came}) == 1
    assert {path for path, _, _ in shop.came} == {"/hook?a=1"}, "a redirect was followed"
    assert {headers["X-Shopify-Webhook-Id"] for _, headers, _ in shop.came} == {delivery.webhook_id}
    assert waited == shopify.waits()[:3]


def test_after_eight_retries_it_is_given_up(shop: Shop) -> None:
    shop.script = [503] * 20
    delivery, waited = send(shop)
    assert (delivery.status, delivery.attempts, delivery.acknowledged) == (503, 9, False)
    assert len(shop.came) == 9
    assert waited == shopify.waits()


def test_waits_double_and_fill_four_hours() -> None:
    waits = shopify.waits(scale=1)
    assert len(waits) == 8
    assert sum(waits) == pytest.approx(4 * 3600)
    assert all(later == pytest.approx(2 * sooner) for sooner, later in pairwise(waits))


def test_no_answer_is_a_failure_too(shop: Shop) -> None:
    shop.script = [lambda handler: None]
    delivery, _ = send(shop)
    assert (delivery.status, delivery.attempts) == (200, 2)
    nobody = shopify.send("http://127.0.0.1:1/", "d", "t", b"{}", SECRET, sleep=lambda _: None)
    assert (nobody.status, nobody.attempts, nobody.acknowledged) == (None, 9, False)


def test_an_answer_that_drips_ends_at_the_deadline(shop: Shop) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            time.sleep(0.05)
            handler.wfile.write(b" ")

    shop.script = [drip]
    started = time.monotonic()
    with pytest.raises(NoAnswerError):
        exchange("POST", shop.url, body=b"", headers={"Content-Length": "0"}, total_seconds=0.4)
    assert 0.3 < time.monotonic() - started < 1.2


def test_the_time_outs_are_shopifys() -> None:
    assert (shopify.CONNECT_SECONDS, shopify.TOTAL_SECONDS) == (1.0, 5.0)


@pytest.mark.parametrize(
    ("url", "secret"), [("ftp://x/", SECRET), ("no address", SECRET), ("http://127.0.0.1:1/", b"")]
)
def test_what_cannot_be_sent_is_refused(url: str, secret: bytes) -> None:
    with pytest.raises(ValueError, match=r"address|secret"):
        shopify.send(url, "d", "t", b"{}", secret)


def test_made_up_orders_are_varied_valid_and_repeatable() -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    orders = list(made_up.orders(60, now=now, seed=3))
    assert orders == list(made_up.orders(60, now=now, seed=3))
    assert orders != list(made_up.orders(60, now=now, seed=4))
    assert len({order["id"] for order in orders}) == 60
    assert len({order["name"] for order in orders}) == 60
    text = json.dumps(orders)
    assert "@example.org" in text
    countries = {order["shipping_address"]["country_code"] for order in orders}  # type: ignore[index]
    assert {"BE", "NL", "GB"} <= countries
    assert any(order["id"] > 2**53 for order in orders)  # type: ignore[operator]
    assert any(order["customer"]["first_name"] != order["shipping_address"]["first_name"] for order in orders)  # type: ignore[index]
    assert any(order["shipping_address"]["company"] for order in orders)  # type: ignore[index]
    assert any(order["note_attributes"] and order["note_attributes"][0]["name"] == "pickup_point" for order in orders)  # type: ignore[index]
    for order in orders:
        assert order["financial_status"] == "paid"
        assert all(line["requires_shipping"] for line in order["line_items"])  # type: ignore[attr-defined]
        assert order["total_weight"] > 0  # type: ignore[operator]
        assert isinstance(order["updated_at"], str)
