"""``register``: the record of processing activities (Art. 30 GDPR), as a page, a table or data."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator, Sequence
from dataclasses import fields

import click

from middleware.cli.common import harmless, print_json
from middleware.cli.policy_ask import named_pack
from middleware.core.register import CONTROLLER, MANDATORY, PROCESSOR, Entry, entries
from schemas.policy_loader import names

_COLUMNS = tuple(entry.name for entry in fields(Entry))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula at the start of a cell."""

_TITLES = {
    CONTROLLER: "Register of the controller (Article 30(1))",
    PROCESSOR: "Register of the processor (Article 30(2))",
}
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%;margin:0 0 2rem}th,td{border:1px solid #bbb;padding:.3rem .5rem;"
    "text-align:left;vertical-align:top}th{width:14rem;font-weight:600}th.must{color:#b00020}"
    "ul{margin:0;padding-left:1.1rem}"
)


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
        print_json([{name: list(getattr(entry, name)) for name in _COLUMNS} for entry in found])
    elif form == "csv":
        click.echo(_csv(found), nl=False)
    else:
        click.echo("\n".join(_page(found)))


def _csv(found: Sequence[Entry]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_cell("; ".join(getattr(entry, name))) for name in _COLUMNS] for entry in found)
    return text.getvalue()


def _cell(text: str) -> str:
    text = harmless(text)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _page(found: Sequence[Entry]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Record of processing activities</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>Record of processing activities</h1>"
    yield "<p>Made from the policy packs. Red: what Article 30 itself asks for. not_stated: the policy is silent.</p>"
    for kind, title in _TITLES.items():
        yield f"<h2>{title}</h2>"
        for entry in found:
            if entry.register == (kind,):
                yield from _activity(entry)
    yield "</body></html>"


def _activity(entry: Entry) -> Iterator[str]:
    yield f"<h3>{html.escape(harmless(f'{entry.activity[0]}: {entry.purpose[0]}'))}</h3><table>"
    for name in _COLUMNS:
        mark = ' class="must"' if name in MANDATORY else ""
        yield f'<tr><th scope="row"{mark}>{name.replace("_", " ")}</th><td>{_items(getattr(entry, name))}</td></tr>'
    yield "</table>"


def _items(values: Sequence[str]) -> str:
    told = [html.escape(harmless(value)) for value in values]
    return told[0] if len(told) == 1 else f"<ul>{''.join(f'<li>{value}</li>' for value in told)}</ul>"
