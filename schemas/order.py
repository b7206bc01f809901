"""The canonical order: what a shipment can need, whatever shop it comes from.

Every field names its category of personal data (``schemas.categories``) in its metadata; the pack decides in which
part, for which purpose and for how long a category may exist. A field without a category, or with one that the pack
does not place, stops the start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, get_args, get_type_hints

PICKUP_POINT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,31}")
"""The form of a pick-up point's id, in an order as in what a parcel platform publishes: wide enough for bpost's too."""


class Hidden:
    """Mix-in for values that hold personal text: their ``repr`` is the class name and nothing else."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


def of(category: str) -> Any:
    """A field that is absent unless told, of that category of personal data."""
    return field(default=None, metadata={"category": category})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Ids(Hidden):
    """The shop's identifiers. Index-only: read, turned into a keyed index, never kept."""

    order_id: str | None = of("order.id")
    order_name: str | None = of("order.name")
    customer_id: str | None = of("customer.id")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Address(Hidden):
    """Where the parcel goes. ``country`` is an ISO 3166-1 alpha-2 code; ``street`` may hold a whole unsplit line."""

    street: str | None = of("recipient.address.street")
    number: str | None = of("recipient.address.number")
    box: str | None = of("recipient.address.box")
    line2: str | None = of("recipient.address.line2")
    locality: str | None = of("recipient.address.locality")
    postal_code: str | None = of("recipient.address.postal_code")
    country: str | None = of("recipient.address.country")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contact(Hidden):
    """How the recipient is told that the parcel comes. ``phone`` is E.164, ``language`` an ISO 639-1 code."""

    email: str | None = of("recipient.contact.email")
    phone: str | None = of("recipient.contact.phone")
    language: str | None = of("recipient.contact.language")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Recipient(Hidden):
    """The person who receives, never the person who pays. ``locker_member``: nine digits, of who is a member of the
    parcel lockers.
    """

    name: str | None = of("recipient.name")
    company: str | None = of("recipient.company")
    locker_member: str | None = of("recipient.locker_member")
    address: Address = Address()
    contact: Contact = Contact()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CustomsItem(Hidden):
    """One line of a customs declaration. ``value`` is a decimal string per piece, ``currency`` ISO 4217, ``origin``
    ISO 3166-1.
    """

    description: str | None = of("recipient.customs.description")
    quantity: int | None = of("recipient.customs.quantity")
    weight_grams: int | None = of("recipient.customs.weight")
    value: str | None = of("recipient.customs.value")
    currency: str | None = of("recipient.customs.currency")
    hs_code: str | None = of("recipient.customs.hs_code")
    origin: str | None = of("recipient.customs.origin")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CashOnDelivery(Hidden):
    """What the recipient pays when the parcel is handed over; all None where nothing is due. ``amount`` is a decimal
    string, ``currency`` ISO 4217.
    """

    amount: str | None = of("recipient.due.amount")
    currency: str | None = of("recipient.due.currency")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Parcel(Hidden):
    """Facts of the parcel: weight in grams, number of pieces, the carrier's product, the pick-up point's id."""

    weight_grams: int | None = of("parcel.weight")
    pieces: int | None = of("parcel.pieces")
    product: str | None = of("parcel.product")
    pickup_point: str | None = of("parcel.pickup_point")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sender(Hidden):
    """Who sends: from the shop's settings, never from an order."""

    name: str | None = of("sender.name")
    company: str | None = of("sender.company")
    street: str | None = of("sender.address.street")
    number: str | None = of("sender.address.number")
    box: str | None = of("sender.address.box")
    line2: str | None = of("sender.address.line2")
    locality: str | None = of("sender.address.locality")
    postal_code: str | None = of("sender.address.postal_code")
    country: str | None = of("sender.address.country")
    email: str | None = of("sender.contact.email")
    phone: str | None = of("sender.contact.phone")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Order(Hidden):
    """One order to ship. ``updated_at`` orders its versions and is never kept with it."""

    ids: Ids
    recipient: Recipient
    parcel: Parcel
    customs: tuple[CustomsItem, ...] = ()
    cash_on_delivery: CashOnDelivery = CashOnDelivery()
    updated_at: datetime | None = field(default=None, metadata={"category": "order.time"})


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _nested(hint: Any) -> type | None:
    for candidate in (hint, *get_args(hint)):
        if isinstance(candidate, type) and is_dataclass(candidate):
            return candidate
    return None


def catalogue(root: type = Order, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (canonical path, category) of every field of the canonical order; the category is ``""`` where none is
    declared.
    """
    hints = _hints(root)
    entry: Field[Any]
    for entry in fields(root):
        path = f"{prefix}{entry.name}"
        nested = _nested(hints[entry.name])
        if nested is None:
            yield path, str(entry.metadata.get("category", ""))
        else:
            yield from catalogue(nested, f"{path}.")
