"""What is known of the user of a shop's label module, in the transaction that is handed in.

Whoever changes it locks the shop's row, after all that it locks of orders and records. An order that changes nothing
only reads: a shop that makes labels all day writes once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, insert, select, update

from middleware.core.calendar import today
from middleware.core.standing import after_end, after_switch, after_use, turned
from middleware.model_keys import Fact
from middleware.model_standing import Ended, Shift, Standing, Switch, Switched, Term, Use
from middleware.storage.database import Upserts
from middleware.storage.tables import audit_entries, word
from middleware.storage.tables_retention import standings, switches, terms

THE_PURGE: Final = "retention"
"""Who notes that a term is over, as the audit log calls it."""

THE_SHOP: Final = "shop"

_THIS: Final[BindParameter[str]] = bindparam("this_shop")
_TERMS: Final = select(terms).where(terms.c.shop == _THIS).order_by(terms.c.retention)
_SWITCHES: Final = select(switches).where(switches.c.shop == _THIS).order_by(switches.c.kind, switches.c.name)
_LOCK: Final = select(standings.c.until).where(standings.c.shop == _THIS).with_for_update()
_KEEP: Final = update(standings).where(standings.c.shop == _THIS)
_RESTRICT: Final = update(terms).where(terms.c.shop == _THIS, terms.c.retention == bindparam("this_class"))
_RESTRICTED: Final = _TERMS.where(terms.c.restricted_at.is_not(None))


def used(connection: Connection, upserts: Upserts, shop: str, use: Use, now: datetime, actor: str = THE_SHOP) -> None:
    """The label module was used: classes that count from the last use begin anew."""

    def moved(term: Term) -> Term:
        return after_use(term, use, today(now)) if term.retention in use.terms else term

    _move(connection, upserts, shop, use.terms, moved, use.kept, now, actor)


def shift(connection: Connection, upserts: Upserts, shop: str, said: Shift, now: datetime, actor: str) -> None:
    """What an event changes of it."""
    if said.use is not None:
        used(connection, upserts, shop, said.use, now, actor)
    if said.over:
        over = said.over
        _move(connection, upserts, shop, over, lambda term: _over(term, over, said.day), said.kept, now, actor)
    for one in said.switches:
        _turn(connection, upserts, shop, one, said, now, actor)


def read(connection: Connection, shop: str) -> Standing:
    """What is known of a shop's user; nothing where it never was."""
    this = {"this_shop": shop}
    return Standing(
        terms=tuple(map(_term, connection.execute(_TERMS, this).all())),
        switches=tuple(map(_switch, connection.execute(_SWITCHES, this).all())),
    )


def restricted(connection: Connection, shop: str) -> Sequence[str]:
    """The classes of a shop's user that serve legal claims alone."""
    if "\0" in shop:  # PostgreSQL would refuse the question; a name that comes with a request may hold anything
        return ()
    return [row.retention for row in connection.execute(_RESTRICTED, {"this_shop": shop}).all()]


def ended(day: Any) -> Select[Any]:
    """The classes whose last permitted day lies before ``day`` and of which that is not noted yet."""
    return select(terms.c.shop, terms.c.retention).where(terms.c.until < day, terms.c.restricted_at.is_(None))


def restrict(connection: Connection, found: Iterable[Row[Any]], now: datetime) -> None:
    """Note that the term of these classes is over: what is kept stays, for legal claims alone."""
    news = {"restricted_at": now, "restricted_by": Ended.TERM}
    for row in found:
        connection.execute(_RESTRICT, {"this_shop": row.shop, "this_class": row.retention, **news})
        _audit(connection, Fact.RESTRICTED, row.shop, row.retention, THE_PURGE, now)


def _over(term: Term, over: Collection[str], day: date) -> Term:
    return after_end(term, day) if term.retention in over else term


def _turn(
    connection: Connection, upserts: Upserts, shop: str, said: Switch, whole: Shift, now: datetime, actor: str
) -> None:
    _held(connection, upserts, shop, whole.kept)
    rows = map(_switch, connection.execute(_SWITCHES, {"this_shop": shop}).all())
    before = next((one for one in rows if (one.kind, one.name) == (said.kind, said.name)), None)
    stands = turned(before, said)
    if stands is not said:
        return
    row = {name: getattr(said, name) for name in ("kind", "name", "on", "verb", "way", "day", "heard_at", "by")}
    connection.execute(upserts.put[switches], {"shop": shop, **row})
    ends = whole.classes.get(said.name, frozenset())

    def moved(term: Term) -> Term:
        return after_switch(term, on=said.on, now=now) if term.retention in ends else term

    _move(connection, upserts, shop, ends, moved, whole.kept, now, actor)


def _move(
    connection: Connection,
    upserts: Upserts,
    shop: str,
    concerned: Collection[str],
    moved: Callable[[Term], Term],
    kept: date,
    now: datetime,
    actor: str,
) -> None:
    if not _changes(connection, shop, concerned, moved):
        return
    _held(connection, upserts, shop, kept)
    for before, after in _changes(connection, shop, concerned, moved):  # as it is now that nobody else changes it
        row = {name: getattr(after, name) for name in ("starts", "until", "restricted_at", "restricted_by")}
        connection.execute(upserts.put[terms], {"shop": shop, "retention": after.retention, **row})
        if (before.restricted_at is None) is not (after.restricted_at is None):
            fact = Fact.UNRESTRICTED if after.restricted_at is None else Fact.RESTRICTED
            _audit(connection, fact, shop, after.retention, actor, now)


def _changes(
    connection: Connection, shop: str, concerned: Collection[str], moved: Callable[[Term], Term]
) -> list[tuple[Term, Term]]:
    known = {row.retention: _term(row) for row in connection.execute(_TERMS, {"this_shop": shop}).all()}
    before = [known.get(retention) or Term(retention=retention) for retention in sorted(concerned)]
    return [(term, after) for term in before if (after := moved(term)) != term]


def _held(connection: Connection, upserts: Upserts, shop: str, kept: date) -> None:
    """Lock the shop's row, made where there is none; it is remembered until that day at least."""
    if connection.execute(upserts.new[standings], {"shop": shop, "until": kept}).rowcount:
        return
    if connection.execute(_LOCK, {"this_shop": shop}).scalar_one() < kept:
        connection.execute(_KEEP, {"this_shop": shop, "until": kept})


def _audit(connection: Connection, fact: Fact, shop: str, retention: str, actor: str, now: datetime) -> None:
    entry = {"id": str(uuid.uuid4()), "at": now, "fact": fact, "subject": f"{shop}/{retention}", "actor": actor}
    connection.execute(insert(audit_entries), entry)


def _term(row: Row[Any]) -> Term:
    by = None if row.restricted_by is None else word(row.restricted_by, Ended)
    return Term(
        retention=row.retention,
        starts=row.starts,
        until=row.until,
        restricted_at=row.restricted_at,
        restricted_by=by,
    )


def _switch(row: Row[Any]) -> Switch:
    members = {name: getattr(row, name) for name in ("name", "on", "verb", "way", "day", "heard_at", "by")}
    return Switch(kind=word(row.kind, Switched), **members)
