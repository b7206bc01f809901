"""The dry run: what would become of an order, in paths and tags, never in values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from middleware.carriers.parcel_json import ParcelJson
from middleware.inspection import as_json, inspect
from middleware.model import Reason, Status
from schemas.known import DOUBTS, REASONS
from schemas.policy_loader import load
from tests.middleware.platforms import making
from tests.middleware.platforms.making import EXAMPLES, NOW, ORDERS, PACK, PLATFORM, document, example
from tests.middleware.walking import KNOWN

POLICY = load(PACK)
EXPECTED = json.loads((ORDERS / "expected.json").read_bytes())
NOTIFY = ("none", "email", "sms")
each_example = pytest.mark.parametrize("name", EXAMPLES)
each_notify = pytest.mark.parametrize("notify", NOTIFY)


def seen(body: bytes | Mapping[str, Any], notify: str = "none", **shop: Any) -> Mapping[str, Any]:
    settings = making.settings(notify, **{"pickup_attribute": "pickup_point", **shop})
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return as_json(inspect(raw, PLATFORM, ParcelJson(), settings, POLICY, NOW), POLICY)


def raw(name: str) -> bytes:
    return (ORDERS / name).read_bytes()


@each_notify
@each_example
def test_an_example_becomes_what_is_expected_of_it(name: str, notify: str) -> None:
    result = seen(raw(name), notify)
    assert {"status": result["status"], "reason": result["reason"]} == {
        key: EXPECTED[name][key] for key in ("status", "reason")
    }
    assert bool(result["errors"]) == (result["status"] == "rejected")
    assert bool(result["parts"]) == bool(result["kept"]) == (result["status"] == "accepted")
    assert bool(result["removed"]) == (result["status"] != "rejected")


def strings(value: Any) -> Iterator[str]:
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(inner)
    if isinstance(value, str):
        yield value


WORDS = {name for names in KNOWN for name in names}
"""Names of fields. A value may happen to be a piece of one (``refund``, ``pickup_point``): then it tells nothing."""


@each_notify
@each_example
def test_no_value_of_an_order_occurs_in_what_is_told_of_it(name: str, notify: str) -> None:
    printed = json.dumps(seen(raw(name), notify), ensure_ascii=False)
    order = example(name)
    long = {value for value in strings(order) if len(value) >= 5}
    values = {value for value in long if not any(value in word for word in (*WORDS, "parcel.pickup_point"))}
    assert len(values) > 3
    assert [value for value in values if value in printed] == []


@each_example
def test_names_and_numbers_that_nobody_knows_are_not_told_either(name: str) -> None:
    order = example(name)
    order["jan.peeters@example.com"] = {"0470000114": "x"}
    order["note"] = {"canary": 7_340_911}
    for line in order["line_items"]:
        line["Dikke zoen van oma"] = 7_340_911
    printed = json.dumps(seen(order), ensure_ascii=False)
    assert not [canary for canary in ("peeters", "0470", "canary", "7340911", "zoen") if canary in printed]


@each_notify
@each_example
def test_all_that_is_told_is_of_a_closed_vocabulary(name: str, notify: str) -> None:
    result = seen(raw(name), notify)
    assert result["status"] in {str(status) for status in Status}
    assert result["reason"] in {None, *map(str, Reason)}
    lacking = {"recipient", "contact", "email", "phone"}  # what is not there has the name of our own order
    paths = (
        [row["path"] for name in ("kept", "removed", "doubted") for row in result[name]]
        + result["used"]
        + result["index"]
    )
    assert {step for path in paths for step in path.replace("[]", "").split(".")} <= WORDS | lacking | {"*"}
    assert {row["reason"] for row in result["removed"]} <= REASONS.keys()
    assert {row["reason"] for row in result["doubted"]} <= DOUBTS.keys()
    assert {row["part"] for row in (*result["kept"], *result["parts"])} <= POLICY.parts.keys()
    assert {row["class"] for row in result["parts"]} <= POLICY.retention.keys()


TAGS = {
    "recipient.delivery": ("vp.recipient.operational", "2027-12-22", "A6-1-f"),
    "recipient.notification": ("vp.recipient.operational", "2027-12-22", "A6-1-f"),
    "recipient.customs": ("vp.recipient.operational", "2027-12-22", "A6-1-f"),
    "sender.contact": ("vp.sender.legal", "2036-11-22", "A6-1-b"),
}


@pytest.mark.policy("VP-RET-3", "VP-RET-4", "VP-PUR-2", "VP-BAS-1")
@pytest.mark.parametrize(
    ("name", "notify", "parts"),
    [
        ("01-domestic-full.json", "none", ["recipient.delivery", "sender.contact"]),
        ("01-domestic-full.json", "email", ["recipient.delivery", "recipient.notification", "sender.contact"]),
        ("01-domestic-full.json", "sms", ["recipient.delivery", "recipient.notification", "sender.contact"]),
        ("02-minimal.json", "email", ["recipient.delivery", "sender.contact"]),
        ("03-outside-eu.json", "none", ["recipient.delivery", "recipient.customs", "sender.contact"]),
        ("04-gift.json", "email", ["recipient.delivery", "sender.contact"]),
        ("06-pickup-point.json", "none", ["recipient.delivery", "sender.contact"]),
    ],
)
def test_each_part_is_tagged(name: str, notify: str, parts: list[str]) -> None:
    rows = seen(raw(name), notify)["parts"]
    assert [row["part"] for row in rows] == parts
    for row in rows:
        assert (row["class"], row["until"], row["basis"]) == TAGS[row["part"]]
        assert (row["trigger"], row["starts"], row["purpose"]) == ("label_created", "2026-11-22", "label_and_delivery")


DELIVERY = {"recipient.name", *(f"recipient.address.{part}" for part in ("street", "number", "locality"))}
TO_DELIVER = DELIVERY | {"recipient.company", "recipient.address.box"}
CLEAR = {"recipient.address.postal_code", "recipient.address.country"}


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8", "VP-PUR-5", "VP-PUR-11", "VP-COL-1")
@pytest.mark.parametrize(
    ("name", "notify", "kept"),
    [
        ("02-minimal.json", "none", DELIVERY | CLEAR),
        ("04-gift.json", "none", DELIVERY | CLEAR),
        ("04-gift.json", "email", DELIVERY | CLEAR),
        ("06-pickup-point.json", "none", {"recipient.name", "parcel.pickup_point"}),
        ("01-domestic-full.json", "none", TO_DELIVER | CLEAR),
        (
            "01-domestic-full.json",
            "email",
            TO_DELIVER | CLEAR | {"recipient.contact.email", "recipient.contact.language"},
        ),
        (
            "01-domestic-full.json",
            "sms",
            TO_DELIVER | CLEAR | {"recipient.contact.phone", "recipient.contact.language"},
        ),
    ],
)
def test_this_is_kept_and_nothing_else(name: str, notify: str, kept: set[str]) -> None:
    """No price, no basket, no profile, no online identifier; a phone or an e-mail, never both."""
    rows = seen(raw(name), notify)["kept"]
    assert {row["target"] for row in rows} == kept
    clear = CLEAR | {"parcel.pickup_point"}
    assert {row["target"] for row in rows if not row["sealed"]} == kept & clear
    assert all((row["part"] == "recipient.delivery") == (row["target"] in kept & TO_DELIVER) for row in rows)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"", {"pointer": "", "code": "malformed-json"}),
        (b"\xff", {"pointer": "", "code": "malformed-json"}),
        (b'{"id": 1, "id": 2}', {"pointer": "", "code": "malformed-json"}),
        (b'{"id": NaN}', {"pointer": "", "code": "malformed-json"}),
        (b"[]", {"pointer": "", "code": "type"}),
        (b'{"order": {"id": 1}, "id": 1}', {"pointer": "/updated_at", "code": "required"}),
    ],
)
def test_a_body_that_is_no_order_is_rejected_with_the_reason(body: bytes, fault: dict[str, str]) -> None:
    assert seen(body) == {
        "status": "rejected",
        "reason": None,
        "blocked": False,
        **{member: [] for member in ("kept", "used", "index", "removed", "in_clear", "doubted", "parts")},
        "errors": [fault],
    }


def test_what_the_carrier_cannot_ship_is_rejected() -> None:
    heavy = document(line_items=[making.line(grams=40_000)], shipping_address=making.address(city=None))
    result = seen(heavy)
    assert (result["status"], result["parts"], result["kept"]) == ("rejected", [], [])
    assert result["errors"] == [
        {"pointer": "/shipping_address/city", "code": "required"},
        {"pointer": "/line_items", "code": "too-heavy"},
    ]


def test_what_intake_would_reject_for_its_time_or_its_name_is_rejected_here_too() -> None:
    ahead = document(updated_at="2026-11-23T12:00:00+01:00")
    assert seen(ahead)["errors"] == [{"pointer": "/updated_at", "code": "future"}]
    nameless = document(name="x" * 51)
    assert seen(nameless, reference="order-name")["errors"] == [{"pointer": "/name", "code": "reference"}]
    assert seen(nameless)["status"] == "accepted"


def test_any_pick_up_point_is_taken_as_known() -> None:
    order = document(note_attributes=[{"name": "pickup_point", "value": "PUP-9999-99"}])
    assert {row["target"] for row in seen(order)["kept"]} == {"recipient.name", "parcel.pickup_point"}
    assert {row["target"] for row in seen(order, pickup_attribute=None)["kept"]} == DELIVERY | CLEAR


@pytest.mark.policy("VP-RET-5")
@pytest.mark.parametrize("name", [name for name in EXAMPLES if EXPECTED[name]["status"] == "ignored"])
def test_of_an_order_of_which_nothing_is_shipped_nothing_is_kept(name: str) -> None:
    result = seen(raw(name), "email")
    assert (result["kept"], result["parts"], result["errors"]) == ([], [], [])
    assert "nothing_shipped" in {row["reason"] for row in result["removed"]}
    assert "id" in result["index"]
