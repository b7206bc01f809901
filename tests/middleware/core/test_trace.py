"""The report of an order: every leaf once, by known names, never a value."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from middleware.core.trace import trace
from middleware.model import Removal, Report
from schemas.allowlist import AllowList, Text, index, kept, nested, several, tree, used


class Line(AllowList):
    title = Text(metadata=kept("customs.description", spare="not_shipped"))
    state = Text(metadata=used("order.state"))


class Person(AllowList):
    name = Text(metadata=kept("recipient.name", spare="duplicate"))
    email = Text(metadata=kept("recipient.contact.email", spare="payer"))


class Made(AllowList):
    id = Text(metadata=index("order.id"))
    paid = Text(metadata=used("order.state"))
    to = nested(Person)
    lines = several(Line, most=9)


SHAPE = tree(
    Made(),
    {
        "note": "free_text",
        "client.ip": "online_identifier",
        "client.agent": "online_identifier",
        "lines[].price": "payment",
    },
)
DOCUMENT = {
    "id": "5551",
    "paid": "yes",
    "to": {"name": "Lotte Verzinsel", "email": "lotte@verzinsel.example", "Lottes bijnaam": "Lo"},
    "lines": [
        {"title": "houten trein", "price": "24.95", "state": "open"},
        {"title": "katoenen sjaal", "price": "39.00", "state": "gone"},
        {"title": None},
    ],
    "note": "Lotte is op vakantie",
    "client": {"ip": "203.0.113.7", "agent": "Verzinsel/1.0"},
    "Lotte woont hier": {"ook al": ["geheim"]},
}
TAKEN = {
    "to.name": "recipient.name",
    "to.email": "recipient.contact.email",
    "lines[0].title": "customs.description",
    "lines[1].title": "customs.description",
}


def removed(*rows: tuple[str, str]) -> tuple[Removal, ...]:
    return tuple(Removal(path=path, reason=reason) for path, reason in rows)


def test_every_leaf_is_told_once_by_known_names() -> None:
    assert trace(DOCUMENT, SHAPE, TAKEN, {}) == Report(
        kept=(
            ("lines[].title", "customs.description"),
            ("to.email", "recipient.contact.email"),
            ("to.name", "recipient.name"),
        ),
        used=("lines[].state", "paid"),
        index=("id",),
        removed=removed(
            ("*", "not_in_pack"),
            ("client", "online_identifier"),
            ("lines[].price", "payment"),
            ("lines[].title", "empty"),
            ("note", "free_text"),
            ("to.*", "not_in_pack"),
        ),
    )


def test_what_was_withheld_is_removed_with_its_reason() -> None:
    report = trace(DOCUMENT, SHAPE, TAKEN, {"recipient.contact.email": "no_notification"})
    assert ("to.email", "recipient.contact.email") not in report.kept
    assert Removal(path="to.email", reason="no_notification") in report.removed


def test_what_was_not_taken_is_removed_with_the_reason_of_its_field() -> None:
    report = trace(DOCUMENT, SHAPE, {"lines[0].title": "customs.description"}, {})
    assert report.kept == (("lines[].title", "customs.description"),)
    assert set(removed(("to.name", "duplicate"), ("to.email", "payer"), ("lines[].title", "not_shipped"))) <= set(
        report.removed
    )


def test_one_leaf_may_fill_several_parts_and_is_kept_for_each_that_travels() -> None:
    shared = {"to.name": ("recipient.company", "recipient.address.street")}
    report = trace(DOCUMENT, SHAPE, TAKEN, {"recipient.company": "pickup_point"}, shared=shared)
    kept = [target for path, target in report.kept if path == "to.name"]
    assert kept == ["recipient.address.street", "recipient.name"]


def test_what_is_kept_may_be_in_doubt_and_what_is_not_is_not() -> None:
    doubts = {"to.name": "unclear", "to.email": "contact", "lines[0].title": "unclear", "lines[1].title": "unclear"}
    report = trace(DOCUMENT, SHAPE, TAKEN, {"recipient.contact.email": "no_notification"}, doubts=doubts)
    assert report.doubted == removed(("lines[].title", "unclear"), ("to.name", "unclear"))
    assert trace(DOCUMENT, SHAPE, {}, {}, idle="nothing_shipped", doubts=doubts).doubted == ()


def test_where_nothing_is_shipped_all_that_might_have_been_is_removed_for_that() -> None:
    report = trace(DOCUMENT, SHAPE, {}, {}, idle="nothing_shipped")
    assert (report.kept, report.used, report.index) == ((), ("lines[].state", "paid"), ("id",))
    assert set(removed(("to.name", "nothing_shipped"), ("lines[].title", "nothing_shipped"))) <= set(report.removed)
    assert Removal(path="note", reason="free_text") in report.removed


def test_orders_of_one_shape_have_one_report() -> None:
    other: dict[str, Any] = {
        **DOCUMENT,
        "to": {"email": "an@bedacht.example", "Ans bijnaam": "A", "name": "An Bedacht"},
        "lines": [
            {"state": "x", "title": "iets"},
            {"price": "1", "title": "nog iets"},
            {"title": None},
            {"title": None},
        ],
        "An woont daar": 7,
    }
    del other["Lotte woont hier"]
    shuffled = dict(reversed(other.items()))
    assert trace(shuffled, SHAPE, TAKEN, {}) == trace(DOCUMENT, SHAPE, TAKEN, {})


def test_no_order_at_all() -> None:
    assert trace({}, SHAPE, {}, {}) == Report(kept=(), used=(), index=(), removed=removed(("", "empty")))


scalars = st.none() | st.text(max_size=6) | st.integers() | st.booleans()
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "paid", "to", "lines", "note", "client", "ip", "name", "title"])
            | st.text(max_size=6),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
KNOWN = {
    "",
    "*",
    "id",
    "paid",
    "to",
    "lines",
    "note",
    "client",
    "ip",
    "agent",
    "name",
    "email",
    "title",
    "state",
    "price",
}


@given(documents)
def test_no_path_holds_a_name_that_is_not_known(document: object) -> None:
    report = trace(document, SHAPE, {}, {})
    paths = (*report.used, *report.index, *(removal.path for removal in report.removed))
    assert {name for path in paths for name in path.replace("[]", "").split(".")} <= KNOWN
    assert list(paths)
    assert list(report.removed) == sorted(set(report.removed), key=lambda removal: (removal.path, removal.reason))
