"""What bpost collects on delivery: euros, where somebody hands the parcel over, to the shop's own account at a bank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from middleware.account import Collecting
from middleware.carriers.bpost_shm.products import Way
from middleware.carriers.bpost_shm.values import Box, Cash
from middleware.core import due
from middleware.errors import Fault, SchemaError
from schemas.order import CashOnDelivery, Order

WAYS: Final = frozenset((Way.HOME, Way.POINT))
"""Where somebody of bpost's hands it over: a locker takes no money, and abroad it is for others to do so."""

_CURRENCY: Final = "EUR"


def check(order: Order, way: Way, whose: Collecting | None) -> None:
    """Raises: SchemaError where something is due and bpost cannot collect it for ``whose`` account."""
    if due.is_due(order) and (faults := tuple(_faults(order.cash_on_delivery, way, whose))):
        raise SchemaError(faults)


def _faults(told: CashOnDelivery, way: Way, whose: Collecting | None) -> Iterator[Fault]:
    if whose is None or way not in WAYS:
        yield Fault(pointer=due.AT, code=due.NOT_COLLECTED)
    if told.currency != _CURRENCY:
        yield Fault(pointer=f"{due.AT}/currency", code="not-euro")
    if due.cents(told.amount) is None:
        yield Fault(pointer=f"{due.AT}/amount", code="decimal")


def collected(box: Box, order: Order, whose: Collecting | None) -> Box:
    """The box with what is to be collected, if anything is due."""
    amount = due.cents(order.cash_on_delivery.amount)
    if amount is None or whose is None:
        return box
    options = replace(box.parcel.options, cash=Cash(amount=amount, iban=whose.iban, bic=whose.bic))
    return replace(box, parcel=replace(box.parcel, options=options))
