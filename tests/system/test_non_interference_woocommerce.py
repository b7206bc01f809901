"""P2 for WooCommerce: what may not pass has no effect at all, not even on a length."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.system import variants_woocommerce as woo
from tests.system.canaries import INSIDE, OUTSIDE, Document, leaves
from tests.system.chances import text
from tests.system.sides import Side
from tests.system.test_non_interference import TIMES, changed, sides
from tests.system.test_non_interference import others as all_others

__all__ = ["sides"]

READ = frozenset(
    (
        *(
            "id",
            "number",
            "date_modified_gmt",
            "status",
            "date_paid_gmt",
            "needs_processing",
            "currency",
            "customer_id",
            "payment_method",
            "total",
            "refunds[].total",
        ),
        *(f"billing.{name}" for name in ("first_name", "last_name", "email", "phone")),
        *(f"shipping.{name}" for name in ("first_name", "last_name", "company", "phone")),
        *(f"shipping.{name}" for name in ("address_1", "address_2", "postcode", "city", "country")),
        *("meta_data[].key", "meta_data[].value"),
        *(f"line_items[].{name}" for name in ("quantity", "name", "total")),
        *(f"shipping_lines[].{name}" for name in ("method_id", "meta_data[].key", "meta_data[].value")),
    )
)
"""What may be read of an order; everything else is unpermitted."""

NOT_NEEDED: Mapping[str, int] = {
    "billing.first_name": 60,
    "billing.last_name": 60,
    "billing.email": 60,
    "billing.phone": 30,
    "shipping.phone": 30,
    "currency": 3,
    "date_paid_gmt": 30,
    "meta_data[0].key": 200,
    "meta_data[0].value": 200,
    "shipping_lines[0].meta_data[0].key": 200,
    "shipping_lines[0].meta_data[0].value": 200,
    "line_items[1].name": 200,
    "line_items[1].total": 12,
    "payment_method": 60,
    "total": 40,
    "refunds[0].total": 40,
}
"""What may be read, but is not needed within the EU where somebody else pays; with a length that it admits."""


def others(document: Document, chance: random.Random) -> Document:
    """The same shape with other values in every field that may not be read."""
    return all_others(document, chance, READ)


def see(side: Side, document: Document) -> dict[str, Any]:
    return side.see_woocommerce(document)


OUTCOMES: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "inside": (INSIDE, {}, "accepted"),
    "outside": (OUTSIDE, {}, "accepted"),
    "ignored": (INSIDE, {"status": "cancelled"}, "ignored"),
    "rejected": (OUTSIDE, {"shipping.address_1": None}, "rejected"),
}
PAIRS = 12
"""Of each outcome; ``make pairs`` takes 36 times as many."""


def test_the_list_of_what_may_be_read_names_known_leaves_only() -> None:
    assert {leaf.path for leaf in leaves(woo.LEAVES)} >= READ


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_may_not_be_read_has_no_effect(sides: tuple[Side, Side], outcome: str) -> None:
    country, changes, answer = OUTCOMES[outcome]
    for number in range(PAIRS * TIMES):
        chance = random.Random(f"woo {outcome} {number}")  # noqa: S311 - to be repeatable
        document = changed(woo.to(f"{outcome} {number}", country), **changes)
        woo.pay(document)
        one, two = others(document, chance), others(document, chance)
        assert one.body != two.body
        seen = see(sides[0], one)
        assert seen == see(sides[1], two), number
        assert (seen["status"], seen["body"]["status"]) == (200, answer)
        assert bool(seen["outbound"]) is (answer == "accepted")


def test_what_is_not_needed_has_no_effect_either(sides: tuple[Side, Side]) -> None:
    for number in range(PAIRS * TIMES):
        chance = random.Random(f"woo {number}")  # noqa: S311 - to be repeatable
        document = woo.to(f"not needed {number}", INSIDE)
        made = [changed(document, **{path: text(chance, most) for path, most in NOT_NEEDED.items()}) for _ in range(2)]
        assert see(sides[0], made[0]) == see(sides[1], made[1]), number


PERMITTED: Mapping[str, tuple[str, Any]] = {
    "id": (INSIDE, 7),
    "number": (INSIDE, "7"),
    "date_modified_gmt": (INSIDE, "2026-11-20T08:41:08"),
    "customer_id": (INSIDE, 7),
    "status": (INSIDE, "on-hold"),
    "billing.email": (INSIDE, "ander@post.example"),
    "billing.last_name": (INSIDE, "Anders"),
    "shipping.company": (INSIDE, "Ander Bedrijf"),
    "shipping.address_1": (INSIDE, "Andere Laan 1"),
    "shipping.address_2": (INSIDE, "bus 2"),
    "shipping.city": (INSIDE, "Gent"),
    "shipping.postcode": (INSIDE, "D02AF30"),
    "shipping_lines[0].method_id": (INSIDE, "local_pickup"),
    "line_items[1].name": (OUTSIDE, "Theepot"),
    "line_items[1].total": (OUTSIDE, "1.00"),
    "line_items[1].quantity": (OUTSIDE, 1),
    "currency": (OUTSIDE, "CHF"),
}


@pytest.mark.parametrize("path", PERMITTED)
def test_what_may_pass_makes_a_difference(sides: tuple[Side, Side], path: str) -> None:
    country, value = PERMITTED[path]
    document = woo.to("control", country)
    woo.pay(document)
    assert see(sides[0], document) == see(sides[1], document)
    assert see(sides[0], document) != see(sides[1], changed(document, **{path: value}))


LEAKS: Mapping[str, Callable[[Document], None]] = {
    "the note": lambda document: document.put("shipping.city", document.get("customer_note")),
    "the payer's telephone": lambda document: document.put("shipping.address_2", document.get("billing.phone")),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_would_be_seen(sides: tuple[Side, Side], leak: str) -> None:
    """Had one of these gone where the recipient's own stand, it would make a difference."""
    one, two = (woo.to("leaking", INSIDE) for _ in range(2))
    two.put("customer_note", "another")
    two.put("billing.phone", "another")
    assert see(sides[0], one) == see(sides[1], two)
    for document in (one, two):
        LEAKS[leak](document)
    assert see(sides[0], one) != see(sides[1], two)
