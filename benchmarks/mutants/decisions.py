"""Policy decisions of the code as mutants: pieces of source, and what stands there instead (``decisions.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutants.rows import Mutant

FILE = Path(__file__).with_name("decisions.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision. ``what``: what the code does without it. ``before`` stands exactly once in ``file``."""

    what: str
    file: str
    ids: tuple[str, ...]
    before: str
    after: str


class StaleError(Exception):
    """A listed piece of source is not there, or not only once: the list is older than the code."""


def decisions() -> tuple[Decision, ...]:
    """The list, in its order."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["decision"]
    return tuple(Decision(**{**row, "ids": tuple(row["ids"])}) for row in rows)


def mutants(root: Path) -> Iterator[Mutant]:
    """One mutant for each decision. Raises: StaleError."""
    for one in decisions():
        source = (root / one.file).read_text(encoding="utf-8")
        if source.count(one.before) != 1:
            raise StaleError(
                f"{FILE.name}: {one.what!r}: its source stands {source.count(one.before)} times in {one.file}, not once"
            )
        yield Mutant(
            group="code",
            table=one.file,
            name=one.what,
            ids=one.ids,
            file=one.file,
            content=source.replace(one.before, one.after),
        )
