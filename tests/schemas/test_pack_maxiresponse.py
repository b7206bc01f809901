"""The pack of Maxiresponse says what the policy says, requirement by requirement."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.categories import CATEGORIES
from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_loader import load
from schemas.policy_rows import clauses
from tests.schemas.grounds import bases

PACK = "bpost-maxiresponse"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(PACK)


@pytest.mark.policy("MX-SCO-1")
def test_what_the_pack_is_about(policy: Policy) -> None:
    assert policy.says("scope") == "collection and processing in the context of Maxiresponse"
    assert policy.topics["scope"].clause.ref == "1§1 L12-16"
    assert [account.title for account in policy.account_types.values()] == [
        "whoever has, or asks for, an agreement on Maxiresponse"
    ]


@pytest.mark.policy("MX-PRE-1")
def test_on_a_contradiction_the_general_policy_yields(policy: Policy) -> None:
    reads = policy.reads_with
    assert (reads.title, reads.prevails, reads.at_hand) == ("Algemeen Privacybeleid", "specific", False)
    assert reads.clause.ref == "1§1 L18-24"


@pytest.mark.policy("MX-CTL-1")
def test_the_controller_with_the_address_of_this_text(policy: Policy) -> None:
    controller = policy.controller
    assert (controller.name, controller.vat, controller.register) == ("bpost", "BE 0214.596.464", "RPR Brussel")
    assert controller.address == "Multicenter, Anspachlaan 1, bus 1, 1000 Brussel"
    cluster = policy.cluster("contact")
    assert cluster is not None
    assert (cluster.controller, cluster.processor, cluster.requires) == ("bpost", None, None)


@pytest.mark.policy("X-RGT-2")
def test_both_ways_to_reach_the_controller(policy: Policy) -> None:
    assert {channel.kind: channel.address for channel in policy.controller.channels} == {
        "web_form": "not_stated",
        "post": "bpost, T.a.v. Data Protection Office, Multicenter, Anspachlaan 1, bus 1 1000 Brussel, RPR Brussel",
    }


@pytest.mark.policy("MX-REV-1")
def test_the_text_has_a_date_and_is_in_force_on_publication(policy: Policy) -> None:
    assert (policy.revised_on, policy.revised_on_missing_reason) == (date(2022, 11, 29), "")
    assert policy.effective_from == "publication"
    assert policy.text_sha256 == "b510654fe790233a7f5b83a16e1d453e7af4f3cd423fa113cb9fcb8796373e9a"
    assert policy.says("changes") == "in_force_on_publication"


@pytest.mark.policy("MX-CAT-1")
def test_four_data_pass_and_no_other(policy: Policy) -> None:
    personal = {name for name in CATEGORIES if policy.permits(name, "maxiresponse")}
    assert personal == {
        *("contact.name", "contact.first_name", "contact.email", "contact.phone"),
        *("customer.id", "order.time"),  # for our keyed index alone
        "contact.agreement",  # read to decide, and never written
    }
    assert policy.parts["read-only"].categories == ("contact.agreement",)
    assert policy.rule("read-only").after == "never_written"
    assert policy.parts["index"].categories == ("customer.id", "order.time")
    assert {rule.optional for rule in policy.categories if rule.clause.ids == ("MX-CAT-1",) and rule.passes} == {"no"}


@pytest.mark.policy("MX-CAT-2")
@pytest.mark.parametrize(
    "category",
    ["recipient.address.street", "sender.address.street", "customer.address.street", "sender.vat", "sender.company"],
)
def test_no_address_company_or_vat_number(policy: Policy, category: str) -> None:
    rule = policy.category_rule(category)
    assert rule is not None
    assert (rule.default, rule.unless, rule.clause.mark) == ("drop", None, "I")
    assert not policy.permits(category, "maxiresponse")
    with pytest.raises(SchemaFault, match="no part may hold"):
        policy.part_of(category)


@pytest.mark.policy("MX-COL-1")
@pytest.mark.parametrize("category", ["online.identifier", "online.identifier.ip_address"])
def test_no_online_identifier(policy: Policy, category: str) -> None:
    assert not policy.permits(category)


@pytest.mark.policy("MX-COL-1")
def test_no_webshop_is_linked_unless_somebody_answers_for_it(policy: Policy) -> None:
    assert not policy.account_types["maxiresponse"].plugin
    chosen = policy.interpret({"plugin_source": "override"})
    assert chosen.account_types["maxiresponse"].plugin
    assert chosen.interpretations["plugin_source"].chosen == "override"


@pytest.mark.policy("MX-PUR-1")
def test_services_by_contract_else_by_legitimate_interest_and_certain_processing_by_two_more(policy: Policy) -> None:
    assert bases(policy, "services", "contact", "maxiresponse") == ["A6-1-b"]
    basis = policy.bases["services"]
    assert basis.contract_with == ("person",)
    assert [(ground.when, ground.basis, ground.clause.ref) for ground in basis.instead] == [
        (("no_contract",), "A6-1-f", "1§3 L74-78"),
        (("unspecified_which",), "A6-1-c", "1§3 L79-80"),
        (("unspecified_which",), "A6-1-e", "1§3 L79-81"),
    ]
    assert policy.default_purpose.id == "services"


@pytest.mark.policy("MX-PUR-2")
def test_questions_and_support_have_three_ways(policy: Policy) -> None:
    basis = policy.bases["care"]
    assert (basis.basis, basis.clause.ref) == ("A6-1-b", "1§3 L92-96")
    customers, third_parties = basis.instead
    assert (customers.when, customers.clause.ref) == (("no_contract",), "1§3 L98-101")
    assert customers.stated.endswith("met haar klanten")
    assert (third_parties.when, third_parties.clause.ref) == (("not_necessary",), "1§3 L103-110")
    assert third_parties.stated.endswith("met haar klanten of derden")


@pytest.mark.policy("MX-PUR-3")
def test_improvement_by_legitimate_interest_is_no_reason_to_hold_one_field_more(policy: Policy) -> None:
    assert bases(policy, "improvement", "contact", "maxiresponse") == ["A6-1-f"]
    assert {part.purpose for part in policy.parts.values()} == {"services"}


@pytest.mark.policy("MX-PUR-4")
def test_generic_advertising_until_somebody_objects(policy: Policy) -> None:
    basis = policy.bases["generic_advertising"]
    assert (basis.basis, basis.level, basis.objected_through) == ("A6-1-f", "Aanvullend", ("dashboard",))
    assert policy.purposes["generic_advertising"].channels == ("post", "email", "applications", "websites")


@pytest.mark.policy("MX-PUR-5")
def test_personalised_advertising_only_after_consent(policy: Policy) -> None:
    basis = policy.bases["personalised_advertising"]
    assert (basis.basis, basis.level, basis.instead) == ("A6-1-a", "Optimaal", ())
    assert policy.purposes["personalised_advertising"].profiling


@pytest.mark.policy("MX-PRO-1", "AMB-12")
def test_profiles_with_consent_only_though_section_four_does_not_name_it(policy: Policy) -> None:
    assert policy.profiling == "consent_only"
    assert policy.interpretations["profiling_gate"].chosen == "consent"


@pytest.mark.policy("MX-ADM-1")
def test_no_automated_decisions(policy: Policy) -> None:
    assert (policy.art22, policy.topics["art22"].clause.ref) == ("none", "1§4 L172-176")


@pytest.mark.policy("MX-REC-1")
def test_three_processors(policy: Policy) -> None:
    assert {row.name: (row.role, row.country, row.third_country) for row in policy.recipients} == {
        "AWS": ("processor", "IE", False),
        "TCS": ("processor", "IN", True),
        "Infosys": ("processor", "IN", True),
    }


@pytest.mark.policy("MX-TRF-1", "AMB-19")
def test_india_and_no_other_country(policy: Policy) -> None:
    (transfer,) = policy.transfers
    assert (transfer.country, transfer.list_closed, transfer.safeguard) == ("IN", True, "per_general_policy")
    assert transfer.recipients == ("TCS", "Infosys")


@pytest.mark.policy("MX-RET-1", "AMB-7")
def test_three_years_from_the_end_of_the_agreement(policy: Policy) -> None:
    rule = policy.rule("maxiresponse.contact")
    assert (rule.id, rule.trigger, rule.duration, rule.after) == ("mx.all", "agreement_dissolved", "P3Y", "erase")
    assert not rule.resets
    assert policy.interpretations["end_of_agreement"].chosen == "every-end"


@pytest.mark.policy("MX-RET-2")
def test_without_an_agreement_there_is_no_term(policy: Policy) -> None:
    assert policy.says("retention_without_agreement") == "unspecified"


@pytest.mark.policy("AMB-8")
def test_a_person_may_hold_what_a_law_demands_and_no_term_is_invented(policy: Policy) -> None:
    assert policy.retention["mx.all"].extended_by == ("legal_hold",)
    assert policy.interpretations["statutory_terms"].chosen == "hold"
    assert {rule.duration for rule in policy.retention.values()} == {"P3Y", "P30D", None}


@pytest.mark.policy("AMB-11")
def test_consent_that_is_objected_to_is_withdrawn(policy: Policy) -> None:
    assert policy.levels["Optimaal"].verb == "withdraw"
    assert policy.interpretations["consent_ended"].chosen == "withdraw"


@pytest.mark.policy("X-LVL-1")
def test_two_levels_with_defaults_and_verbs_of_their_own(policy: Policy) -> None:
    assert {level.id: (level.starts_on, level.verb, level.plugin_may_raise) for level in policy.levels.values()} == {
        "Aanvullend": (True, "object", False),
        "Optimaal": (False, "withdraw", False),
    }


def test_an_interpretation_for_every_open_point_of_the_text(policy: Policy) -> None:
    named = {id_ for point in policy.interpretations.values() for id_ in point.clause.ids if id_.startswith("AMB-")}
    assert named == {f"AMB-{number}" for number in (7, 8, 11, 12, 19, 20, 21)}


def test_every_clause_is_of_this_text(policy: Policy) -> None:
    found = dict(clauses(policy))
    assert {clause.ref[:2] for clause in found.values()} == {"1§"}
    assert {"reads_with", "controller", "controller.channels[2]", "bases.services.instead[1]", "parts.index"} <= set(
        found
    )
    assert {f'retention."{name}"' for name in policy.retention} <= set(found)
