"""A plug-in that calls on its own lane: a closed document in, the canonical order out.

Whoever holds the shop's token speaks for the shop, so the body needs no signature; the lane has no hold and no reason
to ship nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from middleware.errors import Fault, SchemaError
from middleware.model import Parsed, ShopSettings
from schemas import plugin
from schemas.allowlist import Node, Refused, is_blank, load
from schemas.order import PICKUP_POINT, Address, Contact, CustomsItem, Ids, Order, Parcel, Recipient

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Plugin:
    """What the line has to know of this sender's documents (``ports.Source``), and how one is read."""

    shape: Node = plugin.SHAPE

    @property
    def names(self) -> Mapping[str, str]:
        """Most names are the canonical order's own."""
        return {"/ids/order_name": "/order/name", "/updated_at": "/order/updated_at"}

    def parse(self, document: object, shop: ShopSettings, now: datetime) -> Parsed:
        """Read the document of a request that came at ``now``. Raises: SchemaError."""
        sent = _load(document)
        named = sent["order"]
        changed = now if is_blank(named["updated_at"]) else _instant(named["updated_at"])
        taken: dict[str, str] = {}
        recipient = _recipient(sent["recipient"], taken)
        order = Order(
            ids=Ids(order_id=named["id"], order_name=named["name"] or None),
            recipient=recipient,
            parcel=_parcel(sent["parcel"], shop, taken),
            customs=_customs(sent["customs"] or (), taken),
            updated_at=changed,
        )
        return Parsed(order_id=named["id"], updated_at=changed, halt=None, order=order, taken=taken)


def _load(document: object) -> Fields:
    faults: tuple[tuple[str, str], ...]
    try:
        return load(plugin.SHIPMENT, document)
    except Refused as refused:
        faults = refused.faults
    raise SchemaError(tuple(Fault(pointer=pointer, code=code) for pointer, code in faults))


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 <= moment.year < 2200:
        raise _refuse("/order/updated_at", "timestamp")
    return moment.astimezone(UTC)


def _refuse(pointer: str, code: str) -> SchemaError:
    return SchemaError((Fault(pointer=pointer, code=code),))


def _recipient(sent: Fields, taken: dict[str, str]) -> Recipient:
    if is_blank(sent["name"]):
        raise _refuse("/recipient/name", "required")
    prefix = "recipient."
    who = _taken(sent, prefix, {name: f"recipient.{name}" for name in ("name", "company")}, taken)
    where = _targets(Address, "recipient.address.")
    contact = _targets(Contact, "recipient.contact.")
    return Recipient(
        **who,
        address=Address(**_taken(sent["address"], f"{prefix}address.", where, taken)),
        contact=Contact(**_taken(sent, prefix, contact, taken)),
    )


def _parcel(sent: Fields | None, shop: ShopSettings, taken: dict[str, str]) -> Parcel:
    """What the plug-in leaves out, the shop's settings tell. Raises: SchemaError."""
    given = _taken(sent or {}, "parcel.", _targets(Parcel, "parcel."), taken)
    point = given.get("pickup_point")
    if point is not None and not PICKUP_POINT.fullmatch(point):
        raise _refuse("/parcel/pickup_point", "pickup-point")
    if given.get("pieces") == 0:
        raise _refuse("/parcel/pieces", "range")
    return Parcel(
        weight_grams=given.get("weight_grams") or shop.default_weight_grams,
        pieces=given.get("pieces", 1),
        product=given.get("product", shop.product),
        pickup_point=point,
    )


def _customs(sent: Sequence[Fields], taken: dict[str, str]) -> tuple[CustomsItem, ...]:
    targets = _targets(CustomsItem, "customs.")
    return tuple(
        CustomsItem(**_taken(item, f"customs[{position}].", targets, taken)) for position, item in enumerate(sent)
    )


def _targets(kind: type[Address | Contact | Parcel | CustomsItem], prefix: str) -> Mapping[str, str]:
    """A field's name → its canonical path: the plug-in's names are the canonical order's."""
    return {entry.name: f"{prefix}{entry.name}" for entry in fields(kind)}


def _taken(sent: Fields, prefix: str, targets: Mapping[str, str], taken: dict[str, str]) -> dict[str, Any]:
    """The values that are there, each noted: concrete source path → canonical path."""
    found = {name: sent[name] for name in targets if not is_blank(sent.get(name))}
    taken |= {f"{prefix}{name}": targets[name] for name in found}
    return found
