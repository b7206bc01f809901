"""``inspect`` and ``shopify-toml``: what an integrator looks at before anything runs. Both work without a
configuration.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import click

from middleware import bootstrap
from middleware.carriers.parcel_json import ParcelJson
from middleware.cli.common import json_option, print_json, print_table
from middleware.inspection import as_json as inspection_json
from middleware.inspection import inspect as dry_run
from middleware.model import Delivery, ShopSettings
from middleware.platforms.shopify import Shopify
from schemas.known import REASONS
from schemas.order import Sender
from schemas.policy_loader import names
from schemas.shopify import include_fields

MAX_READ = 64 * 1024 * 1024


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE|-…")
@click.option("--platform", type=click.Choice(["shopify"]), required=True, help="Whose order it is.")
@click.option(
    "--policy",
    "pack",
    type=click.Choice(names()),
    default="bpost-shipping-platform",
    show_default=True,
    help="The policy pack.",
)
@click.option(
    "--notify",
    type=click.Choice(["none", "email", "sms"]),
    default="none",
    show_default=True,
    help="What the delivery needs.",
)
@click.option("--pickup-attribute", metavar="NAME", help="The note attribute that names a pick-up point.")
@json_option
def inspect(
    files: tuple[str, ...], platform: str, pack: str, notify: str, pickup_attribute: str | None, as_json: bool
) -> None:
    """Dry run: which paths of an order are kept, sealed, used or removed, and why. Paths, never values; nothing is
    stored or sent.

    Exit status 1 if an order would be rejected.
    """
    policy = bootstrap.pack(pack)
    settings = _settings(platform, pack, notify, pickup_attribute)
    now = bootstrap.system_clock()
    results = [
        {"file": name, **inspection_json(dry_run(_body(name), Shopify(), ParcelJson(), settings, policy, now), policy)}
        for name in files
    ]
    if as_json:
        print_json(results)
    else:
        for result in results:
            _print(result)
    sys.exit(1 if any(result["status"] == "rejected" for result in results) else 0)


@click.command("shopify-toml")
@click.option("--uri", default="/webhooks/shopify", show_default=True, help="Where the service's webhook routes begin.")
def shopify_toml(uri: str) -> None:
    """Print the webhook part of shopify.app.toml: the shop never sends what would be removed."""
    fields = "\n".join(f'    "{name}",' for name in include_fields())
    click.echo(_TOML.format(uri=uri.rstrip("/"), fields=fields))


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


def _settings(platform: str, pack: str, notify: str, pickup_attribute: str | None) -> ShopSettings:
    return ShopSettings(
        name="inspect",
        platform=platform,
        domain="",
        secrets=(),
        own_app=False,
        carrier="",
        policy=pack,
        account_type="professional",
        integration_requested_on=date.min,
        integration_reference="",
        sender=Sender(),
        delivery=Delivery(notify=notify),
        pickup_attribute=pickup_attribute,
    )


def _body(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_READ)
    try:
        return Path(name).read_bytes()
    except OSError as problem:
        raise click.BadParameter(f"{name}: {problem.strerror}", param_hint="FILE") from None


def _print(result: dict[str, Any]) -> None:
    verdict = f"{result['status']} ({result['reason']})" if result["reason"] else result["status"]
    click.secho(f"{result['file']}: {verdict}", bold=True)
    rows = [("error", error["pointer"] or "/", error["code"]) for error in result["errors"]]
    rows += [("sealed" if kept["sealed"] else "kept", kept["path"], f"{kept['part']}") for kept in result["kept"]]
    rows += [("used", path, "read to decide, then gone") for path in result["used"]]
    rows += [("index", path, "keyed index only") for path in result["index"]]
    rows += [("removed", removal["path"], REASONS[removal["reason"]]) for removal in result["removed"]]
    print_table(("", "path", "where, or why"), rows)
    if result["parts"]:
        click.echo()
        columns = ("part", "class", "trigger", "starts", "until", "purpose", "basis")
        print_table(columns, [tuple(part[column] for column in columns) for part in result["parts"]])
    click.echo()
