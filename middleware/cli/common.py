"""What the commands share: the options that all of them have, and how they print."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from middleware import config

WIDTH = 200
"""Columns where nobody looks at a terminal: lines are not broken for a file or another program."""

PROSE = 100
"""Columns of a sentence."""

BROKEN = 10
"""Columns that a cell gets at least before it is broken."""

LONGEST = 16
"""Letters of a word that is not broken within itself."""

_STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Control characters (C0, C1) and what changes the direction of writing."""

Function = TypeVar("Function", bound=Callable[..., Any])


def config_option(command: Function) -> Function:
    """``--config FILE``."""
    return click.option("--config", "config_file", metavar="FILE", help="Configuration file.")(command)


def json_option(command: Function) -> Function:
    """``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def loaded(config_file: str | None) -> config.Config:
    """The configuration. Raises: ConfigError."""
    return config.load(config.find(config_file))


def harmless(text: str) -> str:
    """``text`` as it may reach a terminal: whatever would steer it, or turn what is read around, shows as U+FFFD."""
    return _STEERING.sub("\ufffd", text)


def counted(number: int, what: str) -> str:
    """``1 record``, ``2 records``: of nouns that take an s."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def print_json(value: object) -> None:
    """Pretty JSON on standard output; what would steer a terminal is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=_plain)
    click.echo("\n".join(_STEERING.sub(_escaped, line) for line in text.split("\n")))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    told = (entry.name for entry in fields(value) if entry.init)  # type: ignore[arg-type]  # only dataclasses are left
    return {name: getattr(value, name) for name in told}


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], whole: Collection[str] = ()) -> None:
    """A plain table in which nothing is cut off. Where it is too wide for the terminal, cells are broken, but not those
    of the columns ``whole``: rather than that the table is wider than the terminal.
    """
    cells = [["" if cell is None else harmless(str(cell)) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, header_style="bold")
    least = _least(columns, cells, whole)
    least[-1:] = [width + 2 for width in least[-1:]]  # its right edge is counted, and left out
    for column, width in zip(columns, least, strict=True):
        table.add_column(column, overflow="fold", no_wrap=column in whole, min_width=width)
    for row in cells:
        table.add_row(*row)
    console = Console(highlight=False, markup=False, emoji=False)
    console.width = max(console.width if console.is_terminal else WIDTH, sum(least) + 2 * len(columns))
    with console.capture() as printed:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in printed.get().splitlines()))


def _least(columns: Sequence[str], rows: Sequence[Sequence[str]], whole: Collection[str]) -> list[int]:
    """How wide each column has to be at least: a word of up to ``LONGEST`` letters is not broken."""
    widths = [max(map(cell_len, (name, *cells))) for name, *cells in zip(columns, *rows, strict=True)]
    words = [
        max((size for cell in cells for word in cell.split() if (size := cell_len(word)) <= LONGEST), default=0)
        for cells in zip(*rows, strict=True)
    ] or [0] * len(columns)
    return [
        width if name in whole else max(min(width, BROKEN), word)
        for name, width, word in zip(columns, widths, words, strict=True)
    ]
