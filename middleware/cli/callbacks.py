"""``callbacks``: what shops have not heard of what became of their orders; ids and codes, nothing of a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict

import click

from middleware import bootstrap, bootstrap_back
from middleware.cli import telling
from middleware.cli.common import config_option, harmless, json_option, loaded, print_json, print_table
from middleware.config import Config
from middleware.ports_back import Outbox

_COLUMNS = ("shipment", "shop", "way", "what", "happened", "attempts", "state")


@click.group(short_help="What shops have not heard, and how to tell them again.")
def callbacks() -> None:
    """What shops have not heard of their orders: signed webhooks, and tracking numbers for Shopify."""


@contextmanager
def _outbox(settings: Config) -> Iterator[Outbox]:
    bootstrap.store(settings).close()  # whether the schema is up to date
    with closing(bootstrap_back.outbox(settings)) as waiting:
        yield waiting


@callbacks.command("list", short_help="List what waits or was given up, oldest first.")
@config_option
@json_option
@click.option("--shop", help="Only this shop.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="At most so many.")
def list_(config_file: str | None, as_json: bool, shop: str | None, limit: int) -> None:
    """List what shops have not heard, oldest first, and which shops want to hear nothing more."""
    with _outbox(loaded(config_file)) as waiting:
        found, stops = waiting.unheard(shop, limit), [stop for stop in waiting.stops() if shop in (None, stop.shop)]
    if as_json:
        told = [{**asdict(one), "happened_at": one.happened_at.isoformat()} for one in found]
        print_json({"unheard": told, "stopped": [{"shop": stop.shop, "at": stop.at.isoformat()} for stop in stops]})
        return
    for stop in stops:
        at = telling.moment(stop.at)
        click.echo(
            harmless(f"{stop.shop}: wants no more callbacks since {at} UTC (410); `parcelveil callbacks resume`")
        )
    if not found:
        click.echo("Shops have heard everything.")
        return
    rows = [
        (
            *(one.record_id, one.shop, one.way, one.kind, telling.moment(one.happened_at)),
            *(str(one.attempts), f"given up: {one.code}" if one.failed else one.code or "waits"),
        )
        for one in found
    ]
    print_table(_COLUMNS, rows, whole=("shipment",))


@callbacks.command("retry", short_help="Tell again what was given up.")
@config_option
@click.option("--shop", help="Only this shop.")
def retry(config_file: str | None, shop: str | None) -> None:
    """Tell shops again what was given up, from the first attempt on; not those that want no more callbacks."""
    settings = loaded(config_file)
    with _outbox(settings) as waiting:
        again = waiting.retry(shop, bootstrap.clock(settings)())
    click.echo(f"{again} will be told again; `parcelveil serve` does it with the role relay.")


@callbacks.command("resume", short_help="Tell a shop again that wanted no more.")
@config_option
@click.argument("shop")
def resume(config_file: str | None, shop: str) -> None:
    """Tell a shop again that answered 410, and so wanted to hear nothing more. Exit status 1 if it never did."""
    settings = loaded(config_file)
    with _outbox(settings) as waiting:
        if not waiting.resume(shop, bootstrap.clock(settings)()):
            click.echo(harmless(f"parcelveil: {shop}: nothing stopped its callbacks"), err=True)
            sys.exit(1)
    click.echo(harmless(f"{shop} is told again."))
