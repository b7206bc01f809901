"""``doctor``: what is well, what must not start so, what runs but should be looked at; each with what to do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from middleware import binding, bootstrap
from middleware.cli import doctor
from middleware.core.calendar import today
from middleware.core.schedule import required_kids
from middleware.errors import ParcelveilError, TransientDeliveryError
from middleware.exchange import Request, Response
from middleware.model_shop import MADE_UP
from middleware.provision import fetch
from middleware.services import Shop
from middleware.transport import HttpTransport
from schemas.policy_loader import load
from simulator.http import Settings, running
from tests.middleware.cli.bench import DEAD, PACK, SECRET, SENDER, TOKEN, Instance, second_shop

NO_TIME = {
    "clock beside platform": (
        "warn",
        "the parcel platform tells no time to compare with; compare this machine's yourself",
    )
}
"""The simulated platform sends no ``Date``."""


def needed(days: int = 0) -> frozenset[str]:
    """The keys that an order needs so many days from now."""
    return required_kids(load(PACK), today(datetime.now(UTC)) + timedelta(days=days))


def test_all_is_well(instance: Instance) -> None:
    found = instance.checks()
    assert {check: told for check, told in found.items() if told[0] != "ok"} == NO_TIME
    assert set(found) >= {"configuration", "service keys", "schema", "sqlite.secure_delete", "shop demo"}
    assert found["carrier platform"][1] == "answers; its keys fit those that are pinned"
    assert found["shop demo"][1] == "ready; retention keys are there for the next 45 days"


def test_text_and_json_tell_the_same(instance: Instance) -> None:
    entries = instance.json("doctor")
    assert [set(entry) for entry in entries] == [{"check", "verdict", "message", "remedy"}] * len(entries)
    lines = [
        line
        for entry in entries
        for line in (
            f"{entry['verdict']:<4}  {entry['check']}" + (f": {entry['message']}" if entry["message"] else ""),
            *([f"      to do: {entry['remedy']}"] if entry["remedy"] else []),
        )
    ]
    result = instance.run("doctor")
    assert (result.exit_code, result.stdout.splitlines(), result.stderr) == (0, lines, "")


def test_looking_changes_nothing(instance: Instance) -> None:
    paths = [path for path in instance.folder.rglob("*") if path.is_file() and path.suffix not in (".lock", ".turn")]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}
    instance.run("doctor")
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths} == before


def secrets_of(instance: Instance) -> list[str]:
    """What no command may print: secrets, keys and who sends."""
    signing: str = json.loads((instance.service_keys / "receipt.jwk").read_bytes())["d"]
    raw = [(instance.service_keys / name).read_bytes() for name in ("index.key", "service.key")]
    written = [text for key in raw for text in (key.hex(), base64.b64encode(key).decode(), repr(key)[2:-1])]
    return [SECRET, TOKEN, signing, *written, SENDER["name"], SENDER["street"]]


def test_no_secret_and_nobody_is_printed(instance: Instance) -> None:
    printed = instance.run("doctor").output + instance.run("doctor", "--json").output
    assert [secret for secret in secrets_of(instance) if secret in printed] == []


Break = Callable[[Instance], object]

BAD: dict[str, tuple[Break, str, str]] = {
    "no service key": (
        lambda one: (one.service_keys / "index.key").unlink(),
        "service keys",
        "index.key: No such file or directory; make the keys with `parcelveil keys provision`",
    ),
    "a service key of another length": (
        lambda one: (one.service_keys / "service.key").write_bytes(b"short"),
        "service keys",
        "service.key: a key of 32 bytes is expected",
    ),
    "a service key that others may read": (
        lambda one: (one.service_keys / "receipt.jwk").chmod(0o644),
        "service keys",
        "receipt.jwk: mode 0644 lets others in; use 0700 for folders and 0600 for files: chmod 600 /",
    ),
    "a key folder that others may enter": (
        lambda one: one.service_keys.chmod(0o755),
        "service keys",
        "use 0700 for folders and 0600 for files: chmod 700 /",
    ),
    "a database that is not migrated": (
        lambda one: one.database.write_bytes(b""),
        "schema",
        "parcelveil migrate",
    ),
    "no database": (
        lambda one: one.database.unlink(),
        "database",
        "parcelveil.db: there is no database here; `parcelveil migrate` makes one, unless another is meant: name it",
    ),
    "another index key": (
        lambda one: (one.service_keys / "index.key").write_bytes(b"x" * 32),
        "keys of the database",
        "index.key: not the key that the database was made with; put the old index.key back into ",
    ),
    "another service key": (
        lambda one: (one.service_keys / "service.key").write_bytes(b"x" * 32),
        "keys of the database",
        "service.key: not the key that the database was made with; put the old service.key back into ",
    ),
    "no shop that can work": (
        lambda one: one.write(shop='ship_when = "never"', more=second_shop("tweede", account_type='"guest"')),
        "shops",
        "none can be served, so every webhook is answered 401: quarantined are demo, tweede; mend one at least",
    ),
    "a database that others may read": (
        lambda one: one.database.chmod(0o640),
        "sqlite.mode.db",
        "chmod 600 ",
    ),
    "a database folder that others may write to": (
        lambda one: one.database.parent.chmod(0o770),
        "sqlite.folder",
        "chmod go-w",
    ),
    "a file that is no database": (
        lambda one: one.database.write_bytes(b"not a database" * 100),
        "database",
        "check server.database ($DATABASE_URL), and whether it can be reached",
    ),
    "a month without its key": (
        lambda one: one.forget(*needed()),
        "shop demo",
        "its orders are answered 503; run `parcelveil keys provision`, or ask the parcel platform for it",
    ),
    "platform keys that cannot be read": (
        lambda one: one.platform_file.write_bytes(b"[]"),
        "shop demo",
        "platform-platform.json: not a file of this service; remove it and run `parcelveil keys provision`",
    ),
    "platform keys that others may read": (
        lambda one: one.platform_file.chmod(0o666),
        "carrier platform",
        "platform-platform.json: mode 0666 lets others in",
    ),
    "a clock file that is missing": (
        lambda one: one.write(server='clock = "file:nowhere"'),
        "clock",
        "nowhere: expected the time of this test instance, such as",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_must_not_start_so_is_bad_and_says_what_to_do(instance: Instance, name: str) -> None:
    breaks, check, message = BAD[name]
    secrets = secrets_of(instance)
    breaks(instance)
    verdict, said = instance.checks(status=1)[check]
    assert (verdict, message in said) == ("BAD", True), said
    text = instance.run("doctor")
    assert text.exit_code == 1
    assert f"BAD   {check}: {said}" in text.stdout.replace("\n      to do: ", "; ").splitlines()
    assert [secret for secret in secrets if secret in text.output] == []


def test_what_hangs_on_the_service_keys_is_not_blamed_for_them(instance: Instance) -> None:
    (instance.service_keys / "index.key").unlink()
    found = instance.checks(status=1)
    assert found["shops"] == ("warn", "not looked at: that needs the service's keys; mend those first")
    assert found["carrier platform"][0] == "ok"


def test_every_fault_is_told_at_once(instance: Instance) -> None:
    (instance.service_keys / "index.key").unlink()
    instance.database.unlink()
    instance.platform_file.chmod(0o644)
    bad = {check for check, (verdict, _) in instance.checks(status=1).items() if verdict == "BAD"}
    assert bad == {"service keys", "database", "carrier platform"}


def test_a_platform_whose_key_changed_is_bad(instance: Instance, tmp_path: Path) -> None:
    before = instance.platform_file.read_bytes()
    with running(Settings(state=tmp_path / "impostor", token=TOKEN)) as impostor:
        verdict, said = instance.write(impostor.url).checks(status=1)["carrier platform"]
    assert verdict == "BAD"
    assert "another key for" in said
    assert instance.platform_file.read_bytes() == before


def test_a_pack_that_does_not_hold_together_is_bad(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binding, "catalogue", lambda *_: [("shoe_size", "recipient.shoe_size")])
    verdict, said = instance.checks(status=1)["shops"]
    assert verdict == "BAD"
    assert "schema field shoe_size: unknown category 'recipient.shoe_size'" in said


def test_certificates_that_cannot_be_read_are_bad(instance: Instance) -> None:
    (instance.folder / "ca.pem").write_text("no certificate", encoding="ascii")
    instance.write(server=f'ca_file = "{instance.folder}/ca.pem"')
    verdict, said = instance.checks(status=1)["carriers"]
    assert verdict == "BAD"
    assert "ca.pem: no certificates of an authority (PEM) can be read from it; expected a file of certif" in said


WARN: dict[str, tuple[Break, str, str]] = {
    "a month ahead without its key": (
        lambda one: one.forget(*(needed(45) - needed())),
        "shop demo",
        "is needed within 45 days and not there yet; run `parcelveil keys provision`, or ask the parcel platform",
    ),
    "a shop with a fault": (
        lambda one: one.write(more=second_shop("tweede", account_type='"residential"')),
        "shop tweede",
        "the others run: ",
    ),
    "a shop with an unknown pack": (
        lambda one: one.write(more=second_shop("tweede", policy='"nonesuch"')),
        "shop tweede",
        "not used by a shop yet; expected one of bpost-shipping-platform",
    ),
    "a platform that is down": (
        lambda one: one.write(f"http://{DEAD}"),
        "carrier platform",
        "(connection); check carriers.platform.url and its token, and whether it runs; what is stored waits until it",
    ),
    "a platform on a private address": (
        lambda one: one.write(f"https://{DEAD}", carrier="allow_private = []"),
        "carrier platform",
        "(egress-blocked); add it to carriers.platform.allow_private if it is meant to be private; what is stored",
    ),
    "a sender that init made up": (
        lambda one: one.file.write_text(one.file.read_text().replace(SENDER["name"], MADE_UP["name"])),
        "sender of demo",
        "name made up by `parcelveil init`, and labels would bear it; write who sends into [shops.demo.sender]",
    ),
    "no shop": (
        lambda one: one.file.write_text(one.file.read_text().partition("[shops.demo]")[0]),
        "shops",
        "none can be served, so every webhook is answered 401; add one as [shops.<name>]",
    ),
}


@pytest.mark.parametrize("name", WARN)
def test_what_runs_but_should_be_looked_at_is_a_warning_and_says_what_to_do(instance: Instance, name: str) -> None:
    breaks, check, message = WARN[name]
    breaks(instance)
    found = instance.checks()
    verdict, said = found[check]
    assert (verdict, message in said) == ("warn", True), said
    assert [secret for secret in secrets_of(instance) if secret in str(found)] == []


@pytest.mark.policy("VP-PLG-3")
def test_a_shop_that_uninstalled_the_app_is_named_with_what_connects_it_again(instance: Instance) -> None:
    known = bootstrap.onboarding(instance.settings())
    with closing(known.store):
        seed = known.seeds["demo"]
        assert isinstance(seed, Shop)
        assert seed.integration
        known.store.end("demo", seed.integration, b"word", known.clock())
    reported = instance.run("doctor").stdout
    assert "warn  shop demo: answered 401 like an unknown one: it uninstalled the app" in reported
    assert "give it a new request to integrate, of that day or later and not the same (VP-PLG-3)" in reported


def test_the_other_shops_are_ready_beside_a_quarantined_one(instance: Instance) -> None:
    instance.write(more=second_shop("tweede", account_type='"residential"') + second_shop("derde"))
    found = instance.checks()
    assert {name: found[f"shop {name}"][0] for name in ("demo", "tweede", "derde")} == {
        "demo": "ok",
        "tweede": "warn",
        "derde": "ok",
    }


def test_points_that_no_order_can_name_are_told_of(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "points left out of platform" not in instance.checks()
    monkeypatch.setattr(doctor, "fetch", lambda *args: replace(fetch(*args), unfit=2))
    verdict, said = instance.checks()["points left out of platform"]
    assert (verdict, said.partition(" ")[0]) == ("warn", "2")


def test_a_token_that_is_not_taken_is_a_warning(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARCEL_PLATFORM_TOKEN", "false")
    verdict, said = instance.checks()["carrier platform"]
    assert verdict == "warn"
    assert said.startswith("the parcel platform answered 401 for /pickup-points (delivery-transient); check carriers.")


class Telling:
    """A way out whose answers tell a time."""

    def __init__(self, inner: HttpTransport, date: str | None) -> None:
        self._inner, self._date = inner, date

    def send(self, request: Request) -> Response:
        answer = self._inner.send(request)
        told = {} if self._date is None else {"date": self._date}
        return Response(status=answer.status, headers={**answer.headers, **told}, body=answer.body)


@pytest.mark.parametrize(
    ("apart", "verdict", "message"),
    [
        (timedelta(minutes=-4, seconds=-58), "ok", "agrees"),
        (timedelta(minutes=4, seconds=58), "ok", "agrees"),
        (timedelta(minutes=-6), "warn", "s apart; check that this machine's time is synchronised"),
        (timedelta(hours=1), "warn", "s apart; check that this machine's time is synchronised"),
    ],
    ids=str,
)
def test_the_clocks_are_compared(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, apart: timedelta, verdict: str, message: str
) -> None:
    date = format_datetime(datetime.now(UTC) + apart, usegmt=True)
    ways = {name: Telling(way, date) for name, way in bootstrap.transports(instance.settings()).items()}
    monkeypatch.setattr(bootstrap, "transports", lambda settings: ways)
    found = instance.checks()["clock beside platform"]
    assert found[0] == verdict
    assert found[1].endswith(message)


@pytest.mark.parametrize("date", ["yesterday", "Sun, 22 Nov 2026 07:43:03 -0000", ""])
def test_a_time_that_is_none_is_no_time(instance: Instance, monkeypatch: pytest.MonkeyPatch, date: str) -> None:
    ways = {name: Telling(way, date) for name, way in bootstrap.transports(instance.settings()).items()}
    monkeypatch.setattr(bootstrap, "transports", lambda settings: ways)
    assert instance.checks()["clock beside platform"] == NO_TIME["clock beside platform"]


def test_a_test_instance_in_another_time_is_not_compared(instance: Instance) -> None:
    instance.write(server=f'clock = "file:{instance.folder}/clock"')
    (instance.folder / "clock").write_text(datetime.now(UTC).isoformat(), encoding="ascii")
    assert not [check for check in instance.checks() if check.startswith("clock")]


def test_the_months_are_those_of_the_clock_in_force(instance: Instance) -> None:
    instance.write(server=f'clock = "file:{instance.folder}/clock"')
    (instance.folder / "clock").write_text("2031-05-01T09:00:00+02:00", encoding="ascii")
    verdict, said = instance.checks(status=1)["shop demo"]
    assert verdict == "BAD"
    assert "/2032-06: " in said


@pytest.mark.parametrize("code", ["timeout", "tls", "made-up-code"])
def test_every_reason_for_no_answer_has_a_remedy(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def no_answer(*_: object) -> ParcelveilError:
        problem = TransientDeliveryError()
        problem.code = code
        raise problem

    monkeypatch.setattr(doctor, "fetch", no_answer)
    verdict, said = instance.checks()["carrier platform"]
    assert verdict == "warn"
    assert f" ({code}); check " in said
