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
    "with the record's id. `parcelveil deliveries list --refused --seen` notes that you have looked at it."
)


def as_json(told: Sequence[Notice], *more: str) -> list[Mapping[str, Any]]:
    """As data; ``more`` names columns that go before."""
    return [
        {_COLUMNS[name]: getattr(notice, name) for name in more}
        | {
            "part": notice.part,
            "told": notice.telling,
            "until": notice.ends,
            "state": notice.state,
            "attempts": notice.attempts,
            "code": notice.last_code,
            "since": notice.created_at.isoformat(timespec="seconds"),
            "settled": notice.settled_at and notice.settled_at.isoformat(timespec="seconds"),
            "seen": notice.seen_at and notice.seen_at.isoformat(timespec="seconds"),
            "readable": notice.readable,
        }
        for notice in told
    ]


def print_notices(told: Sequence[Notice], *more: str) -> None:
    """A table, with the columns that ``more`` names before the others; nothing where the platform was told nothing."""
    if not told:
        return
    click.echo()
    columns = (*(_COLUMNS[name] for name in more), "at the parcel platform", "told", "since", "came of it", "last said")
    rows = [(*(getattr(notice, name) for name in more), *_cells(notice)) for notice in told]
    print_table(columns, rows, whole=columns[:-2])
    if any(notice.state in (Told.REFUSED, Told.IMPOSSIBLE) and notice.seen_at is None for notice in told):
        click.echo(f"\n{fill(BY_HAND, PROSE)}")


def _cells(notice: Notice) -> tuple[object, ...]:
    if not notice.readable:
        return notice.part, "", "", "nothing can be told", f"{notice.last_code}: {words.code(notice.last_code or '')}"
    asked = ASKED[notice.telling]
    if notice.telling is Telling.RETAIN and notice.ends is not None:
        asked = f"{asked}, {notice.ends}"
    settled = f" {telling.moment(notice.settled_at)} UTC" if notice.settled_at else ""
    seen = f" (seen {telling.moment(notice.seen_at)} UTC)" if notice.seen_at else ""
    said = notice.last_code or ""
    explained = words.code(said)
    return (
        notice.part,
        asked,
        f"{telling.moment(notice.created_at)} UTC",
        f"{CAME[notice.state]}{settled}{seen}",
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
