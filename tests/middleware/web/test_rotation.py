"""Another key takes over while the service runs: signed and locked with the new one, read with both, until the end."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from middleware import bootstrap, bootstrap_rotation, config, live_keys, rotation
from middleware.config import Config
from middleware.core import receipt
from middleware.core.index import MOST_KEYS
from middleware.core.seal import unlock, unlock_any
from middleware.errors import ConfigError, DestructionRefusedError, TamperedError
from middleware.errors_shipping import KeyReusedError
from middleware.events import Ledger, Teller, tell
from middleware.key_turns import SigningTurn, Turn
from middleware.keys import load_service, new_key
from middleware.live_keys import LiveKeys, Verifying
from middleware.model_shop import Held
from middleware.rotation import Turning
from middleware.services import Services, Shop
from middleware.storage import open_retention
from tests.middleware.web.conftest import SECRETS, SHOPS, Intake, furnish
from tests.system.orders import order
from tests.system.stack import Service, configure

WAY: Mapping[str, Callable[[Turning], object]] = {
    "signing": rotation.turn_signing,
    "service": rotation.turn_service,
    "index": rotation.turn_index,
}
END: Mapping[str, Callable[[Turning], object]] = {
    "signing": rotation.finish_signing,
    "service": rotation.finish_service,
    "index": rotation.finish_index,
}


@pytest.fixture
def furnished(tmp_path: Path) -> Service:
    """Keys and a database for one test alone."""
    return furnish(configure(tmp_path / "web", SHOPS, {"platform": "http://127.0.0.1:9"}), bootstrap.system_clock())


@pytest.fixture
def settings(furnished: Service, monkeypatch: pytest.MonkeyPatch) -> Config:
    for name, value in furnished.environment(**SECRETS).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(rotation, "SETTLED", timedelta(0))
    monkeypatch.setattr(rotation, "SPREAD_SECONDS", 0.0)
    monkeypatch.setattr(live_keys, "LOOK_SECONDS", 0.0)
    return config.load(furnished.config)


@pytest.fixture
def opened(settings: Config) -> Iterator[Services]:
    services = bootstrap.services(settings)
    yield services
    services.store.close()


def turn(settings: Config, work: Callable[[Turning], Any]) -> Any:
    with bootstrap_rotation.turning(settings, "Els De Smet") as turning:
        return work(turning)


def rows(intake: Intake, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(intake.database)) as connection:
        return connection.execute(query).fetchall()


def kid(token: str) -> str:
    """The key that a receipt names."""
    head = token.partition(".")[0]
    found: str = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    return found


def log(intake: Intake) -> list[tuple[str, str, str]]:
    return [
        (fact, subject, actor)
        for fact, subject, actor in rows(intake, "SELECT fact, subject, actor FROM audit_entries ORDER BY rowid")
    ]


def names(settings: Config) -> set[str]:
    return {path.name for path in (settings.server.keys / "service").iterdir()}


OWN = {"receipt.jwk", "index.key", "service.key"}


class TestSigning:
    def test_a_new_key_signs_at_once_and_the_one_before_verifies(self, intake: Intake, settings: Config) -> None:
        verifying = Verifying(bootstrap.live_keys(settings))
        before = load_service(settings.server.keys).signing.kid
        assert intake.post("plain", order()).status_code == 200
        new = turn(settings, rotation.turn_signing)
        assert intake.post("plain", order()).status_code == 200
        receipts = [token for (token,) in rows(intake, "SELECT receipt FROM records ORDER BY rowid")]
        assert [kid(token) for token in receipts] == [before, new]
        assert [receipts[0].startswith(receipt.head(signer)) for signer in (str(before), new)] == [True, False]
        assert all(receipt.verify(token, verifying) for token in receipts)
        told = intake.client.get("/.well-known/jwks.json").json
        assert told is not None
        assert [key["kid"] for key in told["keys"]] == [new, before] == list(verifying)
        assert not any("d" in key for key in told["keys"])
        assert log(intake) == [("key-rotated", f"signing/{new}", "Els De Smet")]

    def test_the_private_half_before_is_gone_and_its_public_half_goes_with_the_last_record(
        self, intake: Intake, settings: Config
    ) -> None:
        assert intake.post("plain", order()).status_code == 200
        old = (settings.server.keys / "service" / "receipt.jwk").read_bytes()
        before = json.loads(old)["kid"]
        turn(settings, rotation.turn_signing)
        secret = json.loads(old)["d"].encode()
        assert not any(secret in path.read_bytes() for path in (settings.server.keys / "service").iterdir())
        with pytest.raises(DestructionRefusedError, match=before):
            turn(settings, rotation.finish_signing)
        with closing(sqlite3.connect(intake.database)) as connection, connection:
            connection.execute("DELETE FROM records")
        assert turn(settings, rotation.finish_signing) == (before,)
        assert names(settings) == OWN
        assert list(intake.services.keys.verifying()) == [intake.services.keys.signing.kid]
        assert log(intake)[-1] == ("key-retired", f"signing/{before}", "Els De Smet")

    def test_several_keys_before_go_each_in_its_time(self, intake: Intake, settings: Config) -> None:
        unused = json.loads((settings.server.keys / "service" / "receipt.jwk").read_bytes())["kid"]
        first = turn(settings, rotation.turn_signing)
        assert intake.post("plain", order()).status_code == 200
        turn(settings, rotation.turn_signing)
        with pytest.raises(DestructionRefusedError, match=f"{first}; gone: {unused}$"):
            turn(settings, rotation.finish_signing)
        assert SigningTurn(settings.server.keys, None).formers() == (first,)

    def test_a_key_that_is_not_known_yet_is_looked_for_at_once(
        self, settings: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live_keys, "LOOK_SECONDS", 3600.0)
        live = bootstrap.live_keys(settings)
        before, verifying = live.now().signing.kid, Verifying(live)
        new = turn(settings, rotation.turn_signing)
        assert live.signing.kid == before
        assert verifying[new].kid == live.signing.kid == new
        with pytest.raises(KeyError):
            verifying["unknown"]

    def test_what_could_not_be_read_changes_nothing(self, settings: Config, capsys: pytest.CaptureFixture[str]) -> None:
        live, home = LiveKeys(settings.server.keys), settings.server.keys / "service"
        before = live.signing.kid
        (home / "receipt.jwk").chmod(0o644)
        assert live.signing.kid == before
        assert "keys_not_read" in capsys.readouterr().err
        (home / "receipt.former.json").write_text('{"keys": [{}]}', encoding="utf-8")
        (home / "receipt.jwk").chmod(0o600)
        with pytest.raises(ConfigError, match=r"receipt\.former\.json: mode"):
            load_service(settings.server.keys)
        (home / "receipt.former.json").chmod(0o600)
        with pytest.raises(ConfigError, match=r"receipt\.former\.json: not public Ed25519 keys"):
            load_service(settings.server.keys)


class TestService:
    def test_what_was_locked_opens_throughout_and_the_key_before_is_gone(
        self, intake: Intake, settings: Config
    ) -> None:
        before = load_service(settings.server.keys)
        refused(intake)
        assert turn(settings, rotation.turn_service) is True
        refused(intake)
        assert len(opening(intake)) == 2
        assert intake.services.keys.service.raw_value != before.service.raw_value
        assert turn(settings, rotation.finish_service) == rotation.Relocked(changed=1, unreadable=0)
        assert names(settings) == OWN
        assert len(opening(intake)) == 2
        for (token,) in rows(intake, "SELECT order_ref FROM rejections"):
            with pytest.raises(TamperedError):
                unlock(token, before.service)
        known = bootstrap.known_keys(settings)
        assert known is not None
        assert known["service"] == {load_service(settings.server.keys).checks()["service"]}
        assert log(intake) == [
            ("key-rotated", "service/2", "Els De Smet"),
            ("key-retired", "service/1", "Els De Smet"),
        ]

    def test_a_shop_that_was_connected_before_works_after(self, intake: Intake, settings: Config) -> None:
        known = bootstrap.onboarding(settings)
        content = {key: value for key, value in SHOPS["plain"].items() if key != "app"}
        content |= {"domain": "new.myshopify.com", "integration": {"requested_on": date(2026, 11, 2)}}
        known.connect("new", content, Held(secrets=(b"made-up secret of the new shop",)))
        version = known.store.newest()
        turn(settings, rotation.turn_service)
        assert turn(settings, rotation.finish_service).changed == 1
        assert [row.name for row in known.store.changed(version, 10)] == ["new"]  # every process reads it again
        assert known.show("new").fault is None
        assert known.show("new").domain == "new.myshopify.com"
        known.store.close()

    def test_what_opens_with_no_key_is_told_and_left(self, intake: Intake, settings: Config) -> None:
        refused(intake)
        with closing(sqlite3.connect(intake.database)) as connection, connection:
            connection.execute("UPDATE rejections SET order_ref = 'eyJ.made.up'")
        turn(settings, rotation.turn_service)
        assert turn(settings, rotation.finish_service) == rotation.Relocked(changed=0, unreadable=1)
        assert rows(intake, "SELECT order_ref FROM rejections") == [("eyJ.made.up",)]

    def test_an_end_waits_for_what_is_in_hand(
        self, intake: Intake, settings: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused(intake)
        monkeypatch.setattr(rotation, "SETTLED", timedelta(seconds=60))
        turn(settings, rotation.turn_service)
        with pytest.raises(DestructionRefusedError, match=r"(60|59) seconds more"):
            turn(settings, rotation.finish_service)
        assert "service.former.key" in names(settings)

    def test_it_ends_by_itself(self, intake: Intake, settings: Config) -> None:
        refused(intake)
        turn(settings, rotation.turn_service)
        bootstrap_rotation.go_on(settings)
        assert names(settings) == OWN
        assert len(opening(intake)) == 1
        assert log(intake)[-1] == ("key-retired", "service/1", bootstrap_rotation.BY_ITSELF)
        bootstrap_rotation.go_on(settings)  # and nothing is left to do

    def test_one_at_a_time(self, intake: Intake, settings: Config) -> None:
        turn(settings, rotation.turn_service)
        key = intake.services.keys.service.raw_value
        assert turn(settings, rotation.turn_service) is False
        assert intake.services.keys.service.raw_value == key


class TestIndex:
    def test_orders_are_known_again_throughout_and_the_key_file_is_the_chain(
        self, intake: Intake, settings: Config
    ) -> None:
        home = settings.server.keys / "service"
        first, made = (home / "index.key").read_bytes(), order()
        told = intake.post("plain", made).json
        assert turn(settings, rotation.turn_index) is True
        for step in (rotation.rechain, rotation.finish_index, rotation.rechain):
            assert intake.post("plain", made).json == {**(told or {}), "status": "duplicate"}
            assert intake.post("plain", order()).json is not None
            turn(settings, step)
        assert intake.post("plain", made).json == {**(told or {}), "status": "duplicate"}
        assert names(settings) == OWN
        chain = (home / "index.key").read_bytes()
        assert (len(chain), chain[:32]) == (64, first)
        assert {len(digest) for (digest,) in rows(intake, "SELECT digest FROM index_entries")} == {33}
        bootstrap.fit_keys(settings, load_service(settings.server.keys))
        (home / "index.key").write_bytes(first)
        with pytest.raises(ConfigError, match="not the key that the database was made with"):
            bootstrap.fit_keys(settings, load_service(settings.server.keys))
        assert log(intake) == [("key-rotated", "index/2", "Els De Smet"), ("key-retired", "index/1", "Els De Smet")]

    def test_an_event_that_is_told_again_gets_its_first_answer_throughout(
        self, intake: Intake, settings: Config
    ) -> None:
        made, shop = order(), intake.services.shops.get("plain")
        assert shop is not None
        intake.post("plain", made)
        body = json.dumps({"type": "delivered", "order": str(made["id"])}).encode()
        steps = (
            lambda: Turn(settings.server.keys, None, "index.key").prepare(new_key),  # one process knows it first
            lambda: turn(settings, rotation.turn_index),
            lambda: turn(settings, rotation.rechain),
            lambda: turn(settings, rotation.finish_index),
        )
        with closing(open_retention(settings.server.database)) as known:
            ledger = Ledger(events=known, clock=intake.clock)
            first = tell(body, "a key", shop, Teller(by="shop"), ledger)
            for step in steps:
                step()
                again = tell(body, "a key", shop, Teller(by="shop"), ledger)
                assert (again.id, again.found) == (first.id, 1)
                with pytest.raises(KeyReusedError):
                    tell(body + b" ", "a key", shop, Teller(by="shop"), ledger)
        assert rows(intake, "SELECT count(*), length(key) FROM events") == [(1, 33)]

    def test_a_shop_and_its_request_to_integrate_are_what_they_were(self, intake: Intake, settings: Config) -> None:
        before = bootstrap.onboarding(settings)
        for work in (rotation.turn_index, rotation.finish_index):
            turn(settings, work)
        after = bootstrap.onboarding(settings)
        assert after.reserved == before.reserved
        assert after.vault.of_domain("plain.myshopify.com") == before.vault.of_domain("plain.myshopify.com")
        assert [shop.integration for shop in intake.services.shops.values()] == [
            shop.integration for shop in after.seeds.values() if isinstance(shop, Shop)
        ]
        for one in (before, after):
            one.store.close()

    def test_it_ends_by_itself(self, intake: Intake, settings: Config) -> None:
        intake.post("plain", order())
        turn(settings, rotation.turn_index)
        bootstrap_rotation.go_on(settings)
        assert names(settings) == OWN
        assert log(intake)[-1] == ("key-retired", "index/1", bootstrap_rotation.BY_ITSELF)

    @pytest.mark.parametrize("step", ["become", "forget_next"])
    def test_a_death_at_its_end_is_gone_on_from(
        self, intake: Intake, settings: Config, monkeypatch: pytest.MonkeyPatch, step: str
    ) -> None:
        made = order()
        intake.post("plain", made)
        turn(settings, rotation.turn_index)
        works = getattr(Turn, step)

        def dies(self: Turn, *given: bytes) -> NoReturn:
            works(self, *given)
            raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(Turn, step, dies)
            with pytest.raises(Killed):
                turn(settings, rotation.finish_index)
        for _ in range(2):
            bootstrap.fit_keys(settings, load_service(settings.server.keys))  # it starts so
            again = intake.post("plain", made).json
            assert again is not None
            assert again["status"] == "duplicate"
            bootstrap_rotation.go_on(settings)
        assert names(settings) == OWN
        assert len((settings.server.keys / "service" / "index.key").read_bytes()) == 64

    def test_a_chain_has_an_end(self, settings: Config) -> None:
        (settings.server.keys / "service" / "index.key").write_bytes(bytes(32) * MOST_KEYS)
        with pytest.raises(DestructionRefusedError, match="rotated 254 times"):
            turn(settings, rotation.turn_index)


@pytest.mark.parametrize("which", list(END))
def test_without_a_rotation_there_is_nothing_to_finish(settings: Config, which: str) -> None:
    with pytest.raises(DestructionRefusedError, match="there is no rotation of this key to finish"):
        turn(settings, END[which])


class Killed(BaseException):
    """The process died."""


@pytest.mark.parametrize("step", ["keep", "switch"])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("which", ["signing", "service"])
def test_a_death_at_any_step_is_gone_on_from(
    intake: Intake, settings: Config, monkeypatch: pytest.MonkeyPatch, which: str, step: str, after: bool
) -> None:
    refused(intake)
    assert intake.post("plain", order()).status_code == 200
    kind = SigningTurn if which == "signing" and step == "keep" else Turn
    works = getattr(kind, step)

    def dies(self: Turn) -> NoReturn:
        if after:
            works(self)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(kind, step, dies)
        with pytest.raises(Killed):
            turn(settings, WAY[which])
    bootstrap.fit_keys(settings, load_service(settings.server.keys))  # it starts so
    assert_all_readable(intake, settings, 1)
    turn(settings, WAY[which])
    assert_all_readable(intake, settings, 2)
    assert not any(".next." in name for name in names(settings))
    if which == "service":
        turn(settings, rotation.finish_service)
        assert names(settings) == OWN
    assert_all_readable(intake, settings, 3)
    assert len([fact for fact, _, _ in log(intake) if fact == "key-rotated"]) == (
        2 if which == "signing" and step == "switch" and after else 1
    )


def assert_all_readable(intake: Intake, settings: Config, rejections: int) -> None:
    """What was stored is read, and what comes is stored."""
    assert len(opening(intake)) == rejections
    refused(intake)
    assert intake.post("plain", order()).status_code == 200
    for (token,) in rows(intake, "SELECT receipt FROM records"):
        receipt.verify(token, Verifying(bootstrap.live_keys(settings)))


def refused(intake: Intake) -> None:
    """Let an order come that is rejected."""
    answer = intake.post("plain", order(shipping_address=None, currency=7))
    assert answer.json is not None
    assert answer.json["status"] == "rejected"


def opening(intake: Intake) -> list[str]:
    """What is read of the rejections' order ids."""
    tokens = [token for (token,) in rows(intake, "SELECT order_ref FROM rejections")]
    keys = intake.services.keys.opening()
    return [unlock_any(token, keys) for token in tokens]
