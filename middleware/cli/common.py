"""What the commands share: the options that all of them have, and how they print."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from middleware import config

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


def print_json(value: object) -> None:
    """Pretty JSON on standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return {entry.name: getattr(value, entry.name) for entry in fields(value)}  # type: ignore[arg-type]  # only dataclasses are left


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A plain table; nothing is cut off, whatever the width of the terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console(highlight=False, markup=False, width=None if Console().is_terminal else 200).print(table)
