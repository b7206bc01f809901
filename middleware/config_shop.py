"""``[shops.<name>]``: one shop. Whatever is wrong here quarantines this shop alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from middleware.account import Account
from middleware.config_back import WAYS, back_of, stored_back
from middleware.config_cash import collecting_of
from middleware.config_goods import goods_of
from middleware.config_settings import NAMES
from middleware.config_table import Source, Table
from middleware.core.shops import in_force
from middleware.errors import SettingError
from middleware.model import Delivery, ShopSettings
from middleware.model_back import SILENT
from middleware.model_shop import ShopContent
from schemas import shop_rules as rules
from schemas.order import Sender

_NUMBER: Final = "the shop's number at Shopify, digits in quotation marks"
_PRODUCT: Final = "small letters, digits and hyphens"
TRACKED_WITH: Final = "tracking_password"
SIX_DIGITS: Final = "six digits in quotation marks"
_COUNTRY: Final = "two capital letters (ISO 3166-1), such as BE"
_DOMAINS: Final[Mapping[str, str]] = {
    "shopify": "the shop's own domain, which ends in .myshopify.com",
    "woocommerce": "the address of the shop's site without https://, such as winkel.example",
}
_OWN_SECRETS: Final = 'secrets = [{ env = "WOOCOMMERCE_SECRET" }]'
_NO_PLUGIN: Final = ("guest", "residential")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Around:
    """What the configuration has beside the shops: the carriers, which of them is simulated, the apps' secrets, and
    whether callbacks may reach what is not public, and so speak plain http there.
    """

    carriers: Collection[str]
    simulated: str | None
    apps: Mapping[str, tuple[bytes, ...]]
    private: bool = False


def shop_settings(
    name: str, table: Table, around: Around, own_secrets: tuple[bytes, ...] | None = None
) -> ShopSettings:
    """A shop's settings; ``own_secrets``: of an app of its own, where no table holds them. Raises: SettingError."""
    check_name(name, table)
    platform = table.choice("platform", rules.PLATFORMS, None)
    return (
        _direct(name, table, around) if platform == "direct" else _webshop(name, platform, table, around, own_secrets)
    )


def _webshop(
    name: str, platform: str, table: Table, around: Around, own_secrets: tuple[bytes, ...] | None
) -> ShopSettings:
    apps, requested = around.apps if platform == "shopify" else None, table.table("integration")
    own_app, secrets = _secrets(table, apps, own_secrets)
    settings = ShopSettings(
        name=name,
        platform=platform,
        domain=domain_of(table, platform),
        secrets=secrets,
        own_app=own_app,
        carrier=_carrier(table, around),
        policy=table.text("policy", "bpost-shipping-platform"),
        account_type=_account_type(table),
        integration_requested_on=_integration(table, requested),
        integration_reference=requested.line("reference", rules.LONGEST_REFERENCE),
        sender=_sender(table.table("sender")),
        mode=table.choice("mode", rules.MODES, "live"),
        number=(table.matching("number", rules.NUMBER, "", _NUMBER) or None) if apps is not None else None,
        token=token_of(table),
        points_key=points_key_of(table),
        delivery=Delivery(notify=table.choice("notify", rules.NOTIFY, "none")),
        creates=table.choice("creates", rules.CREATES, "webhook"),
        ship_when=table.choice("ship_when", rules.SHIP_WHEN, "paid"),
        pickup_attribute=table.line("pickup_attribute", rules.LONGEST_ATTRIBUTE) or None,
        on_invalid=table.choice("on_invalid", rules.ON_INVALID, "record"),
        reference=table.choice("reference", rules.REFERENCES, "code"),
        product=table.matching("product", rules.PRODUCT, "parcel", _PRODUCT),
        default_weight_grams=table.whole("default_weight_grams", 1000, rules.HEAVIEST_GRAMS),
        hold=table.duration("hold", "2m", rules.LONGEST_HOLD),
        interpretations=table.mapping("interpretations"),
        account=account_of(table, shared=False),
        cash_on_delivery=collecting_of(table),
        products=_products(table),
        lines=_lines(table),
        customs=goods_of(table.table("customs")),
        back=back_of(table, platform, private=around.private),
    )
    requested.done()
    table.done()
    return settings


def _direct(name: str, table: Table, around: Around) -> ShopSettings:
    """A shop whose own systems call: no webhook brings anything, and nothing is held. Of what is no parcel there is no
    plug-in, so no request to integrate, and the pack has no sender.
    """
    if "creates" in table:
        problem = "no webhook brings it anything, so it always creates by call"
        raise table.fault("creates", "it to be left out", problem=problem, example='platform = "direct"')
    kind = _account_type(table)
    requested, parcels = table.table("integration"), kind == "professional"
    settings = ShopSettings(
        name=name,
        platform="direct",
        domain=rules.of_direct(name),
        secrets=(),
        own_app=True,
        carrier=_carrier(table, around),
        policy=table.text("policy", "bpost-shipping-platform"),
        account_type=kind,
        integration_requested_on=_integration(table, requested) if parcels else None,
        integration_reference=requested.line("reference", rules.LONGEST_REFERENCE) if parcels else "",
        sender=_sender(table.table("sender")) if parcels else Sender(),
        mode=table.choice("mode", rules.MODES, "live"),
        token=token_of(table),
        points_key=points_key_of(table),
        delivery=Delivery(notify=table.choice("notify", rules.NOTIFY, "none")),
        creates="call",
        reference=table.choice("reference", rules.REFERENCES, "code"),
        product=table.matching("product", rules.PRODUCT, "parcel", _PRODUCT),
        default_weight_grams=table.whole("default_weight_grams", 1000, rules.HEAVIEST_GRAMS),
        hold=timedelta(0),
        interpretations=table.mapping("interpretations"),
        account=account_of(table, shared=False),
        cash_on_delivery=collecting_of(table),
        products=_products(table),
        back=back_of(table, "direct", private=around.private) if parcels else SILENT,
    )
    requested.done()
    table.done()
    return settings


def stored_settings(name: str, content: ShopContent, now: datetime, around: Around) -> ShopSettings:
    """The settings of a shop in the database: nothing of it comes from the environment. Raises: SettingError."""
    for key in ("secrets", "token", "points_key", "passphrase", TRACKED_WITH):
        if key in content.settings:  # read by a table, they would be looked for on this machine
            raise Table({}, Source(file="settings"), ("shops", name), {}).fault(
                key,
                "it beside the settings, never among them",
                problem="not taken for a shop in the database",
                example="--secret-env SHOPIFY_SECRET",
            )
    secrets = tuple(secret.value for secret in in_force(content.secrets, now))
    told = _dated(content.settings)
    account = _stored_account(Table(told, Source(file="settings"), ("shops", name), {}), content)
    told.pop("account", None)
    telling = {key: told.pop(key) for key in WAYS if key in told}
    settings = shop_settings(name, Table(told, Source(file="settings"), ("shops", name), {}), around, secrets)
    beneath = Table(telling, Source(file="settings"), ("shops", name), {})
    back = stored_back(beneath, settings, content, private=around.private)
    return replace(settings, token=content.token, points_key=content.points_key, account=account, back=back)


def _stored_account(table: Table, content: ShopContent) -> Account | None:
    if "account" not in table and content.passphrase is None and content.tracking_password is None:
        return None
    account = table.matching("account", rules.ACCOUNT, None, SIX_DIGITS)
    if content.passphrase is None:
        expected, example = "it beside the settings, with the account", "--passphrase-env DEMO_PASSPHRASE"
        raise table.fault("passphrase", expected, problem="there is none", example=example)
    return Account(id=account, passphrase=content.passphrase, shared=False, tracking=content.tracking_password)


def plain(settings: Mapping[str, Any]) -> dict[str, object]:
    """Settings in JSON's types: a date as text (ISO 8601)."""
    return {
        key: plain(value) if isinstance(value, Mapping) else value.isoformat() if isinstance(value, date) else value
        for key, value in settings.items()
    }


def _dated(settings: Mapping[str, Any]) -> dict[str, object]:
    """The opposite of ``plain``: the one setting that is a date is one again."""
    integration = settings.get("integration")
    told = integration.get("requested_on") if isinstance(integration, Mapping) else None
    if not isinstance(integration, Mapping) or not isinstance(told, str) or not rules.DAY.fullmatch(told):
        return dict(settings)
    try:
        day: object = date.fromisoformat(told)
    except ValueError:
        day = told
    return {**settings, "integration": {**integration, "requested_on": day}}


def check_name(name: str, table: Table) -> None:
    """Raises: SettingError for what is no ``schemas.shop_rules.NAME``."""
    if not rules.NAME.fullmatch(name):
        raise table.fault(
            "", "a name of small letters, digits and hyphens", example=f"[{table.section}.my-{NAMES[table.section]}]"
        )


def account_of(table: Table, *, shared: bool) -> Account | None:
    """The account at a carrier that knows its customers so; None where none is told. Beside a shop's own stands its
    password at tracking; a carrier's stands in a table of its own. Raises: SettingError.
    """
    keys = ("account", "passphrase", *(() if shared else (TRACKED_WITH,)))
    if not any(key in table for key in keys):
        return None
    told = table.bearer("passphrase") if "passphrase" in table else None
    tracking = None if shared else tracking_password_of(table)
    account = table.matching("account", rules.ACCOUNT, None, SIX_DIGITS)
    return Account(id=account, passphrase=told or table.bearer("passphrase"), shared=shared, tracking=tracking)


def tracking_password_of(table: Table) -> str | None:
    """The password of a shop's own account at tracking; None where none is told. Raises: SettingError."""
    return table.bearer(TRACKED_WITH) if TRACKED_WITH in table else None


def token_of(table: Table) -> bytes | None:
    """The token of the shop's own systems; None where none is told. What begins like a key for browsers is none: it
    would stand in web pages. Raises: SettingError.
    """
    token = table.bearer("token") if "token" in table else None
    if token and token.startswith(rules.OF_POINTS_KEYS):
        raise table.fault("token", f"a secret that does not begin with {rules.OF_POINTS_KEYS}, as keys for browsers do")
    return token.encode() if token else None


def points_key_of(table: Table) -> bytes | None:
    """The key with which browsers ask for pick-up points; None where none is told. Raises: SettingError."""
    if "points_key" not in table:
        return None
    key = table.bearer("points_key")
    if not rules.POINTS_KEY.fullmatch(key):
        expected = "points_ and at least 16 letters, digits, hyphens and low lines: it stands in web pages"
        raise table.fault("points_key", expected, example='export DEMO_POINTS_KEY="points_$(openssl rand -hex 16)"')
    return key.encode()


def _products(table: Table) -> Mapping[str, str]:
    """What goes each way. Whether there is such a thing the carrier knows."""
    products = table.mapping("products")
    if not all(rules.WAY.fullmatch(way) and rules.CHOICE.fullmatch(text) for way, text in products.items()):
        raise table.fault("products", "a product, and options behind it, for each way")
    return products


def _lines(table: Table) -> Mapping[str, str]:
    """What goes of each shipping line. Whether there is such a thing the carrier knows."""
    lines = table.mapping("lines")
    named = all(name and rules.is_line(name, rules.LONGEST_SHIPPING_LINE) for name in lines)
    if not named or not all(rules.CHOICES.fullmatch(text) for text in lines.values()):
        raise table.fault("lines", "the shop's shipping lines, each with a product and options behind it")
    return lines


def _secrets(
    table: Table, apps: Mapping[str, tuple[bytes, ...]] | None, own: tuple[bytes, ...] | None
) -> tuple[bool, tuple[bytes, ...]]:
    """Those of an app of its own, or of the app that it belongs to; ``apps`` is None where there is no such thing.
    ``own`` stand beside the settings.
    """
    if own and "app" in table:
        raise _one_of_both(table, "secrets")
    if own:
        return True, own
    if apps is None:
        if "secrets" not in table:
            told = "the secret of its webhooks, which no other shop has"
            raise table.fault("secrets", told, problem="there is none", example=_OWN_SECRETS)
        return True, table.secrets("secrets")
    if "app" in table and "secrets" in table:
        raise _one_of_both(table, "app")
    if "secrets" in table:
        return True, table.secrets("secrets")
    if "app" not in table:
        expected = f"an app, one of {', '.join(sorted(apps)) or 'none'}, or secrets of an app of its own"
        raise table.fault("app", expected, problem="neither of them is there")
    return False, apps[table.choice("app", sorted(apps), None)]


def _one_of_both(table: Table, key: str) -> SettingError:
    expected = "either the app or secrets of the shop's own, not both"
    return table.fault(key, expected, example='app = "parcelveil"')


def domain_of(table: Table, platform: str) -> str:
    """The domain of a shop on its platform, in small letters. Raises: SettingError."""
    domain = rules.domain(table.text("domain", None), platform)
    if domain is None:
        raise table.fault("domain", _DOMAINS[platform])
    return domain


def _carrier(table: Table, around: Around) -> str:
    """The carrier that the shop names; in test mode the simulated one takes its place."""
    carrier = table.choice("carrier", sorted(around.carriers), None)
    if table.choice("mode", rules.MODES, "live") == "live":
        if carrier == around.simulated:
            problem = 'this is the simulated platform, which shops in mode = "test" go to'
            raise table.fault("carrier", 'a real one for a live shop, or mode = "test"', problem=problem)
        return carrier
    if around.simulated is None:
        expected = "a simulated platform in the configuration: a [carriers.<name>] with simulated = true"
        raise table.fault("mode", expected, problem="test is not possible here", example='mode = "live"')
    return around.simulated


def _account_type(table: Table) -> str:
    kind = table.choice("account_type", rules.ACCOUNT_TYPES, None)
    if kind in _NO_PLUGIN:
        problem = "the plug-in exists for professional accounts only (VP-PLG-1)"
        raise table.fault("account_type", "that account type", problem=problem)
    return kind


def _integration(table: Table, requested: Table) -> date:
    if "integration" not in table or "requested_on" not in requested:
        raise table.fault("integration", "the recorded request (VP-PLG-3)")
    return requested.day("requested_on")


def _sender(table: Table) -> Sender:
    values = {name: table.line(name, longest) or None for name, longest in rules.SENDER.items() if name != "country"}
    values["country"] = table.matching("country", rules.COUNTRY, "", _COUNTRY) or None
    table.done()
    if not (values["name"] or values["company"]):
        raise table.fault("name", "a name or a company: who sends the parcel")
    return Sender(**values)
