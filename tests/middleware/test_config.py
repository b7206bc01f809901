"""The configuration as a whole: where it is found, its server, and the example."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from middleware import config
from middleware.errors import ConfigError
from tests.middleware.configuring import CANARY, WHOLE, Load, cleaned, loader, refused

TREE = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader(monkeypatch, tmp_path)


def test_the_option_wins_then_the_folder_then_the_variable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.toml" for name in ("option", "variable")}
    for file in files.values():
        file.touch()
    monkeypatch.setenv("PARCELVEIL_CONFIG", str(files["variable"]))
    assert config.find(None) == files["variable"]
    Path("parcelveil.toml").touch()
    assert config.find(None) == Path.cwd() / "parcelveil.toml"
    assert config.find(str(files["option"])) == files["option"]


def test_what_is_inherited_is_the_variable_whatever_lies_in_the_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "variable.toml").touch()
    Path("parcelveil.toml").touch()
    monkeypatch.setenv("PARCELVEIL_CONFIG", str(tmp_path / "variable.toml"))
    assert config.inherited() == tmp_path / "variable.toml"


@pytest.mark.parametrize("option", [None, "missing.toml", "."])
def test_a_configuration_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, option: str | None) -> None:
    with pytest.raises(ConfigError, match="no such configuration file; expected one here, or named with --config "):
        config.find(option)
    monkeypatch.setenv("PARCELVEIL_CONFIG", "also-missing.toml")
    with pytest.raises(ConfigError, match=re.escape(option or "also-missing.toml")):
        config.find(option)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[server", ": not TOML"),
        (
            b"[server]\nlisten = Canary\n",
            ":2: not TOML: Invalid value, column 10; expected a key, an equals sign and a value",
        ),
        (b"\xff", ": not UTF-8"),
        (b'[server]\nlisten = "a"\nlisten = "b"', ": not TOML: Cannot overwrite a value"),
        (b"server = 3", ":1: server: expected a table"),
        (b"[shops]\ndemo = 3\n[server]\nx = 1", ":4: server.x: unknown key"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    file = tmp_path / "made.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(f"{file}{expected}")) as caught:
        config.load(file)
    assert "Canary" not in str(caught.value)
    with pytest.raises(ConfigError, match="No such file"):
        config.load(tmp_path / "missing.toml")


def test_the_environment_is_given_as_a_copy() -> None:
    copy = config.environment()
    assert copy == dict(os.environ)
    copy["PARCELVEIL_ADDED"] = "x"
    assert "PARCELVEIL_ADDED" not in os.environ


def test_an_empty_server_has_every_default(load: Load) -> None:
    server = load().server
    assert (server.listen, server.metrics_listen) == (("127.0.0.1", 8080), ("127.0.0.1", 9090))
    assert server.database == "sqlite:///var/parcelveil.db"
    assert (server.keys, server.state, server.journal) == tuple(
        Path(f"var/{name}").absolute() for name in ("keys", "state", "journal")
    )
    assert server.keys_group is None
    assert server.keep_delivered == "0d"
    assert (server.egress_proxy, server.ca_file, server.clock_file) == (None, None, None)
    assert server.log_level == "INFO"


def test_every_setting_of_the_server_is_read(load: Load) -> None:
    told = """[server]
listen = "[::1]:8081"
metrics_listen = "localhost:9091"
database = "postgresql://parcelveil@db.example/parcelveil"
keys = "k"
keys_group = "4300"
state = "s"
journal = "/j"
keep_delivered = "policy"
egress_proxy = "http://10.0.0.1:3128"
ca_file = "ca.pem"
clock = "file:var/clock"
log_level = "DEBUG"
"""
    server = load(("[server]\n", told)).server
    assert (server.listen, server.metrics_listen) == (("::1", 8081), ("localhost", 9091))
    assert server.database == "postgresql+psycopg://parcelveil@db.example/parcelveil"
    assert (server.keys, server.state, server.journal) == (Path("k").absolute(), Path("s").absolute(), Path("/j"))
    assert (server.keys_group, server.ca_file) == (4300, Path("ca.pem").absolute())
    assert server.keep_delivered == "policy"
    assert (server.egress_proxy, server.clock_file) == ("http://10.0.0.1:3128", Path("var/clock").absolute())
    assert server.log_level == "DEBUG"


REFUSED_BY_SERVER = {
    **{
        f'keys_group = "{name}"': "server.keys_group: expected a group of this machine, by its name or its number"
        for name in ("no-such-group", "-1", "٤", "4300 4301")
    },
    "keys_group = 4300": "server.keys_group: expected one line of text",
    'listen = "8080"': "server.listen: expected host:port, such as 127.0.0.1:8080",
    'listen = ":8080"': "server.listen: expected host:port, such as 127.0.0.1:8080",
    'listen = "127.0.0.1:0"': "server.listen: expected host:port, such as 127.0.0.1:8080",
    'listen = "127.0.0.1:65536"': "server.listen: expected host:port, such as 127.0.0.1:8080",
    "listen = 8080": "server.listen: expected one line of text",
    'listen = "127.0.0.1:9090"': "server.metrics_listen: expected another address than those of listen and api_listen",
    'api_listen = "127.0.0.1:9090"': (
        "server.metrics_listen: expected another address than those of listen and api_listen"
    ),
    'api_listen = "127.0.0.1:8080"': "server.api_listen: expected another address than that of listen",
    'api_listen = "nowhere"': "server.api_listen: expected host:port, such as 127.0.0.1:8080",
    'api_listen = "0.0.0.0:8081"\nclock = "file:x"': (
        "server.clock: expected addresses of loopback in listen and api_listen beside it"
    ),
    'keep_delivered = "1d"': "server.keep_delivered: expected one of 0d, policy",
    'clock = "var/clock"': 'server.clock: expected "file:PATH"',
    'clock = "file:c"\nlisten = "0.0.0.0:80"': (
        "server.clock: expected addresses of loopback in listen and api_listen beside it"
    ),
    'clock = "file:c"\nlisten = "shop.example:80"': (
        "server.clock: expected addresses of loopback in listen and api_listen beside it"
    ),
    'egress_proxy = "socks5://127.0.0.1:1"': "server.egress_proxy: expected http://host[:port], and no more",
    f'egress_proxy = "http://a:{CANARY}@b:1"': "server.egress_proxy: expected http://host[:port], and no more",
    'log_level = "LOUD"': "server.log_level: expected one of DEBUG, INFO, WARNING, ERROR",
    f'database = "postgresql://a:{CANARY}@b/c"': (
        "server.database: expected a URL without a password; one with a password belongs into $DATABASE_URL"
    ),
    f'database = "postgresql://b/c?password={CANARY}"': (
        "server.database: expected a URL without a password; one with a password belongs into $DATABASE_URL"
    ),
    f'keys = "a\\n{CANARY}"': "server.keys: expected one line of text",
    f'listn = "{CANARY}"': "server.listn: unknown key; expected one that is known; did you mean listen?",
    f'LISTEN = "{CANARY}"': "server.LISTEN: unknown key; expected one that is known; did you mean listen?",
}


@pytest.mark.parametrize("setting", REFUSED_BY_SERVER)
def test_a_fault_of_the_server_stops_the_start_with_one_line(load: Load, setting: str) -> None:
    assert refused(load, ("[server]\n", f"[server]\n{setting}\n")) == REFUSED_BY_SERVER[setting]


def test_an_unknown_key_that_resembles_nothing_is_told_what_is_known(load: Load) -> None:
    line = refused(load, ("[server]\n", "[server]\nqqqq = 1\n"))
    assert line.startswith("server.qqqq: unknown key; expected one of api_listen, ca_file, callbacks_private, clock, ")


def test_an_unknown_section_stops_the_start(load: Load) -> None:
    line = refused(load, add="\n[shop.demo]\n")
    assert line == "shop: unknown key; expected one that is known, such as [shops]; did you mean shops?"


def test_a_key_of_odd_signs_stays_on_one_line(load: Load) -> None:
    assert refused(load, ("[server]\n", '[server]\n"a\\nb.c" = 1\n')).startswith('server."a\\nb.c": unknown key')


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "[::1]", "localhost"])
def test_a_clock_of_its_own_is_for_loopback(load: Load, host: str) -> None:
    server = load(("[server]\n", f'[server]\nlisten = "{host}:8080"\nclock = "file:c"\n')).server
    assert server.clock_file == Path("c").absolute()


def test_a_debug_server_is_refused(load: Load) -> None:
    assert refused(load, env={"FLASK_DEBUG": "1"}).startswith("$FLASK_DEBUG: ")
    assert load(env={"FLASK_DEBUG": "0"}).quarantined == {}


def test_the_example_can_be_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (TREE / "examples" / "parcelveil.toml").read_text(encoding="utf-8")
    for name in re.findall(r'env = "([A-Z_]+)" \}', text):
        monkeypatch.setenv(name, f"made up for {name}")
    found = config.load(TREE / "examples" / "parcelveil.toml")
    assert (set(found.shops), dict(found.quarantined)) == ({"demo"}, {})
    assert found.carriers["platform"].token == "made up for PARCEL_PLATFORM_TOKEN"


def test_what_the_tests_start_from_is_whole(load: Load) -> None:
    assert "demo" in WHOLE
    assert (set(load().shops), dict(load().quarantined)) == ({"demo"}, {})
