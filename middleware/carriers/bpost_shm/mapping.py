"""From our order to bpost's box and back from what was stored: no more than the product needs.

Where a parcel goes to a pick-up point, nothing of where its receiver lives is in it. A message goes out only where the
chosen product tells by that means; a locker's code comes by e-mail, so a locker needs one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from middleware.carriers.bpost_shm import declaring, limits, products
from middleware.carriers.bpost_shm.products import Choice, Way
from middleware.carriers.bpost_shm.values import (
    Abroad,
    AtHome,
    AtPoint,
    Box,
    InLocker,
    Message,
    Parcel,
    Party,
    Place,
    Point,
    Told,
    Unregistered,
)
from middleware.core import body, contact, customs, postal
from middleware.errors import Fault
from middleware.model import Stored
from schemas.order import Address, CashOnDelivery, Contact, CustomsItem, Ids, Order, Recipient
from schemas.order import Parcel as OrderParcel

HEAVIEST_GRAMS: Final = 30_000

_OTHER: Final = "EN"
"""The language of a message to somebody whose own bpost does not write."""

_POINTERS: Final[tuple[tuple[str, str], ...]] = (
    ("/box/receiver/place", "/recipient/address"),
    ("/box/receiver/email", "/recipient/contact/email"),
    ("/box/receiver/phone", "/recipient/contact/phone"),
    ("/box/receiver", "/recipient"),
    ("/box/opener", "/recipient/contact"),
    ("/box/parcel/options/told/mobile", "/recipient/contact/phone"),
    ("/box/parcel/options/told", "/recipient/contact"),
    ("/box/parcel/weight", "/parcel/weight_grams"),
    ("/box/parcel", "/parcel/product"),
    ("/box/customs/contents/pieces", "/customs/quantity"),
    ("/box/customs/contents/weight", "/customs/weight_grams"),
    ("/box/customs/contents/tariff", "/customs/hs_code"),
    ("/box/customs/contents", "/customs"),
    ("/box/customs/currency", "/customs/0/currency"),
    ("/box/customs/value", "/customs"),
    ("/box/customs/description", "/customs"),
    ("/box/customs", "/customs"),
    ("/box/name", "/recipient/name"),
)
"""Where in the canonical order what is wrong with a box comes from: the first that fits. Messages are told alike,
whichever it is, for all go to one address; the currency of a declaration is that of its first line, its value and its
description are those of all.
"""

_NUMBER: Final = re.compile("(/contents|/told)/([0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A pick-up point as the carrier knows it, which may be a parcel locker."""

    point: Point
    locker: bool


def way(order: Order, spot: Spot | None) -> Way:
    """How the parcel goes; the country is that of the pick-up point where there is one."""
    place = spot.point.place if spot else order.recipient.address
    declared = customs.declared(place.country, place.postal_code)
    return products.way_of(place.country, point=spot is not None, locker=bool(spot and spot.locker), declared=declared)


def unusable(order: Order, goes: Way) -> tuple[str, ...]:
    """What of who receives bpost could tell nobody by, and so goes without; to a locker nothing goes without the
    address, which is refused there.
    """
    email = contact.email(order.recipient.contact.email)
    return () if email is None or goes in products.LOCKERS or limits.is_email(email) else ("recipient.contact.email",)


def box(order: Order, spot: Spot | None, sender: str | None = None) -> Box:
    """The box of an order whose product was chosen; ``sender`` is where who sends is told of the delivery. An order
    that does not fit makes a box that ``faults`` refuses.
    """
    goes = way(order, spot)
    choice = products.read(order.parcel.product or "") or products.Choice(product=products.WAYS[goes][0])
    order = _reached(order, products.needs(goes, order.parcel.product or ""))
    parcel, whom = _parcel(order, choice, goes, sender), _party(order, abroad=products.abroad(goes))
    if goes is Way.HOME:
        return AtHome(parcel=parcel, receiver=whom)
    if goes is Way.POINT and spot:
        return AtPoint(parcel=parcel, point=spot.point, name=whom.name)
    if goes is Way.LOCKER and spot:
        return InLocker(parcel=parcel, point=spot.point, opener=_opener(order.recipient), name=whom.name)
    if spot:
        # the schema demands an address of the receiver: it is the point's, for no other one leaves
        whom = replace(whom, place=spot.point.place)
    told = declaring.declaration(order.customs, private=whom.company is None) if order.customs else None
    point, locker = (spot.point, spot.locker) if spot else (None, False)
    return Abroad(parcel=parcel, receiver=whom, customs=told, point=point, locker=locker)


def faults(order: Order, spot: Spot | None) -> Iterator[Fault]:
    """Everything about an order that bpost would refuse, with pointers into the canonical order."""
    if (order.parcel.weight_grams or 0) > HEAVIEST_GRAMS:
        yield Fault(pointer="/parcel/weight_grams", code="too-heavy")
    if (order.parcel.pieces or 1) > 1:
        yield Fault(pointer="/parcel/pieces", code="one-piece")
    if way(order, spot) is Way.WORLD and not order.customs:
        yield Fault(pointer="/customs", code="required")
    if way(order, spot) is Way.LOCKER_ABROAD and not order.recipient.contact.email:
        yield Fault(pointer="/recipient/contact/email", code="required")
    yield from _untold(order)
    yield from customs.faults(order)
    yield from declaring.faults(order.customs)
    found = limits.of_box("/box", box(order, spot))
    told = {(fault.pointer, fault.code): fault for fault in map(_ours, found)}
    yield from told.values()


def _untold(order: Order) -> Iterator[Fault]:
    """What is promised for a day or a part of it is announced, or it is not to be had."""
    choice, contact = products.read(order.parcel.product or ""), order.recipient.contact
    if choice is None or not products.PROMISES & set(choice.messages):
        return
    by, known = ("email", contact.email) if choice.notify == products.EMAIL else ("phone", contact.phone)
    if not known:
        yield Fault(pointer=f"/recipient/contact/{by}", code="required")


def placed(order: Order, spot: Spot | None) -> Order:
    """With the pick-up point's place instead of the recipient's; the postal code without what is no part of it."""
    address = order.recipient.address
    if spot is not None:
        address = Address(postal_code=spot.point.place.postal_code, country=spot.point.place.country)
    elif address.postal_code is not None:
        address = replace(address, postal_code=postal.bare(address.postal_code, address.country))
    return replace(order, recipient=replace(order.recipient, address=address))


def order_of(stored: Stored) -> Order:
    """The order of a record whose parts were opened, as far as it travels."""
    clear: Any = body.read(stored.clear)
    delivery: dict[str, Any] = dict(stored.opened["recipient.delivery"])
    told: dict[str, Any] = dict(stored.opened.get("recipient.notification", {}))
    items: Any = stored.opened.get("recipient.customs", {}).get("items", ())
    name, company, language = delivery.pop("name", None), delivery.pop("company", None), told.pop("language", None)
    member, due = delivery.pop("locker_member", None), delivery.pop("cash_on_delivery", {})
    parcel = {key: value for key, value in clear["parcel"].items() if key != "reference"}
    return Order(
        ids=Ids(),
        recipient=Recipient(
            name=name,
            company=company,
            locker_member=member,
            address=Address(**clear["recipient"], **delivery),
            contact=Contact(email=told.get("email"), phone=told.get("mobile"), language=language),
        ),
        parcel=OrderParcel(**parcel),
        customs=tuple(CustomsItem(**item) for item in items),
        cash_on_delivery=CashOnDelivery(**due),
    )


def teller(stored: Stored) -> str | None:
    """Where who sends can be told: the address of the shop's own settings."""
    email = stored.opened.get("sender.contact", {}).get("email")
    return str(email) if email else None


def shown(stored: Stored) -> str | None:
    """What a packer is to see of a record: our short code, or the shop's own name for the order."""
    clear: Any = body.read(stored.clear)
    reference = clear["parcel"]["reference"]
    return str(reference) if reference else None


def _ours(fault: Fault) -> Fault:
    number, found = _NUMBER.search(fault.pointer), _NUMBER.sub(r"\1", fault.pointer)
    for theirs, pointer in _POINTERS:
        if found == theirs or found.startswith(f"{theirs}/"):
            told = f"{pointer}{found.removeprefix(theirs)}"
            line = f"/customs/{number[2]}" if number and number[1] == "/contents" else "/customs"
            return Fault(pointer=told.replace("/customs", line, 1), code=fault.code)
    return Fault(pointer="/parcel/pickup_point", code=fault.code)


def _party(order: Order, *, abroad: bool) -> Party:
    """Who receives. Abroad bpost's options tell nobody, so the address to be told at stands here."""
    whom, address, contact = order.recipient, order.recipient.address, order.recipient.contact
    return Party(
        name=whom.name or "",
        company=whom.company,
        place=Place(
            street=address.street or "",
            number=address.number,
            box=address.box,
            line2=address.line2,
            postal_code=address.postal_code or "",
            locality=address.locality or "",
            country=address.country or "",
        ),
        email=contact.email if abroad else None,
        phone=contact.phone if abroad else None,
    )


def _reached(order: Order, notify: str) -> Order:
    """With no contact datum but the one that the product needs, whatever the order holds."""
    known = order.recipient.contact
    contact = Contact(
        email=known.email if notify == products.EMAIL else None,
        phone=known.phone if notify == products.SMS else None,
        language=known.language,
    )
    return replace(order, recipient=replace(order.recipient, contact=contact))


def _parcel(order: Order, choice: Choice, goes: Way, sender: str | None) -> Parcel:
    contact, usual = order.recipient.contact, products.MESSAGES.get(goes, ())[:1]
    told = [
        _told(message, contact, choice.slot) for message in choice.messages or usual if contact.email or contact.phone
    ]
    if choice.distributed and sender:
        told.append(Told(message=Message.DISTRIBUTED, language=_OTHER, email=sender))
    options = replace(choice.options(), told=tuple(told))
    return Parcel(product=choice.product, weight=order.parcel.weight_grams or 0, options=options)


def _told(message: Message, contact: Contact, slot: str | None) -> Told:
    language, own = _language(contact, limits.LANGUAGES), slot if message is Message.TIME_SLOT else None
    return Told(message=message, language=language, email=contact.email, mobile=contact.phone, slot=own)


def _opener(whom: Recipient) -> str | Unregistered:
    """A member by the number; anybody else by a code, which is mailed."""
    language = _language(whom.contact, limits.LOCKER_LANGUAGES)
    return whom.locker_member or Unregistered(language=language, email=whom.contact.email or "")


def _language(contact: Contact, known: frozenset[str]) -> str:
    own = (contact.language or "").upper()
    return own if own in known else _OTHER
