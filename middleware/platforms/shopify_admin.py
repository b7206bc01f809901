"""The tracking number of an order, back to Shopify: its Admin API (GraphQL), spoken without I/O.

look ─▶ create ─▶ look ─▶ … ─▶ nothing left      or: look ─▶ put another number in the place of the former one
                                                 or: look ─▶ cancel what has a number that is taken back ─▶ look ─▶ …

It is looked before anything is made, so that what was made before a stop is never made twice: an order that is
fulfilled or cancelled is done. Every fulfilment order that can be fulfilled gets a fulfilment with the number; nobody
is notified. A fulfilment that is cancelled leaves its order open, to be fulfilled again; one that has other numbers
beside ours is for a person. Least scopes, for all of it: ``read_orders`` (the app has it for its webhooks) and
``write_merchant_managed_fulfillment_orders``. Nothing of a person is asked for, and no text of an answer is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final

from middleware.core.body import read
from middleware.errors import BodyError
from middleware.exchange import Failed, Refused, Request, Response
from middleware.model import ShopSettings
from middleware.model_back import Done, Event, Kind

VERSION: Final = "2026-10"
"""Of the Admin API: Shopify answers a version for a year at least."""

COMPANY: Final = "BPost"
"""As Shopify's list of tracking companies spells it: then it makes the link by itself."""

PATH: Final = f"/admin/api/{VERSION}/graphql.json"

LOOK: Final = (
    "query look($id: ID!) { order(id: $id) { cancelledAt displayFulfillmentStatus"
    " fulfillmentOrders(first: 20) { nodes { id status supportedActions { action } } }"
    " fulfillments(first: 20) { id status trackingInfo(first: 25) { number } } } }"
)
CREATE: Final = (
    "mutation create($fulfillment: FulfillmentInput!) { fulfillmentCreate(fulfillment: $fulfillment)"
    " { fulfillment { id } userErrors { field } } }"
)
UPDATE: Final = (
    "mutation update($id: ID!, $tracking: FulfillmentTrackingInput!) { fulfillmentTrackingInfoUpdate("
    "fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: false)"
    " { fulfillment { id } userErrors { field } } }"
)
CANCEL: Final = "mutation cancel($id: ID!) { fulfillmentCancel(id: $id) { fulfillment { id } userErrors { field } } }"
MADE: Final = ("fulfillmentCreate", "fulfillmentTrackingInfoUpdate", "fulfillmentCancel")

GARBAGE, USER_ERROR, ON_HOLD = "garbage", "user-error", "on-hold"
UNKNOWN_ORDER, NOTHING, ORDER_GONE = "unknown-order", "nothing-to-fulfil", "order-id-gone"
SHARED: Final = "other-numbers-beside"
"""Somebody put another number beside ours: what of it is to be cancelled is for a person."""

_ORDER: Final = re.compile(r"[0-9]{1,20}")
_GID: Final = re.compile(r"gid://shopify/[A-Za-z]+/[0-9]{1,20}(?:\?[A-Za-z0-9_=&-]{1,80})?")
_OPEN: Final = ("OPEN", "IN_PROGRESS")
_LATER: Final = ("ON_HOLD", "SCHEDULED")
_DEAD: Final = ("CANCELLED", "ERROR", "FAILURE")
_NO_WORK: Final = ("FULFILLED", "FULFILLMENT_NOT_REQUIRED", "RESTOCKED")
_CODES: Final = {"THROTTLED": "throttled", "ACCESS_DENIED": "access-denied"}
_LONGEST_WAIT: Final = 3600.0


class ShopifyAdmin:
    """The port ``Speaker``."""

    def origin(self, shop: ShopSettings) -> str | None:
        """The shop's own domain, or what was named in its place."""
        if shop.back.fulfilment is None:
            return None
        return shop.back.fulfilment.url or f"https://{shop.domain}"

    def start(
        self,
        event: Event,
        order: str | None,
        shop: ShopSettings,
        now: datetime,  # noqa: ARG002 - the port's signature
    ) -> Request | Refused:
        """The first look."""
        if event.kind is Kind.CREATED and event.barcode is None:
            return Refused(code=ORDER_GONE)
        if order is None or not _ORDER.fullmatch(order):
            return Refused(code=ORDER_GONE)
        return _asked(shop, LOOK, {"id": f"gid://shopify/Order/{order}"})

    def after(
        self, event: Event, order: str | None, shop: ShopSettings, response: Response
    ) -> Request | Done | Refused | Failed:
        """What is to be done about what was seen, or another look at what was done."""
        if response.status != 200:
            return Failed(code=f"http-{response.status}", retry_after=response.retry_after)
        try:
            document = read(response.body)
            if isinstance(document, dict) and document.get("errors"):
                return _error(document)
            data = _table(_table(document)["data"])
            if any(name in data for name in MADE):
                return self._again(data, order, shop)
            if data["order"] is None:
                return Refused(code=UNKNOWN_ORDER)
            return _next(_table(data["order"]), event, shop)
        except (BodyError, KeyError, TypeError, ValueError):
            return Failed(code=GARBAGE)

    def _again(self, data: Mapping[str, Any], order: str | None, shop: ShopSettings) -> Request | Failed:
        payload = _table(next(data[name] for name in MADE if name in data))
        if payload["userErrors"] or not payload["fulfillment"]:
            return Failed(code=USER_ERROR)
        return _asked(shop, LOOK, {"id": f"gid://shopify/Order/{order}"})


def _next(order: Mapping[str, Any], event: Event, shop: ShopSettings) -> Request | Done | Refused | Failed:
    """Raises: KeyError, TypeError, ValueError for what is not as it was asked for."""
    if order["cancelledAt"]:
        return Done()
    made = {_gid(one): set(_numbers(one)) for one in order["fulfillments"] if one["status"] not in _DEAD}
    if event.kind is Kind.CANCELLED:
        return _taken_back(made, event.formers, shop)
    tracking = {"company": COMPANY, "number": event.barcode}
    waiting = [(one["status"], one) for one in order["fulfillmentOrders"]["nodes"]]
    for id_, numbers in made.items():
        if numbers & event.formers and event.barcode not in numbers:
            if not numbers <= event.formers:
                return Refused(code=SHARED)  # an update would leave nothing of the other number
            return _asked(shop, UPDATE, {"id": id_, "tracking": tracking})
    for status, one in waiting:
        if status in _OPEN and any(each["action"] == "CREATE_FULFILLMENT" for each in one["supportedActions"]):
            lines = [{"fulfillmentOrderId": _gid(one)}]
            told = {"lineItemsByFulfillmentOrder": lines, "notifyCustomer": False, "trackingInfo": tracking}
            return _asked(shop, CREATE, {"fulfillment": told})
    if any(status in _LATER for status, _ in waiting):
        return Failed(code=ON_HOLD)
    return Done() if made or order["displayFulfillmentStatus"] in _NO_WORK else Refused(code=NOTHING)


def _taken_back(
    made: Mapping[str, AbstractSet[object]], dead: AbstractSet[object], shop: ShopSettings
) -> Request | Done | Refused:
    found = {id_: numbers for id_, numbers in made.items() if numbers & dead}
    ours = next((id_ for id_, numbers in found.items() if numbers <= dead), None)
    if ours is not None:
        return _asked(shop, CANCEL, {"id": ours})
    return Refused(code=SHARED) if found else Done()


def _numbers(fulfilment: Mapping[str, Any]) -> Iterator[object]:
    return (one["number"] for one in fulfilment["trackingInfo"])


def _asked(shop: ShopSettings, query: str, variables: Mapping[str, Any]) -> Request:
    token = shop.back.fulfilment.token if shop.back.fulfilment else ""
    headers = {"Content-Type": "application/json", "Accept": "application/json", "X-Shopify-Access-Token": token}
    return Request(
        method="POST",
        path=PATH,
        headers=headers,
        body=json.dumps({"query": query, "variables": variables}).encode(),
    )


def _error(document: Mapping[str, Any]) -> Failed:
    """One of its errors by its code; its text may hold anything. Raises: KeyError, TypeError."""
    found = [_table(_table(one).get("extensions") or {}) for one in document["errors"]]
    code = next((_CODES[one["code"]] for one in found if one.get("code") in _CODES), "graphql-error")
    return Failed(code=code, retry_after=_restored(document) if code == _CODES["THROTTLED"] else None)


def _restored(document: Mapping[str, Any]) -> float | None:
    """After how many seconds there is enough for what was asked, as the answer tells."""
    try:
        cost = document["extensions"]["cost"]
        status = cost["throttleStatus"]
        wait = (cost["requestedQueryCost"] - status["currentlyAvailable"]) / status["restoreRate"]
    except (KeyError, TypeError, ZeroDivisionError):
        return None
    return min(max(float(wait), 0.0), _LONGEST_WAIT)


def _gid(node: Mapping[str, Any]) -> str:
    id_ = node["id"]
    if not isinstance(id_, str) or not _GID.fullmatch(id_):
        raise ValueError("no id")
    return id_


def _table(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("no object")
    return value
