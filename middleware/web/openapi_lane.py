"""The plug-in lane's part of the description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from middleware.core.calling import DEFAULT_WAIT, LONGEST_WAIT

PREFIX = "/v1/shops/{shop}/shipments"

Problem = Callable[[str], Mapping[str, Any]]

_SHOP = {"in": "path", "name": "shop", "required": True, "schema": {"type": "string"}}
_ID = {**_SHOP, "name": "id", "description": "Our id of the record"}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string"},
    "description": "A string in quotation marks, of 1 to 255 printable ASCII characters: one for each shipment",
}
_PREFER = {
    "in": "header",
    "name": "Prefer",
    "schema": {"type": "string", "examples": ["wait=10"]},
    "description": f"RFC 7240: how many seconds to wait, {DEFAULT_WAIT} by default, {LONGEST_WAIT} at most",
}
_WHO = "Not the shop's token, or no such shop: always alike"
_OURS = "A fault of ours, or the shop is paused: try again"


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield PREFIX, {"post": _make(problem)}
    yield f"{PREFIX}/{{id}}", {"delete": _cancel(problem)}
    yield f"{PREFIX}/{{id}}/label", {"get": _label(problem)}


def _make(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Make a shipment, and wait a little for its barcode",
        "description": "The same key with the same body gets the first answer again, for 30 days.",
        "security": [{"shop": []}],
        "parameters": [_SHOP, _KEY, _PREFER],
        "requestBody": {"required": True, "content": _json("PluginShipment")},
        "responses": {
            "201": {"description": "The parcel platform has it: with barcode and label", "content": _json("Made")},
            "202": {"description": "It is stored, and goes out; ask where `status` says", "content": _json("Made")},
            "400": problem("No key, a malformed one, or a body that is not strict JSON"),
            "401": problem(_WHO),
            "409": problem("In hand, cancelled, an older version, or too late to change"),
            "410": problem("What was sent under this key is erased"),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem("Not the permitted form, or a key that was used for another content"),
            "503": problem(_OURS),
        },
    }


def _cancel(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Cancel a shipment, and with it its order for good",
        "security": [{"shop": []}],
        "parameters": [_SHOP, _ID, _PREFER],
        "responses": {
            "200": {"description": "Nothing of it goes out any more", "content": _json("ShipmentStatus")},
            "202": {"description": "The parcel platform is being asked", "content": _json("ShipmentStatus")},
            "400": problem("A body where none is read"),
            "401": problem(_WHO),
            "404": problem("There is no such shipment in this shop"),
            "409": problem("Too late: the parcel is on its way"),
            "503": problem(_OURS),
        },
    }


def _label(problem: Problem) -> Mapping[str, Any]:
    pdf = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}
    return {
        "summary": "The label, fetched from the parcel platform and never stored",
        "security": [{"shop": []}],
        "parameters": [_SHOP, _ID],
        "responses": {
            "200": {"description": "The label", "content": pdf},
            "401": problem(_WHO),
            "404": problem("There is no such shipment in this shop"),
            "409": problem("There is none yet"),
            "410": problem("There is none any more"),
            "503": problem("The parcel platform did not give it: try again"),
        },
    }


def _json(schema: str) -> Mapping[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
