"""What is told of a decision whether a purpose is permitted: the answer's form, and its words in plain English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from marshmallow import Schema, fields, validate

from schemas.permission import REASONS, Permission, Refusal

BASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "A6-1-a": "consent",
        "A6-1-b": "contract",
        "A6-1-c": "legal obligation",
        "A6-1-e": "task in the public interest",
        "A6-1-f": "legitimate interest",
        "not_stated": "another controller's matter",
    }
)
"""Legal bases (Art. 6(1) GDPR)."""

WHY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unknown_account_type": "the policy has no such account type",
        "unknown_purpose": "the policy names no such purpose",
        "prohibited": "the policy itself prohibits it, whatever anybody consents to",
        "restricted": "the data are kept for legal claims alone",
        "no_plugin": "this account type may not link a webshop",
        "not_through_a_shop": "it is not among what a webshop sends for",
        "unknown_lane": "there is no such way of sending",
        "no_part_in_it": "this data subject has no part in it",
        "not_for_account_type": "it is not for this account type",
        "channel_unknown": "by which channel was not told",
        "channel_not_stated": "the policy does not name this channel",
        "channel_denied": "this channel is not served",
        "level_unknown": "what the data subject set is not known, or was heard too long ago",
        "level_off": "the data subject has switched it off, or never on",
        "declaration_missing": "there is no declaration of lawfulness",
        "contract_unknown": "with whom the contract is, or whether it needs this, was not told",
        "basis_unspecified": "the policy gives no basis for it",
        "objected": "the data subject objected to it",
        "standing_unknown": "whether this data subject objected, or consents, is not known",
        "no_retention_rule": "the policy gives these data no term",
        "unknown_level": "the policy has no such level",
        "only_the_data_subject": "the data subject alone may raise it",
        "unknown_verb": "the policy does not know this word for it",
    }
)
"""Reasons of a refusal (``schemas.permission.REASONS``)."""

PURPOSE, SUBJECT, CHANNEL, CONTRACT, TIE = "purpose", "subject", "channel", "contract", "tie"
CUSTOMER = "customer"


def _told(says: str, **more: Any) -> dict[str, Any]:
    return {"description": says, **more}


class ClauseTold(Schema):
    """The place in the policy's text."""

    ref = fields.String(required=True, metadata=_told("Document, section and lines"))
    ids = fields.List(fields.String(), required=True, metadata=_told("The requirements that it carries out"))


class Decision(Schema):
    """Whether a purpose is permitted, and why."""

    permitted = fields.Boolean(required=True, metadata=_told("Whether it is permitted"))
    basis = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([*BASES, None]),
        metadata=_told("The basis of Article 6(1) GDPR; null where it is refused"),
    )
    reason = fields.String(
        required=True,
        allow_none=True,
        validate=validate.OneOf([*REASONS, None]),
        metadata=_told("Why it is refused; null where it is permitted"),
    )
    says = fields.String(required=True, metadata=_told("The same in plain words"))
    objection = fields.Boolean(required=True, metadata=_told("Whether the data subject may object"))
    clause = fields.Nested(ClauseTold, required=True, metadata=_told("Where the policy says so"))
    restricted = fields.List(
        fields.String(), required=True, metadata=_told("The classes of the shop's user that serve legal claims alone")
    )


DECISION = Decision()
"""The one instance."""


def told(answer: Permission | Refusal, restricted: Sequence[str] = ()) -> Mapping[str, Any]:
    """A decision as ``Decision`` has it."""
    yes = isinstance(answer, Permission)
    members = {
        "permitted": yes,
        "basis": answer.basis if isinstance(answer, Permission) else None,
        "reason": None if isinstance(answer, Permission) else answer.reason,
        "says": says(answer),
        "objection": isinstance(answer, Permission) and answer.objection,
        "clause": {"ref": answer.clause.ref, "ids": list(answer.clause.ids)},
        "restricted": list(restricted),
    }
    dumped: Mapping[str, Any] = DECISION.dump(members)
    return dumped


def says(answer: Permission | Refusal) -> str:
    """A decision in plain words."""
    if isinstance(answer, Refusal):
        return f"Refused: {WHY[answer.reason]}."
    objection = "; the data subject may object" if answer.objection else ""
    return f"Permitted: {BASES[answer.basis]} ({answer.basis}){objection}."
