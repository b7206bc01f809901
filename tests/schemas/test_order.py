"""The canonical order: every field has a category, and nothing of a person is printed by accident."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from schemas.categories import CATEGORIES
from schemas.errors import SchemaFault
from schemas.order import (
    Address,
    CashOnDelivery,
    Contact,
    CustomsItem,
    Hidden,
    Ids,
    Order,
    Parcel,
    Recipient,
    Sender,
    catalogue,
)
from schemas.policy_loader import check_fields, load

CANARY = "canary-7f3a"
TEXTS: dict[type, tuple[str, ...]] = {
    Ids: ("order_id", "order_name", "customer_id"),
    Address: ("street", "number", "box", "line2", "locality", "postal_code", "country"),
    Contact: ("email", "phone", "language"),
    CustomsItem: ("description", "value", "currency", "hs_code", "origin"),
    CashOnDelivery: ("amount", "currency"),
    Parcel: ("product", "pickup_point"),
    Sender: (
        *("name", "company", "street", "number", "box", "line2", "locality", "postal_code", "country"),
        *("email", "phone"),
    ),
}


def filled(kind: type) -> Any:
    return kind(**dict.fromkeys(TEXTS[kind], CANARY))


def full_order() -> Order:
    return Order(
        ids=filled(Ids),
        recipient=Recipient(name=CANARY, company=CANARY, address=filled(Address), contact=filled(Contact)),
        parcel=filled(Parcel),
        customs=(filled(CustomsItem),),
        cash_on_delivery=filled(CashOnDelivery),
        updated_at=datetime(2026, 11, 22, tzinfo=UTC),
    )


def values(value: Any) -> Iterator[Any]:
    yield value
    for entry in fields(value) if is_dataclass(value) else ():
        inner = getattr(value, entry.name)
        for item in inner if isinstance(inner, tuple) else (inner,):
            yield from values(item)


VALUES = [value for value in (*values(full_order()), filled(Sender)) if is_dataclass(value)]
each_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)


def test_every_kind_of_value_is_among_those_looked_at() -> None:
    kinds = {Order, Ids, Recipient, Address, Contact, Parcel, CustomsItem, CashOnDelivery, Sender}
    assert {type(value) for value in VALUES} == kinds


@each_value
def test_a_value_prints_its_class_name_and_nothing_else(value: Hidden) -> None:
    name = f"<{type(value).__name__}>"
    assert repr(value) == str(value) == f"{value}" == f"{value!r}" == "%s" % (value,) == name  # noqa: UP031  # each way of printing
    assert repr([value]) == f"[{name}]"
    assert CANARY not in str(AssertionError(value))


@each_value
def test_a_value_cannot_be_changed(value: Any) -> None:
    name = fields(value)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, None)
    with pytest.raises((AttributeError, TypeError)):
        value.unheard_of = CANARY
    with pytest.raises(TypeError):
        type(value)(CANARY)


def test_what_is_not_given_is_not_there() -> None:
    order = Order(ids=Ids(), recipient=Recipient(), parcel=Parcel())
    leaves = [leaf for leaf in values(order) if not is_dataclass(leaf)]
    assert leaves == [None] * sum(not path.startswith("customs.") for path in PATHS)
    assert order.customs == ()


PATHS = {
    *("ids.order_id", "ids.order_name", "ids.customer_id", "updated_at"),
    *("recipient.name", "recipient.company", "recipient.locker_member"),
    *(f"recipient.address.{name}" for name in TEXTS[Address]),
    *(f"recipient.contact.{name}" for name in TEXTS[Contact]),
    *(f"parcel.{name}" for name in ("weight_grams", "pieces", "product", "pickup_point")),
    *(f"customs.{name}" for name in ("description", "quantity", "weight_grams", "value", "currency", "hs_code")),
    "customs.origin",
    *("cash_on_delivery.amount", "cash_on_delivery.currency"),
}


@pytest.mark.policy("VP-CAT-7", "VP-CAT-8")
def test_the_canonical_order_has_these_fields_and_no_other() -> None:
    """No complaint, no birth date, no gender, no VAT number, no payment, no free text."""
    listed = [path for path, _ in catalogue()]
    assert len(listed) == len(set(listed))
    assert set(listed) == PATHS
    assert {path for path, _ in catalogue(Sender)} == set(TEXTS[Sender])


@pytest.mark.parametrize("root", [Order, Sender])
def test_every_field_has_a_category_that_is_known(root: type) -> None:
    assert {category for _, category in catalogue(root)} <= CATEGORIES.keys()


def test_a_category_belongs_to_whom_the_field_belongs() -> None:
    """A field of the sender cannot borrow the permission of the recipient, nor the other way round."""
    subjects = {path.split(".")[0]: set[str]() for path, _ in catalogue()}
    for path, category in catalogue():
        subjects[path.split(".")[0]].add(category.split(".")[0])
    assert subjects == {
        "ids": {"order", "customer"},
        "recipient": {"recipient"},
        "parcel": {"parcel"},
        "customs": {"recipient"},
        "cash_on_delivery": {"recipient"},
        "updated_at": {"order"},
    }
    assert {category.split(".")[0] for _, category in catalogue(Sender)} == {"sender"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """A field that somebody added without a thought."""

    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Careless:
    """An order with it."""

    gifts: tuple[Gift, ...] = ()


def test_a_field_without_a_category_is_listed_without_one_and_stops_the_start() -> None:
    assert list(catalogue(Careless)) == [("gifts.message", "")]
    with pytest.raises(SchemaFault, match=r"gifts\.message: no category"):
        check_fields(load("bpost-shipping-platform"), catalogue(Careless))
