"""The simulated WooCommerce shop: what it sends is what WooCommerce's code sends."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator import made_up_woocommerce, woocommerce
from simulator.cli import main
from tests.simulator.test_shopify import Shop, shop

__all__ = ["shop"]

SOURCE = "https://winkel.example/"
BODY = '{"id":7001,"customer_note":"é"}'.encode()


def send(shop: Shop, secret: str = "hush") -> woocommerce.Delivery:
    return woocommerce.send(f"{shop.url}/hook", SOURCE, "order.created", BODY, secret)


@pytest.mark.parametrize(
    ("secret", "key"), [("hush", b"hush"), ("a&amp;b&lt;&gt;&quot;&#039;", b"a&b<>\"'"), ("&amp;lt;", b"&lt;")]
)
def test_a_delivery_is_signed_with_what_the_secret_means(shop: Shop, secret: str, key: bytes) -> None:
    assert send(shop, secret).acknowledged
    ((path, headers, body),) = shop.came
    assert (path, body) == ("/hook", BODY)
    digest = hmac.new(key, BODY, hashlib.sha256).digest()
    assert headers["X-WC-Webhook-Signature"] == base64.b64encode(digest).decode()
    assert headers["Host"] == shop.url.removeprefix("http://")
    told = {name: headers[f"X-WC-Webhook-{name}"] for name in ("Source", "Topic", "Resource", "Event", "ID")}
    assert list(told.values()) == [SOURCE, "order.created", "order", "created", "7"]
    assert (headers["Content-Type"], headers["User-Agent"][:12]) == ("application/json", "WooCommerce/")


def test_it_speaks_the_old_http_and_sends_once(shop: Shop) -> None:
    versions: list[str] = []

    def fail(handler: BaseHTTPRequestHandler) -> None:
        versions.append(handler.request_version)
        handler.send_error(503)

    shop.script = [fail]
    assert (send(shop).acknowledged, len(shop.came), versions) == (False, 1, ["HTTP/1.0"])


@pytest.mark.parametrize(
    ("status", "well"), [(200, True), (204, True), (301, True), (302, True), (303, False), (400, False)]
)
def test_what_counts_as_delivered(shop: Shop, status: int, well: bool) -> None:
    shop.script = [status]
    assert (send(shop).acknowledged, len(shop.came)) == (well, 1)


def test_the_ping_is_a_form_and_unsigned(shop: Shop) -> None:
    assert woocommerce.ping(f"{shop.url}/hook", webhook_id=12).status == 200
    ((_, headers, body),) = shop.came
    assert (body, headers["Content-Type"]) == (b"webhook_id=12", "application/x-www-form-urlencoded")
    assert [name for name in headers if name.lower().startswith("x-wc")] == []


def test_two_deliveries_of_one_second_have_one_id() -> None:
    one, two = woocommerce.delivery_id(7, 1_000.2), woocommerce.delivery_id(7, 1_000.9)
    assert one == two != woocommerce.delivery_id(7, 1_001.0)
    assert woocommerce.delivery_id(8, 1_000.2) != one


def test_nobody_and_nothing() -> None:
    assert woocommerce.send("http://127.0.0.1:1/", SOURCE, "order.created", BODY, "hush").status is None
    with pytest.raises(ValueError, match="empty secret"):
        woocommerce.send("http://127.0.0.1:1/", SOURCE, "order.created", BODY, "")


def test_made_up_orders_are_repeatable_and_differ() -> None:
    now = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
    made = list(made_up_woocommerce.orders(24, now=now, seed=3))
    assert made == list(made_up_woocommerce.orders(24, now=now, seed=3))
    assert made != list(made_up_woocommerce.orders(24, now=now, seed=4))
    assert len({order["id"] for order in made}) == 24
    assert made[-1]["date_modified_gmt"] == "2026-11-22T10:00:00"


def test_the_command_sends_the_ping_and_the_orders(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(BODY)
    words = ["simulate", "woocommerce", "--url", shop.url, "--source", SOURCE]
    environ = {"WOOCOMMERCE_SECRET": "hush"}
    done = CliRunner().invoke(main, [*words, "--ping", str(tmp_path / "a.json")], env=environ)
    assert (done.exit_code, [json.loads(line)["status"] for line in done.stdout.splitlines()]) == (0, [200, 200])
    assert [body for _, _, body in shop.came] == [b"webhook_id=7", BODY]
    shop.script = [503]
    done = CliRunner().invoke(main, [*words, "--made-up", "2"], env=environ)
    assert (done.exit_code, len(done.stdout.splitlines())) == (1, 2)
    for more in ([], ["--made-up", "1", str(tmp_path / "a.json")]):
        assert CliRunner().invoke(main, [*words, *more], env=environ).exit_code == 2
    assert CliRunner().invoke(main, [*words, "--made-up", "1"], env={"WOOCOMMERCE_SECRET": ""}).exit_code == 2
    wrong = ["simulate", "woocommerce", "--url", "gopher://x", "--source", SOURCE, "--made-up", "1"]
    assert CliRunner().invoke(main, wrong, env=environ).exit_code == 2
