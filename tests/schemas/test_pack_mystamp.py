"""The pack of MyStamp and MyStamp Pro says what the policy says, requirement by requirement."""

from __future__ import annotations

import pytest

from schemas.categories import CATEGORIES
from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_loader import load
from schemas.policy_rows import clauses
from tests.schemas.grounds import bases

PACK = "bpost-mystamp"
VARIANTS = ("mystamp", "mystamp_pro")
ADDRESS = ("street", "number", "box", "line2", "locality", "postal_code", "country")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(PACK)


@pytest.mark.policy("MS-SCO-1")
def test_what_the_pack_is_about(policy: Policy) -> None:
    assert policy.says("scope") == "collection and processing in the context of the MyStamp website and application"
    assert tuple(policy.account_types) == VARIANTS


@pytest.mark.policy("MS-PRE-1")
def test_on_a_contradiction_the_general_policy_yields(policy: Policy) -> None:
    reads = policy.reads_with
    assert (reads.prevails, reads.at_hand, reads.clause.ref) == ("specific", False, "2§1 L7-12")


@pytest.mark.policy("MS-CTL-1")
def test_bpost_answers_for_what_customers_give_about_themselves(policy: Policy) -> None:
    assert policy.controller.address == "Multitower, Anspachlaan 1, bus 1, 1000 Brussel"
    cluster = policy.cluster("customer")
    assert cluster is not None
    assert (cluster.id, cluster.controller, cluster.processor) == ("customer_self", "bpost", None)
    assert cluster.clause.ref == "2§2 L16-19"


@pytest.mark.policy("MS-CTL-2")
def test_the_customer_answers_for_persons_on_stamps_and_bpost_is_processor(policy: Policy) -> None:
    cluster = policy.cluster("depicted")
    assert cluster is not None
    assert (cluster.id, cluster.controller, cluster.processor) == ("depicted_person", "the customer", "bpost")
    assert bases(policy, "services", "depicted", "mystamp") == ["not_stated"]
    assert {part.subject for part in policy.parts.values() if part.name in ("mystamp.depicted", "mystamp.photo")} == {
        "depicted"
    }


@pytest.mark.policy("MS-CTL-3")
def test_persons_on_stamps_need_a_declaration(policy: Policy) -> None:
    requires = {row.id: row.requires for row in policy.clusters.values()}
    assert requires == {"customer_self": None, "depicted_person": "declaration_of_lawfulness"}


@pytest.mark.policy("X-RGT-2")
def test_both_ways_to_reach_the_controller(policy: Policy) -> None:
    assert {channel.kind: channel.address for channel in policy.controller.channels} == {
        "web_form": "https://www.bpost.be/nl/formulieren/persoonlijkegegevens/step1",
        "post": "bpost, T.a.v. Data Protection Office, Multitower, Anspachlaan 1, Bus 1, 1000 Brussel",
    }


@pytest.mark.policy("MS-REV-1", "AMB-18")
def test_a_text_without_a_date_is_known_by_its_digest(policy: Policy) -> None:
    assert (policy.effective_from, policy.revised_on) == ("publication", None)
    assert policy.revised_on_missing_reason.startswith("The text says that the date of the last revision")
    assert policy.text_sha256 == "776a16374adb1fafac2f1bb9dc08c66bcff3ac5b299242808abee6470422de77"
    assert policy.interpretations["revision_date"].chosen == "by-digest"


@pytest.mark.policy("MS-CAT-1")
def test_what_passes_of_a_customer_without_more(policy: Policy) -> None:
    kept = {
        name
        for name in CATEGORIES
        if (rule := policy.category_rule(name)) is not None
        and rule.default == "keep"
        and policy.permits(name, "mystamp")
    }
    assert kept == {
        *("customer.name", "customer.first_name", "customer.email"),
        *(f"customer.address.{line}" for line in ADDRESS),
        *("depicted.image", "depicted.name", "depicted.sign", "stamps.product", "stamps.pieces"),
        *("order.id", "order.name", "order.time", "customer.id"),  # for our keyed index alone
        "customer.entered",  # read to decide, and never written
        "depicted.declaration",  # its id and time, in the receipt
    }
    assert policy.rule("read-only").after == "never_written"
    assert policy.parts["index"].categories == ("order.id", "order.name", "customer.id", "order.time")


@pytest.mark.parametrize(
    ("category", "line"),
    [
        pytest.param("customer.birth_date", 45, marks=pytest.mark.policy("MS-CAT-2")),
        pytest.param("customer.phone", 49, marks=pytest.mark.policy("MS-CAT-4")),
    ],
)
def test_what_is_optional_passes_only_when_it_was_entered_for_a_purpose(
    policy: Policy, category: str, line: int
) -> None:
    rule = policy.category_rule(category)
    assert rule is not None
    assert (rule.optional, rule.default, rule.unless) == ("yes", "drop", "entered")
    assert rule.clause.ref == f"2§3 L{line}"


@pytest.mark.policy("MS-CAT-3")
def test_the_gender_is_dropped_though_the_text_does_not_call_it_optional(policy: Policy) -> None:
    rule = policy.category_rule("customer.gender")
    assert rule is not None
    assert (rule.optional, rule.default, rule.unless) == ("no", "drop", None)
    assert "no purpose of section 3 needs it" in rule.advisory


@pytest.mark.policy("MS-CAT-5")
def test_the_vat_number_for_pro_alone(policy: Policy) -> None:
    assert [policy.permits("customer.vat", variant) for variant in VARIANTS] == [False, True]


@pytest.mark.policy("MS-CAT-6")
def test_images_pass_without_what_a_camera_wrote_into_them(policy: Policy) -> None:
    assert policy.permits("depicted.image")
    assert not policy.permits("depicted.metadata")
    assert policy.part_of("depicted.image").name == "mystamp.photo"
    assert policy.interpretations["image_metadata"].chosen == "stripped"


@pytest.mark.policy("MS-COL-1")
def test_the_website_is_the_only_source_unless_somebody_answers_for_another(policy: Policy) -> None:
    assert policy.says("collected_through") == "the MyStamp website"
    assert [policy.account_types[name].plugin for name in VARIANTS] == [False, False]
    chosen = policy.interpret({"plugin_source": "override"})
    assert [chosen.account_types[name].plugin for name in VARIANTS] == [True, True]
    assert chosen.retention == policy.retention


@pytest.mark.policy("AMB-13")
def test_the_mobile_number_of_section_two_does_not_pass(policy: Policy) -> None:
    assert not policy.permits("customer.mobile")
    assert policy.interpretations["two_lists"].chosen == "section-3"


@pytest.mark.parametrize(
    ("purpose", "row", "lines"),
    [
        pytest.param("services", "services", ("L68-72", "L74-85"), marks=pytest.mark.policy("MS-PUR-1")),
        pytest.param("care", "care", ("L99-103", "L105-113"), marks=pytest.mark.policy("MS-PUR-2")),
    ],
)
def test_by_contract_else_by_legitimate_interest(
    policy: Policy, purpose: str, row: str, lines: tuple[str, str]
) -> None:
    assert bases(policy, purpose, "customer", "mystamp") == ["A6-1-b"]
    basis = policy.bases[row]
    (ground,) = basis.instead
    assert (ground.when, ground.basis) == (("no_contract", "not_necessary"), "A6-1-f")
    assert (basis.clause.ref, ground.clause.ref) == (f"2§3 {lines[0]}", f"2§3 {lines[1]}")


@pytest.mark.policy("MS-PUR-3")
def test_improving_the_website_by_legitimate_interest(policy: Policy) -> None:
    assert bases(policy, "improvement", "customer", "mystamp_pro") == ["A6-1-f"]
    assert policy.purposes["improvement"].limit.startswith("the website alone")


@pytest.mark.policy("MS-PUR-4")
def test_advertising_for_similar_products_is_objected_to_by_post_or_web_form(policy: Policy) -> None:
    purpose, basis = policy.purposes["generic_advertising"], policy.bases["generic_advertising"]
    assert (basis.basis, basis.level) == ("A6-1-f", None)
    assert basis.objected_through == ("post", "web_form")
    assert purpose.limit.startswith("similar products")
    assert {"post", "email", "telephone", "websites"} == {*purpose.channels} - {*purpose.denied_channels}


@pytest.mark.policy("MS-REC-2", "AMB-14")
def test_advertising_platforms_are_named_and_denied(policy: Policy) -> None:
    denied = policy.purposes["generic_advertising"].denied_channels
    assert denied == ("google", "facebook", "twitter", "linkedin", "instagram")
    assert policy.interpretations["advertising_platforms"].chosen == "denied"
    assert {row.name for row in policy.recipients} == {"AWS", "Infosys", "TCS"}


@pytest.mark.policy("AMB-15")
def test_an_objection_counts_without_proof(policy: Policy) -> None:
    assert policy.says("objection_proof") == "never_asked"
    assert policy.interpretations["objection"].chosen == "unconditional"


@pytest.mark.policy("MS-PRO-1")
def test_profiling_is_prohibited_and_no_consent_could_open_it(policy: Policy) -> None:
    assert policy.profiling == "prohibited"
    purpose = policy.purposes["personalised_advertising"]
    assert (purpose.prohibited, purpose.bases, purpose.clause.ref) == (True, (), "2§4 L150-151")
    assert "A6-1-a" not in {basis.basis for basis in policy.bases.values()}
    assert not policy.levels
    assert not policy.permits("behaviour.profile")


@pytest.mark.policy("MS-ADM-1")
def test_no_automated_decisions(policy: Policy) -> None:
    assert (policy.art22, policy.topics["art22"].clause.ref) == ("none", "2§4 L153-155")


@pytest.mark.policy("MS-REC-1")
def test_who_reaches_in_from_india_is_a_transfer(policy: Policy) -> None:
    assert {row.name: (row.country, row.access_from) for row in policy.recipients} == {
        "AWS": ("IE", ""),
        "Infosys": ("IN", "IN"),
        "TCS": ("IN", "IN"),
    }
    assert {row.name: row.third_countries for row in policy.recipients}["TCS"] == {"IN"}


@pytest.mark.policy("MS-TRF-1", "AMB-19")
def test_india_and_no_other_country(policy: Policy) -> None:
    (transfer,) = policy.transfers
    assert (transfer.country, transfer.list_closed, transfer.safeguard) == ("IN", True, "per_general_policy")


@pytest.mark.policy("MS-RET-1")
@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ("mystamp.customer", "ms.customer"),
        ("mystamp.depicted", "ms.depicted"),
        ("mystamp.photo", "ms.photo"),
    ],
)
def test_three_years_from_the_last_order_for_all_of_it(policy: Policy, part: str, rule: str) -> None:
    found = policy.rule(part)
    assert (found.id, found.trigger, found.duration, found.after) == (rule, "last_order", "P3Y", "erase")
    assert found.resets


@pytest.mark.policy("AMB-16")
def test_images_may_go_with_their_own_order_instead(policy: Policy) -> None:
    read = policy.interpret({"photo_clock": "order"})
    for name in ("ms.photo", "ms.depicted"):
        assert (read.retention[name].trigger, read.retention[name].resets) == ("ordered", False)
        assert policy.retention[name].ended_early_by == ("customer_request",)
    assert read.retention["ms.customer"] == policy.retention["ms.customer"]
    assert read.interpret({"photo_clock": "customer"}) == policy


def test_free_text_prices_and_online_traces_have_no_place(policy: Policy) -> None:
    for category in ("free_text", "order.payment", "online.identifier"):
        with pytest.raises(SchemaFault, match="no part may hold"):
            policy.part_of(category)


def test_an_interpretation_for_every_open_point_of_the_text(policy: Policy) -> None:
    named = {id_ for point in policy.interpretations.values() for id_ in point.clause.ids if id_.startswith("AMB-")}
    assert named == {f"AMB-{number}" for number in (13, 14, 15, 16, 18, 19, 20, 21)}


def test_every_clause_is_of_this_text(policy: Policy) -> None:
    found = dict(clauses(policy))
    assert {clause.ref[:2] for clause in found.values()} == {"2§"}
    assert {"reads_with", "controller", "controller.channels[2]", "bases.services.instead[1]", "parts.index"} <= set(
        found
    )
    assert {f'retention."{name}"' for name in policy.retention} <= set(found)
