from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from simulator.permitted import Permitted, permitted
from tests.customs_places import PLACES
from tests.demo.bench import DOMESTIC, GIFT, SHOP, UNPAID, Json, sent


def of(order: Json, **changes: Any) -> Permitted:
    return permitted(sent("x.json", {**copy.deepcopy(order), **changes}), SHOP)


def test_what_may_pass_of_a_domestic_order() -> None:
    allowed = of(DOMESTIC)
    assert allowed.clear == {"recipient/country": "BE", "recipient/postal_code": "9000"}
    assert allowed.sealed["recipient.delivery/name"] == {"Liva Brandsteeg"}
    assert allowed.sealed["recipient.notification/email"] == {"liva.brandsteeg@example.com"}
    assert allowed.sealed["recipient.notification/language"] == {"nl"}
    assert {place.partition("/")[0] for place in allowed.sealed} == {
        "recipient.delivery",
        "recipient.notification",
        "sender.contact",
    }


def test_an_order_that_is_not_shipped_may_pass_nothing() -> None:
    allowed = permitted(sent("x.json", UNPAID, "ignored"), SHOP)
    assert (dict(allowed.clear), dict(allowed.sealed)) == ({}, {})


@pytest.mark.parametrize(
    ("changes", "passes"),
    [
        ({}, True),
        ({"billing_address": {"first_name": "LIVA ", "last_name": "brandsteeg"}}, True),
        ({"billing_address": None, "customer": {"first_name": "Liva", "last_name": "Brandsteeg"}}, True),
        ({"billing_address": {"name": "Liva Brandsteeg"}}, True),
        ({"billing_address": {"first_name": "Joachim", "last_name": "Brandsteeg"}}, False),
        ({"billing_address": None}, False),
        ({"email": None}, False),
    ],
)
def test_the_mail_passes_only_if_who_pays_receives(changes: Json, passes: bool) -> None:
    assert ("recipient.notification/email" in of(DOMESTIC, **changes).sealed) is passes


def test_notification_is_what_the_shop_chose() -> None:
    order = {**DOMESTIC, "shipping_address": {**DOMESTIC["shipping_address"], "phone": "+32470000009"}}
    sms = permitted(sent("x.json", order), replace(SHOP, notify="sms"))
    assert sms.sealed["recipient.notification/mobile"] == {"+32470000009"}
    assert "recipient.notification/email" not in sms.sealed
    none = permitted(sent("x.json", order), replace(SHOP, notify="none"))
    assert not any(place.startswith("recipient.notification") for place in none.sealed)


def test_customs_data_pass_outside_the_union_only_and_of_what_travels() -> None:
    lines = [
        {"title": "Droogboeket", "quantity": 2, "price": "29.95"},
        {"title": "Teruggenomen vaas", "quantity": 1, "current_quantity": 0},
        {"title": "Breipatroon als bestand", "quantity": 1, "requires_shipping": False},
        {"title": "Cadeaubon", "quantity": 1, "gift_card": True},
    ]
    assert of(GIFT, line_items=lines).sealed["recipient.customs/description"] == {"Droogboeket"}
    assert not any(place.startswith("recipient.customs") for place in of(DOMESTIC).sealed)


@pytest.mark.parametrize(("country", "postal_code", "declared"), PLACES)
def test_customs_data_pass_where_customs_look_and_nowhere_else(country: str, postal_code: str, declared: bool) -> None:
    there = {**GIFT["shipping_address"], "country_code": country, "zip": postal_code}
    assert ("recipient.customs/description" in of(GIFT, shipping_address=there).sealed) is declared


def test_at_a_pickup_point_the_home_address_may_not_pass() -> None:
    allowed = of(DOMESTIC, note_attributes=[{"name": "pickup_point", "value": "PUP-4000-01"}])
    assert allowed.clear == {
        "parcel/pickup_point": "PUP-4000-01",
        "recipient/country": "BE",
        "recipient/postal_code": "4000",
    }
    assert [place for place in allowed.sealed if place.startswith("recipient.delivery")] == ["recipient.delivery/name"]


def test_no_other_note_attribute_names_a_pickup_point() -> None:
    allowed = of(DOMESTIC, note_attributes=[{"name": "opmerking", "value": "PUP-4000-01"}])
    assert "parcel/pickup_point" not in allowed.clear


@pytest.mark.parametrize(
    ("place", "value", "admitted"),
    [
        ("recipient.delivery/name", "Mirte Oosterlinck", True),
        ("recipient.delivery/name", "Mirte  Oosterlinck ", True),
        ("recipient.delivery/name", "Mirte", False),
        ("recipient.delivery/name", "Joachim Terweide", False),
        ("recipient.delivery/company", "Atelier Mirabel", True),
        ("recipient.delivery/street", "Pruimelaarhof", True),
        ("recipient.delivery/number", "19", True),
        ("recipient.delivery/box", "2", True),
        ("recipient.delivery/box", "3", False),
        ("recipient.delivery/locality", "Zu\u0308rich", True),
        ("recipient.delivery/phone", "+32470000002", False),
        ("recipient.customs/quantity", 2, True),
        ("recipient.customs/description", 2, False),
        ("recipient.delivery/number", 19, False),
        ("recipient.delivery/number", True, False),
        ("recipient.customs/value", "29.95", True),
        ("recipient.customs/value", "30.00", False),
        ("sender.contact/email", "odile@kramersheim.example", True),
        ("sender.contact/email", "joachim.terweide@example.net", False),
        ("sender.contact/phone", "+32470000002", False),
        ("anything.else/name", "Mirte Oosterlinck", False),
    ],
)
def test_what_a_member_may_hold(place: str, value: object, admitted: bool) -> None:
    part, _, member = place.partition("/")
    assert of(GIFT).admits(part, member, value) is admitted
