"""The allow-list, field by field: what is permitted comes through exactly, all else is refused by place and code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from marshmallow import ValidationError, fields, validate

from schemas import shopify
from schemas.allowlist import MAX_INT, MAX_TEXT, AllowList, Flag, Loose, Refused, Text, Whole, load

CANARY = "canary-7f3a"
WHOLE = {"id": 7, "updated_at": "2026-11-22T10:00:00Z"}
FULL = Path(__file__).resolve().parents[2] / "examples" / "orders" / "01-domestic-full.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One permitted field: the names that lead to it, which of them are lists, and how it is declared."""

    names: tuple[str, ...]
    lists: tuple[bool, ...]
    declared: fields.Field[Any]

    def holding(self, value: object, **beside: object) -> dict[str, Any]:
        """A document with ``value`` here, and ``beside`` next to it."""
        inner: dict[str, Any] = {self.names[-1]: value, **beside}
        for name, many in zip(reversed(self.names[:-1]), reversed(self.lists[:-1]), strict=True):
            inner = {name: [inner] if many else inner}
        return {**WHOLE, **inner}

    @property
    def pointer(self) -> str:
        steps = zip(self.names, (*self.lists[:-1], False), strict=True)
        return "".join(f"/{name}/0" if many else f"/{name}" for name, many in steps)

    def found(self, loaded: Any) -> Any:
        for name, many in zip(self.names[:-1], self.lists[:-1], strict=True):
            loaded = loaded[name][0] if many else loaded[name]
        return loaded[self.names[-1]]


def places(schema: AllowList, names: tuple[str, ...] = (), lists: tuple[bool, ...] = ()) -> Iterator[Place]:
    for name, declared in schema.fields.items():
        many = isinstance(declared, fields.Nested) and bool(declared.many)
        here = Place(names=(*names, name), lists=(*lists, many), declared=declared)
        yield here
        if isinstance(declared, fields.Nested):
            assert isinstance(declared.schema, AllowList)
            yield from places(declared.schema, here.names, here.lists)


PLACES = tuple(places(shopify.ORDER))
LEAVES = tuple(place for place in PLACES if not isinstance(place.declared, fields.Nested))


def of(*kinds: type, lists: bool = False) -> pytest.MarkDecorator:
    chosen = [place for place in PLACES if isinstance(place.declared, kinds) and (place.lists[-1] or not lists)]
    return pytest.mark.parametrize("place", chosen, ids=[".".join(place.names) for place in chosen])


def refusal(document: object) -> Refused:
    with pytest.raises(Refused) as caught:
        load(shopify.ORDER, document)
    return caught.value


def hanging_on(error: BaseException) -> str:
    """All that somebody who prints, logs or walks the exception could come upon."""
    seen: list[object] = [error, str(error), error.args, vars(error), getattr(error, "__notes__", None)]
    for chained in (error.__context__, error.__cause__):
        seen += [hanging_on(chained)] if chained else []
    return repr(seen)


def test_every_permitted_field_is_a_text_a_number_a_flag_or_holds_such() -> None:
    assert {type(place.declared) for place in LEAVES} == {Text, Loose, Whole, Flag}
    assert len(LEAVES) > 40


WRONG: dict[type, list[object]] = {
    Text: [7, 2.5, True, False, [], [CANARY], {}, {CANARY: CANARY}],
    Whole: [CANARY, "7", "", 7.0, 2.5, True, False, [7], {CANARY: 7}],
    Flag: [CANARY, "true", "", 0, 1, 0.0, [True], {CANARY: True}],
}


@of(Text, Whole, Flag)
def test_a_value_of_another_type_is_refused_by_place_and_code(place: Place) -> None:
    for wrong in WRONG[type(place.declared)]:
        error = refusal(place.holding(wrong, **{CANARY: CANARY}))
        assert error.faults == ((place.pointer, "type"),)
        assert CANARY not in hanging_on(error)


@of(fields.Nested)
def test_an_object_or_list_of_another_shape_is_refused_by_place_and_code(place: Place) -> None:
    many = place.lists[-1]
    shapes: list[object] = [CANARY, 7, 2.5, True, *([{}, {CANARY: CANARY}] if many else [[], [CANARY], [{CANARY: 1}]])]
    for wrong in shapes:
        error = refusal(place.holding(wrong, **{CANARY: CANARY}))
        assert error.faults == ((place.pointer, "type"),)
        assert CANARY not in hanging_on(error)


@of(fields.Nested, lists=True)
def test_every_element_of_a_list_is_judged_at_its_own_place(place: Place) -> None:
    error = refusal(place.holding([{}, None, {}, CANARY, [], [{CANARY: CANARY}], 7]))
    assert error.faults == tuple((f"{place.pointer}/{position}", "type") for position in (1, 3, 4, 5, 6))
    assert CANARY not in hanging_on(error)


def test_what_must_not_hang_on_a_refusal_hangs_on_the_error_of_the_library() -> None:
    """A positive control: without the translation the document would be there."""
    with pytest.raises(ValidationError) as caught:
        shopify.ORDER.load({**WHOLE, "name": 7, "note": CANARY, "email": CANARY})
    assert CANARY in hanging_on(caught.value)


@pytest.mark.parametrize("document", [None, CANARY, 7, True, [], [CANARY], [{CANARY: CANARY}]])
def test_a_document_that_is_no_object_is_refused_as_a_whole(document: object) -> None:
    error = refusal(document)
    assert error.faults == (("", "type"),)
    assert CANARY not in hanging_on(error)


def test_every_fault_is_told_and_the_unknown_is_no_fault() -> None:
    error = refusal({"name": 7, "note": 7, "customer": {"id": "x", "tags": 7}, "line_items": [{}, {"grams": -1}]})
    assert set(error.faults) == {
        ("/id", "required"),
        ("/updated_at", "required"),
        ("/name", "type"),
        ("/customer/id", "type"),
        ("/line_items/1/grams", "range"),
    }
    assert "/line_items/1/grams: range" in str(error)


@of(Text, Whole, Flag, fields.Nested)
def test_null_is_the_same_as_absence(place: Place) -> None:
    absent = place.holding(None)
    holder: Any = absent
    for name, many in zip(place.names[:-1], place.lists[:-1], strict=True):
        holder = holder[name][0] if many else holder[name]
    del holder[place.names[-1]]
    if place.declared.required:
        assert refusal(place.holding(None)).faults == refusal(absent).faults == ((place.pointer, "required"),)
    else:
        loaded = load(shopify.ORDER, place.holding(None))
        assert loaded == load(shopify.ORDER, absent)
        assert place.found(loaded) is None


def test_only_the_id_and_the_time_of_the_version_are_required() -> None:
    assert [place.names for place in PLACES if place.declared.required] == [("id",), ("updated_at",)]


LONGEST = {
    ("name",): 255,
    ("updated_at",): 40,
    ("cancelled_at",): 40,
    ("financial_status",): 64,
    ("fulfillment_status",): 64,
    ("currency",): 3,
    ("customer_locale",): 35,
    ("shipping_address", "zip"): 32,
    ("shipping_address", "country_code"): 2,
    ("line_items", "price"): 32,
    ("line_items", "duties", "harmonized_system_code"): 32,
    ("line_items", "duties", "country_code_of_origin"): 2,
    ("shipping_lines", "delivery_category"): 64,
}


@of(Text)
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(place: Place) -> None:
    longest = LONGEST.get(place.names, MAX_TEXT)
    assert MAX_TEXT == 4096
    for letter in ("x", "é", "𝄞"):  # characters count, whatever their bytes
        text = letter * longest
        assert place.found(load(shopify.ORDER, place.holding(text))) == text
        error = refusal(place.holding(text + letter))
        assert error.faults == ((place.pointer, "too-long"),)
        assert text not in hanging_on(error)


@of(Text)
def test_a_text_comes_through_as_it_was_typed(place: Place) -> None:
    for text in ("", " a\t", "e\u0301", "\u202ea", "0"):
        if len(text) <= LONGEST.get(place.names, MAX_TEXT):
            assert place.found(load(shopify.ORDER, place.holding(text))) == text


@of(Whole)
def test_a_number_beyond_what_a_float_holds_survives_exactly(place: Place) -> None:
    for number in (0, 1, 2**53 + 1, 820_982_911_946_154_509, 2**63 - 1):
        found = place.found(load(shopify.ORDER, place.holding(number)))
        assert type(found) is int
        assert found == number
    assert MAX_INT == 2**63 - 1


@of(Whole)
def test_a_number_out_of_range_is_refused(place: Place) -> None:
    for number in (-1, -(2**63), 2**63, 2**64, 10**40):
        assert refusal(place.holding(number)).faults == ((place.pointer, "range"),)


@of(Flag)
def test_a_flag_is_one_of_two(place: Place) -> None:
    assert place.found(load(shopify.ORDER, place.holding(True))) is True
    assert place.found(load(shopify.ORDER, place.holding(False))) is False


@of(Text, Whole, Flag)
def test_what_is_not_declared_is_dropped_at_every_level(place: Place) -> None:
    unknown: dict[str, object] = {CANARY: CANARY, "note": [CANARY], "properties": {"name": CANARY}, "": CANARY}
    value = {Text: "BE", Whole: 7, Flag: True}[type(place.declared)]
    loaded = load(shopify.ORDER, place.holding(value, **unknown))
    assert loaded == load(shopify.ORDER, place.holding(value))
    assert CANARY not in repr(loaded)


def test_a_list_keeps_its_order_and_an_empty_one_is_not_null() -> None:
    lines = [{"title": f"line {number}", "quantity": number} for number in range(50)]
    loaded = load(shopify.ORDER, {**WHOLE, "line_items": lines, "note_attributes": [], "shipping_lines": None})
    assert [line["title"] for line in loaded["line_items"]] == [line["title"] for line in lines]
    assert loaded["note_attributes"] == []
    assert loaded["shipping_lines"] is None


def test_the_schema_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(self: AllowList, *args: Any, **kwargs: Any) -> None:
        raise AssertionError("a schema was built while loading")

    monkeypatch.setattr(AllowList, "__init__", build)
    with pytest.raises(AssertionError):
        shopify.Order()
    assert len(load(shopify.ORDER, json.loads(FULL.read_bytes()))["line_items"]) == 3


class Own(AllowList):
    """A schema with an own rule beside those of the house."""

    word = Text(longest=2)
    level = Whole(largest=3, required=True)
    must = Flag(required=True)


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ({"level": 3, "must": False}, []),
        ({"level": 4, "must": True}, [("/level", "range")]),
        ({"level": None, "must": None}, [("/level", "required"), ("/must", "required")]),
        ({}, [("/level", "required"), ("/must", "required")]),
        ({"level": 0, "must": True, "word": "abc"}, [("/word", "too-long")]),
    ],
)
def test_limits_and_requirements_are_those_of_the_declaration(
    document: dict[str, object], faults: list[tuple[str, str]]
) -> None:
    if faults:
        with pytest.raises(Refused) as caught:
            load(Own(), document)
        assert sorted(caught.value.faults) == faults
    else:
        assert load(Own(), document) == {"word": None, **document}


def test_no_text_is_declared_without_a_limit() -> None:
    limits = [place.declared.validate for place in PLACES if isinstance(place.declared, Text)]
    assert all(isinstance(limit, validate.Length) and limit.max and limit.max <= MAX_TEXT for limit in limits)
