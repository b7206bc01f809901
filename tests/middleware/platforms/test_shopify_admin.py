"""The tracking number back to Shopify: looked for first, made once for what is open, and no more is asked or told."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from middleware.exchange import Failed, Refused, Request, Response
from middleware.model_back import Back, Done, Event, Fulfilment, Kind
from middleware.platforms.shopify_admin import CANCEL, COMPANY, CREATE, LOOK, PATH, UPDATE, ShopifyAdmin
from simulator import message, shopify_admin
from tests.middleware.core.made_up import NOW
from tests.middleware.core.test_standard_webhooks import EVENT
from tests.middleware.platforms.making import settings

TOKEN = "shpat_made_up"
SHOP = settings(back=Back(fulfilment=Fulfilment(token=TOKEN)))
ORDER = 5_123_456_789_012
CANARY = "k4n4rie"
SPEAKER = ShopifyAdmin()


@dataclass
class Talk:
    """A conversation with the simulated Shopify, to its end."""

    shopify: shopify_admin.ShopifyAdmin = field(default_factory=lambda: shopify_admin.ShopifyAdmin(TOKEN))
    asked: list[Request] = field(default_factory=list)

    def end(self, event: Event = EVENT, *, most: int = 12) -> Any:
        said: Any = SPEAKER.start(event, str(ORDER), SHOP, NOW)
        while isinstance(said, Request) and len(self.asked) < most:
            self.asked.append(said)
            headers = {name.lower(): value for name, value in said.headers.items()}
            answer = self.shopify.answer(
                message.Request(method=said.method, target=said.path, headers=headers, body=said.body or b"")
            )
            said = SPEAKER.after(event, str(ORDER), SHOP, Response(status=answer.status, headers={}, body=answer.body))
        return said

    @property
    def verbs(self) -> list[str]:
        return [json.loads(one.body or b"")["query"].split("(")[0] for one in self.asked]

    def numbers(self) -> list[str]:
        return [one["trackingInfo"]["number"] for one in self.shopify.orders[ORDER].made]


def test_an_open_order_gets_its_number_and_nobody_is_notified() -> None:
    talk = Talk()
    assert talk.end() == Done()
    assert talk.verbs == ["query look", "mutation create", "query look"]
    (made,) = talk.shopify.orders[ORDER].made
    assert made["trackingInfo"] == {"company": COMPANY, "number": EVENT.barcode}
    assert (talk.shopify.orders[ORDER].status(), talk.shopify.notified) == ("FULFILLED", 0)
    assert {one.path for one in talk.asked} == {PATH}
    assert {one.headers["X-Shopify-Access-Token"] for one in talk.asked} == {TOKEN}
    assert SPEAKER.origin(SHOP) == "https://demo.myshopify.com"


def test_told_again_nothing_is_made_twice() -> None:
    talk = Talk()
    talk.end()
    assert talk.end() == Done()
    assert talk.numbers() == [EVENT.barcode]
    assert talk.verbs[3:] == ["query look"]


def test_a_stop_after_each_request_ends_in_one_fulfilment_for_each_part() -> None:
    """Killed wherever it may be: the next attempt looks, and makes what lacks."""
    talk = Talk()
    talk.shopify.order(ORDER, "OPEN", "IN_PROGRESS", "CLOSED")
    for most in range(1, 6):
        talk.asked.clear()
        talk.end(most=most)
    talk.asked.clear()
    assert talk.end() == Done()
    assert talk.numbers() == [EVENT.barcode] * 2


def test_what_is_partly_fulfilled_by_somebody_else_gets_the_rest() -> None:
    talk = Talk()
    order = talk.shopify.order(ORDER, "CLOSED", "OPEN")
    order.made.append({"id": "gid://shopify/Fulfillment/9", "status": "SUCCESS", "trackingInfo": {"number": "OTHER"}})
    assert talk.end() == Done()
    assert talk.numbers() == ["OTHER", EVENT.barcode]


@pytest.mark.parametrize("status", ["ON_HOLD", "SCHEDULED"])
def test_what_is_on_hold_waits(status: str) -> None:
    talk = Talk()
    talk.shopify.order(ORDER, status)
    assert talk.end() == Failed(code="on-hold")
    assert talk.verbs == ["query look"]


def test_a_cancelled_order_and_a_fulfilled_one_are_done() -> None:
    talk = Talk()
    talk.shopify.order(ORDER).cancelled = True
    assert talk.end() == Done()
    assert talk.verbs == ["query look"]
    talk = Talk()
    order = talk.shopify.order(ORDER, "CLOSED")
    order.made.append({"id": "gid://shopify/Fulfillment/9", "status": "SUCCESS", "trackingInfo": {"number": None}})
    assert talk.end() == Done()
    assert talk.verbs == ["query look"]


@pytest.mark.parametrize("parts", [("CANCELLED",), ("INCOMPLETE",), ("CANCELLED", "INCOMPLETE")])
def test_where_nothing_can_be_fulfilled_it_is_for_a_person(parts: tuple[str, ...]) -> None:
    talk = Talk()
    talk.shopify.order(ORDER, *parts)
    assert talk.end() == Refused(code="nothing-to-fulfil")


def test_the_number_of_the_parcel_that_it_replaces_is_replaced() -> None:
    talk = Talk()
    talk.end(replace(EVENT, barcode="FORMER"))
    assert talk.end(replace(EVENT, formers=frozenset({"OLDER", "FORMER"}))) == Done()
    assert talk.numbers() == [EVENT.barcode]
    assert talk.verbs[3:] == ["query look", "mutation update", "query look"]
    assert talk.shopify.notified == 0


def taken_back(*numbers: str) -> Event:
    """A shipment was cancelled and none came in its place: these numbers are dead."""
    return replace(EVENT, kind=Kind.CANCELLED, barcode=None, formers=frozenset(numbers))


def test_the_fulfilment_of_a_cancelled_parcel_is_cancelled_and_its_order_is_open_again() -> None:
    talk = Talk()
    talk.shopify.order(ORDER, "OPEN", "IN_PROGRESS")
    talk.end()
    talk.asked.clear()
    assert talk.end(taken_back("OLDER", str(EVENT.barcode))) == Done()
    assert talk.verbs == ["query look", *["mutation cancel", "query look"] * 2]
    order = talk.shopify.orders[ORDER]
    assert (order.live(), order.status(), talk.shopify.notified) == ([], "UNFULFILLED", 0)
    talk.asked.clear()
    assert (talk.end(taken_back("OLDER", str(EVENT.barcode))), talk.verbs) == (Done(), ["query look"])
    assert talk.end(replace(EVENT, barcode="NEXT")) == Done()
    assert [one["trackingInfo"]["number"] for one in order.live()] == ["NEXT"] * 2


def test_a_stop_after_each_request_of_taking_back_ends_without_the_number() -> None:
    talk = Talk()
    talk.shopify.order(ORDER, "OPEN", "OPEN")
    talk.end()
    for most in range(1, 5):
        talk.asked.clear()
        talk.end(taken_back(str(EVENT.barcode)), most=most)
    assert talk.shopify.orders[ORDER].live() == []


def test_only_what_has_a_dead_number_is_cancelled() -> None:
    talk = Talk()
    order = talk.shopify.order(ORDER, "CLOSED", "CLOSED")
    for id_, number in ((8, "OF-THE-MERCHANT"), (9, "LIVE")):
        given = {"id": f"gid://shopify/Fulfillment/{id_}", "status": "SUCCESS", "trackingInfo": {"number": number}}
        order.made.append(given)
    assert (talk.end(taken_back("DEAD")), talk.verbs) == (Done(), ["query look"])
    assert talk.end(taken_back()) == Done()
    assert len(order.live()) == 2


def test_of_an_order_that_its_shop_cancelled_nothing_is_taken_back() -> None:
    talk = Talk()
    talk.end()
    talk.shopify.orders[ORDER].cancelled = True
    talk.asked.clear()
    assert (talk.end(taken_back(str(EVENT.barcode))), talk.verbs) == (Done(), ["query look"])


def test_what_shopify_does_not_let_be_cancelled_is_tried_again() -> None:
    talk = Talk()
    talk.end()
    talk.shopify.uncancellable = True
    assert talk.end(taken_back(str(EVENT.barcode))) == Failed(code="user-error")
    assert talk.numbers() == [EVENT.barcode]


@pytest.mark.parametrize("event", [taken_back("DEAD"), replace(EVENT, formers=frozenset({"DEAD"}))])
def test_a_fulfilment_with_another_number_beside_ours_is_for_a_person(event: Event) -> None:
    numbers = [{"number": "DEAD"}, {"number": "OF-THE-MERCHANT"}]
    made = {"id": "gid://shopify/Fulfillment/9", "status": "SUCCESS", "trackingInfo": numbers}
    body = json.dumps({"data": {"order": {**LOOKED, "fulfillments": [made]}}}).encode()
    said = SPEAKER.after(event, str(ORDER), SHOP, Response(status=200, headers={}, body=body))
    assert said == Refused(code="other-numbers-beside")


def test_without_the_id_of_the_order_nothing_is_taken_back() -> None:
    assert SPEAKER.start(taken_back("DEAD"), None, SHOP, NOW) == Refused(code="order-id-gone")
    assert isinstance(SPEAKER.start(taken_back("DEAD"), str(ORDER), SHOP, NOW), Request)


def test_a_cancelled_fulfilment_is_none() -> None:
    talk = Talk()
    order = talk.shopify.order(ORDER, "OPEN")
    order.made.append(
        {"id": "gid://shopify/Fulfillment/9", "status": "CANCELLED", "trackingInfo": {"number": "FORMER"}}
    )
    assert talk.end(replace(EVENT, formers=frozenset({"OLDER", "FORMER"}))) == Done()
    assert talk.numbers() == ["FORMER", EVENT.barcode]


def test_an_order_that_is_not_there_is_for_a_person() -> None:
    talk = Talk()
    talk.shopify.missing = True
    assert talk.end() == Refused(code="unknown-order")


def test_when_throttled_it_waits_as_long_as_the_cost_tells() -> None:
    talk = Talk()
    talk.shopify.throttle = 1
    assert talk.end() == Failed(code="throttled", retry_after=12 / 50)
    assert talk.end() == Done()


def test_a_wrong_token_is_told_by_its_status() -> None:
    assert Talk(shopify_admin.ShopifyAdmin("another")).end() == Failed(code="http-401")


@pytest.mark.parametrize("order", [None, "", "12a", "gid://shopify/Order/1", '1") { x }', "1" * 21])
def test_without_the_id_of_the_order_nothing_is_asked(order: str | None) -> None:
    assert SPEAKER.start(EVENT, order, SHOP, NOW) == Refused(code="order-id-gone")
    assert SPEAKER.start(replace(EVENT, barcode=None), str(ORDER), SHOP, NOW) == Refused(code="order-id-gone")


def heard(status: int, body: object, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return SPEAKER.after(EVENT, str(ORDER), SHOP, Response(status=status, headers=headers, body=content))


@pytest.mark.parametrize("status", [301, 401, 402, 403, 404, 423, 429, 500, 503])
def test_another_status_is_tried_again(status: int) -> None:
    assert heard(status, CANARY.encode()) == Failed(code=f"http-{status}")
    assert heard(status, b"", **{"retry-after": "2"}) == Failed(code=f"http-{status}", retry_after=2.0)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("THROTTLED", "throttled"),
        ("ACCESS_DENIED", "access-denied"),
        (CANARY, "graphql-error"),
        (None, "graphql-error"),
    ],
)
def test_an_error_is_told_by_a_word_of_ours(code: str | None, told: str) -> None:
    errors = [{"message": CANARY, "extensions": {"code": code}}]
    assert heard(200, {"errors": errors, "data": None}) == Failed(code=told)
    cost = {"cost": {"requestedQueryCost": 1e9, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 1}}}
    wait = 3600.0 if told == "throttled" else None
    assert heard(200, {"errors": errors, "extensions": cost}) == Failed(code=told, retry_after=wait)
    assert heard(200, {"errors": [{"message": CANARY}]}) == Failed(code="graphql-error")


LOOKED: dict[str, Any] = {
    "cancelledAt": None,
    "displayFulfillmentStatus": "UNFULFILLED",
    "fulfillments": [],
    "fulfillmentOrders": {"nodes": []},
}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"data": 7}',
        b'{"data": {"order": 7}}',
        {"data": {}},
        {"data": {"order": {}}},
        {"data": {"order": {**LOOKED, "fulfillmentOrders": None}}},
        {"data": {"order": {**LOOKED, "fulfillments": [{"status": "SUCCESS", "id": 7, "trackingInfo": []}]}}},
        {
            "data": {
                "order": {
                    **LOOKED,
                    "fulfillmentOrders": {
                        "nodes": [
                            {"id": CANARY, "status": "OPEN", "supportedActions": [{"action": "CREATE_FULFILLMENT"}]}
                        ]
                    },
                }
            }
        },
        {"data": {"fulfillmentCreate": None}},
        {"data": {"fulfillmentCreate": {}}},
        {"errors": [7]},
        {"errors": "Not Found"},
        {"errors": [{"extensions": "x"}]},
        {"errors": [{"extensions": ["x"]}]},
    ],
)
def test_what_is_no_answer_is_tried_again(body: object) -> None:
    assert heard(200, body) == Failed(code="garbage")


LEFT: dict[str, Any] = {
    "order": {
        **LOOKED,
        "fulfillmentOrders": {
            "nodes": [
                {
                    "id": "gid://shopify/FulfillmentOrder/1",
                    "status": "OPEN",
                    "supportedActions": [{"action": "CREATE_FULFILLMENT"}],
                }
            ]
        },
        "fulfillments": [
            {"id": "gid://shopify/Fulfillment/9", "status": "SUCCESS", "trackingInfo": [{"number": "FORMER"}]}
        ],
    }
}
COST = {"requestedQueryCost": 12, "throttleStatus": {"currentlyAvailable": 0, "restoreRate": 50}}
WHOLE: dict[str, dict[str, Any]] = {
    "look": {"data": LEFT},
    "create": {"data": {"fulfillmentCreate": {"fulfillment": {"id": "gid"}, "userErrors": []}}},
    "cancel": {"data": {"fulfillmentCancel": {"fulfillment": {"id": "gid"}, "userErrors": []}}},
    "throttled": {"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": COST}},
}
ODD: list[Any] = [None, False, True, 0, -7, 1e308, "", "x", [], ["x"], [[]], [7], {}, {"x": 1}]


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document, as where it is and under what."""
    inside = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(inside):
        yield document, key
        if isinstance(value, dict | list):
            yield from places(value)


@pytest.mark.parametrize("whole", WHOLE)
@pytest.mark.parametrize("kind", [Kind.CREATED, Kind.CANCELLED])
def test_whatever_stands_at_any_place_of_an_answer_it_is_heard(whole: str, kind: Kind) -> None:
    """An error that nobody expects would end the process, and with it what all other shops are told."""
    event = replace(EVENT, kind=kind, formers=frozenset(("FORMER",)))
    document = copy.deepcopy(WHOLE[whole])
    outcomes = set()
    for holder, key in places(document):
        kept = holder[key]
        for odd in ODD:
            holder[key] = odd
            response = Response(status=200, headers={}, body=json.dumps(document).encode())
            said = SPEAKER.after(event, str(ORDER), SHOP, response)
            assert isinstance(said, Request | Done | Refused | Failed)
            outcomes.add(said.code if isinstance(said, Failed) else type(said).__name__)
        holder[key] = kept
    assert document == WHOLE[whole]
    assert {"garbage", "throttled" if whole == "throttled" else "Request"} <= outcomes


def test_what_shopify_cannot_do_is_tried_again_without_its_words() -> None:
    refused = {"fulfillment": None, "userErrors": [{"field": ["fulfillment"], "message": CANARY}]}
    assert heard(200, {"data": {"fulfillmentCreate": refused}}) == Failed(code="user-error")


def test_nothing_of_a_person_is_asked_for() -> None:
    words = set(re.findall(r"[A-Za-z]+", f"{LOOK} {CREATE} {UPDATE} {CANCEL}"))
    personal = "customer|email|phone|address|name|note|destination|recipient|lineItems|message|billing|shipping|client"
    assert {word for word in words if re.search(personal, word, re.I)} == {"notifyCustomer"}


def test_the_token_is_in_no_word_about_the_shop() -> None:
    assert TOKEN not in f"{SHOP!r} {SHOP.back!r} {SHOP.back.fulfilment!r} {SPEAKER.start(EVENT, '1', SHOP, NOW)!r}"
