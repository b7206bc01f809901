"""``keys``: made once, fetched and pinned; a key that changed is refused and said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from middleware.keys import load_service
from simulator.http import MockServer, Settings, running
from tests.middleware.cli.bench import DEAD, SECRET, TOKEN, Instance, files, refused, run

DELIVERY = "recipient.delivery/vp.recipient.operational"
SENDER = "sender.contact/vp.sender.legal"
OWN = ("receipt.jwk", "index.key", "service.key")


SPARE = """
[carriers.spare]
kind = "parcel-json"
url = "{url}"
token = {{ env = "PARCEL_PLATFORM_TOKEN" }}
allow_private = ["127.0.0.1"]
"""


def own(instance: Instance) -> dict[str, bytes]:
    return {name: (instance.service_keys / name).read_bytes() for name in OWN}


def content(instance: Instance) -> dict[str, object]:
    """What is known of the platform, but for the moment at which it was fetched."""
    document: dict[str, object] = json.loads(instance.platform_file.read_bytes())
    document.pop("fetched_at")
    return document


def test_everything_is_made_for_its_owner_alone(fresh: Instance) -> None:
    result = fresh.run("keys", "provision")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "Made receipt.jwk, index.key, service.key.",
        "platform: retention keys and pick-up points fetched and pinned",
    ]
    assert set(files(fresh.folder / "keys")) == {f"service/{name}" for name in OWN}
    assert set(files(fresh.folder / "state")) == {"platform-platform.json"}
    assert modes(fresh) == ({0o600}, {0o700})


def modes(instance: Instance) -> tuple[set[int], set[int]]:
    """Of the files, and of the folders."""
    folders = (instance.folder / "keys", instance.service_keys, instance.folder / "state")
    files = (path for folder in folders for path in folder.iterdir() if path.is_file())
    return {path.stat().st_mode & 0o777 for path in files}, {path.stat().st_mode & 0o777 for path in folders}


def test_everything_is_made_for_the_group_that_is_named(fresh: Instance) -> None:
    group = os.getegid()
    fresh.write(server=f'keys_group = "{group}"')
    assert fresh.run("keys", "provision").exit_code == 0
    assert modes(fresh) == ({0o640}, {0o750})
    assert {path.stat().st_gid for path in fresh.service_keys.iterdir()} == {group}
    assert fresh.run("keys", "list").exit_code == 0
    readers = f"nobody but the group {group} may read them"
    assert readers in fresh.run("doctor").stdout


def test_run_again_it_makes_nothing_new(fresh: Instance) -> None:
    fresh.run("keys", "provision")
    made, known = own(fresh), content(fresh)
    again = fresh.run("keys", "provision")
    assert again.exit_code == 0
    assert again.stdout.splitlines()[0] == "The service's own keys are there already."
    assert (own(fresh), content(fresh)) == (made, known)


def test_only_what_is_missing_is_made(instance: Instance) -> None:
    before = own(instance)
    instance.database.unlink()
    (instance.service_keys / "index.key").unlink()
    assert instance.run("keys", "provision").stdout.splitlines()[0] == "Made index.key."
    after = own(instance)
    assert {name for name in OWN if before[name] != after[name]} == {"index.key"}


def test_a_platform_key_that_changed_is_refused_and_said(instance: Instance, tmp_path: Path) -> None:
    before = instance.platform_file.read_bytes()
    with running(Settings(state=tmp_path / "impostor", token=TOKEN)) as impostor:
        result = instance.write(impostor.url).run("keys", "provision")
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("platform: the parcel platform gave another key for ")
    assert "refused; ask the platform's operator first" in line
    assert instance.platform_file.read_bytes() == before


CONNECTION = "the parcel platform could not be reached (connection); check carriers.platform.url and its token"
STATUS = "the parcel platform answered 401 for /pickup-points (delivery-transient); check carriers.platform.url"
EGRESS = "the parcel platform's address is private and not in allow_private (egress-blocked); add it to carriers."


@pytest.mark.parametrize(
    ("token", "url", "line"),
    [(TOKEN, f"http://{DEAD}", CONNECTION), ("false", None, STATUS), (TOKEN, f"https://{DEAD}", EGRESS)],
    ids=["down", "token", "egress"],
)
def test_a_platform_that_cannot_be_asked_is_named_with_what_to_do(
    fresh: Instance, monkeypatch: pytest.MonkeyPatch, token: str, url: str | None, line: str
) -> None:
    monkeypatch.setenv("PARCEL_PLATFORM_TOKEN", token)
    allowed = "allow_private = []" if line is EGRESS else ""
    result = fresh.write(url, carrier=allowed).run("keys", "provision")
    assert result.exit_code == 1
    assert result.stdout == "Made receipt.jwk, index.key, service.key.\n"
    (said,) = result.stderr.splitlines()
    assert said.startswith(f"platform: {line}")
    assert said.endswith("; what was known before stays in use")
    assert token not in said.split()


def test_one_platform_that_is_down_does_not_keep_from_asking_another(fresh: Instance, platform: MockServer) -> None:
    fresh.write(f"http://{DEAD}", more=SPARE.format(url=platform.url))
    result = fresh.run("keys", "provision")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[1:] == ["spare: retention keys and pick-up points fetched and pinned"]
    assert result.stderr.startswith("platform: ")
    assert {entry["carrier"] for entry in fresh.json("keys", "list")} == {"spare"}


def test_a_key_folder_that_is_none_is_told_in_one_line(fresh: Instance) -> None:
    (fresh.folder / "keys").write_text("", encoding="utf-8")
    line = refused(fresh.run("keys", "provision"), 2)
    assert line.startswith(f"{fresh.folder / 'keys'}")


def test_a_key_folder_that_lets_others_in_is_told_in_one_line(instance: Instance) -> None:
    instance.service_keys.chmod(0o750)
    line = refused(instance.run("keys", "provision"), 2)
    assert line == (
        f"{instance.service_keys}: mode 0750 lets others in; use 0700 for folders and 0600 for files: "
        f"chmod 700 {instance.service_keys}"
    )


def test_keys_are_listed_with_their_thumbprints_and_days(instance: Instance) -> None:
    instance.write(server=f'clock = "file:{instance.folder}/clock"')
    (instance.folder / "clock").write_text("2027-12-23T09:00:00+01:00", encoding="ascii")
    instance.know(f"{DELIVERY}/2027-12", f"{DELIVERY}/2028-02", f"{SENDER}/2027-11")
    listed = instance.json("keys", "list")
    known = json.loads(instance.platform_file.read_bytes())["keys"]
    assert [set(entry) for entry in listed] == [{"carrier", "kid", "thumbprint", "days_left"}] * 3
    assert {entry["carrier"] for entry in listed} == {"platform"}
    assert {entry["kid"]: entry["days_left"] for entry in listed} == {
        f"{DELIVERY}/2027-12": 9,
        f"{DELIVERY}/2028-02": 69,
        f"{SENDER}/2027-11": -22,
    }
    assert all(len(entry["thumbprint"]) == 43 for entry in listed)
    text = instance.run("keys", "list").stdout
    assert [line.split() for line in text.splitlines()[1:]] == [
        [str(value) for value in entry.values()] for entry in listed
    ]
    assert [key["x"] for key in known if key["x"] in text] == []


@pytest.mark.parametrize(
    ("now", "days"),
    [
        ("2027-12-31T22:59:00+00:00", 1),  # 23:59 in Brussels
        ("2027-12-31T23:00:00+00:00", 0),  # midnight in Brussels
        ("2027-12-01T00:00:00+01:00", 31),
        ("2027-11-30T23:59:00+01:00", 32),
    ],
)
def test_days_are_counted_in_brussels_to_the_end_of_the_month(instance: Instance, now: str, days: int) -> None:
    instance.write(server=f'clock = "file:{instance.folder}/clock"')
    (instance.folder / "clock").write_text(now, encoding="ascii")
    instance.know(f"{DELIVERY}/2027-12")
    assert [entry["days_left"] for entry in instance.json("keys", "list")] == [days]


def test_an_id_is_not_broken_on_a_narrow_terminal(instance: Instance) -> None:
    kid = "recipient.notification/vp.recipient.operational/2027-12"
    instance.know(kid)
    (key,) = instance.json("keys", "list")
    lines = instance.run("keys", "list", columns=100).stdout.splitlines()
    assert [line.split() for line in lines[1:]] == [[str(value) for value in key.values()]]


def test_no_key_at_all_is_said_with_what_to_do(fresh: Instance) -> None:
    assert fresh.json("keys", "list") == []
    assert fresh.run("keys", "list").stdout == "No key is known yet; `parcelveil keys provision` fetches them.\n"


def test_a_file_that_is_no_list_of_keys_is_told_in_one_line(instance: Instance) -> None:
    instance.platform_file.write_bytes(b"{}")
    line = refused(instance.run("keys", "list"), 2)
    assert line.startswith(f"{instance.platform_file}: ")
    assert "parcelveil keys provision" in line


@pytest.mark.parametrize("words", [("keys", "provision"), ("keys", "list"), ("keys", "list", "--json")], ids=" ".join)
def test_nothing_secret_is_printed(instance: Instance, words: tuple[str, ...]) -> None:
    signing = json.loads((instance.service_keys / "receipt.jwk").read_bytes())
    raw = [(instance.service_keys / name).read_bytes() for name in ("index.key", "service.key")]
    printed = instance.run(*words).output
    secrets = [SECRET, TOKEN, signing["d"], *(key.hex() for key in raw), *map(repr, raw)]
    assert printed
    assert [secret for secret in secrets if secret in printed] == []


def swapped(instance: Instance, name: str) -> bytes:
    """The old key, in whose place another one stands."""
    old = (instance.service_keys / name).read_bytes()
    (instance.service_keys / name).write_bytes(b"x" * len(old))
    return old


ASKING = [("keys", "provision"), ("migrate",), ("shops", "list"), ("shipments", "find", "x"), ("serve",)]


@pytest.mark.parametrize("words", ASKING, ids=" ".join)
@pytest.mark.parametrize("name", ["index.key", "service.key"])
def test_other_keys_than_those_of_the_database_are_refused(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, name: str, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("middleware.bootstrap.logging", lambda *_: None)
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    old = swapped(instance, name)
    line = refused(instance.run(*words), 2)
    assert line == (
        f"{instance.service_keys}/{name}: not the key that the database was made with; put the old {name} back into "
        f"{instance.service_keys}, or name a new database in server.database or $DATABASE_URL"
    )
    assert (instance.service_keys / name).read_bytes() == b"x" * 32
    (instance.service_keys / name).write_bytes(old)
    assert instance.run("keys", "provision").exit_code == 0


@pytest.mark.parametrize("name", ["index.key", "service.key"])
def test_a_key_that_the_database_knows_is_not_made_anew(instance: Instance, name: str) -> None:
    (instance.service_keys / name).unlink()
    before = files(instance.folder / "keys")
    line = refused(instance.run("keys", "provision"), 2)
    assert line.startswith(f"{instance.service_keys}/{name}: missing, and the database was made with it; put the old ")
    assert files(instance.folder / "keys") == before


def test_a_new_database_is_used_with_the_keys_that_are_there(instance: Instance) -> None:
    swapped(instance, "index.key")
    instance.database.unlink()
    assert instance.run("migrate").exit_code == 0
    assert instance.run("shops", "list").exit_code == 0


def test_a_database_that_cannot_be_asked_is_told_so(fresh: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://nobody@{DEAD}/x")
    made = fresh.run("keys", "provision")
    assert made.exit_code == 0
    assert made.stderr == "The database could not be asked which keys it was made with; `serve` asks it again.\n"


def test_init_makes_no_keys_beside_a_database_that_knows_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: MockServer
) -> None:
    assert run("init", "--platform-url", platform.url).exit_code == 0
    assert run("migrate").exit_code == 0
    (Path("var") / "keys" / "service" / "index.key").unlink()
    assert "missing, and the database was made with it" in refused(run("init", "--force"), 2)


def test_of_a_check_value_no_key_can_be_told(instance: Instance) -> None:
    own = load_service(instance.folder / "keys")
    assert sorted(own.checks()) == ["index", "service"]
    assert {len(value) for value in own.checks().values()} == {32}
    raw = instance.database.read_bytes()
    assert all(value in raw for value in own.checks().values())
    assert not any((instance.service_keys / name).read_bytes() in raw for name in ("index.key", "service.key"))
