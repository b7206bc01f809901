"""The part of the description that tells of permissions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from middleware.web.openapi_admin import SHOP
from schemas.decision import CHANNEL, CONTRACT, CUSTOMER, PURPOSE, SUBJECT, TIE
from schemas.permission import NO_CONTRACT, TIES
from schemas.policy_terms import CONTRACTS, DATA_SUBJECTS

Problem = Callable[[str], Mapping[str, Any]]


def paths(problem: Problem) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (path, operations). ``problem`` describes an answer in the form of RFC 9457."""
    yield "/v1/shops/{shop}/permissions", {"get": _ask(problem)}


def _ask(problem: Problem) -> Mapping[str, Any]:
    return {
        "summary": "Whether a purpose is permitted now, on which basis or why not",
        "description": (
            "By the shop's policy as the shop reads it, over what is known of the user of its label module, or of the "
            "contact or customer who is named. What is unknown is refused."
        ),
        "security": [{"shop": []}],
        "parameters": [
            SHOP,
            _member(PURPOSE, "A purpose of the policy, such as label_and_delivery", required=True),
            _member(SUBJECT, "Whose data", list(DATA_SUBJECTS), required=True),
            _member(CHANNEL, "The channel of advertising, such as email"),
            _member(
                CONTRACT, "With whom the contract is, where the account does not tell it", [*CONTRACTS, NO_CONTRACT]
            ),
            _member(TIE, "Whether the contract needs it", list(TIES)),
            _member(
                CUSTOMER,
                "The shop's own id of the contact or customer whose data it is, where the policy is about them",
            ),
        ],
        "responses": {
            "200": {
                "description": "The decision, permitted or not",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Decision"}}},
            },
            "400": problem("Not exactly the query that is described here"),
            "401": problem("Not the shop's token, or no such shop: always alike"),
            "422": problem("A customer is named, and the policy is about who uses the shop's label module"),
            "503": problem("A fault of ours: try again"),
        },
    }


def _member(name: str, says: str, words: list[str] | None = None, *, required: bool = False) -> Mapping[str, Any]:
    schema = {"type": "string", **({"enum": words} if words else {})}
    return {"in": "query", "name": name, "required": required, "schema": schema, "description": says}
