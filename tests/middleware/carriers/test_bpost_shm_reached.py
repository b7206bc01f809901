"""An e-mail address that bpost would refuse: withheld where only a message needs it, refused where the parcel does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from middleware.core.minimise import minimise
from middleware.errors import SchemaError
from middleware.model import Delivery
from schemas.order import Contact, Order
from schemas.policy_loader import load
from tests.middleware.carriers.test_bpost_shm_fit import EMAIL, carrier, order

POLICY = load("bpost-shipping-platform")
PATH = "recipient.contact.email"
HOME = {"home": "bpack-24h-pro+tell-email", "europe": "bpack-europe-business+tell-email"}
AMSTERDAM = {"country": "NL", "postal_code": "1011 AB"}
REFUSED = ["a@b.c", "<lotte@verzonnen.example>", "a..b@verzonnen.example", "jérôme@verzonnen.example", "a@x_y.be"]
TOO_LONG = f"{'e' * 42}@verzonnen.example"


def refused(whole: Order) -> list[tuple[str, str]]:
    with pytest.raises(SchemaError) as caught:
        slim(whole)
    return [(fault.pointer, fault.code) for fault in caught.value.faults]


def slim(whole: Order) -> tuple[Order, str | None]:
    """What passes, and why the address does not, if it does not."""
    serving = carrier(**HOME)
    made, needed = serving.choose(whole, None, Delivery())
    less, withheld = minimise(made, POLICY, needed)
    return serving.fit(less, {}), withheld.get(PATH)


@pytest.mark.policy("VP-CAT-8")
@pytest.mark.parametrize("where", [{}, AMSTERDAM])
@pytest.mark.parametrize("email", [*REFUSED, TOO_LONG])
def test_where_only_a_message_needs_it_the_parcel_goes_without(email: str, where: dict[str, Any]) -> None:
    fit, reason = slim(order(Contact(email=email, language="nl"), **where))
    assert (fit.recipient.contact, reason) == (Contact(), "unusable")


@pytest.mark.parametrize("where", [{}, AMSTERDAM])
def test_an_address_that_bpost_takes_passes_without_the_space_around_it(where: dict[str, Any]) -> None:
    fit, reason = slim(order(replace(EMAIL, email=f" {EMAIL.email}\n"), **where))
    assert (fit.recipient.contact, reason) == (EMAIL, None)


@pytest.mark.parametrize("email", ["a@x_y.be", "a@b..be"])
@pytest.mark.parametrize("point", ["014472", "NL2"])
def test_a_locker_cannot_go_without_and_the_order_is_refused_at_the_field(email: str, point: str) -> None:
    assert refused(order(Contact(email=email), pickup_point=point)) == [("/recipient/contact/email", "pattern")]


def test_of_who_opens_a_locker_bpost_looks_at_the_host_alone() -> None:
    fit, _ = slim(order(Contact(email="jérôme@verzonnen.example"), pickup_point="014472"))
    assert fit.recipient.contact.email == "jérôme@verzonnen.example"
    told = refused(order(Contact(email="jérôme@verzonnen.example"), pickup_point="NL2"))
    assert told == [("/recipient/contact/email", "pattern")]
