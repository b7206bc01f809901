"""The composition root: what must be there for a start, and the time that an instance is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from middleware import bootstrap, bootstrap_lanes, logs
from middleware.errors import ConfigError
from middleware.keys import load_service
from middleware.model_shop import MADE_UP
from middleware.storage import migrate
from tests.middleware.cli.bench import DEAD, SENDER, Instance
from tests.middleware.starting import cleaned, made, one_line, timed


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned(monkeypatch)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return made(tmp_path)


def test_without_its_keys_nothing_starts(instance: Instance) -> None:
    (instance.service_keys / "receipt.jwk").unlink()
    for start in (bootstrap.check, bootstrap.services):
        with pytest.raises(ConfigError) as problem:
            start(instance.settings())
        assert one_line(problem).endswith("make the keys with `parcelveil keys provision`")


def test_without_its_schema_nothing_starts(instance: Instance) -> None:
    for start in (bootstrap.store, bootstrap.services):
        with pytest.raises(ConfigError) as problem:
            start(instance.settings())
        assert one_line(problem).startswith(f"{instance.database}: there is no database here; `parcelveil migrate` ")
    assert not instance.database.exists()
    instance.database.parent.mkdir(exist_ok=True)
    instance.database.touch(0o600)
    for start in (bootstrap.store, bootstrap.services):
        with pytest.raises(ConfigError) as problem:
            start(instance.settings())
        assert one_line(problem) == "the database schema is not up to date; run `parcelveil migrate`"
    migrate(f"sqlite:///{instance.database}")
    store = bootstrap.store(instance.settings())
    store.ping()
    store.close()


def test_a_way_out_that_cannot_be_used_stops_the_start(instance: Instance) -> None:
    (instance.folder / "ca.pem").write_text("no certificate", encoding="ascii")
    settings = instance.write(server=f'ca_file = "{instance.folder}/ca.pem"').settings()
    with pytest.raises(ConfigError) as problem:
        bootstrap.check(settings)
    said = one_line(problem)
    assert said.startswith(
        f"{instance.file}:7: server.ca_file: {instance.folder}/ca.pem: no certificates of an authority"
    )
    assert said.endswith('expected a file of certificates (PEM), such as ca_file = "/etc/ssl/own-ca.pem"')


def test_the_relay_verifies_with_the_key_that_signs_and_has_a_lane_for_each_platform(instance: Instance) -> None:
    migrate(f"sqlite:///{instance.database}")
    spare = f'[carriers.spare]\nkind = "parcel-json"\nurl = "http://{DEAD}"\nallow_private = ["127.0.0.1"]\n'
    relays = bootstrap_lanes.relays(instance.write(more=spare).settings(), lambda *_: None, {})
    relays[0].store.close()
    signing = load_service(instance.folder / "keys").signing
    assert len(relays) == 2
    for relay in relays:
        assert set(relay.lanes) == {"platform", "spare"}
        assert {kid: key.thumbprint() for kid, key in relay.keys.items()} == {signing.kid: signing.thumbprint()}


def test_a_sender_that_init_made_up_is_told_at_every_start(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(bootstrap, "_log", SimpleNamespace(warning=lambda event, shop: seen.append((event, shop))))
    bootstrap.check(instance.settings())
    assert seen == []
    text = instance.file.read_text(encoding="utf-8")
    instance.file.write_text(text.replace(SENDER["street"], MADE_UP["street"]), encoding="utf-8")
    bootstrap.check(instance.settings())
    assert seen == [("sender_made_up", "demo")]


def test_logging_is_set_up_at_the_configured_level_and_tells_the_role(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(logs, "configure", seen.append)
    monkeypatch.setattr(bootstrap, "_log", SimpleNamespace(info=lambda event, role: seen.append((event, role))))
    bootstrap.logging(instance.write(server='log_level = "WARNING"').settings(), "relay")
    assert seen == ["warning", ("start", "relay")]


def test_the_time_is_the_systems(instance: Instance) -> None:
    now = bootstrap.clock(instance.settings())()
    assert now.utcoffset() == timedelta(0)
    assert abs(now - datetime.now(UTC)) < timedelta(seconds=10)


@pytest.mark.parametrize(
    ("text", "now"),
    [
        ("2027-12-23T09:00:00+01:00", datetime(2027, 12, 23, 8, tzinfo=UTC)),
        ("2027-12-23T09:00:00Z\n", datetime(2027, 12, 23, 9, tzinfo=UTC)),
    ],
)
def test_a_test_instance_is_told_its_time_by_a_file(instance: Instance, text: str, now: datetime) -> None:
    told = bootstrap.clock(timed(instance, text))()
    assert (told, told.utcoffset()) == (now, timedelta(0))


def test_a_clock_file_that_changes_is_read_again(instance: Instance) -> None:
    tell = bootstrap.clock(timed(instance, "2027-12-23T09:00:00+01:00"))
    first = tell()
    (instance.folder / "clock").write_text("2028-12-23T09:00:00+01:00", encoding="ascii")
    assert (tell() - first).days == 366


@pytest.mark.parametrize("text", [None, "", "tomorrow", "2027-13-01T00:00:00Z", "2027-12-23T09:00:00é"])
def test_a_clock_file_that_tells_no_time_is_a_fault(instance: Instance, text: str | None) -> None:
    tell = bootstrap.clock(timed(instance, text))
    with pytest.raises(ConfigError) as problem:
        tell()
    with pytest.raises(ConfigError):
        bootstrap.check(instance.settings())
    assert one_line(problem).startswith(f"{instance.folder}/clock: expected the time of this test instance, such as 2")
    assert (problem.value.__cause__, problem.value.__context__) == (None, None)
