"""Purposes, legal bases, levels, profiling, recipients and transfers of the shipping platform."""

from __future__ import annotations

import pytest

from schemas.policy import Policy
from schemas.policy_loader import load
from tests.schemas.grounds import bases

# Concepts looked up in DPV 2.3 (dpv.ttl).
DPV_PURPOSES = {
    "dpv:AccountManagement",
    "dpv:Advertising",
    "dpv:CommunicationForCustomerCare",
    "dpv:CustomerCare",
    "dpv:CustomerManagement",
    "dpv:DeliveryOfGoods",
    "dpv:DirectMarketing",
    "dpv:DisputeManagement",
    "dpv:FulfilmentOfContractualObligation",
    "dpv:ImproveExistingProductsAndServices",
    "dpv:PaymentManagement",
    "dpv:PersonalisedAdvertising",
    "dpv:ServiceProvision",
    "dpv:ServiceRegistration",
    "dpv:TargetedAdvertising",
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load("bpost-shipping-platform")


@pytest.mark.policy("VP-PUR-2")
def test_one_purpose_alone_is_the_default_and_every_part_serves_it(policy: Policy) -> None:
    assert [purpose.id for purpose in policy.purposes.values() if purpose.default] == ["label_and_delivery"]
    assert policy.default_purpose.iris == ("dpv:DeliveryOfGoods",)
    assert {part.purpose for part in policy.parts.values()} == {"label_and_delivery"}


@pytest.mark.policy("VP-PUR-1")
def test_a_guest_has_no_account_to_activate(policy: Policy) -> None:
    assert bases(policy, "account", "sender", "professional") == ["A6-1-b"]
    assert bases(policy, "account", "sender", "guest") == []


@pytest.mark.policy("VP-PUR-3", "VP-PUR-6", "VP-PUR-7")
def test_what_else_may_concern_a_recipient_and_how_far(policy: Policy) -> None:
    limits = {
        purpose.id: purpose.limit
        for purpose in policy.purposes.values()
        if any("recipient" in policy.bases[name].subjects for name in purpose.bases)
    }
    assert limits == {
        "label_and_delivery": "",
        "service_follow_up": "tracking data only",
        "questions": "not through the making of a label",
        "support": "bound to a case, by the shipment's id",
    }


@pytest.mark.parametrize(
    "purpose",
    [
        pytest.param("contract_management", marks=pytest.mark.policy("VP-PUR-4")),
        pytest.param("invoicing", marks=pytest.mark.policy("VP-PUR-5")),
        pytest.param("customer_management", marks=pytest.mark.policy("VP-PUR-8")),
        pytest.param("improvement", marks=pytest.mark.policy("VP-PUR-9")),
        pytest.param("legal_defence", marks=pytest.mark.policy("VP-RET-3")),
    ],
)
def test_purposes_of_the_sender_alone(policy: Policy, purpose: str) -> None:
    assert bases(policy, purpose, "sender", "professional") in (["A6-1-b"], ["A6-1-f"])
    assert bases(policy, purpose, "recipient", "professional") == []


@pytest.mark.policy("VP-BAS-1")
@pytest.mark.parametrize(
    ("subject", "account_type", "basis"),
    [
        ("sender", "professional", "A6-1-b"),
        ("sender", "residential", "A6-1-b"),
        pytest.param("sender", "guest", "A6-1-b", marks=pytest.mark.policy("AMB-9")),
        ("recipient", "professional", "A6-1-f"),
        ("recipient", "residential", "A6-1-f"),
        ("recipient", "guest", "A6-1-f"),
    ],
)
def test_the_basis_of_making_a_label(policy: Policy, subject: str, account_type: str, basis: str) -> None:
    assert bases(policy, "label_and_delivery", subject, account_type) == [basis]


@pytest.mark.policy("VP-BAS-2")
def test_beyond_the_contract_legitimate_interest_with_the_right_to_object(policy: Policy) -> None:
    for name in ("professional", "residential", "guest"):
        (ground,) = policy.bases[name].instead
        assert (policy.bases[name].basis, ground.basis) == ("A6-1-b", "A6-1-f")
        assert ground.when == ("no_contract", "not_necessary")
        assert ground.clause.ref == "0§3 L83-87"
    assert {basis.id for basis in policy.bases.values() if not basis.objection} == {"personalised_advertising"}


@pytest.mark.policy("VP-PUR-9")
def test_improvement_is_no_reason_to_send_one_field_more(policy: Policy) -> None:
    assert bases(policy, "improvement", "sender", "guest") == ["A6-1-f"]
    assert "improvement" not in {part.purpose for part in policy.parts.values()}
    assert policy.purposes["improvement"].limit == "never a reason to send one field more"


@pytest.mark.policy("VP-PUR-10", "X-LVL-1")
def test_generic_advertising_is_opt_out_and_by_its_own_level(policy: Policy) -> None:
    purpose, level = policy.purposes["generic_advertising"], policy.levels["Aanvullend"]
    assert bases(policy, purpose.id, "user", "residential") == ["A6-1-f"]
    assert policy.bases["generic_advertising"].level == level.id
    assert (level.starts_on, level.verb, level.plugin_may_raise) == (True, "object", False)
    assert purpose.channels == ("post", "email", "applications", "websites")
    assert policy.retention["vp.former_user.marketing"].purpose == purpose.id


@pytest.mark.policy("VP-PUR-11", "X-LVL-1")
def test_personalised_advertising_is_opt_in_by_consent(policy: Policy) -> None:
    level = policy.levels["Optimaal"]
    assert bases(policy, "personalised_advertising", "user", "professional") == ["A6-1-a"]
    assert policy.bases["personalised_advertising"].level == level.id
    assert (level.starts_on, level.verb, level.plugin_may_raise) == (False, "withdraw", False)


@pytest.mark.policy("X-LVL-1", "X-LVL-2")
def test_who_cannot_log_in_has_neither_level(policy: Policy) -> None:
    assert not policy.account_types["guest"].dashboard
    assert policy.account_types["guest"].interpreted == ("dashboard",)
    for purpose in ("generic_advertising", "personalised_advertising"):
        assert bases(policy, purpose, "sender", "guest") == []


@pytest.mark.policy("X-LVL-2")
def test_where_levels_are_changed_and_what_holds_when_they_cannot_be_asked(policy: Policy) -> None:
    assert {level.dashboard for level in policy.levels.values()} == {"https://myprivacy.bpost.be/gcm/login"}
    assert policy.says("level_unknown") == "denied"


def test_every_concept_of_a_purpose_is_one_of_dpv(policy: Policy) -> None:
    assert {iri for purpose in policy.purposes.values() for iri in purpose.iris} == DPV_PURPOSES


# ---- profiling, automated decisions


@pytest.mark.policy("VP-PRO-1")
def test_profiling_with_consent_only(policy: Policy) -> None:
    assert policy.profiling == "consent_only"
    assert policy.topics["profiling"].clause.ref == "0§4 L134-138"


@pytest.mark.policy("VP-ADM-1", "AMB-17")
def test_automated_decisions_are_an_open_point_and_not_a_no(policy: Policy) -> None:
    assert policy.art22 == "unspecified"
    assert "art22" in policy.topics
    assert policy.interpretations["automated_decisions"].chosen == "unspecified"


# ---- recipients and transfers


@pytest.mark.parametrize(
    ("name", "country", "third_country"),
    [
        pytest.param("Speos", "not_stated", None, marks=pytest.mark.policy("VP-REC-1")),
        pytest.param("Dun and Bradstreet", "not_stated", None, marks=pytest.mark.policy("VP-REC-2")),
        pytest.param("AWS", "IE", False, marks=pytest.mark.policy("VP-REC-3")),
        pytest.param("TCS", "IN", True, marks=pytest.mark.policy("VP-REC-4")),
        pytest.param("Infosys", "IN", True, marks=pytest.mark.policy("VP-REC-4")),
    ],
)
def test_recipients_and_their_countries(policy: Policy, name: str, country: str, third_country: bool | None) -> None:
    (recipient,) = (recipient for recipient in policy.recipients if recipient.name == name)
    assert (recipient.role, recipient.country, recipient.third_country) == ("processor", country, third_country)


@pytest.mark.policy("VP-REC-2")
def test_no_purpose_is_invented_for_a_recipient_without_an_activity(policy: Policy) -> None:
    unexplained = {recipient.name: recipient.activity for recipient in policy.recipients if not recipient.purposes}
    assert unexplained == {"Speos": "not_stated", "Dun and Bradstreet": "not_stated"}


@pytest.mark.policy("VP-TRF-1", "VP-REC-4", "AMB-19")
def test_one_transfer_whose_instrument_the_text_does_not_name(policy: Policy) -> None:
    (transfer,) = policy.transfers
    assert (transfer.country, transfer.recipients) == ("IN", ("TCS", "Infosys"))
    assert transfer.safeguard == "per_general_policy"
    assert transfer.list_closed is False
