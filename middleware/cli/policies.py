"""``policy``: the packs, in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from middleware import bootstrap
from middleware.cli.common import json_option, print_json, print_table
from middleware.cli.policy_ask import ask, named_pack
from middleware.cli.policy_coverage import coverage
from middleware.cli.policy_tables import CLAUSES, IDS, filled, reading, tables, told
from middleware.core.calendar import today
from middleware.errors import ConfigError
from schemas.policy import Policy
from schemas.policy_layers import together
from schemas.policy_lint import Finding
from schemas.policy_lint import lint as lint_pack
from schemas.policy_loader import load, names, skeleton


@click.group(short_help="What is permitted, why, and for how long.")
def policy() -> None:
    """The policy packs: what is permitted, why, and for how long."""


policy.add_command(ask)
policy.add_command(coverage)


@policy.command("list", short_help="List the packs.")
@json_option
def list_(as_json: bool) -> None:
    """List the packs that come with Parcelveil."""
    packs = [load(name) for name in names()]
    if as_json:
        print_json(
            [{"pack": pack.id, "version": pack.version, "title": pack.title, "sha256": pack.sha256} for pack in packs]
        )
    else:
        print_table(("pack", "version", "title"), [(pack.id, pack.version, pack.title) for pack in packs])


@policy.command("show", short_help="Tell what a pack permits, row by row with its clause.")
@json_option
@click.option("--general", metavar="FILE", help="A pack of the general policy, to be read together with this one.")
@click.argument("pack")
def show(as_json: bool, general: str | None, pack: str) -> None:
    """Tell what a pack (a name or a file) permits, for what, for whom and how long, each with its clause.

    A clause is the place in the policy's text: document, section, lines. With --general, tell rule by rule which of the
    two policies answers.
    """
    found = named_pack(pack)
    if general is not None:
        _both(found, named_pack(general), as_json)
        return
    if as_json:
        print_json(found)
        return
    click.secho(f"{found.title}  ({found.id} {found.version})", bold=True)
    revised = f"was revised on {found.revised_on}" if found.revised_on else "bears no date of its revision"
    click.echo(f"Controller: {found.controller.name}. The text {revised}, and was retrieved on {found.retrieved_on}.")
    click.echo(f"SHA-256 of the pack: {found.sha256}\n\n{CLAUSES}\n")
    for title, columns, rows in map(filled, filter(lambda table: table[2], tables(found))):
        click.secho(title, bold=True)
        print_table(columns, rows, whole=IDS)
        click.echo()
    click.secho("Interpretations: where the text leaves a choice", bold=True)
    for point in found.interpretations.values():
        click.echo("\n".join(reading(point)))


@policy.command("lint", short_help="Tell what a pack lacks.")
@json_option
@click.argument("pack")
def lint(as_json: bool, pack: str) -> None:
    """Tell what a pack (a name or a file) lacks; non-zero if it holds an error."""
    beside = tuple(load(name) for name in names() if name != pack)
    found = named_pack(pack)
    findings = lint_pack(found, today=today(bootstrap.system_clock()), beside=beside)
    if as_json:
        print_json(list(findings))
    elif findings:
        print_table(
            ("level", "where", "what", "requirements"),
            [(finding.level, finding.where, finding.message, ", ".join(finding.ids)) for finding in findings],
        )
        for line in _expected(found, findings):
            click.echo(f"\n{line}")
    else:
        click.echo("Nothing is lacking.")
    sys.exit(1 if any(finding.level == "error" for finding in findings) else 0)


@policy.command("new", short_help="Start a pack of your own.")
@click.option("--output", metavar="FILE", help="Where to write it. Default: NAME.toml.")
@click.argument("name")
def new(output: str | None, name: str) -> None:
    """Start a pack of your own: a file with comments, in which `policy lint` tells what is still to be said. It
    can be shown, linted, asked and registered; no shop can use it yet.
    """
    text = skeleton(name, today(bootstrap.system_clock()))
    file = Path(output or f"{name}.toml")
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        exists = True
    else:
        exists = False
    if exists:
        raise ConfigError(f"{file}: exists already; name another file with --output")
    click.echo(f"{file} is written. Next: parcelveil policy lint {file}")


def _expected(found: Policy, findings: Sequence[Finding]) -> Iterator[str]:
    """Errors that the pack itself declares as an open point: the text contradicts itself, and nobody has to mend them
    here.
    """
    for finding in findings:
        for point in found.interpretations.values() if finding.level == "error" else ():
            if {*finding.ids} & {id_ for id_ in point.clause.ids if id_.startswith("AMB-")}:
                yield (
                    f"Expected: {finding.where} is a contradiction of the text itself, which the pack declares as an "
                    f"open point: {point.name}: {point.choices[point.chosen].title} ({point.clause.ref})."
                )


def _both(specific: Policy, general: Policy, as_json: bool) -> None:
    resolved = together(specific, general)
    if as_json:
        print_json(list(resolved))
        return
    print_table(
        ("rule", "says", "said by", "clause"),
        [(row.key, told(row.value), row.layer, row.clause.ref if row.clause else "") for row in resolved],
        whole=("rule",),
    )
