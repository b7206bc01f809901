"""P2: what may not pass has no effect at all, not even on a length.

Two orders of the same shape that differ only in values of unpermitted fields go through two equal services: the same
keys, the same clock, the same state before. All that can be seen afterwards must be equal: status, headers and body of
the answer, log lines, every row of every table, outbound bytes, what the parcel platform can open. Only what is random
by design is compared by its length alone, and each such place is named here.
"""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from middleware import intake
from middleware.model import Answer, Inbound
from middleware.services import Services
from middleware.web import webhooks
from middleware.web.app import create
from tests.system import variants_woocommerce as woo
from tests.system.canaries import INSIDE, OUTSIDE, Document, generalised, leaves
from tests.system.chances import scalar, text
from tests.system.sides import Side, pair
from tests.system.stack import OWN_SECRET, SECRET, Json, shop
from tests.system.variants import pay, to

READ = frozenset(
    (
        *("id", "name", "updated_at", "cancelled_at", "financial_status", "fulfillment_status", "test"),
        *("order_status_url", "currency", "email", "customer_locale"),
        *(f"customer.{name}" for name in ("id", "first_name", "last_name")),
        *(f"billing_address.{name}" for name in ("first_name", "last_name", "name")),
        *(f"shipping_address.{name}" for name in ("first_name", "last_name", "name", "company", "phone")),
        *(f"shipping_address.{name}" for name in ("address1", "address2", "zip", "city", "country_code")),
        *("note_attributes[].name", "note_attributes[].value"),
        *(f"line_items[].{name}" for name in ("quantity", "current_quantity", "fulfillable_quantity", "grams")),
        *(f"line_items[].{name}" for name in ("requires_shipping", "gift_card", "title", "price")),
        *("line_items[].duties[].harmonized_system_code", "line_items[].duties[].country_code_of_origin"),
        *(f"shipping_lines[].{name}" for name in ("phone", "is_removed", "delivery_category")),
    )
)
"""What the contract permits to be read of an order; everything else is unpermitted."""

NOT_NEEDED: Mapping[str, int] = {
    "email": 60,
    "shipping_address.phone": 30,
    "currency": 3,
    "order_status_url": 90,
    "fulfillment_status": 20,
    "billing_address.first_name": 60,
    "billing_address.last_name": 60,
    "billing_address.name": 60,
    "customer.first_name": 60,
    "customer.last_name": 60,
    "shipping_address.name": 60,
    "shipping_lines[0].phone": 30,
    "note_attributes[0].name": 200,
    "note_attributes[0].value": 200,
    **{f"line_items[{n}].title": 200 for n in (0, 1)},
    **{f"line_items[{n}].price": 12 for n in (0, 1)},
    **{f"line_items[{n}].duties[0].harmonized_system_code": 12 for n in (0, 1)},
    **{f"line_items[{n}].duties[0].country_code_of_origin": 2 for n in (0, 1)},
}
"""What may be read, but is not needed for a parcel within the EU that notifies nobody; with a length that it admits."""


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    """Two services with the same keys, each with a database of its own."""
    shops = {
        "none": shop("none"),
        "email": shop("email", notify="email"),
        "sms": shop("sms", notify="sms"),
        "refuse": shop("refuse", on_invalid="refuse"),
        woo.SHOP: shop(woo.SHOP, **woo.SHOPS[woo.SHOP]),
    }
    secrets = {"SHOPIFY_SECRET": SECRET.decode(), "OWN_SECRET": OWN_SECRET.decode()}
    with pair(tmp_path_factory.mktemp("sides"), shops, ("bpost-shipping-platform",), secrets) as made:
        yield made


def others(document: Document, chance: random.Random, read: frozenset[str] = READ) -> Document:
    """The same shape with other values in every field that may not be ``read``."""

    def visit(value: Any, path: str) -> Any:
        if isinstance(value, dict):
            return {name: visit(inner, f"{path}.{name}" if path else name) for name, inner in value.items()}
        if isinstance(value, list):
            return [visit(inner, f"{path}[]") for inner in value]
        return value if path in read else scalar(chance)

    return Document(document.name, content=visit(document.content, ""))


def changed(document: Document, **values: Any) -> Document:
    """The same order with other values at these concrete paths."""
    made = Document(document.name, content=copy.deepcopy(document.content))
    for path, value in values.items():
        made.put(path, value)
    return made


OUTCOMES: Mapping[str, tuple[str, str, dict[str, Any], tuple[int, str | None]]] = {
    "none, inside": ("none", INSIDE, {}, (200, "accepted")),
    "e-mail, inside": ("email", INSIDE, {}, (200, "accepted")),
    "sms, outside": ("sms", OUTSIDE, {}, (200, "accepted")),
    "ignored": ("email", INSIDE, {"test": True}, (200, "ignored")),
    "rejected": ("none", OUTSIDE, {"shipping_address.address1": None}, (200, "rejected")),
    "refused": ("refuse", INSIDE, {"id": "no number", "email": 7}, (422, None)),
}
PAIRS: Mapping[str, int] = {
    "none, inside": 60,
    "e-mail, inside": 60,
    "sms, outside": 60,
    "ignored": 15,
    "rejected": 15,
    "refused": 15,
    "not needed": 60,
}
"""285 pairs, each of two orders that differ in every value that is varied at all."""
TIMES = int(os.environ.get("TEST_PAIRS_TIMES", "1"))
"""``make pairs`` takes 36 times as many: 10,260."""


def test_the_list_of_what_may_be_read_names_known_leaves_only() -> None:
    assert {leaf.path for leaf in leaves()} >= READ
    assert {generalised(path) for path in NOT_NEEDED} < READ


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_what_may_not_be_read_has_no_effect(sides: tuple[Side, Side], outcome: str) -> None:
    name, country, changes, (status, answer) = OUTCOMES[outcome]
    for number in range(PAIRS[outcome] * TIMES):
        chance = random.Random(f"{outcome} {number}")  # noqa: S311 - to be repeatable
        document = changed(to(f"{outcome} {number}", country), **changes)
        if name == "email":
            pay(document)
        one, two = others(document, chance), others(document, chance)
        assert one.body != two.body
        seen, also = sides[0].see(one, name), sides[1].see(two, name)
        assert seen == also, number
        assert (seen["status"], seen["body"].get("status") if status == 200 else None) == (status, answer)
        assert bool(seen["outbound"]) is (answer == "accepted")


def test_what_is_not_needed_has_no_effect_either(sides: tuple[Side, Side]) -> None:
    for number in range(PAIRS["not needed"] * TIMES):
        chance = random.Random(number)  # noqa: S311 - to be repeatable
        document = to(f"not needed {number}", INSIDE)
        one, two = (
            changed(document, **{path: text(chance, longest) for path, longest in NOT_NEEDED.items()}) for _ in range(2)
        )
        assert one.body != two.body
        assert sides[0].see(one, "none") == sides[1].see(two, "none"), number


PERMITTED: Mapping[str, tuple[str, str, Any]] = {
    "id": ("none", INSIDE, 7),
    "name": ("none", INSIDE, "#7"),
    "updated_at": ("none", INSIDE, "2026-11-20T09:41:08+01:00"),
    "customer.id": ("none", INSIDE, 7),
    "shipping_address.first_name": ("none", INSIDE, "Zoë-ander"),
    "shipping_address.last_name": ("none", INSIDE, "Anders"),
    "shipping_address.company": ("none", INSIDE, "Ander Bedrijf"),
    "shipping_address.address1": ("none", INSIDE, "Andere Laan 1"),
    "shipping_address.address2": ("none", INSIDE, "bus 2"),
    "shipping_address.city": ("none", INSIDE, "Gent"),
    "shipping_address.zip": ("none", INSIDE, "D02AF30"),
    "shipping_address.country_code": ("none", INSIDE, "HK"),
    "shipping_address.phone": ("sms", INSIDE, "+353851234567"),
    "email": ("email", INSIDE, "ander@post.example"),
    "customer_locale": ("sms", INSIDE, "fr-BE"),
    "line_items[1].title": ("none", OUTSIDE, "Theepot"),
    "line_items[1].price": ("none", OUTSIDE, "1.00"),
    "line_items[1].grams": ("none", INSIDE, 322),
    "line_items[1].current_quantity": ("none", INSIDE, 1),
    "line_items[1].duties[0].harmonized_system_code": ("none", OUTSIDE, "691110"),
    "line_items[1].duties[0].country_code_of_origin": ("none", OUTSIDE, "FR"),
    "currency": ("none", OUTSIDE, "CHF"),
    "test": ("none", INSIDE, True),
}


@pytest.mark.parametrize("path", PERMITTED)
def test_what_may_pass_makes_a_difference(sides: tuple[Side, Side], path: str) -> None:
    name, country, value = PERMITTED[path]
    document = to("control", country)
    pay(document)
    assert sides[0].see(document, name) == sides[1].see(document, name)
    assert sides[0].see(document, name) != sides[1].see(changed(document, **{path: value}), name)


def leaks(tell: Callable[[Inbound, Json, Answer], Answer]) -> Callable[[Inbound, Services], Answer]:
    """A line that lets out something of the order."""

    def leaky(inbound: Inbound, services: Services) -> Answer:
        return tell(inbound, json.loads(inbound.body), intake.receive(inbound, services))

    return leaky


def logged(inbound: Inbound, _: Json, answer: Answer) -> Answer:
    webhooks._log.info("webhook", attempts=len(inbound.body))
    return answer


LEAKS: Mapping[str, Callable[[Inbound, Json, Answer], Answer]] = {
    "the length of the body in a log line": logged,
    "one bit of the note in the answer": lambda _, order, answer: replace(
        answer, reason="x" if len(order["note"]) > 40 else "y"
    ),
    "the length of the note in the answer": lambda _, order, answer: replace(answer, reason="x" * len(order["note"])),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_is_seen(sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch, leak: str) -> None:
    one, two = (changed(to("leaking", INSIDE), note="n" * length) for length in (40, 41))
    assert sides[0].see(one, "none") == sides[1].see(two, "none")
    monkeypatch.setattr(webhooks, "receive", leaks(LEAKS[leak]))
    leaky = [replace(one, client=create(one.services, "intake").test_client()) for one in sides]
    assert leaky[0].see(one, "none") != leaky[1].see(two, "none")
