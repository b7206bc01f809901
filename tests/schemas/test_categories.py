"""The hierarchy of categories."""

from __future__ import annotations

import pytest

from schemas.categories import CATEGORIES

# Concepts looked up in DPV 2.3 (pd.ttl); another word would be an IRI that nobody defines.
DPV_2_3 = {
    "pd:BirthDate",
    "pd:BrowsingBehaviour",
    "pd:City",
    "pd:Communication",
    "pd:Country",
    "pd:EmailAddress",
    "pd:Gender",
    "pd:IPAddress",
    "pd:Identifier",
    "pd:IndividualProfile",
    "pd:Interest",
    "pd:Name",
    "pd:Password",
    "pd:PhysicalAddress",
    "pd:Picture",
    "pd:PostalCode",
    "pd:Preference",
    "pd:Purchase",
    "pd:PurchasesAndSpendingHabit",
    "pd:TVViewingBehaviour",
    "pd:TelephoneNumber",
    "pd:UID",
    "pd:Username",
}

ADDRESS = ("street", "number", "box", "line2", "locality", "postal_code", "country")
NEEDED = (
    *("recipient.name", "recipient.company", "recipient.locker_member"),
    *(f"recipient.address.{line}" for line in ADDRESS),
    *(f"recipient.contact.{means}" for means in ("email", "phone", "language")),
    *(f"recipient.customs.{datum}" for datum in ("description", "quantity", "weight", "value", "currency", "hs_code")),
    "recipient.customs.origin",
    *("recipient.due.amount", "recipient.due.currency"),
    *("sender.name", "sender.company", "sender.legal_form", "sender.vat", "sender.responsible.gender"),
    *(f"sender.address.{line}" for line in ADDRESS),
    *("sender.contact.email", "sender.contact.phone"),
    *(f"parcel.{fact}" for fact in ("weight", "pieces", "product", "reference", "dimensions", "barcode")),
    "parcel.pickup_point",
    *("order.id", "order.name", "order.time", "order.state", "customer.id", "payer.name"),
    *(f"contact.{datum}" for datum in ("name", "first_name", "email", "phone")),
    *(
        f"customer.{datum}"
        for datum in ("name", "first_name", "email", "phone", "mobile", "birth_date", "gender", "vat")
    ),
    *(f"customer.address.{line}" for line in ADDRESS),
    *(f"depicted.{datum}" for datum in ("image", "name", "sign", "metadata")),
    *("account.credential", "complaint.text", "behaviour.purchases", "online.identifier"),
)


def test_every_category_stands_under_its_own_id() -> None:
    assert {name: category.id for name, category in CATEGORIES.items()} == {name: name for name in CATEGORIES}


@pytest.mark.parametrize("name", NEEDED)
def test_what_the_schemas_and_the_policy_speak_of_exists(name: str) -> None:
    assert CATEGORIES[name].title


def test_every_category_but_the_topmost_has_a_parent() -> None:
    parents = {name.rpartition(".")[0] for name in CATEGORIES} - {""}
    assert parents <= CATEGORIES.keys()


def test_every_concept_is_one_of_dpv() -> None:
    assert {category.dpv for category in CATEGORIES.values()} - {None} == DPV_2_3


@pytest.mark.parametrize(
    ("name", "concept"),
    [
        ("recipient.contact.email", "pd:EmailAddress"),
        ("recipient.address.postal_code", "pd:PostalCode"),
        ("sender.responsible.gender", "pd:Gender"),
        ("account.credential.password", "pd:Password"),
        ("customer.birth_date", "pd:BirthDate"),
        ("depicted.image", "pd:Picture"),
        ("sender.vat", None),
        ("sender.legal_form", None),
    ],
)
def test_the_concept_is_the_right_one(name: str, concept: str | None) -> None:
    assert CATEGORIES[name].dpv == concept


def test_facts_of_the_parcel_alone_describe_nobody() -> None:
    impersonal = {name for name, category in CATEGORIES.items() if not category.personal}
    assert impersonal == {
        *("recipient.address.country", "sender.address.country", "customer.address.country"),
        *("parcel", "parcel.pieces", "parcel.dimensions", "parcel.weight", "parcel.product"),
        *("stamps", "stamps.product", "stamps.pieces"),
        *("order.time", "order.state", "contact.agreement", "customer.entered"),
    }


def test_the_list_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATEGORIES["x"] = CATEGORIES["recipient"]  # type: ignore[index]  # that is what is shown
