"""``hold``: what is kept beyond its end for legal claims, visibly: with a ground and a person."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import datetime

import click

from middleware import bootstrap, bootstrap_retention, tracking
from middleware.cli.common import config_option, counted, json_option, loaded, print_json
from middleware.cli.destroying import named
from middleware.cli.retained import holds_as_json, print_holds
from middleware.core.calendar import today
from middleware.core.weeks import last_day
from middleware.model_purge import Held

LONGEST_GROUND = 200
DAY = click.DateTime(["%Y-%m-%d"])
NOBODY = "Nothing is known of that here, or all of it has ended: what has ended cannot be held."

PASSING = (
    "{part} of {record} cannot be held: it is sealed to a weekly key, and leaves when it is sent, or with the key on "
    'the day after {day}. With keep_delivered = "policy" a copy stays and is held, of what is taken in from then on.'
)


def _ground(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    if not value.strip() or len(value) > LONGEST_GROUND or not value.isprintable():
        raise click.BadParameter(f"a line of at most {LONGEST_GROUND} characters")
    return value.strip()


@click.group(short_help="Keep what is needed for a legal claim beyond its end.")
def hold() -> None:
    """Keep what is needed for a legal claim beyond its end, and tell the parcel platform so."""


@hold.command("add", short_help="Hold the parts of an order.")
@config_option
@json_option
@click.option("--shop", help="Only this shop.")
@click.option("--part", "parts", multiple=True, help="Only this part, such as sender.contact. [default: all]")
@click.option("--ground", required=True, callback=_ground, help="Why: a case number; no name of the persons concerned.")
@click.option("--by", "person", required=True, callback=named, help="Who asks for it.")
@click.option("--from", "starts", type=DAY, help="First day. [default: today]")
@click.option("--until", type=DAY, required=True, help="Last day.")
@click.argument("question", metavar="ORDER|BARCODE|CODE|ID")
def add(
    config_file: str | None,
    as_json: bool,
    shop: str | None,
    parts: tuple[str, ...],
    ground: str,
    person: str,
    starts: datetime | None,
    until: datetime,
    question: str,
) -> None:
    """Hold what is here of an order, and what the parcel platform has of it: the records that the order has now, and
    their parts that have not ended. A hold is no permission to use what it keeps: nothing is sent that has expired. Of
    what is sealed to a weekly key it keeps the copy alone, where there is one, and says so.
    """
    settings = loaded(config_file)
    now = bootstrap.clock(settings)()
    first, last = starts.date() if starts else today(now), until.date()
    if last < max(first, today(now)):
        raise click.UsageError("--until lies before the first day, or before today")
    with closing(bootstrap.store(settings)) as store:
        stories = tracking.find(question, bootstrap.desk(settings, store, shop))
    ids = {record.id for story in stories for record, _ in story.parcels}
    if len(stories) > 1:
        raise click.UsageError(
            f"{len(stories)} orders may be meant: give one record's id (`parcelveil shipments find`)"
        )
    with closing(bootstrap_retention.retention(settings)) as known:
        held = known.hold(Held(ground=ground, person=person, starts=first, until=last), ids, parts, now)
        passing = known.passing(held[0].id) if held else {}
    if not held:
        click.echo(NOBODY, err=True)
        sys.exit(1)
    if as_json:
        print_json(holds_as_json(held))
    else:
        print_holds(held, "id", "record_id", "part")
    for (record_id, part), week in passing.items():
        click.echo(PASSING.format(part=part, record=record_id, day=last_day(week)), err=True)


@hold.command("list", short_help="List holds, the newest first.")
@config_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Also those that are over or were ended.")
def list_(config_file: str | None, as_json: bool, everything: bool) -> None:
    """List holds, the newest first."""
    settings = loaded(config_file)
    day = today(bootstrap.clock(settings)())
    with closing(bootstrap_retention.retention(settings)) as known:
        held = [each for each in known.holds(None) if everything or (each.ended_at is None and each.until >= day)]
    if as_json:
        print_json(holds_as_json(held))
    elif held:
        print_holds(held, "id", "record_id", "part")
    else:
        click.echo("Nothing is held.")


@hold.command("end", short_help="End a hold.")
@config_option
@click.option("--by", "person", required=True, callback=named, help="Who ends it.")
@click.argument("hold_id", metavar="HOLD")
def end(config_file: str | None, person: str, hold_id: str) -> None:
    """End a hold before its last day. What has outlived its own end goes with the next purge."""
    settings = loaded(config_file)
    with closing(bootstrap_retention.retention(settings)) as known:
        held = known.release(hold_id, person, bootstrap.clock(settings)())
    if not held:
        click.echo("There is no such hold, or it has been ended; `parcelveil hold list` tells them.", err=True)
        sys.exit(1)
    whose = "ends by its" if len(held) == 1 else "end by their"
    click.echo(f"Ended: {counted(len(held), 'part')} {whose} own retention again.")
