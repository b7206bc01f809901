"""``policy coverage``: every requirement with the tests that showed it in the last run."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from middleware.cli.common import json_option, print_json
from middleware.errors import ConfigError
from schemas.requirements import Requirement, requirements

RECORD = ".pytest_cache/policy-coverage.json"
"""What a test run writes, beneath the root of a checkout."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One requirement. ``state``: shown, missing or later. ``tests``: names of tests, each once whatever its cases."""

    id: str
    state: str
    title: str
    clause: str
    tests: tuple[str, ...]


@click.command("coverage", short_help="Tell which requirements the last test run showed.")
@json_option
@click.option("--strict", is_flag=True, help="End non-zero if a requirement that is carried out was not shown.")
@click.option("--from", "record", metavar="FILE", default=RECORD, help="What the run recorded.", show_default=True)
def coverage(as_json: bool, strict: bool, record: str) -> None:
    """Tell every requirement of the policies with the tests that showed it in the last run.

    Run the tests first: in a checkout, `make test`. What is not carried out yet is listed as such.
    """
    told = _recorded(Path(record))
    rows = [_shown(requirement, told.get(requirement.id, ())) for requirement in requirements().values()]
    missing = [row for row in rows if row.state == "missing"]
    if as_json:
        print_json(rows)
    else:
        _print(rows)
    sys.exit(1 if strict and missing else 0)


def _print(rows: Sequence[Shown]) -> None:
    for row in rows:
        click.echo(f"{row.id:<12} {row.state:<8} {row.title} ({row.clause})")
        for test in row.tests:
            click.echo(f"{'':<12} {test}")
    states = [row.state for row in rows]
    expected = len(rows) - states.count("later")
    click.echo(f"\n{states.count('shown')} of {expected} shown; {states.count('later')} not yet carried out.")


def _shown(requirement: Requirement, tests: Sequence[str]) -> Shown:
    state = "later" if requirement.later else "shown" if tests else "missing"
    names = tuple(dict.fromkeys(test.partition("[")[0] for test in tests))
    return Shown(id=requirement.id, state=state, title=requirement.title, clause=requirement.clause, tests=names)


def _recorded(file: Path) -> Mapping[str, Sequence[str]]:
    """Requirement → tests. Raises: ConfigError if no run was recorded, or the record cannot be read."""
    try:
        shown: Mapping[str, Sequence[str]] = json.loads(file.read_text(encoding="utf-8"))["shown"]
    except FileNotFoundError:
        problem = (
            f"{file}: no test run was recorded here; run `make test` in a checkout, or name the record with --from"
        )
    except (ValueError, KeyError, TypeError):
        problem = f"{file}: not the record of a test run; run `make test` again"
    else:
        return shown
    raise ConfigError(problem)
