"""``purge``: what retention demands now, by hand; the relay does the same every few minutes."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing

import click

from middleware import bootstrap_retention
from middleware.cli.common import config_option, harmless, json_option, loaded, print_json, print_table
from middleware.model_purge import Kind

WHAT: Mapping[Kind, str] = {
    Kind.PARTS: "parts of records, with what was left of them here",
    Kind.TRANSIT: "sealed parts whose weekly key may exist no longer",
    Kind.UNSTARTED: "sealed parts of what nothing sends, whose clock never started",
    Kind.CLEAR: "country, postal code and parcel of a record",
    Kind.INDEX: "keyed digests that lead to a record",
    Kind.ORDERS: "versions of orders",
    Kind.INBOX: "webhooks, to know them again",
    Kind.CALLS: "a plug-in's calls, to know them again",
    Kind.REJECTIONS: "rejected orders",
    Kind.LISTENERS: "what shops were still to be told, with the ids of orders",
    Kind.RECORDS: "records, with tags, receipt and barcode",
    Kind.REMOVALS: "removal reports",
    Kind.NOTICES: "what parcel platforms were told and have done",
    Kind.HOLDS: "legal holds of records that are gone",
    Kind.TERMS: "classes of a sender's data that serve legal claims alone from now on",
    Kind.STANDINGS: "what was known of senders of whom nothing is left",
    Kind.EVENTS: "events that moved nothing that is still there",
}
"""What ends, in words."""

AT_IT = "A relay is at it now."


@click.command(short_help="Carry out what retention demands now.")
@config_option
@json_option
@click.option("--dry-run", is_flag=True, help="Count what has ended (10,000 of a kind at most), and take nothing.")
@click.option("--accept-clock", is_flag=True, help="The clock is right, although it seems to have jumped.")
def purge(config_file: str | None, as_json: bool, dry_run: bool, accept_clock: bool) -> None:
    """Carry out what retention demands now, as the relay does by itself every five minutes.

    Exit status 1 if the clock has jumped, a relay is at it now, or parts cannot be read.
    """
    if dry_run and accept_clock:
        raise click.UsageError("--dry-run changes nothing: leave one of the two out")
    settings = loaded(config_file)
    with closing(bootstrap_retention.retention(settings)) as known:
        made = bootstrap_retention.purge(settings, known)
        if accept_clock:
            made.accept()
        counts = made.ended() if dry_run else made.run()
    if counts is None:
        click.echo(AT_IT, err=True)
        sys.exit(1)
    counts = {kind: count for kind, count in counts.items() if count}
    if as_json:
        print_json(counts)
    elif counts:
        rows = [(kind, count, WHAT[kind]) for kind, count in counts.items()]
        print_table(("ended" if dry_run else "taken", "rows", ""), rows, whole=("ended", "taken", "rows"))
    else:
        click.echo("Nothing has ended.")
    if made.unreadable:
        ids = ", ".join(sorted({str(record_id) for record_id, _ in made.unreadable}))
        click.echo(harmless(f"{len(made.unreadable)} parts cannot be read and are left for a person: {ids}"), err=True)
        sys.exit(1)
