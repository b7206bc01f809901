"""A whole made-up configuration that tests change in one place, and an environment without anything of ours."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from middleware import config
from middleware.errors import ConfigError

SHOP = """
[shops.NAME]
platform = "shopify"
domain = "NAME.myshopify.com"
account_type = "professional"
integration = { requested_on = 2026-11-22, reference = "made up" }
carrier = "platform"
sender = { name = "Voorbeeldwinkel", street = "Straat", postal_code = "1000", locality = "Brussel", country = "BE" }
"""

WHOLE = (
    """
[server]

[carriers.platform]
kind = "parcel-json"
url = "https://platform.example"
token = { env = "TOKEN" }

[apps.parcelveil]
platform = "shopify"
secrets = [{ env = "SECRET" }]
"""
    + SHOP.replace("NAME", "demo")
    + 'app = "parcelveil"\n'
)

SECRETS = {"TOKEN": "made-up-token", "SECRET": "made-up-secret", "OTHER": "other-made-up-secret", "EMPTY": ""}

CANARY = "Canary-secret-9f3"
"""A secret that no refusal may tell."""

Load = Callable[..., config.Config]
"""Loads ``WHOLE`` after replacing each (old, new); ``add`` stands at its end, ``env`` in the environment."""


def without_place(line: str) -> str:
    """What is said of a setting, without file and line (or variable) before it and the example behind it."""
    said = re.sub(r"^(?:.*made\.toml(?::[0-9]+)?: |\$PARCELVEIL_\w+: (?=[a-z]+\.))", "", line)
    return re.sub(r", such as \w+ = .*?(?=; did you mean|$)", "", said)


def own(name: str, variable: str) -> str:
    """A shop with an app of its own, whose secret a variable holds."""
    return f'{SHOP.replace("NAME", name)}secrets = [{{ env = "{variable}" }}]\n'


def cleaned(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Nothing of ours in the environment but made-up secrets; an empty working directory."""
    for name in list(os.environ):
        if name.startswith(config.PREFIX) or name in ("PORT", "DATABASE_URL", "FLASK_DEBUG"):
            monkeypatch.delenv(name)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    (folder / "cwd").mkdir()
    monkeypatch.chdir(folder / "cwd")


def loader(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Load:
    def load(*changes: tuple[str, str], add: str = "", env: dict[str, str] | None = None) -> config.Config:
        text = WHOLE
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        file = folder / "made.toml"
        file.write_text(text + add, encoding="utf-8")
        with monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            return config.load(file)

    return load


def refused(load: Load, *changes: tuple[str, str], add: str = "", env: dict[str, str] | None = None) -> str:
    """The one line without place and example; nothing hangs on the error that could tell more."""
    with pytest.raises(ConfigError) as caught:
        load(*changes, add=add, env=env)
    line = str(caught.value)
    assert len(line.splitlines()) == 1
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert [value for value in SECRETS.values() if value and value in line] == []
    return without_place(line)
