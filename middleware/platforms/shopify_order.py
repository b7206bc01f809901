"""A Shopify order as it was loaded becomes the canonical order: who receives, where, and what customs demands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from middleware.core import customs
from middleware.core.address_taking import Notes
from middleware.model import ShopSettings
from middleware.platforms.documents import refusal
from middleware.platforms.taking import Fields, Lines, Spelling, Taking, full_name, recipient, same
from schemas.order import PICKUP_POINT, Contact, CustomsItem, Ids, Order, Parcel

_ADDRESS: Final = Spelling(
    home="shipping_address",
    street="address1",
    line2="address2",
    postal_code="zip",
    country="country_code",
    required="name",
    whole="name",
)


def canonise(order: Fields, lines: Lines, updated_at: datetime, shop: ShopSettings, notes: Notes) -> Order:
    """The canonical order; where every datum came from is left in ``notes``. Raises: SchemaError."""
    grams = sum((line["grams"] or 0) * pieces for _, line, pieces in lines) or shop.default_weight_grams
    whom = recipient(order, _ADDRESS, _contact, notes)
    point, items = _pickup_point(order, shop.pickup_attribute, notes), tuple(_customs(order, lines, shop, notes))
    return Order(
        ids=Ids(
            order_id=str(order["id"]),
            order_name=order["name"] or None,
            customer_id=str(order["customer"]["id"])
            if order["customer"] and order["customer"]["id"] is not None
            else None,
        ),
        recipient=whom,
        parcel=Parcel(
            weight_grams=customs.weighed(grams, items, whom.address, point),
            pieces=1,
            product=shop.product,
            pickup_point=point,
        ),
        customs=items,
        updated_at=updated_at,
    )


def _contact(order: Fields, name: str, take: Taking, notes: Notes) -> Contact:
    """The recipient's own contact data: the order's e-mail and language are the payer's, and pass only where whoever
    pays is the recipient.
    """
    top = Taking(order, "", notes)
    paying = payers(order)
    own = bool(paying) and all(same(payer, name) for payer in paying)
    return Contact(
        email=top("email", "recipient.contact.email") if own else None,
        phone=take("phone", "recipient.contact.phone") or _rate_phone(order, notes),
        language=top("customer_locale", "recipient.contact.language") if own else None,
    )


def _rate_phone(order: Fields, notes: Notes) -> str | None:
    """The phone typed for a rate that demands one, where the address has none."""
    for position, rate in enumerate(order["shipping_lines"] or ()):
        phone: str | None = (
            None
            if rate["is_removed"]
            else Taking(rate, f"shipping_lines[{position}].", notes)("phone", "recipient.contact.phone")
        )
        if phone:
            return phone
    return None


def _pickup_point(order: Fields, attribute: str | None, notes: Notes) -> str | None:
    """The value of the one note attribute that names a pick-up point. Raises: SchemaError for a value that can be no
    id of one.
    """
    for position, note in enumerate(order["note_attributes"] or ()):
        if attribute and note["name"] == attribute and note["value"]:
            if not PICKUP_POINT.fullmatch(note["value"]):
                raise refusal("/note_attributes", "pickup-point")
            notes.taken[f"note_attributes[{position}].value"] = "parcel.pickup_point"
            return str(note["value"])
    return None


def _customs(order: Fields, lines: Lines, shop: ShopSettings, notes: Notes) -> Iterator[CustomsItem]:
    currency = Taking(order, "", notes)("currency", "customs.currency")
    for position, line, pieces in lines:
        take = Taking(line, f"line_items[{position}].", notes)
        take("quantity" if line["current_quantity"] is None else "current_quantity", "customs.quantity")
        duty: Fields = (line["duties"] or [{}])[0]
        take_duty = Taking(duty, f"line_items[{position}].duties[0].", notes)
        told = CustomsItem(
            description=None if shop.customs.description else take("title", "customs.description"),
            quantity=pieces,
            weight_grams=take("grams", "customs.weight_grams"),
            value=take("price", "customs.value"),
            currency=currency,
            hs_code=take_duty("harmonized_system_code", "customs.hs_code") if duty else None,
            origin=take_duty("country_code_of_origin", "customs.origin") if duty else None,
        )
        yield customs.completed(told, shop.customs)


def payers(order: Fields) -> tuple[str, ...]:
    """The names under which the order is paid: the billing address's and the customer's, who need not be the same."""
    billing = order["billing_address"]
    names = (full_name(billing) or ((billing or {}).get("name") or "").strip(), full_name(order["customer"]))
    return tuple(name for name in names if name)
