"""What is told of retention: legal holds, what a parcel platform was told of a record's parts, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import click

from middleware.cli import telling, words
from middleware.cli.common import PROSE, print_table
from middleware.model_purge import Hold, Notice, Telling, Told

ASKED: Mapping[Telling, str] = {Telling.ERASE: "to erase", Telling.RETAIN: "its new end"}
"""What the parcel platform was told of a part."""

CAME: Mapping[Told, str] = {
    Told.WAITING: "it is told again until it answers",
    Told.DONE: "done",
    Told.REFUSED: "refused",
    Told.IMPOSSIBLE: "not possible",
}
"""What came of it."""

BY_HAND = (
    "What was refused or is not possible has to be settled with the parcel platform by other means: ask its operator, "
    "with the record's id."
)


def as_json(told: Sequence[Notice]) -> list[Mapping[str, Any]]:
    """As data."""
    return [
        {
            "part": notice.part,
            "told": notice.telling,
            "until": notice.ends,
            "state": notice.state,
            "attempts": notice.attempts,
            "code": notice.last_code,
            "since": notice.created_at.isoformat(timespec="seconds"),
            "settled": notice.settled_at and notice.settled_at.isoformat(timespec="seconds"),
        }
        for notice in told
    ]


def print_notices(told: Sequence[Notice]) -> None:
    """A table; nothing where the platform was told nothing."""
    if not told:
        return
    click.echo()
    columns = ("at the parcel platform", "told", "since", "came of it", "last said")
    print_table(columns, [_cells(notice) for notice in told], whole=columns[:3])
    if any(notice.state in (Told.REFUSED, Told.IMPOSSIBLE) for notice in told):
        click.echo(f"\n{fill(BY_HAND, PROSE)}")


def _cells(notice: Notice) -> tuple[object, ...]:
    asked = ASKED[notice.telling]
    if notice.telling is Telling.RETAIN and notice.ends is not None:
        asked = f"{asked}, {notice.ends}"
    settled = f" {telling.moment(notice.settled_at)} UTC" if notice.settled_at else ""
    said = notice.last_code or ""
    explained = words.code(said)
    return (
        notice.part,
        asked,
        f"{telling.moment(notice.created_at)} UTC",
        f"{CAME[notice.state]}{settled}",
        f"{said}: {explained}" if explained else said,
    )


def holds_as_json(held: Sequence[Hold]) -> list[Mapping[str, Any]]:
    """As data."""
    return [
        {
            "id": hold.id,
            "record": hold.record_id,
            "part": hold.part,
            "ground": hold.ground,
            "person": hold.person,
            "from": hold.starts,
            "until": hold.until,
            "ended": hold.ended_at and hold.ended_at.isoformat(timespec="seconds"),
            "ended_by": hold.ended_by,
        }
        for hold in held
    ]


def print_holds(held: Sequence[Hold], *columns: str) -> None:
    """A table of these columns and what is common to all; nothing where there is none."""
    rows = [(*(getattr(hold, column) for column in columns), *_why(hold)) for hold in held]
    if rows:
        named = (*(_COLUMNS[column] for column in columns), "held from", "until", "by", "ground")
        print_table(named, rows, whole=named[:-1])


_COLUMNS: Mapping[str, str] = {"id": "hold", "record_id": "record", "part": "part"}


def _why(hold: Hold) -> tuple[object, ...]:
    ended = f" (ended {hold.ended_at:%Y-%m-%d} by {hold.ended_by})" if hold.ended_at else ""
    return hold.starts, f"{hold.until}{ended}", hold.person, hold.ground
