"""A shop's own system that orders stamps: a closed document in, the canonical order of MyStamp out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from middleware.core.kinds import MYSTAMP
from middleware.model import ParsedMatter, ShopSettings
from middleware.platforms.documents import Fields, loaded, name_of, refusal, taken_from, targets, version
from schemas import mystamp
from schemas.allowlist import Node
from schemas.mystamp import OPTIONAL, Address, Customer, Depicted, StampIds, StampOrder, Stamps


@dataclass(frozen=True, slots=True)
class MyStamp:
    """``ports.Lane`` for orders of stamps."""

    topic: ClassVar[str] = "mystamp"
    first: ClassVar[str] = MYSTAMP.first
    barcode: ClassVar[bool] = False
    shape: Node = mystamp.SHAPE

    @property
    def names(self) -> Mapping[str, str]:
        """Most names are the canonical order's own."""
        return {"/updated_at": "/order/updated_at"}

    def parse(self, document: object, _: ShopSettings, now: datetime) -> ParsedMatter:
        """Read the document of a request that came at ``now``. Raises: SchemaError."""
        sent = loaded(mystamp.ORDER, document)
        named, taken = sent["order"], dict[str, str]()
        changed = version(named["updated_at"], "/order/updated_at", now)
        order = StampOrder(
            ids=StampIds(order_id=named["id"], order_name=named["name"] or None, customer_id=sent["customer"]["id"]),
            customer=_customer(sent["customer"], taken),
            stamps=Stamps(**taken_from(sent["stamps"], "stamps.", targets(Stamps, "stamps."), taken)),
            depicted=_depicted(sent["depicted"] or (), taken),
            entered=_entered(sent["entered"]),
            updated_at=changed,
        )
        return ParsedMatter(order_id=named["id"], updated_at=changed, halt=None, order=order, taken=taken)


def _customer(sent: Fields, taken: dict[str, str]) -> Customer:
    name_of(sent, "/customer/name")
    wanted = {name: path for name, path in targets(Customer, "customer.").items() if name != "address"}
    where = targets(Address, "customer.address.")
    return Customer(
        **taken_from(sent, "customer.", wanted, taken),
        address=Address(**taken_from(sent["address"], "customer.address.", where, taken)),
    )


def _depicted(sent: Sequence[Fields], taken: dict[str, str]) -> tuple[Depicted, ...]:
    wanted = targets(Depicted, "depicted.")
    return tuple(
        Depicted(**taken_from(one, f"depicted[{position}].", wanted, taken)) for position, one in enumerate(sent)
    )


def _entered(sent: Sequence[str | None] | None) -> frozenset[str]:
    """What the customer entered for a purpose, of what is optional. Raises: SchemaError for another word."""
    if not set(sent or ()) <= set(OPTIONAL):
        raise refusal("/entered", "choice")
    return frozenset(OPTIONAL) & frozenset(sent or ())
