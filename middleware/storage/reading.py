"""What people and metrics ask of the database, in the transaction that they are handed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Row, Select, func, select, type_coerce

from middleware.core.kinds import NO_PARCEL
from middleware.model import Ending, Rejection, Removal, RemovalReport, State, TaggedPart
from middleware.storage import unreadable
from middleware.storage.tables import UnreadableError, moment, parts, records, rejections, removals, word
from middleware.trail import Summary

_LOOKED_AT: Final = 100
"""Times that are looked at for the oldest."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SUMMARY: Final = tuple(column for column in records.c if column.name not in ("receipt", "clear"))
_CHANGED: Final = records.c.changed_after_delivery.is_(True) & records.c.changed_seen_at.is_(
    None
)  # as its index says it
_TAGS: Final = (
    parts.c.name,
    parts.c.retention,
    parts.c.trigger,
    parts.c.starts,
    parts.c.until.label("part_until"),
    parts.c.ceiling,
    parts.c.ended_at,
    parts.c.week,
)


def parts_of(connection: Connection, record_id: str) -> tuple[TaggedPart, ...]:
    """The parts of a record as they were sealed; ``jwe`` is ``""`` where the sealed part has left."""
    rows = connection.execute(
        select(*_TAGS, parts.c.jwe).where(parts.c.record_id == record_id).order_by(parts.c.position)
    )
    return tuple(_part(row, row.jwe or "") for row in rows)


def summaries(
    connection: Connection, states: Sequence[State], shop: str | None, limit: int, *, changed: bool
) -> Sequence[Summary]:
    """At most ``limit`` records, the newest first; of every shop if ``shop`` is None, or only what is flagged and was
    not looked at.
    """
    # Concatenated, as the planner would take the index of the states and look at all that was delivered.
    state = records.c.state.concat("") if changed else records.c.state
    page = select(*_SUMMARY).where(state.in_(states))
    if shop is not None:
        page = page.where(records.c.shop == shop)
    if changed:
        page = page.where(_CHANGED)
    return _tolerant(connection, page.order_by(records.c.created_at.desc(), records.c.id).limit(limit))


def summary(connection: Connection, record_id: str) -> Summary | None:
    return next(iter(_tolerant(connection, select(*_SUMMARY).where(records.c.id == record_id))), None)


def _tolerant(connection: Connection, page: Select[Any]) -> Sequence[Summary]:
    return unreadable.tolerant(
        lambda: list(_summaries(connection, page)),
        lambda: connection.execute(page.with_only_columns(records.c.id)).scalars().all(),
        lambda key: next(_summaries(connection, select(*_SUMMARY).where(records.c.id == key))),
        unreadable.summary,
    )


def removal(connection: Connection, report_id: str) -> RemovalReport | None:
    page = select(removals.c.removed, removals.c.doubted).where(removals.c.id == report_id)
    poisoned = RemovalReport(id=report_id, removed=(Removal(path="*", reason=unreadable.CODE),))
    found = unreadable.tolerant(
        lambda: [_report(report_id, row) for row in connection.execute(page)],
        lambda: [report_id],
        lambda _: _report(report_id, connection.execute(page).one()),
        lambda _: poisoned,
    )
    return next(iter(found), None)


def _report(report_id: str, row: Row[Any, Any]) -> RemovalReport:
    return RemovalReport(
        id=report_id,
        removed=tuple(Removal(path=_text(path), reason=_text(reason)) for path, reason in row.removed),
        doubted=tuple(Removal(path=_text(path), reason=_text(reason)) for path, reason in row.doubted),
    )


def rejected(connection: Connection, shop: str | None, limit: int) -> Sequence[Rejection]:
    """At most ``limit`` rejections, the newest first; of every shop if ``shop`` is None."""
    page = select(rejections).order_by(rejections.c.received_at.desc(), rejections.c.id).limit(limit)
    if shop is not None:
        page = page.where(rejections.c.shop == shop)
    return rejections_of(connection, page)


def rejections_of(connection: Connection, page: Select[Any]) -> Sequence[Rejection]:
    """Rows of ``rejections`` as they were kept."""
    return unreadable.tolerant(
        lambda: [_rejection(row) for row in connection.execute(page).all()],
        lambda: connection.execute(page.with_only_columns(rejections.c.id)).scalars().all(),
        lambda key: _rejection(connection.execute(select(rejections).where(rejections.c.id == key)).one()),
        unreadable.rejection,
    )


def _rejection(row: Any) -> Rejection:
    return Rejection(
        id=row.id,
        shop=row.shop,
        topic=row.topic,
        faults=tuple((_text(pointer), _text(code)) for pointer, code in row.faults),
        order_ref=row.order_ref,
        version=None if row.order is None or row.updated_at is None else (row.order, row.updated_at),
        webhook=row.webhook,
        body=row.body,
        received_at=row.received_at,
        seen_at=row.seen_at,
        until=row.until,
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UnreadableError()
    return value


def rate(connection: Connection, shop: str, since: datetime) -> tuple[int, int]:
    """(rejections that nobody has seen, records made) of a shop since then."""
    refused = select(func.count()).where(
        rejections.c.shop == shop, rejections.c.received_at >= since, rejections.c.seen_at.is_(None)
    )
    made = select(func.count()).where(records.c.shop == shop, records.c.created_at >= since)
    return connection.execute(refused).scalar_one(), connection.execute(made).scalar_one()


def waiting(connection: Connection, shop: str, most: int) -> int:
    """How many records of a shop are due some time, counted no further than ``most``."""
    some = select(records.c.due).where(records.c.shop == shop, records.c.due.is_not(None)).limit(most).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one()


def counts(connection: Connection) -> Mapping[str, int]:
    found = {state.value: 0 for state in State}
    for state, number in connection.execute(select(records.c.state, func.count()).group_by(records.c.state)).all():
        if state in found:  # what is no state would name a metric
            found[state] = number
    # Concatenated, as the planner would take the index of the states and sort all that wait.
    due = type_coerce(records.c.due, BigInteger)
    waiting = select(due).where(records.c.due.is_not(None), records.c.state.concat("") == State.WAITING)
    oldest = _oldest(connection.execute(waiting.order_by(records.c.due).limit(_LOOKED_AT)).scalars())
    unseen = connection.execute(select(func.count()).where(rejections.c.seen_at.is_(None))).scalar_one()
    changed = connection.execute(select(func.count()).select_from(records).where(_CHANGED)).scalar_one()
    found |= {"unseen": unseen, "changed": changed}
    return {**found, "oldest_due": 0 if oldest is None else int((oldest - _EPOCH).total_seconds())}


def _oldest(dues: Iterable[object]) -> datetime | None:
    """The first that is a time: one that is none would hide all others."""
    for due in dues:
        with suppress(UnreadableError):
            return moment(due)
    return None


def _summaries(connection: Connection, page: Select[Any]) -> Iterator[Summary]:
    """One statement for records and tags: a page is one moment, and never a list of ids."""
    listed = page.subquery()
    rows = connection.execute(
        select(listed, *_TAGS)
        .select_from(listed.outerjoin(parts, parts.c.record_id == listed.c.id))
        .order_by(listed.c.created_at.desc(), listed.c.id, parts.c.position)
    ).all()
    for _, group in groupby(rows, key=lambda row: row.id):
        same = list(group)
        yield _summary(unreadable.sound(same[0]), tuple(_part(row, "") for row in same if row.name is not None))


def _summary(row: Any, tags: tuple[TaggedPart, ...]) -> Summary:
    return Summary(
        id=row.id,
        reference=row.reference,
        shop=row.shop,
        carrier=row.carrier,
        state=word(row.state, State),
        created_at=row.created_at,
        due=row.due,
        attempts=row.attempts,
        last_code=row.last_code,
        barcode=row.barcode,
        changed_after_delivery=row.changed_after_delivery,
        changed_seen_at=row.changed_seen_at,
        ending=word(row.ending, Ending) if row.ending else None,
        predecessor=row.predecessor,
        account=row.account,
        parts=tags,
        removal=row.removal,
        until=row.until,
        parcel=NO_PARCEL.isdisjoint(tag.name for tag in tags),
    )


def _part(row: Any, jwe: str) -> TaggedPart:
    return TaggedPart(
        name=row.name,
        retention=row.retention,
        trigger=row.trigger,
        starts=row.starts,
        until=row.part_until,
        ceiling=row.ceiling,
        jwe=jwe,
        ended_at=row.ended_at,
        week=row.week,
    )
