"""``register``: the record of processing activities (Art. 30 GDPR), as a page, a table or data."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import click

from middleware.cli.common import harmless, print_json
from middleware.cli.policy_ask import named_pack
from middleware.cli.register_page import COLUMNS, page
from middleware.core.register import Entry, entries
from schemas.policy_loader import names

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the start of a cell."""


@click.command("register", short_help="The record of processing activities (Art. 30).")
@click.option("--format", "form", type=click.Choice(("html", "csv", "json")), default="html", show_default=True)
@click.argument("packs", nargs=-1, metavar="[PACK]…")
def register(form: str, packs: tuple[str, ...]) -> None:
    """Print the record of processing activities that the packs (names or files; default: all) make.

    Art. 30(1) for the controller and, where somebody is processor, Art. 30(2) apart. What a policy does not say is
    not_stated.
    """
    found = entries([named_pack(pack) for pack in packs or names()])
    if form == "json":
        print_json([{name: list(getattr(entry, name)) for name in COLUMNS} for entry in found])
    elif form == "csv":
        click.echo(_csv(found), nl=False)
    else:
        click.echo("\n".join(page(found)))


def _csv(found: Sequence[Entry]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell("; ".join(getattr(entry, name))) for name in COLUMNS] for entry in found)
    return text.getvalue()


def _cell(text: str) -> str:
    text = harmless(text)
    return f"'{text}" if text.startswith(_FORMULA) else text
