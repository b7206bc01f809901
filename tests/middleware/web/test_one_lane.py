"""One lane creates, per shop: every kind of message, from every platform, under either setting, on the real line."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from middleware.services import Services
from middleware.storage.tables import metadata
from middleware.web.app import create
from tests.middleware.web.answering import problem
from tests.middleware.web.sources import TOKEN, Parcel, Plug, ShopifyShop, WooShop
from tests.middleware.web.test_sources import Bench, bench, parcel, taken
from tests.system.stack import Json

__all__ = ["bench"]

WEBHOOK, CALL = "webhook", "call"
LATER = "2026-11-20T10:50:00+01:00"
_keys = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A webhook: how it is made of an order, what it is answered where webhooks create, and whether it ends the
    order.
    """

    change: Callable[[Json], Json] = lambda content: content
    status: str = "ignored"
    reason: str | None = None
    ends: bool = False


def of(**changes: Any) -> Callable[[Json], Json]:
    return lambda content: {**content, **changes}


def lost(name: str, member: str) -> Callable[[Json], Json]:
    """Without something that every parcel needs."""
    return lambda content: {**content, name: {key: value for key, value in content[name].items() if key != member}}


SHOPIFY: Mapping[str, Told] = {
    "an order": Told(status="accepted"),
    "not paid": Told(change=of(financial_status="pending"), reason="not_paid"),
    "fulfilled": Told(change=of(fulfillment_status="fulfilled"), reason="fulfilled"),
    "refunded to nothing": Told(change=of(line_items=[]), reason="nothing_to_ship"),
    "a test order": Told(change=of(test=True), reason="test_order"),
    "without a street": Told(change=lost("shipping_address", "address1"), status="rejected"),
    "of another form": Told(change=of(line_items=7), status="rejected"),
    "from the future": Told(change=of(updated_at="2027-11-20T10:00:00+01:00"), status="rejected"),
    "cancelled": Told(change=of(cancelled_at=LATER), reason="cancelled", ends=True),
    "cancelled, of another form": Told(change=of(cancelled_at=LATER, line_items=7), reason="cancelled", ends=True),
}
WOOCOMMERCE: Mapping[str, Told] = {
    "an order": Told(status="accepted"),
    "not paid": Told(change=of(status="on-hold"), reason="not_paid"),
    "fulfilled": Told(change=of(status="completed"), reason="fulfilled"),
    "refunded": Told(change=of(status="refunded"), reason="nothing_to_ship"),
    "without a street": Told(change=lost("shipping", "address_1"), status="rejected"),
    "of another form": Told(change=of(line_items=7), status="rejected"),
    "from the future": Told(change=of(date_modified_gmt="2027-11-20T09:00:00"), status="rejected"),
    "called off": Told(change=of(status="cancelled"), reason="called_off", ends=True),
    "in the trash, of another form": Told(change=of(status="trash", line_items=7), reason="called_off", ends=True),
    "deleted": Told(change=lambda content: {"id": content["id"]}, reason="cancelled", ends=True),
}
MESSAGES = {
    (platform, kind): message
    for platform, kinds in (("shopify", SHOPIFY), ("woocommerce", WOOCOMMERCE))
    for kind, message in kinds.items()
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lanes:
    """Both lanes of a shop, under one setting."""

    creates: str
    webhooks: ShopifyShop | WooShop
    plug: Plug

    def call(self, wanted_: Parcel, key: str = "") -> TestResponse:
        """Ask for a shipment."""
        given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f'"{key or f"key-{next(_keys)}"}"'}
        body = self.plug.document(wanted_)
        return self.plug.api.post(self.route, json=body, headers={**given, "Prefer": "wait=0"})

    def make(self, wanted_: Parcel) -> str:
        """The record that the lane makes which creates."""
        if self.creates == WEBHOOK:
            return taken(self.webhooks, wanted_)
        answer = self.call(wanted_)
        assert answer.status_code == 202, answer.text
        return str(answer.get_json()["id"])

    def send(self, message: Told, wanted_: Parcel) -> tuple[str, str | None]:
        """How a webhook is answered: status and reason."""
        answer = self.webhooks.send(message.change(self.webhooks.document(wanted_)))
        assert answer.status_code == 200, answer.text
        told = answer.get_json()
        return told["status"], told.get("reason")

    @property
    def route(self) -> str:
        """Where its shipments are."""
        return f"/v1/shops/{self.webhooks.name}/shipments"


def under(services: Services, creates: str) -> Services:
    """The same services, all of whose shops have a token and this setting."""
    shops = {
        shop.settings.name: replace(shop, settings=replace(shop.settings, creates=creates, token=TOKEN.encode()))
        for shop in services.shops.values()
    }
    return replace(services, shops=shops, domains={shop.settings.domain: shop for shop in shops.values()})


Clients = Mapping[str, tuple[FlaskClient, FlaskClient]]


@pytest.fixture(scope="module")
def clients(bench: Bench) -> Clients:
    """(intake, api) by setting."""
    served = {creates: under(bench.services, creates) for creates in (WEBHOOK, CALL)}
    return {
        creates: (create(one, "intake").test_client(), create(one, "api").test_client())
        for creates, one in served.items()
    }


def lanes(clients: Clients, platform: str, creates: str) -> Lanes:
    intake, api = clients[creates]
    webhooks = ShopifyShop(intake) if platform == "shopify" else WooShop(intake)
    return Lanes(creates=creates, webhooks=webhooks, plug=Plug(api))


def everything(bench: Bench) -> Mapping[str, list[Any]]:
    """Every row of every table."""
    return {table: bench.rows(f'SELECT * FROM "{table}"') for table in metadata.tables}  # noqa: S608 - our own names


@pytest.mark.parametrize("creates", [WEBHOOK, CALL])
@pytest.mark.parametrize(("platform", "kind"), MESSAGES)
def test_a_webhook_makes_and_changes_in_a_shop_of_webhooks_alone_and_ends_in_both(
    clients: Clients, bench: Bench, platform: str, kind: str, creates: str
) -> None:
    shop, message, wanted_ = lanes(clients, platform, creates), MESSAGES[platform, kind], parcel()
    stood = bench.live(platform)
    made = shop.make(wanted_)
    before = everything(bench)
    answered = shop.send(message, replace(wanted_, minute=5, street="Kouter 7"))
    acts = creates == WEBHOOK or message.ends
    assert answered == ((message.status, message.reason) if acts else ("ignored", "other_lane"))
    assert (everything(bench) == before) == (not acts)
    left = [one for one in bench.live(platform) if one not in stood]
    if not acts:
        assert left == [made]
    elif message.ends:
        assert left == []
    elif message.status == "accepted":
        assert (len(left), made in left) == (1, False)


@pytest.mark.parametrize(("platform", "kind"), MESSAGES)
def test_of_what_was_ignored_nothing_is_remembered_and_a_cancellation_is(
    clients: Clients, platform: str, kind: str
) -> None:
    """A call for an older version than the webhook told of is the newest that is known; after a deletion it is none."""
    shop, message, wanted_ = lanes(clients, platform, CALL), MESSAGES[platform, kind], parcel(minute=30)
    shop.send(message, wanted_)
    answer = shop.call(replace(wanted_, minute=1))
    if not message.ends:
        assert answer.status_code == 202, answer.text
    else:
        problem(answer, 409, "older-version" if message.reason == "called_off" else "order-cancelled")
        again = shop.call(replace(wanted_, minute=40))
        assert again.status_code == (202 if message.reason == "called_off" else 409)


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_a_call_in_a_shop_of_webhooks_is_refused_before_anything_is_kept(
    clients: Clients, bench: Bench, platform: str
) -> None:
    before, wanted_ = everything(bench), parcel()
    refused, other = lanes(clients, platform, WEBHOOK), lanes(clients, platform, CALL)
    key = f"one-{platform}"
    problem(refused.call(wanted_, key), 403, "other-lane")
    given = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": '"two"', "Content-Type": "application/json"}
    problem(refused.plug.api.post(refused.route, data=b"{", headers=given), 403, "other-lane")
    assert everything(bench) == before
    made = other.call(replace(wanted_, street="Kouter 7"), key)
    assert made.status_code == 202  # the key was free for another content, too
    again = refused.call(replace(wanted_, street="Kouter 7"), key)
    assert (again.status_code, again.get_json()) == (202, made.get_json())  # it makes nothing


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_with_the_token_a_shop_of_webhooks_asks_and_cancels(clients: Clients, bench: Bench, platform: str) -> None:
    shop, wanted_ = lanes(clients, platform, WEBHOOK), parcel()
    made = shop.make(wanted_)
    given = {"Authorization": f"Bearer {TOKEN}", "Prefer": "wait=0"}
    state = shop.plug.api.get(f"{shop.route}/{made}", headers=given)
    assert (state.status_code, state.get_json()["state"]) == (200, "waiting")
    problem(shop.plug.api.get(f"{shop.route}/{made}/label", headers=given), 409, "no-label-yet")
    assert shop.plug.api.delete(f"{shop.route}/{made}", headers=given).status_code == 200
    assert made not in bench.live(platform)
    assert shop.send(MESSAGES[platform, "an order"], replace(wanted_, minute=9)) == ("ignored", "cancelled")


@pytest.mark.parametrize("platform", ["shopify", "woocommerce"])
def test_whatever_is_sent_and_switched_there_is_one_live_shipment_of_the_lane_that_creates(
    clients: Clients, bench: Bench, platform: str
) -> None:
    """Every sequence of three steps, begun under either setting: a webhook, a call, the other setting. Each content is
    another one.
    """
    both = {creates: lanes(clients, platform, creates) for creates in (WEBHOOK, CALL)}
    sequences = itertools.product((WEBHOOK, CALL), (WEBHOOK, CALL), *[(WEBHOOK, CALL, "switch")] * 2)
    for creates, *steps in sequences:
        wanted_, live, stood = parcel(), None, bench.live(platform)
        for minute, step in enumerate(steps):
            if step == "switch":
                creates = CALL if creates == WEBHOOK else WEBHOOK
                continue
            version = replace(wanted_, minute=minute, street=f"Kouter {minute + 1}")
            shop = both[creates]
            if step == creates:
                live = shop.make(version)
            elif step == CALL:
                problem(shop.call(version), 403, "other-lane")
            else:
                assert shop.send(MESSAGES[platform, "an order"], version) == ("ignored", "other_lane")
            assert [one for one in bench.live(platform) if one not in stood] == ([live] if live else []), steps


def test_what_cannot_be_read_so_far_is_rejected_and_changes_nothing_of_what_a_call_made(
    clients: Clients, bench: Bench
) -> None:
    for platform, odd in (("shopify", of(cancelled_at=7)), ("woocommerce", of(status=7))):
        shop, wanted_ = lanes(clients, platform, CALL), parcel()
        made = shop.make(wanted_)
        answered = shop.send(Told(change=odd), replace(wanted_, minute=5))
        assert (answered, made in bench.live(platform)) == (("rejected", None), True)
        shop = lanes(clients, platform, WEBHOOK)
        stands = shop.make(other := parcel())
        shop.send(Told(change=odd), replace(other, minute=5))
        assert stands not in bench.live(platform)
