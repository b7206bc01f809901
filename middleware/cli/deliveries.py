"""``deliveries``: what waits, went, failed or was rejected; states and codes, nothing of a person."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from datetime import date, datetime
from textwrap import fill
from typing import Any

import click

from middleware import bootstrap, bootstrap_retention, tracking
from middleware.cli import retained, telling, words
from middleware.cli.common import PROSE, config_option, harmless, json_option, loaded, print_json, print_table
from middleware.cli.rejections import print_rejections
from middleware.config import Config
from middleware.core.calendar import today
from middleware.core.clocks import last_day
from middleware.core.schedule import latest
from middleware.model import RemovalReport, State, TaggedPart
from middleware.ports import Store
from middleware.tracking import Refusal
from middleware.trail import Summary
from schemas.known import DOUBTS, REASONS

Row = Mapping[str, Any]

_FLAG = "!"
_RECORDS = ("id", "on the label", "shop", "state", "since", _FLAG, "barcode or code")


@click.group(short_help="Tell what waits, went, failed or was rejected.")
def deliveries() -> None:
    """Tell what waits, went, failed or was rejected."""


@deliveries.command("list", short_help="List records or rejections, newest first.")
@config_option
@json_option
@click.option(
    "--state", "states", multiple=True, type=click.Choice([state.value for state in State]), help="Only these states."
)
@click.option("--shop", help="Only this shop.")
@click.option(
    "--changed", is_flag=True, help="Only those whose order changed when it was too late, until a person has looked."
)
@click.option("--rejected", is_flag=True, help="List rejected orders instead: pointers and codes.")
@click.option(
    "--refused", is_flag=True, help="List what a parcel platform did not do, and will not, until a person has looked."
)
@click.option(
    "--seen",
    is_flag=True,
    help="With --rejected, --changed or --refused: note that you have looked at those that are listed.",
)
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1, 10_000), help="At most so many, newest first."
)
def list_(
    config_file: str | None,
    as_json: bool,
    states: tuple[str, ...],
    shop: str | None,
    changed: bool,
    rejected: bool,
    refused: bool,
    seen: bool,
    limit: int,
) -> None:
    """List records, newest first."""
    if rejected and (states or changed):
        raise click.UsageError("--rejected orders have no state, nor are they flagged: leave one of the two out")
    if refused and (states or changed or rejected or shop):
        raise click.UsageError("--refused lists what platforms were told of parts: leave the other choices out")
    if seen and not (rejected or changed or refused):
        raise click.UsageError("--seen belongs to --rejected, --changed or --refused")
    settings = loaded(config_file)
    if refused:
        _list_refused(settings, as_json, seen, limit)
        return
    with closing(bootstrap.store(settings)) as store:
        if rejected:
            found = store.rejections(shop, limit)
            # What was rejected may outlive its shop; of a shop with nothing to tell it is told whether it is there.
            desk = bootstrap.desk(settings, store, None if found else shop)
            print_rejections([Refusal(entry=entry, page=tracking.page(entry, desk)) for entry in found], as_json)
            if seen:
                store.see([entry.id for entry in found], bootstrap.clock(settings)())
        else:
            wanted = [State(state) for state in states] or list(State)
            records = store.list(wanted, shop, limit, changed=changed)
            here = telling.Here.of(settings, store)
            _print_records(records, here, as_json)
            if seen:
                store.see_changed([row.id for row in records], here.now)


def _list_refused(settings: Config, as_json: bool, seen: bool, limit: int) -> None:
    with closing(bootstrap_retention.retention(settings)) as kept:
        found = kept.unseen(limit)
        if as_json:
            print_json(retained.as_json(found, "record_id"))
        elif found:
            retained.print_notices(found, "record_id")
        else:
            click.echo("There is nothing that a person has not seen.")
        if seen:
            kept.see([(notice.record_id, notice.part) for notice in found], bootstrap.clock(settings)())


@deliveries.command("show", short_help="Tell all that is known of one record.")
@config_option
@json_option
@click.argument("record_id", metavar="ID")
def show(config_file: str | None, as_json: bool, record_id: str) -> None:
    """Tell all that is known of one record: state, tags, and what was removed and why."""
    settings = loaded(config_file)
    with closing(bootstrap.store(settings)) as store, closing(bootstrap_retention.retention(settings)) as kept:
        here = telling.Here.of(settings, store)
        summary = store.show(record_id)
        report = store.removal(summary.removal) if summary else None
        told, held = kept.told(record_id), kept.holds(record_id)
    if summary is None:
        click.echo("There is no such record; `parcelveil deliveries list` tells their ids.", err=True)
        retained.print_notices(told)
        sys.exit(1)
    if as_json:
        whole = {"parts": _tags(summary), **_reported(report), "told": retained.as_json(told)}
        whole["holds"] = retained.holds_as_json(held)
        print_json({**_summary(summary, here), **whole})
    else:
        _print_record(summary, report, here)
        if held:
            click.echo()
        retained.print_holds(held, "part")
        retained.print_notices(told)


@deliveries.command("retry", short_help="Let dead letters go again.")
@config_option
@click.option("--other-account", is_flag=True, help="Under the account that its shop has now.")
@click.argument("record_ids", metavar="ID...", nargs=-1, required=True)
def retry(config_file: str | None, record_ids: tuple[str, ...], other_account: bool) -> None:
    """Let dead letters go again: the same bytes under the same key, so that none arrives twice. What could not be
    cancelled is asked for again; what is held behind a record in quarantine goes.

    A record goes under the account that it went under before. With --other-account it is forgotten which that was: only
    after somebody saw there that no parcel of it lives, for nobody looks under that account any more.
    """
    settings = loaded(config_file)
    now = bootstrap.clock(settings)()
    with closing(bootstrap.store(settings)) as store:
        refused = [record_id for record_id in record_ids if not _again(store, record_id, now, released=other_account)]
    sys.exit(1 if refused else 0)


def _again(store: Store, record_id: str, now: datetime, *, released: bool) -> bool:
    summary = store.show(record_id)
    if summary is not None and _is_over(summary, today(now)):
        click.echo(f"{record_id}: not sent again. {telling.over(summary)}", err=True)
        return False
    if not store.revive(record_id, now, released=released):
        click.echo(f"{record_id}: nothing of it can go; look at it with `show`", err=True)
        return False
    cancelling = summary is not None and summary.ending is not None
    click.echo(f"{record_id}: {'its cancellation is asked for again now' if cancelling else 'goes again now'}")
    return True


def _is_over(summary: Summary, day: date) -> bool:
    """Whether the relay would bury a dead letter again: retention comes first. A cancellation has no such end."""
    if summary.state is not State.DEAD or summary.ending is not None:
        return False
    return summary.last_code in ("expired", words.KEY_GONE) or any(
        part.until is not None and part.until < day for part in summary.parts
    )


def _print_records(found: Sequence[Summary], here: telling.Here, as_json: bool) -> None:
    if as_json:
        print_json([_summary(row, here) for row in found])
    elif found:
        shown = [column for column in _RECORDS if column != _FLAG or any(map(_is_flagged, found))]
        rows = [[cells[column] for column in shown] for cells in (_cells(row, here) for row in found)]
        print_table(shown, rows, whole=shown[:-1])
        for sentence in dict.fromkeys(telling.of(row).changed for row in found if _is_flagged(row)):
            click.echo(f"\n{fill(f'{_FLAG} {sentence}', PROSE)}")
    else:
        click.echo("There is no such record.")


def _is_flagged(row: Summary) -> bool:
    return row.changed_after_delivery and row.changed_seen_at is None


def _cells(row: Summary, here: telling.Here) -> Mapping[str, object]:
    flag = _FLAG if _is_flagged(row) else ""
    since, last = f"{row.created_at:%Y-%m-%d}" if row.readable else "", row.barcode or row.last_code
    state = f"{row.state} (simulated)" if row.carrier in here.simulated else row.state
    return dict(zip(_RECORDS, (row.id, row.reference, row.shop, state, since, flag, last), strict=True))


def _print_record(summary: Summary, report: RemovalReport | None, here: telling.Here) -> None:
    click.secho(harmless(summary.id), bold=True)
    for label, value in _facts(summary):
        click.echo(harmless(f"{label:<17} {value}"))
    for sentence in (telling.where(summary, here), telling.advice(summary, here)):
        click.echo(f"\n{fill(sentence, PROSE, break_on_hyphens=False)}")  # an id stays whole
    click.echo()
    columns = ("part", "class", "trigger", "starts", "until", "ended")
    print_table(columns, [tuple(tag[column] for column in columns) for tag in _tags(summary)], whole=columns)
    if report is not None:
        click.echo()
        # A record outlives versions of the software: it may bear a reason that is no longer given.
        rows = [(removal.path, REASONS.get(removal.reason, removal.reason)) for removal in report.removed]
        print_table(("removed", "because"), rows, whole=("removed",))
        if report.doubted:
            click.echo()
            rows = [(doubted.path, DOUBTS.get(doubted.reason, doubted.reason)) for doubted in report.doubted]
            print_table(("unclear or missing", "because"), rows, whole=("unclear or missing",))


def _facts(summary: Summary) -> Iterator[tuple[str, object]]:
    if not summary.readable:
        yield "last said", f"{words.code(summary.last_code or '')} ({summary.last_code})"
        return
    yield "state", summary.state
    yield telling.of(summary).code, summary.reference
    yield "shop", summary.shop
    yield "taken in", f"{telling.moment(summary.created_at)} UTC"
    if summary.due is not None:
        label = "lease ends at" if summary.state is State.CLAIMED else "next attempt at"
        yield label, f"{telling.moment(summary.due)} UTC"
    if summary.attempts:
        yield "failed attempts", summary.attempts
    if summary.last_code is not None:
        yield "last said", summary.last_code
        if explained := words.code(summary.last_code):
            yield "", explained
    there = (("barcode", summary.barcode), ("account there", summary.account))
    yield from filter(lambda fact: fact[1] is not None, there)
    if summary.changed_seen_at is not None:
        yield "looked at", f"{telling.moment(summary.changed_seen_at)} UTC"
    if summary.ending is not None:
        yield telling.of(summary).subject.lower(), telling.of(summary).endings[summary.ending]
    if summary.predecessor is not None:
        yield "in the place of", summary.predecessor
    yield "known until", _known_until(summary)


def _summary(row: Summary, here: telling.Here) -> Row:
    return {
        "id": row.id,
        "reference": row.reference,
        "shop": row.shop,
        "state": row.state,
        "simulated": row.carrier in here.simulated,
        "readable": row.readable,
        "created": row.created_at.isoformat(timespec="seconds"),
        "due": row.due.isoformat(timespec="seconds") if row.due else None,
        "attempts": row.attempts,
        "code": row.last_code,
        "barcode": row.barcode,
        "account": row.account,
        "changed_after_delivery": row.changed_after_delivery,
        "changed_seen": row.changed_seen_at and row.changed_seen_at.isoformat(timespec="seconds"),
        "ending": row.ending,
        "predecessor": row.predecessor,
        "until": row.until and row.until.isoformat(),
    }


def _tags(summary: Summary) -> list[Row]:
    return [
        {
            "part": part.name,
            "class": part.retention,
            "trigger": part.trigger,
            "starts": part.starts,
            "until": part.until,
            "unsent_until": _unsent(summary, part),
            "ended": part.ended_at and part.ended_at.isoformat(timespec="seconds"),
        }
        for part in summary.parts
    ]


def _known_until(summary: Summary) -> str:
    if summary.until is not None:
        return summary.until.isoformat()
    said = "a clock starts that has not started"
    ends = [last_day(summary.state, part.until, part.ceiling) for part in summary.parts]
    unsent = latest(ends) if ends else None  # a damaged file may have lost them
    return f"{said}; while nothing sends it, {unsent}" if unsent else said


def _unsent(summary: Summary, part: TaggedPart) -> date | None:
    """Until when a part may wait for its clock, where nothing sends the record."""
    return last_day(summary.state, None, part.ceiling) if part.until is None else None


def _reported(report: RemovalReport | None) -> Row:
    told = {"removed": report.removed, "doubted": report.doubted} if report else {"removed": (), "doubted": ()}
    return {name: [asdict(one) for one in ones] for name, ones in told.items()}
