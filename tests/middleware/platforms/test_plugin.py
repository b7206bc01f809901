"""From a plug-in's document to the canonical order, and where every leaf of it went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from middleware import binding
from middleware.carriers.parcel_json import ParcelJson
from middleware.core.planning import Carriage, Planned, named, planned
from middleware.errors import Fault, SchemaError
from middleware.exchange import PickupPoint
from middleware.platforms import shopify, woocommerce
from middleware.platforms.plugin import Plugin
from schemas.order import CashOnDelivery, Ids, Order, Parcel, catalogue
from tests.middleware.platforms.making import settings
from tests.middleware.platforms.plugging import WHOLE, shipment
from tests.system.stack import Json

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PLUGIN, POLICY = Plugin(), binding.pack("bpost-shipping-platform")
POINTS = {"PUP-1000-01": PickupPoint(id="PUP-1000-01", postal_code="1000", country="BE")}


def plan(document: Json, **changes: Any) -> Planned:
    shop = settings(**changes)
    parsed = PLUGIN.parse(document, shop, NOW)

    carriage = Carriage(
        choose=lambda order, line: ParcelJson().choose(order, line, shop.delivery),
        fit=lambda order: ParcelJson().fit(order, POINTS),
    )
    made = planned(parsed, document, PLUGIN.shape, PLUGIN.names, shop, POLICY, carriage, NOW)
    assert made is not None
    return made


def faults(document: Json, **changes: Any) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        plan(document, **changes)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


CANONICAL = [path for path, _ in catalogue() if path != "ids.customer_id"]  # which a plug-in does not send


def theirs(names: Mapping[str, str], *pointers: str) -> list[str]:
    """Under which pointers a sender is told of faults in the canonical order."""

    def refuse() -> None:
        raise SchemaError(tuple(Fault(pointer=pointer, code="range") for pointer in pointers))

    with pytest.raises(SchemaError) as caught:
        named(names, refuse)
    return [fault.pointer for fault in caught.value.faults]


@pytest.mark.parametrize("path", CANONICAL)
def test_a_pointer_leads_to_the_same_field_of_what_was_sent(path: str) -> None:
    """RFC 6901: into the document of the caller, and to its very line of a declaration."""
    document = {**WHOLE, "customs": [{"quantity": 1}, *WHOLE["customs"]]}
    parsed = PLUGIN.parse(document, settings(), NOW)
    (pointer,) = theirs(PLUGIN.names, "/" + path.replace(".", "/").replace("customs/", "customs/1/"))
    found: Any = document
    for step in pointer.removeprefix("/").split("/"):
        found = found[int(step)] if isinstance(found, list) else found[step]
    wanted: Any = parsed.order
    for step in path.split("."):
        wanted = getattr(wanted, step)[1] if step == "customs" else getattr(wanted, step)
    assert wanted == (datetime.fromisoformat(found) if path == "updated_at" else found)


def test_what_is_wrong_with_all_of_a_group_is_told_of_the_group() -> None:
    assert theirs(PLUGIN.names, "/recipient/contact", "/customs", "/recipient/contact/telex") == [
        "/recipient",
        "/customs",
    ]


@pytest.mark.parametrize(
    ("names", "title", "tariff"),
    [
        (shopify.NAMES, "title", "/line_items/duties/harmonized_system_code"),
        (woocommerce.NAMES, "name", "/settings/customs/hs_code"),
    ],
)
def test_of_a_shop_that_declares_nothing_itself_the_goods_are_told_once(
    names: Mapping[str, str], title: str, tariff: str
) -> None:
    pointers = ("/customs/0/description", "/customs/31/description", "/customs/2/hs_code", "/customs", "/parcel/pieces")
    assert theirs(names, *pointers) == [f"/line_items/{title}", tariff, "/line_items", "/parcel/pieces"]


def test_every_field_finds_its_place() -> None:
    parsed = PLUGIN.parse(WHOLE, settings(), NOW)
    assert parsed.order is not None
    sent, order = WHOLE["recipient"], parsed.order
    assert (parsed.order_id, parsed.halt, parsed.updated_at) == (
        "5001",
        None,
        datetime(2026, 11, 22, 8, 30, tzinfo=UTC),
    )
    assert order.ids == Ids(order_id="5001", order_name="#1001")
    assert {name: getattr(order.recipient.address, name) for name in sent["address"]} == sent["address"]
    assert {name: getattr(order.recipient.contact, name) for name in ("email", "phone", "language")} == {
        name: sent[name] for name in ("email", "phone", "language")
    }
    assert order.recipient.locker_member == sent["locker_member"]
    assert {name: getattr(order.parcel, name) for name in WHOLE["parcel"]} == WHOLE["parcel"]
    assert {name: getattr(order.customs[0], name) for name in WHOLE["customs"][0]} == WHOLE["customs"][0]
    assert order.cash_on_delivery == CashOnDelivery(**WHOLE["cash_on_delivery"])


def test_what_is_left_out_the_settings_tell_and_the_version_is_now() -> None:
    parsed = PLUGIN.parse(shipment(), settings(default_weight_grams=1234, product="letter"), NOW)
    assert parsed.order is not None
    assert parsed.order.parcel == Parcel(weight_grams=1234, pieces=1, product="letter")
    assert parsed.updated_at == NOW


def test_what_this_delivery_does_not_need_is_withheld_and_reported_as_on_the_webhooks_line() -> None:
    document = {**WHOLE, "parcel": {"pieces": 1}, "cash_on_delivery": None}
    made = plan(document)
    assert isinstance(made.order, Order)
    assert made.order.recipient.contact == replace(made.order.recipient.contact, email=None, phone=None, language=None)
    removed = {(removal.path, removal.reason) for removal in made.report.removed}
    assert {(f"recipient.{name}", "no_notification") for name in ("email", "phone", "language")} <= removed
    assert ("customs[].description", "in_customs_union") in removed
    assert (made.order.recipient.locker_member, ("recipient.locker_member", "no_locker") in removed) == (None, True)
    assert ("recipient.name", "recipient.name") in made.report.kept
    assert made.report.index == ("order.id", "order.name", "order.updated_at")


def test_what_it_needs_passes() -> None:
    made = plan({**WHOLE, "parcel": None, "cash_on_delivery": None}, notify="email")
    assert isinstance(made.order, Order)
    assert made.order.recipient.contact.email == "mirte@voorbeeld.example"
    assert ("recipient.email", "recipient.contact.email") in made.report.kept


@pytest.mark.parametrize(
    ("due", "told"),
    [
        ({"amount": "54.49", "currency": "EUR"}, ("/cash_on_delivery", "not-collected")),
        ({"amount": "", "currency": "EUR"}, ("/cash_on_delivery", "required")),
        ({"amount": "0.00", "currency": "EUR"}, ("/cash_on_delivery", "not-collected")),
        ({"amount": "54.49"}, ("/cash_on_delivery/currency", "required")),
        ({"amount": 54.49, "currency": "EUR"}, ("/cash_on_delivery/amount", "type")),
        ({}, ("/cash_on_delivery/amount", "required")),
    ],
)
def test_what_is_paid_on_delivery_never_goes_as_if_it_were_paid(due: Json, told: tuple[str, str]) -> None:
    assert faults(shipment(cash_on_delivery=due))[0] == told


@pytest.mark.policy("VP-CAT-7")
@pytest.mark.parametrize(
    "member", ["18856534", "1885653460", "18856534a", "188 565 346", "188565346\n", "١٨٨٥٦٥٣٤٦", 188565346]
)
def test_what_is_no_number_of_a_member_is_refused(member: object) -> None:
    told = {pointer for pointer, _ in faults(shipment(recipient={"locker_member": member}))}
    assert told == {"/recipient/locker_member"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (shipment(order={"id": "1", "updated_at": "yesterday"}), [("/order/updated_at", "timestamp")]),
        (shipment(order={"id": "1", "updated_at": "2026-11-22T10:00:00"}), [("/order/updated_at", "timestamp")]),
        (shipment(recipient={"name": " "}), [("/recipient/name", "required")]),
        (shipment(parcel={"pickup_point": "x y"}), [("/parcel/pickup_point", "pickup-point")]),
        (shipment(parcel={"pickup_point": "PUP-9999-99"}), [("/parcel/pickup_point", "unknown-pickup-point")]),
        (shipment(parcel={"pieces": 0}), [("/parcel/pieces", "range")]),
        (shipment(parcel={"weight_grams": 30_001}), [("/parcel/weight_grams", "too-heavy")]),
        (
            shipment(recipient={"address": {"country": "BE", "postal_code": "x"}}),
            [
                ("/recipient/address/street", "required"),
                ("/recipient/address/locality", "required"),
                ("/recipient/address/postal_code", "pattern"),
            ],
        ),
    ],
)
def test_what_cannot_be_shipped_is_told_under_the_plug_ins_own_names(
    document: Json, expected: list[tuple[str, str]]
) -> None:
    assert faults(document) == expected


def test_a_name_that_no_label_can_show() -> None:
    assert faults(shipment(), reference="order-name") == [("/order/name", "reference")]
