"""How rejected orders are listed: pointers, codes and the order's page in the shop, nothing of a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import click

from middleware.cli import words
from middleware.cli.common import PROSE, print_json, print_table
from middleware.cli.telling import faults, moment
from middleware.tracking import Refusal

_COMPLETE = (
    "These orders were genuine, but cannot be shipped so. Have them completed in the shop: their next version is taken."
)
_WRONG = "what is wrong"
_REJECTIONS = ("received (UTC)", "shop", "topic", _WRONG, "the order in the shop")


def print_rejections(found: Sequence[Refusal], as_json: bool) -> None:
    """A table with what to do beneath it, or JSON."""
    if as_json:
        print_json([_rejection(row) for row in found])
    elif found:
        rows = [
            (moment(row.entry.received_at), row.entry.shop, row.entry.topic, faults(row.entry), row.page)
            for row in found
        ]
        shown = len(_REJECTIONS) if any(row.page for row in found) else len(_REJECTIONS) - 1
        columns = _REJECTIONS[:shown]
        print_table(columns, [row[:shown] for row in rows], whole=[name for name in columns if name != _WRONG])
        told = words.goods(pointer for row in found for pointer, _ in row.entry.faults)
        click.echo(f"\n{fill(' '.join(filter(None, (_COMPLETE, told))), PROSE)}")
    else:
        click.echo("No order was rejected.")


def _rejection(row: Refusal) -> Mapping[str, Any]:
    entry = row.entry
    return {
        "id": entry.id,
        "shop": entry.shop,
        "topic": entry.topic,
        "received": entry.received_at.isoformat(timespec="seconds"),
        "errors": [{"pointer": pointer, "code": code} for pointer, code in entry.faults],
        "page": row.page,
        "until": entry.until.isoformat(),
    }
