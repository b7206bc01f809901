"""What operators do beside running the service: ``migrate``, ``doctor``, ``keys``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date, timedelta
from email.utils import parsedate_to_datetime

import click

from middleware import bootstrap, config
from middleware.cli.common import config_option, json_option, loaded, print_json, print_table
from middleware.core.calendar import today
from middleware.core.schedule import required_kids
from middleware.errors import ConfigError, KeyRefusedError, ParcelveilError
from middleware.keys import load_service, provision
from middleware.model import Request
from middleware.provision import fetch
from middleware.storage import migrate as migrate_database
from middleware.storage import open_store

AHEAD = timedelta(days=45)
"""How long before a retention key is needed its absence is told."""

CLOCKS_APART = timedelta(minutes=5)

Finding = tuple[str, str, str]
"""(what was looked at, ``ok`` | ``warn`` | ``BAD``, what is the matter and what to do)."""


@click.command()
@config_option
def migrate(config_file: str | None) -> None:
    """Bring the database schema up to date."""
    settings = loaded(config_file)
    migrate_database(settings.server.database)
    click.echo("The database schema is up to date.")


@click.command()
@config_option
@json_option
def doctor(config_file: str | None, as_json: bool) -> None:
    """Check configuration, keys, database, clock and carriers: a line each; non-zero if the service must not start
    so.
    """
    findings = list(_findings(loaded(config_file)))
    if as_json:
        print_json([{"check": name, "verdict": verdict, "message": message} for name, verdict, message in findings])
    else:
        for name, verdict, message in findings:
            click.echo(f"{verdict:<4}  {name}{': ' if message else ''}{message}")
    sys.exit(1 if any(verdict == "BAD" for _, verdict, _ in findings) else 0)


def _findings(settings: config.Config) -> Iterator[Finding]:
    yield "configuration", "ok", f"{settings.path} is complete"
    yield from _service_keys(settings)
    yield from _database(settings)
    yield from _shops(settings)
    yield from _carriers(settings)


def _service_keys(settings: config.Config) -> Iterator[Finding]:
    try:
        load_service(settings.server.keys)
    except ConfigError as problem:
        yield "service keys", "BAD", str(problem)
    else:
        yield "service keys", "ok", "receipt, index and service keys are there, and nobody else may read them"


def _database(settings: config.Config) -> Iterator[Finding]:
    try:
        store = open_store(settings.server.database)
    except ParcelveilError as problem:
        yield "database", "BAD", str(problem)
        return
    try:
        yield from ((name, "ok" if well else "BAD", message) for name, well, message in store.check())
    except ParcelveilError as problem:
        yield "database", "BAD", str(problem)
    finally:
        store.close()


def _shops(settings: config.Config) -> Iterator[Finding]:
    try:
        shops, faults = bootstrap.bind(settings, load_service(settings.server.keys))
    except ConfigError as problem:
        yield "shops", "BAD", str(problem)
        return
    for name, fault in faults.items():
        yield f"shop {name}", "warn", f"quarantined, the other shops run: {fault}"
    day = today(bootstrap.clock(settings)())
    for name, shop in shops.items():
        known = set(shop.keys.known().keys)
        yield f"shop {name}", *_months(known, required_kids(shop.policy, day), required_kids(shop.policy, day + AHEAD))


def _months(known: set[str], now: frozenset[str], ahead: frozenset[str]) -> tuple[str, str]:
    if missing := sorted(now - known):
        problem = f"no retention key {missing[0]}: orders are answered 503"
        return "BAD", f"{problem}; run `parcelveil keys provision`, or ask the platform for it"
    if missing := sorted(ahead - known):
        problem = f"retention key {missing[0]} is needed within {AHEAD.days} days"
        return "warn", f"ready; but {problem}, and the platform does not publish it yet"
    return "ok", f"ready; retention keys are there for the next {AHEAD.days} days"


def _carriers(settings: config.Config) -> Iterator[Finding]:
    for name, transport in bootstrap.transports(settings).items():
        try:
            answer = transport.send(Request(method="GET", path="/.well-known/jwks.json", headers={}, body=None))
            fetch(bootstrap.platform_keys(settings)[name], transport, bootstrap.clock(settings)())
        except KeyRefusedError as refused:
            yield f"carrier {name}", "BAD", str(refused)
            continue
        except ParcelveilError as problem:
            yield f"carrier {name}", "warn", f"{problem.code}: what is stored waits until it answers"
            continue
        yield f"carrier {name}", "ok" if answer.status == 200 else "warn", f"answers {answer.status}"
        if settings.server.clock_file is None:
            yield "clock", *_clock(answer.headers.get("date"))


def _clock(told: str | None) -> tuple[str, str]:
    """The system's clock beside a parcel platform's (``Date``, RFC 9110 §6.6.1): retention is a matter of dates."""
    try:
        apart = abs(bootstrap.system_clock() - parsedate_to_datetime(told or ""))
    except (ValueError, TypeError):
        return "warn", "the parcel platform tells no time to compare with"
    if apart > CLOCKS_APART:
        return "warn", f"{round(apart.total_seconds())} s apart from the parcel platform's; check time synchronisation"
    return "ok", "agrees with the parcel platform's"


@click.group()
def keys() -> None:
    """Service keys and the parcel platforms' public retention keys."""


@keys.command("provision")
@config_option
def keys_provision(config_file: str | None) -> None:
    """Make the service's own keys where they are missing, and fetch the parcel platforms' public ones."""
    settings = loaded(config_file)
    made = provision(settings.server.keys)
    click.echo(f"Made {', '.join(made)}." if made else "The service's own keys are there already.")
    failed = False
    for name, problem in bootstrap.refresh_all(settings):
        failed |= problem is not None
        click.echo(
            f"{name}: {problem or 'retention keys and pick-up points fetched and pinned'}", err=problem is not None
        )
    sys.exit(1 if failed else 0)


@keys.command("list")
@config_option
@json_option
def keys_list(config_file: str | None, as_json: bool) -> None:
    """List the retention keys by platform, with the days until their month has passed."""
    settings = loaded(config_file)
    day = today(bootstrap.clock(settings)())
    rows = [
        {"carrier": carrier, "kid": kid, "thumbprint": key.thumbprint(), "days_left": (_closes(kid) - day).days}
        for carrier, platform in bootstrap.platform_keys(settings).items()
        for kid, key in sorted(platform.known().keys.items())
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(("carrier", "key", "thumbprint", "days left"), [tuple(row.values()) for row in rows])


def _closes(kid: str) -> date:
    """The first day after the month that a key id names."""
    year, month = (int(part) for part in kid.rsplit("/", 1)[1].split("-"))
    return date(year + month // 12, month % 12 + 1, 1)
