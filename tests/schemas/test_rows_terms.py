"""Row by row: how long each class of data stays, and which part holds what."""

from __future__ import annotations

import pytest

from schemas.policy import Policy
from schemas.policy_loader import load

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")


@pytest.mark.parametrize(
    ("policy", "name", "of", "clock", "end", "after", "moved_by"),
    [
        pytest.param(
            PARCELS,
            "vp.former_user.marketing",
            ("user", "generic_advertising"),
            ("last_label_use", True, True),
            "P36M",
            ("erase_for_purpose", None),
            ("objection",),
            marks=pytest.mark.policy("VP-RET-1", "AMB-5", "AMB-6"),
        ),
        pytest.param(
            PARCELS,
            "vp.sender.operational",
            ("sender", "label_and_delivery"),
            ("start_of_use", True, False),
            "end_of_use",
            ("restrict", "vp.sender.legal"),
            (),
            marks=pytest.mark.policy("VP-RET-2", "AMB-6"),
        ),
        pytest.param(
            PARCELS,
            "vp.sender.legal",
            ("sender", "legal_defence"),
            ("label_created", False, False),
            "P10Y",
            ("erase", None),
            ("legal_hold",),
            marks=pytest.mark.policy("VP-RET-3", "AMB-3"),
        ),
        pytest.param(
            PARCELS,
            "vp.recipient.operational",
            ("recipient", "label_and_delivery"),
            ("label_created", True, False),
            "P13M",
            ("erase", None),
            ("erasure_accepted",),
            marks=pytest.mark.policy("VP-RET-4", "AMB-2", "AMB-4"),
        ),
        pytest.param(
            CONTACTS,
            "mx.all",
            ("contact", "services"),
            ("agreement_dissolved", True, False),
            "P3Y",
            ("erase", None),
            ("legal_hold",),
            marks=pytest.mark.policy("MX-RET-1", "AMB-7", "AMB-8"),
        ),
        pytest.param(
            STAMPS,
            "ms.customer",
            ("customer", "services"),
            ("last_order", True, True),
            "P3Y",
            ("erase", None),
            (),
            marks=pytest.mark.policy("MS-RET-1"),
        ),
        pytest.param(
            STAMPS,
            "ms.depicted",
            ("depicted", "services"),
            ("last_order", True, True),
            "P3Y",
            ("erase", None),
            ("customer_request",),
            marks=pytest.mark.policy("MS-RET-1", "AMB-16"),
        ),
        pytest.param(
            STAMPS,
            "ms.photo",
            ("depicted", "services"),
            ("last_order", True, True),
            "P3Y",
            ("erase", None),
            ("customer_request",),
            marks=pytest.mark.policy("MS-RET-1", "AMB-16"),
        ),
    ],
)
def test_a_term_its_clock_and_its_end(
    policy: Policy,
    name: str,
    of: tuple[str, str],
    clock: tuple[str, bool, bool],
    end: str,
    after: tuple[str, str | None],
    moved_by: tuple[str, ...],
) -> None:
    rule = policy.retention[name]
    assert (rule.subject, rule.purpose) == of
    assert (rule.trigger, rule.trigger_stated, rule.resets) == clock
    assert (rule.duration or rule.until_event, rule.after, rule.then) == (end, *after)
    assert (*rule.ended_early_by, *rule.extended_by) == moved_by


OF_A_SENDER = (
    *("account", "service_follow_up", "contract_management", "invoicing", "questions", "support"),
    *("customer_management", "improvement", "generic_advertising", "personalised_advertising"),
)


@pytest.mark.parametrize(
    ("policy", "name", "serves"),
    [
        pytest.param(PARCELS, "vp.former_user.marketing", (), marks=pytest.mark.policy("VP-RET-1", "AMB-5")),
        pytest.param(PARCELS, "vp.sender.operational", OF_A_SENDER, marks=pytest.mark.policy("VP-RET-2", "AMB-6")),
        pytest.param(PARCELS, "vp.sender.legal", (), marks=pytest.mark.policy("VP-RET-3")),
        pytest.param(PARCELS, "vp.recipient.operational", (), marks=pytest.mark.policy("VP-RET-4")),
        pytest.param(CONTACTS, "mx.all", ("*",), marks=pytest.mark.policy("MX-RET-1", "AMB-7", "AMB-8")),
        pytest.param(STAMPS, "ms.customer", ("*",), marks=pytest.mark.policy("MS-RET-1")),
        pytest.param(STAMPS, "ms.depicted", ("*",), marks=pytest.mark.policy("MS-RET-1", "AMB-16")),
        pytest.param(STAMPS, "ms.photo", ("*",), marks=pytest.mark.policy("MS-RET-1", "AMB-16")),
    ],
)
def test_a_term_is_of_the_purposes_for_which_the_text_gives_it(
    policy: Policy, name: str, serves: tuple[str, ...]
) -> None:
    assert policy.retention[name].serves == serves


@pytest.mark.policy("AMB-21")
@pytest.mark.parametrize(
    ("policy", "purpose"),
    [
        pytest.param(PARCELS, "label_and_delivery", id=PARCELS.id),
        pytest.param(CONTACTS, "services", id=CONTACTS.id),
        pytest.param(STAMPS, "services", id=STAMPS.id),
    ],
)
@pytest.mark.parametrize(
    ("name", "end", "after"),
    [
        ("pv.index", "part_ended", "erase"),
        ("pv.record", "last_part_ended", "erase"),
        ("pv.event", "last_part_ended", "erase"),
        ("pv.inbox", "P30D", "erase"),
        ("pv.not_kept", "answered", "never_written"),
    ],
)
def test_what_the_service_keeps_for_itself(policy: Policy, purpose: str, name: str, end: str, after: str) -> None:
    rule = policy.retention[name]
    assert (rule.subject, rule.purpose) == ("service", purpose)
    assert (rule.trigger, rule.trigger_stated, rule.resets) == ("received", False, False)
    assert (rule.duration or rule.until_event, rule.after, rule.then) == (end, after, None)
    assert (*rule.ended_early_by, *rule.extended_by, *rule.serves) == ()


@pytest.mark.parametrize(
    ("policy", "name", "subject", "how", "purpose", "retention", "categories"),
    [
        pytest.param(
            PARCELS,
            "recipient.delivery",
            "recipient",
            "sealed",
            "label_and_delivery",
            "vp.recipient.operational",
            (
                "recipient.name",
                "recipient.company",
                "recipient.locker_member",
                "recipient.address.street",
                "recipient.address.number",
                "recipient.address.box",
                "recipient.address.line2",
                "recipient.address.locality",
                "recipient.due.amount",
                "recipient.due.currency",
            ),
            marks=pytest.mark.policy("VP-RET-4", "AMB-4"),
        ),
        pytest.param(
            PARCELS,
            "recipient.notification",
            "recipient",
            "sealed",
            "label_and_delivery",
            "vp.recipient.operational",
            ("recipient.contact.email", "recipient.contact.phone", "recipient.contact.language"),
            marks=pytest.mark.policy("VP-RET-4", "AMB-4"),
        ),
        pytest.param(
            PARCELS,
            "recipient.customs",
            "recipient",
            "sealed",
            "label_and_delivery",
            "vp.recipient.operational",
            (
                "recipient.customs.description",
                "recipient.customs.quantity",
                "recipient.customs.weight",
                "recipient.customs.value",
                "recipient.customs.currency",
                "recipient.customs.hs_code",
                "recipient.customs.origin",
            ),
            marks=pytest.mark.policy("VP-RET-4", "AMB-4"),
        ),
        pytest.param(
            PARCELS,
            "recipient.routing",
            "recipient",
            "clear",
            "label_and_delivery",
            "vp.recipient.operational",
            ("recipient.address.country", "recipient.address.postal_code"),
            marks=pytest.mark.policy("VP-RET-4", "AMB-4"),
        ),
        pytest.param(
            PARCELS,
            "sender.contact",
            "sender",
            "sealed",
            "label_and_delivery",
            "vp.sender.legal",
            (
                "sender.name",
                "sender.company",
                "sender.legal_form",
                "sender.vat",
                "sender.address.street",
                "sender.address.number",
                "sender.address.box",
                "sender.address.line2",
                "sender.address.locality",
                "sender.address.postal_code",
                "sender.address.country",
                "sender.contact.email",
                "sender.contact.phone",
            ),
            marks=pytest.mark.policy("VP-RET-3", "AMB-4"),
        ),
        pytest.param(
            PARCELS,
            "parcel.facts",
            "parcel",
            "clear",
            "label_and_delivery",
            "vp.recipient.operational",
            (
                "parcel.barcode",
                "parcel.reference",
                "parcel.pieces",
                "parcel.dimensions",
                "parcel.weight",
                "parcel.product",
                "parcel.pickup_point",
            ),
            marks=pytest.mark.policy("VP-CAT-7", "VP-RET-4"),
        ),
        pytest.param(
            PARCELS,
            "index",
            "service",
            "keyed",
            "label_and_delivery",
            "pv.index",
            ("order.id", "order.name", "customer.id", "order.time"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            PARCELS,
            "read-only",
            "service",
            "clear",
            "label_and_delivery",
            "pv.not_kept",
            ("order.state", "order.line", "payer.name"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            CONTACTS,
            "maxiresponse.contact",
            "contact",
            "sealed",
            "services",
            "mx.all",
            ("contact.name", "contact.first_name", "contact.email", "contact.phone"),
            marks=pytest.mark.policy("MX-RET-1"),
        ),
        pytest.param(
            CONTACTS,
            "index",
            "service",
            "keyed",
            "services",
            "pv.index",
            ("customer.id", "order.time"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            CONTACTS,
            "read-only",
            "service",
            "clear",
            "services",
            "pv.not_kept",
            ("contact.agreement",),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            STAMPS,
            "mystamp.customer",
            "customer",
            "sealed",
            "services",
            "ms.customer",
            (
                "customer.name",
                "customer.first_name",
                "customer.email",
                "customer.phone",
                "customer.birth_date",
                "customer.vat",
                "customer.address.street",
                "customer.address.number",
                "customer.address.box",
                "customer.address.line2",
                "customer.address.locality",
                "customer.address.postal_code",
                "customer.address.country",
            ),
            marks=pytest.mark.policy("MS-RET-1", "MS-CTL-1"),
        ),
        pytest.param(
            STAMPS,
            "mystamp.depicted",
            "depicted",
            "sealed",
            "services",
            "ms.depicted",
            ("depicted.name", "depicted.sign"),
            marks=pytest.mark.policy("MS-RET-1", "MS-CTL-2"),
        ),
        pytest.param(
            STAMPS,
            "mystamp.photo",
            "depicted",
            "sealed",
            "services",
            "ms.photo",
            ("depicted.image",),
            marks=pytest.mark.policy("MS-RET-1", "MS-CTL-2"),
        ),
        pytest.param(
            STAMPS,
            "mystamp.facts",
            "stamps",
            "clear",
            "services",
            "ms.customer",
            ("stamps.product", "stamps.pieces"),
            marks=pytest.mark.policy("MS-RET-1"),
        ),
        pytest.param(
            STAMPS,
            "index",
            "service",
            "keyed",
            "services",
            "pv.index",
            ("order.id", "order.name", "customer.id", "order.time"),
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            STAMPS,
            "mystamp.declaration",
            "stamps",
            "clear",
            "services",
            "pv.record",
            ("depicted.declaration",),
            marks=pytest.mark.policy("MS-CTL-3"),
        ),
        pytest.param(
            STAMPS,
            "read-only",
            "service",
            "clear",
            "services",
            "pv.not_kept",
            ("customer.entered",),
            marks=pytest.mark.policy("AMB-21"),
        ),
    ],
)
def test_a_part_what_it_holds_and_for_how_long(
    policy: Policy, name: str, subject: str, how: str, purpose: str, retention: str, categories: tuple[str, ...]
) -> None:
    for category in categories:
        assert policy.part_of(category).name == name
    part = policy.parts[name]
    assert part.categories == categories
    assert (part.subject, part.purpose, policy.rule(name).id) == (subject, purpose, retention)
    assert (part.sealed, part.keyed) == {"sealed": (True, False), "keyed": (False, True), "clear": (False, False)}[how]
