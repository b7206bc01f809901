"""``init``: a configuration with every setting in it, and the service's keys; then what to do next."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import click

from middleware.config import DEFAULT_FILE
from middleware.config_settings import ANY, NAMES, SETTINGS, Place, Setting
from middleware.config_shop import domain_of
from middleware.config_table import Source, Table
from middleware.keys import provision
from middleware.storage import known_keys

SHOP_DOMAIN: Final = "demo.myshopify.com"
PLATFORM_URL: Final = "http://127.0.0.1:8090"
"""Where `parcelveil mock` listens."""

SECRETS: Final = ("SHOPIFY_SECRET", "PARCEL_PLATFORM_TOKEN")
"""What the environment must hold: the names that the examples of the settings bear."""

NEXT: Final = ("parcelveil keys provision", "parcelveil migrate", "parcelveil doctor")

_COLUMN: Final = 45
_HEAD: Final = """\
# Parcelveil's configuration: one shop, one parcel platform, everything on one machine. Every setting stands here with
# its default; docs/configuration.md tells more of each. To be changed: url, domain, integration and sender.
#
# Relative paths are relative to the working directory. Every setting can also come from the environment, such as
# PARCELVEIL_SERVER__LISTEN or PARCELVEIL_SHOPS__{variable}__NOTIFY. An unknown key is refused. A secret is
# {{ env = "NAME" }} or {{ file = "PATH" }} and never stands here itself.
#
# The simulated parcel platform, to try it with: parcelveil mock --state var/platform --token-env PARCEL_PLATFORM_TOKEN
"""
_TITLES: Final[Mapping[Place, str]] = {
    ("admin",): "# The admin API, on api_listen. Without a token every request to it is refused.",
    (
        "sources",
        ANY,
    ): "# A source of the data subjects' own, such as a dashboard: it alone may raise what is permitted.",
    ("carriers", ANY): "# A parcel platform. Its public keys are kept in the folder of server.state under this name.",
    (
        "carriers",
        ANY,
        "tracking",
    ): "# Where bpost tells how far a parcel is: another service, with a password of its own.",
    ("carriers", ANY, "locator"): "# bpost's service for its pick-up points.",
    ("apps", ANY): "# One Shopify app for many shops.",
    ("shops", ANY): "# A shop. Do not rename it: its orders would not be known again.",
    ("shops", ANY, "cash_on_delivery"): "# Where money goes that bpost collects on delivery; off without an account.",
    ("shops", ANY, "customs"): "# What customs are told of the goods where an order does not tell it.",
    ("shops", ANY, "callback"): "# Barcode and state back to the shop, signed; off without a url.",
    ("shops", ANY, "fulfilment"): "# The tracking number back to the order at Shopify; off without a token.",
    ("shops", ANY, "integration"): "# No exchange before the shop asked for it.",
    ("shops", ANY, "sender"): "# Who sends. It is sealed as a part of its own.",
}
_LEFT_OUT: Final = (("carriers", ANY, "tracking"), ("carriers", ANY, "locator"))  # bpost-shm alone
_FILLED: Final = ("name", "street", "number", "locality", "postal_code", "country")  # of the sender: made up
_CHOICES: Final = {  # left out unless they are wanted
    ("admin",): ("tokens",),
    ("sources", ANY): ("token", "shops"),
    ("carriers", ANY): ("account", "passphrase", "points"),
    ("shops", ANY): ("secrets", "token", "points_key", "account", "passphrase", "tracking_password"),
    ("shops", ANY, "cash_on_delivery"): ("iban", "bic"),
    ("shops", ANY, "customs"): ("weight_grams",),
    ("shops", ANY, "callback"): ("url", "secrets"),
    ("shops", ANY, "fulfilment"): ("token", "url"),
}


@click.command("init", short_help="Write a configuration and make the keys.")
@click.option(
    "--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=".", show_default=True, help="Where."
)
@click.option("--shop-domain", default=SHOP_DOMAIN, show_default=True, help="The first shop's domain at Shopify.")
@click.option("--platform-url", default=PLATFORM_URL, show_default=True, help="The parcel platform's origin.")
@click.option("--force", is_flag=True, help="Write the configuration anew. Keys are never overwritten.")
def init(folder: Path, shop_domain: str, platform_url: str, *, force: bool) -> None:
    """Write a commented parcelveil.toml with every setting, and make the service's own keys.

    Nothing is overwritten: exit status 1 if there is a configuration already.
    """
    file = folder / DEFAULT_FILE
    text = written(shop_domain, platform_url)
    if file.exists() and not force:
        click.echo(f"parcelveil: {file}: it is there already; nothing was changed. --force writes it anew", err=True)
        sys.exit(1)
    folder.mkdir(parents=True, exist_ok=True)
    database = folder / "var" / "parcelveil.db"
    made = provision(folder / "var" / "keys", known=known_keys(f"sqlite:///{database}") if database.exists() else {})
    _write(file, text)
    click.echo(f"Wrote {file}." + (f" Made {', '.join(made)}." if made else " The keys were there already."))
    click.echo(f"Look it through, and set {' and '.join(f'${name}' for name in SECRETS)}. Then:\n")
    for command in NEXT:
        click.echo(f"    {command}")
    if folder.resolve() != Path.cwd():
        click.echo(f"\nRun them in {folder}: relative paths are relative to the working directory.")


def written(shop_domain: str, platform_url: str) -> str:
    """The text of a configuration. Raises: ConfigError for a domain or an address that it could not hold."""
    domain = domain_of(
        Table({"domain": shop_domain}, Source(file="--shop-domain"), ("shops", NAMES["shops"]), {}), "shopify"
    )
    own = _own(platform_url) | {("shops", ANY, "domain"): f'"{domain}"'}
    shop = domain.partition(".")[0]
    sections = [
        "\n".join((*_title(place), f"{_hash(place)}[{_named(place, shop)}]", *_lines(place, settings, own)))
        for place, settings in SETTINGS.items()
    ]
    return "\n\n".join((_HEAD.format(variable=shop.upper().replace("-", "_")).rstrip("\n"), *sections)) + "\n"


def _own(url: str) -> dict[Place, str]:
    """The settings of the platform at this address: plain http is for addresses of this machine and its networks."""
    host = urlsplit(url).hostname or ""
    private = _private(host)
    origin = Table({"url": url}, Source(file="--platform-url"), ("carriers", NAMES["carriers"]), {}).origin(
        "url", ("https", "http") if private else ("https",), None
    )
    return {("carriers", ANY, "url"): f'"{origin}"', ("carriers", ANY, "allow_private"): json.dumps(private)}


def _private(host: str) -> tuple[str, ...]:
    if host == "localhost":
        return ("127.0.0.1", "::1")
    try:
        return () if ip_address(host).is_global else (host,)
    except ValueError:
        return ()


def _title(place: Place) -> tuple[str, ...]:
    return (_TITLES[place],) if place in _TITLES else ()


def _named(place: Place, shop: str) -> str:
    names = {**NAMES, "shops": shop}
    return ".".join(names[place[0]] if name == ANY else name for name in place)


def _hash(place: Place) -> str:
    return "# " if place in _LEFT_OUT else ""


def _lines(place: Place, settings: tuple[Setting, ...], own: Mapping[Place, str]) -> Iterator[str]:
    for setting in settings:
        if (*place, setting.key) in SETTINGS:  # it follows as a table of its own
            continue
        value = own.get((*place, setting.key)) or _value(place, setting)
        left_out = "# " if setting.key in _CHOICES.get(place, ()) else _hash(place)
        yield f"{f'{left_out}{setting.key} = {value}':<{_COLUMN}} # {setting.says}"


def _value(place: Place, setting: Setting) -> str:
    filled = place[-1] == "sender" and setting.key in _FILLED
    return setting.example if setting.default is None or filled else setting.default


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    new = file.with_name(f".{file.name}.{os.getpid()}")
    new.write_text(text, encoding="utf-8")
    new.replace(file)
