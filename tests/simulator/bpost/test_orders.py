"""What becomes of an order that is sent, sent again, changed, cancelled, printed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.simulator.bpost.bench import VECTORS, Asker, accepted, media


def boxes(bpost: Asker, reference: str) -> list[Any]:
    order: Any = bpost.services.manager.ledger()[f"123456/{reference}"]
    return [(box["status"], box["barcode"]) for box in order["boxes"]]


def test_a_new_order_is_201_empty_with_its_address(bpost: Asker) -> None:
    answer = bpost.take("at-home-all")
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers["Location"] == "/services/shm/123456/orders/Made%20up%20%2F%201"
    assert bpost.ask("GET /orders/Made%20up%20%2F%201").status == 200
    bpost.turn({"location": "left-out"})
    assert "Location" not in bpost.take("at-home").headers


@pytest.mark.parametrize(
    "path",
    [path for folder in ("accepted", "requests", "orders") for path in sorted((VECTORS / folder).glob("*.xml"))],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_a_valid_order_is_taken_and_printed(bpost: Asker, path: Path) -> None:
    order = path.read_bytes()
    if b":order " not in order:
        assert bpost.take("at-home").status == 201
        assert bpost.send("POST", "/orders/R-1", order, content_type=media("orderUpdate-v3")).status == 200
        return
    taken = bpost.send("POST", "/orders", order, content_type=media("order-v5"))
    assert (taken.status, taken.body) == (201, b"")
    where = taken.headers["Location"].removeprefix("/services/shm/123456")
    assert b"<zplCode>^XA" in bpost.ask(f"GET {where}/labels/A6 zpl-v5").body


def test_a_refused_order_repeats_what_it_held_and_leaves_nothing(bpost: Asker) -> None:
    order = accepted("at-home").replace(b">1000<", b">1000 Brussel<")
    answer = bpost.send("POST", "/orders", order, content_type=media("order-v5"))
    assert (answer.status, answer.media) == (400, "text/plain;charset=UTF-8")
    assert answer.body.startswith(b"Error in request: cvc-maxLength-valid: Value '1000 Brussel' with length = '12'")
    assert bpost.services.manager.ledger() == {}


def test_an_order_of_another_account_is_refused(bpost: Asker) -> None:
    order = accepted("at-home").replace(b">123456<", b">654321<")
    answer = bpost.send("POST", "/orders", order, content_type=media("order-v5"))
    assert (answer.status, answer.headers["X-Assumed"]) == (400, "account-of-body")


@pytest.mark.parametrize(
    ("order", "old", "new", "said"),
    [
        ("at-home", b"bpack 24h Pro", b"bpack 24H Pro", "Product bpack 24H Pro is not allowed"),
        ("at-home-all", b"<common:saturdayDelivery/>", b"<common:fragile/>", "Option fragile is not allowed"),
        (
            "at-home-all",
            b"<n:weight>1200<",
            b"<n:weight>30001<",
            "Product bpack 24h Pro carries no more than 30000 grams",
        ),
        ("at-home", b"bpack 24h Pro", b"bpack XL", "Product bpack XL needs dimensions"),
    ],
)
def test_what_a_product_does_not_allow_is_an_invalid_selection(
    bpost: Asker, order: str, old: bytes, new: bytes, said: str
) -> None:
    answer = bpost.send("POST", "/orders", accepted(order).replace(old, new), content_type=media("order-v5"))
    assert answer.status == 400
    assert [node.text for node in etree.fromstring(answer.body).iter("{*}error")] == [said]


def test_a_heavy_fragile_parcel_goes_as_xl(bpost: Asker) -> None:
    order = (
        accepted("at-home-all").replace(b"bpack 24h Pro", b"bpack XL").replace(b"<n:weight>1200<", b"<n:weight>30001<")
    )
    order = order.replace(b"<common:saturdayDelivery/>", b"<common:fragile/>")
    assert bpost.send("POST", "/orders", order, content_type=media("order-v5")).status == 201


def test_the_world_needs_a_list_of_items(bpost: Asker) -> None:
    whole = accepted("international")
    start, end = whole.index(b"<i:parcelContents>"), whole.index(b"</i:parcelContents>")
    order = whole[:start] + b"<i:parcelContents>" + whole[end:]
    answer = bpost.send("POST", "/orders", order, content_type=media("order-v5"))
    assert (answer.status, answer.body) == (400, b"WORLD_BUSINESS: at least one item data is required")


def test_an_order_without_a_reference_gets_one(bpost: Asker) -> None:
    order = accepted("at-home").replace(b"<o:reference>R-1</o:reference>", b"")
    answer = bpost.send("POST", "/orders", order, content_type=media("order-v5"))
    assert answer.headers["Location"].endswith("/orders/SHM-00000001")
    assert b"<reference>SHM-00000001</reference>" in bpost.ask("GET /orders/SHM-00000001").body


@pytest.mark.parametrize(("setting", "left"), [("replace", 1), ("append", 2)])
def test_a_known_reference_replaces_or_adds_and_is_counted(bpost: Asker, setting: str, left: int) -> None:
    bpost.turn({"existing-order": setting})
    for _ in range(2):
        assert bpost.take("at-home").status == 201
    order: Any = bpost.services.manager.ledger()["123456/R-1"]
    assert (order["posts"], len(order["boxes"])) == (2, left)


def test_a_box_that_was_replaced_keeps_no_barcode(bpost: Asker) -> None:
    bpost.take("at-home")
    bpost.ask("GET /orders/R-1/labels/A6 pdf-v3")
    bpost.take("at-home")
    assert boxes(bpost, "R-1") == [("PENDING", None)]
    bpost.ask("GET /orders/R-1/labels/A6 pdf-v3")
    assert boxes(bpost, "R-1") == [("PRINTED", "323212345600000000002030")]
    assert bpost.ask("GET /boxes/323212345600000000001030/labels/A6 pdf-v3").status == 404


@pytest.mark.parametrize(("setting", "status"), [("200", 200), ("201", 201)])
def test_cancelling_changes_all_that_is_not_printed(bpost: Asker, setting: str, status: int) -> None:
    bpost.turn({"status-updated": setting})
    bpost.take("at-24-7")
    answer = bpost.ask("POST /orders/R-3 CANCELLED")
    assert (answer.status, answer.body) == (status, b"")
    assert boxes(bpost, "R-3") == [("CANCELLED", None)] * 2


def test_a_printed_box_stays_what_it_is(bpost: Asker) -> None:
    bpost.take("at-home")
    bpost.ask("GET /orders/R-1/labels/A6 pdf-v3")
    assert bpost.ask("POST /orders/R-1 CANCELLED").status == 200
    assert boxes(bpost, "R-1") == [("PRINTED", "323212345600000000001030")]


def test_what_is_cancelled_or_on_hold_is_not_printed(bpost: Asker) -> None:
    bpost.take("at-home")
    bpost.ask("POST /orders/R-1 ON-HOLD")
    assert b"<label>" not in bpost.ask("GET /orders/R-1/labels/A6 pdf-v3").body
    bpost.ask("POST /orders/R-1 OPEN")
    assert b"<label>" in bpost.ask("GET /orders/R-1/labels/A6 pdf-v3").body
    bpost.take("at-bpost")
    bpost.ask("POST /orders/R-2 CANCELLED")
    assert bpost.ask("GET /orders/R-2/labels/A6 pdf-v3").status == 409


def test_a_state_that_nobody_may_set_is_refused(bpost: Asker) -> None:
    bpost.take("at-home")
    answer = bpost.ask("POST /orders/R-1 PRINTED")
    assert answer.body.startswith(b"Error in request: cvc-enumeration-valid: Value 'PRINTED'")
    assert bpost.ask("POST /orders/R-9 OPEN").status == 404


def test_accounts_do_not_see_each_other(bpost: Asker) -> None:
    bpost.take("at-home")
    bpost.ask("GET /orders/R-1/labels/A6 pdf-v3")
    bpost.turn({"media-types": "any"})
    bpost.services._passphrase = None
    other = {"authorization": "Basic NjU0MzIxOng=", "accept": media("label-pdf-v3")}
    assert bpost.send("GET", "//services/shm/654321/orders/R-1", b"", **other).status == 404
    assert (
        bpost.send("GET", "//services/shm/654321/boxes/323212345600000000001030/labels/A6", b"", **other).status == 404
    )
    batch = b'<batchLabels xmlns="http://schema.post.be/shm/deepintegration/v5/"><box>323212345600000000001030</box></batchLabels>'
    assert bpost.send("POST", "//services/shm/654321/labels/A6", batch, **other).status == 404


def test_unknown_items_can_be_another_status(bpost: Asker) -> None:
    bpost.turn({"unknown-items": "400"})
    batch = b'<batchLabels xmlns="http://schema.post.be/shm/deepintegration/v5/"><order>R-9</order></batchLabels>'
    answer = bpost.ask("POST /labels/A6 pdf-v3", batch)
    assert (answer.status, answer.headers["X-Assumed"]) == (400, "unknown-items")
    assert bpost.ask("POST /labels/A6 pdf-v3", b"<batchLabels/>").body.startswith(b"Error in request: cvc-elt.1:")


def test_a_box_that_is_asked_for_twice_is_printed_once(bpost: Asker) -> None:
    bpost.take("at-home")
    bpost.ask("GET /orders/R-1/labels/A6 pdf-v3")
    items = b"<box>323212345600000000001030</box><order>R-1</order>"
    batch = b'<batchLabels xmlns="http://schema.post.be/shm/deepintegration/v5/">%s</batchLabels>' % items
    assert bpost.ask("POST /labels/A6?forcePrinting=true pdf-v3", batch).body.count(b"<label>") == 1


def test_prefixes_that_nothing_declares(bpost: Asker) -> None:
    bpost.take("at-home")
    bpost.turn({"prefixes": "undeclared"})
    body = bpost.ask("GET /orders/R-1").body
    assert b"<tns:orderInfo><tns:accountId>" in body
    assert b"<ns2:streetName>" in body
    assert b"xmlns" not in body
    assert bpost.ask("GET /orders/R-1/labels/A6 pdf-v3").body.startswith(b"<tns:labels><tns:label><tns:barcode>")
