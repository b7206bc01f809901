"""Retention classes of the shipping platform, and the parts that have them."""

from __future__ import annotations

import pytest

from schemas.policy import Policy
from schemas.policy_loader import load


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load("bpost-shipping-platform")


@pytest.mark.parametrize(
    ("name", "subject", "trigger", "duration", "until_event", "after"),
    [
        pytest.param(
            *("vp.former_user.marketing", "user", "last_label_use", "P36M", None, "erase_for_purpose"),
            marks=pytest.mark.policy("VP-RET-1", "AMB-5"),
        ),
        pytest.param(
            *("vp.sender.operational", "sender", "start_of_use", None, "end_of_use", "restrict"),
            marks=pytest.mark.policy("VP-RET-2", "AMB-6"),
        ),
        pytest.param(
            *("vp.sender.legal", "sender", "label_created", "P10Y", None, "erase"),
            marks=pytest.mark.policy("VP-RET-3", "AMB-3"),
        ),
        pytest.param(
            *("vp.recipient.operational", "recipient", "label_created", "P13M", None, "erase"),
            marks=pytest.mark.policy("VP-RET-4", "AMB-2"),
        ),
        pytest.param(
            *("pv.index", "service", "received", None, "part_ended", "erase"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            *("pv.record", "service", "received", None, "last_part_ended", "erase"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            *("pv.inbox", "service", "received", "P30D", None, "erase"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            *("pv.not_kept", "service", "received", None, "answered", "never_written"),
            marks=pytest.mark.policy("AMB-21"),
        ),
    ],
)
def test_retention_classes(
    policy: Policy, name: str, subject: str, trigger: str, duration: str | None, until_event: str | None, after: str
) -> None:
    rule = policy.retention[name]
    assert (rule.subject, rule.trigger) == (subject, trigger)
    assert (rule.duration, rule.until_event, rule.after) == (duration, until_event, after)


def test_there_is_no_other_retention_class(policy: Policy) -> None:
    assert {name.partition(".")[0] for name in policy.retention} == {"vp", "pv"}
    assert len(policy.retention) == 9


@pytest.mark.policy("VP-RET-1")
def test_each_label_resets_the_marketing_clock_and_objection_ends_it(policy: Policy) -> None:
    assert [rule.id for rule in policy.retention.values() if rule.resets] == ["vp.former_user.marketing"]
    assert policy.retention["vp.former_user.marketing"].ended_early_by == ("objection",)


@pytest.mark.policy("VP-RET-2", "AMB-6")
def test_after_use_the_sender_is_restricted_to_legal_claims(policy: Policy) -> None:
    assert policy.retention["vp.sender.operational"].then == "vp.sender.legal"
    assert policy.interpretations["end_of_marketing"].chosen == "restrict"


@pytest.mark.policy("VP-RET-3")
def test_the_ten_years_serve_legal_claims_alone_and_have_no_stated_start(policy: Policy) -> None:
    rule = policy.retention["vp.sender.legal"]
    assert (rule.purpose, rule.trigger_stated, rule.extended_by) == ("legal_defence", False, ("legal_hold",))
    assert policy.purposes["legal_defence"].limit == "nothing else: no support, no marketing"


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_recipient_and_sender_of_one_shipment_have_clocks_of_their_own(policy: Policy) -> None:
    terms = {name: policy.rule(name).id for name, part in policy.parts.items() if part.subject != "service"}
    assert terms == {
        "recipient.delivery": "vp.recipient.operational",
        "recipient.notification": "vp.recipient.operational",
        "recipient.customs": "vp.recipient.operational",
        "recipient.routing": "vp.recipient.operational",
        "parcel.facts": "vp.recipient.operational",
        "sender.contact": "vp.sender.legal",
    }
    assert policy.retention["vp.recipient.operational"].ended_early_by == ("erasure_accepted",)


@pytest.mark.policy("VP-RET-5")
def test_what_the_text_gives_no_term_is_unspecified_and_unstored(policy: Policy) -> None:
    assert policy.says("retention_of_other_data") == "unspecified"
    held = {name.partition(".")[0] for part in policy.parts.values() for name in part.categories}
    assert held == {"recipient", "sender", "parcel", "order", "customer", "payer"}


@pytest.mark.policy("AMB-21")
def test_what_is_kept_for_our_own_task_is_marked_as_our_reading(policy: Policy) -> None:
    ours = {name: rule.clause for name, rule in policy.retention.items() if name.startswith("pv.")}
    assert {(clause.mark, clause.ref) for clause in ours.values()} == {("I", "0§8 (silence)")}
    stated = {name: rule.clause.mark for name, rule in policy.retention.items() if name.startswith("vp.")}
    assert set(stated.values()) == {"S"}
    assert policy.interpretations["own_storage"].chosen == "ceiling"


@pytest.mark.policy("AMB-20")
def test_the_reading_of_dates_is_named(policy: Policy) -> None:
    reading = policy.interpretations["date_arithmetic"]
    assert reading.chosen == "last-day-included"
    assert "Europe/Brussels" in reading.choices[reading.chosen].title


@pytest.mark.parametrize(
    ("category", "part", "sealed"),
    [
        ("recipient.name", "recipient.delivery", True),
        ("recipient.address.line2", "recipient.delivery", True),
        ("recipient.contact.email", "recipient.notification", True),
        ("recipient.customs.hs_code", "recipient.customs", True),
        ("recipient.address.postal_code", "recipient.routing", False),
        ("recipient.address.country", "recipient.routing", False),
        ("sender.vat", "sender.contact", True),
        ("parcel.barcode", "parcel.facts", False),
        ("customer.id", "index", False),
        ("payer.name", "read-only", False),
    ],
)
def test_the_part_of_a_category(policy: Policy, category: str, part: str, sealed: bool) -> None:
    assert (policy.part_of(category).name, policy.part_of(category).sealed) == (part, sealed)


def test_in_the_clear_are_country_and_postal_code_and_facts_of_the_parcel_alone(policy: Policy) -> None:
    clear = {name for name, part in policy.parts.items() if not part.sealed}
    assert clear == {"recipient.routing", "parcel.facts", "index", "read-only"}
    assert policy.parts["recipient.routing"].categories == (
        "recipient.address.country",
        "recipient.address.postal_code",
    )
    assert {name for name, part in policy.parts.items() if part.keyed} == {"index"}
