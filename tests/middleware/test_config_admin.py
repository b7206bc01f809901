"""``[admin]`` and the simulated platform: what opens the admin API, and where a shop in test mode goes."""

from __future__ import annotations

from pathlib import Path

import pytest

from middleware.errors import ConfigError
from tests.middleware.configuring import Load, cleaned, loader

CANARY = "canary-7f3a"
APP = 'app = "parcelveil"'
TOKENS = '[admin]\ntokens = [{ env = "ADMIN" }, { env = "BEFORE" }]\n'
TRIAL = '\n[carriers.trial]\nkind = "parcel-json"\nurl = "https://trial.example"\nsimulated = true\n'


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    cleaned(monkeypatch, tmp_path)
    return loader(monkeypatch, tmp_path)


def test_tokens_of_the_admin_api_are_secrets(load: Load) -> None:
    found = load(add=TOKENS, env={"ADMIN": CANARY * 2, "BEFORE": "made-up-token-of-before"})
    assert found.admin_tokens == ((CANARY * 2).encode(), b"made-up-token-of-before")
    assert CANARY not in repr(found)
    assert load().admin_tokens == ()


@pytest.mark.parametrize(
    "token", ["short", "fifteen-letters", "with spaces in the middle of it", "not-ascii-" + "é" * 9]
)
def test_a_token_that_is_too_weak_or_fits_into_no_header_stops_the_start(load: Load, token: str) -> None:
    with pytest.raises(ConfigError, match=r"admin\.tokens: expected tokens of at least 16 ASCII characters") as fault:
        load(add=TOKENS, env={"ADMIN": token, "BEFORE": "made-up-token-of-before"})
    assert token not in str(fault.value)


def test_an_app_s_secrets_are_not_shown(load: Load) -> None:
    found = load()
    assert found.apps["parcelveil"] == (b"made-up-secret",)
    assert "made-up-secret" not in repr(found)


def test_a_shop_in_test_mode_goes_to_the_simulated_platform(load: Load) -> None:
    found = load((APP, f'{APP}\nmode = "test"'), add=TRIAL)
    assert (found.shops["demo"].mode, found.shops["demo"].carrier) == ("test", "trial")
    assert (found.carriers["trial"].simulated, found.carriers["platform"].simulated) == (True, False)
    assert load(add=TRIAL).shops["demo"].carrier == "platform"


def test_a_live_shop_may_not_name_the_simulated_platform(load: Load) -> None:
    simulated = load(('token = { env = "TOKEN" }', 'token = { env = "TOKEN" }\nsimulated = true'))
    assert "carrier: this is the simulated platform" in simulated.quarantined["demo"]


def test_one_platform_may_be_simulated(load: Load) -> None:
    with pytest.raises(ConfigError, match=r"carriers\.second\.simulated: trial is the simulated platform already"):
        load(add=TRIAL + TRIAL.replace("carriers.trial", "carriers.second"))
    with pytest.raises(ConfigError, match=r"carriers\.trial\.simulated: expected true or false, without quotes"):
        load(add=TRIAL.replace("= true", '= "yes"'))
