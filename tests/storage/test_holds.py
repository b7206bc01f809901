"""What is needed for a legal claim is kept beyond its end, visibly, here and at the parcel platform; and no longer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from middleware.exchange import Delivered
from middleware.model import Record, SealedCopy, State
from middleware.model_keys import Fact
from middleware.model_purge import Held, Hold, Kind, Telling, Told
from middleware.ports import Store
from middleware.ports_retention import Retention
from middleware.storage import open_copies, open_retention, purge_sql
from middleware.storage.tables_retention import holds
from tests.storage.builders import LATER, NOW, UNTIL, arrival, part, record
from tests.storage.looking import claim
from tests.storage.purging import BOOT, LAST_DAY, NEXT_DAY, TEN_YEARS, purge, rows, sealed

DELIVERY, SENDER, CUSTOMS = "recipient.delivery", "sender.contact", "recipient.customs"
HOLD = Held(ground="case 2027/117", person="Els", starts=NOW.date(), until=date(2029, 6, 30))
OVER = NEXT_DAY.replace(year=2029, month=6, day=30, hour=22)
"""Midnight in Brussels after the hold's last day."""


@pytest.fixture
def retention(url: str) -> Iterator[Retention]:
    opened = open_retention(url)
    yield opened
    opened.close()


def taken(store: Store, *, sent: bool = False, **changes: object) -> Record:
    made = record(**changes)
    store.accept(arrival(), made)
    if sent:
        store.delivered(claim(store), Delivered(barcode="B", state="created"), NOW)
    return made


def ends(retention: Retention, made: Record) -> dict[str, tuple[Telling, date | None, Told]]:
    """What the platform is told last of each part."""
    return {notice.part: (notice.telling, notice.ends, notice.state) for notice in retention.told(made.id)}


@pytest.mark.policy("VP-RET-3", "AMB-8")
def test_what_is_held_stays_and_what_is_not_goes(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made, other = taken(store), taken(store)
    held = retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    assert [(each.record_id, each.part) for each in held] == [(made.id, DELIVERY)]
    assert purge(url, NEXT_DAY) == {"parts": 1, "clear": 1, "inbox": 2}
    assert sealed(behind) == {(made.id, part) for part in (DELIVERY, SENDER, CUSTOMS)} | {
        (other.id, part) for part in (SENDER, CUSTOMS)
    }
    cleartext = {row["id"]: row["clear"] for row in rows(behind, "records")}
    assert cleartext == {made.id: made.clear, other.id: None}
    assert purge(url, OVER - LATER / 60) == {}
    assert purge(url, OVER) == {"parts": 1, "clear": 1}
    assert (made.id, DELIVERY) not in sealed(behind)


def test_a_whole_record_outlives_its_end(url: str, store: Store, retention: Retention, behind: Engine) -> None:
    made = taken(store, parts=(part(SENDER, until=UNTIL),))
    retention.hold(replace(HOLD, until=date(2040, 1, 1)), [made.id], [], NOW)
    purge(url, TEN_YEARS)
    assert [row["id"] for row in rows(behind, "records")] == [made.id]
    assert len(rows(behind, "index_entries")) == 2
    assert len(rows(behind, "holds")) == 1
    purge(url, TEN_YEARS.replace(year=2040))
    assert [rows(behind, name) for name in ("records", "index_entries", "holds")] == [[], [], []]


@pytest.mark.policy("AMB-8")
def test_the_platform_is_told_of_the_new_end_and_of_the_old_one_again(
    url: str, store: Store, retention: Retention
) -> None:
    made = taken(store, sent=True)
    held = retention.hold(HOLD, [made.id], [], NOW)
    assert [each.part for each in held] == [SENDER, DELIVERY, CUSTOMS]
    told = ends(retention, made)
    assert told == {  # of the customs part the clock has not started; the sender's own end is later
        DELIVERY: (Telling.RETAIN, HOLD.until, Told.WAITING),
        SENDER: (Telling.RETAIN, UNTIL, Told.WAITING),
    }
    lease = retention.claim(NOW, 60.0, "platform")
    assert lease is not None
    assert [each.part for each in retention.release(held[0].id, "Jan", NOW + LATER)] == [CUSTOMS, DELIVERY, SENDER]
    assert not retention.settle(lease, Told.DONE, None, NOW, HOLD.until)  # what it told is out of date
    assert ends(retention, made)[DELIVERY] == (Telling.RETAIN, LAST_DAY, Told.WAITING)
    purge(url, NEXT_DAY)
    assert {notice.telling for notice in retention.told(made.id) if notice.part == DELIVERY} == {Telling.ERASE}


def test_what_outlived_its_own_end_goes_when_the_hold_is_ended(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    made = taken(store, sent=True)
    (held,) = retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    assert purge(url, NEXT_DAY) == {"inbox": 1}
    retention.release(held.id, "Jan", NEXT_DAY)
    assert purge(url, NEXT_DAY) == {"parts": 1}
    assert [notice.telling for notice in retention.told(made.id)] == [Telling.ERASE]
    (row,) = rows(behind, "holds")
    assert (row["ended_at"], row["ended_by"]) == (NEXT_DAY, "Jan")


def test_a_lease_of_what_is_out_of_date_settles_nothing(store: Store, retention: Retention) -> None:
    """Not even when somebody has a lease of the newer one."""
    made = taken(store, sent=True)
    (held,) = retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    first = retention.claim(NOW, 60.0, "platform")
    retention.release(held.id, "Jan", NOW)
    second = retention.claim(NOW, 60.0, "platform")
    assert first is not None
    assert second is not None
    assert not retention.settle(first, Told.DONE, None, NOW, HOLD.until)
    assert retention.settle(second, Told.DONE, None, NOW, HOLD.until)


def test_two_holds_of_one_part(url: str, store: Store, retention: Retention) -> None:
    made = taken(store, sent=True)
    (longer,) = retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    (shorter,) = retention.hold(replace(HOLD, until=date(2028, 6, 30)), [made.id], [DELIVERY], NOW + LATER)
    assert ends(retention, made)[DELIVERY][1] == HOLD.until
    retention.release(longer.id, "Jan", NOW + LATER)
    assert ends(retention, made)[DELIVERY][1] == date(2028, 6, 30)
    assert purge(url, NEXT_DAY) == {"inbox": 1}
    assert [each.id for each in retention.holds(made.id)] == [shorter.id, longer.id]


def test_a_hold_that_has_not_begun_holds_nothing(url: str, store: Store, retention: Retention) -> None:
    made = taken(store)
    retention.hold(replace(HOLD, starts=date(2027, 12, 24)), [made.id], [DELIVERY], NOW)
    assert purge(url, NEXT_DAY)["parts"] == 1


def test_what_has_ended_cannot_be_held(url: str, store: Store, retention: Retention) -> None:
    made = taken(store)
    purge(url, NEXT_DAY)
    assert retention.hold(HOLD, [made.id], [DELIVERY], NEXT_DAY) == []
    assert retention.hold(HOLD, ["nothing"], [], NEXT_DAY) == []
    assert retention.holds(None) == []


@pytest.mark.policy("AMB-8", "VP-RET-4")
def test_what_is_over_cannot_be_held_though_the_purge_comes_late(store: Store, retention: Retention) -> None:
    made = taken(store)
    last = NEXT_DAY - timedelta(seconds=1)
    held = {each.part for each in retention.hold(replace(HOLD, starts=LAST_DAY, until=LAST_DAY), [made.id], [], last)}
    assert held == {DELIVERY, SENDER, CUSTOMS}
    assert {each.part for each in retention.hold(HOLD, [made.id], [], NEXT_DAY)} == {SENDER, CUSTOMS}


def test_what_is_over_and_held_can_be_held_longer(store: Store, retention: Retention) -> None:
    made, other = taken(store), taken(store)
    retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    retention.hold(replace(HOLD, starts=date(2028, 6, 1)), [other.id], [DELIVERY], NOW)  # it has not begun
    found = retention.hold(replace(HOLD, until=date(2035, 1, 1)), [made.id, other.id], [DELIVERY], NEXT_DAY)
    assert [each.record_id for each in found] == [made.id]


@pytest.mark.policy("MX-RET-1")
def test_what_nothing_sends_and_is_over_cannot_be_held(store: Store, retention: Retention) -> None:
    never = part(CUSTOMS, starts=None, until=None, ceiling=LAST_DAY)
    made = taken(store, parts=(never,))
    assert store.bury(claim(store), State.DEAD, "refused", NOW)
    assert retention.hold(HOLD, [made.id], [], NEXT_DAY) == []
    assert len(retention.hold(HOLD, [made.id], [], NOW)) == 1


def test_what_nobody_else_ever_had_is_told_to_nobody(store: Store, retention: Retention) -> None:
    made = taken(store)
    retention.hold(HOLD, [made.id], [], NOW)
    assert retention.told(made.id) == []


def test_a_hold_ends_once(store: Store, retention: Retention) -> None:
    made = taken(store)
    (held,) = retention.hold(HOLD, [made.id], [DELIVERY], NOW)
    assert retention.release("nothing", "Jan", NOW) == []
    assert len(retention.release(held.id, "Jan", NOW)) == 1
    assert retention.release(held.id, "Piet", NOW) == []
    (told,) = retention.holds(made.id)
    assert told == Hold(
        id=held.id,
        record_id=made.id,
        part=DELIVERY,
        ground="case 2027/117",
        person="Els",
        starts=HOLD.starts,
        until=HOLD.until,
        created_at=NOW,
        ended_at=NOW,
        ended_by="Jan",
    )


def test_who_held_and_who_ended_it_stands_in_the_audit_log(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    made = taken(store)
    held = retention.hold(HOLD, [made.id], [], NOW)
    retention.release(held[0].id, "Jan", NOW + LATER)
    log = sorted((row["at"], row["fact"], row["subject"], row["actor"]) for row in rows(behind, "audit_entries"))
    assert log == [(NOW, Fact.HELD, made.id, "Els"), (NOW + LATER, Fact.RELEASED, made.id, "Jan")]


def test_a_kept_copy_lives_as_long_as_its_part_is_held(
    url: str, store: Store, retention: Retention, behind: Engine
) -> None:
    """Its key is not destroyed before, either: a month is not over for what ends later."""
    kid = f"{DELIVERY}/vp.recipient.operational/2027-12"
    kept = part(DELIVERY, copy=SealedCopy(kid=kid, jwe="copy"))
    made = taken(store, sent=True, parts=(kept,))
    copies = open_copies(url)
    first = date(2028, 1, 1)
    assert copies.living(kid, first, 10) == []
    (held,) = retention.hold(HOLD, [made.id], [], NOW)
    assert [copy.until for copy in copies.living(kid, first, 10)] == [HOLD.until]
    purge(url, NEXT_DAY)
    assert len(copies.living(kid, first, 10)) == 1
    retention.release(held.id, "Jan", NEXT_DAY)
    purge(url, NEXT_DAY)
    assert rows(behind, "copies") == []
    copies.close()


@pytest.mark.policy("VP-RET-3", "AMB-8")
def test_a_part_that_is_held_while_a_batch_is_chosen_is_not_taken(
    url: str, store: Store, retention: Retention, behind: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The purge looks again once the records are locked."""
    made = taken(store)
    real = purge_sql._unheld

    def later(connection: Connection, found: Sequence[Any], day: date) -> Sequence[Any]:
        assert [row.name for row in found] == [DELIVERY]
        held = Hold(id="h", record_id=made.id, part=DELIVERY, created_at=NOW, **asdict(HOLD))
        connection.execute(holds.insert(), asdict(held))
        return real(connection, found, day)

    monkeypatch.setattr(purge_sql, "_unheld", later)
    fence = retention.begin(NEXT_DAY, BOOT)
    assert fence is not None
    assert retention.purge(Kind.PARTS, LAST_DAY + timedelta(days=1), NEXT_DAY, 10, fence) == 1
    assert (made.id, DELIVERY) in sealed(behind)
    assert rows(behind, "records")[0]["state"] == "waiting"
