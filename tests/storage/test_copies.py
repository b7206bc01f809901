"""Sealed copies rest beside their record, and leave with it; what they are sealed to can be told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, func, select

from middleware.exchange import Delivered
from middleware.model import Reason, Record, SealedCopy
from middleware.model_keys import AuditEntry, Fact
from middleware.model_purge import Held
from middleware.ports import Copies, Store
from middleware.storage import open_copies, open_retention
from middleware.storage.tables import audit_entries, copies
from tests.storage.builders import LEASE, NOW, again, arrival, part, record
from tests.storage.looking import claim
from tests.storage.purging import NEXT_DAY, purge

KID, OTHER = "recipient.delivery/vp.recipient.operational/2027-12", "sender.contact/vp.sender.legal/2036-11"
FIRST = date(2028, 1, 1)


@pytest.fixture
def kept(url: str) -> Iterator[Copies]:
    opened = open_copies(url)
    yield opened
    opened.close()


def with_copies(**ends: date | None) -> Record:
    """A record with a copy of each part, sealed to ``KID``; ``ends`` are the parts' last days."""
    days = {"delivery": date(2027, 12, 22), **ends}
    parts = tuple(
        part(f"recipient.{name}", until=until, copy=SealedCopy(kid=KID, jwe=f"copy of {name}"))
        for name, until in days.items()
    )
    return record(parts=parts)


def count(behind: Engine) -> int:
    with behind.connect() as connection:
        return connection.execute(select(func.count()).select_from(copies)).scalar_one()


def test_a_record_without_copies_has_none(store: Store, kept: Copies) -> None:
    store.accept(arrival(), record())
    assert kept.kids() == {}


@pytest.mark.policy("VP-RET-4")
def test_a_copy_stays_after_delivery_and_the_part_leaves(store: Store, kept: Copies, behind: Engine) -> None:
    made = with_copies()
    store.accept(arrival(), made)
    store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    assert kept.kids() == {KID: 1}
    found = store.show(made.id)
    assert found is not None
    assert [one.jwe for one in found.parts] == [""]
    assert count(behind) == 1


@pytest.mark.parametrize("end", ["withdrawn", "replaced", "cancelled"])
def test_a_copy_leaves_with_what_is_not_sent(store: Store, kept: Copies, end: str) -> None:
    arrived = arrival()
    store.accept(arrived, with_copies())
    if end == "replaced":
        store.accept(again(arrived), record())
    elif end == "cancelled":
        store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
        assert store.gone(claim(store), NOW)
    else:
        store.accept(again(arrived, halt=Reason.CANCELLED), None)
    assert kept.kids() == {}


def test_those_that_outlive_their_month_are_told_apart(store: Store, kept: Copies) -> None:
    ends = {"delivery": date(2027, 12, 31), "notification": date(2028, 1, 1), "customs": None}
    store.accept(arrival(), with_copies(**ends))
    living = kept.living(KID, FIRST, 10)
    assert {copy.part for copy in living} == {"recipient.notification", "recipient.customs"}
    assert kept.living(OTHER, FIRST, 10) == []
    assert len(kept.living(KID, FIRST, 1)) == 1


def test_a_copy_is_replaced_only_where_the_old_one_still_is(store: Store, kept: Copies) -> None:
    store.accept(arrival(), with_copies(customs=None))
    (before,) = kept.living(KID, FIRST, 10)
    after = replace(before, kid=OTHER, jwe="sealed again")
    assert kept.resealed([before], [after]) == 1
    assert kept.resealed([before], [after]) == 0
    assert kept.living(OTHER, FIRST, 10) == [after]
    assert kept.kids() == {KID: 1, OTHER: 1}


def test_nothing_is_noted_while_something_lives(store: Store, kept: Copies, behind: Engine) -> None:
    store.accept(arrival(), with_copies(customs=None))
    entry = AuditEntry(at=NOW, fact=Fact.DESTRUCTION_ANNOUNCED, subject=KID, actor="Els")
    assert kept.note(entry, FIRST) == 1
    assert kept.noted(KID) == []
    (before,) = kept.living(KID, FIRST, 10)
    kept.resealed([before], [replace(before, kid=OTHER)])
    assert kept.note(entry, FIRST) == 0
    assert kept.noted(KID) == [entry]
    with behind.connect() as connection:
        assert connection.execute(select(func.count()).select_from(audit_entries)).scalar_one() == 1


@pytest.mark.policy("VP-RET-4", "AMB-4")
def test_a_copy_goes_with_the_end_of_its_part(url: str, store: Store, kept: Copies, behind: Engine) -> None:
    made = with_copies(customs=None, notification=date(2027, 12, 23))
    store.accept(arrival(), made)
    store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    assert count(behind) == 3
    purge(url, NEXT_DAY)
    with behind.connect() as connection:
        assert set(connection.execute(select(copies.c.part)).scalars()) == {
            "recipient.customs",
            "recipient.notification",
        }


@pytest.mark.policy("VP-RET-3")
@pytest.mark.parametrize("held", [True, False])
def test_what_is_legally_held_stays_when_its_shipment_is_cancelled(
    store: Store, kept: Copies, url: str, held: bool
) -> None:
    arrived, made = arrival(), with_copies(customs=None)
    store.accept(arrived, made)
    if held:
        hold(url, made)
    store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    store.accept(again(arrived, halt=Reason.CANCELLED), None)
    if held:
        assert store.claim(NOW, LEASE, "demo") is None  # it is not taken back at all
    else:
        assert store.gone(claim(store), NOW)
    assert kept.kids() == ({KID: 2} if held else {})


@pytest.mark.policy("VP-RET-3")
def test_what_was_held_before_it_was_sent_is_told_once_it_is_there(store: Store, url: str) -> None:
    made = with_copies()
    store.accept(arrival(), made)
    hold(url, made)
    with closing(open_retention(url)) as retention:
        assert retention.told(made.id) == []
        store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
        (notice,) = retention.told(made.id)
    assert (notice.part, notice.telling, notice.ends) == ("recipient.delivery", "retain", date(2038, 12, 31))


def hold(url: str, made: Record) -> None:
    order = Held(ground="case 7", person="Els", starts=NOW.date(), until=date(2038, 12, 31))
    with closing(open_retention(url)) as retention:
        assert retention.hold(order, [made.id], ["recipient.delivery"], NOW)
