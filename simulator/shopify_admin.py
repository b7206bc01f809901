"""A simulated Shopify, as far as the fulfilment of orders goes: its Admin API (GraphQL), in memory.

An order that nobody told of is there when it is first asked for, with one fulfilment order that is open: so it can be
tried with any order. It shares no code with Parcelveil: what it takes and refuses stands here, after Shopify's
documentation of version 2026-10.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from simulator.graphql import Field, Mistaken, chosen, parse
from simulator.message import Answer, Request, as_json

ROUTE = re.compile(r"/admin/api/20[0-9]{2}-(?:01|04|07|10)/graphql\.json")
TYPES = {"ID!", "FulfillmentInput!", "FulfillmentTrackingInput!", "Boolean"}
INPUT = {"lineItemsByFulfillmentOrder", "notifyCustomer", "originAddress", "trackingInfo"}
TRACKING = {"company", "number", "numbers", "url", "urls"}
COST = 12
_GID = re.compile(r"gid://shopify/(Order|FulfillmentOrder|Fulfillment)/([0-9]+)")

Json = dict[str, Any]


@dataclass
class Order:
    """An order: its fulfilment orders by id with their status, and the fulfilments that were made, with what of the
    former each of them fulfils (``of``).
    """

    cancelled: bool = False
    parts: dict[int, str] = field(default_factory=dict)
    made: list[Json] = field(default_factory=list)
    of: dict[str, int] = field(default_factory=dict)

    def status(self) -> str:
        """As the list of orders shows it."""
        live = self.live()
        if all(status in ("CLOSED", "CANCELLED") for status in self.parts.values()):
            return "FULFILLED" if live else "UNFULFILLED"
        return "PARTIALLY_FULFILLED" if live else "UNFULFILLED"

    def live(self) -> list[Json]:
        """The fulfilments that nobody cancelled."""
        return [one for one in self.made if one["status"] != "CANCELLED"]


class ShopifyAdmin:
    """The API. With ``token`` no other opens it; ``throttle`` answers so many more are throttled; what is fulfilled
    stays so where it is ``uncancellable``.
    """

    def __init__(self, token: str | None = None) -> None:
        self.orders: dict[int, Order] = {}
        self.token, self.throttle, self.missing, self.uncancellable = token, 0, False, False
        self.notified = 0
        self._ids, self._lock = count(1), threading.Lock()

    def order(self, number: int, *parts: str) -> Order:
        """The order of that number, made with fulfilment orders of these statuses."""
        if number not in self.orders:
            self.orders[number] = Order(parts={next(self._ids): status for status in parts or ("OPEN",)})
        return self.orders[number]

    def answer(self, request: Request) -> Answer:
        """What Shopify says."""
        given = request.headers.get("x-shopify-access-token", "")
        if request.method != "POST":
            return as_json({"errors": "Not Found"}, 404)
        if not given or (self.token is not None and given != self.token):
            return as_json({"errors": "[API] Invalid API key or access token"}, 401)
        with self._lock:
            if self.throttle:
                self.throttle -= 1
                return as_json({"errors": [_error("THROTTLED")], "extensions": _cost(0)})
            try:
                asked = json.loads(request.body)
                return as_json({"data": self._carried_out(asked), "extensions": _cost(1000)})
            except (Mistaken, ValueError, KeyError, TypeError, AttributeError):
                return as_json({"errors": [_error("undefinedField")]})

    def told(self) -> Json:
        """What was made, by order: tracking numbers, and what of it stands."""
        return {
            str(number): {"status": one.status(), "parts": [*one.parts.values()], "fulfillments": one.made}
            for number, one in self.orders.items()
        }

    def _carried_out(self, asked: Mapping[str, Any]) -> Json:
        operation = parse(asked["query"], asked["variables"])
        if not set(operation.types.values()) <= TYPES or len(operation.fields) != 1:
            raise Mistaken()
        one = operation.fields[0]
        acts = {"order": self._order} if operation.kind == "query" else self._mutations()
        return {one.name: chosen(acts[one.name](one), one.beneath)}

    def _mutations(self) -> Mapping[str, Any]:
        return {
            "fulfillmentCreate": self._create,
            "fulfillmentTrackingInfoUpdate": self._update,
            "fulfillmentCancel": self._cancel,
        }

    def _order(self, asked: Field) -> Json | None:
        number = _number(asked.arguments["id"], "Order")
        if self.missing:
            return None
        order = self.order(number)
        parts = [_part(id_, status) for id_, status in order.parts.items()]
        return {
            "id": asked.arguments["id"],
            "cancelledAt": "2026-11-22T10:00:00Z" if order.cancelled else None,
            "displayFulfillmentStatus": order.status(),
            "fulfillmentOrders": {"nodes": parts},
            "fulfillments": [{**one, "trackingInfo": [one["trackingInfo"]]} for one in order.made],
        }

    def _create(self, asked: Field) -> Json:
        given = asked.arguments["fulfillment"]
        if not set(given) <= INPUT or not set(given.get("trackingInfo", {})) <= TRACKING:
            raise Mistaken()
        numbers = [
            _number(one["fulfillmentOrderId"], "FulfillmentOrder") for one in given["lineItemsByFulfillmentOrder"]
        ]
        holders = [order for order in self.orders.values() if set(numbers) <= set(order.parts)]
        if not numbers or not holders or any(holders[0].parts[one] not in ("OPEN", "IN_PROGRESS") for one in numbers):
            return _refused("fulfillment")
        self.notified += bool(given.get("notifyCustomer"))
        for one in numbers:
            holders[0].parts[one] = "CLOSED"
        made = {"id": f"gid://shopify/Fulfillment/{next(self._ids)}", "status": "SUCCESS"}
        holders[0].made.append({**made, "trackingInfo": dict(given["trackingInfo"])})
        holders[0].of[made["id"]] = len(numbers)
        return {"fulfillment": made, "userErrors": []}

    def _update(self, asked: Field) -> Json:
        given = asked.arguments
        if not set(given["trackingInfoInput"]) <= TRACKING:
            raise Mistaken()
        for order in self.orders.values():
            for made in order.made:
                if made["id"] == given["fulfillmentId"]:
                    made["trackingInfo"] = dict(given["trackingInfoInput"])
                    self.notified += bool(given.get("notifyCustomer"))
                    return {"fulfillment": {"id": made["id"], "status": made["status"]}, "userErrors": []}
        return _refused("fulfillmentId")

    def _cancel(self, asked: Field) -> Json:
        """What it fulfilled stays closed, and is there anew as another fulfilment order, open to be fulfilled."""
        id_ = asked.arguments["id"]
        _number(id_, "Fulfillment")
        if self.uncancellable:
            return _refused("id")
        for order in self.orders.values():
            for made in order.live():
                if made["id"] == id_:
                    made["status"] = "CANCELLED"
                    order.parts |= {next(self._ids): "OPEN" for _ in range(order.of.get(id_, 1))}
                    return {"fulfillment": {"id": id_, "status": made["status"]}, "userErrors": []}
        return _refused("id")


def speaks(path: str) -> bool:
    """Whether a path is one of the Admin API."""
    return ROUTE.fullmatch(path) is not None


def _part(id_: int, status: str) -> Json:
    actions = {
        "OPEN": ["CREATE_FULFILLMENT", "HOLD"],
        "IN_PROGRESS": ["CREATE_FULFILLMENT"],
        "ON_HOLD": ["RELEASE_HOLD"],
    }
    told = [{"action": action, "externalUrl": None} for action in actions.get(status, [])]
    return {"id": f"gid://shopify/FulfillmentOrder/{id_}", "status": status, "supportedActions": told}


def _number(gid: object, kind: str) -> int:
    found = _GID.fullmatch(gid) if isinstance(gid, str) else None
    if found is None or found.group(1) != kind:
        raise Mistaken()
    return int(found.group(2))


def _refused(name: str) -> Json:
    return {"fulfillment": None, "userErrors": [{"field": [name], "message": "It cannot be done for this one."}]}


def _error(code: str) -> Json:
    return {"message": code.title(), "extensions": {"code": code}}


def _cost(available: int) -> Json:
    status = {"maximumAvailable": 1000.0, "currentlyAvailable": available, "restoreRate": 50.0}
    return {
        "cost": {"requestedQueryCost": COST, "actualQueryCost": COST if available else None, "throttleStatus": status}
    }
