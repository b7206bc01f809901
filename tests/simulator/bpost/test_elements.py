"""The judge's reader against the vectors, which are written from the rules: it knows every element that may be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.bpost.elements import boxes, place_of, told

ORDERS = Path(__file__).parents[2] / "vectors" / "bpost" / "orders"


@pytest.mark.parametrize("name", ["home", "home-told", "point", "locker", "europe", "world"])
def test_every_element_of_an_order_has_a_place(name: str) -> None:
    reference, (box,) = boxes((ORDERS / f"{name}.xml").read_bytes())
    assert reference
    assert [path for path in box.strange if "/options/" not in path] == []
    assert box.parts["recipient.delivery"]["name"]


def test_what_a_home_delivery_tells() -> None:
    _, (box,) = boxes((ORDERS / "home-told.xml").read_bytes())
    assert box.parts["recipient.delivery"] == {
        "name": "Zo\u00eb Verzonnen",
        "company": "Verzonnen & Zonen",
        "street": "Laka 4",
        "line2": "2e",
        "locality": "Gent",
    }
    assert box.parts["recipient.notification"] == {"email": "zoe@verzonnen.example", "language": "fr"}
    assert {place: box.clear[place] for place in ("recipient/country", "recipient/postal_code")} == {
        "recipient/country": "BE",
        "recipient/postal_code": "9000",
    }


def test_what_customs_is_told_stands_line_by_line() -> None:
    _, (box,) = boxes((ORDERS / "world.xml").read_bytes())
    items = box.parts["recipient.customs"]["items"]
    lines = [item for item in items if "description" in item]
    assert lines
    assert all(type(item[name]) is int for item in lines for name in ("quantity", "value", "weight_grams"))


def test_a_point_is_no_address_of_the_recipient() -> None:
    _, (box,) = boxes((ORDERS / "point.xml").read_bytes())
    assert set(box.parts["recipient.delivery"]) == {"name"}
    assert {path.rpartition("/")[2] for path, _ in box.public} >= {"pugoName", "streetName", "locality"}
    assert "recipient/postal_code" not in box.clear


@pytest.mark.parametrize(
    "path",
    [
        "sender/name",
        "remark",
        "nationalBox/atBpost/receiver/name",
        "nationalBox/atHome/receiver/name/first",
        "nationalBox/atHome/desiredDeliveryPlace",
        "internationalBox/international/receiver/address/note",
    ],
)
def test_what_nobody_permitted_has_no_place(path: str) -> None:
    assert place_of(path) == ""
    assert told([(path, "x")]).strange == (path,)


@pytest.mark.parametrize("document", [b"", b"<a", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"])
def test_what_is_no_document_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match="order"):
        boxes(document)
