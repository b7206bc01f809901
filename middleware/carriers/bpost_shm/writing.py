"""An order as the Shipping Manager's schema wants it: one small function for each group, children in strict order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from middleware.carriers.bpost_shm.markup import (
    COMMON,
    INTERNATIONAL,
    NATIONAL,
    ORDER,
    UPDATE,
    Element,
    below,
    leaves,
    root,
    text,
    written,
)
from middleware.carriers.bpost_shm.values import (
    WINDOW,
    Abroad,
    AtHome,
    AtPoint,
    Box,
    Cash,
    Content,
    Customs,
    InLocker,
    Options,
    Parcel,
    Party,
    Place,
    Point,
    ShmOrder,
    Told,
    Unregistered,
)

CANCELLED: Final = "CANCELLED"


def order(made: ShmOrder) -> bytes:
    """The body that makes an order."""
    return written(_order(made))


def elements(made: ShmOrder) -> tuple[str, ...]:
    """The elements of that body that hold something, each once."""
    return tuple(dict.fromkeys(leaves(_order(made))))


def cancellation() -> bytes:
    """The body that cancels an order, whose address names it."""
    top = root(UPDATE, "orderUpdate")
    text(top, UPDATE, "status", CANCELLED)
    return written(top)


def batch(barcodes: Iterable[str]) -> bytes:
    """The body that asks for the labels of these boxes."""
    top = root(ORDER, "batchLabels")
    for barcode in barcodes:
        text(top, ORDER, "box", barcode)
    return written(top)


def _order(made: ShmOrder) -> Element:
    top = root(ORDER, "order")
    text(top, ORDER, "accountId", made.account)
    text(top, ORDER, "reference", made.reference)
    box = below(top, ORDER, "box")
    _box(box, made.box)
    text(box, ORDER, "additionalCustomerReference", made.shown)
    return top


def _box(parent: Element, box: Box) -> None:
    if isinstance(box, Abroad):
        _abroad(below(parent, ORDER, "internationalBox"), box)
        return
    national = below(parent, ORDER, "nationalBox")
    match box:
        case AtHome():
            _at_home(national, box)
        case AtPoint():
            _at_point(national, box)
        case InLocker():
            _in_locker(national, box)


def _at_home(parent: Element, box: AtHome) -> None:
    home = below(parent, NATIONAL, "atHome")
    _parcel(home, box.parcel)
    _party(below(home, NATIONAL, "receiver"), box.receiver)


def _at_point(parent: Element, box: AtPoint) -> None:
    there = below(parent, NATIONAL, "atBpost")
    _parcel(there, box.parcel)
    _point(there, NATIONAL, "pugo", box.point)
    text(there, NATIONAL, "receiverName", box.name)


def _in_locker(parent: Element, box: InLocker) -> None:
    there = below(parent, NATIONAL, "at24-7")
    _parcel(there, box.parcel)
    _point(there, NATIONAL, "parcelsDepot", box.point)
    if isinstance(box.opener, Unregistered):
        _unregistered(below(there, NATIONAL, "unregistered"), box.opener)
    else:
        text(there, NATIONAL, "memberId", box.opener)
    text(there, NATIONAL, "receiverName", box.name)


def _unregistered(parent: Element, opener: Unregistered) -> None:
    text(parent, NATIONAL, "language", opener.language)
    text(parent, NATIONAL, "emailAddress", opener.email)


def _parcel(parent: Element, parcel: Parcel) -> None:
    text(parent, NATIONAL, "product", parcel.product)
    _options(parent, NATIONAL, parcel.options)
    text(parent, NATIONAL, "weight", parcel.weight)


def _options(parent: Element, namespace: str, options: Options) -> None:
    if options == Options():
        return
    chosen = below(parent, namespace, "options")
    for told in options.told:
        _told(below(chosen, COMMON, told.message), told)
    if options.insured is not None:
        _insured(below(chosen, COMMON, "insured"), options.insured)
    for service in options.services:
        below(chosen, COMMON, service)
    text(chosen, COMMON, WINDOW, options.window)
    if options.cash is not None:
        _cash(below(chosen, COMMON, "cod"), options.cash)


def _told(element: Element, told: Told) -> None:
    element.set("language", told.language)
    if told.slot is not None:
        element.set("value", told.slot)
    text(element, COMMON, "emailAddress", told.email)
    text(element, COMMON, "mobilePhone", told.mobile)


def _insured(element: Element, level: int) -> None:
    if level:
        below(element, COMMON, "additionalInsurance").set("value", str(level))
    else:
        below(element, COMMON, "basicInsurance")


def _cash(parent: Element, cash: Cash) -> None:
    text(parent, COMMON, "codAmount", cash.amount)
    text(parent, COMMON, "iban", cash.iban)
    text(parent, COMMON, "bic", cash.bic)


def _party(parent: Element, party: Party) -> None:
    text(parent, COMMON, "name", party.name)
    text(parent, COMMON, "company", party.company)
    _place(below(parent, COMMON, "address"), party.place)
    text(parent, COMMON, "emailAddress", party.email)
    text(parent, COMMON, "phoneNumber", party.phone)


def _place(parent: Element, place: Place) -> None:
    text(parent, COMMON, "streetName", place.street)
    text(parent, COMMON, "addressLineTwo", place.line2)
    text(parent, COMMON, "number", place.number)
    text(parent, COMMON, "box", place.box)
    text(parent, COMMON, "postalCode", place.postal_code)
    text(parent, COMMON, "locality", place.locality)
    text(parent, COMMON, "countryCode", place.country)


def _point(parent: Element, namespace: str, kind: str, point: Point) -> None:
    text(parent, namespace, f"{kind}Id", point.id)
    text(parent, namespace, f"{kind}Name", point.name)
    _place(below(parent, namespace, f"{kind}Address"), point.place)


def _abroad(parent: Element, box: Abroad) -> None:
    kind, named = ("atIntlParcelDepot", "parcelsDepot") if box.locker else ("atIntlPugo", "pugo")
    there = below(parent, INTERNATIONAL, kind if box.point else "international")
    text(there, INTERNATIONAL, "product", box.parcel.product)
    _options(there, INTERNATIONAL, box.parcel.options)
    _party(below(there, INTERNATIONAL, "receiver"), box.receiver)
    text(there, INTERNATIONAL, "parcelWeight", box.parcel.weight)
    if box.customs is not None:
        _customs(below(there, INTERNATIONAL, "customsInfo"), box.customs)
        if box.customs.contents:
            _contents(below(there, INTERNATIONAL, "parcelContents"), box.customs.contents)
    if box.point is not None:
        _point(there, INTERNATIONAL, named, box.point)


def _customs(parent: Element, customs: Customs) -> None:
    text(parent, INTERNATIONAL, "parcelValue", customs.value)
    text(parent, INTERNATIONAL, "contentDescription", customs.description)
    text(parent, INTERNATIONAL, "shipmentType", customs.shipment)
    text(parent, INTERNATIONAL, "parcelReturnInstructions", customs.if_refused)
    text(parent, INTERNATIONAL, "privateAddress", str(customs.private).lower())
    text(parent, INTERNATIONAL, "currency", customs.currency)


def _contents(parent: Element, contents: tuple[Content, ...]) -> None:
    for content in contents:
        line = below(parent, INTERNATIONAL, "parcelContent")
        text(line, INTERNATIONAL, "numberOfItemType", content.pieces)
        text(line, INTERNATIONAL, "valueOfItem", content.value)
        text(line, INTERNATIONAL, "itemDescription", content.description)
        text(line, INTERNATIONAL, "nettoWeight", content.weight)
        text(line, INTERNATIONAL, "hsTariffCode", content.tariff)
        text(line, INTERNATIONAL, "originOfGoods", content.origin)
