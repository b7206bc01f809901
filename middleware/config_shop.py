"""``[shops.<name>]``: one shop. Whatever is wrong here quarantines this shop alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Final

from middleware.config_table import Table
from middleware.model import Delivery, ShopSettings
from schemas.order import Sender

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""The name of a shop, a carrier or an app: it stands in addresses, file names and logs."""

HEAVIEST_GRAMS: Final = 30_000
LONGEST_HOLD: Final = timedelta(days=1)

_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
_PRODUCT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_NOT_YET: Final = {"mode": ("test",), "platform": ("woocommerce", "direct")}


def shop_settings(
    name: str, table: Table, carriers: Collection[str], apps: Mapping[str, tuple[bytes, ...]]
) -> ShopSettings:
    """A shop's settings. Raises: ConfigError."""
    check_name(name, table)
    _only_what_is_there(table)
    own_app, secrets = _secrets(table, apps)
    requested = table.table("integration")
    settings = ShopSettings(
        name=name,
        platform="shopify",
        domain=domain_of(table),
        secrets=secrets,
        own_app=own_app,
        carrier=table.choice("carrier", sorted(carriers), None),
        policy=table.text("policy", "bpost-shipping-platform"),
        account_type=_account_type(table),
        integration_requested_on=_integration(table, requested),
        integration_reference=requested.text("reference", ""),
        sender=_sender(table.table("sender")),
        number=table.matching("number", _NUMBER, "", "the shop's number at Shopify, digits in quotation marks") or None,
        token=table.bearer("token").encode() if "token" in table else None,
        delivery=Delivery(notify=table.choice("notify", ("none", "email", "sms"), "none")),
        ship_when=table.choice("ship_when", ("paid", "created", "fulfillable"), "paid"),
        pickup_attribute=table.text("pickup_attribute", "") or None,
        on_invalid=table.choice("on_invalid", ("record", "refuse"), "record"),
        reference=table.choice("reference", ("code", "order-name"), "code"),
        product=table.matching("product", _PRODUCT, "parcel", "small letters, digits and hyphens"),
        default_weight_grams=table.whole("default_weight_grams", 1000, HEAVIEST_GRAMS),
        hold=table.duration("hold", "2m", LONGEST_HOLD),
        interpretations=table.mapping("interpretations"),
    )
    requested.done()
    table.done()
    return settings


def check_name(name: str, table: Table) -> None:
    """Raises: ConfigError for what is no ``NAME``."""
    if not NAME.fullmatch(name):
        raise table.fault("", "a name of small letters, digits and hyphens")


def _only_what_is_there(table: Table) -> None:
    for key, default in (("platform", None), ("mode", "live")):
        value = table.text(key, default)
        if value in _NOT_YET[key]:
            raise table.refusal(key, f"{value} is not supported yet")
    table.choice("platform", ("shopify",), None)
    table.choice("mode", ("live",), "live")


def _secrets(table: Table, apps: Mapping[str, tuple[bytes, ...]]) -> tuple[bool, tuple[bytes, ...]]:
    if "app" in table and "secrets" in table:
        raise table.refusal("app", "either the app or secrets of the shop's own, not both")
    if "secrets" in table:
        return True, table.secrets("secrets")
    return False, apps[table.choice("app", sorted(apps), None)]


def domain_of(table: Table) -> str:
    """The domain of a shop at Shopify, in small letters. Raises: ConfigError."""
    domain = table.text("domain", None).lower()
    if not _DOMAIN.fullmatch(domain):
        raise table.fault("domain", "the shop's own domain, such as demo.myshopify.com")
    return domain


def _account_type(table: Table) -> str:
    kind = table.choice("account_type", ("guest", "residential", "professional"), None)
    if kind != "professional":
        raise table.refusal("account_type", "the plug-in exists for professional accounts only (VP-PLG-1)")
    return kind


def _integration(table: Table, requested: Table) -> date:
    if "integration" not in table or "requested_on" not in requested:
        raise table.fault(
            "integration", 'the recorded request (VP-PLG-3), such as { requested_on = 2026-11-22, reference = "…" }'
        )
    return requested.day("requested_on")


def _sender(table: Table) -> Sender:
    values = {entry.name: table.text(entry.name, "") or None for entry in fields(Sender)}
    values["country"] = table.matching("country", _COUNTRY, "", "two capital letters (ISO 3166-1), such as BE") or None
    table.done()
    if not (values["name"] or values["company"]):
        raise table.fault("name", "a name or a company: who sends the parcel")
    return Sender(**values)
