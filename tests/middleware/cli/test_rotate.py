"""``keys rotate``: what it says, and whom the audit log names."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from middleware import rotation
from middleware.cli.rotating import account
from middleware.keys import new_key, new_signing_key
from tests.middleware.cli.bench import Instance, refused


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "SETTLED", timedelta(0))
    monkeypatch.setattr(rotation, "SPREAD_SECONDS", 0.0)


def log(instance: Instance) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(instance.database)) as connection:
        return connection.execute("SELECT fact, subject, actor FROM audit_entries ORDER BY rowid").fetchall()


@pytest.mark.parametrize(
    ("which", "begun", "ended"),
    [
        ("service", "service: a new key locks from now on.", "service: the key before is gone"),
        ("index", "index: a new key makes digests from now on.", "index: the new key is part of index.key"),
    ],
)
def test_it_begins_goes_on_and_ends(instance: Instance, which: str, begun: str, ended: str) -> None:
    first = instance.run("keys", "rotate", which, "--by", "Els De Smet")
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, begun)
    again = instance.run("keys", "rotate", which)
    assert again.stdout.splitlines()[0] == f"{which}: the rotation that was begun goes on."
    last = instance.run("keys", "rotate", which, "--finish")
    assert (last.exit_code, last.stdout.splitlines()[-1]) == (0, ended)
    assert log(instance) == [
        ("key-rotated", f"{which}/2", "Els De Smet"),
        ("key-retired", f"{which}/1", account()),
    ]
    assert instance.checks()["service keys"][0] == "ok"
    assert "there is no rotation of this key to finish" in refused(instance.run("keys", "rotate", which, "--finish"), 1)


def test_a_new_key_signs_and_the_one_before_goes(instance: Instance) -> None:
    before = json.loads((instance.service_keys / "receipt.jwk").read_bytes())["kid"]
    result = instance.run("keys", "rotate", "signing")
    after = json.loads((instance.service_keys / "receipt.jwk").read_bytes())["kid"]
    assert result.stdout.splitlines()[0] == f"signing: {after} signs from now on."
    assert after != before
    assert instance.run("keys", "rotate", "signing", "--finish").stdout == f"signing: {before} is gone\n"


def test_keys_before_are_listed_as_long_as_something_needs_them(instance: Instance) -> None:
    first = json.loads((instance.service_keys / "receipt.jwk").read_bytes())["kid"]
    listed = instance.json("keys", "list")
    for which in ("signing", "service", "index"):
        instance.run("keys", "rotate", which)
    rows = instance.json("keys", "list")
    assert rows[: len(listed)] == listed
    assert [(row["kid"], row["former"]) for row in rows[len(listed) :]] == [
        (f"signing/{first}", "verifies"),
        ("service/former", "opens"),
        ("index/former", "finds"),
    ]
    told = " ".join(instance.run("keys", "list").stdout.split())
    for which in ("signing", "service", "index"):
        assert f"`parcelveil keys rotate {which} --finish`" in told
        instance.run("keys", "rotate", which, "--finish")
    assert instance.json("keys", "list") == listed
    assert "former key" not in instance.run("keys", "list").stdout


def test_a_rotation_that_is_not_ended_is_told_with_what_ends_it(instance: Instance) -> None:
    assert not rotations(instance)
    instance.run("keys", "rotate", "signing")
    assert not rotations(instance)  # nothing is left to do: its public half stays for years
    for which in ("service", "index"):
        instance.run("keys", "rotate", which)
        ((check, (verdict, told)),) = rotations(instance).items()
        assert (check, verdict) == (f"rotation of the {which} key", "warn")
        assert told.endswith(f"; or `parcelveil keys rotate {which} --finish`")
        instance.run(*told.rpartition("`parcelveil ")[2].rstrip("`").split())
        assert not rotations(instance)


@pytest.mark.parametrize(("which", "stem"), [("signing", "receipt"), ("service", "service")])
def test_a_turn_that_stopped_is_told_with_what_goes_on(instance: Instance, which: str, stem: str) -> None:
    (path,) = instance.service_keys.glob(f"{stem}.*")
    prepared = path.with_suffix(f".next{path.suffix}")
    shutil.copy(path, prepared)  # it was killed when the next key had been made
    prepared.write_bytes(new_signing_key() if which == "signing" else new_key())
    ((check, (verdict, told)),) = rotations(instance).items()
    assert (check, verdict) == (f"rotation of the {which} key", "warn")
    assert told.endswith(f"run `parcelveil keys rotate {which}` again")
    instance.run("keys", "rotate", which)
    assert not prepared.exists()
    instance.run("keys", "rotate", which, "--finish")
    assert not rotations(instance)


def rotations(instance: Instance) -> dict[str, tuple[str, str]]:
    return {check: found for check, found in instance.checks().items() if check.startswith("rotation")}


def test_no_key_is_in_what_it_says(instance: Instance) -> None:
    said = ""
    for which in ("signing", "service", "index"):
        for words in (("rotate", which), ("list",), ("rotate", which, "--finish")):
            result = instance.run("keys", *words)
            said += result.stdout + result.stderr
    raw = [(instance.service_keys / name).read_bytes() for name in ("index.key", "service.key")]
    secret = json.loads((instance.service_keys / "receipt.jwk").read_bytes())["d"]
    assert not any(text in said for text in (secret, *(key.hex() for key in raw)))


def test_only_what_may_stand_in_the_log_names_somebody(instance: Instance) -> None:
    result = instance.run("keys", "rotate", "signing", "--by", "Els\nDe Smet")
    assert result.exit_code == 2
    assert log(instance) == []
