"""Whether a pack permits what the line does with each part, and on which basis: asked for every part of every record.

What decides is constant for a shop: its pack as it reads it, its account and the way on which it sends. So a refusal is
found when the shop is put to work, and quarantines it; the line asks all the same, and there is no way around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from schemas.errors import SchemaFault
from schemas.permission import NO_CONTRACT, Permission, Question, Refusal, permitted, storable
from schemas.policy import Policy

PLUGIN: Final = "plugin"
DIRECT: Final = "direct"

CONTRACTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "guest": ("person",),
        "residential": ("person",),
        "professional": ("organisation",),
        "maxiresponse": ("person", "organisation"),
        "mystamp": ("person",),
        "mystamp_pro": ("person",),
    }
)
"""With whom the account's contract can be: a guest's is for the one shipment (AMB-9), a company's with the company. Of
Maxiresponse each contact says it (MX-PUR-1); of MyStamp it is with the person whose order it is.
"""

KEPT: Final = 1_024
"""Answers that are kept: shops that read a pack alike share them."""

WITHOUT: Final = frozenset(("recipient", "depicted"))
"""Data subjects who are no party to it, whoever sends."""


def lane_of(platform: str) -> str:
    """The way on which a shop of that platform sends."""
    return DIRECT if platform == DIRECT else PLUGIN


def contract_of(account_type: str) -> str | None:
    """With whom the contract of such an account is; None where it may be with one or the other, or nobody knows."""
    possible = CONTRACTS.get(account_type, ())
    return possible[0] if len(possible) == 1 else None


class _Same:
    """A pack as a shop reads it, known again by being the very same: to compare two costs more than to ask one."""

    __slots__ = ("policy",)

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return id(self.policy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.policy is other.policy


def ground(policy: Policy, part_name: str, account_type: str, lane: str, contract: str | None = None) -> str:
    """The basis on which a part is processed, such as ``A6-1-b``. ``contract``: with whom it is, where the record says
    so. Raises: SchemaFault where the pack refuses it.
    """
    answer = decision(policy, part_name, account_type, lane, contract)
    if isinstance(answer, Refusal):
        raise SchemaFault(f"{policy.id}: parts.{part_name}: {answer.reason} ({answer.clause.ref}); it is denied")
    return answer.basis


def decision(
    policy: Policy, part_name: str, account_type: str, lane: str, contract: str | None = None
) -> Permission | Refusal:
    """What the pack says to the purpose of a part. What must be declared before it goes out is blocked there, not here:
    it may be sealed meanwhile. A contract that this account cannot have is unknown, and so is one that nobody named
    where there are several.
    """
    said = contract or contract_of(account_type)
    possible = CONTRACTS.get(account_type, ())
    return _answer(_Same(policy), part_name, account_type, lane, said if said in possible else None)


@lru_cache(maxsize=KEPT)
def _answer(same: _Same, part_name: str, account_type: str, lane: str, contract: str | None) -> Permission | Refusal:
    policy = same.policy
    part = policy.parts[part_name]
    question = Question(
        purpose=part.purpose,
        subject=part.subject,
        account_type=account_type,
        lane=lane,
        restricted=False,
        objected=frozenset(),
        levels={},
        contract=NO_CONTRACT if part.subject in WITHOUT else contract,
        tie="necessary",
        declared=True,
    )
    return permitted(policy, question)


def refusals(policy: Policy, account_type: str, lane: str) -> Iterator[tuple[str, Refusal]]:
    """(part, why) of every sealed part that the pack refuses to that account on that way, under any contract that it
    can have: its purpose, or one of its categories that may not be stored.
    """
    contracts = CONTRACTS.get(account_type, (None,))
    for part in (part for part in policy.parts.values() if part.sealed):
        kept = (storable(policy, category, contract) for category in part.categories for contract in contracts)
        answers = (*(decision(policy, part.name, account_type, lane, contract) for contract in contracts), *kept)
        refused = next((answer for answer in answers if isinstance(answer, Refusal)), None)
        if refused:
            yield part.name, refused
