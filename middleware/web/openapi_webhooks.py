"""The webhooks of the shop platforms, described: every platform tells of itself what there is to know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import astuple
from typing import Any, Final

from marshmallow import Schema

from middleware.binding import PLATFORMS
from middleware.ports_senders import Platform
from middleware.web import openapi_admin

Described = Mapping[str, Any]
Problem = Callable[[str], dict[str, Any]]

SCHEMES: Final[Described] = {
    platform.name: {
        "type": "apiKey",
        "in": "header",
        "name": platform.headers.signature,
        "description": "Base64 of the HMAC-SHA256 over the raw body, under the secret that the shop's webhooks have.",
    }
    for platform in PLATFORMS.values()
}
ORDERS: Final[Mapping[str, Schema]] = {f"{platform.title}Order": platform.order for platform in PLATFORMS.values()}

_ENDS: Final = (
    "What ends the exchange with the shop, such as `app/uninstalled`, has ended it before it is answered 200. Any "
    "other genuine topic is not served yet: it is never acknowledged undone."
)
_ENDED: Final[Described] = {
    "description": "It has ended the exchange, now or when it was first heard",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Uninstalled"}}},
}


def paths(problem: Problem) -> Iterator[tuple[str, Described]]:
    """(path, its operations), as ``openapi.description`` takes them."""
    for platform in PLATFORMS.values():
        for shop in ("", "/{shop}") if platform.shared else ("/{shop}",):
            parameters = [openapi_admin.SHOP] if shop else []
            route = f"/webhooks/{platform.name}{shop}"
            yield f"{route}/orders", {"post": _orders(platform, parameters, problem)}
            for kind, topics in platform.notices.items():
                yield f"{route}/{kind}", {"post": _notice(platform, kind, topics, parameters, problem)}


def _headers(platform: Platform, topics: Collection[str]) -> list[dict[str, Any]]:
    told: tuple[tuple[dict[str, Any], str], ...] = (
        ({"description": "Base64 of the HMAC-SHA256 over the raw body"}, ""),
        ({"description": "The shop; it only says which secret to try"}, platform.example),
        ({"enum": sorted(topics), "description": "What it is about; the effect comes from the body alone"}, ""),
        ({"description": "The delivery's id, by which a repeated one is known again"}, "made-up-1"),
    )
    return [
        {
            "in": "header",
            "name": name,
            "required": name != platform.headers.delivery,
            "schema": {"type": "string", **said},
            **({"example": example} if example else {}),
        }
        for name, (said, example) in zip(astuple(platform.headers), told, strict=True)
    ]


def _orders(platform: Platform, parameters: list[dict[str, Any]], problem: Problem) -> Described:
    described = {"$ref": f"#/components/schemas/{platform.title}Order"}
    return {
        "summary": f"An order webhook of {platform.title}",
        "description": "The HMAC is over the raw body. 200: durably stored, already known, or deliberately left aside.",
        "security": [{platform.name: []}],
        "parameters": [*parameters, *_headers(platform, platform.order_topics)],
        "requestBody": {"required": True, "content": {"application/json": {"schema": described}}},
        "responses": {
            "200": {
                "description": "What became of it",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
            },
            "400": problem("The body is not strict JSON"),
            "401": problem("The signature does not verify, or the shop is unknown: always alike"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem('Not the permitted form, for a shop with `on_invalid = "refuse"`'),
            "503": problem("A fault of ours: try again"),
        },
    }


def _notice(
    platform: Platform, kind: str, topics: Collection[str], parameters: list[dict[str, Any]], problem: Problem
) -> Described:
    ends = any(platform.ends(topic) for topic in topics)
    told = f"A genuine {kind} webhook is not served yet: it is never acknowledged undone"
    about = {"summary": f"What {platform.title} tells of an app in a shop", "description": _ENDS} if ends else {}
    return {
        "summary": told,
        **about,
        "security": [{platform.name: []}],
        "parameters": [*parameters, *_headers(platform, topics)],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
        "responses": {
            **({"200": _ENDED} if ends else {}),
            "400": problem("The body is not strict JSON"),
            "401": problem("The signature does not verify, or the shop is unknown: always alike"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "503": problem("Not served yet, or a fault of ours; nothing was done"),
        },
    }
