"""What the recipient pays on delivery: a parcel for which nobody would collect it never goes as if it were paid."""

from __future__ import annotations

import re
from typing import Final

from middleware.errors import Fault, SchemaError
from schemas.order import CashOnDelivery, Order

NOT_COLLECTED: Final = "not-collected"
"""The code of a refusal: by this way, with these settings, nobody would collect it."""

AT: Final = "/cash_on_delivery"

_CENTS: Final = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,2})0*)?")


def is_due(order: Order) -> bool:
    """Whether anything is."""
    return order.cash_on_delivery != CashOnDelivery()


def refuse(order: Order) -> None:
    """Of a carrier that collects nothing. Raises: SchemaError where something is due."""
    if is_due(order):
        raise SchemaError((Fault(pointer=AT, code=NOT_COLLECTED),))


def cents(amount: str | None) -> int | None:
    """A decimal amount in hundredths; None for what is none, has more than two decimals, or is nothing."""
    found = _CENTS.fullmatch(amount or "")
    return (int(found[1]) * 100 + int((found[2] or "").ljust(2, "0"))) or None if found else None
