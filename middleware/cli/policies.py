"""``policy``: the packs, in plain words."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from middleware import bootstrap
from middleware.cli import words
from middleware.cli.common import json_option, print_json, print_table
from middleware.core.calendar import today
from middleware.errors import ConfigError
from schemas.policy import NOT_STATED, CategoryRule, Interpretation, Policy, Purpose, RetentionRule
from schemas.policy_lint import lint as lint_pack
from schemas.policy_loader import load, load_file, names

Table = tuple[str, tuple[str, ...], Sequence[tuple[object, ...]]]
"""Title, columns, rows."""


@click.group(short_help="What is permitted, why, and for how long.")
def policy() -> None:
    """The policy packs: what is permitted, why, and for how long."""


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
@click.argument("pack")
def show(as_json: bool, pack: str) -> None:
    """Tell what a pack (a name or a file) permits, for what, for whom and how long, each with its clause.

    A clause is the place in the policy's text: document, section, lines.
    """
    found = _pack(pack)
    if as_json:
        print_json(found)
        return
    click.secho(f"{found.title}  ({found.id} {found.version})", bold=True)
    click.echo(f"Controller: {found.controller.name}. The text was retrieved on {found.retrieved_on}.")
    click.echo(f"SHA-256 of the pack: {found.sha256}\n")
    for title, columns, rows in _tables(found):
        click.secho(title, bold=True)
        print_table(columns, rows, whole=("part", "class"))
        click.echo()
    click.secho("Interpretations: where the text leaves a choice", bold=True)
    for point in found.interpretations.values():
        click.echo("\n".join(_reading(point)))


@policy.command("lint", short_help="Tell what a pack lacks.")
@json_option
@click.argument("pack")
def lint(as_json: bool, pack: str) -> None:
    """Tell what a pack (a name or a file) lacks; non-zero if it holds an error."""
    findings = lint_pack(_pack(pack), today=today(bootstrap.system_clock()))
    if as_json:
        print_json(list(findings))
    elif findings:
        print_table(
            ("level", "where", "what", "requirements"),
            [(finding.level, finding.where, finding.message, ", ".join(finding.ids)) for finding in findings],
        )
    else:
        click.echo("Nothing is lacking.")
    sys.exit(1 if any(finding.level == "error" for finding in findings) else 0)


def _pack(pack: str) -> Policy:
    """A pack that comes with the package, or an operator's own file. Raises: ConfigError, SchemaFault."""
    if pack in names():
        return load(pack)
    if Path(pack).exists():
        return load_file(pack)
    raise ConfigError(f"{pack}: neither a file nor a pack; the packs are {', '.join(names())}")


def _tables(found: Policy) -> Iterator[Table]:
    yield from _what(found)
    yield from _how_and_why(found)
    yield from _who(found)


def _what(found: Policy) -> Iterator[Table]:
    yield (
        "Parts: what may be together, why, and for how long",
        ("part", "subject", "purpose", "how long", "sealed", "clause"),
        [
            (
                part.name,
                part.subject,
                part.purpose,
                _how_long(found.retention[part.retention]),
                "yes" if part.sealed else "keyed" if part.keyed else "no",
                part.clause.ref,
            )
            for part in found.parts.values()
        ],
    )
    yield (
        "Data: what the text lists",
        ("data", "passes", "account types", "clause"),
        [
            (rule.title, _passes(rule), ", ".join(rule.account_types) or "all", rule.clause.ref)
            for rule in found.categories
        ],
    )


def _how_and_why(found: Policy) -> Iterator[Table]:
    yield (
        "Purposes and their bases (Art. 6(1) GDPR)",
        ("purpose", "title", "bases", "clause"),
        [
            (purpose.id, purpose.title, _bases(purpose, found), purpose.clause.ref)
            for purpose in found.purposes.values()
        ],
    )
    yield (
        "Retention: for how long, and what comes then",
        ("class", "how long", "then", "clause"),
        [(rule.id, _how_long(rule), _then(rule), rule.clause.ref) for rule in found.retention.values()],
    )


def _who(found: Policy) -> Iterator[Table]:
    yield (
        "Recipients",
        ("recipient", "country", "clause"),
        [(recipient.name, _stated(recipient.country), recipient.clause.ref) for recipient in found.recipients],
    )
    yield (
        "Transfers outside the European Economic Area",
        ("country", "recipients", "safeguard", "clause"),
        [
            (transfer.country, ", ".join(transfer.recipients), _stated(transfer.safeguard), transfer.clause.ref)
            for transfer in found.transfers
        ],
    )
    yield (
        "Account types",
        ("account type", "title", "webshop may be linked", "clause"),
        [
            (account.id, account.title, "yes" if account.plugin else "no", account.clause.ref)
            for account in found.account_types.values()
        ],
    )


def _reading(point: Interpretation) -> Iterator[str]:
    yield f"{point.name}: {point.question}  ({point.clause.ref})"
    for name, choice in point.choices.items():
        yield f"  {'in force' if name == point.chosen else 'or else':<9} {name}: {choice.title}"


def _passes(rule: CategoryRule) -> str:
    if not rule.passes:
        return "no"
    return f"when {words.CONDITIONS[rule.unless]}" if rule.unless else "yes"


def _bases(purpose: Purpose, found: Policy) -> str:
    return ", ".join(dict.fromkeys(words.BASES[found.bases[name].basis] for name in purpose.bases))


def _how_long(rule: RetentionRule) -> str:
    if rule.duration is None:
        return f"until {words.EVENTS[rule.until_event or rule.trigger]}"
    return f"{words.duration(rule.duration)} from {words.EVENTS[rule.trigger]}"


def _then(rule: RetentionRule) -> str:
    return f"{words.AFTERWARDS[rule.after]}, as {rule.then}" if rule.then else words.AFTERWARDS[rule.after]


def _stated(word: str) -> str:
    return "not stated" if word == NOT_STATED else word
