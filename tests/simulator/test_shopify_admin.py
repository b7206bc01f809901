"""The simulated Shopify refuses what the real one would: a second opinion on what is sent to it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simulator.message import Request
from simulator.shopify_admin import ShopifyAdmin, speaks

PATH = "/admin/api/2026-10/graphql.json"
LOOK = "query look($id: ID!) { order(id: $id) { cancelledAt fulfillmentOrders(first: 5) { nodes { id status } } } }"
CREATE = (
    "mutation make($fulfillment: FulfillmentInput!) "
    "{ fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { field message } } }"
)

CANCEL = "mutation undo($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { id status } userErrors { field } } }"


def asked(shopify: ShopifyAdmin, query: str, token: str = "t", **variables: Any) -> Any:
    body = json.dumps({"query": query, "variables": variables}).encode()
    answer = shopify.answer(Request(method="POST", target=PATH, headers={"x-shopify-access-token": token}, body=body))
    return json.loads(answer.body)


def test_an_order_is_there_when_it_is_asked_for_and_is_fulfilled_once() -> None:
    shopify = ShopifyAdmin()
    seen = asked(shopify, LOOK, id="gid://shopify/Order/7")["data"]["order"]
    (part,) = seen["fulfillmentOrders"]["nodes"]
    assert (seen["cancelledAt"], part["status"]) == (None, "OPEN")
    given = {"lineItemsByFulfillmentOrder": [{"fulfillmentOrderId": part["id"]}], "trackingInfo": {"number": "B"}}
    made = asked(shopify, CREATE, fulfillment=given)["data"]["fulfillmentCreate"]
    assert made["userErrors"] == []
    again = asked(shopify, CREATE, fulfillment=given)["data"]["fulfillmentCreate"]
    assert (again["fulfillment"], again["userErrors"][0]["field"]) == (None, ["fulfillment"])
    assert shopify.told()["7"]["status"] == "FULFILLED"


def test_what_was_fulfilled_can_be_cancelled_once_and_is_open_anew() -> None:
    shopify = ShopifyAdmin()
    order = shopify.order(7, "OPEN", "ON_HOLD")
    closed = next(iter(order.parts))
    part = {"fulfillmentOrderId": f"gid://shopify/FulfillmentOrder/{closed}"}
    given = {"lineItemsByFulfillmentOrder": [part], "trackingInfo": {"number": "B"}}
    id_ = asked(shopify, CREATE, fulfillment=given)["data"]["fulfillmentCreate"]["fulfillment"]["id"]
    assert order.status() == "PARTIALLY_FULFILLED"
    shopify.uncancellable = True
    assert asked(shopify, CANCEL, id=id_)["data"]["fulfillmentCancel"]["userErrors"] == [{"field": ["id"]}]
    shopify.uncancellable = False
    done = asked(shopify, CANCEL, id=id_)["data"]["fulfillmentCancel"]
    assert done == {"fulfillment": {"id": id_, "status": "CANCELLED"}, "userErrors": []}
    assert (order.status(), order.parts[closed], [*order.parts.values()][1:]) == (
        "UNFULFILLED",
        "CLOSED",
        ["ON_HOLD", "OPEN"],
    )
    for again in (id_, "gid://shopify/Fulfillment/999"):
        refused = asked(shopify, CANCEL, id=again)["data"]["fulfillmentCancel"]
        assert (refused["fulfillment"], refused["userErrors"]) == (None, [{"field": ["id"]}])


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("", {}),
        ("query", {}),
        ("{ order }", {}),
        (LOOK, {}),
        (LOOK, {"id": "7"}),
        (LOOK, {"id": "gid://shopify/Product/7"}),
        (LOOK.replace("cancelledAt", "email"), {"id": "gid://shopify/Order/7"}),
        (LOOK.replace("{ id status }", ""), {"id": "gid://shopify/Order/7"}),
        (LOOK.replace("id status", "id { of } status"), {"id": "gid://shopify/Order/7"}),
        (LOOK.replace("ID!", "Int!"), {"id": "gid://shopify/Order/7"}),
        (LOOK + " ?", {"id": "gid://shopify/Order/7"}),
        (CREATE, {"fulfillment": {"lineItemsByFulfillmentOrder": [], "email": "x"}}),
        (CREATE.replace("mutation", "query"), {"fulfillment": {}}),
        (CANCEL, {"id": "gid://shopify/Order/7"}),
        (CANCEL.replace("ID!", "Int!"), {"id": "gid://shopify/Fulfillment/7"}),
    ],
)
def test_what_is_not_there_is_an_error(query: str, variables: dict[str, Any]) -> None:
    assert asked(ShopifyAdmin(), query, **variables)["errors"]


def test_without_a_token_nothing_opens() -> None:
    assert "Invalid API key" in asked(ShopifyAdmin(), LOOK, token="")["errors"]
    assert "Invalid API key" in asked(ShopifyAdmin("other"), LOOK)["errors"]
    assert speaks(PATH)
    assert not speaks("/admin/api/2026-11/graphql.json")
