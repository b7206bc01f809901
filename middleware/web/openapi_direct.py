"""What is no parcel, in the description: contacts of Maxiresponse and orders of stamps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from middleware.web.openapi_lane import ID, KEY, OURS, PREFER, SHOP, WHO, as_json

Problem = Callable[[str], Mapping[str, Any]]

_OTHER: Final = "The policy of this shop is not for what this address takes"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of record: where, what it is called, and the schema of its body."""

    path: str
    one: str
    schema: str
    more: str


KINDS: Final = (
    _Kind(
        path="/v1/shops/{shop}/maxiresponse/contacts",
        one="contact of Maxiresponse",
        schema="MaxiresponseContact",
        more="Four data of a person pass; addresses, companies and VAT numbers are dropped, and reported.",
    ),
    _Kind(
        path="/v1/shops/{shop}/mystamp/orders",
        one="order of stamps",
        schema="StampOrder",
        more="What shows or names people is blocked here until it comes with the customer's declaration of lawfulness.",
    ),
)


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    for kind in KINDS:
        own = {"in": "query", "name": "id", "required": True, "schema": {"type": "string", "description": "The shop's"}}
        yield kind.path, {"post": _make(kind, problem), "get": _look(kind, problem, own)}
        yield f"{kind.path}/{{id}}", {"get": _look(kind, problem, ID), "delete": _take_back(kind, problem)}


def _make(kind: _Kind, problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": f"Send a {kind.one}, and wait a little until the parcel platform has it",
        "description": f"{kind.more} The same key with the same body gets the first answer again, for 30 days.",
        "security": [{"shop": []}],
        "parameters": [SHOP, KEY, PREFER],
        "requestBody": {"required": True, "content": as_json(kind.schema)},
        "responses": {
            "201": {"description": "The parcel platform has it", "content": as_json("Made")},
            "202": {"description": "It is stored; ask where `status` says", "content": as_json("Made")},
            "400": problem("No key, a malformed one, or a body that is not strict JSON"),
            "401": problem(WHO),
            "403": problem(_OTHER),
            "409": problem("In hand, taken back, an older version, or legally held as it is"),
            "410": problem("What was sent under this key is erased"),
            "411": problem("The length of the body must be told"),
            "413": problem("The body is too large"),
            "415": problem("Not application/json in UTF-8"),
            "422": problem("Not the permitted form, or a key that was used for another content"),
            "503": problem(OURS),
        },
    }


def _look(kind: _Kind, problem: Problem, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "summary": f"Where a {kind.one} is, and what happens to it next",
        "security": [{"shop": []}],
        "parameters": [SHOP, asked],
        "responses": {
            "200": {"description": "The record that stands", "content": as_json("ShipmentStatus")},
            "400": problem("Not exactly the query that is described here"),
            "401": problem(WHO),
            "403": problem(_OTHER),
            "404": problem("There is none in this shop"),
            "503": problem(OURS),
        },
    }


def _take_back(kind: _Kind, problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": f"Take a {kind.one} back for good: all of it is erased at the parcel platform",
        "security": [{"shop": []}],
        "parameters": [SHOP, ID, PREFER],
        "responses": {
            "200": {"description": "Nothing of it is there any more", "content": as_json("ShipmentStatus")},
            "202": {"description": "The parcel platform is being asked", "content": as_json("ShipmentStatus")},
            "400": problem("A body where none is read"),
            "401": problem(WHO),
            "403": problem(_OTHER),
            "404": problem("There is none in this shop"),
            "409": problem("A legal hold keeps what the parcel platform has"),
            "503": problem(OURS),
        },
    }
