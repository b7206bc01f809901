"""Another reading of an open point changes exactly what it says it changes."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_loader import load
from tests.schemas.grounds import bases


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load("bpost-shipping-platform")


def _changed(before: Policy, after: Policy) -> set[str]:
    told = [entry.name for entry in fields(Policy) if entry.compare]  # the others follow from these
    return {name for name in told if getattr(before, name) != getattr(after, name)}


@pytest.mark.policy("AMB-2", "VP-RET-4")
def test_thirteen_months_from_delivery(policy: Policy) -> None:
    assert policy.interpretations["recipient_clock"].chosen == "label-created"
    read = policy.interpret({"recipient_clock": "delivered"})
    rule = read.rule("recipient.delivery")
    assert (rule.trigger, rule.trigger_stated, rule.duration) == ("delivered", False, "P13M")
    assert read.interpretations["recipient_clock"].chosen == "delivered"
    assert read.retention["vp.sender.legal"] == policy.retention["vp.sender.legal"]
    assert _changed(policy, read) == {"retention", "interpretations"}


@pytest.mark.policy("AMB-3", "VP-RET-3")
def test_ten_years_from_the_end_of_use(policy: Policy) -> None:
    read = policy.interpret({"sender_legal_start": "end-of-use"})
    assert read.rule("sender.contact").trigger == "end_of_use"
    assert read.rule("recipient.delivery") == policy.rule("recipient.delivery")


@pytest.mark.policy("AMB-1", "VP-CAT-8")
def test_the_email_address_optional_like_the_telephone(policy: Policy) -> None:
    read = policy.interpret({"email_optional": "optional"})
    for name in ("recipient.contact.email", "sender.contact.email"):
        rule = read.category_rule(name)
        assert rule is not None
        assert rule.optional == "yes"
    before, after = policy.category_rule("recipient.contact.email"), read.category_rule("recipient.contact.email")
    assert before is not None
    assert after == replace(before, optional="yes")
    assert _changed(policy, read) == {"categories", "interpretations"}


@pytest.mark.policy("AMB-9", "VP-BAS-1")
def test_a_guest_by_legitimate_interest(policy: Policy) -> None:
    read = policy.interpret({"guest_basis": "legitimate-interest"})
    assert bases(read, "label_and_delivery", "sender", "guest") == ["A6-1-f"]
    assert bases(read, "label_and_delivery", "sender", "professional") == ["A6-1-b"]


@pytest.mark.policy("AMB-10", "VP-BAS-1")
def test_a_company_contact_by_legitimate_interest(policy: Policy) -> None:
    read = policy.interpret({"company_contact_basis": "legitimate-interest"})
    assert bases(read, "label_and_delivery", "sender", "professional") == ["A6-1-f"]
    assert bases(read, "label_and_delivery", "sender", "guest") == ["A6-1-b"]


def test_readings_add_up_and_can_be_taken_back(policy: Policy) -> None:
    both = policy.interpret({"recipient_clock": "delivered", "sender_legal_start": "end-of-use"})
    assert both.rule("recipient.delivery").trigger == "delivered"
    assert both.rule("sender.contact").trigger == "end_of_use"
    back = both.interpret({"recipient_clock": "label-created", "sender_legal_start": "label-created"})
    assert back == policy


def test_no_override_changes_nothing(policy: Policy) -> None:
    assert policy.interpret({}) == policy
    defaults = {name: point.default for name, point in policy.interpretations.items()}
    assert policy.interpret(defaults) == policy


def test_the_digest_stays_that_of_the_file(policy: Policy) -> None:
    assert policy.interpret({"recipient_clock": "delivered"}).sha256 == policy.sha256


def test_an_unknown_interpretation_is_refused(policy: Policy) -> None:
    with pytest.raises(SchemaFault, match=r"no interpretation 'recipient_clok'; use one of recipient_clock, "):
        policy.interpret({"recipient_clok": "delivered"})


def test_an_unknown_choice_is_refused_without_repeating_it(policy: Policy) -> None:
    with pytest.raises(SchemaFault) as refused:
        policy.interpret({"recipient_clock": "s3cret"})
    place, line = str(refused.value).split(": ", 1)
    assert place == "bpost-shipping-platform"
    assert line == "interpretations.recipient_clock: it has no such choice; use one of label-created, delivered"


def test_an_unknown_part_has_no_rule(policy: Policy) -> None:
    with pytest.raises(SchemaFault, match=r"no part 'recipient\.gift', so no rule; use one of recipient\.delivery, "):
        policy.rule("recipient.gift")


def test_an_unknown_category_has_no_part(policy: Policy) -> None:
    with pytest.raises(SchemaFault, match=r"unknown category 'recipient\.nme'; use one of schemas/categories\.py"):
        policy.part_of("recipient.nme")
