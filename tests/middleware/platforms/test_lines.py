"""What a shop calls its shipping lines: compared with its settings, and gone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from middleware import binding
from middleware.account import Account
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.core import kind_shipment
from middleware.core.planning import Carriage, Planned, planned
from middleware.errors import SchemaError
from middleware.inspection import as_json, inspect
from middleware.model import Inbound, ShopSettings
from middleware.ports import Carrier
from middleware.ports_senders import Platform
from tests.middleware.carriers.test_bpost_shm_fit import carrier
from tests.middleware.platforms import making, woo
from tests.middleware.platforms.making import NOW

POLICY = binding.pack(making.PACK)
OWN = Account(id="654321", passphrase="made up", shared=False)
CANARY = "K4n4rie, thuis getekend"
SHOPIFY, WOOCOMMERCE = binding.PLATFORMS["shopify"], binding.PLATFORMS["woocommerce"]
HOME, TOLD, SMS = "bpack-24h-pro+signed", "bpack-24h-pro+tell-email", "bpack-24h-pro+tell-sms"
KNOWN = {"home": HOME, CANARY: TOLD, "flat_rate": HOME, "flat_rate:3": TOLD}


def rate(code: Any, **more: Any) -> dict[str, Any]:
    return {"code": code, "title": "Thuis", **more}


def method(id_: str, instance: Any = None) -> dict[str, Any]:
    return {"method_id": id_, "instance_id": instance, "method_title": "Thuis"}


def wants(platform: Platform, lines: list[dict[str, Any]] | None, known: Mapping[str, str]) -> str | None:
    if platform is SHOPIFY:
        return making.parse(making.document(shipping_lines=lines), lines=known).line
    return woo.parse(woo.document(shipping_lines=lines), lines=known).line


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (None, None),
        ([], None),
        ([rate("home")], HOME),
        ([rate("Home")], None),
        ([rate(" home")], None),
        ([rate(None)], None),
        ([rate(7)], None),
        ([rate(["home"])], None),
        ([{"title": "home"}], None),
        ([rate("other"), rate("home"), rate(CANARY)], HOME),
        ([rate(CANARY, is_removed=True), rate("home")], HOME),
        ([rate(CANARY, delivery_category="pickup"), rate("home")], HOME),
        ([rate(CANARY, is_removed=False, delivery_category="shipping")], TOLD),
    ],
)
def test_of_shopify_the_code_counts_of_the_first_rate_that_ships_and_is_known(
    lines: list[dict[str, Any]] | None, wanted: str | None
) -> None:
    assert wants(SHOPIFY, lines, KNOWN) == wanted
    assert wants(SHOPIFY, lines, {}) is None


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ([method("flat_rate", "3")], TOLD),
        ([method("flat_rate", "4")], HOME),
        ([method("flat_rate")], HOME),
        ([method("flat_rate:3")], TOLD),
        ([method("flat_rate", 3)], HOME),
        ([method("free_shipping", "3")], None),
        ([method("", "3"), {"method_title": "flat_rate"}], None),
        ([method("free_shipping"), method("flat_rate", "3")], TOLD),
        ([method("local_pickup", "1"), method("flat_rate", "3")], TOLD),
    ],
)
def test_of_woocommerce_the_method_counts_of_its_zone_or_of_all_zones(
    lines: list[dict[str, Any]], wanted: str | None
) -> None:
    assert wants(WOOCOMMERCE, lines, {**KNOWN, "local_pickup": SMS}) == wanted


def serving(**shop: Any) -> tuple[ShopSettings, Carrier]:
    settings = making.settings(**{"account": OWN, "lines": KNOWN, **shop})
    served = carrier().serving(settings)
    assert isinstance(served, BpostShm)
    return settings, served


def plan(platform: Platform, document: dict[str, Any], **shop: Any) -> Planned:
    settings, served = serving(**shop)
    topic = "orders/updated" if platform is SHOPIFY else "order.updated"
    headers = {platform.headers.topic.lower(): topic}
    found = platform.parse(document, Inbound(platform=platform.name, shop=None, headers=headers, body=b""), settings)
    carriage = Carriage(
        choose=lambda order, line: served.choose(order, line, settings.delivery),
        fit=lambda order: served.fit(order, {}),
    )
    made = planned(found, document, platform.shape, platform.names, settings, POLICY, carriage, NOW)
    assert made is not None
    return made


def leaving(made: Planned) -> Mapping[str, Any]:
    """All that is sealed, stored or told of an order."""
    order: Any = made.order
    texts = kind_shipment.plaintexts(order, making.settings().sender)
    return {
        "clear": kind_shipment.clear(order, "demo", "7K3MW-9Q2XA"),
        "parts": {name: texts[name] for name in kind_shipment.parts(order)},
        "index": kind_shipment.index(order),
        "report": [made.report.kept, made.report.used, [(one.path, one.reason) for one in made.report.removed]],
    }


CONTACT = {"email": "mirte@verzinsel.example", "phone": "0470 12 34 56"}
PAID_BY = {"first_name": "Mirte", "last_name": "Oosterlynck"}


def bought(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An order whose recipient is its payer and has told both e-mail and phone."""
    return making.document(
        shipping_lines=[*lines],
        shipping_address=making.address(phone=CONTACT["phone"]),
        billing_address=PAID_BY,
        email=CONTACT["email"],
        **changes,
    )


@pytest.mark.policy("VP-CAT-8", "AMB-1")
@pytest.mark.parametrize("notify", ["none", "email", "sms"])
@pytest.mark.parametrize(
    ("line", "passes"), [(HOME, set()), (TOLD, {"email", "index email"}), (SMS, {"mobile", "index phone"})]
)
def test_the_product_of_the_line_decides_which_contact_datum_passes(line: str, passes: set[str], notify: str) -> None:
    made = leaving(plan(SHOPIFY, bought(rate("x")), lines={"x": line}, notify=notify))
    told = {name for name in ("email", "mobile") if name in made["parts"].get("recipient.notification", {})}
    told |= {f"index {name}" for name in ("email", "phone") if made["index"][f"recipient.contact.{name}"]}
    assert told == passes
    assert made["clear"]["parcel"]["product"] == line
    assert (CONTACT["email"] in json.dumps(made)) is ("email" in passes)


@pytest.mark.policy("VP-CAT-8")
def test_what_the_product_does_not_need_is_removed_for_that_reason() -> None:
    report = plan(SHOPIFY, bought(rate("home")), notify="email").report
    reasons = {one.path: one.reason for one in report.removed}
    assert reasons["email"] == reasons["shipping_address.phone"] == "no_notification"
    assert "shipping_lines[].code" in report.used


def test_a_line_that_is_not_known_goes_as_the_destination_has_it() -> None:
    made = leaving(plan(SHOPIFY, bought(rate("other")), notify="email", products={"point": "bpack-at-bpost"}))
    assert made["clear"]["parcel"]["product"] == TOLD
    assert made["parts"]["recipient.notification"]["email"] == CONTACT["email"]


def test_a_line_that_cannot_go_there_is_refused_at_the_shops_own_name_of_it() -> None:
    abroad = bought(rate("home"), line_items=[making.line()])
    abroad["shipping_address"] |= {"country_code": "NL", "zip": "1011 AB", "city": "Amsterdam"}
    with pytest.raises(SchemaError) as caught:
        plan(SHOPIFY, abroad)
    assert [(fault.pointer, fault.code) for fault in caught.value.faults] == [("/shipping_lines", "unknown-product")]


@pytest.mark.policy("VP-PLG-2")
@pytest.mark.parametrize("platform", [SHOPIFY, WOOCOMMERCE], ids=lambda platform: str(platform.name))
def test_what_a_shop_calls_a_line_is_used_and_stands_nowhere_afterwards(platform: Platform) -> None:
    shopify = platform is SHOPIFY
    line = rate(CANARY) if shopify else method(CANARY, CANARY)
    document = bought(line) if shopify else woo.document(shipping_lines=[line])
    made = leaving(plan(platform, document))
    assert made["clear"]["parcel"]["product"] == TOLD
    settings, served = serving()
    body = json.dumps(document).encode()
    told = as_json(inspect(body, platform, served, settings, POLICY, NOW), POLICY)
    assert told["status"] == "accepted"
    assert {"shipping_lines[].code"} <= set(told["used"]) if shopify else "shipping_lines[].instance_id" in told["used"]
    assert CANARY not in json.dumps([made, told])


TEXTS = st.sampled_from((HOME, TOLD, SMS, "bpack-24h-business", "bpack-24h-pro+next-day+reminder+tell-sms"))
RATES = st.lists(st.builds(rate, st.sampled_from(("a", "b", "c")), is_removed=st.booleans()), max_size=4)


@pytest.mark.policy("VP-CAT-8", "AMB-1")
@hypothesis(max_examples=60)
@given(
    known=st.dictionaries(st.sampled_from(("a", "b")), TEXTS),
    by_way=st.dictionaries(st.just("home"), TEXTS),
    rates=RATES,
    notify=st.sampled_from(("none", "email", "sms")),
)
def test_whatever_the_order_holds_only_what_its_product_needs_passes(
    known: dict[str, str], by_way: dict[str, str], rates: list[dict[str, Any]], notify: str
) -> None:
    made = leaving(plan(SHOPIFY, bought(*rates), lines=known, products=by_way, notify=notify))
    product = made["clear"]["parcel"]["product"]
    usual = "bpack-24h-pro" if notify == "none" else f"bpack-24h-pro+tell-{notify}"
    stands = [one["code"] for one in rates if not one["is_removed"] and one["code"] in known]
    assert product == (known[stands[0]] if stands else by_way.get("home", usual))
    told = made["parts"].get("recipient.notification", {})
    assert ("email" in told, "mobile" in told) == ("tell-email" in product, "tell-sms" in product)
