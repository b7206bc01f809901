"""Rows that do not fit each other, and schema fields without a place in the policy, are refused with one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.errors import SchemaFault
from schemas.order import catalogue
from schemas.policy_loader import check_fields, load
from tests.schemas.broken_pack import TEXT, fault


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            '"recipient.name", "recipient.company",',
            '"recipient.nme", "recipient.company",',
            "parts.\"recipient.delivery\".categories: unknown 'recipient.nme'; use one of those of schemas/",
        ),
        (
            'covers = ["complaint"]',
            'covers = ["complaints"]',
            "categories.\"complaints\".covers: unknown 'complaints'; use one of those of schemas/categories.py",
        ),
        (
            'account_types = ["professional"]',
            'account_types = ["proffesional"]',
            "categories.\"company name of the sender\".account_types: unknown 'proffesional'; use one of guest, ",
        ),
        (
            'bases = ["professional", "residential", "guest", "recipient"]',
            "bases = []",
            "purposes.label_and_delivery.bases: empty; give it a value",
        ),
        (
            'bases = ["improvement"]',
            'bases = ["progress"]',
            "purposes.improvement.bases: unknown 'progress'; use one of generic_advertising, guest, improvement",
        ),
        (
            'level = "Optimaal"',
            'level = "Optimal"',
            "bases.personalised_advertising.level: unknown 'Optimal'; use one of Aanvullend, Optimaal",
        ),
        (
            'recipients = ["TCS", "Infosys"]',
            'recipients = ["TCS", "Wipro"]',
            "transfers.IN.recipients: unknown 'Wipro'; use one of AWS, ",
        ),
        (
            'purpose = "legal_defence"',
            'purpose = "legal_attack"',
            "retention.\"vp.sender.legal\".purpose: unknown 'legal_attack'; use one of account, ",
        ),
        (
            '"account", "service_follow_up", "contract_management"',
            '"account", "service_follow_up", "contracts"',
            "retention.\"vp.sender.operational\".serves: unknown 'contracts'; use one of *, account, ",
        ),
        (
            'then = "vp.sender.legal"',
            'then = "vp.sender.archive"',
            "retention.\"vp.sender.operational\".then: unknown 'vp.sender.archive'; use one of pv.event, ",
        ),
        (
            'retention = "pv.index"',
            'retention = "pv.indx"',
            "parts.\"index\".retention: unknown 'pv.indx'; use one of pv.event, ",
        ),
        (
            'sealed = false\nkeyed = true\npurpose = "label_and_delivery"',
            'sealed = false\nkeyed = true\npurpose = "indexing"',
            "parts.\"index\".purpose: unknown 'indexing'; use one of account, ",
        ),
        (
            'default = "label-created"',
            'default = "printed"',
            "interpretations.recipient_clock.default: unknown 'printed'; use one of delivered, label-created",
        ),
        (
            'triggers = { "vp.recipient.operational" = "delivered" }',
            'triggers = { "vp.recipient" = "delivered" }',
            "interpretations.recipient_clock.choices.delivered.triggers: unknown 'vp.recipient'; use one of pv.event, ",
        ),
        (
            'bases = { guest = "A6-1-f" }',
            'bases = { guests = "A6-1-f" }',
            "interpretations.guest_basis.choices.legitimate-interest.bases: unknown 'guests'; use one of ",
        ),
        (
            'optional = { "recipient.contact.email" = "yes", ',
            'optional = { "recipient.name" = "yes", ',  # its rule covers another category too
            "interpretations.email_optional.choices.optional.optional: unknown 'recipient.name'; use one of ",
        ),
    ],
)
def test_a_name_that_nothing_has_is_refused(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert fault(tmp_path, old, new).startswith(f"own.toml: {line}")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "retrieved_on = 2026-11-22",
            "retrieved_on = 2026-11-22\nrevised_on = 2026-11-01",
            "revised_on: give the date, or else revised_on_missing_reason, and not both",
        ),
        (
            'covers = ["sender.legal_form"]',
            'covers = ["sender.legal_form", "sender.company"]',
            'categories."legal form of the sender".covers: sender.company stands in an earlier row too; keep one',
        ),
        (
            'covers = ["sender.company"]\noptional = "no"\n',
            'covers = ["sender.company"]\noptional = "no"\nunless = "notify"\n',
            'categories."company name of the sender".unless: it is kept by default; remove one of the two',
        ),
        pytest.param(
            'basis = "A6-1-a"\nlevel = "Optimaal"',
            'basis = "A6-1-a"',
            "bases.personalised_advertising.level: consent needs a level that somebody can raise and lower; name one",
            marks=pytest.mark.policy("VP-PUR-11"),
        ),
        pytest.param(
            'dashboard = true\nclause = { ref = "0§1 L5-6',
            'dashboard = false\nclause = { ref = "0§1 L5-6',
            "bases.generic_advertising.account_types: residential has no dashboard, so no level; remove it",
            marks=pytest.mark.policy("X-LVL-1"),
        ),
        pytest.param(
            "plugin_may_raise = false",
            "plugin_may_raise = true",
            "levels.Aanvullend.plugin_may_raise: only the data subject raises a level; set it to false",
            marks=pytest.mark.policy("X-LVL-1"),
        ),
        pytest.param(
            "starts_on = false",
            "starts_on = true",
            "levels.Optimaal.starts_on: consent starts off; set it to false",
            marks=pytest.mark.policy("X-LVL-1", "VP-PUR-11"),
        ),
        pytest.param(
            'verb = "withdraw"',
            'verb = "object"',
            "levels.Optimaal.verb: consent is withdrawn, legitimate interest is objected to; correct it",
            marks=pytest.mark.policy("X-LVL-1", "AMB-11"),
        ),
        pytest.param(
            'level = "Aanvullend"',
            'level = "Optimaal"',
            "bases.generic_advertising.level: Optimaal has another basis; correct one of them",
            marks=pytest.mark.policy("X-LVL-1"),
        ),
        pytest.param(
            "default = true\n",
            "",
            "purposes: exactly one must have default = true, here none: there are none yet; correct it",
            marks=pytest.mark.policy("VP-PUR-2"),
        ),
        pytest.param(
            'iris = ["dpv:ServiceProvision"]',
            'iris = ["dpv:ServiceProvision"]\ndefault = true',
            "purposes: exactly one must have default = true, here label_and_delivery, service_follow_up; correct it",
            marks=pytest.mark.policy("VP-PUR-2"),
        ),
        (
            'bases = ["professional", "residential"]',
            'bases = ["professional", "residential", "generic_advertising"]',
            "purposes.account.bases: two for sender with residential; keep one",
        ),
        pytest.param(
            'country = "IE"',
            'country = "US"',
            "recipients.AWS.country: outside the EEA without a transfer; add it to [[transfers]]",
            marks=pytest.mark.policy("VP-TRF-1", "VP-REC-3"),
        ),
        (
            'duration = "P13M"\n',
            "",
            'retention."vp.recipient.operational": give either duration or until_event',
        ),
        (
            'duration = "P13M"\n',
            'duration = "P13M"\nuntil_event = "end_of_use"\n',
            'retention."vp.recipient.operational": give either duration or until_event',
        ),
        pytest.param(
            'then = "vp.sender.legal"\n',
            "",
            'retention."vp.sender.operational".then: a restriction, and nothing else, names the class that follows',
            marks=pytest.mark.policy("VP-RET-2", "AMB-6"),
        ),
        (
            'subject = "recipient"\npurpose = "label_and_delivery"',
            'subject = "recipient"\npurpose = "invoicing"',
            'retention."vp.recipient.operational".purpose: invoicing has no basis for recipient; choose another',
        ),
        pytest.param(
            'sealed = true\npurpose = "label_and_delivery"',
            'sealed = true\npurpose = "invoicing"',
            'parts."recipient.delivery".purpose: invoicing has no basis for recipient; choose another or add a basis',
            marks=pytest.mark.policy("VP-PUR-5"),
        ),
        (
            '"recipient.address.country", "recipient.address.postal_code"]',
            '"recipient.address.country", "recipient.address.postal_code", "recipient.name"]',
            'parts."recipient.routing".categories: recipient.name is in recipient.delivery too; keep one',
        ),
        pytest.param(
            'categories = ["order.state", "order.line", "payer.name"]',
            'categories = ["order.state", "order.line", "payer.name", "free_text"]',
            'parts."read-only".categories: no row of [[categories]] permits free_text; remove it or permit it',
            marks=pytest.mark.policy("VP-CAT-8"),
        ),
        (
            'categories = ["order.state", "order.line", "payer.name"]',
            'categories = ["order.state", "order.line"]',
            'categories."what is read to decide".covers: payer.name may pass, but no part holds it; list it in a part',
        ),
        pytest.param(
            'covers = ["complaint"]\noptional = "no"\ndefault = "drop"',
            'covers = ["complaint"]\noptional = "no"\ndefault = "keep"',
            'categories."complaints".covers: complaint may pass, but no part holds it; list it in a part or drop it',
            marks=pytest.mark.policy("VP-RET-5", "VP-CAT-9"),
        ),
        pytest.param(
            'trigger = "label_created"              # interpretation recipient_clock',
            'trigger = "delivered"',
            "interpretations.recipient_clock.default: the rows that it concerns say otherwise; make them agree",
            marks=pytest.mark.policy("AMB-2"),
        ),
        pytest.param(
            'default = "conditional"',
            'default = "optional"',
            "interpretations.email_optional.default: the rows that it concerns say otherwise; make them agree",
            marks=pytest.mark.policy("AMB-1"),
        ),
        pytest.param(
            'default = "contract"',
            'default = "legitimate-interest"',
            "interpretations.guest_basis.default: the rows that it concerns say otherwise; make them agree",
            marks=pytest.mark.policy("AMB-9"),
        ),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert fault(tmp_path, old, new).startswith(f"own.toml: {line}")


@pytest.mark.policy("VP-REV-2")
def test_a_date_may_be_missing_only_with_a_reason(tmp_path: Path) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith("revised_on_missing_reason"))
    assert fault(tmp_path, row, "").startswith("own.toml: revised_on: give the date, or else revised_on_missing_reason")


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_a_part_never_takes_the_term_of_another_data_subject(tmp_path: Path) -> None:
    line = fault(tmp_path, 'retention = "vp.recipient.operational"', 'retention = "vp.sender.legal"')
    assert line == (
        'own.toml: parts."recipient.delivery".retention: vp.sender.legal is of another data subject; '
        "choose one of recipient"
    )


def test_every_field_of_the_canonical_order_has_a_part_and_a_rule() -> None:
    check_fields(load("bpost-shipping-platform"), catalogue())


@pytest.mark.parametrize(
    ("category", "line"),
    [
        ("", "no category; declare one of schemas/categories.py"),
        ("recipient.nme", "unknown category 'recipient.nme'; use one of schemas/categories.py"),
        ("recipient", "recipient has no part, and so no retention rule; list it in a part or do not read it"),
        pytest.param(
            "complaint.text",
            "complaint.text has no part, and so no retention rule; list it in a part or do not read it",
            marks=pytest.mark.policy("VP-RET-5", "VP-CAT-9"),
        ),
        pytest.param(
            "account.credential",
            "account.credential has no part, and so no retention rule; list it in a part or do not read it",
            marks=pytest.mark.policy("VP-RET-5", "VP-CAT-1"),
        ),
    ],
)
def test_a_field_without_a_place_in_the_policy_is_refused(category: str, line: str) -> None:
    fields = [("recipient.name", "recipient.name"), ("order.extra", category)]
    with pytest.raises(SchemaFault) as refused:
        check_fields(load("bpost-shipping-platform"), fields)
    assert str(refused.value) == f"bpost-shipping-platform: schema field order.extra: {line}"
