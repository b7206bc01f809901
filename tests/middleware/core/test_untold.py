"""A message that nobody can get: the parcel goes without it, and whoever looks at the record is told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from middleware.account import Whose
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.core.untold import NO_EMAIL, NO_MOBILE, untold
from middleware.inspection import inspect
from middleware.model import Delivery, Removal, Status
from middleware.platforms.plugin import Plugin
from schemas.known import DOUBTS, MISSING
from schemas.order import Contact, Order
from schemas.policy_loader import load
from tests.middleware.carriers.test_bpost_shm_fit import order as made
from tests.middleware.platforms import making
from tests.middleware.platforms.making import NOW, PACK, PLATFORM
from tests.system.orders import address, order

POLICY = load(PACK)


def missing(product: str, **changes: Any) -> tuple[Removal, ...]:
    """What is told of an order that goes by that product; it must be accepted."""
    carrier = BpostShm(accounts=lambda _: Whose.SHARED, shared=None, spots={}, products={"home": product})
    body = json.dumps(order(**changes)).encode()
    told = inspect(body, PLATFORM, carrier, making.settings(), POLICY, NOW)
    assert (told.status, told.report is None) == (Status.ACCEPTED, False), told.faults
    return tuple(one for one in told.report.doubted if one.reason in MISSING) if told.report else ()


def path(canonical: str) -> str:
    """Where the shop has it."""
    return PLATFORM.names.get(canonical, canonical)[1:].replace("/", ".")


EMAIL_GONE = (Removal(path=path("/recipient/contact/email"), reason=NO_EMAIL),)
MOBILE_GONE = (Removal(path=path("/recipient/contact/phone"), reason=NO_MOBILE),)
NOWHERE: Mapping[str, None] = {"email": None, "contact_email": None}
PAYS = {"shipping_address": address("Verzonnen"), "billing_address": address("Verzonnen")}
OTHER_PAYS = {**PAYS, "billing_address": address("Bedacht")}
"""The e-mail address of an order is that of who pays."""


@pytest.mark.parametrize(
    ("product", "changes", "told"),
    [
        ("bpack-24h-pro+tell-email", {**PAYS, "email": "lotte@bedacht.example"}, ()),
        ("bpack-24h-pro+tell-email", {**OTHER_PAYS, "email": "lotte@bedacht.example"}, EMAIL_GONE),
        ("bpack-24h-pro+tell-email", NOWHERE, EMAIL_GONE),
        ("bpack-24h-pro+tell-email", {**PAYS, "email": "nobody"}, EMAIL_GONE),
        ("bpack-24h-pro+tell-sms", {"shipping_address": address("Lotte", phone="0470 12 34 56")}, ()),
        ("bpack-24h-pro+tell-sms", {"shipping_address": address("Lotte", phone="09 223 45 67")}, MOBILE_GONE),
        ("bpack-24h-pro+tell-sms", {"shipping_address": address("Lotte", phone=None)}, MOBILE_GONE),
        ("bpack-24h-pro", NOWHERE, ()),
    ],
)
def test_an_order_goes_without_the_message_and_it_is_told(
    product: str, changes: dict[str, Any], told: tuple[Removal, ...]
) -> None:
    assert missing(product, **changes) == told


def test_a_shops_own_system_is_told_by_its_own_names() -> None:
    bare: Order = replace(made(), recipient=replace(made().recipient, contact=Contact()))
    names = Plugin().names
    assert untold(bare, Delivery(notify="email"), names) == (Removal(path="recipient.email", reason=NO_EMAIL),)
    assert untold(bare, Delivery(notify="none"), names) == ()


def test_what_is_missing_has_words_for_people() -> None:
    assert {NO_EMAIL, NO_MOBILE} == MISSING <= DOUBTS.keys()
