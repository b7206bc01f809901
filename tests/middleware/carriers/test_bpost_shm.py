"""bpost's XML: each kind of box as its vector says it, nothing cut off, nothing echoed, nothing fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from middleware.carriers.bpost_shm import answers, limits, markup, writing
from middleware.carriers.bpost_shm.answers import BoxSeen, BoxState
from middleware.carriers.bpost_shm.values import (
    Abroad,
    AtHome,
    AtPoint,
    Box,
    Cash,
    Content,
    Customs,
    InLocker,
    Message,
    Options,
    Parcel,
    Party,
    Place,
    Point,
    Product,
    Service,
    ShmOrder,
    Told,
    Unregistered,
)

VECTORS = Path(__file__).parents[2] / "vectors" / "bpost"
EMAIL, MOBILE = "lotte@verzonnen.example", "+32470000000"
LOTTE = Party(
    name="Lotte Verzonnen",
    place=Place(street="Bedachte Laan", number="12", postal_code="1000", locality="Brussel", country="BE"),
)
LONDON = replace(
    LOTTE,
    place=Place(street="Imaginary Road", number="12", postal_code="EC1A 1BB", locality="London", country="GB"),
)
POINT = Point(
    id="207500",
    name="Bedacht Postpunt",
    place=Place(street="Bedachte Markt", number="1", postal_code="9000", locality="Gent", country="BE"),
)
WHOLE = replace(
    LOTTE,
    company="Verzonnen & Zonen",
    place=replace(LOTTE.place, line2="achteraan", box="b"),
    email=EMAIL,
    phone="+3290000000",
)
TEAPOT = Content(pieces=1, value=2495, description="Teapot", weight=900, tariff="691110", origin="BE")
DECLARED = Customs(value=2495, description="Teapot", currency="EUR", private=True, contents=(TEAPOT,))
EVERYTHING = Options(
    told=(
        Told(message=Message.NEXT_DAY, language="NL", email=EMAIL),
        Told(message=Message.REMINDER, language="NL", mobile=MOBILE),
        Told(message=Message.TIME_SLOT, language="NL", email=EMAIL, slot="PMPLUS"),
    ),
    services=(
        *(Service.SIGNED, Service.SATURDAY),
        *(Service.FULL_SERVICE, Service.DOOR_STEP_PLUS, Service.ULTRA_LATE),
    ),
    insured=2,
    window="OFFICE",
    cash=Cash(amount=5449, iban="BE68539007547034", bic="KREDBEBB"),
)
INFORMED = Options(told=(Told(message=Message.AT_POINT, language="FR", email=EMAIL),), insured=0)


def parcel(product: Product, **changes: Any) -> Parcel:
    return Parcel(**{"product": product, "weight": 1200, **changes})


def order(box: Box, **changes: Any) -> ShmOrder:
    return ShmOrder(**{"account": "123456", "reference": "7K3MW-9Q2XA", "box": box, **changes})


HOME = AtHome(parcel=parcel(Product.HOME), receiver=LOTTE)
LOCKED = InLocker(parcel=parcel(Product.LOCKER), point=POINT, opener="188565346", name=LOTTE.name)
ORDERS: Mapping[str, ShmOrder] = {
    "at-home": order(HOME),
    "at-home-everything": order(
        AtHome(parcel=parcel(Product.BUSINESS, options=EVERYTHING, weight=30000), receiver=WHOLE)
    ),
    "at-point": order(AtPoint(parcel=parcel(Product.AT_BPOST, options=INFORMED), point=POINT, name=LOTTE.name)),
    "locker-member": order(LOCKED),
    "locker-unregistered": order(
        replace(LOCKED, opener=Unregistered(language="NL", email=EMAIL)),
    ),
    "abroad": order(Abroad(parcel=parcel(Product.WORLD_BUSINESS), receiver=LONDON, customs=DECLARED)),
    "abroad-at-point": order(
        Abroad(
            parcel=parcel(Product.AT_BPOST_ABROAD, options=Options(services=(Service.SIGNED,))),
            receiver=LONDON,
            point=POINT,
        )
    ),
}
each_order = pytest.mark.parametrize("name", ORDERS)


def same(document: bytes) -> str:
    return etree.canonicalize(document.decode(), strip_text=True, rewrite_prefixes=True)


def vector(folder: str, name: str) -> bytes:
    return (VECTORS / folder / f"{name}.xml").read_bytes()


@each_order
def test_an_order_is_written_as_its_vector(name: str) -> None:
    assert same(writing.order(ORDERS[name])) == same(vector("requests", name))
    assert list(limits.faults(ORDERS[name])) == []


def test_every_vector_is_written() -> None:
    assert {path.stem for path in (VECTORS / "requests").iterdir()} == {*ORDERS, "cancellation"}


def test_a_cancellation_is_written_in_the_namespace_of_v3() -> None:
    assert same(writing.cancellation()) == same(vector("requests", "cancellation"))


def test_many_labels_are_asked_for_as_their_vector() -> None:
    wanted = ("323212345600000000002030", "323212345600000000001030")
    assert same(writing.batch(wanted)) == same(vector("batches", "labels-of-boxes"))


@pytest.mark.parametrize("name", ["at-point", "locker-member", "locker-unregistered"])
def test_the_receivers_own_address_does_not_go_where_the_parcel_is_picked_up(name: str) -> None:
    document = markup.read(writing.order(ORDERS[name]))
    assert document is not None
    assert [place.text for place in markup.within(document, "streetName")] == ["Bedachte Markt"]


def test_a_home_delivery_carries_nothing_that_no_option_uses() -> None:
    document = markup.read(writing.order(ORDERS["at-home"]))
    assert document is not None
    named = {markup.local(each) for each in document.iter()}
    assert named.isdisjoint({"emailAddress", "phoneNumber", "sender", "orderLine", "options", "company", "remark"})


@settings(max_examples=60)
@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=40)
)
def test_whatever_a_name_holds_it_arrives_whole(name: str) -> None:
    made = order(replace(HOME, receiver=replace(LOTTE, name=name)))
    if any(limits.faults(made)):
        return
    document = markup.read(writing.order(made))
    assert document is not None
    assert next(markup.within(document, "name")).text == name


@pytest.mark.parametrize("name", ["Lotte\x00", "Lotte\nVerzonnen", "\ud800", "\uffff", "\x1b[0m"])
def test_what_xml_or_a_label_cannot_hold_is_a_fault(name: str) -> None:
    (fault,) = limits.faults(order(replace(HOME, receiver=replace(LOTTE, name=name))))
    assert (fault.pointer, fault.code) == ("/box/receiver/name", "character")


def home(**changes: Any) -> ShmOrder:
    return order(replace(HOME, receiver=replace(LOTTE, place=replace(LOTTE.place, **changes))))


def told(**changes: Any) -> ShmOrder:
    message = Told(**{"message": Message.NEXT_DAY, "language": "NL", "email": EMAIL, **changes})
    return order(replace(HOME, parcel=parcel(Product.HOME, options=Options(told=(message,)))))


def declared(**changes: Any) -> ShmOrder:
    customs = replace(DECLARED, **changes)
    return order(Abroad(parcel=parcel(Product.WORLD_BUSINESS), receiver=LONDON, customs=customs))


def line(**changes: Any) -> ShmOrder:
    return declared(contents=(replace(TEAPOT, **changes),))


def locker(**changes: Any) -> ShmOrder:
    return order(replace(LOCKED, **changes))


WRONG: Mapping[str, tuple[Callable[[], ShmOrder], str, str]] = {
    "account": (lambda: order(HOME, account="12345"), "/account", "pattern"),
    "no account": (lambda: order(HOME, account=""), "/account", "required"),
    "reference": (lambda: order(HOME, reference="r" * 51), "/reference", "too-long"),
    "name": (lambda: order(replace(HOME, receiver=replace(LOTTE, name="n" * 41))), "/box/receiver/name", "too-long"),
    "no name": (lambda: order(replace(HOME, receiver=replace(LOTTE, name=" "))), "/box/receiver/name", "required"),
    "company": (
        lambda: order(replace(HOME, receiver=replace(LOTTE, company="c" * 41))),
        "/box/receiver/company",
        "too-long",
    ),
    "phone": (lambda: order(replace(HOME, receiver=replace(LOTTE, phone="1" * 21))), "/box/receiver/phone", "too-long"),
    "street": (lambda: home(street="s" * 41), "/box/receiver/place/street", "too-long"),
    "line 2": (lambda: home(line2="s" * 41), "/box/receiver/place/line2", "too-long"),
    "number": (lambda: home(number="123456789"), "/box/receiver/place/number", "too-long"),
    "box": (lambda: home(box="123456789"), "/box/receiver/place/box", "too-long"),
    "empty box": (lambda: home(box=""), "/box/receiver/place/box", "required"),
    "postal code": (lambda: home(postal_code="123456789"), "/box/receiver/place/postal_code", "too-long"),
    "no postal code": (lambda: home(postal_code=""), "/box/receiver/place/postal_code", "required"),
    "locality": (lambda: home(locality="l" * 41), "/box/receiver/place/locality", "too-long"),
    "country": (lambda: home(country="be"), "/box/receiver/place/country", "pattern"),
    "e-mail": (lambda: told(email=f"{'e' * 39}@verzonnen.be"), "/box/parcel/options/told/0/email", "too-long"),
    "no e-mail": (lambda: told(email="lotte"), "/box/parcel/options/told/0/email", "pattern"),
    "mobile": (lambda: told(email=None, mobile="1" * 21), "/box/parcel/options/told/0/mobile", "too-long"),
    "two addresses": (lambda: told(mobile=MOBILE), "/box/parcel/options/told/0", "one-address"),
    "no address": (lambda: told(email=None), "/box/parcel/options/told/0", "one-address"),
    "language": (lambda: told(language="nl"), "/box/parcel/options/told/0/language", "unknown"),
    "twice": (
        lambda: order(replace(HOME, parcel=parcel(Product.HOME, options=Options(services=(Service.SIGNED,) * 2)))),
        "/box/parcel/options",
        "twice",
    ),
    "insurance": (
        lambda: order(replace(HOME, parcel=parcel(Product.HOME, options=Options(insured=4)))),
        "/box/parcel/options/insured",
        "unknown",
    ),
    "weight": (lambda: order(replace(HOME, parcel=parcel(Product.HOME, weight=0))), "/box/parcel/weight", "required"),
    "point": (lambda: locker(point=replace(POINT, id="a-1")), "/box/point/id", "pattern"),
    "point's name": (lambda: locker(point=replace(POINT, name="p" * 41)), "/box/point/name", "too-long"),
    "member": (lambda: locker(opener="12345678"), "/box/opener", "pattern"),
    "locker's name": (lambda: locker(name="n" * 41), "/box/name", "too-long"),
    "locker's language": (
        lambda: locker(opener=Unregistered(language="DE", email=EMAIL)),
        "/box/opener/language",
        "unknown",
    ),
    "locker's e-mail": (
        lambda: locker(opener=Unregistered(language="NL", email=f"{'e' * 29}@verzonnen.be")),
        "/box/opener/email",
        "too-long",
    ),
    "value": (lambda: declared(value=99), "/box/customs/value", "out-of-range"),
    "large value": (lambda: declared(value=2_500_001), "/box/customs/value", "out-of-range"),
    "description": (lambda: declared(description="d" * 51), "/box/customs/description", "too-long"),
    "currency": (lambda: declared(currency="eur"), "/box/customs/currency", "pattern"),
    "shipment": (lambda: declared(shipment="GOLD"), "/box/customs/shipment", "unknown"),
    "if refused": (lambda: declared(if_refused="BURN"), "/box/customs/if_refused", "unknown"),
    "contents": (lambda: declared(contents=(TEAPOT,) * 11), "/box/customs/contents", "too-many"),
    "pieces": (lambda: line(pieces=0), "/box/customs/contents/0/pieces", "required"),
    "tariff": (lambda: line(tariff="0691.10"), "/box/customs/contents/0/tariff", "pattern"),
    "origin": (lambda: line(origin="Belgium"), "/box/customs/contents/0/origin", "pattern"),
    "item": (lambda: line(description="d" * 31), "/box/customs/contents/0/description", "too-long"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_bpost_would_refuse_is_found_before(what: str) -> None:
    make, pointer, code = WRONG[what]
    assert [(fault.pointer, fault.code) for fault in limits.faults(make())] == [(pointer, code)]


def test_a_label_is_read_with_its_barcodes() -> None:
    (one,) = answers.printed(vector("answers", "labels")) or ()
    assert (one.barcodes, one.label.content) == (("323299901059912015292030",), b"%PDF-1.4 made up")


def test_prefixes_that_nobody_declared_are_read_and_a_return_label_is_the_second() -> None:
    (one,) = answers.printed(vector("answers", "labels-with-return")) or ()
    assert one.barcodes == ("323299901059912015292030", "323299901059912015293050")


def test_labels_that_were_printed_before_are_none() -> None:
    assert answers.printed(vector("answers", "labels-printed-before")) == ()
    barcodes = b"<labels><label><barcode>323299901059912015292030</barcode></label></labels>"
    assert answers.printed(barcodes) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"application/pdf", b"image/png"),
        (b"323299901059912015292030", b"Lotte Verzonnen"),
        (b"<bytes>", b"<bytes>\xc3\xa9"),
        (b"<bytes>JVBERi", b"<bytes>PGh0bW"),
        (b"<labels", b"<other"),
        (b"</labels>", b""),
    ],
)
def test_a_label_that_is_none_is_not_handed_on(old: bytes, new: bytes) -> None:
    body = vector("answers", "labels")
    assert old in body
    assert answers.printed(body.replace(old, new)) is None


def test_of_an_order_only_states_and_barcodes_are_taken() -> None:
    seen = answers.order_seen(vector("answers", "order"))
    assert seen is not None
    assert seen.boxes == (
        BoxSeen(state=BoxState.PRINTED, barcode="323299901059912015292030"),
        BoxSeen(state=BoxState.PENDING, barcode=None),
    )
    assert seen.reference == "7K3MW-9Q2XA"


NAME = "Lotte Verzonnen"
REFUSALS: Mapping[str, tuple[int, bytes, str]] = {
    "business": (409, vector("answers", "business-exception"), "http-409:business-exception"),
    "system": (500, vector("answers", "system-exception"), "http-500:system-exception"),
    "selection": (400, vector("answers", "invalid-selection"), "http-400:invalid-selection"),
    "unknown": (404, vector("answers", "unknown-items"), "http-404:unknown-items"),
    "too long": (
        400,
        f"Error in request: cvc-maxLength-valid: Value '{NAME}' is not facet-valid for type 'PostalCodeType'.".encode(),
        "http-400:max-length:postal-code",
    ),
    "a value that names an element": (
        400,
        b"Error in request: cvc-maxLength-valid: Value 'element 'locality'' is no good for type 'PostalCodeType'.",
        "http-400:max-length:postal-code",
    ),
    "structure": (
        400,
        b"Error in request: cvc-complex-type.2.4.a: Invalid content was found starting with element 'unregistered'.",
        "http-400:structure:unregistered",
    ),
    "an element that nobody knows": (
        400,
        f"Error in request: cvc-pattern-valid: Value '{NAME}' of element '{NAME.split()[0]}' is no good.".encode(),
        "http-400:pattern",
    ),
    "a fault that nobody knows": (400, f"Error in request: cvc-{NAME.split()[0]}: {NAME}".encode(), "http-400"),
    "text": (404, f"No order for {NAME}".encode(), "http-404"),
    "html": (401, f"<html><body>{NAME}<br></body>".encode(), "http-401"),
    "page": (401, f"<html><body>{NAME}</body></html>".encode(), "http-401"),
    "nothing": (503, b"", "http-503"),
    "bytes": (400, b"\xff\xfe\x00", "http-400"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_of_a_refusal_kind_and_element_are_told_and_never_the_text(what: str) -> None:
    status, body, code = REFUSALS[what]
    assert answers.refusal(status, body) == code


DTD = b'<!DOCTYPE labels [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "yyyy">]>'


@pytest.mark.parametrize(
    "body",
    [
        DTD + b"<labels>&x;</labels>",
        DTD + b"<labels>&y;</labels>",
        b'<!DOCTYPE labels SYSTEM "http://127.0.0.1:9/a.dtd"><labels/>',
        b"<labels>",
        b"<labels/><labels/>",
        b"<labels>&undefined;</labels>",
        b"",
        b"{}",
        "<labels/>".encode("utf-16")[:-3],
    ],
)
def test_what_is_no_whole_document_without_a_dtd_is_not_read(body: bytes) -> None:
    assert markup.read(body) is None


def test_values_print_their_name_alone() -> None:
    for value in (ORDERS["abroad"], HOME, LOTTE, LOTTE.place, EVERYTHING, EVERYTHING.told[0], TEAPOT, DECLARED):
        assert repr(value) == f"<{type(value).__name__}>"
