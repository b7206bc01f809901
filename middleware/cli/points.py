"""What is said of pick-up points that are fetched: by ``doctor``, and where they were fetched now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import click

from middleware import bootstrap, bootstrap_points, config
from middleware.cli import telling, words
from middleware.cli.findings import Finding, bad, ok, warn
from middleware.errors import ConfigError, DeliveryError, ParcelveilError

OLD = timedelta(days=3)
"""After how long without being fetched anew points are told to be old: they are fetched once a day."""

_REFUSED = frozenset(("locator-401", "locator-403", "http-401", "http-403"))
_FETCH = "run `parcelveil keys provision`, which tells why; `parcelveil serve` fetches them once a day"


def provision(settings: config.Config) -> bool:
    """Fetch the points of every carrier that has a service for them, and say so; whether all of that went well."""
    well = True
    for name, count, problem in bootstrap_points.gather_all(settings):
        if problem is not None:
            well = False
            click.echo(f"{name}: {_trouble(name, problem)}; what was known before stays in use", err=True)
        elif count is None:
            click.echo(f"{name}: another process is fetching the pick-up points")
        else:
            click.echo(f"{name}: {count} pick-up points are known")
    return well


def _trouble(name: str, problem: ParcelveilError) -> str:
    if problem.code in _REFUSED:
        return f"it does not take partner and key ({problem.code}); check carriers.{name}.locator"
    if not isinstance(problem, DeliveryError):
        return str(problem)
    return words.trouble(name if problem.code == "egress-blocked" else f"{name}.locator", problem)


def findings(settings: config.Config) -> Iterator[Finding]:
    """How old the points are that are fetched."""
    now = bootstrap.clock(settings)()
    for name, carrier in settings.carriers.items():
        if carrier.locator is None:
            continue
        check = f"pick-up points of {name}"
        try:
            known = bootstrap.places(settings)[name].known()
        except ConfigError as problem:
            yield bad(check, str(problem), "remove the file, or give it back to the user of the web processes")
            continue
        if known.fetched_at is None:
            yield warn(check, "none are known yet: orders to one are answered 503", _FETCH)
            continue
        told = f"{len(known.points)}, fetched at {telling.moment(known.fetched_at)} UTC"
        yield warn(check, f"old: {told}", _FETCH) if now - known.fetched_at > OLD else ok(check, told)
        yield from left_out(name, known.unfit)


def left_out(carrier: str, unfit: int) -> Iterator[Finding]:
    """That points are not known here which the carrier told, for no order can name them."""
    if unfit:
        what = f"{unfit} that it told are left out: an id, a postal code or an address of another form"
        yield warn(
            f"points left out of {carrier}", what, "ask the parcel platform which, and whether orders may name them"
        )
