"""``keys destroy``: what was sealed to a key of ours can no longer be read, wherever it lies. In two steps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing

import click

from middleware import bootstrap, bootstrap_months, bootstrap_retention, months, transit
from middleware.cli.common import config_option, loaded
from middleware.config import Config
from middleware.core.weeks import is_week, week_of
from middleware.errors import DestructionRefusedError

_Done = tuple[str, bool]
"""A key's id, and whether it was gone before; what a stop left of it is carried out all the same."""

_ACTOR = re.compile(r"[\w .@-]{2,60}")


def named(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    """The name of a person, as it may stand in the audit log. Raises: click.BadParameter."""
    if not _ACTOR.fullmatch(value):
        raise click.BadParameter("a name of 2 to 60 letters, digits, spaces and .@-")
    return value


@click.command("destroy", short_help="Destroy our own keys of a month or week that is over.")
@config_option
@click.argument("named_key", metavar="MONTH|WEEK|KEY")
@click.option("--by", "actor", required=True, callback=named, help="Who asks for it: it stands in the audit log.")
@click.option("--carry-out", is_flag=True, help="The second step: destroy what was announced.")
def destroy(config_file: str | None, named_key: str, actor: str, carry_out: bool) -> None:
    """Destroy our own keys of MONTH (2027-12) or WEEK (2026-W48), or one KEY as `keys list` shows it.

    Everything that is sealed to them can no longer be read, in this database and in every backup. The first step
    announces it, the second (--carry-out) does it; both stand in the audit log with the name that --by gives. One
    person may do both. Refused while something that is permitted to live is sealed to a key; of a week, while records
    of it wait and its 14 days are not over. The relay destroys a week's keys by itself.
    """
    settings = loaded(config_file)
    with closing(bootstrap_retention.retention(settings)) as known:
        if known.upkeep().stopped:
            raise DestructionRefusedError("a clock has jumped: nobody knows what is over; see `parcelveil purge`")
    work = _week if is_week(named_key) or week_of(named_key) else _month
    announced = False
    for kid, gone in work(settings, named_key, actor, carry_out=carry_out):
        announced |= not (gone or carry_out)
        click.echo(f"{kid}: {'already gone' if gone else 'destroyed' if carry_out else 'announced'}")
    if announced:
        click.echo("Nothing is destroyed yet. The second step: the same command with --carry-out.")


def _month(settings: Config, named_key: str, actor: str, *, carry_out: bool) -> Iterator[_Done]:
    ring, now = bootstrap_months.ring(settings), bootstrap.clock(settings)()
    with closing(bootstrap_months.copies(settings)) as kept:
        for kid in months.destructible(ring, named_key, now):
            gone = kid in ring.gone()
            if carry_out:
                months.carry_out(kept, ring, kid, actor, now)
            elif not gone:
                months.announce(kept, kid, actor, now)
            yield kid, gone


def _week(settings: Config, named_key: str, actor: str, *, carry_out: bool) -> Iterator[_Done]:
    ring, now = bootstrap_months.ring(settings), bootstrap.clock(settings)()
    with closing(bootstrap_retention.retention(settings)) as known:
        for kid in transit.destructible(ring, named_key, now):
            gone = kid in ring.gone()
            if carry_out:
                transit.carry_out(known, ring, kid, actor, now)
            elif not gone:
                transit.announce(known, kid, actor, now)
            yield kid, gone
