"""What is told of a decision: every reason and every basis in plain words, the clause with each."""

from __future__ import annotations

import pytest

from schemas.decision import BASES, WHY, says, told
from schemas.permission import REASONS, Permission, Refusal
from schemas.policy_loader import load
from schemas.policy_terms import BASES as KNOWN

CLAUSE = load("bpost-shipping-platform").levels["Aanvullend"].clause


def test_every_reason_and_every_basis_has_its_words() -> None:
    assert set(WHY) == set(REASONS)
    assert set(BASES) == set(KNOWN)
    assert len(set(WHY.values())) == len(WHY)


@pytest.mark.policy("VP-PUR-10")
def test_a_permission_and_a_refusal_are_told_with_their_clause() -> None:
    clause = {"ref": CLAUSE.ref, "ids": list(CLAUSE.ids)}
    assert told(Permission(basis="A6-1-f", clause=CLAUSE, objection=True), ("one",)) == {
        "permitted": True,
        "basis": "A6-1-f",
        "reason": None,
        "says": "Permitted: legitimate interest (A6-1-f); the data subject may object.",
        "objection": True,
        "clause": clause,
        "restricted": ["one"],
    }
    assert told(Refusal(reason="level_off", clause=CLAUSE)) == {
        "permitted": False,
        "basis": None,
        "reason": "level_off",
        "says": "Refused: the data subject has switched it off, or never on.",
        "objection": False,
        "clause": clause,
        "restricted": [],
    }
    assert says(Permission(basis="A6-1-a", clause=CLAUSE, objection=False)) == "Permitted: consent (A6-1-a)."
