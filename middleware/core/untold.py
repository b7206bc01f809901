"""What a delivery would tell who receives, and cannot: it goes without the message, and that is told by path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from middleware.model import Delivery, Removal
from schemas.order import Order

NO_EMAIL: Final = "no_email"
NO_MOBILE: Final = "no_mobile"

_NEEDED: Final = {"email": ("email", NO_EMAIL), "sms": ("phone", NO_MOBILE)}


def untold(order: Order, delivery: Delivery, names: Mapping[str, str]) -> tuple[Removal, ...]:
    """The contact datum that the delivery needs and the order, as it goes, has not: it was not there, or nobody could
    be told by it. ``names`` are the sender's own pointers; where it has none the path is the canonical one.
    """
    field, reason = _NEEDED.get(delivery.notify, ("", ""))
    if not field or getattr(order.recipient.contact, field):
        return ()
    pointer = f"/recipient/contact/{field}"
    return (Removal(path=names.get(pointer, pointer)[1:].replace("/", "."), reason=reason),)
