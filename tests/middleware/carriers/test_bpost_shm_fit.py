"""An order as bpost takes it: what fits, what does not and where, which product goes, what a printer is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from middleware.account import Account
from middleware.carriers.bpost_shm import mapping, printing, products
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.products import WAYS, Way
from middleware.carriers.bpost_shm.values import (
    Abroad,
    AtHome,
    AtPoint,
    InLocker,
    Message,
    Place,
    Point,
    Product,
    Service,
    Unregistered,
)
from middleware.carriers.parcel_json import ParcelJson
from middleware.errors import SchemaError
from middleware.exchange import Unserved
from middleware.model import Delivery
from schemas.order import Address, Contact, CustomsItem, Ids, Order, Parcel, Recipient
from tests.middleware.platforms.making import settings

HOME = Address(street="Bedachte Laan", number="12", box="3", locality="Brussel", postal_code="1000", country="BE")
LONDON = Address(street="Imaginary Road 12", locality="London", postal_code="EC1A 1BB", country="GB")
EMAIL, MOBILE = Contact(email="lotte@verzonnen.example", language="nl"), Contact(phone="+32470000000", language="de")
TEAPOT = CustomsItem(
    description="Teapot",
    quantity=2,
    weight_grams=450,
    value="12.50",
    currency="EUR",
    hs_code="6911.10",
    origin="BE",
)


def spot(id_: str, *, locker: bool = False, country: str = "BE", code: str = "9000") -> Spot:
    code = "1011 AB" if country == "NL" else code
    place = Place(street="Bedachte Markt", number="1", postal_code=code, locality="Gent", country=country)
    return Spot(point=Point(id=id_, name="Bedacht Punt", place=place), locker=locker)


SPOTS = {
    "207500": spot("207500"),
    "014472": spot("014472", locker=True),
    "NL1": spot("NL1", country="NL"),
    "NL2": spot("NL2", country="NL", locker=True),
    "GB1": spot("GB1", country="GB"),
    "ES1": spot("ES1", country="ES", code="38001"),
}


def carrier(**chosen: str) -> BpostShm:
    return BpostShm(accounts=lambda _: None, shared=None, spots=SPOTS, products=chosen)


def order(contact: Contact = Contact(), customs: tuple[CustomsItem, ...] = (), **changes: Any) -> Order:  # noqa: B008 - values
    known = ("weight_grams", "pieces", "product", "pickup_point")
    parcel: dict[str, Any] = {"weight_grams": 10_000 if customs else 600, "pieces": 1, "product": "parcel"}
    parcel |= {name: value for name, value in changes.items() if name in known}
    name, company = changes.get("name", "Lotte Verzonnen"), changes.get("company")
    address = {key: value for key, value in changes.items() if key not in (*known, "name", "company", "at")}
    recipient = Recipient(
        name=name, company=company, address=replace(changes.get("at", HOME), **address), contact=contact
    )
    return Order(ids=Ids(), recipient=recipient, parcel=Parcel(**parcel), customs=customs)


def notified(contact: Contact) -> Delivery:
    """How a shop notifies whose orders hold this after they were minimised."""
    return Delivery(notify="email" if contact.email else "sms" if contact.phone else "none")


def fitted(unfit: Order, **chosen: str) -> Order:
    serving = carrier(**chosen)
    return serving.fit(serving.choose(unfit, None, notified(unfit.recipient.contact))[0], {})


def box(made: Order, **chosen: str) -> Any:
    fit = fitted(made, **chosen)
    return mapping.box(fit, SPOTS.get(fit.parcel.pickup_point or ""))


def faults(unfit: Order, **chosen: str) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        fitted(unfit, **chosen)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def test_at_home_goes_what_the_schema_forces_and_no_more() -> None:
    made = box(order(company="Verzonnen bv"))
    assert isinstance(made, AtHome)
    assert (made.receiver.email, made.receiver.phone, made.parcel.options.told) == (None, None, ())
    assert (made.receiver.name, made.receiver.company, made.receiver.place.number) == (
        "Lotte Verzonnen",
        "Verzonnen bv",
        "12",
    )
    assert (made.parcel.product, made.parcel.weight) == (Product.HOME, 600)


@pytest.mark.parametrize(
    ("contact", "email", "mobile", "language"),
    [
        (EMAIL, EMAIL.email, None, "NL"),
        (MOBILE, None, MOBILE.phone, "DE"),
        (replace(EMAIL, language="pl"), ..., ..., "EN"),
    ],
)
def test_a_message_goes_to_one_address_where_the_delivery_notifies(
    contact: Contact, email: Any, mobile: Any, language: str
) -> None:
    (told,) = box(order(contact)).parcel.options.told
    assert (told.message, told.language) == (Message.NEXT_DAY, language)
    if email is not ...:
        assert (told.email, told.mobile) == (email, mobile)


def test_at_a_point_nothing_tells_where_its_receiver_lives() -> None:
    fit = fitted(order(EMAIL, pickup_point="207500"))
    assert fit.recipient.address == Address(postal_code="9000", country="BE")
    made = box(order(EMAIL, pickup_point="207500"))
    assert isinstance(made, AtPoint)
    assert (made.name, made.point, made.parcel.product) == ("Lotte Verzonnen", SPOTS["207500"].point, Product.AT_BPOST)
    assert [told.message for told in made.parcel.options.told] == [Message.AT_POINT]


def test_a_lockers_code_comes_by_mail_in_a_language_that_lockers_know() -> None:
    made = box(order(replace(EMAIL, language="de"), pickup_point="014472"))
    assert isinstance(made, InLocker)
    assert isinstance(made.opener, Unregistered)
    assert (made.opener.email, made.opener.language, made.parcel.product) == (EMAIL.email, "EN", Product.LOCKER)
    assert made.parcel.options.told == ()
    assert faults(order(pickup_point="014472"))[0] == ("/recipient/contact/email", "required")


def test_abroad_the_receiver_is_told_at_their_own_address_alone() -> None:
    made = box(order(EMAIL, postal_code="1011 AB", country="NL"))
    assert isinstance(made, Abroad)
    assert (made.receiver.email, made.parcel.options.told, made.customs) == (EMAIL.email, (), None)
    assert made.parcel.product is Product.EUROPE


def test_at_a_point_abroad_its_address_stands_where_the_schema_demands_the_receivers() -> None:
    made = box(order(pickup_point="NL1"))
    assert (made.parcel.product, made.point) == (Product.AT_BPOST_ABROAD, SPOTS["NL1"].point)
    assert made.receiver.place == SPOTS["NL1"].point.place


def test_in_a_locker_abroad_the_receiver_is_mailed_at_and_lives_nowhere() -> None:
    made = box(order(replace(EMAIL, phone=MOBILE.phone), pickup_point="NL2"))
    assert isinstance(made, Abroad)
    assert (made.parcel.product, made.point, made.locker) == (Product.LOCKER_ABROAD, SPOTS["NL2"].point, True)
    assert (made.receiver.email, made.receiver.phone) == (EMAIL.email, None)
    assert made.receiver.place == SPOTS["NL2"].point.place
    assert faults(order(MOBILE, pickup_point="NL2")) == [("/recipient/contact/email", "required")]


def test_outside_the_customs_union_all_is_declared() -> None:
    made = box(order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, quantity=1, value="0.5"))))
    assert made.parcel.product is Product.WORLD_BUSINESS
    customs = made.customs
    assert (customs.value, customs.description, customs.private, customs.currency) == (2550, "Teapot", True, "EUR")
    first = customs.contents[0]
    assert (first.pieces, first.value, first.weight, first.tariff, first.origin) == (2, 2500, 900, "691110", "BE")


def test_what_is_given_away_and_weighs_nothing_is_declared_beside_the_rest() -> None:
    gift = replace(TEAPOT, description="Sticker", quantity=1, value="0.00", weight_grams=0, hs_code="0901.21")
    customs = box(order(at=LONDON, weight_grams=900, customs=(TEAPOT, gift))).customs
    assert (customs.contents[1].value, customs.contents[1].weight, customs.contents[1].tariff) == (0, 0, "090121")
    assert (customs.value, customs.description) == (2500, "Teapot, Sticker")


def test_to_the_canary_islands_goes_what_goes_out_of_the_union_with_its_declaration() -> None:
    made = box(order(at=LONDON, locality="Santa Cruz", postal_code="ES-38001", country="ES", customs=(TEAPOT,)))
    assert (made.parcel.product, made.customs.value) == (Product.WORLD_BUSINESS, 2500)
    assert box(order(at=LONDON, locality="Madrid", postal_code="28013", country="ES")).parcel.product is Product.EUROPE


def test_a_summary_that_would_be_cut_off_is_left_out() -> None:
    items = tuple(replace(TEAPOT, description=f"A teapot of another kind, {n}") for n in (1, 2))
    assert box(order(at=LONDON, customs=items)).customs.description is None


LONG = "Verzonnen" * 5
NAME, WHERE = "/recipient/name", "/recipient/address"
UNFIT: Mapping[str, tuple[Order, list[tuple[str, str]]]] = {
    "name": (order(name=LONG), [(NAME, "too-long")]),
    "no name": (order(name=None), [(NAME, "required")]),
    "name at a point": (order(name=LONG, pickup_point="207500"), [(NAME, "too-long")]),
    "company": (order(company=LONG), [("/recipient/company", "too-long")]),
    "street": (order(street=LONG), [(f"{WHERE}/street", "too-long")]),
    "no street": (order(street=None), [(f"{WHERE}/street", "required")]),
    "number": (order(number="123456789"), [(f"{WHERE}/number", "too-long")]),
    "box": (order(box="123456789"), [(f"{WHERE}/box", "too-long")]),
    "line2": (order(line2=LONG), [(f"{WHERE}/line2", "too-long")]),
    "locality": (order(locality=LONG), [(f"{WHERE}/locality", "too-long")]),
    "postal code": (order(postal_code="10"), [(f"{WHERE}/postal_code", "pattern")]),
    "no postal code": (order(postal_code=None), [(f"{WHERE}/postal_code", "required")]),
    "country": (order(country="Be"), [("/customs", "required"), (f"{WHERE}/country", "pattern")]),
    "e-mail": (order(Contact(email=f"{LONG}@v.example")), [("/recipient/contact/email", "too-long")]),
    "locker's e-mail": (
        order(Contact(email="lotte.verzonnen.van.bedacht@voorbeeld.example"), pickup_point="014472"),
        [("/recipient/contact/email", "too-long")],
    ),
    "e-mail abroad": (
        order(Contact(email=f"{LONG}@v.example"), postal_code="1011 AB", country="NL"),
        [("/recipient/contact/email", "too-long")],
    ),
    "lighter than what is in it": (
        order(at=LONDON, customs=(TEAPOT,), weight_grams=899),
        [("/parcel/weight_grams", "lighter-than-contents")],
    ),
    "nothing declared to Tenerife": (order(postal_code="38001", country="ES"), [("/customs", "required")]),
    "point on Tenerife": (order(pickup_point="ES1"), [("/parcel/pickup_point", "unknown-pickup-point")]),
    "too heavy": (order(weight_grams=30_001), [("/parcel/weight_grams", "too-heavy")]),
    "no weight": (order(weight_grams=None), [("/parcel/weight_grams", "required")]),
    "two pieces": (order(pieces=2), [("/parcel/pieces", "one-piece")]),
    "unknown point": (order(pickup_point="999"), [("/parcel/pickup_point", "unknown-pickup-point")]),
    "point outside": (order(pickup_point="GB1"), [("/parcel/pickup_point", "unknown-pickup-point")]),
    "other product": (order(product="bpack-24-7"), [("/parcel/product", "unknown-product")]),
    "nothing declared": (order(at=LONDON), [("/customs", "required")]),
    "tariff": (order(at=LONDON, customs=(replace(TEAPOT, hs_code=None),)), [("/customs/0/hs_code", "required")]),
    "origin": (order(at=LONDON, customs=(replace(TEAPOT, origin=None),)), [("/customs/0/origin", "required")]),
    "weight of goods": (
        order(at=LONDON, customs=(replace(TEAPOT, weight_grams=0),) * 2),
        [("/customs/0/weight_grams", "required")],
    ),
    "weight of one of them": (
        order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, weight_grams=None))),
        [("/customs/1/weight_grams", "required")],
    ),
    "weight below nothing": (
        order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, weight_grams=-1))),
        [("/customs/1/weight_grams", "out-of-range")],
    ),
    "value below nothing": (
        order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, value="-0.01"))),
        [("/customs/1/value", "out-of-range")],
    ),
    "no pieces": (
        order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, quantity=0))),
        [("/customs/1/quantity", "required")],
    ),
    "description": (
        order(at=LONDON, customs=(*(TEAPOT,) * 9, replace(TEAPOT, description="D" * 31))),
        [("/customs/9/description", "too-long")],
    ),
    "currencies": (
        order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, currency="USD"))),
        [("/customs/1/currency", "several")],
    ),
    "currency": (order(at=LONDON, customs=(replace(TEAPOT, currency="euro"),)), [("/customs/0/currency", "pattern")]),
    "value": (
        order(at=LONDON, customs=(TEAPOT, replace(TEAPOT, value="1.005"))),
        [("/customs/1/value", "decimal")],
    ),
    "little value": (order(at=LONDON, customs=(replace(TEAPOT, value="0.01"),)), [("/customs", "out-of-range")]),
    "lines": (order(at=LONDON, customs=(TEAPOT,) * 11), [("/customs", "too-many")]),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_bpost_refuses_is_told_at_its_field_before_the_order_is_taken(case: str) -> None:
    unfit, told = UNFIT[case]
    found = faults(unfit)
    assert [one for one in told if one not in found] == []
    assert {pointer for pointer, _ in found} <= {pointer for pointer, _ in told}


def test_nothing_is_cut_off() -> None:
    fit = fitted(order(name="N" * 40, street="S" * 40, locality="L" * 40, number="12345678"))
    assert (fit.recipient.name, fit.recipient.address.street) == ("N" * 40, "S" * 40)


def test_to_fit_twice_changes_nothing() -> None:
    once = fitted(order(EMAIL, name="Łukasz Zmyślony", postal_code="B-1000"), home="bpack-24h-pro+signed+tell-email")
    assert fitted(once, home="bpack-24h-pro+signed+tell-email") == once


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Zoë Ångström-Müller", "Zoë Ångström-Müller"),
        ("Łukasz Zmyślony", "Lukasz Zmyslony"),
        ("D’Hond – “Bis”", 'D\'Hond - "Bis"'),
        ("Мария", "Mariya"),
        ("e\u0301 \u00a0 two\tthree\n", "é two three"),
    ],
)
def test_a_printer_is_given_letters_that_it_has(typed: str, shown: str) -> None:
    assert printing.printable(typed) == shown
    assert fitted(order(name=typed)).recipient.name == shown
    assert fitted(order(street=typed)).recipient.address.street == shown


def test_what_grows_too_long_is_told_and_not_cut() -> None:
    assert faults(order(name="Щ" * 20)) == [(NAME, "too-long")]


@pytest.mark.parametrize("way", Way)
def test_each_way_has_a_product_and_takes_no_other(way: Way) -> None:
    assert products.fits(way, products.first(way))
    every = {name for each in Way for name in products.possible(each)}
    assert {name for name in every if products.fits(way, name)} == set(products.possible(way))
    assert [choice.product for name in products.possible(way) if (choice := products.read(name))] == list(WAYS[way])


def test_options_are_written_behind_the_product() -> None:
    made = box(order(EMAIL), home="bpack-24h-business+signed+insured-2+tell-email")
    assert made.parcel.product is Product.BUSINESS
    assert (made.parcel.options.services, made.parcel.options.insured) == ((Service.SIGNED,), 2)
    assert len(made.parcel.options.told) == 1
    assert fitted(order(), home="bpack-24h-pro+insured").parcel.product == "bpack-24h-pro+insured"


def test_a_product_that_an_order_names_has_the_shops_options_if_it_is_the_shops() -> None:
    chosen = {"home": "bpack-24h-pro+signed"}
    assert fitted(order(product="bpack-24h-pro"), **chosen).parcel.product == "bpack-24h-pro+signed"
    assert fitted(order(product="bpack-24h-business"), **chosen).parcel.product == "bpack-24h-business"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "parcel",
        "bpack 24h Pro",
        "bpack-24h-pro+",
        "bpack-24h-pro+fragile",
        "bpack-24h-pro+signed+signed",
        "bpack-xl",
        "bpack-24h-pro+insured+insured-2",
        "+signed",
    ],
)
def test_what_is_no_product_is_none(text: str) -> None:
    assert products.read(text) is None


OWN = Account(id="654321", passphrase="made up", shared=False)
SHARED = replace(OWN, shared=True)


def served(shared: Account | None, **changes: Any) -> object:
    return replace(carrier(), shared=shared).serving(settings(**changes))


def test_a_shop_is_served_with_its_own_account_or_with_the_carriers() -> None:
    products_ = {"home": "bpack-24h-pro+signed", "world": "bpack-world-express-pro"}
    for bound in (served(None, account=OWN, products=products_), served(SHARED, products=products_)):
        assert isinstance(bound, BpostShm)
        assert bound.products == products_


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({}, ("account",)),
        ({"account": OWN, "product": "bpack-24h-pro"}, ("product",)),
        ({"account": OWN, "products": {"moon": "bpack-24h-pro"}}, ("products",)),
        ({"account": OWN, "products": {"home": "bpack-24-7"}}, ("products", "home")),
        ({"account": OWN, "products": {"home": "bpack-24h-pro+odd"}}, ("products", "home")),
    ],
)
def test_a_shop_that_cannot_be_served_is_told_why(changes: dict[str, Any], key: tuple[str, ...]) -> None:
    refused = served(None, **changes)
    assert isinstance(refused, Unserved)
    assert refused.key == key


@pytest.mark.parametrize("changes", [{"account": OWN}, {"products": {"home": "bpack-24h-pro"}}])
def test_the_json_api_knows_no_accounts_and_no_ways(changes: dict[str, Any]) -> None:
    refused = ParcelJson().serving(settings(**changes))
    assert isinstance(refused, Unserved)
    assert refused.key == tuple(changes)
    assert isinstance(ParcelJson().serving(settings()), ParcelJson)
