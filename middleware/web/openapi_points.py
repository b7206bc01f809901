"""The part of the description that tells of pick-up points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from middleware.core.places import DAYS, LONGEST_TEXT
from middleware.exchange import Kind
from middleware.web.openapi_admin import SHOP
from middleware.web.points import COUNTRY, DEFAULT_COUNTRY, DEFAULT_LIMIT, FRESH_SECONDS, MOST
from schemas.order import PICKUP_POINT

Problem = Callable[[str], Mapping[str, Any]]

SCHEMES: Final[Mapping[str, Mapping[str, str]]] = {
    "points_key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `points_key` of the shop, for browsers: it opens this and nothing else.",
    }
}
_TIME: Final = {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]$"}
_COUNTRY: Final = {"type": "string", "pattern": f"^{COUNTRY.pattern}$"}
_SPANS: Final = {
    "type": "array",
    "items": {"type": "array", "items": _TIME, "minItems": 2, "maxItems": 2},
    "description": "From when to when it is open, in its own time; empty: closed",
}


def _text(says: str) -> Mapping[str, Any]:
    return {"type": "string", "maxLength": LONGEST_TEXT, "description": says}


COMPONENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "PickupPoints": {
        "type": "object",
        "description": "Pick-up points, the nearest first.",
        "required": ["as_of", "points"],
        "properties": {
            "as_of": {"type": "string", "format": "date-time", "description": "When the parcel platform told them"},
            "points": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/PickupPoint"},
                "maxItems": MOST,
                "description": "Empty where the country has none",
            },
        },
    },
    "PickupPoint": {
        "type": "object",
        "description": "A public place where a parcel can be fetched. What is not known is left out.",
        "required": ["id", "postal_code", "country"],
        "properties": {
            "id": {
                "type": "string",
                "pattern": f"^{PICKUP_POINT.pattern}$",
                "description": "What an order names it by: `parcel.pickup_point`, or the shop's `pickup_attribute`",
            },
            "kind": {"type": "string", "enum": [kind.value for kind in Kind], "description": "What it is"},
            "name": _text("What it is called"),
            "street": _text("Street"),
            "number": _text("House number"),
            "locality": _text("Locality"),
            "postal_code": _text("Postal code"),
            "country": {**_COUNTRY, "description": "ISO 3166-1"},
            "latitude": {"type": "number", "minimum": -90, "maximum": 90, "description": "Degrees, WGS 84"},
            "longitude": {"type": "number", "minimum": -180, "maximum": 180, "description": "Degrees, WGS 84"},
            "hours": {"$ref": "#/components/schemas/OpeningHours", "description": "When it is open"},
        },
    },
    "OpeningHours": {
        "type": "object",
        "description": "When it is open, by day. A day of which nothing is known is left out.",
        "properties": dict.fromkeys(DAYS, _SPANS),
    },
}


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield "/v1/shops/{shop}/pickup-points", {"get": _near(problem)}


def _near(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Pick-up points near a postal code, the nearest first",
        "description": (
            "Out of what is known: nobody is asked, and the query is forgotten. Any further parameter is refused, so "
            "that nothing else of a customer is ever sent. Pages of every origin may ask; an answer may be given again "
            f"for {FRESH_SECONDS} seconds, and has an `ETag`."
        ),
        "security": [{"points_key": []}, {"shop": []}],
        "parameters": [
            SHOP,
            _member("postal_code", {"type": "string"}, "As it is written in that country", required=True),
            _member(
                "country",
                {"type": "string", "pattern": f"^{COUNTRY.pattern}$", "default": DEFAULT_COUNTRY},
                "ISO 3166-1",
            ),
            _member("limit", {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT_LIMIT}, "How many"),
        ],
        "responses": {
            "200": {
                "description": "The points",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/PickupPoints"}}},
            },
            "304": {"description": "They are those that `If-None-Match` names"},
            "400": problem("Not exactly the query that is described here, or no postal code of that country"),
            "401": problem("Neither the shop's key for browsers nor its token, or no such shop: always alike"),
            "429": problem("This credential asks too often: `Retry-After` tells when it may again"),
            "503": problem("None are known yet, or a fault of ours: try again"),
        },
    }


def _member(name: str, schema: Mapping[str, Any], says: str, *, required: bool = False) -> Mapping[str, Any]:
    return {"in": "query", "name": name, "required": required, "schema": {**schema, "description": says}}
