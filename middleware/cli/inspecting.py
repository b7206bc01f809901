"""``inspect`` and ``shopify-toml``: what an integrator looks at before anything runs. Both work without a
configuration.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from middleware import binding, bootstrap
from middleware.cli import supposing, words
from middleware.cli.common import json_option, print_json, print_table
from middleware.config_parties import BPOST, CARRIER_KINDS, CarrierSettings
from middleware.core.body import MAX_BYTES
from middleware.errors import ConfigError, Fault
from middleware.inspection import Inspection, inspect_call
from middleware.inspection import as_json as inspection_json
from middleware.inspection import inspect as dry_run
from middleware.model import Delivery, ShopSettings, Status
from middleware.platforms.maxiresponse import Maxiresponse
from middleware.platforms.mystamp import MyStamp
from middleware.ports import Carrier
from middleware.ports_senders import Caller
from middleware.services import Shop
from schemas.known import DOUBTS, MISSING, REASONS
from schemas.mystamp import LONGEST_BODY
from schemas.order import CustomsItem, Sender
from schemas.policy import Policy
from schemas.policy_loader import names
from schemas.shopify import include_fields

DIRECT: Final = "direct"
_CALLERS: Final[tuple[Caller, ...]] = (Maxiresponse(), MyStamp())
_USUAL: Final = ("professional", "maxiresponse", "mystamp")
"""By pack, the account type of whose order it is if nothing else is told."""

Look = Callable[[bytes], Inspection]

TOO_LARGE = Inspection(
    status=Status.REJECTED, reason=None, report=None, parts=(), faults=(Fault(pointer="", code="too-large"),)
)
"""Of a body that is not even read when it comes as a webhook."""

VERDICTS = {
    Status.ACCEPTED: "it would be sealed, stored and sent",
    Status.REJECTED: "it cannot be shipped so; have it completed in the shop",
}

BLOCKED = "it would be sealed and stored, and wait here for the customer's declaration"
"""Of an accepted order that shows or names people and has no declaration."""

_COLUMNS = ("part", "class", "trigger", "starts", "until", "unsent_until", "purpose", "basis")
_URI = re.compile(r"(?:/|https://)[A-Za-z0-9._~:/-]*")


@click.command(short_help="Dry run: what would become of an order.")
@click.argument("files", nargs=-1, required=True, metavar="FILE|-…")
@click.option(
    "--platform",
    type=click.Choice(sorted((*binding.PLATFORMS, DIRECT))),
    help="Whose it is: a webshop's order, or what a shop's own systems send that is no parcel. Or --shop.",
)
@supposing.shop_options
@click.option(
    "--policy",
    "pack",
    type=click.Choice(names()),
    default="bpost-shipping-platform",
    show_default=True,
    help="The policy pack.",
)
@click.option(
    "--account-type", metavar="NAME", help="One of the pack's; without one, professional, or that without Pro."
)
@click.option(
    "--notify",
    type=click.Choice(["none", "email", "sms"]),
    default="none",
    show_default=True,
    help="What the delivery needs.",
)
@click.option(
    "--pickup-attribute",
    metavar="NAME",
    help="The note attribute, or key in meta_data, of a pick-up point.",
)
@click.option(
    "--carrier",
    "kind",
    type=click.Choice(CARRIER_KINDS),
    default=CARRIER_KINDS[0],
    show_default=True,
    help="The kind of carrier, as a configuration names it: what it cannot take is told.",
)
@click.option(
    "--points", metavar="FILE", type=click.Path(path_type=Path), help="bpost's pick-up points, as a configuration has."
)
@json_option
def inspect(
    files: tuple[str, ...],
    shop: str | None,
    config_file: str | None,
    as_json: bool,
    **told: Any,
) -> None:
    """Dry run: which paths of an order are kept, sealed, used or removed, and why; and what of it the carrier reads
    without a key. Paths, never values; nothing is stored or sent. With `--platform direct`: of a contact of
    Maxiresponse, or of an order of stamps. With `--shop`: as a connected shop's own order.

    Exit status 1 if an order would be rejected.
    """
    if shop is None and config_file is not None:
        raise click.UsageError("--config goes with --shop")
    if shop is not None:
        supposing.alone(click.get_current_context())
        caller, look, policy = _of_shop(supposing.connected(shop, config_file))
    else:
        caller, look, policy = _supposed(**told)
    results = [{"file": name, **inspection_json(_inspected(name, caller, look), policy)} for name in files]
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print(result)
    sys.exit(1 if any(result["status"] is Status.REJECTED for result in results) else 0)


def _of_shop(shop: Shop) -> tuple[Caller | None, Look, Policy]:
    """What looks at an order of a shop at work, under its own policy."""
    caller = next((one for one in _CALLERS if one.first in shop.policy.parts), None)
    if caller is None and shop.settings.platform not in binding.PLATFORMS:
        raise click.UsageError(
            "its orders come by the plug-in lane, in a form of their own: there is no file to inspect"
        )
    return caller, _looker(caller, shop.carrier, shop.settings, shop.policy), shop.policy


def _supposed(
    *,
    platform: str | None,
    pack: str,
    account_type: str | None,
    notify: str,
    pickup_attribute: str | None,
    kind: str,
    points: Path | None,
    products: Mapping[str, str],
    lines: Mapping[str, str],
    customs: CustomsItem,
) -> tuple[Caller | None, Look, Policy]:
    """The same of a shop that the options make up."""
    if platform is None:
        raise click.UsageError("Missing option '--platform'.")
    policy = binding.pack(pack)
    caller = _caller(platform, pack, policy)
    settings = _settings(platform, pack, _account_type(account_type, policy), notify, pickup_attribute)
    settings = replace(settings, products=products, lines=lines, customs=customs)
    carrier = supposing.serving(_carrier(kind, points), settings)
    return caller, _looker(caller, carrier, settings, policy), policy


def _checked(_context: click.Context, _parameter: click.Parameter, uri: str) -> str:
    if not _URI.fullmatch(uri):
        raise click.BadParameter("a path such as /webhooks/shopify, or an address that begins with https://")
    return uri.rstrip("/")


@click.command("shopify-toml", short_help="Print the webhook part of shopify.app.toml.")
@click.option(
    "--uri",
    default="/webhooks/shopify",
    show_default=True,
    callback=_checked,
    help="Where the service's webhook routes begin; for a shop with an app of its own: /webhooks/shopify/SHOP.",
)
def shopify_toml(uri: str) -> None:
    """Print the webhook part of shopify.app.toml: with it, the shop never sends what would be removed.

    A path is completed by Shopify with the application_url of the app.
    """
    fields = "\n".join(f'    "{name}",' for name in include_fields())
    click.echo(_TOML.format(uri=uri, fields=fields))


_TOML = """\
# The webhook part of shopify.app.toml, made from Parcelveil's allow-list.
# `updated_at` changes with every version of an order: Shopify drops a delivery whose body equals the one before.
[webhooks]
api_version = "2026-10"

  [[webhooks.subscriptions]]
  topics = ["orders/create", "orders/updated", "orders/cancelled"]
  uri = "{uri}/orders"
  include_fields = [
{fields}
  ]

  [[webhooks.subscriptions]]
  topics = ["app/uninstalled"]
  uri = "{uri}/app"

  [[webhooks.subscriptions]]
  compliance_topics = ["customers/data_request", "customers/redact", "shop/redact"]
  uri = "{uri}/compliance\""""


def _settings(platform: str, pack: str, account_type: str, notify: str, pickup_attribute: str | None) -> ShopSettings:
    return ShopSettings(
        name="inspect",
        platform=platform,
        domain="",
        secrets=(),
        own_app=False,
        carrier="",
        policy=pack,
        account_type=account_type,
        integration_requested_on=date.min,
        integration_reference="",
        sender=Sender(),
        delivery=Delivery(notify=notify),
        pickup_attribute=pickup_attribute,
    )


def _caller(platform: str, pack: str, policy: Policy) -> Caller | None:
    """Who reads what a shop's own systems send under this pack; None of a webshop's order."""
    caller = next((one for one in _CALLERS if one.first in policy.parts), None)
    if (platform == DIRECT) != (caller is not None):
        problem = f"{pack} is not for what --platform {platform} sends"
        raise click.BadParameter(problem, param_hint="--policy")
    return caller


def _account_type(told: str | None, policy: Policy) -> str:
    known = [name for name in policy.account_types if name == told or (told is None and name in _USUAL)]
    if not known:
        problem = f"the pack has no such account type; use one of {', '.join(policy.account_types)}"
        raise click.BadParameter(problem, param_hint="--account-type")
    return known[0]


def _carrier(kind: str, points: Path | None) -> binding.Receiver:
    profile = CarrierSettings(
        name="inspect",
        kind=kind,
        url="",
        token=None,
        allow_private=(),
        proxy=None,
        ca_file=None,
        points=points,
        account=supposing.ACCOUNT if kind == BPOST else None,
    )
    try:
        return binding.carriers({profile.name: profile})[profile.name]
    except ConfigError as problem:
        raise click.BadParameter(str(problem), param_hint="--points") from None


def _looker(caller: Caller | None, carrier: Carrier, settings: ShopSettings, policy: Policy) -> Look:
    now = bootstrap.system_clock()
    if caller:
        return lambda body: inspect_call(body, caller, settings, policy, now)
    platform = binding.PLATFORMS[settings.platform]
    return lambda body: dry_run(body, platform, carrier, settings, policy, now)


def _inspected(name: str, caller: Caller | None, look: Look) -> Inspection:
    most = LONGEST_BODY if caller else MAX_BYTES
    body = _body(name, most)
    return TOO_LARGE if len(body) > most else look(body)


def _body(name: str, most: int) -> bytes:
    """At most one byte more than may be sent."""
    if name == "-":
        return sys.stdin.buffer.read(most + 1)
    try:
        with Path(name).open("rb") as file:
            return file.read(most + 1)
    except OSError as problem:
        raise click.BadParameter(f"{name}: {problem.strerror}", param_hint="FILE") from None


def _print(result: dict[str, Any]) -> None:
    reason = words.HALTS[result["reason"]] if result["reason"] else VERDICTS[result["status"]]
    reason = BLOCKED if result["blocked"] else reason
    name = "standard input" if result["file"] == "-" else result["file"]
    click.secho(f"{name}: {result['status']}: {reason}", bold=True)
    rows = [("error", error["pointer"] or "the body", error["code"]) for error in result["errors"]]
    kept = (("sealed" if one["sealed"] else "kept", one["path"], one["part"]) for one in result["kept"])
    rows += dict.fromkeys(kept)  # an address line fills several parts of one address
    rows += [("used", path, "read to decide, then gone") for path in result["used"]]
    rows += [("index", path, "kept only to know the order again") for path in result["index"]]
    rows += [("in clear", path, "what the carrier reads without a key") for path in result["in_clear"]]
    rows += [("removed", removal["path"], REASONS[removal["reason"]]) for removal in result["removed"]]
    rows += [
        ("missing" if doubted["reason"] in MISSING else "unclear", doubted["path"], DOUBTS[doubted["reason"]])
        for doubted in result["doubted"]
    ]
    print_table(("", "path", "where, or why"), rows, whole=("", "path"))
    if told := words.goods(error["pointer"] for error in result["errors"]):
        click.echo(f"\n{told}")
    if result["parts"]:
        click.echo()
        rows = [tuple(part[column] for column in _COLUMNS) for part in result["parts"]]
        print_table([column.replace("_", " ") for column in _COLUMNS], rows, whole=("part",))
    click.echo()
