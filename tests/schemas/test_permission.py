"""The decision whether a purpose is permitted: case by case with its clause, and over everything that can be asked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.permission import LANES, NO_CONTRACT, REASONS, TIES, Permission, Question, Refusal, permitted, storable
from schemas.policy import Policy
from schemas.policy_loader import load
from schemas.policy_terms import CONTRACTS, DATA_SUBJECTS, RetentionRule

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")
PACKS = (PARCELS, CONTACTS, STAMPS)
BOTH_ON = {"Aanvullend": True, "Optimaal": True}
PLATFORMS = {"google", "facebook", "twitter", "linkedin", "instagram"}


def question(purpose: str, subject: str = "sender", account_type: str = "professional", **more: object) -> Question:
    """A question to which nothing stands in the way but the policy itself."""
    advertising = purpose.endswith("_advertising")
    plain = Question(
        purpose=purpose,
        subject=subject,
        account_type=account_type,
        lane=None,
        restricted=False,
        objected=frozenset(),
        levels=BOTH_ON,
        contract="person",
        tie="necessary",
        channel="email" if advertising else None,
        declared=True,
    )
    return replace(plain, **more)  # type: ignore[arg-type]  # fields of a question


def contact(purpose: str, **more: object) -> Question:
    return question(purpose, "contact", "maxiresponse", **more)


def customer(purpose: str, **more: object) -> Question:
    return question(purpose, "customer", "mystamp", **more)


def yes(policy: Policy, asked: Question) -> tuple[str, str]:
    """(basis, place in the text) of a permission."""
    found = permitted(policy, asked)
    assert isinstance(found, Permission), found
    return found.basis, found.clause.ref


def no(policy: Policy, asked: Question) -> tuple[str, str]:
    """(reason, place in the text) of a refusal."""
    found = permitted(policy, asked)
    assert isinstance(found, Refusal), found
    return found.reason, found.clause.ref


# ---- the shipping platform


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param(
            *(question("label_and_delivery"), ("A6-1-b", "0§3 L75-81")),
            marks=pytest.mark.policy("VP-BAS-1", "VP-PUR-2"),
        ),
        pytest.param(
            *(question("label_and_delivery", contract="organisation"), ("A6-1-b", "0§3 L75-81")),
            marks=pytest.mark.policy("VP-BAS-1"),
        ),
        pytest.param(
            *(question("label_and_delivery", contract=NO_CONTRACT), ("A6-1-f", "0§3 L83-87")),
            marks=pytest.mark.policy("VP-BAS-2"),
        ),
        pytest.param(
            *(question("support", tie="not_necessary"), ("A6-1-f", "0§3 L83-87")),
            marks=pytest.mark.policy("VP-BAS-2", "VP-PUR-7"),
        ),
        pytest.param(
            *(question("label_and_delivery", "recipient", contract=None), ("A6-1-f", "0§3 L83-87")),
            marks=pytest.mark.policy("VP-BAS-1", "VP-PUR-2"),
        ),
        pytest.param(
            *(question("label_and_delivery", account_type="guest"), ("A6-1-b", "0§3 L75-81")),
            marks=pytest.mark.policy("AMB-9"),
        ),
        pytest.param(*(question("account"), ("A6-1-b", "0§3 L75-81")), marks=pytest.mark.policy("VP-PUR-1")),
        pytest.param(
            *(question("service_follow_up", "recipient"), ("A6-1-f", "0§3 L83-87")),
            marks=pytest.mark.policy("VP-PUR-3"),
        ),
        pytest.param(
            *(question("contract_management"), ("A6-1-b", "0§3 L75-81")), marks=pytest.mark.policy("VP-PUR-4")
        ),
        pytest.param(*(question("invoicing"), ("A6-1-b", "0§3 L75-81")), marks=pytest.mark.policy("VP-PUR-5")),
        pytest.param(
            *(question("questions", tie="not_linked"), ("A6-1-f", "0§3 L83-87")), marks=pytest.mark.policy("VP-PUR-6")
        ),
        pytest.param(
            *(question("customer_management"), ("A6-1-b", "0§3 L75-81")), marks=pytest.mark.policy("VP-PUR-8")
        ),
        pytest.param(*(question("improvement"), ("A6-1-f", "0§3 L93-96")), marks=pytest.mark.policy("VP-PUR-9")),
        pytest.param(
            *(question("generic_advertising", "user"), ("A6-1-f", "0§3 L115-120")),
            marks=pytest.mark.policy("VP-PUR-10"),
        ),
        pytest.param(
            *(question("personalised_advertising", "user"), ("A6-1-a", "0§3 L122-127")),
            marks=pytest.mark.policy("VP-PUR-11"),
        ),
        pytest.param(
            *(question("legal_defence", restricted=True), ("A6-1-f", "0§8 L178-180")),
            marks=pytest.mark.policy("VP-RET-3", "AMB-6"),
        ),
    ],
)
def test_what_the_shipping_platform_permits(asked: Question, answer: tuple[str, str]) -> None:
    assert yes(PARCELS, asked) == answer


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param(
            *(question("label_and_delivery", account_type="company"), ("unknown_account_type", "0§1 L3-7")),
            marks=pytest.mark.policy("VP-SCO-1"),
        ),
        pytest.param(
            *(question("loyalty_programme"), ("unknown_purpose", "0§1 L9-13")), marks=pytest.mark.policy("VP-SCO-2")
        ),
        pytest.param(
            *(question("account", account_type="guest"), ("not_for_account_type", "0§3 L48-49")),
            marks=pytest.mark.policy("VP-PUR-1"),
        ),
        pytest.param(
            *(question("contract_management", "recipient"), ("no_part_in_it", "0§3 L57")),
            marks=pytest.mark.policy("VP-PUR-4"),
        ),
        pytest.param(
            *(question("invoicing", "recipient"), ("no_part_in_it", "0§3 L58-60")), marks=pytest.mark.policy("VP-PUR-5")
        ),
        pytest.param(
            *(question("customer_management", "recipient"), ("no_part_in_it", "0§3 L73")),
            marks=pytest.mark.policy("VP-PUR-8"),
        ),
        pytest.param(
            *(question("questions", lane="plugin"), ("not_through_a_shop", "0§3 L61-67")),
            marks=pytest.mark.policy("VP-PUR-6"),
        ),
        pytest.param(
            *(question("improvement", lane="plugin"), ("not_through_a_shop", "0§3 L89-91")),
            marks=pytest.mark.policy("VP-PUR-9"),
        ),
        pytest.param(
            *(question("label_and_delivery", lane="pigeon"), ("unknown_lane", "0§1 L6-7; 0§6 L149-150")),
            marks=pytest.mark.policy("VP-PLG-2"),
        ),
        pytest.param(
            *(question("label_and_delivery", account_type="guest", lane="plugin"), ("no_plugin",)),
            marks=pytest.mark.policy("VP-PLG-1"),
        ),
        pytest.param(
            *(question("label_and_delivery", account_type="residential", lane="plugin"), ("no_plugin",)),
            marks=pytest.mark.policy("VP-PLG-1"),
        ),
        pytest.param(
            *(question("improvement", objected=frozenset({"improvement"})), ("objected", "0§3 L93-96")),
            marks=pytest.mark.policy("VP-PUR-9", "VP-BAS-2"),
        ),
        pytest.param(
            *(question("generic_advertising", "user", levels={"Aanvullend": False}), ("level_off", "0§3 L115-120")),
            marks=pytest.mark.policy("VP-PUR-10", "X-LVL-1"),
        ),
        pytest.param(
            *(question("personalised_advertising", levels={"Optimaal": False}), ("level_off", "0§3 L122-127")),
            marks=pytest.mark.policy("VP-PUR-11", "X-LVL-1"),
        ),
        pytest.param(
            *(question("personalised_advertising", levels={"Aanvullend": True}), ("level_unknown", "0§3 L120, L127")),
            marks=pytest.mark.policy("X-LVL-2", "VP-PRO-1"),
        ),
        pytest.param(
            *(
                question("generic_advertising", "user", channel="google"),
                ("channel_not_stated", "0§3 L98-104, L115-120"),
            ),
            marks=pytest.mark.policy("VP-PUR-10"),
        ),
        pytest.param(
            *(question("generic_advertising", "user", channel=None), ("channel_unknown", "0§3 L98-104, L115-120")),
            marks=pytest.mark.policy("VP-PUR-10"),
        ),
        pytest.param(
            *(question("generic_advertising", "sender", account_type="guest"), ("not_for_account_type",)),
            marks=pytest.mark.policy("X-LVL-1"),
        ),
        pytest.param(
            *(question("support", restricted=True), ("restricted", "0§8 L178-180")),
            marks=pytest.mark.policy("VP-RET-3"),
        ),
        pytest.param(
            *(question("generic_advertising", "sender", restricted=True), ("restricted", "0§8 L178-180")),
            marks=pytest.mark.policy("VP-RET-3", "AMB-6"),
        ),
        pytest.param(
            *(question("legal_defence", "recipient", restricted=True), ("restricted",)),
            marks=pytest.mark.policy("VP-RET-3"),
        ),
        pytest.param(
            *(question("label_and_delivery", contract=None), ("contract_unknown", "0§3 L75-81")),
            marks=pytest.mark.policy("VP-BAS-1"),
        ),
        pytest.param(
            *(question("label_and_delivery", tie=None), ("contract_unknown", "0§3 L75-81")),
            marks=pytest.mark.policy("VP-BAS-2"),
        ),
    ],
)
def test_what_the_shipping_platform_refuses(asked: Question, answer: tuple[str, ...]) -> None:
    assert no(PARCELS, asked)[: len(answer)] == answer


@pytest.mark.policy("AMB-10", "VP-BAS-1")
def test_another_reading_of_a_company_contact_needs_no_contract() -> None:
    read = PARCELS.interpret({"company_contact_basis": "legitimate-interest"})
    assert yes(read, question("label_and_delivery", contract=None))[0] == "A6-1-f"


@pytest.mark.policy("VP-BAS-2")
def test_legitimate_interest_and_nothing_else_carries_the_right_to_object() -> None:
    by_interest, by_contract = question("improvement"), question("label_and_delivery")
    for asked, objection in ((by_interest, True), (by_contract, False)):
        found = permitted(PARCELS, asked)
        assert isinstance(found, Permission)
        assert found.objection == objection
    assert yes(PARCELS, replace(by_contract, objected=frozenset({"label_and_delivery"})))[0] == "A6-1-b"


# ---- Maxiresponse


@pytest.mark.parametrize(
    ("contract", "tie", "answer"),
    [
        ("person", "necessary", ("A6-1-b", "1§3 L92-96")),
        ("organisation", "necessary", ("A6-1-f", "1§3 L98-101")),
        (NO_CONTRACT, "necessary", ("A6-1-f", "1§3 L98-101")),
        ("person", "not_necessary", ("A6-1-f", "1§3 L103-110")),
        (NO_CONTRACT, "not_linked", ("A6-1-f", "1§3 L103-110")),
    ],
)
@pytest.mark.policy("MX-PUR-2")
def test_the_three_ways_of_questions_and_support(contract: str, tie: str, answer: tuple[str, str]) -> None:
    assert yes(CONTACTS, contact("care", contract=contract, tie=tie)) == answer


@pytest.mark.policy("MX-PUR-1")
def test_services_without_a_contract_and_never_on_a_basis_that_is_not_told_apart() -> None:
    assert yes(CONTACTS, contact("services")) == ("A6-1-b", "1§3 L68-72")
    assert yes(CONTACTS, contact("services", contract="organisation")) == ("A6-1-f", "1§3 L74-78")
    assert no(CONTACTS, contact("services", tie="not_necessary")) == ("basis_unspecified", "1§3 L68-72")


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param(
            *(contact("generic_advertising", levels={"Aanvullend": False}), ("level_off", "1§3 L138-144")),
            marks=pytest.mark.policy("MX-PUR-4"),
        ),
        pytest.param(
            *(contact("personalised_advertising", levels={}), ("level_unknown", "1§3 L141-144, L149-151")),
            marks=pytest.mark.policy("MX-PUR-5", "MX-PRO-1", "AMB-12"),
        ),
        pytest.param(
            *(contact("personalised_advertising", objected=frozenset({"personalised_advertising"})), ("objected",)),
            marks=pytest.mark.policy("AMB-11"),
        ),
        pytest.param(
            *(contact("improvement", objected=frozenset({"improvement"})), ("objected", "1§3 L117-120")),
            marks=pytest.mark.policy("MX-PUR-3"),
        ),
        pytest.param(
            *(contact("services", lane="plugin"), ("no_plugin",)), marks=pytest.mark.policy("MX-COL-1", "MX-SCO-1")
        ),
        pytest.param(
            *(question("services", "recipient", "maxiresponse"), ("no_part_in_it",)),
            marks=pytest.mark.policy("MX-SCO-1"),
        ),
        (contact("services", restricted=True), ("restricted", "1§8 L219-225")),
    ],
)
def test_what_maxiresponse_refuses(asked: Question, answer: tuple[str, ...]) -> None:
    assert no(CONTACTS, asked)[: len(answer)] == answer


@pytest.mark.policy("MX-PUR-4", "MX-PUR-5")
def test_both_kinds_of_advertising_with_their_own_level() -> None:
    assert yes(CONTACTS, contact("generic_advertising", levels={"Aanvullend": True}))[0] == "A6-1-f"
    assert yes(CONTACTS, contact("personalised_advertising", levels={"Optimaal": True}))[0] == "A6-1-a"


@pytest.mark.policy("MX-PUR-3")
def test_improvement_at_maxiresponse() -> None:
    assert yes(CONTACTS, contact("improvement")) == ("A6-1-f", "1§3 L117-120")


# ---- MyStamp


@pytest.mark.parametrize(
    ("purpose", "contract", "tie", "answer"),
    [
        pytest.param(
            *("services", "person", "necessary", ("A6-1-b", "2§3 L68-72")), marks=pytest.mark.policy("MS-PUR-1")
        ),
        pytest.param(
            *("services", "person", "not_necessary", ("A6-1-f", "2§3 L74-85")), marks=pytest.mark.policy("MS-PUR-1")
        ),
        pytest.param(*("care", "person", "necessary", ("A6-1-b", "2§3 L99-103")), marks=pytest.mark.policy("MS-PUR-2")),
        pytest.param(
            *("care", NO_CONTRACT, "not_linked", ("A6-1-f", "2§3 L105-113")), marks=pytest.mark.policy("MS-PUR-2")
        ),
        pytest.param(*("improvement", None, None, ("A6-1-f", "2§3 L119-122")), marks=pytest.mark.policy("MS-PUR-3")),
        pytest.param(
            *("generic_advertising", None, None, ("A6-1-f", "2§3 L132-142")), marks=pytest.mark.policy("MS-PUR-4")
        ),
    ],
)
def test_what_mystamp_permits(purpose: str, contract: str | None, tie: str | None, answer: tuple[str, str]) -> None:
    assert yes(STAMPS, customer(purpose, contract=contract, tie=tie, levels={})) == answer


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        pytest.param(
            *(customer("personalised_advertising"), ("prohibited", "2§4 L150-151")),
            marks=pytest.mark.policy("MS-PRO-1"),
        ),
        pytest.param(
            *(customer("generic_advertising", channel="facebook"), ("channel_denied", "2§3 L124-128")),
            marks=pytest.mark.policy("MS-REC-2", "AMB-14"),
        ),
        pytest.param(
            *(customer("generic_advertising", channel="applications"), ("channel_not_stated", "2§3 L124-128")),
            marks=pytest.mark.policy("MS-PUR-4"),
        ),
        pytest.param(
            *(
                customer("generic_advertising", objected=frozenset({"generic_advertising"})),
                ("objected", "2§3 L132-142"),
            ),
            marks=pytest.mark.policy("MS-PUR-4", "AMB-15"),
        ),
        pytest.param(*(customer("services", lane="plugin"), ("no_plugin",)), marks=pytest.mark.policy("MS-COL-1")),
        pytest.param(
            *(question("services", "depicted", "mystamp", declared=False), ("declaration_missing", "2§2 L21-27")),
            marks=pytest.mark.policy("MS-CTL-3"),
        ),
        pytest.param(
            *(question("care", "depicted", "mystamp"), ("no_part_in_it", "2§3 L89-97")),
            marks=pytest.mark.policy("MS-CTL-2"),
        ),
        pytest.param(
            *(question("services", "sender", "mystamp"), ("no_part_in_it",)), marks=pytest.mark.policy("MS-SCO-1")
        ),
    ],
)
def test_what_mystamp_refuses(asked: Question, answer: tuple[str, ...]) -> None:
    assert no(STAMPS, asked)[: len(answer)] == answer


@pytest.mark.policy("MS-CTL-2", "MS-CTL-3")
def test_with_a_declaration_bpost_acts_for_the_customer_who_answers_for_the_basis() -> None:
    assert yes(STAMPS, question("services", "depicted", "mystamp")) == ("not_stated", "2§2 L21-26")


@pytest.mark.policy("MS-CTL-2")
def test_a_basis_that_is_not_stated_is_none_where_nobody_else_answers() -> None:
    row = STAMPS.clusters["depicted_person"]
    asked = question("services", "depicted", "mystamp")
    for clusters in ({**STAMPS.clusters, row.id: replace(row, processor=None)}, {}):
        assert no(replace(STAMPS, clusters=clusters), asked) == ("basis_unspecified", "2§2 L21-26")


@pytest.mark.policy("MS-COL-1")
def test_a_recorded_override_opens_the_plugin_and_the_default_purpose_alone() -> None:
    read = STAMPS.interpret({"plugin_source": "override"})
    assert yes(read, customer("services", lane="plugin"))[0] == "A6-1-b"
    assert no(read, customer("care", lane="plugin"))[0] == "not_through_a_shop"


# ---- what may be stored


@pytest.mark.parametrize(
    ("policy", "category", "contract", "answer"),
    [
        pytest.param(PARCELS, "recipient.name", None, "vp.recipient.operational", marks=pytest.mark.policy("VP-RET-4")),
        pytest.param(PARCELS, "complaint.text", "person", None, marks=pytest.mark.policy("VP-RET-5", "VP-CAT-9")),
        pytest.param(PARCELS, "payer.name", "person", None, marks=pytest.mark.policy("AMB-21")),
        pytest.param(PARCELS, "account.credential", "person", None, marks=pytest.mark.policy("VP-RET-5")),
        pytest.param(CONTACTS, "contact.email", "organisation", "mx.all", marks=pytest.mark.policy("MX-RET-1")),
        pytest.param(CONTACTS, "contact.email", NO_CONTRACT, None, marks=pytest.mark.policy("MX-RET-2")),
        pytest.param(CONTACTS, "contact.email", None, None, marks=pytest.mark.policy("MX-RET-2")),
        pytest.param(CONTACTS, "recipient.name", "person", None, marks=pytest.mark.policy("MX-SCO-1")),
        pytest.param(STAMPS, "depicted.image", None, "ms.photo", marks=pytest.mark.policy("MS-RET-1")),
        pytest.param(STAMPS, "customer.gender", "person", None, marks=pytest.mark.policy("MS-CAT-3")),
    ],
)
def test_nothing_is_stored_without_a_term(
    policy: Policy, category: str, contract: str | None, answer: str | None
) -> None:
    found = storable(policy, category, contract)
    if answer is None:
        assert isinstance(found, Refusal)
        assert found.reason == "no_retention_rule"
    else:
        assert isinstance(found, RetentionRule)
        assert found.id == answer


@pytest.mark.policy("MX-RET-2")
def test_the_clause_of_what_has_no_term() -> None:
    without = storable(CONTACTS, "contact.email", NO_CONTRACT)
    assert isinstance(without, Refusal)
    assert without.clause.ids == ("MX-RET-2",)


# ---- whatever is asked


def _asked(policy: Policy) -> st.SearchStrategy[tuple[Policy, Question]]:
    """Whatever can be asked of a pack."""
    levels = st.fixed_dictionaries({}, optional={"Aanvullend": st.booleans(), "Optimaal": st.booleans()})
    return st.tuples(
        st.just(policy),
        st.builds(
            Question,
            purpose=st.sampled_from([*policy.purposes, "label_and_delivery", "services", "loyalty_programme"]),
            subject=st.sampled_from(DATA_SUBJECTS),
            account_type=st.sampled_from([*policy.account_types, "professional", "mystamp", "company"]),
            lane=st.sampled_from([None, None, *LANES, "pigeon"]),
            restricted=st.booleans(),
            objected=st.none() | st.frozensets(st.sampled_from([*policy.purposes])),
            levels=levels,
            contract=st.sampled_from([None, *CONTRACTS, NO_CONTRACT]),
            tie=st.sampled_from([None, *TIES]),
            channel=st.sampled_from([None, "email", "post", "telephone", "websites", *sorted(PLATFORMS)]),
            declared=st.booleans(),
        ),
    )


QUESTIONS = st.one_of([_asked(policy) for policy in PACKS])  # made once: made anew for each example it costs most
OF_A_RECIPIENT = {"label_and_delivery", "service_follow_up", "questions", "support"}
AT_HOME = {PARCELS.id: {"sender", "recipient", "user"}, CONTACTS.id: {"contact"}, STAMPS.id: {"customer", "depicted"}}


@settings(max_examples=1500, deadline=None)
@given(QUESTIONS)
def test_no_combination_that_the_texts_refuse_passes(drawn: tuple[Policy, Question]) -> None:
    policy, asked = drawn
    found = permitted(policy, asked)
    if isinstance(found, Refusal):
        assert found.reason in REASONS
        return
    assert asked.subject in AT_HOME[policy.id]  # no permission is borrowed from another pack
    assert asked.account_type in policy.account_types
    assert asked.channel not in PLATFORMS
    _advertising(policy, asked, found)
    if asked.lane is not None:
        assert policy.purposes[asked.purpose].default
        assert asked.lane == "direct" or (policy is PARCELS and asked.account_type == "professional")
    if asked.restricted:
        assert (policy.id, asked.subject, asked.purpose) == (PARCELS.id, "sender", "legal_defence")
    if asked.subject == "recipient":
        assert (asked.purpose in OF_A_RECIPIENT, found.basis) == (True, "A6-1-f")
    if asked.subject == "depicted":
        assert (asked.purpose, asked.declared, found.basis) == ("services", True, "not_stated")
    if found.basis == "A6-1-b":
        assert asked.tie == "necessary"
        assert asked.contract == "person" or (asked.contract == "organisation" and policy is PARCELS)
    if asked.objected is None:
        assert policy.purposes[asked.purpose].default or found.basis not in ("A6-1-a", "A6-1-f")
    elif asked.purpose in asked.objected:
        assert found.basis not in ("A6-1-a", "A6-1-f")


def _advertising(policy: Policy, asked: Question, found: Permission) -> None:
    if asked.purpose == "personalised_advertising":
        assert policy is not STAMPS
        assert (found.basis, asked.levels.get("Optimaal")) == ("A6-1-a", True)
    if asked.purpose == "generic_advertising":
        assert found.basis == "A6-1-f"
        assert policy is STAMPS or asked.levels.get("Aanvullend") is True
    if asked.purpose.endswith("_advertising"):
        assert asked.channel is not None
        assert asked.account_type != "guest"


@settings(max_examples=400, deadline=None)
@given(QUESTIONS, st.sampled_from(["Aanvullend", "Optimaal"]))
def test_what_is_not_known_never_opens_what_was_shut(drawn: tuple[Policy, Question], name: str) -> None:
    policy, asked = drawn
    less = replace(
        asked,
        contract=None,
        tie=None,
        levels={key: on for key, on in asked.levels.items() if key != name},
        declared=False,
    )
    if isinstance(permitted(policy, asked), Refusal):
        assert isinstance(permitted(policy, less), Refusal)
