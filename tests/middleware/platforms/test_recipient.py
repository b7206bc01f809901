"""Who receives, and never who pays: name, address, e-mail, phone and language of the canonical order."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from middleware.errors import SchemaError
from schemas.order import Address
from tests.middleware.platforms.making import ABSENT, ADDRESS, EXAMPLES, address, document, example, parse, shipped

MIRTE = {"first_name": "Mirte", "last_name": "Oosterlynck"}
JOACHIM = {"first_name": "Joachim", "last_name": "Terweduwe"}
NOBODY: dict[str, Any] = {"first_name": None, "last_name": None}
EMAIL = "somebody@example.com"
PHONE, RATE_PHONE = "+32470000114", "+32470000225"


def faults(order: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        parse(order)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_the_address_is_the_one_of_who_receives() -> None:
    order = document(
        shipping_address=address(address2="bus 3", company="Oosterlynck bv", province="Oost-Vlaanderen"),
        billing_address={**MIRTE, "address1": "Betaalstraat 1", "city": "Elders", "zip": "1000", "country_code": "NL"},
        customer={"id": 7, **MIRTE, "default_address": {"address1": "Betaalstraat 1"}},
    )
    recipient = shipped(order).recipient
    assert (recipient.name, recipient.company) == ("Mirte Oosterlynck", "Oosterlynck bv")
    assert recipient.address == Address(
        street="Lijsterbesdreef", number="14", box="3", locality="Gent", postal_code="9000", country="BE"
    )


LINES = "shipping_address.address1", "shipping_address.address2"


@pytest.mark.parametrize(
    ("address1", "address2", "filled"),
    [
        ("Kerselaarstraat 12", None, ({"street", "number"}, set())),
        ("Kerselaarstraat 12", "bus 3", ({"street", "number"}, {"box"})),
        ("Kerselaarstraat", "12 bus 3", ({"street"}, {"number", "box"})),
        ("Kerselaarstraat 12 bus 3, achteraan", "poort B", ({"street", "number", "box", "line2"}, {"line2"})),
        ("Kerselaarstraat 7 8", "poort B", ({"street"}, {"line2"})),
    ],
)
def test_each_part_of_the_address_is_noted_under_the_line_that_it_came_from(
    address1: str, address2: str | None, filled: tuple[set[str], set[str]]
) -> None:
    parsed = parse(document(shipping_address=address(address1=address1, address2=address2)))
    noted = tuple(
        {parsed.taken[line], *parsed.shared.get(line, ())} if line in parsed.taken else set() for line in LINES
    )
    assert noted == tuple({f"recipient.address.{part}" for part in parts} for parts in filled)


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({}, {}),
        ({"address1": "Kerselaarstraat"}, {"address1": "no_number"}),
        ({"address1": "Kerselaarstraat 7 8"}, {"address1": "several_numbers"}),
        ({"address1": "Postbus 12"}, {"address1": "post_office_box"}),
        ({"address1": "Kerselaarstraat 12 tel 0470 00 00 01"}, {"address1": "contact"}),
        ({"address2": "bel 0470 00 00 01"}, {"address2": "contact"}),
        ({"address2": "mirte@voorbeeld.example"}, {"address2": "contact"}),
        ({"company": "Oosterlynck 0470 00 00 01"}, {"company": "contact"}),
        ({"address1": "1 Nowhere Lane", "country_code": "GB"}, {}),
    ],
)
def test_a_line_in_doubt_is_noted_with_the_reason(changes: dict[str, str], doubts: dict[str, str]) -> None:
    """What it holds goes all the same: a line of an address is nobody's to shorten."""
    parsed = parse(document(shipping_address=address(**changes)))
    assert parsed.doubts == {f"shipping_address.{name}": reason for name, reason in doubts.items()}
    assert parsed.order is not None
    going = parsed.order.recipient
    held = " ".join(filter(None, (going.company, going.address.street, going.address.number, going.address.line2)))
    assert all(text in held for name, text in changes.items() if name != "country_code")


@pytest.mark.parametrize("nothing", [None, ABSENT, "", "  ", "\u00a0"])
def test_an_address_line_that_holds_nothing_is_not_there(nothing: Any) -> None:
    empty = address(address1=nothing, address2=nothing, zip=nothing, city=nothing, country_code=nothing)
    parsed = parse(document(shipping_address={**empty, "company": None if nothing is ABSENT else nothing}))
    assert parsed.order is not None
    assert parsed.order.recipient.address == Address()
    assert parsed.order.recipient.company is None
    assert {path for path in parsed.taken if path.startswith("shipping_address.")} == {
        "shipping_address.first_name",
        "shipping_address.last_name",
    }


@pytest.mark.parametrize(
    ("names", "name", "taken"),
    [
        (("Mirte", "Oosterlynck", "M. O."), "Mirte Oosterlynck", {"first_name", "last_name"}),
        (("Mirte", None, "M. O."), "Mirte", {"first_name"}),
        ((None, "Oosterlynck", ABSENT), "Oosterlynck", {"last_name"}),
        ((ABSENT, ABSENT, "Mirte Oosterlynck"), "Mirte Oosterlynck", {"name"}),
        (("", "", "Mirte Oosterlynck"), "Mirte Oosterlynck", {"name"}),
        (("  ", "\t", "Mirte Oosterlynck"), "Mirte Oosterlynck", {"name"}),
        (("  ", "Oosterlynck", "M. O."), "Oosterlynck", {"last_name"}),
        ((None, None, "花子 架空"), "花子 架空", {"name"}),
    ],
)
def test_the_name_is_taken_from_its_parts_or_else_as_a_whole(
    names: tuple[Any, Any, Any], name: str, taken: set[str]
) -> None:
    given = dict(zip(("first_name", "last_name", "name"), names, strict=True))
    parsed = parse(document(shipping_address=address(**given)))
    assert parsed.order is not None
    assert parsed.order.recipient.name == name
    sources = {path for path, target in parsed.taken.items() if target == "recipient.name"}
    assert sources == {f"shipping_address.{source}" for source in taken}


@pytest.mark.parametrize("names", list(product([None, ABSENT, "", " \t"], repeat=3)))
def test_nobody_can_be_sent_a_parcel_without_a_name(names: tuple[Any, Any, Any]) -> None:
    nameless = address(**dict(zip(("first_name", "last_name", "name"), names, strict=True)))
    assert faults(document(shipping_address=nameless)) == [("/shipping_address/name", "required")]
    assert faults(document(shipping_address={**nameless, "company": "Oosterlynck bv"})) == [
        ("/shipping_address/name", "required")
    ]


@pytest.mark.parametrize("nowhere", [None, ABSENT])
def test_an_order_that_is_shipped_to_nowhere_is_refused(nowhere: Any) -> None:
    order = document(shipping_address=nowhere, shipping_lines=[{"is_removed": False}])
    assert faults(order) == [("/shipping_address", "required")]


def email_of(billing: Any, customer: Any, receives: dict[str, Any] = ADDRESS, notify: str = "email") -> str | None:
    order = document(email=EMAIL, billing_address=billing, customer=customer, shipping_address=receives)
    parsed = parse(order, notify=notify)
    assert parsed.order is not None
    email = parsed.order.recipient.contact.email
    assert (parsed.taken.get("email") == "recipient.contact.email") == (email is not None)
    return email


@pytest.mark.policy("VP-CAT-8")
@pytest.mark.parametrize(
    ("billing", "customer"),
    [
        (JOACHIM, JOACHIM),
        (JOACHIM, None),
        (None, JOACHIM),
        (NOBODY, JOACHIM),
        ({"name": "Joachim Terweduwe"}, None),
        (MIRTE, JOACHIM),  # an account of Joachim's, a bill for Mirte: the e-mail is the account's
        (JOACHIM, MIRTE),
        ({"first_name": "Mirte", "last_name": "Terweduwe"}, None),  # a namesake in the family
        ({"first_name": "Mirte"}, None),
        ({"name": "Oosterlynck"}, None),
    ],
)
def test_the_e_mail_of_who_pays_never_passes_for_who_receives(billing: Any, customer: Any) -> None:
    assert email_of(billing, customer) is None


@pytest.mark.policy("VP-CAT-8")
@pytest.mark.parametrize(
    ("billing", "customer"),
    list(product([None, ABSENT, {}, NOBODY, {"first_name": " ", "last_name": ""}], repeat=2)),
)
def test_an_e_mail_of_which_nobody_knows_whose_it_is_does_not_pass(billing: Any, customer: Any) -> None:
    assert email_of(billing, customer) is None


@pytest.mark.parametrize(
    ("billing", "customer"),
    [
        (MIRTE, MIRTE),
        (MIRTE, None),
        (None, MIRTE),
        (NOBODY, MIRTE),
        ({"name": "Mirte Oosterlynck"}, NOBODY),
        ({"first_name": "MIRTE", "last_name": "oosterlynck"}, {"first_name": "mirte", "last_name": "OOSTERLYNCK"}),
        ({"first_name": " Mirte ", "last_name": " Oosterlynck"}, None),
        ({"first_name": None, "last_name": "Mirte  Oosterlynck"}, None),
        ({"first_name": "", "last_name": " ", "name": "mirte oosterlynck "}, None),
    ],
)
def test_the_e_mail_passes_where_the_same_person_pays_and_receives(billing: Any, customer: Any) -> None:
    assert email_of(billing, customer) == EMAIL


@pytest.mark.parametrize(
    ("pays", "receives"), [("GROẞ", "groß"), ("Straße", "STRASSE"), ("ΖΑΧΑΡΊΑΣ", "ζαχαρίας"), ("ÉLOÏSE", "éloïse")]
)
def test_a_name_is_the_same_in_any_case_of_any_script(pays: str, receives: str) -> None:
    assert email_of({"name": pays}, None, address(first_name=None, last_name=receives)) == EMAIL


def test_what_the_recipient_is_called_as_a_whole_counts_too() -> None:
    receives = address(first_name=ABSENT, last_name=ABSENT, name="Mirte Oosterlynck")
    assert email_of(MIRTE, None, receives) == EMAIL
    assert email_of(JOACHIM, None, receives) is None


@pytest.mark.policy("VP-CAT-8")
def test_a_gift_carries_nothing_of_who_pays() -> None:
    gift = example("04-gift.json")
    contact = shipped(gift, notify="email").recipient.contact
    assert contact.email is None
    assert gift["email"]
    assert shipped(gift).recipient.name == "Mirte Oosterlynck-Dewaay"


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_phone_of_who_pays_is_ever_read(name: str) -> None:
    """Order, customer, billing address and default address have phones too; none of them is the parcel's."""
    order = example(name)
    for payer in (order, order.get("customer"), order.get("billing_address")):
        if payer is not None:
            payer["phone"] = "+32499999999"
    for receives in (order.get("shipping_address") or {}, *(order.get("shipping_lines") or ())):
        receives.pop("phone", None)
    try:
        parsed = parse(order, notify="sms")
    except SchemaError:
        assert name == "10-unapproved-data.json"
        return
    assert parsed.order is None or parsed.order.recipient.contact.phone is None


@pytest.mark.parametrize(
    ("own", "rates", "phone", "source"),
    [
        (PHONE, [{"phone": RATE_PHONE}], PHONE, "shipping_address.phone"),
        (PHONE, None, PHONE, "shipping_address.phone"),
        (None, [{"phone": RATE_PHONE}], RATE_PHONE, "shipping_lines[0].phone"),
        (ABSENT, [{"phone": RATE_PHONE}], RATE_PHONE, "shipping_lines[0].phone"),
        ("", [{"phone": None}, {"phone": RATE_PHONE}], RATE_PHONE, "shipping_lines[1].phone"),
        (" ", [{"phone": ""}, {}, {"phone": RATE_PHONE}], RATE_PHONE, "shipping_lines[2].phone"),
        (None, [{"phone": PHONE, "is_removed": True}, {"phone": RATE_PHONE}], RATE_PHONE, "shipping_lines[1].phone"),
        (None, [{"phone": RATE_PHONE}, {"phone": PHONE}], RATE_PHONE, "shipping_lines[0].phone"),
        (None, [{"phone": RATE_PHONE, "is_removed": True}], None, None),
        (None, [], None, None),
        (None, None, None, None),
        (None, [{}], None, None),
    ],
)
def test_the_phone_is_the_addresss_or_the_one_that_was_typed_for_the_rate(
    own: Any, rates: Any, phone: str | None, source: str | None
) -> None:
    parsed = parse(document(shipping_address=address(phone=own), shipping_lines=rates, phone="+32499999999"))
    assert parsed.order is not None
    assert parsed.order.recipient.contact.phone == phone
    assert [path for path, target in parsed.taken.items() if target == "recipient.contact.phone"] == (
        [source] if source else []
    )


@pytest.mark.parametrize("locale", ["nl-BE", "fr", None, ABSENT, "", "  "])
def test_the_language_is_the_one_in_which_the_order_was_made(locale: Any) -> None:
    """Where the recipient made it: a gift says nothing of the language of who gets it."""
    own = document(customer_locale=locale, billing_address={"name": shipped(document()).recipient.name})
    language = shipped(own).recipient.contact.language
    gift = document(customer_locale=locale, billing_address={"name": "Paul Verstraeten"})
    assert shipped(gift).recipient.contact.language is None
    assert language == (locale if locale in ("nl-BE", "fr") else None)
