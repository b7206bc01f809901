"""A shop of the database is given another account at bpost while its parcels are under way, by the command line and by
the admin API: each goes on under the account that it went out under, and whoever changes it is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from middleware import bootstrap
from middleware.web.admin import Administration
from middleware.web.app import create
from tests.system.test_bpost_shm import OWN, SHARED, Bpost, Line, begun, taking

SENDER = {
    "name": "Tweede Winkel",
    "street": "Bedachte Kouter",
    "postal_code": "9000",
    "locality": "Gent",
    "country": "BE",
}
SETTINGS: dict[str, Any] = {
    "platform": "shopify",
    "domain": "second.myshopify.com",
    "app": "parcelveil",
    "carrier": "platform",
    "account_type": "professional",
    "integration": {"requested_on": "2026-11-02"},
    "sender": SENDER,
}
ACCOUNT = ("--account", OWN[0], "--passphrase-env", "DEMO_PASSPHRASE")
TOKEN = "made-up-token-of-the-admin"
HOUR = timedelta(hours=1)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    with taking() as bpost:
        one = begun(tmp_path, monkeypatch, bpost)
        connect(one, *ACCOUNT)
        yield one


def connect(line: Line, *more: str) -> Result:
    file = line.instance.folder / "second.json"
    file.write_text(json.dumps(SETTINGS), encoding="utf-8")
    done = line.instance.run("shops", "connect", "second", "--from", str(file), *more)
    assert done.exit_code == 0, done.output
    return done


def taken(line: Line) -> str:
    """An order that bpost took under the shop's own account, which nobody heard."""
    id_ = str(line.accept("second")["id"])
    line.bpost.lose = 1
    assert "['retry']" in line.deliver()
    return id_


def told(line: Line, id_: str) -> tuple[str, str | None, str | None]:
    shown = line.instance.json("deliveries", "show", id_)
    return shown["state"], shown["code"], shown["account"]


def standing_still(line: Line) -> list[str]:
    """What ``doctor`` says of it."""
    checks = line.instance.checks()
    return [said.partition(";")[0] for check, (_, said) in checks.items() if check == "parcels of shop second"]


def accounts(bpost: Bpost, since: int = 0) -> list[str]:
    return [account for _, _, account in bpost.asked[since:]]


def test_each_goes_on_under_its_own_and_what_was_never_sent_under_the_new_one(line: Line) -> None:
    first, second = taken(line), str(line.accept("second")["id"])
    changed = connect(line)
    assert "its own account is gone" in changed.stderr
    assert "second: 1 of its parcels under way go no further without the account that it had" in changed.stderr
    assert "under way" not in connect(line).stderr  # nothing changes any more
    assert standing_still(line) == [f"1 of its parcels under way went out under {OWN[0]}, which is not known any more"]
    before = len(line.bpost.asked)
    results = [line.deliver() for _ in range(2)]
    assert sorted(result.partition(" ")[0] for result in results) == ["['delivered']", "['retry']"]
    assert set(accounts(line.bpost, before)) == {SHARED[0]}
    assert told(line, first) == ("waiting", "account-changed", OWN[0])
    assert told(line, second) == ("delivered", None, SHARED[0])
    found = " ".join(line.instance.run("shipments", "find", first).output.split())
    assert "it went out under another account of the shop there, which is not known here any more" in found
    connect(line, *ACCOUNT)
    assert standing_still(line) == []
    assert "['delivered']" in line.deliver(HOUR)
    assert {reference: len(made) for reference, made in line.bpost.orders.items()} == {first: 1, second: 1}


def test_the_same_account_told_again_leaves_nothing_behind(line: Line) -> None:
    first = taken(line)
    assert "under way" not in connect(line, *ACCOUNT).stderr
    assert "['delivered']" in line.deliver(HOUR)
    assert told(line, first)[::2] == ("delivered", OWN[0])


def test_a_mistyped_account_does_not_stick(line: Line) -> None:
    connect(line, "--account", "111111", "--passphrase-env", "DEMO_PASSPHRASE")
    id_ = str(line.accept("second")["id"])
    assert "['retry']" in line.deliver()
    assert told(line, id_) == ("waiting", "http-401", None)
    assert "under way" not in connect(line, *ACCOUNT).stderr
    assert "['delivered']" in line.deliver(HOUR)


@pytest.fixture
def admin(line: Line) -> Iterator[FlaskClient]:
    settings = line.instance.settings()
    services = bootstrap.services(settings)
    known = bootstrap.onboarding(settings)
    app: Flask = create(services, "api", Administration(onboarding=known, tokens=(TOKEN.encode(),)))
    with closing(services.store), closing(known.store):
        yield app.test_client()


def ask(admin: FlaskClient, method: str, settings: Any = None) -> tuple[int, dict[str, Any]]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = admin.open("/admin/v1/shops/second", method=method, headers=headers, json=settings)
    return answer.status_code, answer.get_json(silent=True) or {}


def test_the_admin_api_tells_that_an_account_is_gone_and_what_needs_it(line: Line, admin: FlaskClient) -> None:
    assert ask(admin, "GET")[1]["account"] == "own"
    taken(line)
    status, said = ask(admin, "PUT", SETTINGS)
    assert (status, said["account"], said["account_gone"], said["left_behind"]) == (200, "shared", True, 1)
    again = ask(admin, "PUT", SETTINGS)[1]
    assert (again["account"], again.keys() & {"account_gone", "left_behind"}) == ("shared", set())


def test_who_is_let_go_leaves_what_was_never_sent_too(line: Line, admin: FlaskClient) -> None:
    first, second = taken(line), str(line.accept("second")["id"])
    known = bootstrap.onboarding(line.instance.settings())
    with closing(known.store) as store:
        assert [store.behind("second", "platform", OWN[0], unsent=unsent) for unsent in (True, False)] == [2, 1]
        assert [store.behind("second", "platform", None, unsent=unsent) for unsent in (True, False)] == [1, 0]
        assert store.behind("second", "another", OWN[0], unsent=True) == 0
    assert ask(admin, "DELETE")[0] == 204
    before = len(line.bpost.asked)
    for _ in range(2):
        assert "['retry']" in line.deliver()
    assert accounts(line.bpost, before) == []
    assert told(line, first)[1:] == ("account-changed", OWN[0])
    assert told(line, second)[1:] == ("no-account", None)
    assert "under way" not in line.instance.run("shops", "disconnect", "second").stderr  # it was let go before


def test_what_was_taken_in_for_the_carriers_account_goes_under_it_still(line: Line) -> None:
    connect(line)
    first = taken(line)
    second = str(line.accept("second")["id"])
    gone = line.instance.run("shops", "disconnect", "second")
    assert (gone.exit_code, "under way" in gone.stderr) == (0, False)
    assert all("['delivered']" in line.deliver(HOUR) for _ in range(2))
    assert {told(line, id_)[::2] for id_ in (first, second)} == {("delivered", SHARED[0])}
    assert set(accounts(line.bpost)) == {SHARED[0]}
    assert [len(made) for made in line.bpost.orders.values()] == [1, 1]


def test_the_command_line_tells_it_as_well(line: Line) -> None:
    taken(line)
    gone = line.instance.run("shops", "disconnect", "second")
    assert (gone.exit_code, "second: 1 of its parcels under way" in gone.stderr) == (0, True)
