"""The environment over the file of the configuration."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest

from tests.middleware.configuring import CANARY, Load, cleaned, loader, refused


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cleaned(monkeypatch, tmp_path)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    return loader(monkeypatch, tmp_path)


def test_the_port_is_replaced_and_the_host_is_not(load: Load) -> None:
    change = ("[server]\n", '[server]\nlisten = "10.0.0.2:8080"\n')
    assert load(change, env={"PORT": "5000"}).server.listen == ("10.0.0.2", 5000)
    both = {"PORT": "5000", "PARCELVEIL_SERVER__LISTEN": "10.0.0.1:1"}
    assert load(change, env=both).server.listen == ("10.0.0.1", 5000)
    assert load(change, env={"PORT": ""}).server.listen == ("10.0.0.2", 8080)
    for port in ("x", "0", "65536", "80 "):
        assert refused(load, change, env={"PORT": port}) == "$PORT: expected a port, from 1 to 65535, such as PORT=8080"


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


SETTING = ", such as PARCELVEIL_SHOPS__DEMO__NOTIFY"
NO_SUCH = f"no such setting; expected one of server, admin, sources, carriers, apps, shops and a setting of it{SETTING}"
MISTAKEN = {
    "PARCELVEIL_SERVR__LISTEN": f"$PARCELVEIL_SERVR__LISTEN: {NO_SUCH}; did you mean server?",
    "PARCELVEIL_QQQQ__X": f"$PARCELVEIL_QQQQ__X: {NO_SUCH}",
    "PARCELVEIL___X": f"$PARCELVEIL___X: {NO_SUCH}",
    "PARCELVEIL_SERVER__": f"$PARCELVEIL_SERVER__: {NO_SUCH}",
    "PARCELVEIL_SERVER__LISTN": "server.listn: unknown key; expected one that is known; did you mean listen?",
    "PARCELVEIL_SERVER__LISTEN__HOST": "server.listen: expected one line of text",
    "PARCELVEIL_CARRIERS__PLATFROM__URL": (
        "$PARCELVEIL_CARRIERS__PLATFROM__URL: the file has no [carriers.platfrom]; "
        f"expected a table of the file and a setting of it{SETTING}; did you mean platform?"
    ),
    "PARCELVEIL_SHOPS__DEMO": (
        "$PARCELVEIL_SHOPS__DEMO: the file has no [shops.demo]; "
        f"expected a table of the file and a setting of it{SETTING}"
    ),
    "PARCELVEIL_CARRIERS__PLATFORM__URL__HOST": (
        f"$PARCELVEIL_CARRIERS__PLATFORM__URL__HOST: url is no table; expected the name of a setting{SETTING}"
    ),
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
