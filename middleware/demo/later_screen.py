"""What the terminal shows of the second act: what an operator typed, and what was where before and after."""

from __future__ import annotations

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from middleware.demo.later_story import Told

NOT_PLAYED = "The second act, in which thirteen months pass, is not played: the first broke a promise."


def second_act(out: Console, told: Told) -> None:
    """The scenes with their commands, then the table."""
    out.print(Text(told.words.second_opening, "bold"))
    out.print(Text(told.words.turned, "italic"))
    out.print()
    for scene in told.scenes:
        out.print(Text.assemble((f"{scene.at:%Y-%m-%d %H:%M}", "bold"), "  ", scene.what))
        for typed in scene.typed:
            said = Text("\n".join(line.rstrip() for line in typed.said.splitlines()), "dim")
            out.print(Padding(Group(Text(typed.line, "cyan"), said), (0, 0, 0, 2)))
        out.print()
    out.print(_table(told))
    out.print(Text(told.words.explained, "dim"))
    out.print()


def _table(told: Told) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("order", overflow="fold")
    for day, place in told.columns:
        table.add_column(f"{day}\n{place}", no_wrap=True)
    for row in told.rows:
        table.add_row(row.title, *(Text(str(cell), "green" if cell.well else "bold red") for cell in row.cells))
    return table
