"""The customs declaration, outside the EU's customs union: what the schema needs of each line, and nothing made up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from middleware.carriers.bpost_shm.values import Content, Customs
from middleware.errors import Fault
from schemas.order import CustomsItem

LONGEST_SUMMARY: Final = 50
_TARIFF_SPACE: Final = str.maketrans("", "", ". ")


def declaration(items: Sequence[CustomsItem], *, private: bool) -> Customs:
    """What is declared of those items. A summary stands over them only where all of it is said in its 50 characters."""
    contents = tuple(map(_content, items))
    summary = ", ".join(dict.fromkeys(content.description for content in contents))
    return Customs(
        value=sum(content.value for content in contents),
        description=summary if len(summary) <= LONGEST_SUMMARY else None,
        currency=(items[0].currency or "") if items else "",
        private=private,
        contents=contents,
    )


def faults(items: Sequence[CustomsItem]) -> Iterator[Fault]:
    """What cannot be declared at all: one line may be worth nothing or weigh nothing, but not all of them."""
    for place, item in enumerate(items):
        if cents(item.value) is None:
            yield Fault(pointer=f"/customs/{place}/value", code="decimal")
        if item.weight_grams is None:
            yield Fault(pointer=f"/customs/{place}/weight_grams", code="required")
        if item.currency != items[0].currency:
            yield Fault(pointer=f"/customs/{place}/currency", code="several")
    if items and not any(item.weight_grams for item in items):
        yield Fault(pointer="/customs/0/weight_grams", code="required")


def cents(value: str | None) -> int | None:
    """A decimal amount in hundredths; None for what is none, or has more than two decimals."""
    try:
        amount = Decimal(value or "") * 100
    except InvalidOperation:
        return None
    return int(amount) if amount.is_finite() and amount == amount.to_integral_value() and amount < 10**12 else None


def _content(item: CustomsItem) -> Content:
    pieces = item.quantity or 0
    return Content(
        pieces=pieces,
        value=(cents(item.value) or 0) * pieces,
        description=item.description or "",
        weight=(item.weight_grams or 0) * pieces,
        tariff=(item.hs_code or "").translate(_TARIFF_SPACE),
        origin=item.origin or "",
    )
