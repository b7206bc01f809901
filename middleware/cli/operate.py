"""What operators do beside running the service: ``migrate``, ``keys``."""

from __future__ import annotations

import sys
from datetime import date

import click

from middleware import bootstrap, bootstrap_months
from middleware.cli import words
from middleware.cli.common import config_option, json_option, loaded, print_json, print_table
from middleware.cli.destroying import destroy
from middleware.config import Config
from middleware.core.calendar import today
from middleware.errors import DeliveryError
from middleware.keys import check, provision
from middleware.storage import migrate as migrate_database

OURS = "(our own)"
"""In the place of a parcel platform's name, which has no brackets."""


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


@keys.command("provision", short_help="Make what is missing, fetch what is public.")
@config_option
def keys_provision(config_file: str | None) -> None:
    """Make the service's own keys where they are missing, and fetch the parcel platforms' public ones.

    Nothing that exists is replaced: a platform's key that changed under its name is refused, and so are other keys of
    the service's own than those that the database was made with. Exit status 1 if a platform's keys could not be
    fetched, or were refused; those known before stay in use.
    """
    settings = loaded(config_file)
    made = _provision(settings)
    click.echo(f"Made {', '.join(made)}." if made else "The service's own keys are there already.")
    months = bootstrap_months.provision(settings)
    if months:
        click.echo(f"Made {len(months)} retention keys of our own, up to {max(_closes(kid) for kid in months):%Y-%m}.")
    failed = False
    for name, problem in bootstrap.refresh_all(settings):
        if problem is None:
            click.echo(f"{name}: retention keys and pick-up points fetched and pinned")
        else:
            failed = True
            why = words.trouble(name, problem) if isinstance(problem, DeliveryError) else str(problem)
            click.echo(f"{name}: {why}; what was known before stays in use", err=True)
    sys.exit(1 if failed else 0)


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
    platform itself, or ours with `keys destroy`.
    """
    settings = loaded(config_file)
    day = today(bootstrap.clock(settings)())
    rows = [
        {"carrier": carrier, "kid": kid, "thumbprint": key.thumbprint(), "days_left": (_closes(kid) - day).days}
        for carrier, platform in bootstrap.platform_keys(settings).items()
        for kid, key in sorted(platform.known().keys.items())
    ]
    rows += [
        {"carrier": OURS, "kid": kid, "thumbprint": thumbprint, "days_left": (_closes(kid) - day).days}
        for kid, thumbprint in sorted(bootstrap_months.ring(settings).thumbprints().items())
    ]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("carrier", "key", "thumbprint", "days left")
        print_table(columns, [tuple(row.values()) for row in rows], whole=("key", "thumbprint"))
    else:
        click.echo("No key is known yet; `parcelveil keys provision` fetches them.")


def _closes(kid: str) -> date:
    """The first day after the month that a key id names."""
    year, month = (int(part) for part in kid.rsplit("/", 1)[1].split("-"))
    return date(year + month // 12, month % 12 + 1, 1)
