"""The admin API's part of the description."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from middleware.model_shop import ShopState
from middleware.onboarding import PAGE as MOST
from schemas.shop_rules import CREATES, NAME

ALL = "/admin/v1/shops"
PREFIX = f"{ALL}/{{shop}}"

FACE = {
    "type": "object",
    "description": "A shop as it stands: never a secret, nothing of who sends.",
    "required": ["shop", "origin", "state", "secrets"],
    "properties": {
        "shop": {"type": "string", "description": "Its name"},
        "origin": {"type": "string", "enum": ["file", "database"], "description": "Where it is changed"},
        "state": {
            "type": "string",
            "enum": [state.value for state in ShopState],
            "description": "What was said of it; one with a `fault` is quarantined whatever its state",
        },
        "mode": {"type": "string", "enum": ["live", "test"], "description": "test: into the simulated platform"},
        "creates": {"type": "string", "enum": list(CREATES), "description": "What makes its shipments"},
        "domain": {"type": "string", "description": "Its domain at Shopify"},
        "carrier": {"type": "string", "description": "Where its orders go now"},
        "account": {
            "type": "string",
            "enum": ["own", "shared"],
            "description": "Whose account it ships with; absent where the carrier knows none",
        },
        "tracking": {
            "type": "string",
            "enum": ["own", "none"],
            "description": "With an account of its own: whether it has a `tracking_password`, without which no parcel "
            "of it is followed; absent where it ships with the carrier's",
        },
        "account_gone": {
            "type": "boolean",
            "description": "With a change: the account of its own that it had is gone; absent where it is not",
        },
        "left_behind": {
            "type": "integer",
            "minimum": 1,
            "description": "With a change: so many records under way need the account that it had; absent where none",
        },
        "policy": {"type": "string", "description": "The policy pack"},
        "app": {"type": "string", "description": "The app that it belongs to; absent for one of its own"},
        "secrets": {"type": "integer", "minimum": 0, "maximum": 2, "description": "How many of its own it has"},
        "updated_at": {"type": "string", "format": "date-time", "description": "When it was changed last"},
        "fault": {"type": "string", "description": "Why it is quarantined"},
        "restricted": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The classes of its user's data that serve legal claims alone; absent where none does",
        },
    },
}

CHECK = {
    "type": "object",
    "description": "What the shop needs, in its present mode and in the other, and whether it is there.",
    "required": ["shop", "mode", "works", "fit", "findings"],
    "properties": {
        "shop": {"type": "string", "description": "Its name"},
        "mode": {
            "type": ["string", "null"],
            "enum": ["live", "test", None],
            "description": "Its present mode; null where its settings cannot be read",
        },
        "works": {"type": "boolean", "description": "Whether its orders can be taken so"},
        "fit": {"type": "boolean", "description": "Whether it may be live"},
        "findings": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Finding"},
            "description": "The present mode first",
        },
    },
}

_CHECKS = "settings, secret, token, integration, sender, keys, pickup_points or mode"

FINDING = {
    "type": "object",
    "description": "One thing that a shop needs.",
    "required": ["mode", "check", "ok", "message"],
    "properties": {
        "mode": {"type": ["string", "null"], "enum": ["live", "test", None], "description": "For which mode"},
        "check": {"type": "string", "description": _CHECKS},
        "ok": {"type": "boolean", "description": "Whether it is there"},
        "message": {"type": "string", "description": "What is the matter, and what to do"},
    },
}

PAGE = {
    "type": "object",
    "description": "Shops in the order of their last change; on the first page those of the file stand before them.",
    "required": ["shops"],
    "properties": {
        "shops": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Shop"},
            "description": "Quarantined ones say why in `fault`",
        },
        "next": {"type": "integer", "minimum": 1, "description": "`after` of the next page; absent on the last one"},
    },
}

Problem = Callable[[str], Mapping[str, Any]]

SHOP = {
    "in": "path",
    "name": "shop",
    "required": True,
    "schema": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": "The shop's name"},
}
_AFTER = {
    "in": "query",
    "name": "after",
    "schema": {"type": "integer", "minimum": 0, "default": 0, "description": "`next` of the page before"},
}
_LIMIT = {
    "in": "query",
    "name": "limit",
    "schema": {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST,
        "default": MOST,
        "description": "Shops of the database on a page",
    },
}
_STANDS = "It was changed at the same time, or stands in the configuration file, which wins"
_DAMAGED = "Its row was changed by another hand: connect it anew, with its secrets, or disconnect it"


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    listed = _operation("All shops", {"200": _json("A page of them", "ShopPage")}, problem, (_AFTER, _LIMIT))
    del listed["responses"]["404"]
    listed["responses"]["400"] = problem("Not a query as it is described here, or a body")
    yield ALL, {"get": listed}
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
    yield f"{PREFIX}/rotate-secret", {"post": _rotate(problem)}


def _rotate(problem: Problem) -> Mapping[str, Any]:
    answers = {
        "200": _json("The shop, with one secret more", "Shop"),
        "409": problem(
            "It belongs to an app, the secret is another shop's, it is quarantined, changed, or of the file"
        ),
        "411": problem("The length of the body must be told"),
        "413": problem("The body is too large"),
        "415": problem("Not application/json in UTF-8"),
        "422": problem("Not the permitted form"),
        "500": problem(_DAMAGED),
    }
    operation = _operation("Put a new webhook secret beside the old one", answers, problem)
    operation["responses"]["400"] = problem("The body is not strict JSON")
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Rotation"}}}}
    return {
        **operation,
        "description": "Idempotent: repeated, the old one ends when it was to end.",
        "requestBody": body,
    }


def _connect(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Connect a shop, or give a connected one these settings",
        "description": (
            "Idempotent, and in force on every process within five seconds. Without `app` and without `secrets` the "
            "secrets that it has stay. Without `account` it ships with the carrier's: `account_gone` tells that it had "
            "one of its own, `left_behind` how many parcels stand still without it. A shop becomes live only if it is "
            "fit."
        ),
        "security": [{"admin": []}],
        "parameters": [SHOP],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ShopConnection"}}},
        },
        "responses": {
            "200": _json("The shop, connected before", "Shop"),
            "201": _json("The shop, newly connected", "Shop"),
            "400": problem("The body is not strict JSON"),
            "401": problem("No token, or a wrong one"),
            "409": problem("Taken by another shop, not fit to be live, its request to integrate ended, or changed"),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem("Not the permitted form, or a setting that cannot be used"),
            "500": problem(_DAMAGED),
            "503": problem("A fault of ours: try again"),
        },
    }


def _operation(
    summary: str, answers: Mapping[str, Any], problem: Problem, parameters: Sequence[Mapping[str, Any]] = (SHOP,)
) -> dict[str, Any]:
    return {
        "summary": summary,
        "security": [{"admin": []}],
        "parameters": [*parameters],
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
