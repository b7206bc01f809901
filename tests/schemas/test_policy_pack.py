"""The pack of the shipping platform says what the policy says, requirement by requirement."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest

from schemas.categories import CATEGORIES
from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_loader import load, names
from tests.schemas.grounds import bases

PACK = "bpost-shipping-platform"
ACCOUNT_TYPES = ("guest", "residential", "professional")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(PACK)


def test_packs_are_found_by_name_and_carry_it() -> None:
    assert PACK in names()
    assert [load(name).id for name in names()] == list(names())


def test_the_digest_is_of_the_bytes_of_the_file(policy: Policy) -> None:
    content = (files("schemas") / "policies" / f"{PACK}.toml").read_bytes()
    assert policy.sha256 == hashlib.sha256(content).hexdigest()


# ---- scope, precedence, versions, controller


@pytest.mark.policy("VP-SCO-1")
def test_three_account_types_and_no_other(policy: Policy) -> None:
    assert tuple(policy.account_types) == ACCOUNT_TYPES
    assert [kind.account for kind in policy.account_types.values()] == [False, True, True]
    assert not policy.permits("recipient.name", "company")
    assert bases(policy, "label_and_delivery", "recipient", "company") == []


@pytest.mark.policy("VP-SCO-2", "VP-PRE-1")
def test_read_with_the_general_policy_which_yields(policy: Policy) -> None:
    assert policy.reads_with.title == "Algemeen Privacybeleid"
    assert policy.reads_with.url == "https://www.bpost.be/privacy"
    assert policy.reads_with.prevails == "specific"
    assert policy.reads_with.at_hand is False


@pytest.mark.policy("VP-SCO-2")
def test_what_the_pack_does_not_say_is_unspecified_and_denied(policy: Policy) -> None:
    assert policy.says("loyalty_programme") == "unspecified"
    assert not policy.permits("recipient.birth_date")
    assert "loyalty_programme" not in policy.purposes


@pytest.mark.policy("VP-CTL-1")
def test_the_controller(policy: Policy) -> None:
    controller = policy.controller
    assert (controller.name, controller.legal_form) == ("bpost", "naamloze vennootschap van publiek recht")
    assert (controller.address, controller.country) == ("Anspachlaan 1, bus 1, 1000 Brussel", "BE")
    assert controller.vat == "BE 0214.596.464"
    assert controller.clause.ref == "0§2 L17-18"


@pytest.mark.policy("X-RGT-2")
def test_both_ways_to_reach_the_controller(policy: Policy) -> None:
    web_form, post = policy.controller.channels
    assert (web_form.kind, web_form.address) == ("web_form", "not_stated")
    assert (post.kind, post.clause.ref) == ("post", "0§10 L200")
    assert post.address == "bpost, ter attentie van het Data Protection Office, Anspachlaan 1, bus 1 - 1000 Brussel"


@pytest.mark.policy("VP-REV-1", "VP-REV-2", "AMB-18")
def test_in_force_on_publication_of_a_text_without_a_date(policy: Policy) -> None:
    assert policy.effective_from == "publication"
    assert policy.revised_on is None
    assert policy.revised_on_missing_reason.startswith("The text says that the date of the last revision")
    assert policy.retrieved_on == date(2026, 11, 22)
    assert policy.text_sha256 == "4c7bcef11b82a203a25666d3f345d866ec33f1d26cb12e5cac8af856118da732"
    assert policy.interpretations["revision_date"].chosen == "by-digest"


# ---- categories


@pytest.mark.parametrize(
    "category",
    [
        pytest.param("account.credential", marks=pytest.mark.policy("VP-CAT-1", "VP-RET-5")),
        pytest.param("account.credential.password", marks=pytest.mark.policy("VP-CAT-1")),
        pytest.param("recipient.vat", marks=pytest.mark.policy("VP-CAT-5")),
        pytest.param("sender.responsible.gender", marks=pytest.mark.policy("VP-CAT-6")),
        pytest.param("sender.responsible.name", marks=pytest.mark.policy("VP-CAT-6", "VP-RET-5")),
        pytest.param("complaint.text", marks=pytest.mark.policy("VP-CAT-9", "VP-RET-5")),
        pytest.param("online.identifier", marks=pytest.mark.policy("VP-COL-1")),
        pytest.param("online.identifier.ip_address", marks=pytest.mark.policy("VP-COL-1")),
        pytest.param("order.payment", marks=pytest.mark.policy("VP-PUR-5", "VP-RET-5")),
        pytest.param("behaviour.purchases", marks=pytest.mark.policy("VP-PUR-11", "VP-PRO-1")),
        pytest.param("behaviour.profile", marks=pytest.mark.policy("VP-PRO-1")),
        "free_text",
    ],
)
def test_what_never_exists_here(policy: Policy, category: str) -> None:
    rule = policy.category_rule(category)
    assert rule is not None
    assert (rule.default, rule.unless) == ("drop", None)
    assert not any(policy.permits(category, account_type) for account_type in (None, *ACCOUNT_TYPES))
    with pytest.raises(SchemaFault, match=f"{PACK}: no part may hold {category}; list it in a part"):
        policy.part_of(category)


def test_a_category_that_nobody_knows_is_not_permitted_by_its_parent(policy: Policy) -> None:
    assert policy.permits("recipient.name")
    assert not policy.permits("recipient.name.maiden")


@pytest.mark.parametrize(
    ("child", "parent", "within"),
    [
        ("recipient.contact.email", "recipient", True),
        ("recipient.contact.email", "recipient.contact", True),
        ("recipient.contact", "recipient.contact", True),
        ("recipient", "recipient.contact", False),
        ("sender.contact.email", "recipient", False),
        ("online.identifier", "online.id", False),  # part of a word is not a parent
        ("recipient.of.nobody", "recipient", True),  # no known category
    ],
)
def test_a_rule_governs_what_it_names_and_all_beneath(policy: Policy, child: str, parent: str, within: bool) -> None:
    only = replace(policy.categories[0], covers=(parent,))
    found = replace(policy, categories=(only,)).category_rule(child)
    assert found is (only if within else None)


def test_the_nearest_rule_governs_whatever_the_order(policy: Policy) -> None:
    wide = policy.category_rule("online")
    assert wide is not None
    narrow = replace(wide, covers=("online.identifier",), default="keep")
    for rules in ((wide, narrow), (narrow, wide)):
        changed = replace(policy, categories=rules)
        assert changed.category_rule("online.identifier.ip_address") is narrow
        assert changed.category_rule("online") is wide
        assert changed.category_rule("recipient.name") is None


@pytest.mark.parametrize(
    ("category", "line"),
    [
        pytest.param("sender.company", 26, marks=pytest.mark.policy("VP-CAT-2")),
        pytest.param("sender.legal_form", 27, marks=pytest.mark.policy("VP-CAT-3")),
        pytest.param("sender.address.street", 28, marks=pytest.mark.policy("VP-CAT-4")),
        pytest.param("sender.vat", 29, marks=pytest.mark.policy("VP-CAT-5")),
    ],
)
def test_company_data_of_a_professional_sender_only(policy: Policy, category: str, line: int) -> None:
    rule = policy.category_rule(category)
    assert rule is not None
    assert rule.clause.ref == f"0§3 L{line}"
    assert [policy.permits(category, account_type) for account_type in ACCOUNT_TYPES] == [False, False, True]


@pytest.mark.parametrize(
    ("category", "optional"),
    [
        pytest.param("sender.vat", "if_applicable", marks=pytest.mark.policy("VP-CAT-5")),
        pytest.param("sender.company", "no", marks=pytest.mark.policy("VP-CAT-2")),
        pytest.param("recipient.contact.phone", "yes", marks=pytest.mark.policy("VP-CAT-8")),
        pytest.param("recipient.contact.email", "conditional", marks=pytest.mark.policy("VP-CAT-8", "AMB-1")),
        pytest.param("recipient.name", "no", marks=pytest.mark.policy("VP-CAT-8")),
        ("recipient.customs.value", "not_stated"),
    ],
)
def test_what_the_text_marks_as_optional(policy: Policy, category: str, optional: str) -> None:
    rule = policy.category_rule(category)
    assert rule is not None
    assert rule.optional == optional


@pytest.mark.parametrize(
    ("category", "default", "unless"),
    [
        pytest.param("recipient.contact.phone", "drop", "notify_sms", marks=pytest.mark.policy("VP-CAT-8")),
        pytest.param("recipient.contact.email", "drop", "notify_email", marks=pytest.mark.policy("VP-CAT-8", "AMB-1")),
        ("recipient.contact.language", "drop", "notify"),
        ("recipient.company", "drop", "company_delivery"),
        pytest.param("recipient.locker_member", "drop", "locker", marks=pytest.mark.policy("VP-CAT-7")),
        ("recipient.customs.description", "drop", "outside_eu"),
        pytest.param("recipient.due.amount", "drop", "cash_on_delivery", marks=pytest.mark.policy("VP-PUR-5")),
        pytest.param("recipient.name", "keep", None, marks=pytest.mark.policy("VP-CAT-8")),
        pytest.param("parcel.weight", "keep", None, marks=pytest.mark.policy("VP-CAT-7")),
        pytest.param("recipient.address.street", "keep", None, marks=pytest.mark.policy("VP-CAT-7")),
    ],
)
def test_what_passes_and_on_which_condition(policy: Policy, category: str, default: str, unless: str | None) -> None:
    rule = policy.category_rule(category)
    assert rule is not None
    assert (rule.default, rule.unless) == (default, unless)
    assert policy.permits(category)


@pytest.mark.policy("VP-CAT-7")
def test_what_the_text_says_of_a_parcel_and_what_we_read_into_it(policy: Policy) -> None:
    marks = {name: rule.clause.mark for rule in policy.categories for name in rule.covers if name.startswith("parcel.")}
    assert marks == {
        **dict.fromkeys(("parcel.barcode", "parcel.pieces", "parcel.dimensions", "parcel.weight"), "S"),
        **dict.fromkeys(("parcel.product", "parcel.reference", "parcel.pickup_point"), "I"),
    }


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8")
def test_the_list_of_permitted_data_is_closed(policy: Policy) -> None:
    recipient = {name for name in CATEGORIES if name.startswith("recipient.") and policy.permits(name)}
    address = ("street", "number", "box", "line2", "locality", "postal_code", "country")
    customs = ("description", "quantity", "weight", "value", "currency", "hs_code", "origin")
    assert recipient == {
        *("recipient.name", "recipient.company", "recipient.locker_member"),
        *(f"recipient.address.{line}" for line in address),
        *(f"recipient.contact.{means}" for means in ("email", "phone", "language")),
        *(f"recipient.customs.{datum}" for datum in customs),
        *("recipient.due.amount", "recipient.due.currency"),
    }
    assert policy.interpretations["category_list"].chosen == "closed"


# ---- rights, identity, plug-in


@pytest.mark.policy("VP-PLG-1")
def test_a_plugin_for_professional_accounts_only(policy: Policy) -> None:
    assert [policy.account_types[name].plugin for name in ACCOUNT_TYPES] == [False, False, True]
    assert "0§6 L149-150" in policy.account_types["professional"].clause.ref


@pytest.mark.policy("VP-PLG-2", "VP-PLG-3")
def test_the_exchange_is_structured_and_starts_on_request(policy: Policy) -> None:
    assert policy.says("plugin_exchange") == "automatic_and_structured"
    assert policy.says("plugin_start") == "on_request_to_integrate"


@pytest.mark.policy("X-RGT-1", "X-IDV-1", "X-IDV-2", "X-REF-1")
def test_rights_identity_and_refusal(policy: Policy) -> None:
    assert policy.says("rights") == "per_general_policy"
    assert policy.says("identity_copies") == "never_kept"
    assert policy.says("extra_proof") == "only_with_a_recorded_reason"
    assert policy.says("refusal_of_requests") == "excessive_or_abusive"
    assert policy.topics["refusal_of_requests"].clause.ref == "0§10 L207"


# ---- clauses


def test_an_interpretation_for_every_open_point_of_the_text(policy: Policy) -> None:
    named = {id_ for point in policy.interpretations.values() for id_ in point.clause.ids if id_.startswith("AMB-")}
    assert named == {f"AMB-{number}" for number in (1, 2, 3, 4, 5, 6, 9, 10, 17, 18, 19, 20, 21)}
    assert {point.clause.mark for point in policy.interpretations.values()} == {"I"}


def test_a_pack_is_read_only(policy: Policy) -> None:
    with pytest.raises(TypeError):
        policy.retention["pv.record"] = policy.retention["pv.inbox"]  # type: ignore[index]  # that is what is shown
    with pytest.raises(AttributeError):
        policy.version = "9.9.9"  # type: ignore[misc]  # that is what is shown
