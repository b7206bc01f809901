"""Rows of shops that nobody of us wrote: each is named with what to do, and stops neither a command nor a process."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from middleware import bootstrap
from tests.middleware.cli.bench import Instance, refused
from tests.middleware.cli.test_shops import NEW, OPTIONS, SENDER, listed

ODD = ("state = 'k4n4rie'", "updated_at = 'k4n4rie'", "version = 'k4n4rie'", "domain = 'k4n4rie'", "sealed = x'ff'")


@pytest.fixture
def sender(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEW_SECRET", NEW)
    file = instance.folder / "sender.json"
    file.write_text(json.dumps(SENDER), encoding="utf-8")
    return file


def connect(instance: Instance, name: str, sender: Path, *more: str) -> int:
    words = ["--domain", f"{name}.myshopify.com", "--sender-file", str(sender), *OPTIONS, *more]
    return instance.run("shops", "connect", name, *words).exit_code


@pytest.fixture(params=ODD)
def odd(instance: Instance, sender: Path, request: pytest.FixtureRequest) -> Instance:
    """Two connected shops, ``new`` and ``odd``; the row of the second holds what nobody of us wrote."""
    assert connect(instance, "new", sender, "--app", "parcelveil") == 0
    assert connect(instance, "odd", sender, "--secret-env", "NEW_SECRET") == 0
    with closing(sqlite3.connect(instance.database)) as database, database:
        database.execute(f"UPDATE shops SET {request.param} WHERE name = 'odd'")  # noqa: S608 - ours
    return instance


def test_doctor_calls_it_bad_and_says_what_to_do(odd: Instance) -> None:
    found = odd.checks(status=1)
    verdict, said = found["shop odd"]
    assert (verdict, "quarantined" in said, "shops connect odd" in said) == ("BAD", True, True)
    assert found["shops in the database"] == ("ok", "1 can be served, 1 are quarantined")
    assert {check for check, (told, _) in found.items() if told == "BAD"} == {"shop odd"}
    assert "k4n4rie" not in str(found)


def test_a_process_starts_without_it(odd: Instance) -> None:
    shops = bootstrap.services(odd.settings()).shops
    assert shops.get("new") is not None
    assert shops.get("odd") is None


def test_it_is_listed_and_nothing_is_told_of_it_but_what_is_true(odd: Instance) -> None:
    told = listed(odd)
    assert (told["new"]["fault"], told["odd"]["state"], told["odd"]["updated_at"]) == (None, "unreadable", None)
    assert told["odd"]["fault"].startswith("The row of this shop holds what this service never writes")
    assert odd.json("shops", "check", "odd", status=1)[0]["ok"] is False
    assert refused(odd.run("shops", "pause", "odd"), 1).endswith("(unreadable-row)")
    assert odd.run("shipments", "find", "#1001").exit_code == 1  # looked for, and not there


def test_it_is_replaced_or_let_go(odd: Instance, sender: Path) -> None:
    assert connect(odd, "odd", sender, "--secret-env", "NEW_SECRET") == 0
    assert (listed(odd)["odd"]["state"], listed(odd)["odd"]["fault"]) == ("live", None)
    assert odd.run("shops", "disconnect", "odd").exit_code == 0


def test_a_database_that_cannot_tell_its_shops_is_bad(instance: Instance) -> None:
    with closing(sqlite3.connect(instance.database)) as database, database:
        database.execute("ALTER TABLE shops RENAME COLUMN sealed TO closed")
    verdict, said = instance.checks(status=1)["shops in the database"]
    assert (verdict, said.startswith("The storage is not available")) == ("BAD", True)
