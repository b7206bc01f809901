"""Every setting of ``parcelveil.toml``: what it is, its default and an example. What a mistake is answered with, what
``parcelveil init`` writes, and what docs/configuration.md must say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from middleware.model_shop import MADE_UP

ANY: Final = "*"
"""The name of a carrier, an app or a shop in a place."""

Place = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting. ``default`` and ``example`` are TOML; a default of None is ``required`` or nothing at all."""

    key: str
    says: str
    example: str
    default: str | None = None
    required: bool = False


def _needed(key: str, example: str, says: str) -> Setting:
    return Setting(key=key, says=says, example=example, required=True)


def _set(key: str, default: str, example: str, says: str) -> Setting:
    return Setting(key=key, says=says, example=example, default=default)


def _maybe(key: str, example: str, says: str) -> Setting:
    return Setting(key=key, says=says, example=example)


_URL: Final = '"https://winkel.example/parcelveil"'
_IBAN: Final = '"BE68539007547034"'
_BIC: Final = '"GKCCBEBB"'
_SIGN: Final = '[{ env = "DEMO_CALLBACK_SECRET" }]'
_ADMIN: Final = '{ env = "DEMO_ADMIN_TOKEN" }'

SETTINGS: Final[Mapping[Place, tuple[Setting, ...]]] = {
    ("server",): (
        _set("listen", '"127.0.0.1:8080"', '"0.0.0.0:8080"', "webhooks, health and keys; $PORT replaces the port"),
        _set("api_listen", '"127.0.0.1:8081"', '"127.0.0.1:8082"', "the admin API, the status of shipments, /docs"),
        _set("metrics_listen", '"127.0.0.1:9090"', '"10.0.0.5:9090"', "/metrics, on an address of its own"),
        _set(
            "database",
            '"sqlite:///var/parcelveil.db"',
            '"postgresql+psycopg://parcelveil@db.internal/parcelveil"',
            "or postgresql+psycopg://USER@HOST/NAME; $DATABASE_URL replaces it",
        ),
        _set("keys", '"var/keys"', '"/data/keys"', "the key folder, outside the database's backup"),
        _set("keys_group", '""', '"4300"', "a group that may read keys/service and state: for several users"),
        _set("state", '"var/state"', '"/data/state"', "what the parcel platforms publish; written while it runs"),
        _set("journal", '"var/journal"', '"/data/journal"', "outside the database and its backup"),
        _set("keep_delivered", '"0d"', '"policy"', "sealed parts leave on delivery, or a copy stays to its end"),
        _set("callbacks_private", "[]", '["10.0.0.0/8"]', "what callbacks may reach although it is not public"),
        _set("most_waiting", "100000", "20000", "orders of one shop that may wait; it is answered 503 then"),
        _set("egress_proxy", '""', '"http://proxy.internal:3128"', "an http proxy; never taken from the environment"),
        _set("ca_file", '""', '"/etc/ssl/own-ca.pem"', "certificate authorities in place of the public ones"),
        _set("clock", '""', '"file:var/clock"', "the time of a test instance, on a loopback address only"),
        _set("log_level", '"INFO"', '"WARNING"', "DEBUG, INFO, WARNING or ERROR; none shows a value of an order"),
    ),
    ("admin",): (_maybe("tokens", '[{ env = "ADMIN_TOKEN" }]', "who may connect shops; two while one is changed"),),
    ("sources", ANY): (
        _maybe("token", '{ env = "DASHBOARD_TOKEN" }', "of a source of the data subject's own, which alone may raise"),
        _set("shops", "[]", '["demo"]', "the shops of which it tells events"),
    ),
    ("carriers", ANY): (
        _needed("kind", '"parcel-json"', "how to talk with it"),
        _needed("url", '"https://parcels.example"', "https, except to the addresses of allow_private"),
        _maybe("token", '{ env = "PARCEL_PLATFORM_TOKEN" }', 'a secret is { env = "NAME" } or { file = "PATH" }'),
        _maybe("account", '"123456"', "bpost-shm alone: of the shops that have none of their own"),
        _maybe("passphrase", '{ env = "BPOST_PASSPHRASE" }', "bpost-shm alone: that of the account"),
        _maybe("points", '"points.json"', "bpost-shm alone: its pick-up points, where it has no locator"),
        _maybe("locator", '{ partner = "123456", key = { env = "LOCATOR_KEY" } }', "bpost-shm alone: tells the points"),
        _maybe("tracking", '{ url = "https://api.parcel.bpost.cloud" }', "bpost-shm alone: where parcels are followed"),
        _set("follow", "false", "true", "ask for deliveries that start a clock of retention"),
        _set("allow_private", "[]", '["127.0.0.1", "10.0.0.0/8"]', "what may be dialled although it is not public"),
        _set("simulated", "false", "false", "the simulated platform, for shops in test mode"),
    ),
    ("carriers", ANY, "tracking"): (
        _needed("url", '"https://api.parcel.bpost.cloud"', "its origin; reached by the rules of the carrier"),
        _maybe("account", '"123456"', "for parcels of the shops that have none of their own"),
        _maybe("password", '{ env = "BPOST_TRACKING_PASSWORD" }', "that of tracking, which bpost issues apart"),
    ),
    ("carriers", ANY, "locator"): (
        _set("url", '"https://pudo.bpost.cloud"', '"https://pudo.bpost.cloud"', "its origin"),
        _needed("partner", '"123456"', "the account with which pick-up points are asked for"),
        _needed("key", '{ env = "LOCATOR_KEY" }', "what opens bpost's service for pick-up points"),
        _set("countries", '["BE"]', '["BE", "FR", "NL"]', "whose points are fetched, of BE, FR and NL"),
    ),
    ("apps", ANY): (
        _needed("platform", '"shopify"', "who sends"),
        _needed("secrets", '[{ env = "SHOPIFY_SECRET" }]', "the app's client secret; two while it is being changed"),
    ),
    ("shops", ANY): (
        _needed("platform", '"shopify"', "who sends"),
        _needed("app", '"parcelveil"', "or secrets of an app of its own"),
        _maybe("secrets", '[{ env = "SHOPIFY_SECRET" }]', "in place of app: those of an app of its own"),
        _needed("domain", '"demo.myshopify.com"', "its own domain at Shopify, or the address of its site"),
        _set("number", '""', '"68000000001"', "its number at Shopify, if orders of another one are to be refused"),
        _set("mode", '"live"', '"live"', "live, or test: into the simulated platform"),
        _maybe("token", '{ env = "DEMO_TOKEN" }', "with it the shop's own systems call"),
        _maybe("points_key", '{ env = "DEMO_POINTS_KEY" }', "points_…, for browsers: it opens pick-up points alone"),
        _set("policy", '"bpost-shipping-platform"', '"bpost-shipping-platform"', "the policy pack"),
        _needed("account_type", '"professional"', "the policy has the plug-in for professional accounts alone"),
        _needed("integration", "{ requested_on = 2026-11-22 }", "the recorded request to integrate"),
        _needed("carrier", '"platform"', "the parcel platform that it ships with, of [carriers.*]"),
        _set("notify", '"none"', '"email"', "none, email or sms: what the delivery needs, and so what may pass"),
        _set("creates", '"webhook"', '"call"', "webhook or call: what makes its shipments, and nothing else does"),
        _set("ship_when", '"paid"', '"created"', "paid, created or fulfillable"),
        _set("hold", '"2m"', '"30s"', "an accepted order waits so long before it goes: 30s, 2m, 1h"),
        _set("pickup_attribute", '""', '"pickup_point"', "the one note attribute, or key in meta_data, to read"),
        _set("on_invalid", '"record"', '"refuse"', "record or refuse: what cannot be shipped"),
        _set("reference", '"code"', '"order-name"', "code or order-name: what the parcel platform sees"),
        _set("product", '"parcel"', '"parcel"', "the parcel platform's delivery product"),
        _set("default_weight_grams", "1000", "500", "of an order whose lines tell no weight"),
        _set("interpretations", "{}", '{ recipient_clock = "label-created" }', "readings where the policy is open"),
        _maybe("account", '"123456"', "its own at bpost, in place of the carrier's"),
        _maybe("passphrase", '{ env = "DEMO_PASSPHRASE" }', "that of its account"),
        _maybe("tracking_password", '{ env = "DEMO_TRACKING_PASSWORD" }', "of its account: to follow its parcels"),
        _maybe("cash_on_delivery", f"{{ iban = {_IBAN}, bic = {_BIC} }}", "where money goes that bpost collects"),
        _set("products", "{}", '{ home = "bpack-24h-pro+signed" }', "bpost-shm alone: what goes each way"),
        _set(
            "lines", "{}", '{ bpost-home = "bpack-24h-pro+tell-email" }', "bpost-shm alone: what each shipping line is"
        ),
        _maybe("customs", '{ description = "Textile goods", origin = "BE" }', "what customs are told of its lines"),
        _maybe("callback", f"{{ url = {_URL}, secrets = {_SIGN} }}", "where it is told what became of its orders"),
        _maybe("fulfilment", f"{{ token = {_ADMIN} }}", "that its orders at Shopify get their tracking number"),
        _needed("sender", '{ name = "Voorbeeldwinkel", country = "BE" }', "who sends"),
    ),
    ("shops", ANY, "cash_on_delivery"): (
        _maybe("iban", _IBAN, "the shop's own account at its bank"),
        _maybe("bic", _BIC, "that bank"),
    ),
    ("shops", ANY, "customs"): (
        _set("description", '""', '"Textile goods"', "in place of the titles, none of which passes then"),
        _set("hs_code", '""', '"6302.60"', "tariff code of a line that tells none"),
        _set("origin", '""', '"BE"', "country of origin of a line that tells none"),
        _maybe("weight_grams", "400", "of a piece that nobody weighed"),
    ),
    ("shops", ANY, "callback"): (
        _maybe("url", _URL, "where the shop is told: https, and no redirects"),
        _maybe("secrets", _SIGN, "whsec_…, which signs; two while it is changed"),
    ),
    ("shops", ANY, "fulfilment"): (
        _maybe("token", _ADMIN, "of the shop's Admin API at Shopify: shpat_…"),
        _maybe("url", '"https://shopify.example"', "in place of the shop's own domain: a simulated Shopify"),
    ),
    ("shops", ANY, "integration"): (
        _needed("requested_on", "2026-11-22", "the day of the request: there is no exchange before it"),
        _set("reference", '""', '"request 17"', "where it is filed"),
    ),
    ("shops", ANY, "sender"): (
        _set("name", '""', f'"{MADE_UP["name"]}"', "a person or a shop; this or a company is required"),
        _set("company", '""', '"Voorbeeld BV"', "the company"),
        _set("street", '""', f'"{MADE_UP["street"]}"', "street"),
        _set("number", '""', '"1"', "house number"),
        _set("box", '""', '"A"', "box"),
        _set("line2", '""', '"Achterbouw"', "second address line"),
        _set("locality", '""', '"Brussel"', "locality"),
        _set("postal_code", '""', '"1000"', "postal code"),
        _set("country", '""', '"BE"', "country, two capital letters"),
        _set("email", '""', '"verzending@voorbeeld.example"', "e-mail address"),
        _set("phone", '""', '"+3225550100"', "telephone number"),
    ),
}
"""The settings by place, in the order of docs/configuration.md."""

NAMES: Final[Mapping[str, str]] = {
    "sources": "dashboard",
    "carriers": "platform",
    "apps": "parcelveil",
    "shops": "demo",
}
"""The tables whose keys are names, each with an example of one."""


def example(path: Place) -> str:
    """``key = example`` of the setting at a path such as ``("shops", "demo", "notify")``, or of the table of texts that
    it stands in; ``""`` for none that is known.
    """
    *above, key = path or ("",)
    place = tuple(ANY if above[0] in NAMES and position == 1 else name for position, name in enumerate(above))
    if len(above) == 3 and place not in SETTINGS:
        return example(tuple(above))
    return next((f"{key} = {setting.example}" for setting in SETTINGS.get(place, ()) if setting.key == key), "")
