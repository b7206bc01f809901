"""``shopify-toml``: what the shop is asked to send is what may be read, at the addresses that are served."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from middleware.binding import PLATFORMS
from middleware.platforms.shopify import APP_TOPICS, COMPLIANCE_TOPICS, ORDER_TOPICS
from middleware.web import webhooks
from schemas.allowlist import INDEX, KEPT, USED, Node
from schemas.shopify import SHAPE
from tests.middleware.cli.bench import ORDERS, ROOT, run

EXAMPLE = ROOT / "examples" / "shopify.app.toml"
Json = dict[str, Any]


def printed(*words: str) -> str:
    result = run("shopify-toml", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def subscriptions(*words: str) -> dict[str, Json]:
    """Kind (``orders``, ``app`` or ``compliance``) → subscription."""
    found = tomllib.loads(printed(*words))["webhooks"]["subscriptions"]
    return {entry["uri"].rpartition("/")[2]: entry for entry in found}


def permitted(node: Node, path: str = "") -> Iterator[str]:
    """The leaves that may be read."""
    if node.status in (KEPT, USED, INDEX):
        yield path
    for name, child in node.children.items():
        yield from permitted(child, f"{path}.{name}" if path else name)


def test_the_shop_is_asked_for_what_may_be_read_and_nothing_else() -> None:
    assert subscriptions()["orders"]["include_fields"] == sorted(permitted(SHAPE))


def test_something_is_asked_for_that_changes_with_every_version() -> None:
    assert "updated_at" in subscriptions()["orders"]["include_fields"]


def test_nothing_is_asked_for_that_is_known_to_be_removed() -> None:
    asked = set(subscriptions()["orders"]["include_fields"])
    assert asked.isdisjoint({"note", "browser_ip", "phone", "customer.email", "billing_address.address1", "token"})


def test_it_is_toml_of_one_version_for_all() -> None:
    document = tomllib.loads(printed())
    assert list(document) == ["webhooks"]
    assert set(document["webhooks"]) == {"api_version", "subscriptions"}
    assert document["webhooks"]["api_version"] == "2026-10"


def test_the_topics_are_those_that_the_routes_take() -> None:
    found = subscriptions()
    assert set(found) == {"orders", "app", "compliance"}
    assert {"orders/create", "orders/updated", "orders/cancelled"} <= set(found["orders"]["topics"]) <= ORDER_TOPICS
    assert set(found["app"]["topics"]) <= APP_TOPICS
    assert set(found["compliance"]["compliance_topics"]) == COMPLIANCE_TOPICS
    assert "topics" not in found["compliance"]


@pytest.mark.parametrize("words", [(), ("--uri", "/webhooks/shopify/demo"), ("--uri", "/webhooks/shopify/")])
def test_the_addresses_are_those_that_are_served(words: tuple[str, ...]) -> None:
    app = Flask("described")
    app.register_blueprint(webhooks.blueprint(cast(Any, SimpleNamespace(platforms=PLATFORMS))))
    routes = app.url_map.bind("parcelveil.example", url_scheme="https")
    for entry in subscriptions(*words).values():
        rule, _ = routes.match(entry["uri"], method="POST")
        assert rule.rpartition("_")[2] == entry["uri"].rpartition("/")[2]


def test_an_address_of_its_own_can_be_given() -> None:
    asked = subscriptions("--uri", "https://parcelveil.example/webhooks/shopify/")
    assert {entry["uri"] for entry in asked.values()} == {
        f"https://parcelveil.example/webhooks/shopify/{kind}" for kind in ("orders", "app", "compliance")
    }


@pytest.mark.parametrize("uri", ['/x"', "webhooks", "http://parcelveil.example", "/a b", "/a\nb", "", "/é", "/a\\"])
def test_an_address_that_would_not_do_is_a_usage_error(uri: str) -> None:
    result = run("shopify-toml", "--uri", uri)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "a path such as /webhooks/shopify" in result.stderr


def narrowed(value: Any, paths: set[str]) -> Any:
    """What Shopify sends of a resource when it is asked for these fields."""
    if isinstance(value, list):
        return [narrowed(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    heads = {path.partition(".")[0] for path in paths}
    return {
        name: narrowed(inner, {path.partition(".")[2] for path in paths if path.startswith(f"{name}.")})
        for name, inner in value.items()
        if name in heads
    }


@pytest.mark.parametrize("name", sorted(path.name for path in ORDERS.glob("[0-9]*.json")))
def test_what_the_shop_then_sends_is_enough(name: str) -> None:
    """An order cut down to the fields that were asked for fares as the whole one."""
    order = json.loads((ORDERS / name).read_bytes())
    asked = narrowed(order, set(subscriptions()["orders"]["include_fields"]))
    words = (
        "inspect",
        "-",
        "--platform",
        "shopify",
        "--json",
        "--notify",
        "email",
        "--pickup-attribute",
        "pickup_point",
    )
    whole, cut = (json.loads(run(*words, stdin=json.dumps(body).encode()).stdout)[0] for body in (order, asked))
    same = ("status", "reason", "kept", "used", "index", "parts", "errors")
    assert {member: cut[member] for member in same} == {member: whole[member] for member in same}
    assert "token" not in asked


def test_the_example_of_a_whole_file_holds_exactly_this() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert text.endswith("\n\n" + printed())
    assert text.count("[webhooks]") == 1


def test_the_example_is_a_whole_file_that_asks_for_no_more_than_orders() -> None:
    document = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert {"name", "client_id", "application_url", "embedded", "auth", "access_scopes", "webhooks"} == set(document)
    assert document["access_scopes"] == {"scopes": "read_orders"}
    assert document["application_url"].startswith("https://")
    assert not document["application_url"].endswith("/")  # the paths of the webhooks are appended to it
