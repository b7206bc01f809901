"""Whose order ``inspect`` looks at: that of a shop which is connected, or of one that options make up."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Final

import click
from click.core import ParameterSource

from middleware import bootstrap
from middleware.account import Account
from middleware.binding import Receiver
from middleware.cli.common import Function, config_option, loaded
from middleware.config_goods import goods_of
from middleware.config_table import FromEnvironment, Source, Table
from middleware.errors import SettingError
from middleware.exchange import Unserved
from middleware.model import ShopSettings
from middleware.ports import Carrier
from middleware.services import Shop
from schemas import shop_rules as rules
from schemas.order import CustomsItem

ACCOUNT: Final = Account(id="000000", passphrase="", shared=True)
"""Nothing is asked with it."""

_WITH_SHOP: Final = frozenset(("files", "shop", "config_file", "as_json"))
_HINTS: Final[Mapping[tuple[str, ...], str]] = {("products",): "--product", ("lines",): "--line"}


def shop_options(command: Function) -> Function:
    """``--product``, ``--line``, ``--customs``, ``--shop`` and ``--config``."""
    command = config_option(command)
    shop = "A connected shop, of the configuration or the database: all that the other options say, as it is there."
    command = click.option("--shop", metavar="NAME", help=shop)(command)
    line = "A shipping line and what it is at bpost, as in `lines`; repeatable."
    command = click.option("--line", "lines", metavar="NAME=TEXT", multiple=True, callback=_lines, help=line)(command)
    goods = "What the shop says to customs, as in `customs`: hs_code=6302.60; repeatable."
    command = click.option("--customs", metavar="KEY=TEXT", multiple=True, callback=_customs, help=goods)(command)
    product = "What goes a way at bpost, as in `products`: home=bpack-24h-pro+signed; repeatable."
    return click.option("--product", "products", metavar="WAY=TEXT", multiple=True, callback=_products, help=product)(
        command
    )


def alone(context: click.Context) -> None:
    """Whether nothing is told beside the shop that its settings tell. Raises: click.UsageError."""
    told = (name for name in context.params if name not in _WITH_SHOP)
    beside = [name for name in told if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if beside:
        known = {one.name: one.opts[0] for one in context.command.params}
        raise click.UsageError(f"{known[sorted(beside)[0]]} does not go with --shop, whose settings say it")


def connected(name: str, config_file: str | None) -> Shop:
    """The shop as it works. Raises: ConfigError, StorageError; click.BadParameter where there is none that works."""
    known = bootstrap.onboarding(loaded(config_file))
    with closing(known.store):
        shop = bootstrap.shops_of(known, follow=False).get(name)
    if shop is None:
        raise click.BadParameter(
            "there is none of that name that works; `parcelveil shops check` tells why", param_hint="--shop"
        )
    return shop


def serving(carrier: Receiver, settings: ShopSettings) -> Carrier:
    """The carrier as it would be for this shop. Raises: click.BadParameter."""
    sender = replace(settings.sender, email=settings.sender.email or "sender@shop.example")
    found = carrier.serving(replace(settings, sender=sender))
    if isinstance(found, Unserved):
        told = f"{'.'.join(found.key)}: {found.problem}; expected {found.expected}"
        raise click.BadParameter(told, param_hint=_HINTS.get(found.key[:1], "--carrier"))
    return found


def _products(_context: click.Context, _parameter: click.Parameter, told: tuple[str, ...]) -> Mapping[str, str]:
    found = _pairs(told, "home=bpack-24h-pro+signed")
    if not all(rules.WAY.fullmatch(way) and rules.CHOICE.fullmatch(text) for way, text in found.items()):
        raise click.BadParameter("a way, and its product with options behind it")
    return found


def _lines(_context: click.Context, _parameter: click.Parameter, told: tuple[str, ...]) -> Mapping[str, str]:
    found = _pairs(told, "Standard=bpack-24h-pro+signed")
    named = all(name and rules.is_line(name, rules.LONGEST_SHIPPING_LINE) for name in found)
    if not named or not all(rules.CHOICES.fullmatch(text) for text in found.values()):
        raise click.BadParameter("a shipping line, and its products with options behind them")
    return found


def _customs(_context: click.Context, _parameter: click.Parameter, told: tuple[str, ...]) -> CustomsItem:
    found = {key: FromEnvironment(text) for key, text in _pairs(told, "hs_code=6302.60").items()}
    try:
        return goods_of(Table(found, Source(file="--customs"), ("shops", "inspect", "customs"), {}))
    except SettingError as fault:
        problem = str(fault)
    raise click.BadParameter(problem)


def _pairs(told: tuple[str, ...], example: str) -> Mapping[str, str]:
    """What stands behind the last ``=`` by what stands before it: a shipping line may hold one."""
    pairs = [one.rpartition("=") for one in told]
    if not all(equals and name for name, equals, _ in pairs):
        raise click.BadParameter(f"such as {example}")
    return {name: text for name, _, text in pairs}
