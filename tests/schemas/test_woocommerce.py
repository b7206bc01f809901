"""What may be read from a WooCommerce order: the declarations hold together, and cover every leaf that is known."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.allowlist import INDEX, KEPT, USED
from schemas.categories import CATEGORIES
from schemas.known import REASONS, removed_names
from schemas.order import catalogue
from schemas.woocommerce import ORDER, SHAPE
from tests.schemas.test_shopify import permitted

ROOT = Path(__file__).resolve().parents[2]
ORDERS = ROOT / "examples" / "orders-woocommerce"
STRANGE = {"16-hostile-strings.json", "20-not-the-order.json"}
"""What holds names that no order has."""

PERMITTED = dict(permitted(ORDER))


def known_leaves() -> dict[str, dict[str, str]]:
    with (ROOT / "tests" / "data" / "woocommerce-order-leaves.csv").open(encoding="utf-8", newline="") as file:
        return {row["path"]: row for row in csv.DictReader(file)}


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield path, value


def test_the_schema_and_the_list_of_names_that_never_pass_share_out_every_leaf_that_is_known() -> None:
    assert sorted([*PERMITTED, *removed_names("woocommerce-order")]) == sorted(known_leaves())
    assert set(removed_names("woocommerce-order").values()) <= REASONS.keys()
    assert len(known_leaves()) > 150


STATUSES = {
    INDEX: {
        "id": "order.id",
        "number": "order.name",
        "date_modified_gmt": "order.time",
        "customer_id": "customer.id",
    },
    USED: {
        **dict.fromkeys(("status", "date_paid_gmt", "needs_processing"), "order.state"),
        **dict.fromkeys(("payment_method", "refunds[].total"), "order.state"),
        **dict.fromkeys(("line_items[].quantity", "shipping_lines[].method_id"), "order.state"),
        "shipping_lines[].instance_id": "order.line",
        **dict.fromkeys(("billing.first_name", "billing.last_name"), "payer.name"),
        **dict.fromkeys(("meta_data[].key", "shipping_lines[].meta_data[].key"), "parcel.pickup_point"),
    },
    KEPT: {
        **dict.fromkeys(("shipping.first_name", "shipping.last_name"), "recipient.name"),
        "shipping.company": "recipient.company",
        "shipping.address_1": "recipient.address.street",
        "shipping.address_2": "recipient.address.line2",
        "shipping.postcode": "recipient.address.postal_code",
        "shipping.city": "recipient.address.locality",
        "shipping.country": "recipient.address.country",
        **dict.fromkeys(("shipping.phone", "billing.phone"), "recipient.contact.phone"),
        "billing.email": "recipient.contact.email",
        **dict.fromkeys(("meta_data[].value", "shipping_lines[].meta_data[].value"), "parcel.pickup_point"),
        "currency": "customs.currency",
        "total": "cash_on_delivery.amount",
        "line_items[].name": "customs.description",
        "line_items[].total": "customs.value",
    },
}


@pytest.mark.policy("VP-PLG-2")
def test_these_fields_may_be_read_and_no_other_each_for_this_end() -> None:
    """A change here is a change of what the product does with people's data: it is made with open eyes."""
    declared = {status: dict.fromkeys(paths, "") for status, paths in STATUSES.items()}
    for path, entry in PERMITTED.items():
        declared[entry.metadata["status"]][path] = entry.metadata["target"]
    assert declared == STATUSES


def test_what_may_travel_fills_the_canonical_order_and_what_is_read_has_a_category() -> None:
    kept = [entry.metadata for entry in PERMITTED.values() if entry.metadata["status"] == KEPT]
    assert {entry["target"] for entry in kept} <= {path for path, _ in catalogue()}
    assert {entry["spare"] for entry in kept} <= REASONS.keys()
    gone = [entry.metadata for entry in PERMITTED.values() if entry.metadata["status"] != KEPT]
    assert {entry["target"] for entry in gone} <= CATEGORIES.keys()


@pytest.mark.parametrize(
    ("mark", "reason"), [("F", "free_text"), ("I (online identifier)", "online_identifier"), ("I (payment)", "payment")]
)
def test_the_reason_fits_what_the_leaf_list_says_of_personal_data(mark: str, reason: str) -> None:
    removed = removed_names("woocommerce-order")
    marked = [path for path, row in known_leaves().items() if row["personal_data"].startswith(mark)]
    assert {removed[path] for path in marked if path not in PERMITTED} == {reason}


def test_the_shape_knows_every_place() -> None:
    for path in known_leaves():
        node = SHAPE
        for name in path.replace("[]", "").split("."):
            node = node.children[name]
        assert (node.status is not None, node.whole is None) == (path in PERMITTED, path in PERMITTED)


@pytest.mark.parametrize("name", sorted(file.name for file in ORDERS.glob("[0-9][0-9]-*.json")))
def test_a_made_up_order_uses_known_names_in_the_form_of_the_house(name: str) -> None:
    body = (ORDERS / name).read_bytes()
    document = json.loads(body)
    assert body == (json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
    known = known_leaves()
    unknown = {
        path
        for path, leaf in leaves(document)
        if path not in known and not (leaf in (None, "", [], {}) and any(other.startswith(path) for other in known))
    }
    assert bool(unknown) == (name in STRANGE), sorted(unknown)


def test_the_full_order_fills_every_leaf_and_all_are_told_of() -> None:
    full = json.loads((ORDERS / "01-domestic-full.json").read_bytes())
    assert known_leaves().keys() - {path for path, leaf in leaves(full) if leaf not in ("", None)} <= {
        "line_items[].parent_name",
        "meta_data[].display_key",
    }
    names = sorted(file.name for file in ORDERS.glob("[0-9][0-9]-*.json"))
    expected = json.loads((ORDERS / "expected.json").read_bytes())
    assert list(expected) == names
    readme = (ORDERS / "README.md").read_text(encoding="utf-8")
    assert [name for name in names if f"| `{name.removesuffix('.json')}` |" not in readme] == []
    assert {entry["reason"] for entry in expected.values()} >= {"called_off", "fulfilled", "in_store", "not_paid"}
