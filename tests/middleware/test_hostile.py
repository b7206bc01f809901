"""What an attacker tried on the running service, each as a test at the step that has to hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from middleware.carriers.parcel_json import LONGEST_DESCRIPTION, MAX_CUSTOMS_ITEMS, ParcelJson
from middleware.core.body import MAX_CONTAINERS, read
from middleware.core.planning import CLOCKS_APART, check_time
from middleware.errors import BodyError, SchemaError
from middleware.model import Parsed
from schemas import shopify
from schemas.allowlist import MAX_FAULTS, Refused, load
from schemas.order import Address, CustomsItem, Ids, Order, Parcel, Recipient

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BARE = {"id": 5001, "updated_at": "2026-11-22T10:00:00Z"}


def faults(document: dict[str, object]) -> tuple[tuple[str, str], ...]:
    with pytest.raises(Refused) as caught:
        load(shopify.ORDER, document)
    return caught.value.faults


@pytest.mark.parametrize(("name", "most"), [("line_items", 2_000), ("note_attributes", 250), ("shipping_lines", 100)])
def test_a_list_has_an_end(name: str, most: int) -> None:
    """Two megabytes of empty lines took twenty seconds."""
    assert len(load(shopify.ORDER, {**BARE, name: [{}] * most})[name]) == most
    assert faults({**BARE, name: [{}] * (most + 1)}) == ((f"/{name}", "too-many"),)


def test_the_duties_of_a_line_have_an_end() -> None:
    assert load(shopify.ORDER, {**BARE, "line_items": [{"duties": [{}] * 10}]})
    assert faults({**BARE, "line_items": [{"duties": [{}] * 11}]}) == (("/line_items/0/duties", "too-many"),)


def test_the_faults_that_are_told_have_an_end() -> None:
    """Every line of two thousand wrong ones made a row of thirty megabytes."""
    told = faults({**BARE, "line_items": [{"title": 1, "grams": "x"}] * 2_000})
    assert len(told) == MAX_FAULTS


def test_a_document_has_so_many_arrays_and_objects() -> None:
    read(orjson.dumps([[]] * (MAX_CONTAINERS - 1)))
    with pytest.raises(BodyError):
        read(orjson.dumps([[]] * MAX_CONTAINERS))


@pytest.mark.parametrize("value", [7, True, 2.5, [], {}, "x" * 5_000])
def test_a_note_that_nobody_reads_refuses_no_order(value: object) -> None:
    assert load(shopify.ORDER, {**BARE, "note_attributes": [{"name": "engraving", "value": value}]})


@pytest.mark.parametrize(("ahead", "taken"), [(CLOCKS_APART, True), (CLOCKS_APART + timedelta(seconds=1), False)])
def test_a_version_from_far_ahead_cannot_shut_out_all_later_ones(ahead: timedelta, taken: bool) -> None:
    parsed = Parsed(order_id="5001", updated_at=NOW + ahead, halt=None, order=None, taken={})
    if taken:
        check_time(parsed, NOW)
    else:
        with pytest.raises(SchemaError) as caught:
            check_time(parsed, NOW)
        assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/updated_at", "future")]


NO_VALUES = ("abc", "-1", "1e9", "٣", "1,5")
ITEM = CustomsItem(description="Teapot", quantity=1, weight_grams=50, value="20.00", currency="EUR")
ABROAD = Order(
    ids=Ids(order_id="5001"),
    recipient=Recipient(
        name="Mirte Oosterlynck",
        address=Address(street="Bahnhofstrasse 1", locality="Zürich", postal_code="8001", country="CH"),
    ),
    parcel=Parcel(weight_grams=30_000, pieces=1, product="parcel"),
    customs=(ITEM,),
)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((ITEM,) * MAX_CUSTOMS_ITEMS, []),
        ((ITEM,) * (MAX_CUSTOMS_ITEMS + 1), [("/customs", "too-many")]),
        ((replace(ITEM, description="x" * LONGEST_DESCRIPTION),), []),
        ((replace(ITEM, description="x" * (LONGEST_DESCRIPTION + 1)),), [("/customs/0/description", "too-long")]),
        *(
            ((ITEM, replace(ITEM, value=value)), [("/customs/1/value", "decimal")])
            for value in ("abc", "-1", "1e9", "٣", "1,5")
        ),
    ],
)
def test_what_customs_is_told_fits_or_is_refused_before_the_answer(
    items: tuple[CustomsItem, ...], expected: list[tuple[str, str]]
) -> None:
    order = replace(ABROAD, customs=items)
    if not expected:
        assert ParcelJson().fit(order, {}) == order
        return
    with pytest.raises(SchemaError) as caught:
        ParcelJson().fit(order, {})
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == expected
