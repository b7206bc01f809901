"""Carriers and apps of the configuration, and the secrets that it refers to."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from middleware import config
from tests.middleware.configuring import CANARY, Load, cleaned, loader, refused


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader(monkeypatch, tmp_path)


def test_a_carrier_is_read_with_the_way_out_of_the_server(load: Load) -> None:
    way = '[server]\negress_proxy = "http://10.0.0.1:3128"\nca_file = "ca.pem"\n'
    token = 'token = { env = "TOKEN" }'
    carrier = load(("[server]\n", way), (token, f'{token}\nallow_private = ["127.0.0.1", "fd00::/8"]')).carriers[
        "platform"
    ]
    assert (carrier.name, carrier.kind, carrier.url) == ("platform", "parcel-json", "https://platform.example")
    assert carrier.token == "made-up-token"
    assert carrier.allow_private == (ipaddress.ip_network("127.0.0.1/32"), ipaddress.ip_network("fd00::/8"))
    assert (carrier.proxy, carrier.ca_file) == ("http://10.0.0.1:3128", Path("ca.pem").absolute())
    assert load((token, "")).carriers["platform"].token is None


URL = 'url = "https://platform.example"'
REFUSED_BY_CARRIER = {
    (URL, ""): "url: it is missing; expected one line of text",
    (URL, 'url = ""'): "url: expected one line of text",
    (URL, 'url = "platform.example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://platform.example/api"'): "url: expected https://host[:port], and no more",
    (URL, f'url = "https://a:{CANARY}@platform.example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://platform.example:0"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "https://platform..example"'): "url: expected https://host[:port], and no more",
    (URL, 'url = "http://platform.example"'): (
        "url: plain http is for the addresses of allow_private alone, and there is none; expected https://host[:port]"
    ),
    (URL, 'url = "https://[::1"'): "url: expected https://host[:port], and no more",
    (
        URL,
        'url = "ftp://x"\nallow_private = ["10.0.0.1"]',
    ): "url: expected https://host[:port] or http://host[:port], and no more",
    (URL, f'{URL}\nallow_private = "10.0.0.1"'): "allow_private: expected a list of private addresses or networks",
    (URL, f"{URL}\nallow_private = [10]"): "allow_private: expected a list of private addresses or networks",
    (URL, f'{URL}\nallow_private = {{ "10.0.0.1" = 1 }}'): "allow_private: expected a list of private addresses ",
    (
        URL,
        f'{URL}\nallow_private = ["10.0.0.1/8"]',
    ): "allow_private: expected a list of private addresses or networks",
    (URL, f'{URL}\nallow_private = ["0.0.0.0/0"]'): "allow_private: expected a list of private addresses or networks",
    (URL, f'{URL}\nallow_private = ["::/0"]'): "allow_private: expected a list of private addresses or networks",
    (URL, f'{URL}\nallow_private = ["8.8.8.8"]'): "allow_private: expected a list of private addresses or networks",
    ('"parcel-json"', '"bpost"'): "kind: expected one of parcel-json, bpost-shm",
    ('kind = "parcel-json"', ""): "kind: it is missing; expected one line of text",
    (URL, f"{URL}\nurll = 1"): "urll: unknown key; expected one that is known; did you mean url?",
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
    assert ": expected a name of small letters, digits and hyphens, such as [" in line


@pytest.mark.parametrize("platform", ['"woocommerce"', '"direct"', '""'])
def test_an_app_of_another_platform_stops_the_start(load: Load, platform: str) -> None:
    line = refused(load, ('[apps.parcelveil]\nplatform = "shopify"', f"[apps.parcelveil]\nplatform = {platform}"))
    assert line.startswith("apps.parcelveil.platform: expected ")


GIVEN = 'secrets = [{ env = "SECRET" }]'
NEVER = 'expected { env = "NAME" } or { file = "PATH" }, never the secret itself'
ALONE = 'expected { env = "NAME" } or { file = "PATH" }, and nothing else'
REFUSED_SECRETS = {
    f'"{CANARY}"': "expected a list of one secret, or of two while rotating",
    f'["{CANARY}"]': NEVER,
    "[]": "expected a list of one secret, or of two while rotating",
    '[{ env = "SECRET" }, { env = "SECRET" }, { env = "SECRET" }]': "expected a list of one secret, or of two ",
    "[{}]": ALONE,
    '[{ env = "SECRET", file = "x" }]': ALONE,
    "[{ env = 3 }]": NEVER,
    f'[{{ value = "{CANARY}" }}]': ALONE,
    f'[{{ evn = "{CANARY}" }}]': f"{ALONE}; did you mean env?",
    f'[{{ {CANARY} = "SECRET" }}]': ALONE,
    '[{ env = "MISSING" }]': "the secret in env MISSING is missing or empty",
    '[{ env = "EMPTY" }]': "the secret in env EMPTY is missing or empty",
    '[{ file = "missing" }]': 'expected { file = "PATH" } of a file that can be read (No such file or directory)',
    '[{ file = "." }]': 'expected { file = "PATH" } of a file that can be read (Is a directory)',
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
        assert refused(load, change).endswith("the file of the secret is empty; expected a file with the secret in it")
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
