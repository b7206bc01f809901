"""The made-up orders, the list of what may not pass, and the list of every known leaf agree with one another.

Nothing of the product is used here: these are the data that other tests lean on.
"""

from __future__ import annotations

import csv
import ipaddress
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ORDERS = ROOT / "examples" / "orders"
FILES = sorted(ORDERS.glob("[0-9][0-9]-*.json"))
EXPECTED: dict[str, dict[str, str | None]] = json.loads((ORDERS / "expected.json").read_text(encoding="utf-8"))
HOSTILE = "15-hostile-strings.json"  # the one order that has names which no order has

REASONS = {
    *("online_identifier", "free_text", "payment", "marketing", "payer", "staff", "merchant"),
    *("geolocation", "duplicate", "output_only", "basket", "not_in_pack"),
}
IGNORED = frozenset({"cancelled", "nothing_to_ship", "in_store", "not_paid", "test_order"})
PERMITTED = {
    "": "id name updated_at cancelled_at financial_status fulfillment_status test "
    "email customer_locale order_status_url currency",
    "customer.": "id first_name last_name",
    "billing_address.": "first_name last_name name",
    "shipping_address.": "first_name last_name name company address1 address2 zip city country_code phone",
    "note_attributes[].": "name value",
    "line_items[].": "quantity current_quantity fulfillable_quantity grams requires_shipping gift_card title price",
    "line_items[].duties[].": "harmonized_system_code country_code_of_origin",
    "shipping_lines[].": "code phone is_removed delivery_category",
}
# An order that is to be shipped cannot be cancelled or closed: these stay null in the otherwise full example.
NULL_IN_FULL = frozenset({"cancelled_at", "cancel_reason", "closed_at"})
DOCUMENTATION = [
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
EMAIL = re.compile(r"[^\s@\"<>:,;/]+@([\w-]+(?:\.[\w-]+)+)")
URL = re.compile(r"(?:https?|ldap)://([^/\s\"'<>:]+)")
IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,7}(?::|[0-9a-fA-F:]+)(?![\w:])")


def unfold(path: str) -> Iterator[str]:
    """Yield the real paths of a row that is folded like ``{shop,presentment}_money.{amount,currency_code}``."""
    pieces = re.split(r"(\{[^}]*\})", path)
    choices = [piece[1:-1].split(",") if piece.startswith("{") else [piece] for piece in pieces]
    yield from ("".join(choice) for choice in itertools.product(*choices))


def leaf_rows() -> dict[str, dict[str, str]]:
    with (ROOT / "tests" / "data" / "shopify-order-leaves.csv").open(encoding="utf-8", newline="") as file:
        return {path: row for row in csv.DictReader(file) for path in unfold(row["path"])}


def removed_rows() -> list[tuple[str, str]]:
    with (ROOT / "schemas" / "removed" / "shopify-order.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["path", "reason"]
    return [(path, reason) for path, reason in rows]


def permitted() -> list[str]:
    return [prefix + name for prefix, names in PERMITTED.items() for name in names.split()]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (path, value) of every leaf; an empty object or list is a leaf of its own."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list) and value:
        for inner in value:
            yield from leaves(inner, f"{path}[]")
    else:
        yield (f"{path}[]" if value == [] else path), value


def load(name: str) -> dict[str, Any]:
    document = json.loads((ORDERS / name).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def strings(value: Any) -> Iterator[str]:
    for path, leaf in leaves(value):
        yield path
        if isinstance(leaf, str):
            yield leaf


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


each_order = pytest.mark.parametrize("name", [file.name for file in FILES])


@each_order
def test_an_order_is_strict_json_in_the_form_of_the_house(name: str) -> None:
    """What is read and written again is the same to the byte: no name twice, no lone surrogate, no other layout."""
    body = (ORDERS / name).read_bytes()
    document = json.loads(body)
    again = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    assert body == again.encode("utf-8")
    assert depth(document) <= 32
    for path, leaf in leaves(document):
        assert not isinstance(leaf, int) or -(2**63) <= leaf < 2**64, path
        assert not isinstance(leaf, str) or ("\0" not in leaf and len(leaf) <= 4096), path


@each_order
def test_an_order_uses_known_names_alone(name: str) -> None:
    known = leaf_rows()

    def is_known(path: str, leaf: Any) -> bool:
        stem = path.removesuffix("[]")
        container = leaf in (None, [], {}) and any(other.startswith((f"{stem}.", f"{stem}[]")) for other in known)
        return path in known or container

    unknown = {path for path, leaf in leaves(load(name)) if not is_known(path, leaf)}
    assert bool(unknown) == (name == HOSTILE), sorted(unknown)


def test_the_full_order_fills_every_leaf() -> None:
    got: dict[str, list[Any]] = {}
    for path, leaf in leaves(load("01-domestic-full.json")):
        got.setdefault(path, []).append(leaf)
    wanted = {
        path
        for path, row in leaf_rows().items()
        if set(row["types_seen"].split("/")) - {"empty", "null", "object(empty)"}
    }
    assert len(wanted) > 400
    assert sorted(wanted - got.keys()) == []
    empty = {path for path in wanted if all(leaf in (None, "", [], {}) for leaf in got[path])}
    assert empty == NULL_IN_FULL


def test_every_leaf_is_permitted_or_removed_exactly_once() -> None:
    removed = [path for path, _ in removed_rows()]
    count = Counter(removed + permitted())
    assert [path for path, times in count.items() if times > 1] == []
    assert set(count) == set(leaf_rows())
    assert removed == sorted(removed)


def test_every_removal_has_one_reason_of_the_closed_list_and_each_is_used() -> None:
    assert {reason for _, reason in removed_rows()} == REASONS


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        pytest.param("F", "free_text", id="free-text"),
        pytest.param("S (", "staff", id="staff"),
        pytest.param("merchant", "merchant", id="merchant"),
        pytest.param("I (online identifier)", "online_identifier", id="online"),
        pytest.param("I (link/online id)", "online_identifier", id="links"),
    ],
)
def test_the_reason_fits_what_the_leaf_list_says_of_personal_data(mark: str, reason: str) -> None:
    """note_attributes are the one free text that may be read (for the pick-up point's id)."""
    reasons = dict(removed_rows())
    marked = [
        path
        for path, row in leaf_rows().items()
        if row["personal_data"].startswith(mark) and not path.startswith("note_attributes")
    ]
    assert marked
    assert {path: reasons.get(path) for path in marked} == dict.fromkeys(marked, reason)


def test_expected_names_every_order() -> None:
    assert list(EXPECTED) == [file.name for file in FILES]
    assert len(FILES) >= 18
    assert [file.name[:2] for file in FILES] == [f"{number:02d}" for number in range(1, len(FILES) + 1)]


def test_the_readme_has_a_line_for_every_order() -> None:
    lines = (ORDERS / "README.md").read_text(encoding="utf-8").splitlines()
    named = [match[1] for line in lines if (match := re.match(r"\| `([^`]+)` \|", line))]
    assert named == [file.stem for file in FILES]


@each_order
def test_what_is_expected_can_be_seen_in_the_order(name: str) -> None:
    order, expected = load(name), EXPECTED[name]
    status, reason = expected["status"], expected["reason"]
    assert expected.keys() == {"status", "reason", "why"}
    assert expected["why"]
    assert (reason in IGNORED) if status == "ignored" else (status in {"accepted", "rejected"} and reason is None)
    assert (reason == "cancelled") == (order["cancelled_at"] is not None)
    assert (reason == "test_order") == order["test"]
    assert (reason == "not_paid") == (order["financial_status"] == "pending")
    left = [
        line
        for line in order["line_items"]
        if line["requires_shipping"] and line.get("fulfillable_quantity", line["quantity"]) > 0
    ]
    assert (reason == "nothing_to_ship") == (not left)
    address = order["shipping_address"]
    said = any(line.get("delivery_category") == "pick-up" for line in order["shipping_lines"])
    assert (reason == "in_store") == bool(left and (address is None or said))
    if status != "ignored":
        assert (status == "accepted") == all(address.get(key) for key in ("address1", "zip", "city", "country_code"))


def test_every_reason_to_ignore_has_an_example() -> None:
    assert {expected["reason"] for expected in EXPECTED.values()} == IGNORED | {None}


def test_orders_differ_and_some_ids_are_beyond_what_a_float_holds() -> None:
    orders = [load(file.name) for file in FILES]
    ids = [order["id"] for order in orders]
    assert len(set(ids)) == len(ids) == len({order["name"] for order in orders})
    assert len([i for i in ids if i > 2**53 and int(float(i)) != i]) >= 2
    assert len({order["order_status_url"] for order in orders}) == len(orders)


@each_order
def test_an_order_is_of_the_made_up_shop_and_days(name: str) -> None:
    order = load(name)
    assert re.fullmatch(
        r"https://demo\.myshopify\.com/68000000001/orders/[0-9a-f]{32}/authenticate\?key=[0-9a-f]{32}",
        order["order_status_url"],
    )
    updated = datetime.fromisoformat(order["updated_at"])
    assert updated.utcoffset() is not None
    assert date(2026, 11, 20) <= updated.date() <= date(2026, 11, 22)


def is_documentation(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return True  # a time of day or a version, not an address
    return any(parsed in net for net in DOCUMENTATION if net.version == parsed.version)


def is_example(host: str) -> bool:
    return (
        host in {"demo.myshopify.com", "example.com", "example.org", "example.net"}
        or host.endswith(".example")
        or bool(IPV4.fullmatch(host))
    )


def is_admissible(text: str) -> bool:
    hosts = [*EMAIL.findall(text), *URL.findall(text)]
    return all(map(is_example, hosts)) and all(map(is_documentation, [*IPV4.findall(text), *IPV6.findall(text)]))


@each_order
def test_no_address_could_be_somebodys(name: str) -> None:
    assert [path for path, leaf in leaves(load(name)) if not (is_admissible(path) and is_admissible(str(leaf)))] == []


@pytest.mark.parametrize(
    "text",
    [
        "a@example.be",
        "x <a.b+c@mail.test>",
        "https://example.be/x",
        "http://localhost/",
        "from 10.0.0.1",
        "8.8.8.8",
        "2001:4860::8888",
        "fe80::1",
        "::ffff:8.8.8.8",
    ],
)
def test_an_address_that_could_be_somebodys_would_be_seen(text: str) -> None:
    assert not is_admissible(text)
