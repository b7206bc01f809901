"""The configuration as a whole: where it is found, server, carriers and apps, and the environment over it."""

from __future__ import annotations

import ipaddress
import os
import re
import traceback
from datetime import timedelta
from pathlib import Path

import pytest

from middleware import config
from middleware.errors import ConfigError
from tests.middleware.configuring import SECRETS, WHOLE, Load, cleaned, loader, without_place

TREE = Path(__file__).resolve().parents[2]
CANARY = "Canary-secret-9f3"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader(monkeypatch, tmp_path)


def refused(load: Load, *changes: tuple[str, str], add: str = "", env: dict[str, str] | None = None) -> str:
    """The one line without place and example; nothing hangs on the error that could tell more."""
    with pytest.raises(ConfigError) as caught:
        load(*changes, add=add, env=env)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert [value for value in SECRETS.values() if value and value in line] == []
    return without_place(line)


# ---- where it is found -----------------------------------------------------------------------------------------------


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
    with pytest.raises(ConfigError, match="no such configuration file; name one with --config FILE or "):
        config.find(option)
    monkeypatch.setenv("PARCELVEIL_CONFIG", "also-missing.toml")
    with pytest.raises(ConfigError, match=re.escape(option or "also-missing.toml")):
        config.find(option)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"[server", ": not TOML"),
        (b"[server]\nlisten = Canary\n", ":2: not TOML: Invalid value, column 10; a setting is written as notify ="),
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


# ---- [server] --------------------------------------------------------------------------------------------------------


def test_an_empty_server_has_every_default(load: Load) -> None:
    server = load().server
    assert (server.listen, server.metrics_listen) == (("127.0.0.1", 8080), ("127.0.0.1", 9090))
    assert server.database == "sqlite:///var/parcelveil.db"
    assert (server.keys, server.state, server.journal) == (Path("var/keys"), Path("var/state"), Path("var/journal"))
    assert server.keys_group is None
    assert server.keep_delivered == timedelta(0)
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
keep_delivered = "0d"
egress_proxy = "http://10.0.0.1:3128"
ca_file = "ca.pem"
clock = "file:var/clock"
log_level = "DEBUG"
"""
    server = load(("[server]\n", told)).server
    assert (server.listen, server.metrics_listen) == (("::1", 8081), ("localhost", 9091))
    assert server.database == "postgresql+psycopg://parcelveil@db.example/parcelveil"
    assert (server.keys, server.state, server.journal) == (Path("k"), Path("s"), Path("/j"))
    assert (server.keys_group, server.ca_file) == (4300, Path("ca.pem"))
    assert (server.egress_proxy, server.clock_file) == ("http://10.0.0.1:3128", Path("var/clock"))
    assert server.log_level == "DEBUG"


REFUSED_BY_SERVER = {
    **{
        f'keys_group = "{name}"': "server.keys_group: expected a group of this machine, by its name or its number, "
        'such as "parcelveil"'
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
    'api_listen = "0.0.0.0:8081"\nclock = "file:x"': "server.clock: a test instance may listen on loopback only",
    'keep_delivered = "policy"': 'server.keep_delivered: expected "0d", as sealed parts leave on delivery',
    'keep_delivered = "1d"': 'server.keep_delivered: expected "0d", as sealed parts leave on delivery',
    'clock = "var/clock"': 'server.clock: expected "file:PATH"',
    'clock = "file:c"\nlisten = "0.0.0.0:80"': "server.clock: a test instance may listen on loopback only",
    'clock = "file:c"\nlisten = "shop.example:80"': "server.clock: a test instance may listen on loopback only",
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
    f'listn = "{CANARY}"': "server.listn: unknown key; did you mean listen?",
    f'LISTEN = "{CANARY}"': "server.LISTEN: unknown key; did you mean listen?",
}


@pytest.mark.parametrize("setting", REFUSED_BY_SERVER)
def test_a_fault_of_the_server_stops_the_start_with_one_line(load: Load, setting: str) -> None:
    assert refused(load, ("[server]\n", f"[server]\n{setting}\n")) == REFUSED_BY_SERVER[setting]


def test_an_unknown_key_that_resembles_nothing_is_told_what_is_known(load: Load) -> None:
    line = refused(load, ("[server]\n", "[server]\nqqqq = 1\n"))
    assert line.startswith("server.qqqq: unknown key; known are api_listen, ca_file, clock, database, ")


def test_an_unknown_section_stops_the_start(load: Load) -> None:
    assert refused(load, add="\n[shop.demo]\n") == "shop: unknown key; did you mean shops?"


def test_a_key_of_odd_signs_stays_on_one_line(load: Load) -> None:
    assert refused(load, ("[server]\n", '[server]\n"a\\nb.c" = 1\n')).startswith('server."a\\nb.c": unknown key')


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "[::1]", "localhost"])
def test_a_clock_of_its_own_is_for_loopback(load: Load, host: str) -> None:
    server = load(("[server]\n", f'[server]\nlisten = "{host}:8080"\nclock = "file:c"\n')).server
    assert server.clock_file == Path("c")


def test_a_debug_server_is_refused(load: Load) -> None:
    assert refused(load, env={"FLASK_DEBUG": "1"}).startswith("$FLASK_DEBUG: ")
    assert load(env={"FLASK_DEBUG": "0"}).quarantined == {}


# ---- the environment over the file -----------------------------------------------------------------------------------


def test_the_port_is_replaced_and_the_host_is_not(load: Load) -> None:
    change = ("[server]\n", '[server]\nlisten = "10.0.0.2:8080"\n')
    assert load(change, env={"PORT": "5000"}).server.listen == ("10.0.0.2", 5000)
    both = {"PORT": "5000", "PARCELVEIL_SERVER__LISTEN": "10.0.0.1:1"}
    assert load(change, env=both).server.listen == ("10.0.0.1", 5000)
    assert load(change, env={"PORT": ""}).server.listen == ("10.0.0.2", 8080)
    for port in ("x", "0", "65536", "80 "):
        assert refused(load, change, env={"PORT": port}) == "$PORT: expected host:port, such as 127.0.0.1:8080"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_the_database_may_come_with_its_password_from_the_environment(load: Load, scheme: str) -> None:
    url = f"{scheme}://a:{CANARY}@b/c?sslmode=verify-full"
    expected = f"postgresql+psycopg://a:{CANARY}@b/c?sslmode=verify-full"
    for name in ("DATABASE_URL", "PARCELVEIL_SERVER__DATABASE"):
        found = load(env={name: url})
        assert found.server.database == expected
        assert CANARY not in repr(found)
    assert load(env={"DATABASE_URL": "sqlite:////a.db"}).server.database == "sqlite:////a.db"


def test_every_setting_can_come_from_the_environment(load: Load) -> None:
    found = load(
        env={
            "PARCELVEIL_SERVER__LOG_LEVEL": "WARNING",
            "PARCELVEIL_CARRIERS__PLATFORM__ALLOW_PRIVATE": '["10.0.0.0/8"]',
            "PARCELVEIL_CARRIERS__PLATFORM__TOKEN__ENV": "OTHER",
            "PARCELVEIL_APPS__PARCELVEIL__SECRETS": '[{ env = "SECRET" }, { env = "OTHER" }]',
            "PARCELVEIL_SHOPS__DEMO__NOTIFY": "sms",
            "PARCELVEIL_SHOPS__DEMO__DEFAULT_WEIGHT_GRAMS": "250",
            "PARCELVEIL_SHOPS__DEMO__SENDER__POSTAL_CODE": "2000",
            "PARCELVEIL_SHOPS__DEMO__SENDER__NUMBER": '"12"',
            "PARCELVEIL_SHOPS__DEMO__INTEGRATION__REQUESTED_ON": "2026-11-23",
            "PARCELVEIL_SHOPS__DEMO__INTERPRETATIONS__RECIPIENT_CLOCK": "delivered",
        }
    )
    shop = found.shops["demo"]
    assert found.server.log_level == "WARNING"
    assert found.carriers["platform"].allow_private == (ipaddress.ip_network("10.0.0.0/8"),)
    assert found.carriers["platform"].token == "other-made-up-secret"
    assert shop.secrets == (b"made-up-secret", b"other-made-up-secret")
    assert (shop.delivery.notify, shop.default_weight_grams) == ("sms", 250)
    assert (shop.sender.postal_code, shop.sender.number) == ("2000", "12")
    assert str(shop.integration_requested_on) == "2026-11-23"
    assert shop.interpretations == {"recipient_clock": "delivered"}


def test_a_hyphen_of_a_name_is_an_underscore_in_the_environment(load: Load) -> None:
    found = load(("[shops.demo]", "[shops.demo-two]"), env={"PARCELVEIL_SHOPS__DEMO_TWO__NOTIFY": "email"})
    assert found.shops["demo-two"].delivery.notify == "email"


MISTAKEN = {
    "PARCELVEIL_SERVR__LISTEN": "$PARCELVEIL_SERVR__LISTEN: no such setting; did you mean server?",
    "PARCELVEIL_QQQQ__X": "$PARCELVEIL_QQQQ__X: no such setting",
    "PARCELVEIL___X": "$PARCELVEIL___X: no such setting",
    "PARCELVEIL_SERVER__": "$PARCELVEIL_SERVER__: no such setting",
    "PARCELVEIL_SERVER__LISTN": "server.listn: unknown key; did you mean listen?",
    "PARCELVEIL_SERVER__LISTEN__HOST": "server.listen: expected one line of text",
    "PARCELVEIL_CARRIERS__PLATFROM__URL": (
        "$PARCELVEIL_CARRIERS__PLATFROM__URL: the file has no [carriers.platfrom]; did you mean platform?"
    ),
    "PARCELVEIL_SHOPS__DEMO": "$PARCELVEIL_SHOPS__DEMO: the file has no [shops.demo]",
    "PARCELVEIL_CARRIERS__PLATFORM__URL__HOST": "$PARCELVEIL_CARRIERS__PLATFORM__URL__HOST: url is no table",
    "PARCELVEIL_CARRIERS__PLATFORM__TOKEN": (
        'carriers.platform.token: expected { env = "NAME" } or { file = "PATH" }, never the secret itself'
    ),
}


@pytest.mark.parametrize("name", MISTAKEN)
def test_a_variable_that_means_nothing_stops_the_start(load: Load, name: str) -> None:
    assert refused(load, env={name: CANARY}) == MISTAKEN[name]


@pytest.mark.parametrize(
    "name", ["PARCELVEIL_CONFIG", "PARCELVEIL_PORT", "PARCELVEIL_PORT_8080_TCP", "OTHER__X", "parcelveil_server__x"]
)
def test_variables_of_others_are_left_alone(load: Load, name: str) -> None:
    assert load(env={name: "tcp://10.0.0.1:8080"}) == load()


def test_a_value_of_the_environment_cannot_bring_another_key(load: Load) -> None:
    line = refused(load, env={"PARCELVEIL_SERVER__LOG_LEVEL": '"INFO"\nkeys = "x"'})
    assert line == "server.log_level: expected one line of text"


# ---- [carriers.*] and [apps.*] ---------------------------------------------------------------------------------------


def test_a_carrier_is_read_with_the_way_out_of_the_server(load: Load) -> None:
    way = '[server]\negress_proxy = "http://10.0.0.1:3128"\nca_file = "ca.pem"\n'
    token = 'token = { env = "TOKEN" }'
    carrier = load(("[server]\n", way), (token, f'{token}\nallow_private = ["127.0.0.1", "fd00::/8"]')).carriers[
        "platform"
    ]
    assert (carrier.name, carrier.kind, carrier.url) == ("platform", "parcel-json", "https://platform.example")
    assert carrier.token == "made-up-token"
    assert carrier.allow_private == (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("fd00::/8"))
    assert (carrier.proxy, carrier.ca_file) == ("http://10.0.0.1:3128", Path("ca.pem"))
    assert load((token, "")).carriers["platform"].token is None


URL = 'url = "https://platform.example"'
REFUSED_BY_CARRIER = {
    (URL, ""): "url: expected one line of text",
    (URL, 'url = ""'): "url: expected one line of text",
    (URL, 'url = "platform.example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://platform.example/api"'): "url: expected https://host[:port], and no more",
    (URL, f'url = "https://a:{CANARY}@platform.example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://platform.example:0"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://platform..example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "http://platform.example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://[::1"'): "url: expected https://host[:port], and no more",
    (
        URL,
        'url = "ftp://x"\nallow_private = ["10.0.0.1"]',
    ): "url: expected https://host[:port] or http://host[:port], and no more",
    (URL, f'{URL}\nallow_private = "10.0.0.1"'): "allow_private: expected a list of private addresses or networks, ",
    (URL, f"{URL}\nallow_private = [10]"): "allow_private: expected a list of private addresses or networks, ",
    (URL, f'{URL}\nallow_private = {{ "10.0.0.1" = 1 }}'): "allow_private: expected a list of private addresses ",
    (
        URL,
        f'{URL}\nallow_private = ["10.0.0.1/8"]',
    ): "allow_private: expected a list of private addresses or networks, ",
    (URL, f'{URL}\nallow_private = ["0.0.0.0/0"]'): "allow_private: expected a list of private addresses or networks, ",
    (URL, f'{URL}\nallow_private = ["::/0"]'): "allow_private: expected a list of private addresses or networks, ",
    (URL, f'{URL}\nallow_private = ["8.8.8.8"]'): "allow_private: expected a list of private addresses or networks, ",
    ('"parcel-json"', '"bpost-shm"'): "kind: expected one of parcel-json",
    ('kind = "parcel-json"', ""): "kind: expected one line of text",
    (URL, f"{URL}\nurll = 1"): "urll: unknown key; did you mean url?",
}


@pytest.mark.parametrize("change", REFUSED_BY_CARRIER, ids=[" ".join(change) for change in REFUSED_BY_CARRIER])
def test_a_fault_of_a_carrier_stops_the_start(load: Load, change: tuple[str, str]) -> None:
    assert refused(load, change).startswith(f"carriers.platform.{REFUSED_BY_CARRIER[change]}")


def test_plain_http_needs_a_private_network_that_is_named(load: Load) -> None:
    carrier = load((URL, 'url = "http://10.0.0.1:8090/"\nallow_private = ["10.0.0.1", "100.64.0.0/10"]')).carriers[
        "platform"
    ]
    assert carrier.url == "http://10.0.0.1:8090/"


@pytest.mark.parametrize("name", ['"../../x"', '"A"', '"a_b"', '""', f'"{"a" * 64}"'])
@pytest.mark.parametrize("section", ["carriers.platform", "apps.parcelveil"])
def test_a_name_that_is_no_name_stops_the_start(load: Load, section: str, name: str) -> None:
    """A carrier's name is part of a file's name."""
    line = refused(load, (f"[{section}]", f"[{section.partition('.')[0]}.{name}]"))
    assert line.endswith(": expected a name of small letters, digits and hyphens")


@pytest.mark.parametrize("platform", ['"woocommerce"', '"direct"', '""'])
def test_an_app_of_another_platform_stops_the_start(load: Load, platform: str) -> None:
    line = refused(load, ('[apps.parcelveil]\nplatform = "shopify"', f"[apps.parcelveil]\nplatform = {platform}"))
    assert line.startswith("apps.parcelveil.platform: expected ")


# ---- secrets ---------------------------------------------------------------------------------------------------------

GIVEN = 'secrets = [{ env = "SECRET" }]'
NEVER = 'expected { env = "NAME" } or { file = "PATH" }, never the secret itself'
REFUSED_SECRETS = {
    f'"{CANARY}"': "expected a list of one secret, or of two while rotating, such as ",
    f'["{CANARY}"]': NEVER,
    "[]": "expected a list of one secret, or of two while rotating, such as ",
    '[{ env = "SECRET" }, { env = "SECRET" }, { env = "SECRET" }]': "expected a list of one secret, or of two ",
    "[{}]": NEVER,
    '[{ env = "SECRET", file = "x" }]': NEVER,
    "[{ env = 3 }]": NEVER,
    f'[{{ value = "{CANARY}" }}]': 'expected { env = "NAME" } or { file = "PATH" }',
    '[{ env = "MISSING" }]': "the secret in env MISSING is missing or empty",
    '[{ env = "EMPTY" }]': "the secret in env EMPTY is missing or empty",
    '[{ file = "missing" }]': "the file missing cannot be read (No such file or directory)",
    '[{ file = "." }]': "the file . cannot be read (Is a directory)",
}


@pytest.mark.parametrize("secrets", REFUSED_SECRETS)
def test_a_secret_that_is_none_stops_the_start(load: Load, secrets: str) -> None:
    line = refused(load, (GIVEN, f"secrets = {secrets}"))
    assert line.startswith(f"apps.parcelveil.secrets: {REFUSED_SECRETS[secrets]}")


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"a b", b"a b"),
        (b"a\n", b"a"),
        (b"a\r\n", b"a"),
        (b"a\n\n", b"a\n"),
        (b" a\xff", b" a\xff"),
        (b"\n", None),
        (b"", None),
    ],
)
def test_of_a_file_one_line_break_at_the_end_is_left_out(load: Load, content: bytes, secret: bytes | None) -> None:
    Path("secret").write_bytes(content)
    change = (GIVEN, 'secrets = [{ file = "secret" }]')
    if secret is None:
        assert refused(load, change).endswith(
            "the secret in file secret is missing or empty; write the secret into that file"
        )
    else:
        assert load(change).shops["demo"].secrets == (secret,)


def test_two_secrets_while_rotating_in_their_order(load: Load) -> None:
    change = (GIVEN, 'secrets = [{ env = "OTHER" }, { env = "SECRET" }]')
    assert load(change).shops["demo"].secrets == (b"other-made-up-secret", b"made-up-secret")


@pytest.mark.parametrize("token", [f"{CANARY}\r\nX: y", f"{CANARY}\n", f" {CANARY}", f"{CANARY}é", f"{CANARY}\udcff"])
def test_a_token_that_no_header_can_carry_stops_the_start(load: Load, token: str) -> None:
    line = refused(load, env={"TOKEN": token})
    assert line == "carriers.platform.token: expected a secret of printable ASCII characters alone"


def test_no_secret_is_ever_printed(load: Load) -> None:
    found = load(env={"TOKEN": CANARY, "SECRET": CANARY, "DATABASE_URL": f"postgresql://a:{CANARY}@b/c"})
    assert (found.carriers["platform"].token, found.shops["demo"].secrets) == (CANARY, (CANARY.encode(),))
    printed = [
        repr(found),
        str(found),
        repr(found.carriers),
        repr(found.server),
        repr(found.shops),
        str(vars_of(found)),
    ]
    assert [text for text in printed if CANARY in text] == []


def vars_of(found: config.Config) -> list[object]:
    return [found.server, *found.carriers.values(), *found.shops.values()]


# ---- the example -----------------------------------------------------------------------------------------------------


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
