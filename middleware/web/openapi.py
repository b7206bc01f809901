"""OpenAPI 3.1, made from the marshmallow schemas: it describes what is read, our strict reader reads it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from middleware import __version__
from middleware.config_settings import SETTINGS
from middleware.model import Reason, Status
from middleware.uninstalling import UNINSTALLED
from middleware.web import (
    openapi_admin,
    openapi_direct,
    openapi_events,
    openapi_examples,
    openapi_labels,
    openapi_lane,
    openapi_permissions,
    openapi_points,
    openapi_webhooks,
)
from middleware.web.meaning import beneath, explain
from schemas import decision, events, journey, labels, maxiresponse, mystamp, plugin, status
from schemas.shops import ROTATION, SHOP

_STATUSES = [status.value for status in Status]
_TOPS: Mapping[str, Schema] = {
    **openapi_webhooks.ORDERS,
    "ShipmentStatus": status.STATUS,
    "PluginShipment": plugin.SHIPMENT,
    "Made": plugin.MADE,
    "Journey": journey.JOURNEY,
    "LabelsWanted": labels.LABELS_WANTED,
    "Event": events.EVENT,
    "EventTold": events.TOLD,
    "Decision": decision.DECISION,
    "MaxiresponseContact": maxiresponse.CONTACT,
    "StampOrder": mystamp.ORDER,
    "ShopConnection": SHOP,
    "Rotation": ROTATION,
}
"""What is described from a schema, with all that it nests."""

_PARTS = (
    *(openapi_webhooks, openapi_lane, openapi_labels, openapi_events),
    *(openapi_permissions, openapi_points, openapi_direct, openapi_admin),
)


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
    for name, schema in _TOPS.items():
        spec.components.schema(name, schema=schema)
    spec.components.schema("Answer", _ANSWER)
    spec.components.schema("Uninstalled", _UNINSTALLED)
    spec.components.schema("Problem", _PROBLEM)
    spec.components.schema("Fault", _FAULT)
    for name, scheme in _SCHEMES.items():
        spec.components.security_scheme(name, scheme)
    for path, name, place in (("/{id}", "id", "path"), ("", "order", "query")):
        asked = {"in": place, "name": name, "required": True, "schema": {"type": "string", "description": _ASKED[name]}}
        spec.path(f"/v1/shops/{{shop}}/shipments{path}", operations={"get": _shipment(asked)})
    spec.components.schema("Shop", openapi_admin.FACE)
    spec.components.schema("ShopPage", openapi_admin.PAGE)
    spec.components.schema("ShopCheck", openapi_admin.CHECK)
    spec.components.schema("Finding", openapi_admin.FINDING)
    for name, component in openapi_points.COMPONENTS.items():
        spec.components.schema(name, dict(component))
    for path, operations in chain.from_iterable(part.paths(_problem) for part in _PARTS):
        spec.path(path, operations=dict(operations))
    for path, title in _PLAIN.items():
        told = {"summary": title, "security": [], "responses": {"200": {"description": title}}}
        spec.path(path, operations={"get": told})
    document: dict[str, Any] = spec.to_dict()
    for path, item in document["paths"].items():
        for operation in item.values():
            operation["servers"] = [_API if path.startswith(_OF_THE_API) else _INTAKE]
    openapi_examples.show(document["paths"])
    explain(document["components"]["schemas"], _described())
    return document


def _described() -> Mapping[str, Schema]:
    return {name: schema for top, made in _TOPS.items() for name, schema in beneath(top, made).items()}


def _server(key: str) -> Mapping[str, str]:
    default = next(one.default for one in SETTINGS[("server",)] if one.key == key)
    address = str(default).strip('"')
    return {"url": f"http://{address}", "description": f"server.{key}, as it is if nothing else is set"}


_OF_THE_API = ("/admin/", "/v1/", "/docs")
_INTAKE, _API = _server("listen"), _server("api_listen")

_SCHEMES = {
    **openapi_webhooks.SCHEMES,
    "shop": {"type": "http", "scheme": "bearer", "description": "The `token` of the shop."},
    **openapi_points.SCHEMES,
    "source": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `token` of one of `[sources]` that has the shop.",
    },
    "admin": {"type": "http", "scheme": "bearer", "description": "A token of `[admin]` in the configuration."},
}

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
    "description": "The answer to a webhook that was genuine.",
    "required": ["status"],
    "properties": {
        "status": {"type": "string", "enum": _STATUSES, "description": "What became of it"},
        "id": {"type": "string", "format": "uuid", "description": "The record, or the entry of a rejection"},
        "reference": {"type": "string", "description": "The short code that the label shows"},
        "reason": {
            "type": "string",
            "enum": [reason.value for reason in Reason],
            "description": "Why there is nothing to ship now",
        },
    },
}

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. Never a submitted value, never an unknown key.",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "`urn:problem:` and a code that never changes"},
        "title": {"type": "string", "description": "What is the matter, in a sentence"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status"},
        "instance": {
            "type": "string",
            "format": "uri",
            "description": "The request's id, as in X-Request-Id and the log",
        },
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Fault"},
            "description": "What is wrong with a body that was read, or with the query",
        },
    },
}

_UNINSTALLED = {
    "type": "object",
    "description": "The answer to what ended the exchange with a shop.",
    "required": ["status", "reason"],
    "properties": {
        "status": {
            "type": "string",
            "enum": [Status.ACCEPTED.value, Status.DUPLICATE.value],
            "description": "Ended now; a body that was heard before ends nothing anew",
        },
        "reason": {"type": "string", "enum": [UNINSTALLED], "description": "Why it ended"},
    },
}

_FAULT = {
    "type": "object",
    "description": "One thing wrong with a body or a query.",
    "required": ["code"],
    "oneOf": [{"required": ["pointer"]}, {"required": ["parameter"]}],
    "properties": {
        "pointer": {"type": "string", "description": "Where (RFC 6901), of known names; `*` for an unknown one"},
        "parameter": {"type": "string", "description": "Which of the query: a known name, `*` for an unknown one"},
        "code": {"type": "string", "description": "What: required, type, pattern, length, range, unknown …"},
    },
}


def _problem(title: str) -> dict[str, Any]:
    return {
        "description": title,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _shipment(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": "Where a shipment of the shop's own is, and what happens to it next",
        "security": [{"shop": []}],
        "parameters": [openapi_admin.SHOP, asked],
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
