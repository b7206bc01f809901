"""What is known of the user of a shop's label module, and of each contact or customer of a shop, in the transaction
that is handed in.

Whoever changes it locks the row of whose it is, after all that it locks of orders and records; but where a digest of
before the rotation of the index key is taken forward (``chain_sql``), that is before them, for everybody. An order that
changes nothing only reads: a shop that makes labels all day writes once.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, insert, or_, select, update

from middleware.core.calendar import today
from middleware.core.standing import after_end, after_switch, after_use, lifts, turned
from middleware.model import State
from middleware.model_keys import Fact
from middleware.model_standing import Ended, Shift, Standing, Switch, Switched, Term, Use
from middleware.storage import chain_sql
from middleware.storage.database import Upserts
from middleware.storage.tables import audit_entries, index_entries, records, word
from middleware.storage.tables_retention import standings, switches, terms

THE_PURGE: Final = "retention"
"""Who notes that a term is over, as the audit log calls it."""

THE_SHOP: Final = "shop"

Whose = Mapping[str, Any]
"""Of whom a standing is, as every statement here is told."""

NOBODY: Final = b""
"""In the place of a customer's digest: the standing of who uses the shop's label module."""

_SHOP: Final[BindParameter[str]] = bindparam("this_shop")
_CUSTOMER: Final[BindParameter[bytes]] = bindparam("this_customer", type_=standings.c.customer.type)
_DIGESTS: Final[BindParameter[Sequence[bytes]]] = bindparam("digests", expanding=True)
_TERMS: Final = select(terms).where(terms.c.shop == _SHOP, terms.c.customer.in_(_DIGESTS)).order_by(terms.c.retention)
_SWITCHES: Final = (
    select(switches)
    .where(switches.c.shop == _SHOP, switches.c.customer.in_(_DIGESTS))
    .order_by(switches.c.kind, switches.c.name)
)
_THIS: Final = (standings.c.shop == _SHOP, standings.c.customer == _CUSTOMER)
_LOCK: Final = select(standings.c.until).where(*_THIS).with_for_update()
_KEEP: Final = update(standings).where(*_THIS)
_RESTRICT: Final = update(terms).where(
    terms.c.shop == _SHOP, terms.c.customer == _CUSTOMER, terms.c.retention == bindparam("this_class")
)
_RESTRICTED: Final = _TERMS.where(terms.c.restricted_at.is_not(None))
_LEADING: Final = (
    select(index_entries.c.record_id)
    .join(records, records.c.id == index_entries.c.record_id)
    .where(
        index_entries.c.shop == _SHOP,
        index_entries.c.kind == chain_sql.CUSTOMER,
        index_entries.c.digest.in_(_DIGESTS),
        or_(
            index_entries.c.until.is_(None),
            index_entries.c.until >= bindparam("day", type_=index_entries.c.until.type),
        ),
        records.c.state.not_in((State.WITHDRAWN, State.CANCELLED)),
    )
    .limit(1)
)


def used(connection: Connection, upserts: Upserts, shop: str, use: Use, now: datetime, actor: str = THE_SHOP) -> None:
    """The label module was used: classes that count from the last use begin anew."""
    _used(connection, upserts, _own(shop), use, now, actor)


def shift(
    connection: Connection,
    upserts: Upserts,
    shop: str,
    said: Shift,
    now: datetime,
    actor: str,
    customer: bytes | None = None,
) -> None:
    """What an event changes of it: of a contact or a customer, by the digest of ``customer.id``, or of the user."""
    whose = _own(shop) if customer is None else _whose(shop, customer)
    if said.use is not None:
        _used(connection, upserts, whose, said.use, now, actor)
    if said.over:
        over = said.over
        _move(connection, upserts, whose, over, lambda term: _over(term, over, said.day), said.kept, now, actor)
    for one in said.switches:
        _turn(connection, upserts, whose, one, said, now, actor)


def read(connection: Connection, shop: str) -> Standing:
    """What is known of a shop's user; nothing where it never was."""
    return _read(connection, _resting(_own(shop)))


def of_customer(connection: Connection, shop: str, customer: bytes, day: date) -> Standing | None:
    """What is known of a contact or a customer; None where no record that lives on that day leads to them. Raises:
    StorageError where the process has not read the newest index key yet.
    """
    asked = {"this_shop": shop, "digests": chain_sql.sought(connection, customer)}
    if connection.execute(_LEADING, {**asked, "day": day}).first() is None:
        return None
    return _read(connection, asked)  # it rests under one of them at most, and may be taken forward at this moment


def lifted(connection: Connection, shop: str, use: Use, now: datetime) -> bool:
    """Whether a use of the label module would make a class of its user live again that is over."""
    terms_ = read(connection, shop).terms
    return any(lifts(term, use, today(now)) for term in terms_ if term.retention in use.terms)


def restricted(connection: Connection, shop: str) -> Sequence[str]:
    """The classes of a shop's user that serve legal claims alone."""
    if "\0" in shop:  # PostgreSQL would refuse the question; a name that comes with a request may hold anything
        return ()
    return [row.retention for row in connection.execute(_RESTRICTED, _resting(_own(shop))).all()]


def ended(day: Any) -> Select[Any]:
    """The classes whose last permitted day lies before ``day`` and of which that is not noted yet."""
    return select(*terms.primary_key).where(terms.c.until < day, terms.c.restricted_at.is_(None))


def restrict(connection: Connection, found: Iterable[Row[Any]], now: datetime) -> None:
    """Note that the term of these classes is over: what is kept stays, for legal claims alone."""
    news = {"restricted_at": now, "restricted_by": Ended.TERM}
    for row in found:
        connection.execute(_RESTRICT, {**_whose(row.shop, row.customer), "this_class": row.retention, **news})
        _audit(connection, Fact.RESTRICTED, row.shop, row.retention, THE_PURGE, now)


def _own(shop: str) -> Whose:
    return _whose(shop, NOBODY)


def _whose(shop: str, customer: bytes) -> Whose:
    return {"this_shop": shop, "this_customer": customer}


def _resting(whose: Whose) -> Mapping[str, Any]:
    """The same for who reads: under which digests it may rest."""
    return {"this_shop": whose["this_shop"], "digests": (whose["this_customer"],)}


def _row(whose: Whose) -> dict[str, Any]:
    return {"shop": whose["this_shop"], "customer": whose["this_customer"]}


def _read(connection: Connection, asked: Mapping[str, Any]) -> Standing:
    """Each table by one statement: of two the first would see a row no longer, and the second not yet, that is taken
    forward between them.
    """
    return Standing(
        terms=tuple(map(_term, connection.execute(_TERMS, asked).all())),
        switches=tuple(map(_switch, connection.execute(_SWITCHES, asked).all())),
    )


def _used(connection: Connection, upserts: Upserts, whose: Whose, use: Use, now: datetime, actor: str) -> None:
    def moved(term: Term) -> Term:
        return after_use(term, use, today(now)) if term.retention in use.terms else term

    _move(connection, upserts, whose, use.terms, moved, use.kept, now, actor)


def _over(term: Term, over: Collection[str], day: date) -> Term:
    return after_end(term, day) if term.retention in over else term


def _turn(
    connection: Connection, upserts: Upserts, whose: Whose, said: Switch, whole: Shift, now: datetime, actor: str
) -> None:
    _held(connection, upserts, whose, whole.kept)
    rows = map(_switch, connection.execute(_SWITCHES, _resting(whose)).all())
    before = next((one for one in rows if (one.kind, one.name) == (said.kind, said.name)), None)
    stands = turned(before, said)
    if stands is not said:
        return
    row = {name: getattr(said, name) for name in ("kind", "name", "on", "verb", "way", "day", "heard_at", "by")}
    connection.execute(upserts.put[switches], {**_row(whose), **row})
    ends = whole.classes.get(said.name, frozenset())

    def moved(term: Term) -> Term:
        return after_switch(term, on=said.on, now=now) if term.retention in ends else term

    _move(connection, upserts, whose, ends, moved, whole.kept, now, actor)


def _move(
    connection: Connection,
    upserts: Upserts,
    whose: Whose,
    concerned: Collection[str],
    moved: Callable[[Term], Term],
    kept: date,
    now: datetime,
    actor: str,
) -> None:
    if not _changes(connection, whose, concerned, moved):
        return
    _held(connection, upserts, whose, kept)
    for before, after in _changes(connection, whose, concerned, moved):  # as it is now that nobody else changes it
        row = {name: getattr(after, name) for name in ("starts", "until", "restricted_at", "restricted_by")}
        connection.execute(upserts.put[terms], {**_row(whose), "retention": after.retention, **row})
        if before.restricted_by is not after.restricted_by:
            fact = Fact.UNRESTRICTED if after.restricted_at is None else Fact.RESTRICTED
            _audit(connection, fact, whose["this_shop"], after.retention, actor, now)


def _changes(
    connection: Connection, whose: Whose, concerned: Collection[str], moved: Callable[[Term], Term]
) -> list[tuple[Term, Term]]:
    known = {row.retention: _term(row) for row in connection.execute(_TERMS, _resting(whose)).all()}
    before = [known.get(retention) or Term(retention=retention) for retention in sorted(concerned)]
    return [(term, after) for term in before if (after := moved(term)) != term]


def _held(connection: Connection, upserts: Upserts, whose: Whose, kept: date) -> None:
    """Lock the row of whose it is, made where there is none; it is remembered until that day at least."""
    if connection.execute(upserts.new[standings], {**_row(whose), "until": kept}).rowcount:
        return
    if connection.execute(_LOCK, whose).scalar_one() < kept:
        connection.execute(_KEEP, {**whose, "until": kept})


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
