from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from middleware import config
from simulator.http import MockServer, Settings, running
from tests.middleware.cli.bench import SECRET, TOKEN, Instance


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the environment in which the tests run, and an empty working directory."""
    for name in config.environment():
        if name.startswith(config.PREFIX) or name in ("PORT", "DATABASE_URL", "FLASK_DEBUG", "FORCE_COLOR", "COLUMNS"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SHOPIFY_SECRET", SECRET)
    monkeypatch.setenv("OTHER_SECRET", f"{SECRET} of another shop")
    monkeypatch.setenv("PARCEL_PLATFORM_TOKEN", TOKEN)
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MockServer]:
    """A simulated parcel platform that nobody changes."""
    with running(Settings(state=tmp_path_factory.mktemp("platform") / "state", token=TOKEN)) as server:
        yield server


@pytest.fixture
def fresh(tmp_path: Path, platform: MockServer) -> Instance:
    """Configured, and nothing more."""
    folder = tmp_path / "instance"
    (folder / "data").mkdir(mode=0o700, parents=True)
    return Instance(folder=folder, url=platform.url).write()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, platform: MockServer) -> Path:
    """Database and keys of an instance, made once."""
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "data").mkdir(mode=0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOPIFY_SECRET", SECRET)
        patch.setenv("PARCEL_PLATFORM_TOKEN", TOKEN)
        made = Instance(folder=folder, url=platform.url).write()
        for words in (("keys", "provision"), ("migrate",)):
            assert made.run(*words).exit_code == 0
    return folder


@pytest.fixture
def instance(fresh: Instance, prepared: Path) -> Instance:
    """Configured, with its database and all keys."""
    for name in ("data", "keys", "state"):
        shutil.copytree(prepared / name, fresh.folder / name, dirs_exist_ok=True)
    return fresh
