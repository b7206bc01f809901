"""From an order of ours to bpost's XML: fitted, sealed into parts, opened and written, each as its vector says it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import rfc8785

from middleware.account import Account, Collecting, Whose
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.bpost_shm.mapping import Spot
from middleware.carriers.bpost_shm.values import Place, Point
from middleware.core import kind_shipment
from middleware.exchange import Request
from middleware.model import Delivery, Stored
from schemas.order import Address, CashOnDelivery, Contact, CustomsItem, Ids, Order, Parcel, Recipient, Sender
from tests.middleware.carriers.test_bpost_shm import VECTORS, same, vector
from tests.middleware.carriers.test_bpost_shm_conversation import ID, STORED

TOLD: Mapping[str, Any] = tomllib.loads((VECTORS / "orders.toml").read_text(encoding="utf-8"))
ORDERS: Mapping[str, Mapping[str, Any]] = TOLD["orders"]
SENDER = Sender(name="Ysolde Afzenderinne", street="Bedachte Kouter", email="winkel@voorbeeld.example")


def spot(id_: str, told: Mapping[str, Any]) -> Spot:
    place = {name: text for name, text in told.items() if name not in ("name", "locker")}
    return Spot(point=Point(id=id_, name=told["name"], place=Place(**place)), locker=told.get("locker", False))


SPOTS = {id_: spot(id_, told) for id_, told in TOLD["points"].items()}


def order(told: Mapping[str, Any]) -> Order:
    whom, goes = dict(told["recipient"]), dict(told["goes"])
    named = {key: whom.pop(key, None) for key in ("name", "company", "locker_member")}
    address = Address(**whom, country=goes.pop("country"), postal_code=goes.pop("postal_code"))
    contact = Contact(**told.get("contact", {}))
    return Order(
        ids=Ids(),
        recipient=Recipient(**named, address=address, contact=contact),
        parcel=Parcel(**goes, pieces=1, product="parcel"),
        customs=tuple(CustomsItem(**item) for item in told.get("customs", ())),
        cash_on_delivery=CashOnDelivery(**told.get("cash_on_delivery", {})),
    )


def opened(fit: Order) -> Stored:
    """The record of an order as the relay has it once its parts are opened."""
    texts = kind_shipment.plaintexts(fit, SENDER)
    clear: Any = {"id": ID, **kind_shipment.clear(fit, "demo", "7K3MW-9Q2XA")}
    return replace(STORED, clear=rfc8785.dumps(clear), opened={name: texts[name] for name in kind_shipment.parts(fit)})


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_becomes_what_its_vector_says(name: str) -> None:
    account = Account(id="123456", passphrase="made up", shared=True)
    products = ORDERS[name].get("products", {})
    carrier = BpostShm(
        accounts=lambda _: Whose.SHARED,
        shared=account,
        spots=SPOTS,
        products=products,
        collecting=lambda _: Collecting(iban="BE68539007547034", bic="KREDBEBB"),
    )
    made, _ = carrier.choose(
        order(ORDERS[name]), ORDERS[name].get("line"), Delivery(**ORDERS[name].get("delivery", {}))
    )
    request = carrier.start(opened(carrier.fit(made, {})))
    assert isinstance(request, Request)
    assert same(request.body or b"") == same(vector("orders", name))


def test_every_vector_is_of_an_order() -> None:
    assert {path.stem for path in (VECTORS / "orders").iterdir()} == set(ORDERS)


@pytest.mark.parametrize("name", ORDERS)
def test_nothing_of_who_sends_is_in_it(name: str) -> None:
    """But for the address at which the shop's settings have who sends told."""
    assert not any(text.encode() in vector("orders", name) for text in ("Ysolde", "Kouter"))
    told = "distributed" in str([ORDERS[name].get(key) for key in ("products", "line")])
    assert vector("orders", name).count(b"winkel@") == told
