"""What operators do beside running the service: ``migrate``, ``keys``."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date, timedelta

import click

from middleware import bootstrap, bootstrap_months, bootstrap_retention
from middleware.cli import points, words
from middleware.cli.common import config_option, json_option, loaded, print_json, print_table
from middleware.cli.destroying import destroy
from middleware.cli.rotating import rotate
from middleware.config import Config
from middleware.core.calendar import today
from middleware.core.weeks import last_day, week_of
from middleware.errors import DeliveryError
from middleware.key_turns import formers
from middleware.keys import check, provision
from middleware.storage import migrate as migrate_database

OURS = "(our own)"
"""In the place of a parcel platform's name, which has no brackets."""

_FORMER: Mapping[str, str] = {
    "verifies": "verifies the receipts that it signed, until `parcelveil keys rotate signing --finish` finds none",
    "opens": "opens what is not locked anew yet, until `parcelveil keys rotate service --finish`",
    "finds": "finds orders whose digests are not of the next key yet, until `parcelveil keys rotate index --finish`",
}


@click.command(short_help="Bring the database schema up to date.")
@config_option
def migrate(config_file: str | None) -> None:
    """Bring the database schema up to date, or make it. Run again, it changes nothing.

    No other command makes a database. Where the service's own keys are there, the database knows them from then on.
    """
    settings = loaded(config_file)
    migrate_database(settings.server.database)
    if (settings.server.keys / "service").exists():
        bootstrap.settle_keys(settings)
    click.echo("The database schema is up to date.")


@click.group(short_help="Make and list keys.")
def keys() -> None:
    """The service's own keys, and the parcel platforms' public retention keys."""


keys.add_command(destroy)
keys.add_command(rotate)


@keys.command("provision", short_help="Make what is missing, fetch what is public.")
@config_option
def keys_provision(config_file: str | None) -> None:
    """Make the service's own keys where they are missing, and fetch the parcel platforms' public ones and their pick-up
    points.

    Nothing that exists is replaced: a platform's key that changed under its name is refused, and so are other keys of
    the service's own than those that the database was made with. Exit status 1 if a platform's keys could not be
    fetched, or were refused; those known before stay in use.
    """
    settings = loaded(config_file)
    made = _provision(settings)
    click.echo(f"Made {', '.join(made)}." if made else "The service's own keys are there already.")
    for named, kids in _by_kind(bootstrap_months.provision(settings)):
        click.echo(f"Made {len(kids)} {named} keys of our own, up to {max(kid.rpartition('/')[2] for kid in kids)}.")
    failed = False
    for name, problem in bootstrap.refresh_all(settings):
        if problem is None:
            click.echo(f"{name}: retention keys and pick-up points fetched and pinned")
        else:
            failed = True
            why = words.trouble(name, problem) if isinstance(problem, DeliveryError) else str(problem)
            click.echo(f"{name}: {why}; what was known before stays in use", err=True)
    sys.exit(0 if points.provision(settings) and not failed else 1)


def _by_kind(kids: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    weekly = [kid for kid in kids if week_of(kid)]
    monthly = [kid for kid in kids if not week_of(kid)]
    yield from ((name, found) for name, found in (("retention", monthly), ("transit", weekly)) if found)


def _provision(settings: Config) -> list[str]:
    """The names of the files made. Raises: ConfigError where the database knows other keys."""
    server, known = settings.server, bootstrap.known_keys(settings)
    if known is None:
        click.echo("The database could not be asked which keys it was made with; `serve` asks it again.", err=True)
    made = provision(server.keys, server.keys_group, known or {})
    check(bootstrap.service_keys(settings), server.keys, known or {})
    return made


@keys.command("list", short_help="List the parcel platforms' public retention keys.")
@config_option
@json_option
def keys_list(config_file: str | None, as_json: bool) -> None:
    """List the retention keys by platform, with the days until their month has passed: then a key is destroyed, by the
    platform itself, or ours with `keys destroy`. Of a transit key: the days until it is destroyed at the latest, and
    how many records wait that are sealed to its week's. Of the service's own keys those that were rotated out and are
    still needed.
    """
    settings = loaded(config_file)
    day = today(bootstrap.clock(settings)())
    known = [
        (carrier, kid, key.thumbprint())
        for carrier, platform in bootstrap.platform_keys(settings).items()
        for kid, key in sorted(platform.known().keys.items())
    ]
    known += [(OURS, *told) for told in sorted(bootstrap_months.ring(settings).thumbprints().items())]
    waiting = _waiting(settings, [kid for _, kid, _ in known])
    rows = [
        {"carrier": carrier, "kid": kid, "thumbprint": thumbprint, "days_left": (_closes(kid) - day).days}
        | ({"waiting": waiting[kid]} if kid in waiting else {})
        for carrier, kid, thumbprint in known
    ]
    former = _former(settings)
    if as_json:
        print_json(rows + [{"carrier": OURS, "kid": kid, "former": does} for kid, does in former.items()])
        return
    if rows:
        columns = ("carrier", "key", "thumbprint", "days left", *(("records that wait",) if waiting else ()))
        cells = [(*row.values(), *([""] if waiting and "waiting" not in row else [])) for row in rows]
        print_table(columns, cells, whole=("key", "thumbprint"))
    else:
        click.echo("No key is known yet; `parcelveil keys provision` fetches them.")
    if former:
        click.echo()
        print_table(("former key", "why it is there"), [(kid, _FORMER[does]) for kid, does in former.items()])


def _former(settings: Config) -> Mapping[str, str]:
    """The service's own keys before that are still needed, as far as this user may look."""
    server = settings.server
    mine = os.access(server.keys / "service", os.R_OK | os.X_OK)
    return formers(server.keys, server.keys_group) if mine else {}


def _waiting(settings: Config, kids: Sequence[str]) -> Mapping[str, int]:
    """By transit key, how many records hold parts that are sealed to its week's."""
    weekly = {kid: week for kid in kids if (week := week_of(kid))}
    if not weekly:
        return {}
    with closing(bootstrap_retention.retention(settings)) as known:
        counts = known.weeks()
    return {kid: counts.get(week, 0) for kid, week in weekly.items()}


def _closes(kid: str) -> date:
    """The first day after the month that a key id names; of a transit key, that on which it is gone at the latest."""
    if week := week_of(kid):
        return last_day(week) + timedelta(days=1)
    year, month = (int(part) for part in kid.rsplit("/", 1)[1].split("-"))
    return date(year + month // 12, month % 12 + 1, 1)
