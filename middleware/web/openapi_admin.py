"""The admin API's part of the description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from middleware.model_shop import ShopState

PREFIX = "/admin/v1/shops/{shop}"
SECURITY = {"type": "http", "scheme": "bearer", "description": "A token of `[admin]` in the configuration."}

FACE = {
    "type": "object",
    "description": "A shop as it stands: never a secret, nothing of who sends.",
    "required": ["shop", "origin", "state", "secrets"],
    "properties": {
        "shop": {"type": "string"},
        "origin": {"enum": ["file", "database"]},
        "state": {"enum": [state.value for state in ShopState]},
        "mode": {"enum": ["live", "test"]},
        "domain": {"type": "string"},
        "carrier": {"type": "string", "description": "Where its orders go now"},
        "policy": {"type": "string"},
        "app": {"type": "string"},
        "secrets": {"type": "integer", "description": "How many of its own it has"},
        "updated_at": {"type": "string", "format": "date-time"},
        "fault": {"type": "string", "description": "Why it is quarantined"},
    },
}

CHECK = {
    "type": "object",
    "description": "What the shop needs to be live, and whether it is there.",
    "required": ["shop", "fit", "findings"],
    "properties": {
        "shop": {"type": "string"},
        "fit": {"type": "boolean"},
        "findings": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "check": {"type": "string"},
                    "ok": {"type": "boolean"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}

Problem = Callable[[str], Mapping[str, Any]]

_SHOP = {"in": "path", "name": "shop", "required": True, "schema": {"type": "string"}}
_STANDS = "It was changed at the same time, or stands in the configuration file, which wins"
_DAMAGED = "Its row was changed by another hand: connect it anew, with its secrets, or disconnect it"


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield (
        PREFIX,
        {
            "put": _connect(problem),
            "get": _operation("A connected shop", {"200": _json("The shop", "Shop")}, problem),
            "delete": _operation(
                "Disconnect a shop: settings and secrets are erased",
                {"204": {"description": "Done, or done before"}, "409": problem(_STANDS)},
                problem,
            ),
        },
    )
    told = {"200": _json("What it needs, and whether it is there", "ShopCheck")}
    yield f"{PREFIX}/check", {"post": _operation("Whether the shop is fit to be live", told, problem)}
    changed = {"200": _json("The shop", "Shop"), "409": problem(_STANDS), "500": problem(_DAMAGED)}
    for verb, summary in (
        ("pause", "Answer its orders 503, so that it tries again later"),
        ("resume", "Take its orders again"),
    ):
        yield f"{PREFIX}/{verb}", {"post": _operation(summary, changed, problem)}


def _connect(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Connect a shop, or give a connected one these settings",
        "description": (
            "Idempotent, and in force on every process within five seconds. Without `app` and without `secrets` the "
            "secrets that it has stay. A shop becomes live only if it is fit."
        ),
        "security": [{"admin": []}],
        "parameters": [_SHOP],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ShopConnection"}}},
        },
        "responses": {
            "200": _json("The shop, connected before", "Shop"),
            "201": _json("The shop, newly connected", "Shop"),
            "400": problem("The body is not strict JSON"),
            "401": problem("No token, or a wrong one"),
            "409": problem("Domain or secret are another shop's, the shop is not fit to be live, or it was changed"),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem("Not the permitted form, or a setting that cannot be used"),
            "500": problem(_DAMAGED),
            "503": problem("A fault of ours: try again"),
        },
    }


def _operation(summary: str, answers: Mapping[str, Any], problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": summary,
        "security": [{"admin": []}],
        "parameters": [_SHOP],
        "responses": {
            **answers,
            "400": problem("A body where none is read"),
            "401": problem("No token, or a wrong one"),
            "404": problem("There is no such shop"),
            "503": problem("A fault of ours: try again"),
        },
    }


def _json(title: str, schema: str) -> Mapping[str, Any]:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": title, "content": content}
