"""What may be read from a Shopify order: the declarations hold together, and cover every leaf that is known."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields

from schemas.allowlist import INDEX, KEPT, USED, AllowList
from schemas.categories import CATEGORIES
from schemas.known import REASONS, removed_names
from schemas.order import catalogue
from schemas.shopify import ORDER, SHAPE, include_fields

LEAVES = Path(__file__).resolve().parents[1] / "data" / "shopify-order-leaves.csv"


def known_leaves() -> Iterator[tuple[str, dict[str, str]]]:
    """Every row of the leaf list; one that is folded like ``{shop,presentment}_money`` is several."""
    with LEAVES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            pieces = re.split(r"\{([^}]*)\}", row["path"])
            for choice in product(*(piece.split(",") if odd % 2 else [piece] for odd, piece in enumerate(pieces))):
                yield "".join(choice), row


def permitted(schema: AllowList = ORDER, prefix: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    for name, declared in schema.fields.items():
        if isinstance(declared, fields.Nested):
            assert isinstance(declared.schema, AllowList)
            yield from permitted(declared.schema, f"{prefix}{name}{'[]' if declared.many else ''}.")
        else:
            yield f"{prefix}{name}", declared


PERMITTED = dict(permitted())


def test_the_schema_and_the_list_of_names_that_never_pass_share_out_every_leaf_that_is_known() -> None:
    removed = removed_names("shopify-order")
    assert sorted([*PERMITTED, *removed]) == sorted(path for path, _ in known_leaves())


STATUSES = {
    INDEX: {"id": "order.id", "name": "order.name", "updated_at": "order.time", "customer.id": "customer.id"},
    USED: {
        **dict.fromkeys(("cancelled_at", "financial_status", "fulfillment_status", "test"), "order.state"),
        "order_status_url": "order.state",
        **dict.fromkeys(("customer.first_name", "customer.last_name"), "payer.name"),
        **{f"billing_address.{name}": "payer.name" for name in ("first_name", "last_name", "name")},
        "note_attributes[].name": "parcel.pickup_point",
        **{f"line_items[].{name}": "parcel.weight" for name in ("quantity", "current_quantity", "grams")},
        **{f"line_items[].{name}": "order.state" for name in ("fulfillable_quantity", "requires_shipping")},
        "line_items[].gift_card": "order.state",
        **{f"shipping_lines[].{name}": "order.state" for name in ("is_removed", "delivery_category")},
        "shipping_lines[].code": "order.line",
    },
    KEPT: {
        **{f"shipping_address.{name}": "recipient.name" for name in ("first_name", "last_name", "name")},
        "shipping_address.company": "recipient.company",
        "shipping_address.address1": "recipient.address.street",
        "shipping_address.address2": "recipient.address.line2",
        "shipping_address.zip": "recipient.address.postal_code",
        "shipping_address.city": "recipient.address.locality",
        "shipping_address.country_code": "recipient.address.country",
        "shipping_address.phone": "recipient.contact.phone",
        "shipping_lines[].phone": "recipient.contact.phone",
        "email": "recipient.contact.email",
        "customer_locale": "recipient.contact.language",
        "note_attributes[].value": "parcel.pickup_point",
        "currency": "customs.currency",
        "line_items[].title": "customs.description",
        "line_items[].price": "customs.value",
        "line_items[].duties[].harmonized_system_code": "customs.hs_code",
        "line_items[].duties[].country_code_of_origin": "customs.origin",
    },
}


@pytest.mark.policy("VP-PLG-2")
def test_these_fields_may_be_read_and_no_other_each_for_this_end() -> None:
    """A change here is a change of what the product does with people's data: it is made with open eyes."""
    declared = {status: dict.fromkeys(paths, "") for status, paths in STATUSES.items()}
    for path, entry in PERMITTED.items():
        declared[entry.metadata["status"]][path] = entry.metadata["target"]
    assert declared == STATUSES


def test_a_field_that_may_travel_fills_the_canonical_order_and_says_why_when_it_does_not() -> None:
    canonical = {path for path, _ in catalogue()}
    kept = [entry.metadata for entry in PERMITTED.values() if entry.metadata["status"] == KEPT]
    assert {entry["target"] for entry in kept} <= canonical
    assert {entry["spare"] for entry in kept} <= REASONS.keys()


def test_a_field_that_is_read_and_gone_is_read_for_a_category_that_is_known() -> None:
    gone = [entry.metadata for entry in PERMITTED.values() if entry.metadata["status"] != KEPT]
    assert {entry["target"] for entry in gone} <= CATEGORIES.keys()
    assert all(entry.keys() == {"status", "target"} for entry in gone)


def test_what_the_leaf_list_says_a_label_never_needs_does_not_travel() -> None:
    never = {path for path, row in known_leaves() if row["needed_for_label"].startswith("N")}
    assert len(never) > 300
    travels = {path for path, entry in PERMITTED.items() if entry.metadata["status"] == KEPT}
    assert never & travels == set()


@pytest.mark.policy("VP-CAT-1", "VP-COL-1")
@pytest.mark.parametrize(
    "word",
    ["password", "token", "secret", "multipass", "ip", "agent", "session", "landing", "referring", "cart", "url"],
)
def test_no_field_of_this_kind_may_travel(word: str) -> None:
    travels = [path for path, entry in PERMITTED.items() if entry.metadata["status"] == KEPT]
    assert [path for path in travels if word in re.split(r"[._\[\]]+", path)] == []
    assert [path for path, _ in known_leaves() if word in re.split(r"[._\[\]]+", path)] or word in (
        "password",
        "secret",
    )


def test_the_shop_is_asked_for_what_is_permitted_and_for_nothing_else() -> None:
    asked = include_fields()
    assert list(asked) == sorted(set(asked))
    assert set(asked) == {path.replace("[]", "") for path in PERMITTED}
    assert "updated_at" in asked  # what changes with every version: an equal body would be dropped


def test_the_shape_knows_every_place() -> None:
    for path, _ in known_leaves():
        node = SHAPE
        for name in path.replace("[]", "").split("."):
            node = node.children[name]
        assert (node.status is None) != (node.whole is None)
        assert (node.status is not None) == (path in PERMITTED)
