"""Which texts of an order a label shows in other letters than they were typed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from middleware.core.lettering import TRANSLITERATED, rewritten
from middleware.model import Parsed
from schemas.known import DOUBTS
from schemas.order import Address, CustomsItem, Ids, Order, Parcel, Recipient

TAKEN = {
    "shipping_address.name": "recipient.name",
    "shipping_address.address1": "recipient.address.street",
    "shipping_address.city": "recipient.address.locality",
    "line_items[0].title": "customs.description",
}


def order(name: str | None = "Lotte", street: str | None = "Bedachte Laan", title: str = "Teapot") -> Order:
    recipient = Recipient(name=name, address=Address(street=street, number="12", locality="Gent"))
    return Order(ids=Ids(), recipient=recipient, parcel=Parcel(), customs=(CustomsItem(description=title),))


def told(before: Order, after: Order) -> Mapping[str, str]:
    parsed = Parsed(
        order_id="1",
        updated_at=datetime(2026, 11, 22, tzinfo=UTC),
        halt=None,
        order=before,
        taken=TAKEN,
        shared={"shipping_address.address1": ("recipient.address.number",)},
    )
    return rewritten(before, after, parsed)


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        (order("\u0141ukasz"), order("Lukasz"), ["shipping_address.name"]),
        (order(street="\u0141\u0105ka"), order(street="Laka"), ["shipping_address.address1"]),
        (order(title="\u0141y\u017cka"), order(title="Lyzka"), ["line_items[0].title"]),
        (order("Lotte  Verzonnen "), order("Lotte Verzonnen"), []),
        (order("Zoe\u0308"), order("Zo\u00eb"), []),
        (order(), order(street=None), []),
        (order(), order(), []),
    ],
)
def test_other_letters_are_told_by_the_path_that_they_came_from(before: Order, after: Order, paths: list[str]) -> None:
    assert told(before, after) == dict.fromkeys(paths, TRANSLITERATED)


def test_the_doubt_has_words_for_people() -> None:
    assert TRANSLITERATED in DOUBTS
