"""``deliveries``: what waits, went, failed or was rejected; states and codes, nothing of a person."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import click

from middleware import bootstrap
from middleware.cli.common import config_option, json_option, loaded, print_json, print_table
from middleware.model import Rejection, State, Summary
from schemas.known import REASONS

MEANINGS: Mapping[State, str] = {
    State.WAITING: "It waits for its time, or for the next attempt.",
    State.CLAIMED: "It is being sent now.",
    State.DELIVERED: "The parcel platform has it; the sealed parts have left this database.",
    State.DEAD: "It was given up. Look at the code, mend the cause, then have the shop send the order again.",
    State.QUARANTINED: (
        "Its receipt or seal does not fit: somebody or something changed it here. It is not sent. Keep it as evidence."
    ),
    State.WITHDRAWN: "It was cancelled before it left; the sealed parts have gone.",
}


@click.group()
def deliveries() -> None:
    """What waits, went, failed or was rejected."""


@deliveries.command("list")
@config_option
@json_option
@click.option(
    "--state", "states", multiple=True, type=click.Choice([state.value for state in State]), help="Only these states."
)
@click.option("--shop", help="Only this shop.")
@click.option("--rejected", is_flag=True, help="List rejected orders instead: pointers and codes.")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="At most so many, newest first."
)
def list_(
    config_file: str | None, as_json: bool, states: tuple[str, ...], shop: str | None, rejected: bool, limit: int
) -> None:
    """List records, newest first."""
    with closing(bootstrap.store(loaded(config_file))) as store:
        if rejected:
            _print(as_json, [_rejection(row) for row in store.rejections(shop, limit)])
        else:
            wanted = [State(state) for state in states] or list(State)
            _print(as_json, [_summary(row) for row in store.list(wanted, shop, limit)])


@deliveries.command("show")
@config_option
@json_option
@click.argument("record_id")
def show(config_file: str | None, as_json: bool, record_id: str) -> None:
    """Tell all that is known of one record: state, tags, and what was removed and why."""
    with closing(bootstrap.store(loaded(config_file))) as store:
        summary = store.show(record_id)
        report = store.removal(summary.removal) if summary else None
    if summary is None:
        click.echo("There is no such record.", err=True)
        sys.exit(1)
    removed = [{"path": removal.path, "reason": removal.reason} for removal in report.removed] if report else []
    tags = [
        {
            "part": part.name,
            "class": part.retention,
            "trigger": part.trigger,
            "starts": part.starts,
            "until": part.until,
        }
        for part in summary.parts
    ]
    if as_json:
        print_json({**_summary(summary), "parts": tags, "removed": removed})
        return
    print_table(("", ""), list(_summary(summary).items()))
    click.echo(f"\n{MEANINGS[summary.state]}\n")
    print_table(("part", "class", "trigger", "starts", "until"), [tuple(tag.values()) for tag in tags])
    click.echo()
    print_table(("removed", "because"), [(row["path"], REASONS[row["reason"]]) for row in removed])


def _print(as_json: bool, rows: list[dict[str, Any]]) -> None:
    if as_json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), [tuple(row.values()) for row in rows])
    else:
        click.echo("Nothing.")


def _summary(row: Summary) -> dict[str, Any]:
    return {
        "id": row.id,
        "reference": row.reference,
        "shop": row.shop,
        "state": row.state,
        "created": row.created_at.isoformat(timespec="seconds"),
        "due": row.due.isoformat(timespec="seconds") if row.due else None,
        "attempts": row.attempts,
        "code": row.last_code,
        "barcode": row.barcode,
        "changed_after_delivery": row.changed_after_delivery,
        "until": row.until.isoformat(),
    }


def _rejection(row: Rejection) -> dict[str, Any]:
    return {
        "id": row.id,
        "shop": row.shop,
        "topic": row.topic,
        "received": row.received_at.isoformat(timespec="seconds"),
        "errors": "; ".join(f"{pointer or '/'}: {code}" for pointer, code in row.faults),
        "until": row.until.isoformat(),
    }
