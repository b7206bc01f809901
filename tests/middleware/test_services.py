"""Whose request it is: found by what is claimed, believed by what is signed; whatever is wrong looks the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from middleware.backlog import Backlog
from middleware.errors import SignatureError, UnknownKeyError
from middleware.gate import Gate
from middleware.model import Inbound
from middleware.platforms.shopify import APP_TOPICS, COMPLIANCE_TOPICS, ORDER_TOPICS, Shopify
from middleware.services import Services, Shop
from schemas.order import Sender
from schemas.policy_loader import load
from tests.middleware.platforms import making

POLICY = load(making.PACK)
BODY = b'{"id": 5001}'
APP, OWN, OLD = b"made-up secret of the app", b"made-up secret of a shop", b"made-up secret before"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
KEYS = {
    "recipient.delivery/vp.recipient.operational/2027-12",
    "recipient.notification/vp.recipient.operational/2027-12",
    "recipient.customs/vp.recipient.operational/2027-12",
    "sender.contact/vp.sender.legal/2036-11",
}
"""What an order needs that is taken in at ``NOW``."""


@dataclass(slots=True)
class Watched:
    """Shopify, and what it was asked to verify: (number of secrets, topics)."""

    inner: Shopify = field(default_factory=Shopify)
    asked: list[tuple[tuple[bytes, ...], frozenset[str]]] = field(default_factory=list)

    def shop_of(self, inbound: Inbound) -> str:
        return self.inner.shop_of(inbound)

    def verify(self, inbound: Inbound, secrets: Sequence[bytes], topics: frozenset[str]) -> None:
        self.asked.append((tuple(secrets), topics))
        self.inner.verify(inbound, secrets, topics)


@dataclass(frozen=True, slots=True)
class Known:
    """Which keys of the parcel platform are known."""

    kids: frozenset[str]

    def known(self) -> Any:
        return making_known(self.kids)


def making_known(kids: frozenset[str]) -> Any:
    return type("Known", (), {"keys": dict.fromkeys(kids)})


def bound(name: str, kids: set[str], **settings: Any) -> Shop:
    return Shop(
        settings=making.settings(name=name, domain=f"{name}.myshopify.com", **settings),
        platform=Shopify(),
        carrier=cast(Any, None),
        policy=POLICY,
        keys=cast(Any, Known(frozenset(kids))),
        indexer=cast(Any, None),
        sender=Sender(name="Winkel Demo"),
    )


def services(platform: Any = None, kids: set[str] = KEYS) -> Services:
    """``demo`` and ``second`` behind one app, ``own`` and ``turning`` with apps of their own."""
    shops = {
        "demo": bound("demo", kids, secrets=(APP,)),
        "second": bound("second", kids, secrets=(APP,)),
        "own": bound("own", kids, secrets=(OWN,), own_app=True),
        "turning": bound("turning", kids, secrets=(b"made-up secret from now on", OLD), own_app=True),
    }
    return Services(
        clock=lambda: NOW,
        store=cast(Any, None),
        finder=cast(Any, None),
        calls=cast(Any, None),
        keys=cast(Any, None),
        platforms={"shopify": platform or Shopify()},
        shops=shops,
        domains={shop.settings.domain: shop for shop in shops.values() if not shop.settings.own_app},
        integrations=cast(Any, None),
        gate=Gate(),
        backlog=Backlog(1),
    )


def inbound(
    domain: str | None, secret: bytes, *, route: str | None = None, topic: str = "orders/create", body: bytes = BODY
) -> Inbound:
    signature = base64.b64encode(hmac.new(secret, body, hashlib.sha256).digest()).decode()
    headers: dict[str, str] = {"x-shopify-topic": topic, "x-shopify-hmac-sha256": signature}
    claimed = {} if domain is None else {"x-shopify-shop-domain": domain}
    return Inbound(platform="shopify", shop=route, headers=headers | claimed, body=body)


@pytest.mark.policy("VP-PLG-3")
@pytest.mark.parametrize("heard", [False, True])
def test_a_shop_whose_exchange_has_ended_is_heard_only_where_that_is_asked_for(heard: bool) -> None:
    watched = Watched()
    known = services(watched)
    over = replace(known.shops.get("demo"), ended=True)  # type: ignore[type-var]  # it is there
    known = replace(known, domains={"demo.myshopify.com": over})
    if heard:
        assert known.verified(inbound("demo.myshopify.com", APP), ORDER_TOPICS, ended=True) is over
    else:
        with pytest.raises(SignatureError):
            known.verified(inbound("demo.myshopify.com", APP), ORDER_TOPICS)
    assert watched.asked == [((APP,) if heard else (), ORDER_TOPICS)]  # like an unknown one: nothing to verify with


@pytest.mark.parametrize("name", ["demo", "second"])
def test_a_shop_of_the_common_app_is_found_by_its_domain(name: str) -> None:
    found = services().verified(inbound(f"{name}.myshopify.com", APP), ORDER_TOPICS)
    assert found.settings.name == name


@pytest.mark.parametrize("domain", ["Demo.MyShopify.com", "DEMO.MYSHOPIFY.COM"])
def test_the_case_of_the_domain_is_of_no_matter(domain: str) -> None:
    assert services().verified(inbound(domain, APP), ORDER_TOPICS).settings.name == "demo"
    own = inbound(domain.lower().replace("demo", "OWN"), OWN, route="own")
    assert services().verified(own, ORDER_TOPICS).settings.name == "own"


@pytest.mark.parametrize(("name", "secret"), [("own", OWN), ("turning", OLD)])
def test_a_shop_with_an_app_of_its_own_is_found_by_its_route(name: str, secret: bytes) -> None:
    found = services().verified(inbound(f"{name}.myshopify.com", secret, route=name), ORDER_TOPICS)
    assert found.settings.name == name


@pytest.mark.parametrize("topics", [ORDER_TOPICS, COMPLIANCE_TOPICS, APP_TOPICS])
def test_a_topic_has_to_belong_to_the_route(topics: frozenset[str]) -> None:
    for topic in ORDER_TOPICS | COMPLIANCE_TOPICS | APP_TOPICS:
        request = inbound("demo.myshopify.com", APP, topic=topic)
        if topic in topics:
            assert services().verified(request, topics).settings.name == "demo"
        else:
            with pytest.raises(SignatureError):
                services().verified(request, topics)


REFUSED: Mapping[str, tuple[Inbound, tuple[bytes, ...]]] = {
    "false signature": (inbound("demo.myshopify.com", b"another"), (APP,)),
    "unknown domain": (inbound("nonesuch.myshopify.com", APP), ()),
    "no domain": (inbound(None, APP), ()),
    "empty domain": (inbound("", APP), ()),
    "unknown route": (inbound("demo.myshopify.com", APP, route="nonesuch"), ()),
    "own app on the common route": (inbound("own.myshopify.com", OWN), ()),
    "common app on a route of its own": (inbound("demo.myshopify.com", APP, route="demo"), ()),
    "route and domain differ": (inbound("demo.myshopify.com", OWN, route="own"), ()),
    "route of another own app": (inbound("own.myshopify.com", OWN, route="turning"), ()),
    "no domain on a route of its own": (inbound(None, OWN, route="own"), ()),
    "the common app's secret on a route of its own": (inbound("own.myshopify.com", APP, route="own"), (OWN,)),
    "signed with no secret": (inbound("nonesuch.myshopify.com", b""), ()),
}
"""What is refused, and the secrets that are tried on it."""


@pytest.mark.parametrize("name", REFUSED)
def test_whatever_is_wrong_takes_the_same_way_to_the_same_refusal(name: str) -> None:
    request, secrets = REFUSED[name]
    watched = Watched()
    with pytest.raises(SignatureError) as refusal:
        services(watched).verified(request, ORDER_TOPICS)
    assert watched.asked == [(secrets, ORDER_TOPICS)]  # verified once, whether or not there is such a shop
    assert (refusal.value.args, refusal.value.code, refusal.value.status) == (
        SignatureError().args,
        "invalid-signature",
        401,
    )
    assert (refusal.value.__cause__, refusal.value.__context__) == (None, None)


def test_a_platform_that_verifies_without_a_secret_opens_no_door() -> None:
    class Careless(Watched):
        def verify(self, inbound: Inbound, secrets: Sequence[bytes], topics: frozenset[str]) -> None:
            """Finds everything genuine."""

    with pytest.raises(SignatureError):
        services(Careless()).verified(inbound("nonesuch.myshopify.com", APP), ORDER_TOPICS)


def test_a_shop_that_was_left_out_is_like_one_that_never_was() -> None:
    whole = services()
    fewer = replace(whole, domains={}, shops={})
    for route, domain, secret in ((None, "demo", APP), ("own", "own", OWN)):
        request = inbound(f"{domain}.myshopify.com", secret, route=route)
        assert whole.verified(request, ORDER_TOPICS)
        with pytest.raises(SignatureError):
            fewer.verified(request, ORDER_TOPICS)


def test_with_every_key_of_today_orders_can_be_taken() -> None:
    services().check_keys()


@pytest.mark.parametrize("kid", sorted(KEYS))
def test_a_month_without_its_key_closes_the_door(kid: str) -> None:
    with pytest.raises(UnknownKeyError):
        services(kids=KEYS - {kid}).check_keys()


@pytest.mark.parametrize(
    ("now", "open_"),
    [
        ("2026-11-30T22:59:00+00:00", True),  # 23:59 in Brussels
        ("2026-11-30T23:00:00+00:00", False),  # December in Brussels
    ],
)
def test_the_month_is_the_one_in_brussels(now: str, open_: bool) -> None:
    later = replace(services(), clock=lambda: datetime.fromisoformat(now))
    if open_:
        later.check_keys()
    else:
        with pytest.raises(UnknownKeyError):
            later.check_keys()


def test_nothing_of_a_shop_is_shown() -> None:
    whole = services()
    assert (repr(whole), repr(whole.shops.get("demo"))) == ("<Services>", "<Shop demo>")
