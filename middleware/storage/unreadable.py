"""Rows that hold what nobody of us wrote: another program's, or a damaged file's. Each is named, and stops no other.

A page is read in one go; only where that fails, row by row, so that what is sound costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, TypeVar

from sqlalchemy.exc import DBAPIError

from middleware.model import Rejection, State
from middleware.storage.tables import EPOCH, UnreadableError
from middleware.trail import Sighting, Summary

CODE: Final = "unreadable-row"
T = TypeVar("T")


def tolerant(
    whole: Callable[[], Sequence[T]],
    keys: Callable[[], Sequence[str]],
    one: Callable[[str], T],
    bad: Callable[[str], T],
) -> Sequence[T]:
    """What ``whole`` reads; where a row of it is unreadable, ``one`` for each of ``keys``, and ``bad`` in its place."""
    try:
        return whole()
    except (UnreadableError, DBAPIError, TypeError, ValueError) as error:
        check(error)
    found = []
    for key in keys():
        try:
            found.append(one(key))
        except (UnreadableError, DBAPIError, TypeError, ValueError) as error:
            check(error)
            found.append(bad(key if isinstance(key, str) else ""))
    return found


def readable(read: Callable[[Sequence[str]], Sequence[T]], keys: Sequence[str]) -> tuple[Sequence[T], frozenset[str]]:
    """What ``read`` tells of these keys, and those of which it tells nothing, as a row of theirs is unreadable."""
    try:
        return read(keys), frozenset()
    except (UnreadableError, DBAPIError, TypeError, ValueError) as error:
        check(error)
    found: list[T] = []
    odd = set()
    for key in keys:
        try:
            found += read([key])
        except (UnreadableError, DBAPIError, TypeError, ValueError) as error:
            check(error)
            odd.add(key)
    return found, frozenset(odd)


def check(error: Exception) -> None:
    """Raises: DBAPIError where the database itself failed, and it is not a value that the driver cannot decode."""
    if isinstance(error, DBAPIError):
        told = [getattr(error.orig, name, None) for name in ("sqlite_errorname", "sqlstate")]
        if error.connection_invalidated or any(told):
            raise error


def sound(row: Any) -> Any:
    """The row, of a record, where what SQLite does not look at is of its type. Raises: UnreadableError."""
    told = (row.account, row.barcode, row.predecessor)
    texts = (row.id, row.reference, row.shop, row.carrier, row.last_code, *told)
    if not all(value is None or isinstance(value, str) for value in texts) or not isinstance(row.attempts, int):
        raise UnreadableError()
    return row


def summary(record_id: str) -> Summary:
    """Of a record of which only the id can be told."""
    return Summary(
        id=record_id,
        reference="",
        shop="",
        carrier="",
        state=State.QUARANTINED,
        created_at=EPOCH,
        due=None,
        attempts=0,
        last_code=CODE,
        barcode=None,
        changed_after_delivery=False,
        changed_seen_at=None,
        ending=None,
        predecessor=None,
        parts=(),
        removal="",
        until=EPOCH.date(),
        readable=False,
    )


def sighting(record_id: str) -> Sighting:
    """The same for one who looks for a parcel."""
    return Sighting(
        id=record_id,
        reference="",
        shop="",
        carrier="",
        state=State.QUARANTINED,
        created_at=EPOCH,
        since=EPOCH,
        due=None,
        attempts=0,
        last_code=CODE,
        barcode=None,
        changed_after_delivery=False,
        ending=None,
        predecessor=None,
        readable=False,
    )


def rejection(entry_id: str) -> Rejection:
    """The same of a rejection."""
    return Rejection(
        id=entry_id,
        shop="",
        topic="",
        faults=(("", CODE),),
        order_ref=None,
        version=None,
        webhook=b"",
        body=b"",
        received_at=EPOCH,
        until=date.min,
        readable=False,
    )
