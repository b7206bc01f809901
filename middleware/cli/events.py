"""``events``: what starts a clock of retention, or moves what is permitted, told by a person."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import click

from middleware import bootstrap, bootstrap_retention
from middleware.cli.common import config_option, counted, json_option, loaded, print_json, print_table
from middleware.cli.destroying import named
from middleware.declaring import Desk
from middleware.errors import ConfigError, SchemaError
from middleware.events import Ledger, Teller, record
from middleware.model_events import RAISING, EventType, Recorded
from schemas.events import CUSTOMER, LEVEL, ORDER, PART, PURPOSE, RECORD, WAY

MOST = 100
TOLD = tuple(kind.value for kind in EventType if kind not in RAISING)
"""What may be told here: what raises is the data subject's own, who has no command line."""


@click.group(short_help="Tell what starts a clock of retention.")
def events() -> None:
    """Tell what starts a clock of retention, or lowers what is permitted; and see what was told."""


@events.command("record", short_help="Tell an event.")
@config_option
@json_option
@click.option("--shop", required=True, help="The shop that it concerns.")
@click.option("--record", "record_id", help="Our id of the record that it concerns.")
@click.option("--order", help="The id of the order that it concerns, as the shop has it.")
@click.option("--customer", help="The id of the customer that it concerns, as the shop has it.")
@click.option("--level", help="The level of the policy that is lowered, such as Aanvullend.")
@click.option("--purpose", help="The purpose of the policy to which somebody objects, such as generic_advertising.")
@click.option("--way", help="By which way an objection came: dashboard, web_form or post.")
@click.option("--part", help="The part that is to end at the customer's request, such as mystamp.photo.")
@click.option("--day", metavar="YYYY-MM-DD", help="On which day it happened. [default: today]")
@click.option("--by", "person", required=True, callback=named, help="Who tells it.")
@click.argument("kind", metavar="TYPE", type=click.Choice(TOLD))
def record_(config_file: str | None, as_json: bool, shop: str, person: str, kind: str, **told: str | None) -> None:
    """Tell an event: label-created, delivered, last-use, end-of-use, agreement-dissolved, last-order, objection,
    withdrawal, declaration or erasure-request. What it changes is changed at once, here and at the parcel platform.
    """
    settings = loaded(config_file)
    services = bootstrap.services(settings)
    found = services.shops.get(shop)
    if found is None:
        raise ConfigError(f"there is no shop {shop} at work; `parcelveil shops list` names them")
    names = {RECORD: "record_id"} | {name: name for name in (ORDER, CUSTOMER, LEVEL, PURPOSE, WAY, PART, "day")}
    document = {"type": kind} | {name: told[key] for name, key in names.items() if told[key] is not None}
    with closing(bootstrap_retention.retention(settings)) as known:
        desk = Desk(blocked=services.calls.blocked, keys=services.keys)
        ledger = Ledger(events=known, clock=services.clock, releases=desk.releases)
        try:
            came = record(document, found, Teller(by=person), ledger)
        except SchemaError as refusal:
            told_faults = [f"--{fault.pointer.removeprefix('/')}: {fault.code}" for fault in refusal.faults]
        else:
            return _tell(came, as_json)
    raise click.UsageError("; ".join(told_faults))


@events.command("list", short_help="List events, the newest first.")
@config_option
@json_option
@click.option("--shop", help="Only this shop.")
def list_(config_file: str | None, as_json: bool, shop: str | None) -> None:
    """List the newest events: what was told, by whom, and what it changed."""
    settings = loaded(config_file)
    with closing(bootstrap_retention.retention(settings)) as known:
        came = known.events(shop, MOST)
    if as_json:
        print_json([_as_json(one) for one in came])
    elif came:
        columns = ("event", "shop", "type", "day", "told", "by", "of", "records", "parts moved")
        print_table(columns, [_cells(one) for one in came], whole=columns[:5])
    else:
        click.echo("No event is known.")


def _tell(came: Recorded, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(came))
        return
    dates = f"{counted(came.parts, 'part')} {'has' if came.parts == 1 else 'have'} new dates"
    moved = f"{counted(came.found, 'record')} concerned, {dates}"
    early = f", {came.early} came in after that day and stay as they are" if came.early else ""
    odd = f", {len(came.unreadable)} cannot be read and stay as they are" if came.unreadable else ""
    click.echo(f"{came.id}: {moved}{early}{odd}.")
    if came.ways:
        click.echo(f"It counts. The policy names another way for it: {', '.join(came.ways)}.")


def _cells(one: Recorded) -> tuple[object, ...]:
    of = one.about or one.selected or "the shop"
    return one.id, one.shop, one.type.value, one.day, f"{one.at:%Y-%m-%d %H:%M}", one.by, of, one.found, one.parts


def _as_json(one: Recorded) -> Mapping[str, Any]:
    return {
        "id": one.id,
        "shop": one.shop,
        "type": one.type.value,
        "day": one.day,
        "told": one.at.isoformat(timespec="seconds"),
        "by": one.by,
        "selected": one.selected,
        "about": one.about,
        "found": one.found,
        "parts": one.parts,
        "early": one.early,
        "records": list(one.records),
        "ways": list(one.ways),
        "until": one.until,
    }
