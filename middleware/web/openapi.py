"""OpenAPI 3.1, made from the marshmallow schemas: it describes what is read, our strict reader reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from middleware import __version__
from middleware.model import Reason, Status
from middleware.web import openapi_admin
from schemas import shopify, status
from schemas.shops import SHOP

_STATUSES = [status.value for status in Status]
_SIGNED = ("X-Shopify-Hmac-Sha256", "X-Shopify-Shop-Domain", "X-Shopify-Topic", "X-Shopify-Webhook-Id")


@cache
def description() -> Mapping[str, Any]:
    """The document of this version."""
    spec = APISpec(
        title="Parcelveil",
        version=__version__,
        openapi_version="3.1.0",
        info={"description": "Data-minimisation middleware for shipping. What is not listed is never stored."},
        plugins=[MarshmallowPlugin()],
    )
    spec.components.schema("ShopifyOrder", schema=shopify.ORDER)
    spec.components.schema("Answer", _ANSWER)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.schema("ShipmentStatus", schema=status.STATUS)
    spec.components.security_scheme("shop", {"type": "http", "scheme": "bearer", "description": "The shop's token"})
    for shop in ("", "/{shop}"):
        parameters = [{"in": "path", "name": "shop", "required": True, "schema": {"type": "string"}}] if shop else []
        spec.path(f"/webhooks/shopify{shop}/orders", operations={"post": _orders(parameters)})
        for kind in ("compliance", "app"):
            spec.path(f"/webhooks/shopify{shop}/{kind}", operations={"post": _not_served(kind, parameters)})
    for path, name, place in (("/{id}", "id", "path"), ("", "order", "query")):
        asked = {"in": place, "name": name, "required": True, "schema": {"type": "string", "description": _ASKED[name]}}
        spec.path(f"/v1/shops/{{shop}}/shipments{path}", operations={"get": _shipment(asked)})
    spec.components.schema("ShopConnection", schema=SHOP)
    spec.components.schema("Shop", openapi_admin.FACE)
    spec.components.schema("ShopCheck", openapi_admin.CHECK)
    spec.components.security_scheme("admin", openapi_admin.SECURITY)
    for path, operations in openapi_admin.paths(_problem):
        spec.path(path, operations=dict(operations))
    for path, title in _PLAIN.items():
        spec.path(path, operations={"get": {"summary": title, "responses": {"200": {"description": title}}}})
    return spec.to_dict()


_PLAIN = {
    "/healthz": "Whether the process runs",
    "/readyz": "Whether orders can be taken",
    "/.well-known/jwks.json": "The public keys that verify receipts (RFC 7517)",
    "/openapi.json": "This document",
    "/docs": "This document as a page, on the address of the role `api`",
}

_ASKED = {"id": "Our id of the record", "order": "The order's name, with # or without, or its id"}

_ANSWER = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"enum": _STATUSES},
        "id": {"type": "string", "format": "uuid", "description": "The record, or the entry of a rejection"},
        "reference": {"type": "string", "description": "The short code that the label shows"},
        "reason": {"enum": [reason.value for reason in Reason]},
    },
}

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Never a submitted value, never an unknown key.",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}}},
        },
    },
}


def _headers() -> list[dict[str, Any]]:
    return [
        {"in": "header", "name": name, "required": name != _SIGNED[3], "schema": {"type": "string"}} for name in _SIGNED
    ]


def _problem(title: str) -> dict[str, Any]:
    return {
        "description": title,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _orders(parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": "An order webhook of Shopify",
        "description": "The HMAC is over the raw body. 200: durably stored, already known, or deliberately left aside.",
        "parameters": [*parameters, *_headers()],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ShopifyOrder"}}},
        },
        "responses": {
            "200": {
                "description": "What became of it",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
            },
            "400": _problem("The body is not strict JSON"),
            "401": _problem("The signature does not verify, or the shop is unknown: always alike"),
            "413": _problem("The body is too large"),
            "415": _problem("Not application/json in UTF-8"),
            "422": _problem('Not the permitted form, for a shop with `on_invalid = "refuse"`'),
            "503": _problem("A fault of ours: try again"),
        },
    }


def _not_served(kind: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "summary": f"A genuine {kind} webhook is not served yet: it is never acknowledged undone",
        "parameters": [*parameters, *_headers()],
        "responses": {
            "401": _problem("The signature does not verify"),
            "503": _problem("Not served yet; nothing was done"),
        },
    }


def _shipment(asked: dict[str, Any]) -> dict[str, Any]:
    shop = {"in": "path", "name": "shop", "required": True, "schema": {"type": "string"}}
    return {
        "summary": "Where a shipment of the shop's own is, and what happens to it next",
        "security": [{"shop": []}],
        "parameters": [shop, asked],
        "responses": {
            "200": {
                "description": "The record; of an order the one that stands",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ShipmentStatus"}}},
            },
            "400": _problem("Not exactly the query that is described here"),
            "401": _problem("Not the shop's token, or no such shop: always alike"),
            "404": _problem("There is no such shipment in this shop"),
            "503": _problem("A fault of ours: try again"),
        },
    }
