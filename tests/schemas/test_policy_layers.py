"""Two policies read together: the specific one prevails rule by rule, and each answer says whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.policy import Policy
from schemas.policy_layers import Resolved, resolve, rules, together
from schemas.policy_loader import load
from schemas.policy_terms import Clause, Topic

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")
ELSEWHERE = Clause(ref="9§1 L1", ids=("XX-1",))
ANSWERS = ("topics.art22", "topics.complaints", "transfers.IN.safeguard")


def general_of(policy: Policy, rule: str) -> Policy:
    """A made-up general policy: other terms, answers where the specific text is silent, and nothing else changed."""
    (transfer,) = policy.transfers
    other = replace(policy.retention[rule], duration="P99Y", clause=ELSEWHERE)
    said = {
        "art22": Topic(id="art22", says="made_up", clause=ELSEWHERE),
        "complaints": Topic(id="complaints", says="five_years", clause=ELSEWHERE),
    }
    return replace(
        policy,
        retention={rule: other},
        topics=said,
        transfers=(replace(transfer, safeguard="standard clauses", clause=ELSEWHERE),),
    )


@pytest.mark.parametrize(
    ("policy", "rule", "term", "ref"),
    [
        pytest.param(
            *(PARCELS, "vp.recipient.operational", "P13M", "0§8 L181-184"), marks=pytest.mark.policy("VP-PRE-1")
        ),
        pytest.param(*(CONTACTS, "mx.all", "P3Y", "1§7 L212-213"), marks=pytest.mark.policy("MX-PRE-1")),
        pytest.param(*(STAMPS, "ms.photo", "P3Y", "2§7 L178-179"), marks=pytest.mark.policy("MS-PRE-1")),
    ],
)
def test_the_specific_policy_prevails_and_what_it_leaves_open_is_the_general_ones(
    policy: Policy, rule: str, term: str, ref: str
) -> None:
    general = general_of(policy, rule)
    found = resolve(f"retention.{rule}.duration", policy, general)
    assert found.clause is not None
    assert (found.value, found.layer, found.clause.ref) == (term, "specific", ref)
    silent = resolve("topics.complaints", policy, general)
    assert (silent.value, silent.layer, silent.clause) == ("five_years", "general", ELSEWHERE)
    left = resolve("transfers.IN.safeguard", policy, general)
    assert (left.value, left.layer) == ("standard clauses", "general")


@pytest.mark.policy("VP-PRE-1", "VP-ADM-1")
def test_an_open_point_is_silence_and_an_answer_is_not() -> None:
    assert resolve("topics.art22", PARCELS, general_of(PARCELS, "vp.sender.legal")).value == "made_up"
    assert resolve("topics.art22", STAMPS, general_of(STAMPS, "ms.photo")).value == "none"


@pytest.mark.policy("VP-SCO-2")
@pytest.mark.parametrize("key", ["topics.loyalty_programme", "topics.art22", "recipients.Speos.country"])
def test_without_the_general_policy_what_is_open_stays_unspecified(key: str) -> None:
    assert resolve(key, PARCELS, None) == Resolved(key=key, value="unspecified", layer="neither", clause=None)


def test_a_pack_may_say_that_the_general_policy_prevails() -> None:
    yields = replace(STAMPS, reads_with=replace(STAMPS.reads_with, prevails="general"))
    general = general_of(STAMPS, "ms.photo")
    assert resolve("retention.ms.photo.duration", yields, general).value == "P99Y"
    assert resolve("retention.ms.customer.duration", yields, general).value == "P3Y"


def test_every_rule_of_both_is_told_once_with_its_layer() -> None:
    general = general_of(PARCELS, "vp.sender.legal")
    found = {row.key: row.layer for row in together(PARCELS, general)}
    assert set(found) == {*rules(PARCELS), *rules(general)}
    assert {key for key, layer in found.items() if layer == "general"} == set(ANSWERS)
    assert "neither" not in found.values()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("retention.vp.sender.legal.trigger", "label_created"),
        ("categories.recipient.contact.phone.optional", "yes"),
        ("recipients.AWS.country", "IE"),
        ("account_types.guest.plugin", False),
        ("levels.Optimaal.verb", "withdraw"),
        ("purposes.improvement.bases", ("improvement",)),
    ],
)
def test_the_keys_of_rules(key: str, value: object) -> None:
    assert rules(PARCELS)[key].value == value
