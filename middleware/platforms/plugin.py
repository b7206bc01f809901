"""A plug-in that calls on its own lane: a closed document in, the canonical order out.

Whoever holds the shop's token speaks for the shop, so the body needs no signature; the lane has no hold and no reason
to ship nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from middleware.core import customs
from middleware.core.kinds import SHIPMENT
from middleware.model import Parsed, ShopSettings
from middleware.platforms.documents import Fields, loaded, name_of, refusal, taken_from, targets, version
from schemas import plugin
from schemas.allowlist import Node
from schemas.order import PICKUP_POINT, Address, CashOnDelivery, Contact, CustomsItem, Ids, Order, Parcel, Recipient

_NAMES: Final[Mapping[str, str]] = {
    "/ids/order_id": "/order/id",
    "/ids/order_name": "/order/name",
    "/updated_at": "/order/updated_at",
    "/recipient/contact": "/recipient",
    **{f"/recipient/contact/{name}": f"/recipient/{name}" for name in ("email", "phone", "language")},
}
"""Pointers into the canonical order, and where a plug-in's document has the same."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """What the line has to know of this sender's documents (``ports_senders.Source``), and how one is read."""

    topic: ClassVar[str] = "shipments"
    first: ClassVar[str] = SHIPMENT.first
    barcode: ClassVar[bool] = True
    shape: Node = plugin.SHAPE

    @property
    def names(self) -> Mapping[str, str]:
        """Most names are the canonical order's own."""
        return _NAMES

    def parse(self, document: object, shop: ShopSettings, now: datetime) -> Parsed:
        """Read the document of a request that came at ``now``. Raises: SchemaError."""
        sent = loaded(plugin.SHIPMENT, document)
        named = sent["order"]
        changed = version(named["updated_at"], "/order/updated_at", now)
        taken: dict[str, str] = {}
        recipient = _recipient(sent["recipient"], taken)
        items = _customs(sent["customs"] or (), taken)
        order = Order(
            ids=Ids(order_id=named["id"], order_name=named["name"] or None),
            recipient=recipient,
            parcel=_parcel(sent["parcel"], shop, recipient.address, items, taken),
            customs=items,
            cash_on_delivery=_due(sent["cash_on_delivery"], taken),
            updated_at=changed,
        )
        return Parsed(order_id=named["id"], updated_at=changed, halt=None, order=order, taken=taken)


def _recipient(sent: Fields, taken: dict[str, str]) -> Recipient:
    name_of(sent, "/recipient/name")
    prefix = "recipient."
    named = ("name", "company", "locker_member")
    who = taken_from(sent, prefix, {name: f"recipient.{name}" for name in named}, taken)
    where = targets(Address, "recipient.address.")
    contact = targets(Contact, "recipient.contact.")
    return Recipient(
        **who,
        address=Address(**taken_from(sent["address"], f"{prefix}address.", where, taken)),
        contact=Contact(**taken_from(sent, prefix, contact, taken)),
    )


def _parcel(
    sent: Fields | None, shop: ShopSettings, to: Address, items: tuple[CustomsItem, ...], taken: dict[str, str]
) -> Parcel:
    """What the plug-in leaves out, the shop's settings tell. Raises: SchemaError."""
    given = taken_from(sent or {}, "parcel.", targets(Parcel, "parcel."), taken)
    point = given.get("pickup_point")
    if point is not None and not PICKUP_POINT.fullmatch(point):
        raise refusal("/parcel/pickup_point", "pickup-point")
    if given.get("pieces") == 0:
        raise refusal("/parcel/pieces", "range")
    return Parcel(
        weight_grams=given.get("weight_grams") or customs.weighed(shop.default_weight_grams, items, to, point),
        pieces=given.get("pieces", 1),
        product=given.get("product", shop.product),
        pickup_point=point,
    )


def _due(sent: Fields | None, taken: dict[str, str]) -> CashOnDelivery:
    """Raises: SchemaError for an amount that is none: it would go as if nothing were due."""
    prefix = "cash_on_delivery."
    given = taken_from(sent or {}, prefix, targets(CashOnDelivery, prefix), taken)
    if sent is not None and len(given) < len(sent):
        raise refusal("/cash_on_delivery", "required")
    return CashOnDelivery(**given)


def _customs(sent: Sequence[Fields], taken: dict[str, str]) -> tuple[CustomsItem, ...]:
    wanted = targets(CustomsItem, "customs.")
    return tuple(
        CustomsItem(**taken_from(item, f"customs[{position}].", wanted, taken)) for position, item in enumerate(sent)
    )
