"""``policy``: the packs, in plain words."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from middleware import bootstrap
from middleware.cli.common import json_option, print_json, print_table
from middleware.core.calendar import today
from schemas.policy import CategoryRule, Policy, RetentionRule
from schemas.policy_lint import lint as lint_pack
from schemas.policy_loader import load, load_file, names


@click.group()
def policy() -> None:
    """The policy packs: what is permitted, why, and for how long."""


@policy.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the packs."""
    packs = [load(name) for name in names()]
    rows = [{"pack": pack.id, "version": pack.version, "title": pack.title, "sha256": pack.sha256} for pack in packs]
    if as_json:
        print_json(rows)
    else:
        print_table(("pack", "version", "title", "sha256"), [tuple(row.values()) for row in rows])


@policy.command("show")
@json_option
@click.argument("pack")
def show(as_json: bool, pack: str) -> None:
    """Tell what a pack permits, for what, for whom and how long, each with its clause."""
    found = _pack(pack)
    if as_json:
        print_json(found)
        return
    click.secho(f"{found.title}  ({found.id} {found.version})", bold=True)
    click.echo(f"Controller: {found.controller.name}. The text was retrieved on {found.retrieved_on}.\n")
    for title, columns, rows in _tables(found):
        click.secho(title, bold=True)
        print_table(columns, rows)
        click.echo()


@policy.command("lint")
@json_option
@click.argument("pack")
def lint(as_json: bool, pack: str) -> None:
    """Tell what a pack (a name or a file) lacks; non-zero if it holds an error."""
    findings = lint_pack(_pack(pack), today=today(bootstrap.system_clock()))
    if as_json:
        print_json(list(findings))
    else:
        print_table(
            ("level", "where", "what", "requirements"),
            [(finding.level, finding.where, finding.message, ", ".join(finding.ids)) for finding in findings],
        )
    sys.exit(1 if any(finding.level == "error" for finding in findings) else 0)


def _pack(pack: str) -> Policy:
    return load(pack) if pack in names() or not Path(pack).exists() else load_file(pack)


def _tables(found: Policy) -> list[tuple[str, tuple[str, ...], list[tuple[object, ...]]]]:
    retention = found.retention
    return [
        (
            "Parts: what may be together, why, and for how long",
            ("part", "subject", "purpose", "how long", "sealed", "clause"),
            [
                (
                    part.name,
                    part.subject,
                    part.purpose,
                    _how_long(retention[part.retention]),
                    "yes" if part.sealed else "no",
                    part.clause.ref,
                )
                for part in found.parts.values()
            ],
        ),
        (
            "Data: what the text lists",
            ("data", "passes", "account types", "clause"),
            [
                (rule.title, _passes(rule), ", ".join(rule.account_types) or "all", rule.clause.ref)
                for rule in found.categories
            ],
        ),
        (
            "Purposes and their bases",
            ("purpose", "title", "bases", "clause"),
            [
                (
                    purpose.id,
                    purpose.title,
                    ", ".join(sorted({found.bases[name].basis for name in purpose.bases})),
                    purpose.clause.ref,
                )
                for purpose in found.purposes.values()
            ],
        ),
        (
            "Recipients",
            ("recipient", "country", "clause"),
            [(recipient.name, recipient.country, recipient.clause.ref) for recipient in found.recipients],
        ),
        (
            "Interpretations: where the text leaves a choice",
            ("interpretation", "in force", "could also be", "clause"),
            [
                (
                    point.name,
                    point.chosen,
                    ", ".join(choice for choice in point.choices if choice != point.chosen),
                    point.clause.ref,
                )
                for point in found.interpretations.values()
            ],
        ),
    ]


def _passes(rule: CategoryRule) -> str:
    return f"only if {rule.unless}" if rule.unless and rule.passes else "yes" if rule.passes else "no"


def _how_long(rule: RetentionRule) -> str:
    length = rule.duration or (f"until {rule.until_event}" if rule.until_event else "not stated: not kept")
    return f"{length} from {rule.trigger}" if rule.duration else length
