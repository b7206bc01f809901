"""A WooCommerce order as it was loaded becomes the canonical order: who receives, where, and what customs demands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final

from middleware.core import customs
from middleware.core.address_taking import Notes
from middleware.model import ShopSettings
from middleware.platforms.documents import refusal
from middleware.platforms.taking import Fields, Lines, Spelling, Taking, full_name, recipient, same
from schemas.allowlist import is_blank
from schemas.order import PICKUP_POINT, CashOnDelivery, Contact, CustomsItem, Ids, Order, Parcel

_CENT: Final = Decimal("0.01")
_ADDRESS: Final = Spelling(
    home="shipping",
    street="address_1",
    line2="address_2",
    postal_code="postcode",
    country="country",
    required="last_name",
)
_AT_THE_DOOR: Final = "cod"
"""WooCommerce's own way to pay on delivery: its orders are in progress at once, and paid when they are complete."""

_MONEY: Final = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?")
_NOBODY: Final = dict.fromkeys(("first_name", "last_name", "email", "phone"))


def canonise(order: Fields, lines: Lines, updated_at: datetime, shop: ShopSettings, notes: Notes) -> Order:
    """The canonical order; where every datum came from is left in ``notes``. No order tells what it weighs, so the
    shop's settings do; a guest has no id (0 would be one for all guests). Raises: SchemaError.
    """
    whom = recipient(order, _ADDRESS, _contact, notes)
    point, items = _pickup_point(order, shop.pickup_attribute, notes), tuple(_customs(order, lines, shop, notes))
    return Order(
        ids=Ids(
            order_id=str(order["id"]),
            order_name=order["number"] or None,
            customer_id=str(order["customer_id"]) if order["customer_id"] else None,
        ),
        recipient=whom,
        parcel=Parcel(
            weight_grams=customs.weighed(shop.default_weight_grams, items, whom.address, point),
            pieces=1,
            product=shop.product,
            pickup_point=point,
        ),
        customs=items,
        cash_on_delivery=_due(order, notes),
        updated_at=updated_at,
    )


def _contact(order: Fields, name: str, take: Taking, notes: Notes) -> Contact:
    """The recipient's own contact data: e-mail and phone of the billing address are the payer's, and pass only where
    whoever pays is the recipient.
    """
    paying = Taking(order["billing"] or _NOBODY, "billing.", notes)
    own = same(full_name(order["billing"]), name)
    phone = take("phone", "recipient.contact.phone")
    return Contact(
        email=paying("email", "recipient.contact.email") if own else None,
        phone=phone or (paying("phone", "recipient.contact.phone") if own else None),
    )


def _pickup_point(order: Fields, attribute: str | None, notes: Notes) -> str | None:
    """The value of the one key that names a pick-up point, of the order or of its shipping method. Raises: SchemaError
    for a value that can be no id of one.
    """
    for path, entry in _entries(order) if attribute else ():
        if entry["key"] == attribute and entry["value"]:
            if not PICKUP_POINT.fullmatch(entry["value"]):
                raise refusal("/meta_data", "pickup-point")
            notes.taken[f"{path}.value"] = "parcel.pickup_point"
            return str(entry["value"])
    return None


def _entries(order: Fields) -> Iterator[tuple[str, Fields]]:
    places = [("", order), *((f"shipping_lines[{n}].", line) for n, line in enumerate(order["shipping_lines"] or ()))]
    for prefix, holder in places:
        for position, entry in enumerate(holder["meta_data"] or ()):
            yield f"{prefix}meta_data[{position}]", entry


def _customs(order: Fields, lines: Lines, shop: ShopSettings, notes: Notes) -> Iterator[CustomsItem]:
    currency = Taking(order, "", notes)("currency", "customs.currency")
    for position, line, pieces in lines:
        take = Taking(line, f"line_items[{position}].", notes)
        take("quantity", "customs.quantity")
        told = CustomsItem(
            description=None if shop.customs.description else take("name", "customs.description"),
            quantity=pieces,
            value=_each(take("total", "customs.value"), pieces),
            currency=currency,
        )
        yield customs.completed(told, shop.customs)


def _due(order: Fields, notes: Notes) -> CashOnDelivery:
    """What is paid at the door: all of the order but for what was refunded of it. Nothing of one that is paid by now.
    Raises: SchemaError for a total that is no number.
    """
    if order["payment_method"] != _AT_THE_DOOR or not is_blank(order["date_paid_gmt"]):
        return CashOnDelivery()
    due = _amount(order["total"], "/total")
    for refund in order["refunds"] or ():
        due -= abs(_amount(refund["total"], "/refunds/total"))
    if due <= 0:
        return CashOnDelivery()
    notes.taken.update({"total": "cash_on_delivery.amount", "currency": "cash_on_delivery.currency"})
    return CashOnDelivery(amount=str(due), currency=order["currency"])


def _amount(told: str | None, pointer: str) -> Decimal:
    if told is None or not _MONEY.fullmatch(told):
        raise refusal(pointer, "decimal")
    return Decimal(told)


def _each(total: str | None, pieces: int) -> str | None:
    """What a piece is worth; what is no number goes as it is, for the carrier to refuse."""
    if total is None:
        return None
    try:
        each = (Decimal(total) / pieces).quantize(_CENT, ROUND_HALF_UP)
    except InvalidOperation:
        return total
    return str(each)
