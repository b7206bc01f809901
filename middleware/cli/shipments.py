"""``shipments``: what a support desk asks. Where is order #1001, what happens next, what can a person do?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from textwrap import fill

import click

from middleware import bootstrap, tracking
from middleware.cli import telling
from middleware.cli.common import PROSE, config_option, harmless, json_option, loaded, print_json
from middleware.tracking import Story

MOST = 20
"""Orders that are told in full: of many shops, many have a #1001."""

NOTHING = """\
Nothing is known of that here. Check
  - the spelling: an order name such as "#1001" (in quotation marks, for the shell), an order id, a barcode,
    the code on the label, or our id;
  - that the order can be shipped: of one with nothing to ship (not paid yet, digital, picked up in store) no name
    is kept. Ask with its order id, the number at the end of its page's address in the shop;
  - that the shop's orders come in at all: `parcelveil deliveries list`, and `parcelveil doctor` for the shop;
  - how long ago it was: an order can be found by its name or id for 13 months, a rejected one for 30 days."""

_LABELS = {"where": "where", "next": "next", "can": "to do", "kept": "kept"}


@click.group(short_help="Find a parcel.")
def shipments() -> None:
    """Find a parcel, by what is known of it."""


@shipments.command("find", short_help="Where is it, what happens next, what can be done?")
@config_option
@json_option
@click.option("--shop", help="Only this shop.")
@click.argument("question", metavar="ORDER|BARCODE|CODE|ID")
def find(config_file: str | None, as_json: bool, shop: str | None, question: str) -> None:
    """Tell where a parcel is, what happens next and when, and what a person can do.

    By order name ("#1001" or 1001), order id, barcode, the short code on the label, or our id. Exit status 1 if
    nothing is found.
    """
    settings = loaded(config_file)
    with closing(bootstrap.store(settings)) as store:
        stories = tracking.find(question, bootstrap.desk(settings, store, shop))
        here = telling.Here.of(settings, store)
    if not stories:
        click.echo(NOTHING, err=True)
        sys.exit(1)
    if as_json:
        print_json([telling.as_json(story, here) for story in stories])
    else:
        for story in stories[:MOST]:
            _print(story, here)
        if len(stories) > MOST:
            click.echo(f"{len(stories) - MOST} more orders are meant by that: name the shop with --shop.")


def _print(story: Story, here: telling.Here) -> None:
    for record, step in story.parcels:
        head = f"{record.shop}  code {record.reference}  {record.state}" if record.readable else "unreadable"
        known = [f"since {telling.moment(record.since)} UTC"] * record.readable + [f"id {record.id}"]
        barcode = [f"barcode {record.barcode}"] if record.barcode else []
        _print_one(head, [*barcode, *known], telling.parcel(record, step, here))
    for told in story.refusals:
        head = f"{story.shop}  rejected"
        _print_one(head, [f"received {telling.moment(told.entry.received_at)} UTC"], telling.refusal(told))
    if not story.parcels and not story.refusals:
        _print_one(f"{story.shop}  nothing to ship", [], telling.nothing_to_ship(story))


def _print_one(head: str, known: list[str], told: Mapping[str, str]) -> None:
    click.secho(harmless(head), bold=True)
    if known:
        click.echo(harmless(", ".join(known)))
    for name, sentence in told.items():
        label = f"{_LABELS[name]:<7}"
        said = fill(
            harmless(sentence),
            PROSE,
            initial_indent=label,
            subsequent_indent=" " * 7,
            break_long_words=False,
            break_on_hyphens=False,  # an id may be copied
        )
        click.echo(said)
    click.echo()
