"""What a plug-in may send: a closed list, of which every field has a category, and whose refusals tell no name."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from schemas import plugin
from schemas.allowlist import INDEX, KEPT, Refused, categories, load
from schemas.categories import CATEGORIES
from schemas.closed import UNKNOWN
from schemas.order import catalogue
from tests.middleware.platforms.plugging import WHOLE, shipment

PERSON = "Persoon-Xy7Qz"
OBJECTS = ("", "order", "recipient", "recipient.address", "parcel", "customs")


def faults(document: object) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        load(plugin.SHIPMENT, document)
    assert PERSON not in str(caught.value)
    return list(caught.value.faults)


def at(document: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        document = document[name]
    return document[0] if isinstance(document, list) else document


def test_the_whole_of_it_may_be_sent() -> None:
    loaded = load(plugin.SHIPMENT, WHOLE)
    assert loaded["recipient"]["address"]["box"] == "3"
    assert load(plugin.SHIPMENT, shipment())["parcel"] is None


@pytest.mark.parametrize("path", OBJECTS)
def test_a_name_that_is_not_listed_refuses_and_is_not_repeated(path: str) -> None:
    document = copy.deepcopy(WHOLE)
    at(document, path)[PERSON] = PERSON
    place = {"customs": "/customs/0"}.get(path, "/" + path.replace(".", "/") if path else "")
    assert faults(document) == [(f"{place}/*", UNKNOWN)]


def test_other_faults_are_told_beside_a_name_that_is_not_listed() -> None:
    assert set(faults(shipment(parcel={"pieces": "2", PERSON: 1}))) == {
        ("/parcel/pieces", "type"),
        ("/parcel/*", UNKNOWN),
    }


def test_every_field_has_a_category_and_every_canonical_field_a_place() -> None:
    canonical = dict(catalogue())
    for path, category in categories(plugin.SHAPE, canonical):
        assert category in CATEGORIES, path
    filled = {target for status, target in leaves(plugin.SHAPE) if status == KEPT}
    indexed = {target for status, target in leaves(plugin.SHAPE) if status == INDEX}
    assert filled == {path for path in canonical if not path.startswith(("ids.", "updated_at"))}
    assert indexed == {"order.id", "order.name", "order.time"}


def leaves(node: Any) -> Iterator[tuple[str, str]]:
    if node.status is not None:
        yield node.status, node.target
    for child in node.children.values():
        yield from leaves(child)


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        ("order.id", None, "required"),
        ("order.id", 5001, "type"),
        ("order.id", "", "pattern"),
        ("order.id", "5001 x", "pattern"),
        ("order.id", "5001\n", "pattern"),
        ("order.id", "5" * 65, "too-long"),
        ("recipient.name", None, "required"),
        ("recipient.name", ["x"], "type"),
        ("recipient.name", "x" * 256, "too-long"),
        ("recipient.address.country", None, "required"),
        ("parcel.pieces", plugin.MOST_PIECES + 1, "range"),
        ("parcel.pieces", -1, "range"),
        ("parcel.weight_grams", 1.5, "type"),
        ("parcel.weight_grams", True, "type"),
        ("parcel.product", "Mirte Oosterlynck", "pattern"),
    ],
)
def test_a_value_has_its_form(path: str, value: object, code: str) -> None:
    document = copy.deepcopy(WHOLE)
    above, _, name = path.rpartition(".")
    at(document, above)[name] = value
    assert (f"/{path.replace('.', '/')}", code) in faults(document)


@pytest.mark.parametrize("name", ["order", "recipient"])
def test_what_every_shipment_needs(name: str) -> None:
    assert faults({key: value for key, value in shipment().items() if key != name}) == [(f"/{name}", "required")]


@pytest.mark.parametrize("document", [[], "x", 7, None])
def test_what_is_no_object_is_refused(document: object) -> None:
    assert faults(document) == [("", "type")]


def test_a_list_has_an_end() -> None:
    assert load(plugin.SHIPMENT, shipment(customs=[{}] * plugin.MOST_ITEMS))
    assert faults(shipment(customs=[{}] * (plugin.MOST_ITEMS + 1))) == [("/customs", "too-many")]
