"""The part of the description that tells of events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Problem = Callable[[str], Mapping[str, Any]]

_SHOP = {"in": "path", "name": "shop", "required": True, "schema": {"type": "string"}}
_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "schema": {"type": "string"},
    "description": "A string in quotation marks, of 1 to 255 printable ASCII characters: one for each event",
}


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield "/v1/shops/{shop}/events", {"post": _tell(problem)}


def _tell(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Tell what starts a clock of retention, or lowers what is permitted",
        "description": (
            "With the shop's token, or that of a source of its in `[sources]`. The same key with the same body gets "
            "the first answer again, as long as the event is kept; the shop and each source have keys of their own."
        ),
        "security": [{"shop": []}, {"source": []}],
        "parameters": [_SHOP, _KEY],
        "requestBody": {"required": True, "content": _json("Event")},
        "responses": {
            "200": {"description": "It is kept, and what it changes is changed", "content": _json("EventTold")},
            "400": problem("No key, a malformed one, or a body that is not strict JSON"),
            "401": problem("Neither the shop's token nor that of a source of its, or no such shop: always alike"),
            "403": problem(
                "It would raise what is permitted, or lift what is over: the data subject's source may tell that"
            ),
            "404": problem("Nothing is known of that order, customer or record"),
            "409": problem("What it concerns was taken in after its day"),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem(
                "Not the form of its type, a day to come or before 1970, or a key that was used for another content"
            ),
            "503": problem("A fault of ours: try again"),
        },
    }


def _json(schema: str) -> Mapping[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
