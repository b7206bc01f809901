"""An instance that could start, in an environment without anything of ours, and what is common to who starts it."""

from __future__ import annotations

from pathlib import Path

import pytest

from middleware import config
from middleware.config import Config
from middleware.errors import ConfigError
from middleware.keys import provision
from tests.middleware.cli.bench import DEAD, SECRET, TOKEN, Instance


def cleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of ours in the environment but made-up secrets."""
    for name in config.environment():
        if name.startswith(config.PREFIX) or name in ("PORT", "DATABASE_URL", "FLASK_DEBUG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SHOPIFY_SECRET", SECRET)
    monkeypatch.setenv("OTHER_SECRET", f"{SECRET} of another shop")
    monkeypatch.setenv("THIRD_SECRET", f"{SECRET} of a third shop")
    monkeypatch.setenv("PARCEL_PLATFORM_TOKEN", TOKEN)


def made(folder: Path) -> Instance:
    """Configured, with the service's own keys; no database, and a parcel platform that is down."""
    provision(folder / "keys")
    return Instance(folder=folder, url=f"http://{DEAD}").write()


def one_line(problem: pytest.ExceptionInfo[ConfigError]) -> str:
    """What it says, which is one line."""
    line = str(problem.value)
    assert "\n" not in line
    assert line
    return line


def timed(instance: Instance, text: str | None) -> Config:
    """Its settings with a clock of its own that says so; None: a clock that is not there."""
    if text is not None:
        (instance.folder / "clock").write_text(text, encoding="utf-8")
    return instance.write(server=f'clock = "file:{instance.folder}/clock"').settings()
