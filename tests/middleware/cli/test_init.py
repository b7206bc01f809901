"""``init``: every setting, the keys, and what to do next; nothing that exists is overwritten."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from middleware import config
from middleware.cli.starting import NEXT, PLATFORM_URL, SECRETS, written
from middleware.config_settings import ANY, SETTINGS
from simulator.http import MockServer
from tests.middleware.cli.bench import ROOT, SECRET, TOKEN, Instance, files, refused, run

KEYS = ("receipt.jwk", "index.key", "service.key")
EXAMPLE = ROOT / "examples" / "parcelveil.toml"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return Path.cwd()


def test_an_empty_folder_gets_a_configuration_and_keys(here: Path) -> None:
    result = run("init")
    assert (result.exit_code, result.stderr) == (0, "")
    assert set(files(here)) == {"parcelveil.toml", *(f"var/keys/service/{name}" for name in KEYS)}
    assert [(here / "var" / "keys" / "service" / name).stat().st_mode & 0o777 for name in KEYS] == [0o600] * 3
    assert [line.strip() for line in result.stdout.splitlines() if line.startswith("    ")] == list(NEXT)
    assert all(f"${name}" in result.stdout for name in SECRETS)


def test_the_example_is_the_same_text(here: Path) -> None:
    run("init")
    assert (here / "parcelveil.toml").read_text(encoding="utf-8") == EXAMPLE.read_text(encoding="utf-8")


def test_every_setting_stands_in_it_in_its_order_with_its_default() -> None:
    text = written("demo.myshopify.com", PLATFORM_URL)
    told = [re.sub(r"^# ", "", line).split(" = ")[0] for line in text.splitlines() if re.match(r"(?:# )?\w+ = ", line)]
    wanted = [
        entry.key
        for entries in SETTINGS.values()
        for entry in entries
        if entry.key
        not in ("locator", "tracking", "integration", "sender", "cash_on_delivery", "customs", "callback", "fulfilment")
    ]
    assert told == wanted
    document = tomllib.loads(text)
    for entry in SETTINGS["server",]:
        assert document["server"][entry.key] == tomllib.loads(f"x = {entry.default}")["x"]
    for entry in SETTINGS["shops", ANY]:
        if entry.default is not None:
            assert document["shops"]["demo"][entry.key] == tomllib.loads(f"x = {entry.default}")["x"]
    assert max(map(len, text.splitlines())) <= 120
    assert all(" # " in line for line in text.splitlines() if " = " in line and not line.startswith("# "))


def test_a_shop_and_a_platform_can_be_told(here: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else" / "where"
    asked = ("--shop-domain", "Winkel-2.MyShopify.com", "--platform-url", "https://parcels.example")
    result = run("init", "--dir", str(elsewhere), *asked)
    assert result.exit_code == 0
    assert f"Run them in {elsewhere}" in result.stdout
    found = config.load(elsewhere / "parcelveil.toml")
    assert found.shops["winkel-2"].domain == "winkel-2.myshopify.com"
    assert (found.carriers["platform"].url, found.carriers["platform"].allow_private) == ("https://parcels.example", ())
    assert "PARCELVEIL_SHOPS__WINKEL_2__NOTIFY" in (elsewhere / "parcelveil.toml").read_text(encoding="utf-8")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.5", "localhost", "[::1]"])
def test_an_address_that_is_not_public_may_be_dialled(here: Path, host: str) -> None:
    assert run("init", "--platform-url", f"http://{host}:8090").exit_code == 0
    assert config.load(here / "parcelveil.toml").carriers["platform"].url == f"http://{host}:8090"


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        (
            "--shop-domain",
            "shop.example",
            "expected the shop's own domain, which ends in .myshopify.com",
        ),
        ("--shop-domain", 'a"b.myshopify.com', "expected the shop's own domain"),
        ("--platform-url", "http://parcels.example", "expected https://host[:port], and no more"),
        ("--platform-url", "https://parcels.example/api", "expected https://host[:port], and no more"),
        ("--platform-url", "http://8.8.8.8", "expected https://host[:port], and no more"),
    ],
)
def test_what_it_could_not_hold_is_refused_and_nothing_is_made(here: Path, option: str, value: str, said: str) -> None:
    assert said in refused(run("init", option, value), 2)
    assert list(here.iterdir()) == []


def test_what_is_there_is_not_overwritten(here: Path) -> None:
    (here / "parcelveil.toml").write_text("mine", encoding="utf-8")
    line = refused(run("init"), 1)
    assert line == "parcelveil.toml: it is there already; nothing was changed. --force writes it anew"
    assert files(here) == {"parcelveil.toml": b"mine"}


def test_force_writes_the_configuration_anew_and_never_the_keys(here: Path) -> None:
    run("init")
    before = files(here)
    (here / "parcelveil.toml").write_text("mine", encoding="utf-8")
    (here / "var" / "keys" / "service" / "index.key").unlink()
    result = run("init", "--force")
    assert (result.exit_code, "Made index.key." in result.stdout) == (0, True)
    after = files(here)
    assert {name for name in before if before[name] != after[name]} == {"var/keys/service/index.key"}
    assert run("init", "--force").stdout.startswith("Wrote parcelveil.toml. The keys were there already.")
    assert files(here) == after


def test_without_a_platform_doctor_says_what_is_truly_missing(here: Path) -> None:
    run("init", "--platform-url", "http://127.0.0.1:9")
    instance = Instance(folder=here, url="")
    found = instance.checks(status=1)
    assert {check: told[0] for check, told in found.items() if told[0] != "ok"} == {
        "database": "BAD",  # migrate
        "shops in the database": "warn",  # migrate
        "shop demo": "BAD",  # keys provision
        "carrier platform": "warn",  # it does not run
        "sender of demo": "warn",  # made up
    }


def test_without_the_secrets_doctor_names_the_variable(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("init")
    monkeypatch.delenv("SHOPIFY_SECRET")
    monkeypatch.delenv("PARCEL_PLATFORM_TOKEN")
    assert "PARCEL_PLATFORM_TOKEN" in refused(run("doctor"), 2)
    monkeypatch.setenv("PARCEL_PLATFORM_TOKEN", TOKEN)
    assert "SHOPIFY_SECRET" in refused(run("doctor"), 2)


def test_with_a_platform_the_next_commands_make_all_well(here: Path, platform: MockServer) -> None:
    assert run("init", "--platform-url", platform.url).exit_code == 0
    for command in NEXT:
        result = run(*shlex.split(command)[1:])
        assert (result.exit_code, result.stderr) == (0, ""), result.output
    bad = [line for line in result.stdout.splitlines() if not line.startswith(("ok ", "     "))]
    told = [line.split(":")[0] for line in bad]
    assert told == ["warn  sender of demo", "warn  clock beside platform"]  # the simulated platform sends no Date
    assert SECRET not in (here / "parcelveil.toml").read_text(encoding="utf-8")
