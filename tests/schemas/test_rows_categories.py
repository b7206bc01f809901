"""Category by category: how the text marks it, on which condition it passes, and of whom."""

from __future__ import annotations

import pytest

from schemas.policy import Policy
from schemas.policy_loader import load

PARCELS, CONTACTS, STAMPS = load("bpost-shipping-platform"), load("bpost-maxiresponse"), load("bpost-mystamp")

EVERY = None
"""Every account type of the pack."""
NOBODY: tuple[str, ...] = ()
WHEN = {"always": ("keep", None), "never": ("drop", None)}
"""What a row has for it; every other word is the condition under which a dropped datum passes."""


@pytest.mark.parametrize(
    ("policy", "categories", "mark", "passes", "kinds"),
    [
        pytest.param(
            PARCELS, ("account.credential",), "no", "never", NOBODY, marks=pytest.mark.policy("VP-CAT-1", "VP-RET-5")
        ),
        pytest.param(
            PARCELS, ("sender.company",), "no", "always", ("professional",), marks=pytest.mark.policy("VP-CAT-2")
        ),
        pytest.param(
            PARCELS, ("sender.legal_form",), "no", "always", ("professional",), marks=pytest.mark.policy("VP-CAT-3")
        ),
        pytest.param(
            PARCELS,
            (
                "sender.address.street",
                "sender.address.number",
                "sender.address.box",
                "sender.address.line2",
                "sender.address.locality",
                "sender.address.postal_code",
                "sender.address.country",
            ),
            "no",
            "always",
            ("professional",),
            marks=pytest.mark.policy("VP-CAT-4"),
        ),
        pytest.param(
            PARCELS, ("sender.vat",), "if_applicable", "always", ("professional",), marks=pytest.mark.policy("VP-CAT-5")
        ),
        pytest.param(PARCELS, ("recipient.vat",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("VP-CAT-5")),
        pytest.param(
            PARCELS, ("sender.responsible",), "no", "never", NOBODY, marks=pytest.mark.policy("VP-CAT-6", "VP-RET-5")
        ),
        pytest.param(
            PARCELS,
            ("parcel.barcode", "parcel.pieces", "parcel.dimensions", "parcel.weight"),
            "no",
            "always",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7"),
        ),
        pytest.param(
            PARCELS,
            ("parcel.product", "parcel.reference", "parcel.pickup_point"),
            "not_stated",
            "always",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7"),
        ),
        pytest.param(
            PARCELS,
            (
                "recipient.address.street",
                "recipient.address.number",
                "recipient.address.box",
                "recipient.address.line2",
                "recipient.address.locality",
                "recipient.address.postal_code",
                "recipient.address.country",
            ),
            "no",
            "always",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7"),
        ),
        pytest.param(
            PARCELS,
            ("recipient.company",),
            "not_stated",
            "company_delivery",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7"),
        ),
        pytest.param(
            PARCELS,
            ("recipient.locker_member",),
            "not_stated",
            "locker",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7"),
        ),
        pytest.param(
            PARCELS, ("recipient.name", "sender.name"), "no", "always", EVERY, marks=pytest.mark.policy("VP-CAT-8")
        ),
        pytest.param(
            PARCELS,
            ("recipient.contact.email",),
            "conditional",
            "notify_email",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-8", "AMB-1"),
        ),
        pytest.param(
            PARCELS,
            ("recipient.contact.phone",),
            "yes",
            "notify_sms",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-8", "AMB-1"),
        ),
        pytest.param(
            PARCELS,
            ("recipient.contact.language",),
            "not_stated",
            "notify",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-8"),
        ),
        pytest.param(
            PARCELS, ("sender.contact.email",), "no", "always", EVERY, marks=pytest.mark.policy("VP-CAT-8", "AMB-1")
        ),
        pytest.param(PARCELS, ("sender.contact.phone",), "yes", "always", EVERY, marks=pytest.mark.policy("VP-CAT-8")),
        pytest.param(
            PARCELS,
            (
                "recipient.customs.description",
                "recipient.customs.quantity",
                "recipient.customs.weight",
                "recipient.customs.value",
                "recipient.customs.currency",
                "recipient.customs.hs_code",
                "recipient.customs.origin",
            ),
            "not_stated",
            "outside_eu",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7"),
        ),
        pytest.param(
            PARCELS,
            ("recipient.due.amount", "recipient.due.currency"),
            "not_stated",
            "cash_on_delivery",
            EVERY,
            marks=pytest.mark.policy("VP-CAT-7", "VP-PUR-2", "VP-PUR-3"),
        ),
        pytest.param(PARCELS, ("complaint",), "no", "never", NOBODY, marks=pytest.mark.policy("VP-CAT-9", "VP-RET-5")),
        pytest.param(PARCELS, ("online",), "no", "never", NOBODY, marks=pytest.mark.policy("VP-COL-1")),
        pytest.param(PARCELS, ("behaviour",), "no", "never", NOBODY, marks=pytest.mark.policy("VP-PUR-11", "VP-PRO-1")),
        pytest.param(
            PARCELS, ("order.payment",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("VP-PUR-5", "VP-RET-5")
        ),
        pytest.param(PARCELS, ("free_text",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("VP-CAT-8")),
        pytest.param(
            PARCELS,
            ("order.id", "order.name", "customer.id"),
            "not_stated",
            "always",
            EVERY,
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(
            PARCELS,
            ("order.time", "order.state", "order.line", "payer.name"),
            "not_stated",
            "always",
            EVERY,
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(CONTACTS, ("contact.name",), "no", "always", EVERY, marks=pytest.mark.policy("MX-CAT-1")),
        pytest.param(CONTACTS, ("contact.first_name",), "no", "always", EVERY, marks=pytest.mark.policy("MX-CAT-1")),
        pytest.param(CONTACTS, ("contact.email",), "no", "always", EVERY, marks=pytest.mark.policy("MX-CAT-1")),
        pytest.param(CONTACTS, ("contact.phone",), "no", "always", EVERY, marks=pytest.mark.policy("MX-CAT-1")),
        pytest.param(
            CONTACTS,
            (
                "recipient.address",
                "sender.address",
                "customer.address",
                "recipient.company",
                "sender.company",
                "sender.legal_form",
                "recipient.vat",
                "sender.vat",
                "customer.vat",
            ),
            "not_stated",
            "never",
            NOBODY,
            marks=pytest.mark.policy("MX-CAT-2"),
        ),
        pytest.param(CONTACTS, ("online",), "no", "never", NOBODY, marks=pytest.mark.policy("MX-COL-1")),
        pytest.param(CONTACTS, ("behaviour",), "no", "never", NOBODY, marks=pytest.mark.policy("MX-PUR-5", "MX-PRO-1")),
        pytest.param(CONTACTS, ("free_text",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("MX-CAT-1")),
        pytest.param(CONTACTS, ("customer.id",), "not_stated", "always", EVERY, marks=pytest.mark.policy("AMB-21")),
        pytest.param(CONTACTS, ("order.time",), "not_stated", "always", EVERY, marks=pytest.mark.policy("AMB-21")),
        pytest.param(
            CONTACTS, ("contact.agreement",), "not_stated", "always", EVERY, marks=pytest.mark.policy("AMB-21")
        ),
        pytest.param(
            STAMPS,
            ("customer.name", "customer.first_name"),
            "no",
            "always",
            EVERY,
            marks=pytest.mark.policy("MS-CAT-1"),
        ),
        pytest.param(
            STAMPS,
            (
                "customer.address.street",
                "customer.address.number",
                "customer.address.box",
                "customer.address.line2",
                "customer.address.locality",
                "customer.address.postal_code",
                "customer.address.country",
            ),
            "no",
            "always",
            EVERY,
            marks=pytest.mark.policy("MS-CAT-1", "AMB-13"),
        ),
        pytest.param(STAMPS, ("customer.email",), "no", "always", EVERY, marks=pytest.mark.policy("MS-CAT-1")),
        pytest.param(STAMPS, ("customer.birth_date",), "yes", "entered", EVERY, marks=pytest.mark.policy("MS-CAT-2")),
        pytest.param(
            STAMPS, ("customer.gender",), "no", "never", NOBODY, marks=pytest.mark.policy("MS-CAT-3", "AMB-13")
        ),
        pytest.param(STAMPS, ("customer.phone",), "yes", "entered", EVERY, marks=pytest.mark.policy("MS-CAT-4")),
        pytest.param(STAMPS, ("customer.mobile",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("AMB-13")),
        pytest.param(
            STAMPS, ("customer.vat",), "if_applicable", "always", ("mystamp_pro",), marks=pytest.mark.policy("MS-CAT-5")
        ),
        pytest.param(
            STAMPS, ("depicted.image",), "if_applicable", "always", EVERY, marks=pytest.mark.policy("MS-CAT-6")
        ),
        pytest.param(
            STAMPS,
            ("depicted.name", "depicted.sign"),
            "if_applicable",
            "always",
            EVERY,
            marks=pytest.mark.policy("MS-CAT-6"),
        ),
        pytest.param(
            STAMPS, ("depicted.metadata",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("MS-CAT-6")
        ),
        pytest.param(
            STAMPS,
            ("stamps.product", "stamps.pieces"),
            "not_stated",
            "always",
            EVERY,
            marks=pytest.mark.policy("MS-PUR-1"),
        ),
        pytest.param(STAMPS, ("online",), "no", "never", NOBODY, marks=pytest.mark.policy("MS-COL-1")),
        pytest.param(STAMPS, ("behaviour",), "no", "never", NOBODY, marks=pytest.mark.policy("MS-PRO-1")),
        pytest.param(STAMPS, ("order.payment",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("MS-CAT-1")),
        pytest.param(STAMPS, ("free_text",), "not_stated", "never", NOBODY, marks=pytest.mark.policy("MS-CAT-1")),
        pytest.param(
            STAMPS,
            ("order.id", "order.name", "customer.id"),
            "not_stated",
            "always",
            EVERY,
            marks=pytest.mark.policy("AMB-21"),
        ),
        pytest.param(STAMPS, ("order.time",), "not_stated", "always", EVERY, marks=pytest.mark.policy("AMB-21")),
        pytest.param(STAMPS, ("customer.entered",), "not_stated", "always", EVERY, marks=pytest.mark.policy("AMB-21")),
        pytest.param(
            STAMPS,
            ("depicted.declaration",),
            "if_applicable",
            "always",
            EVERY,
            marks=pytest.mark.policy("MS-CTL-3"),
        ),
    ],
)
def test_what_is_listed_and_when_it_passes(
    policy: Policy, categories: tuple[str, ...], mark: str, passes: str, kinds: tuple[str, ...] | None
) -> None:
    for category in categories:
        rule = policy.category_rule(category)
        assert rule is not None, category
        assert rule.optional == mark
        assert (rule.default, rule.unless) == WHEN.get(passes, ("drop", passes))
        permitted = tuple(kind for kind in policy.account_types if policy.permits(category, kind))
        assert permitted == (tuple(policy.account_types) if kinds is EVERY else kinds)
