"""``deliveries``: every state in plain words, with what to do; ids, codes and tags, and nothing that was sealed."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, update

from middleware.cli import telling
from middleware.cli.parcels import PARCEL
from middleware.core.lifecycle import IDLE
from middleware.model import Record, State
from middleware.model_purge import Boot, Kind, Told
from middleware.ports import Store
from middleware.storage import open_retention, open_store
from middleware.storage.tables import parts
from middleware.storage.tables import records as table
from schemas.known import DOUBTS, REASONS
from tests.middleware.cli.bench import Instance, refused
from tests.storage import builders, states
from tests.storage.builders import LATER, NOW
from tests.storage.looking import claim
from tests.storage.states import BARCODE

MEMBERS = {
    *("id", "reference", "shop", "state", "simulated", "readable", "created", "due", "attempts", "code", "barcode"),
    *("account", "changed_after_delivery", "changed_seen", "ending", "predecessor", "until"),
}


def made(**changes: Any) -> Record:
    """A record with an id and a code as they really are."""
    code = uuid.uuid4().hex.upper()
    return builders.record(**{"id": str(uuid.uuid4()), "reference": f"{code[:5]}-{code[5:10]}", **changes})


def fill(store: Store) -> dict[State, Record]:
    """A record in every state, and two rejected orders."""
    records = states.fill(store, made)
    store.reject(builders.rejection(topic="orders/updated"))
    store.reject(builders.rejection(shop="tweede", faults=(("", "malformed-json"),), received_at=NOW + LATER))
    return records


@pytest.fixture(scope="module")
def filled(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[State, Record]]:
    """A database with a record in every state, made once."""
    path = Path(shutil.copy(prepared / "data" / "parcelveil.db", tmp_path_factory.mktemp("filled")))
    with closing(open_store(f"sqlite:///{path}")) as store:
        return path, fill(store)


@pytest.fixture
def records(instance: Instance, filled: tuple[Path, dict[State, Record]]) -> dict[State, Record]:
    path, records = filled
    shutil.copy(path, instance.database)
    return records


def within(lines: list[str], columns: int) -> bool:
    return all(len(line) <= columns for line in lines)


def remembered(state: State) -> list[str]:
    """The last day of a part whose clock had not started: there is one where no shipment is left to start it."""
    return ["2026-12-22"] if state is State.CANCELLED else []


each_state = pytest.mark.parametrize("state", State)


def test_every_record_is_listed_newest_first(instance: Instance, records: dict[State, Record]) -> None:
    listed = instance.json("deliveries", "list")
    assert [(row["id"], row["state"]) for row in listed] == [(records[state].id, state) for state in reversed(State)]
    assert [set(row) for row in listed] == [MEMBERS] * len(State)


def test_a_listed_record_tells_all_in_json(instance: Instance, records: dict[State, Record]) -> None:
    listed = {row["state"]: row for row in instance.json("deliveries", "list")}
    assert listed["delivered"] == {
        "id": records[State.DELIVERED].id,
        "reference": records[State.DELIVERED].reference,
        "shop": "demo",
        "state": "delivered",
        "simulated": False,
        "readable": True,
        "created": "2026-11-22T10:04:00+00:00",
        "due": None,
        "attempts": 0,
        "code": None,
        "barcode": BARCODE,
        "account": None,
        "changed_after_delivery": True,
        "changed_seen": None,
        "ending": "too-late",
        "predecessor": None,
        "until": "2036-11-22",
    }
    told = {name: (row["due"], row["attempts"], row["code"]) for name, row in listed.items()}
    assert told["waiting"] == ("2026-11-22T10:01:00+00:00", 1, "http-503")
    assert told["held"] == (None, 0, None)
    assert listed["held"]["predecessor"] == listed["cancelling"]["id"]
    assert told["claimed"] == ("2026-11-22T10:00:30+00:00", 0, None)
    assert told["dead"] == (None, 0, "attempts-exhausted:timeout")
    assert told["withdrawn"] == (None, 0, "cancelled")


def test_the_list_can_be_read_in_a_hundred_columns(instance: Instance, records: dict[State, Record]) -> None:
    result = instance.run("deliveries", "list", columns=100)
    lines = result.stdout.splitlines()
    assert within(lines, 100)
    for state, record in records.items():
        (line,) = [line for line in lines if record.id in line]
        assert line.split()[:5] == [record.id, record.reference, "demo", state, "2026-11-22"]
    assert BARCODE in result.stdout.replace("\n", "").replace(" ", "")


def test_a_list_that_goes_to_a_file_has_a_line_for_each(instance: Instance, records: dict[State, Record]) -> None:
    table_, _, note = instance.run("deliveries", "list").stdout.partition("\n\n")
    head, *lines = table_.splitlines()
    assert " ".join(note.split()) == f"! {PARCEL.changed}"
    assert head.split()[0] == "id"
    assert len(lines) == len(records)
    assert [line.split()[5:] for line in lines] == [
        ["cancelled"],
        ["tampered"],
        ["attempts-exhausted:timeout"],
        [BARCODE],
        [BARCODE],
        ["!", BARCODE],
        [],
        [],
        [],
        ["http-503"],
    ]


@each_state
def test_a_state_can_be_asked_for(instance: Instance, records: dict[State, Record], state: State) -> None:
    assert [row["id"] for row in instance.json("deliveries", "list", "--state", state.value)] == [records[state].id]


def test_several_states_a_shop_and_a_number_can_be_asked_for(instance: Instance, records: dict[State, Record]) -> None:
    asked = ("--state", "dead", "--state", "waiting")
    found = [row["state"] for row in instance.json("deliveries", "list", *asked)]
    assert found == ["dead", "waiting"]
    assert [row["state"] for row in instance.json("deliveries", "list", *asked, "--limit", "1")] == ["dead"]
    assert instance.json("deliveries", "list", "--shop", "tweede") == []
    assert len(instance.json("deliveries", "list", "--shop", "demo")) == len(State)


def test_what_is_for_a_person_can_be_asked_for(instance: Instance, records: dict[State, Record]) -> None:
    (listed,) = instance.json("deliveries", "list", "--changed")
    assert (listed["id"], listed["changed_after_delivery"]) == (records[State.DELIVERED].id, True)
    assert instance.json("deliveries", "list", "--changed", "--state", "dead") == []


def test_without_a_flag_there_is_no_column_for_it(instance: Instance, records: dict[State, Record]) -> None:
    told = instance.run("deliveries", "list", "--state", "dead").stdout
    assert "!" not in told


def test_nothing_to_list_is_said(instance: Instance) -> None:
    assert instance.run("deliveries", "list").stdout == "There is no such record.\n"
    assert instance.run("deliveries", "list", "--rejected").stdout == "No order was rejected.\n"
    assert instance.json("deliveries", "list") == instance.json("deliveries", "list", "--rejected") == []


@pytest.mark.parametrize(
    "words",
    [("--state", "nonesuch"), ("--limit", "0"), ("--rejected", "--state", "dead"), ("--rejected", "--changed")],
    ids=" ".join,
)
def test_what_cannot_be_listed_is_a_usage_error(instance: Instance, words: tuple[str, ...]) -> None:
    result = instance.run("deliveries", "list", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage: parcelveil deliveries list" in result.stderr


def test_rejected_orders_are_listed_newest_first(instance: Instance, records: dict[State, Record]) -> None:
    first, second = instance.json("deliveries", "list", "--rejected")
    assert (first["shop"], first["errors"]) == ("tweede", [{"pointer": "", "code": "malformed-json"}])
    assert second == {
        "id": second["id"],
        "shop": "demo",
        "topic": "orders/updated",
        "received": "2026-11-22T10:00:00+00:00",
        "errors": [
            {"pointer": "/shipping_address/zip", "code": "pattern"},
            {"pointer": "/line_items/0/*", "code": "type"},
        ],
        "page": None,
        "until": "2026-12-22",
    }
    assert instance.json("deliveries", "list", "--rejected", "--shop", "tweede") == [first]
    assert instance.json("deliveries", "list", "--rejected", "--limit", "1") == [first]


def test_rejected_orders_are_told_in_plain_words(instance: Instance, records: dict[State, Record]) -> None:
    result = instance.run("deliveries", "list", "--rejected", columns=100)
    lines = result.stdout.splitlines()
    assert within(lines, 100)
    assert lines[1].split() == ["2026-11-22", "10:01", "tweede", "orders/create", "the", "body:", "malformed-json"]
    assert "/shipping_address/zip: pattern; /line_items/0/*: type" in lines[2]
    assert "Have them completed in the shop" in lines[-2]


@each_state
def test_a_record_is_told_in_plain_words(instance: Instance, records: dict[State, Record], state: State) -> None:
    record = records[state]
    result = instance.run("deliveries", "show", record.id, columns=100)
    lines = result.stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines[1:4])
    assert result.exit_code == 0
    assert lines[0] == record.id
    assert (facts["state"], facts["shop"]) == (state, "demo")
    assert within(lines, 100)
    prose = " ".join(result.stdout.split())
    assert PARCEL.where[state] in prose
    advice = PARCEL.changed if state is State.DELIVERED else PARCEL.can[state].format(id=record.id)
    if state is State.WAITING:
        advice = f"{telling.OVERDUE} {PARCEL.still}"
    assert advice in prose
    assert (PARCEL.changed in prose) == (state is State.DELIVERED)
    tags = [line.split() for line in lines if line.startswith(("recipient.", "sender."))]
    assert tags == [
        ["sender.contact", "vp.sender.legal", "label_created", "2026-11-22", "2036-11-22"],
        ["recipient.delivery", "vp.recipient.operational", "label_created", "2026-11-22", "2027-12-22"],
        ["recipient.customs", "vp.recipient.operational", "label_created", *remembered(state)],
    ]
    for path, reason in (("note", "free_text"), ("line_items[].*", "not_needed")):
        assert [path, *REASONS.get(reason, reason).split()] in [line.split() for line in lines]
    (doubted,) = record.removal.doubted
    assert [doubted.path, *DOUBTS[doubted.reason].split()] in [line.split() for line in lines]


@pytest.mark.parametrize(
    ("state", "facts"),
    [
        (State.WAITING, ["next attempt at   2026-11-22 10:01 UTC", "failed attempts   1"]),
        (State.WAITING, ["last said         http-503", f"{'':17} the parcel platform is at fault or out of order"]),
        (State.CLAIMED, ["lease ends at     2026-11-22 10:00 UTC", "taken in          2026-11-22 10:03 UTC"]),
        (State.DELIVERED, [f"barcode           {BARCODE}", "known until       2036-11-22"]),
        (
            State.DEAD,
            [
                "last said         attempts-exhausted:timeout",
                f"{'':17} every attempt was used up; the parcel platform did not answer in time",
            ],
        ),
        (State.QUARANTINED, ["last said         tampered", f"{'':17} receipt or seal does not fit"]),
        (State.WITHDRAWN, ["last said         cancelled", f"{'':17} the order is cancelled"]),
    ],
)
def test_what_is_known_of_a_record_is_told(
    instance: Instance, records: dict[State, Record], state: State, facts: list[str]
) -> None:
    lines = instance.run("deliveries", "show", records[state].id).stdout.splitlines()
    assert [fact for fact in facts if fact not in lines] == []


def test_an_id_in_a_command_is_never_broken(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two letters a hyphen may end a line of prose; what is to be copied it may not."""
    record = made(id="abcdefab-abcd-4bcd-abcd-abcdefabcdef")
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        store.accept(builders.arrival(), record)
        store.bury(claim(store), State.QUARANTINED, "predecessor-missing", NOW)
    for asked, columns in product((("deliveries", "show"), ("shipments", "find")), (50, 60, 70, 80, 90)):
        monkeypatch.setattr(f"middleware.cli.{asked[0]}.PROSE", columns)
        said = " ".join(instance.run(*asked, record.id).stdout.split())
        assert f"`parcelveil deliveries retry {record.id}`" in said


@pytest.mark.parametrize("ticks", [True, False], ids=["one-clock-runs", "both-wait"])
def test_what_nothing_sends_is_known_until_its_last_part_ends(instance: Instance, *, ticks: bool) -> None:
    """Of two clocks one may run: what waits ends before its record does."""
    day, last = date(2027, 12, 22), date(2036, 11, 22)
    waits = builders.part("recipient.delivery", trigger="delivered", starts=None, until=None, ceiling=day)
    sender = {} if ticks else {"starts": None}
    other = builders.part("sender.contact", until=last if ticks else None, ceiling=last, **sender)
    record = made(parts=(waits, other), until=None, clear_until=None)
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        store.accept(builders.arrival(), record)
        lines = instance.run("deliveries", "show", record.id).stdout.splitlines()
        assert "known until       a clock starts that has not started" in lines
        store.bury(claim(store), State.DEAD, "http-422", NOW)
        found = instance.run("shipments", "find", record.id).stdout
    lines = instance.run("deliveries", "show", record.id).stdout.splitlines()
    assert "known until       a clock starts that has not started; while nothing sends it, 2036-11-22" in lines
    assert f"what waits for that ends after {day if ticks else last}." in " ".join(found.split())


@each_state
def test_a_record_tells_all_in_json(instance: Instance, records: dict[State, Record], state: State) -> None:
    record = records[state]
    (listed,) = instance.json("deliveries", "list", "--state", state.value)
    shown = instance.json("deliveries", "show", record.id)
    assert shown.pop("parts") == [
        {
            "part": part.name,
            "class": part.retention,
            "trigger": part.trigger,
            "starts": part.starts and part.starts.isoformat(),
            "until": next(iter(remembered(state)), None) if part.until is None else part.until.isoformat(),
            "unsent_until": "2050-01-01" if part.until is None and state in IDLE else None,
            "ended": None,
        }
        for part in record.parts
    ]
    assert (shown.pop("told"), shown.pop("holds")) == ([], [])
    assert shown.pop("removed") == [
        {"path": removal.path, "reason": removal.reason} for removal in record.removal.removed
    ]
    assert shown.pop("doubted") == [{"path": one.path, "reason": one.reason} for one in record.removal.doubted]
    assert shown == listed


@pytest.mark.parametrize("option", [(), ("--json",)], ids=["text", "json"])
def test_a_record_that_nobody_knows_is_said_with_what_to_do(instance: Instance, option: tuple[str, ...]) -> None:
    result = instance.run("deliveries", "show", "nonesuch", *option)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "There is no such record; `parcelveil deliveries list` tells their ids.\n"


@pytest.mark.parametrize("option", [(), ("--json",)], ids=["text", "json"])
def test_nothing_that_was_sealed_signed_or_digested_is_printed(
    instance: Instance, records: dict[State, Record], option: tuple[str, ...]
) -> None:
    asked = [["list"], ["list", "--rejected"], *(["show", record.id] for record in records.values())]
    printed = "".join(instance.run("deliveries", *ask, *option).output for ask in asked)
    hidden = [text for record in records.values() for text in (record.receipt, *(part.jwe for part in record.parts))]
    hidden += [record.content.hex() for record in records.values()]
    hidden += [entry.digest.hex() for record in records.values() for entry in record.index]
    assert all(record.id in printed for record in records.values())
    assert [text for text in hidden if text in printed] == []
    assert max(map(len, printed.split())) < 100  # no sealed text, whole or in pieces


def test_a_database_that_cannot_be_read_is_one_line(instance: Instance) -> None:
    instance.database.write_bytes(b"not a database" * 100)
    line = refused(instance.run("deliveries", "list"), 1)
    assert line.endswith("(storage-unavailable)")


def test_dead_letters_go_again(instance: Instance, records: dict[State, Record]) -> None:
    dead = records[State.DEAD].id
    result = instance.run("deliveries", "retry", dead)
    assert (result.exit_code, result.output) == (0, f"{dead}: goes again now\n")
    (listed,) = [row for row in instance.json("deliveries", "list") if row["id"] == dead]
    assert (listed["state"], listed["attempts"]) == ("waiting", 0)


@pytest.mark.parametrize("other", [True, False])
def test_a_dead_letter_keeps_its_account_unless_a_person_says_otherwise(
    instance: Instance, records: dict[State, Record], *, other: bool
) -> None:
    dead = records[State.DEAD]
    changed(instance, dead, account="654321", last_code="attempts-exhausted:account-changed")
    shown = " ".join(instance.run("deliveries", "show", dead.id).stdout.split())
    assert "account there 654321" in shown
    assert "which is not known here any more" in shown
    assert instance.run("deliveries", "retry", *(["--other-account"] if other else []), dead.id).exit_code == 0
    assert instance.json("deliveries", "show", dead.id)["account"] == (None if other else "654321")


def test_what_is_no_dead_letter_is_told_and_the_others_go(instance: Instance, records: dict[State, Record]) -> None:
    result = instance.run("deliveries", "retry", records[State.DELIVERED].id, records[State.DEAD].id, "nonesuch")
    assert result.exit_code == 1
    assert result.stdout == f"{records[State.DEAD].id}: goes again now\n"
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == [records[State.DELIVERED].id, "nonesuch"]


EXPIRED = {"last_code": "expired"}
UNINSTALLED = {"last_code": "uninstalled"}
UNCANCELLED = {"last_code": "http-422", "ending": "cancelled"}


def changed(instance: Instance, record: Record, **changes: Any) -> None:
    engine = create_engine(f"sqlite:///{instance.database}")
    with engine.begin() as connection:
        connection.execute(update(table).where(table.c.id == record.id).values(**changes))
    engine.dispose()


@pytest.mark.parametrize(
    ("changes", "advice"),
    [(EXPIRED, PARCEL.expired), (UNCANCELLED, PARCEL.uncancelled), (UNINSTALLED, telling.MAY_BE_THERE)],
    ids=["expired", "ending", "uninstalled"],
)
def test_advice_is_the_same_wherever_it_is_given(
    instance: Instance, records: dict[State, Record], changes: dict[str, Any], advice: str
) -> None:
    dead = records[State.DEAD]
    changed(instance, dead, **changes)
    advice = advice.format(id=dead.id)
    shown, found = (instance.run(*asked, dead.id).stdout for asked in (("deliveries", "show"), ("shipments", "find")))
    assert advice in " ".join(shown.split())
    assert advice in " ".join(found.split())


def test_what_has_expired_does_not_go_again(instance: Instance, records: dict[State, Record]) -> None:
    dead = records[State.DEAD]
    changed(instance, dead, **EXPIRED)
    result = instance.run("deliveries", "retry", dead.id)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"{dead.id}: not sent again. {PARCEL.expired}\n"
    assert instance.json("deliveries", "show", dead.id)["state"] == "dead"


def test_neither_does_what_would_expire(instance: Instance, records: dict[State, Record]) -> None:
    dead = records[State.DEAD]
    engine = create_engine(f"sqlite:///{instance.database}")
    with engine.begin() as connection:
        connection.execute(update(parts).where(parts.c.record_id == dead.id).values(until=date(2020, 1, 1)))
    engine.dispose()
    assert instance.run("deliveries", "retry", dead.id).exit_code == 1
    assert instance.json("deliveries", "show", dead.id)["state"] == "dead"


def test_a_cancellation_that_failed_is_asked_for_again(instance: Instance, records: dict[State, Record]) -> None:
    dead = records[State.DEAD]
    changed(instance, dead, last_code="expired", ending="cancelled")
    result = instance.run("deliveries", "retry", dead.id)
    assert (result.exit_code, result.output) == (0, f"{dead.id}: its cancellation is asked for again now\n")
    assert instance.json("deliveries", "show", dead.id)["state"] == "cancelling"


def test_who_has_looked_at_the_rejected_orders_says_so(instance: Instance, records: dict[State, Record]) -> None:
    assert instance.run("deliveries", "list", "--seen").exit_code == 2
    assert instance.run("deliveries", "list", "--rejected", "--shop", "demo", "--seen").exit_code == 0
    assert seen(instance) == {"demo": True, "tweede": False}


def test_what_was_not_listed_was_not_looked_at(instance: Instance, records: dict[State, Record]) -> None:
    assert instance.run("deliveries", "list", "--rejected", "--limit", "1", "--seen").exit_code == 0
    assert seen(instance) == {"demo": False, "tweede": True}


def seen(instance: Instance) -> dict[str, bool]:
    with closing(open_store(f"sqlite:///{instance.database}")) as store:
        return {row.shop: row.seen_at is not None for row in store.rejections(None, 9)}


@pytest.mark.parametrize("asked", [("deliveries", "list", "--rejected"), ("shipments", "find", "1001")])
def test_a_shop_that_nobody_knows_is_refused(instance: Instance, asked: tuple[str, ...]) -> None:
    line = refused(instance.run(*asked, "--shop", "nonesuch"), 2)
    assert "nonesuch" in line


def test_what_is_flagged_is_done_once_a_person_has_looked(instance: Instance, records: dict[State, Record]) -> None:
    flagged = records[State.DELIVERED].id
    assert [row["id"] for row in instance.json("deliveries", "list", "--changed")] == [flagged]
    assert [row["id"] for row in instance.json("deliveries", "list", "--changed", "--seen")] == [flagged]
    assert instance.json("deliveries", "list", "--changed") == []
    (row,) = instance.json("deliveries", "list", "--state", "delivered")
    assert row["changed_after_delivery"] is True
    assert row["changed_seen"] is not None
    assert "!" not in instance.run("deliveries", "list").stdout
    assert "looked at" in instance.run("deliveries", "show", flagged).stdout


@pytest.mark.policy("VP-RET-4")
def test_what_the_parcel_platform_was_told_is_told(instance: Instance) -> None:
    """Of a record that is there, and of one that has gone."""
    midnight = datetime(2027, 12, 22, 23, tzinfo=UTC)
    url = f"sqlite:///{instance.database}"
    store = open_store(url)
    made = fill(store)[State.DELIVERED]
    store.close()
    retention = open_retention(url)
    fence = retention.begin(midnight, Boot(id="made up", since=None))
    assert fence is not None
    retention.purge(Kind.PARTS, midnight.date() + timedelta(days=1), midnight, 100, fence)
    shown = instance.json("deliveries", "show", made.id)
    (told,) = shown["told"]
    assert (told["part"], told["told"], told["state"]) == ("recipient.delivery", "erase", "waiting")
    assert [part["ended"] is not None for part in shown["parts"]] == [False, True, False]
    for _ in range(9):
        notice = retention.claim(midnight, 60.0, "platform")
        if notice is not None:
            retention.settle(notice, Told.REFUSED, "http-422", midnight, midnight.date() + timedelta(days=30))
    retention.close()
    said = instance.run("deliveries", "show", made.id).stdout
    assert "recipient.delivery      to erase  2027-12-22 23:00 UTC  refused 2027-12-22 23:00 UTC  http-422" in said
    assert "has to be settled with the parcel platform by other means" in " ".join(said.split())
    assert "parcelveil deliveries list --refused --seen" in said
    ids = sorted(row["record"] for row in instance.json("deliveries", "list", "--refused"))
    assert made.id in ids
    listed = instance.run("deliveries", "list", "--refused", "--seen").stdout
    assert [id_ for id_ in ids if id_ not in listed] == []
    assert instance.json("deliveries", "list", "--refused") == []
    assert "nothing that a person has not seen" in instance.run("deliveries", "list", "--refused").stdout
    shown = instance.run("deliveries", "show", made.id).stdout
    assert "(seen 20" in shown
    assert "by other means" not in shown
    with sqlite3.connect(instance.database) as database:
        database.execute("UPDATE notices SET created_at = 'nonsense', seen_at = NULL WHERE record_id = ?", (made.id,))
    assert [row["readable"] for row in instance.json("deliveries", "list", "--refused")] == [False]
    assert "its row holds what nobody of us wrote" in instance.run("deliveries", "list", "--refused").stdout
    with sqlite3.connect(instance.database) as database:
        database.execute("UPDATE notices SET created_at = 0")
        database.execute("DELETE FROM records")
    gone = instance.run("deliveries", "show", made.id)
    assert gone.exit_code == 1
    assert "to erase" in gone.stdout


@pytest.mark.parametrize("other", [("--rejected",), ("--changed",), ("--state", "dead"), ("--shop", "demo")])
def test_what_was_refused_is_of_parts_and_not_of_records(instance: Instance, other: tuple[str, ...]) -> None:
    result = instance.run("deliveries", "list", "--refused", *other)
    assert result.exit_code == 2
    assert "leave the other choices out" in result.stderr
