"""Every leaf of an order, nulls and empties included, is kept, used, index-only or removed: once, for one reason.

The walker that says where the leaves are is the tests' own. A generalised path (``line_items[].title``) may stand for
several leaves that went different ways, one line shipped and another not; so what is exactly one is looked at leaf by
leaf, and the report of the order must then say neither more nor less.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from middleware.carriers.parcel_json import ParcelJson
from middleware.core.minimise import minimise
from middleware.core.trace import trace
from middleware.errors import SchemaError
from middleware.exchange import PickupPoint
from middleware.inspection import inspect
from middleware.model import Report
from schemas.allowlist import INDEX, KEPT, USED, classify
from schemas.known import MISSING, REASONS, removed_names
from schemas.order import Order, catalogue
from schemas.policy_loader import load
from tests.middleware.platforms import making
from tests.middleware.platforms.making import EXAMPLES, NOW, PACK, PLATFORM, document, example, inbound, line
from tests.middleware.platforms.mutating import JSON, Json, mutated, objects, one_of, slots
from tests.middleware.walking import KNOWN, PERMITTED, REMOVED, Leaf, leaves

POLICY = load(PACK)
MODES: list[dict[str, Any]] = [
    {"notify": notify, "pickup_attribute": attribute, "ship_when": ship_when}
    for notify, ship_when in (("none", "paid"), ("email", "created"), ("sms", "paid"))
    for attribute in (None, "pickup_point")
]
MISSED = {"email": ["no_email"], "sms": ["no_mobile"]}
"""What may be said to be missing, by what the delivery tells by."""

each_mode = pytest.mark.parametrize("mode", MODES, ids=lambda mode: "-".join(map(str, mode.values())))
each_example = pytest.mark.parametrize("name", EXAMPLES)

Told = list[tuple[str, str, str]]


def told(order: Json, mode: dict[str, Any]) -> tuple[Told, Report, Order | None]:
    """What is told of each leaf, the report, and the order that goes. Raises: SchemaError."""
    parsed = PLATFORM.parse(order, inbound(), making.settings(**mode))
    ways: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    slim, idle = None, "nothing_shipped" if parsed.halt else None
    if parsed.order is not None:
        slim, withheld = minimise(parsed.order, POLICY, making.settings(**mode).delivery)
        point = slim.parcel.pickup_point or ""
        slim = ParcelJson().fit(slim, {point: PickupPoint(id=point, postal_code="1000", country="BE")})
        ways = (parsed.taken, withheld)
    got: Told = []
    classify(order, PLATFORM.shape, *ways, lambda *place: got.append(place), idle)
    report = trace(order, PLATFORM.shape, *ways, idle, shared=parsed.shared, doubts=parsed.doubts)
    return got, report, slim


def entries(report: Report) -> list[tuple[str, str]]:
    listed = [(path, KEPT) for path in dict(report.kept)]  # an address line may fill several parts
    listed += [(path, USED) for path in report.used] + [(path, INDEX) for path in report.index]
    return listed + [(removal.path, removal.reason) for removal in report.removed]


def check_once(order: Json, got: Told) -> dict[str, str]:
    """Every leaf is told at the place where it is, once, for the one reason that can be right. Gives place → way."""
    expected: dict[str, Leaf] = {}
    for leaf in leaves(order):
        assert expected.setdefault(leaf.place, leaf).reason == leaf.reason
    times = Counter(concrete for concrete, _, _ in got)
    assert times.keys() == expected.keys()
    assert [place for place, count in times.items() if count > 1 and not place.endswith("*")] == []
    ways: dict[str, str] = {}
    for concrete, general, way in got:
        assert general == expected[concrete].general
        assert ways.setdefault(concrete, way) == way
        check_way(expected[concrete], way)
    return ways


def check_way(leaf: Leaf, way: str) -> None:
    if leaf.reason is not None:
        assert way == leaf.reason
    else:
        assert leaf.names in PERMITTED
        assert way in (KEPT, USED, INDEX) or way in REASONS
        blank = leaf.value is None or (isinstance(leaf.value, str) and not leaf.value.strip())
        assert way == "empty" if blank and way not in (USED, INDEX) else way != "empty"


def check_report(order: Json, ways: dict[str, str], report: Report) -> None:
    """The report says what became of the leaves, neither more nor less, each thing once."""
    listed = entries(report)
    assert len(set(listed)) == len(listed)
    assert set(listed) == {(re.sub(r"\[\d+\]", "[]", place), way) for place, way in ways.items()}
    count = Counter(path for path, _ in listed)
    assert [path for path in count if "[]" not in path and count[path] > 1] == []
    for _, target in report.kept:
        assert target in CANONICAL


CANONICAL = {path for path, _ in catalogue()}


def known(path: str) -> bool:
    names = tuple(path.replace("[]", "").split("."))
    return names in KNOWN or (names[-1] == "*" and (names[:-1] in KNOWN or len(names) == 1))


def check_names(report: Report) -> None:
    assert [path for path, _ in entries(report) if not known(path)] == []


def check_kept(order: Json, ways: dict[str, str], slim: Order | None) -> None:
    """What is told as kept is really in the order that goes; nothing is, where none goes."""
    kept = [leaf.value for leaf in leaves(order) if ways[leaf.place] == KEPT]
    going = Counter(str(value) for value in values(slim)) if slim else Counter[str]()
    normalised = {"email", "phone", "customer_locale"}
    address = {word for value in going for word in WORD.findall(value)} | LEFT_OUT
    for leaf in leaves(order):
        if ways[leaf.place] == KEPT and leaf.names[-1] in ("address1", "address2"):
            assert set(WORD.findall(str(leaf.value))) <= address, leaf.place
        elif ways[leaf.place] == KEPT and leaf.names[-1] not in normalised:
            assert any(str(leaf.value) in value for value in going), leaf.place
    assert bool(kept) == (slim is not None)


WORD = re.compile(r"\w+")
LEFT_OUT = {"bus"}
"""What says no more than the name of its field."""


def values(value: Any) -> Iterator[Any]:
    for name in getattr(value, "__dataclass_fields__", ()):
        inner = getattr(value, name)
        for item in inner if isinstance(inner, tuple) else (inner,):
            yield from values(item)
    if not hasattr(value, "__dataclass_fields__") and value is not None:
        yield value


def check(order: Json, mode: dict[str, Any]) -> Report | None:
    try:
        got, report, slim = told(order, mode)
    except SchemaError:
        return None
    ways = check_once(order, got)
    check_report(order, ways, report)
    check_names(report)
    check_kept(order, ways, slim)
    return report


@each_mode
@each_example
def test_every_leaf_of_a_made_up_order_is_accounted_for(name: str, mode: dict[str, Any]) -> None:
    assert (check(example(name), mode) is None) == (name == "10-unapproved-data.json")


@each_example
def test_what_inspect_reports_is_that(name: str) -> None:
    for mode in MODES:
        order = example(name)
        shop = making.settings(**mode)
        seen, expected = (
            inspect(json.dumps(order).encode(), PLATFORM, ParcelJson(), shop, POLICY, NOW),
            check(order, mode),
        )
        missing = [one.reason for one in seen.report.doubted if one.reason in MISSING] if seen.report else []
        assert missing in ([], MISSED.get(shop.delivery.notify))  # of what is not there check knows nothing
        if seen.report is not None and missing:
            seen = replace(seen, report=replace(seen.report, doubted=seen.report.doubted[: -len(missing)]))
        assert seen.report == expected


def canary_name(draw: st.DrawFn, order: Json) -> None:
    """A name that nobody knows there, anywhere."""
    holder, names = one_of(draw, list(objects(order)))
    name = draw(st.one_of(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), CANARIES))
    if unpermitted((*names, name)):
        holder[name] = draw(JSON)


CANARIES = st.sampled_from(
    [
        "canary-7f3a",
        "jan.peeters@example.com",
        "a.b",
        "[]",
        "*",
        "title",
        "name",
        "note",
        "billing_address",
        "taken",
        "password",
        "accessToken",
    ]
)


def unpermitted(names: tuple[str, ...]) -> bool:
    return names not in PERMITTED and not any(other[: len(names)] == names for other in PERMITTED)


def nothing(draw: st.DrawFn, order: Json) -> None:
    """Null, empty or absent where something permitted is."""
    spared = {*NEEDED, ("shipping_address",)}
    places = [
        (holder, step)
        for holder, step, names in slots(order)
        if step == names[-1] and not unpermitted(names) and names not in spared
    ]
    holder, step = one_of(draw, places)
    empties: list[Any] = [None, type(holder[step])()] if isinstance(holder[step], (str, list, dict)) else [None]
    if draw(st.booleans()):
        holder[step] = draw(st.sampled_from(empties))
    else:
        del holder[step]


def something(draw: st.DrawFn, order: Json) -> None:
    """Anything at a place that is not permitted: empty, nested, of another type."""
    places = [(holder, step) for holder, step, names in slots(order) if unpermitted(names)]
    if places:
        holder, step = one_of(draw, places)
        holder[step] = draw(st.one_of(JSON, st.sampled_from([None, "", [], {}, [[]], [None, {}], {"": {}}])))


NEEDED = {("id",), ("updated_at",)} | {
    ("shipping_address", name)
    for name in ("first_name", "last_name", "name", "address1", "city", "zip", "country_code")
}


def a_known_name(draw: st.DrawFn, order: Json) -> None:
    """A place of the list of names that never pass, with anything in it."""
    *above, last = draw(st.sampled_from(sorted(REMOVED)))
    holder = order
    for name in above:
        inner = holder.get(name)
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            holder = inner[0]
        elif isinstance(inner, dict):
            holder = inner
        else:
            return
    holder[last] = draw(JSON)


SEEDS = [example(name) for name in EXAMPLES if name[:2] in {"01", "02", "03", "04", "06", "09", "11", "15", "21", "23"}]
MUTATIONS: list[Callable[[st.DrawFn, Json], None]] = [canary_name, nothing, something, a_known_name]


@given(order=mutated(SEEDS, MUTATIONS), mode=st.sampled_from(MODES))
@settings(max_examples=150, deadline=None)
def test_every_leaf_of_a_document_that_nobody_thought_of_is_accounted_for(order: Json, mode: dict[str, Any]) -> None:
    assert check(order, mode) is not None


CANARY = "canary-7f3a"
ELSEWHERE = {"image_metadata", "not_entered", "no_locker"}
"""Reasons that no order of a shop's platform has: of stamps, and of what a plug-in alone can send."""


def with_canary_names(value: Json, number: Iterator[int]) -> Json:
    """The same document with a name that nobody knows in every object, and objects where there was a text."""
    if isinstance(value, dict):
        inner = {name: with_canary_names(below, number) for name, below in value.items()}
        return {**inner, f"{CANARY}-{next(number)}": {CANARY: [CANARY, {CANARY: None}]}}
    return [with_canary_names(below, number) for below in value] if isinstance(value, list) else value


@each_mode
@each_example
def test_a_report_never_holds_a_name_that_nobody_knows(name: str, mode: dict[str, Any]) -> None:
    """Names can be personal too: a shop may write a customer's name where a name belongs."""
    order = with_canary_names(example(name), iter(range(10**6)))
    report = check(order, mode)
    if report is not None:
        assert CANARY not in str(report)
        assert {"*", "line_items[].*"} <= {removal.path for removal in report.removed}


REFUNDED = document(
    currency="CHF",
    shipping_address=making.address(country_code="CH", phone="nonsense"),
    shipping_lines=[{"phone": "+41446681800"}, {"phone": "+41446681801"}],
    line_items=[line(), line(current_quantity=0), line(duties=[{"harmonized_system_code": "1"}] * 2)],
)


@pytest.mark.parametrize("country", ["CH", "BE"])
def test_leaves_of_one_path_may_go_different_ways(country: str) -> None:
    order = {**REFUNDED, "shipping_address": making.address(country_code=country)}
    ways = check_once(order, told(order, MODES[0])[0])
    goes = KEPT if country == "CH" else "in_customs_union"
    assert [ways[f"line_items[{place}].title"] for place in range(3)] == [goes, "basket", goes]
    assert [ways[f"line_items[2].duties[{place}].harmonized_system_code"] for place in range(2)] == [goes, "duplicate"]
    check_report(order, ways, trace_of(order))


def trace_of(order: Json) -> Report:
    return told(order, MODES[0])[1]


def test_every_reason_occurs_and_every_one_that_occurs_is_told_in_plain_words() -> None:
    occurring = set(removed_names("shopify-order").values())
    for order in (*map(example, EXAMPLES), REFUNDED):
        for mode in MODES:
            report = check(order, mode)
            occurring |= {removal.reason for removal in report.removed} if report else set()
    assert occurring == set(REASONS) - ELSEWHERE
