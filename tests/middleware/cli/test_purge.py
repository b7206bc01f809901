"""``purge``: by hand what the relay does, and what is told where it cannot."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from middleware.bootstrap_retention import boot
from middleware.cli.purging import WHAT
from middleware.model_purge import Kind
from middleware.storage import open_retention, open_store
from tests.middleware.cli.bench import Instance
from tests.storage import builders

NEXT_DAY = datetime(2027, 12, 22, 23, tzinfo=UTC)


@pytest.fixture
def timed(instance: Instance) -> Instance:
    """In a time of its own, with three records."""
    made = instance.write(server=f'clock = "file:{instance.folder}/clock"')
    store = open_store(f"sqlite:///{instance.database}")
    for _ in range(3):
        store.accept(builders.arrival(), builders.record())
    store.close()
    turn(made, builders.NOW)
    assert made.run("purge").stdout == "Nothing has ended.\n"
    return made


def turn(instance: Instance, now: datetime) -> None:
    (instance.folder / "clock").write_text(now.isoformat(), encoding="ascii")


ENDED = {"parts": 3, "clear": 3, "inbox": 3}


@pytest.mark.policy("VP-RET-4", "AMB-20")
def test_a_turned_clock_is_accepted_by_a_person(timed: Instance) -> None:
    turn(timed, NEXT_DAY)
    refused = timed.run("purge")
    assert refused.exit_code == 1
    assert refused.stderr.endswith("run `parcelveil purge --accept-clock`. (clock-jumped)\n")
    assert timed.json("purge", "--dry-run") == ENDED
    assert timed.json("purge", "--accept-clock") == ENDED
    assert timed.json("purge") == {}


def test_it_tells_what_it_took(timed: Instance) -> None:
    turn(timed, NEXT_DAY)
    dry = timed.run("purge", "--dry-run").stdout.splitlines()
    assert [line.split()[:2] for line in dry] == [["ended", "rows"], ["parts", "3"], ["clear", "3"], ["inbox", "3"]]
    done = timed.run("purge", "--accept-clock").stdout.splitlines()
    assert done[0].split() == ["taken", "rows"]
    assert done[1:] == dry[1:]


def test_every_kind_has_its_words() -> None:
    assert list(WHAT) == list(Kind)


def test_a_dry_run_accepts_nothing(timed: Instance) -> None:
    assert timed.run("purge", "--dry-run", "--accept-clock").exit_code == 2


def test_while_another_is_at_it_nothing_is_done(timed: Instance) -> None:
    retention = open_retention(f"sqlite:///{timed.database}")
    assert retention.begin(builders.NOW, boot()) is not None
    retention.close()
    said = timed.run("purge")
    assert (said.exit_code, said.stderr) == (1, "A relay is at it now.\n")


def told(instance: Instance, check: str) -> list[tuple[str, str]]:
    """What doctor says under that name: (verdict, message)."""
    found = instance.run("doctor", "--json")
    return [(row["verdict"], row["message"]) for row in json.loads(found.stdout) if row["check"] == check]


def test_doctor_tells_how_it_is_doing(timed: Instance) -> None:
    assert told(timed, "purge") == [("ok", "last run at 2026-11-22 10:00 UTC")]
    turn(timed, builders.NOW + timedelta(minutes=31))
    assert told(timed, "purge") == [("warn", "last run at 2026-11-22 10:00 UTC")]
    turn(timed, NEXT_DAY)
    timed.run("purge")
    assert told(timed, "purge") == [("warn", "it stands still: a clock has jumped, and nothing is erased")]


def test_parts_that_cannot_be_read_are_told_and_stop_no_other(timed: Instance) -> None:
    with sqlite3.connect(timed.database) as database:
        (odd,) = database.execute("SELECT min(record_id) FROM parts").fetchone()
        database.execute("UPDATE parts SET until = '0' WHERE record_id = ? AND name = 'recipient.delivery'", (odd,))
    turn(timed, NEXT_DAY)
    said = timed.run("purge", "--accept-clock")
    assert said.exit_code == 1
    assert said.stdout.splitlines()[1].split()[:2] == ["parts", "2"]
    assert f"1 parts cannot be read and are left for a person: {odd}" in said.stderr
    assert told(timed, "parts") == [("warn", f"1 cannot be read, and so are not erased: {odd}")]
    assert timed.json("purge", "--dry-run") == {"parts": 1}


def test_doctor_tells_that_it_has_not_run_yet(instance: Instance) -> None:
    assert told(instance, "purge") == [("ok", "has not run yet")]
