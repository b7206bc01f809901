"""What the line does with each part is asked of the pack, and refused where the pack refuses it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from middleware.core.permitting import DIRECT, PLUGIN, ground, lane_of, refusals
from middleware.core.schedule import schedule
from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_loader import load
from tests.middleware.core.made_up import NOW, POLICY, order

MAXIRESPONSE, MYSTAMP = load("bpost-maxiresponse"), load("bpost-mystamp")


def said(policy: Policy, account_type: str, lane: str) -> dict[str, str]:
    return {name: refusal.reason for name, refusal in refusals(policy, account_type, lane)}


def sealed(policy: Policy) -> set[str]:
    return {part.name for part in policy.parts.values() if part.sealed}


@pytest.mark.policy("VP-PUR-2", "VP-BAS-1")
def test_a_professional_account_may_all_that_the_line_does() -> None:
    assert said(POLICY, "professional", PLUGIN) == {}
    bases = {name: ground(POLICY, name, "professional", PLUGIN) for name in sealed(POLICY)}
    assert bases.pop("sender.contact") == "A6-1-b"
    assert set(bases.values()) == {"A6-1-f"}


@pytest.mark.policy("VP-PLG-1", "VP-SCO-1")
@pytest.mark.parametrize(
    ("account_type", "reason"),
    [("guest", "no_plugin"), ("residential", "no_plugin"), ("platinum", "unknown_account_type")],
)
def test_another_account_may_nothing_through_a_plugin(account_type: str, reason: str) -> None:
    assert said(POLICY, account_type, PLUGIN) == dict.fromkeys(sealed(POLICY), reason)
    with pytest.raises(SchemaFault, match=f"parts.recipient.delivery: {reason} .*; it is denied"):
        schedule(order(), POLICY, account_type, NOW)


@pytest.mark.policy("MS-COL-1", "MX-RET-2")
@pytest.mark.parametrize("policy", [MAXIRESPONSE, MYSTAMP], ids=["maxiresponse", "mystamp"])
def test_the_other_packs_are_for_the_direct_way_alone(policy: Policy) -> None:
    for account_type in policy.account_types:
        assert said(policy, account_type, DIRECT) == {}
        assert set(said(policy, account_type, PLUGIN)) == sealed(policy)


@pytest.mark.policy("VP-RET-5")
def test_what_has_no_term_is_not_stored() -> None:
    rule = replace(POLICY.retention["vp.sender.legal"], after="never_written")
    silent = replace(POLICY, retention=MappingProxyType({**POLICY.retention, "vp.sender.legal": rule}))
    assert said(silent, "professional", PLUGIN) == {"sender.contact": "no_retention_rule"}


@pytest.mark.policy("VP-PUR-10")
def test_a_part_for_another_purpose_does_not_go_through_a_shop() -> None:
    part = replace(POLICY.parts["sender.contact"], purpose="generic_advertising")
    other = replace(POLICY, parts=MappingProxyType({**POLICY.parts, part.name: part}))
    assert said(other, "professional", PLUGIN) == {"sender.contact": "not_through_a_shop"}
    with pytest.raises(SchemaFault, match="not_through_a_shop"):
        schedule(order(), other, "professional", NOW)


@pytest.mark.policy("MX-PUR-1")
@pytest.mark.parametrize("contract", [None, "none", "a quote"])
def test_a_contract_of_maxiresponse_that_nobody_names_bears_no_basis(contract: str | None) -> None:
    with pytest.raises(SchemaFault, match="contract_unknown"):
        ground(MAXIRESPONSE, "maxiresponse.contact", "maxiresponse", DIRECT, contract)


def test_an_accounts_own_contract_is_no_other_whatever_is_said() -> None:
    with pytest.raises(SchemaFault, match="contract_unknown"):
        ground(POLICY, "sender.contact", "professional", PLUGIN, "person")


@pytest.mark.policy("VP-PLG-1", "MS-COL-1")
def test_who_sends_by_which_way() -> None:
    assert [lane_of(platform) for platform in ("shopify", "woocommerce", "direct")] == [PLUGIN, PLUGIN, DIRECT]
