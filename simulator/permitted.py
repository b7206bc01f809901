"""A second opinion on what may pass: an allow-list written from the contract alone, for each made-up order.

Source: contract 'HTTP, outbound' (sealed plaintexts and what stands in the clear) and 'Configuration' (``notify``,
``pickup_attribute``); sealing 'Parts'.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.bpost.locator import SPOTS
from simulator.encoding import read_object
from simulator.evidence import Sent, Shop
from simulator.pickup import POINTS

CUSTOMS_UNION = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MC MT NL PL PT RO SE SI SK"
"""Where no customs declaration is needed (ISO 3166-1), but for these places of it."""
BEYOND = {
    "Heligoland": "DE 27498",
    "Buesingen": "DE 78266",
    "Greenland": "DK 39..",
    "Gran Canaria": "ES 35...",
    "Tenerife": "ES 38...",
    "Ceuta": "ES 51...",
    "Melilla": "ES 52...",
    "Aland": "FI 22...",
    "departments overseas": "FR 97...",
    "territories overseas": "FR 98[4678]..",
    "Athos": "GR 6308[67]",
    "Vatican": "IT 00120",
    "Campione": "IT 22061",
    "Livigno": "IT 23041",
    "San Marino": "IT 4789.",
}
"""Outside the customs union or the area of its VAT (Directive 2006/112/EC art. 6, Regulation 952/2013 art. 4)."""

PIECES = frozenset({"street", "number", "box", "line2"})
"""Members that may hold a piece of an address line: the carrier wants it split."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Permitted:
    """What of one order may pass: texts in the clear by their place, and texts sealed by ``part/member``."""

    clear: Mapping[str, str]
    sealed: Mapping[str, frozenset[str]]

    def admits(self, part: str, member: str, value: object, spelled: Callable[[str], str] | None = None) -> bool:
        """Whether an opened member may hold ``value``. Weights and quantities may hold any number; texts compare as
        they are ``spelled``, ``plain`` if nothing else is said.
        """
        spelled = spelled or plain
        texts = self.sealed.get(f"{part}/{member}")
        if texts is None:
            return False
        if type(value) in (int, float):
            return member in ("quantity", "weight_grams", "value")
        if not isinstance(value, str) or not value.strip():
            return False
        if member in PIECES:
            return any(spelled(value) in spelled(text) for text in texts)
        return spelled(value) in {spelled(text) for text in texts}

    @property
    def texts(self) -> frozenset[str]:
        """All texts that may pass sealed."""
        return frozenset().union(*self.sealed.values())


def plain(text: str) -> str:
    """``text`` in one Unicode form and with single spaces, for comparison."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def permitted(sent: Sent, shop: Shop) -> Permitted:
    """What of this order may pass; nothing unless it is to be shipped. Raises: ValueError (it is no JSON object)."""
    order = read_object(sent.body)
    to = _object(order.get("shipping_address"))
    if sent.expected != "accepted":
        return Permitted(clear={}, sealed={})
    point = next(_points(order, shop.pickup_attribute), None)
    country, postal_code = _text(to, "country_code"), _text(to, "zip")
    clear = {"recipient/country": country, "recipient/postal_code": postal_code}
    if point is not None:
        known = POINTS.get(point) or SPOTS.get(point, (None,))[0]
        clear = {"parcel/pickup_point": point}
        if known is not None:
            clear |= {"recipient/country": known.country, "recipient/postal_code": known.postal_code}
    sealed = {**_delivery(to, point is not None), **_notification(order, to, shop), **_sender(shop)}
    if point is None and customs_look(country, postal_code):
        sealed |= _customs(order)
    return Permitted(
        clear={name: text for name, text in clear.items() if text},
        sealed={name: frozenset(filter(None, texts)) for name, texts in sealed.items() if any(texts)},
    )


def customs_look(country: str, postal_code: str) -> bool:
    """Whether customs look at what goes there."""
    place = f"{country} {''.join(sign for sign in postal_code if sign in '0123456789')}"
    return country not in CUSTOMS_UNION.split() or any(re.fullmatch(form, place) for form in BEYOND.values())


def addressee(order: Json) -> frozenset[str]:
    """The names that the order gives to who receives."""
    to = _object(order.get("shipping_address"))
    return frozenset(filter(None, (_joined(to), _text(to, "name"))))


def _points(order: Json, attribute: str) -> Iterator[str]:
    for note in order.get("note_attributes") or ():
        if note.get("name") == attribute and note.get("value"):
            yield str(note["value"])


def _delivery(to: Json, at_point: bool) -> dict[str, Iterable[str]]:
    names = {"recipient.delivery/name": (_joined(to), _text(to, "name"))}
    if at_point:
        return {**names}
    lines = (_text(to, "address1"), _text(to, "address2"))
    return {
        **names,
        **{f"recipient.delivery/{member}": lines for member in sorted(PIECES)},
        "recipient.delivery/company": (_text(to, "company"),),
        "recipient.delivery/locality": (_text(to, "city"),),
    }


def _notification(order: Json, to: Json, shop: Shop) -> dict[str, Iterable[str]]:
    """The one channel that the delivery uses. The order's e-mail is the payer's: it passes if the same one receives."""
    recipients = {plain(name).casefold() for name in addressee(order)}
    email = _text(order, "email") if _payer(order) in recipients else ""
    rates = [_text(rate, "phone") for rate in order.get("shipping_lines") or ()]
    channels = {"email": ("email", (email,)), "sms": ("mobile", (_text(to, "phone"), *rates))}
    if shop.notify not in channels or not any(channels[shop.notify][1]):
        return {}
    member, texts = channels[shop.notify]
    return {
        f"recipient.notification/{member}": texts,
        "recipient.notification/language": (_text(order, "customer_locale")[:2].lower(),),
    }


def _payer(order: Json) -> str:
    billing, customer = _object(order.get("billing_address")), _object(order.get("customer"))
    return plain(_joined(billing) or _text(billing, "name") or _joined(customer)).casefold()


def _customs(order: Json) -> dict[str, Iterable[str]]:
    lines = [line for line in map(_object, order.get("line_items") or ()) if _travels(line)]
    duties = [_object(duty) for line in lines for duty in line.get("duties") or ()]
    texts = {
        "description": [_text(line, "title") for line in lines],
        "value": [_text(line, "price") for line in lines],
        "currency": [_text(order, "currency")],
        "hs_code": [_text(duty, "harmonized_system_code") for duty in duties],
        "origin": [_text(duty, "country_code_of_origin") for duty in duties],
        "quantity": ["1"],
        "weight_grams": ["1"],
    }
    return {f"recipient.customs/{member}": values for member, values in texts.items()}


def _travels(line: Json) -> bool:
    pieces = line.get("quantity") if line.get("current_quantity") is None else line.get("current_quantity")
    return bool(pieces) and line.get("requires_shipping") is not False and not line.get("gift_card")


def _sender(shop: Shop) -> dict[str, Iterable[str]]:
    return {f"sender.contact/{member}": (text,) for member, text in shop.sender.items()}


def _joined(person: Json) -> str:
    return " ".join(filter(None, (_text(person, "first_name").strip(), _text(person, "last_name").strip())))


def _text(holder: Json, name: str) -> str:
    value = holder.get(name)
    return value if isinstance(value, str) else ""


def _object(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}
