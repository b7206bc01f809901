"""The plug-in lane's part of the description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from middleware.core.calling import DEFAULT_WAIT, LONGEST_WAIT

PREFIX = "/v1/shops/{shop}/shipments"

Problem = Callable[[str], Mapping[str, Any]]

SHOP = {"in": "path", "name": "shop", "required": True, "schema": {"type": "string"}}
ID = {**SHOP, "name": "id", "description": "Our id of the record"}
KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string"},
    "description": "A string in quotation marks, of 1 to 255 printable ASCII characters: one for each shipment",
}
PREFER = {
    "in": "header",
    "name": "Prefer",
    "schema": {"type": "string"},
    "description": f"RFC 7240: how many seconds to wait, {DEFAULT_WAIT} by default, {LONGEST_WAIT} at most",
}
WHO = "Not the shop's token, or no such shop: always alike"
OURS = "A fault of ours, or the shop is paused: try again"


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield PREFIX, {"post": _make(problem)}
    yield f"{PREFIX}/{{id}}", {"delete": _cancel(problem)}
    yield f"{PREFIX}/{{id}}/tracking", {"get": _tracking(problem)}


def _make(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Make a shipment, and wait a little for its barcode",
        "description": "The same key with the same body gets the first answer again, for 30 days.",
        "security": [{"shop": []}],
        "parameters": [SHOP, KEY, PREFER],
        "requestBody": {"required": True, "content": as_json("PluginShipment")},
        "responses": {
            "201": {"description": "The parcel platform has it: with barcode and label", "content": as_json("Made")},
            "202": {"description": "It is stored, and goes out; ask where `status` says", "content": as_json("Made")},
            "400": problem("No key, a malformed one, or a body that is not strict JSON"),
            "401": problem(WHO),
            "403": problem("This shop's shipments are made of webhooks, or its policy is not for parcels"),
            "409": problem("In hand, cancelled, an older version, too late to change, or legally held as it is"),
            "410": problem("What was sent under this key is erased"),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem("Not the permitted form, or a key that was used for another content"),
            "503": problem(OURS),
        },
    }


def _cancel(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Cancel a shipment, and with it its order for good",
        "security": [{"shop": []}],
        "parameters": [SHOP, ID, PREFER],
        "responses": {
            "200": {"description": "Nothing of it goes out any more", "content": as_json("ShipmentStatus")},
            "202": {"description": "The parcel platform is being asked", "content": as_json("ShipmentStatus")},
            "400": problem("A body where none is read"),
            "401": problem(WHO),
            "403": problem("The policy of this shop is not for parcels"),
            "404": problem("There is no such shipment in this shop"),
            "409": problem("Too late to cancel it over there; or a legal hold keeps what the parcel platform has"),
            "503": problem(OURS),
        },
    }


def _tracking(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "How far the parcel is, asked of the parcel platform and never stored",
        "description": "States, codes and times alone: whatever else the parcel platform tells of people is dropped.",
        "security": [{"shop": []}],
        "parameters": [SHOP, ID],
        "responses": {
            "200": {"description": "Its way so far, as it is told now", "content": as_json("Journey")},
            "400": problem("A query where none is read"),
            "401": problem(WHO),
            "404": problem("There is no such shipment in this shop, or its parcels are not followed here"),
            "409": problem("The parcel platform knows of no such parcel, or not yet"),
            "410": problem("There is no parcel any more"),
            "503": problem("The parcel platform did not tell: try again when `Retry-After` says"),
        },
    }


def as_json(schema: str) -> Mapping[str, Any]:
    """A body of that schema."""
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
