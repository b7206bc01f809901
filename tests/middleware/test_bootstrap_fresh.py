"""The parcel platforms' keys are kept fresh in the background, whatever becomes of one of them."""

from __future__ import annotations

import queue
import socket
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from middleware import bootstrap
from middleware.config import Config
from middleware.errors import KeyRefusedError, ParcelveilError, TransientDeliveryError
from middleware.platform_keys import PlatformKeys
from simulator.http import Settings, running
from tests.middleware.cli.bench import TOKEN, Instance
from tests.middleware.starting import cleaned, made
from tests.ports import free_port


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    cleaned(monkeypatch)


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    return made(tmp_path)


class Pause:
    """Stands in for the event on which the refreshing thread pauses: a test says when the pause is over."""

    def __init__(self) -> None:
        self.begun: queue.Queue[float] = queue.Queue()
        self.over = threading.Semaphore(0)

    def is_set(self) -> bool:
        return False

    def wait(self, seconds: float) -> None:
        self.begun.put(seconds)
        self.over.acquire()  # for ever at the end of a test: the thread is a daemon


@pytest.fixture
def pause(monkeypatch: pytest.MonkeyPatch) -> Pause:
    pause = Pause()
    monkeypatch.setattr(bootstrap, "threading", SimpleNamespace(Thread=threading.Thread, Event=lambda: pause))
    return pause


@pytest.fixture
def alarms(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """The errors that were logged: (event, carrier, code)."""
    said: list[tuple[str, str, str]] = []
    log = SimpleNamespace(error=lambda event, carrier, code: said.append((event, carrier, code)))
    monkeypatch.setattr(bootstrap, "_log", log)
    return said


def known(instance: Instance) -> set[str]:
    return set(PlatformKeys(instance.folder / "state", "platform").known().keys)


def test_keys_are_refreshed_in_the_background_and_a_dead_platform_is_survived(
    instance: Instance, pause: Pause, alarms: list[tuple[str, str, str]]
) -> None:
    port, seen = free_port(), []
    settings = instance.write(f"http://127.0.0.1:{port}").settings()
    thread = bootstrap.keep_fresh(settings, lambda carrier, result: seen.append((carrier, result)))
    assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS
    assert (seen, alarms) == ([("platform", "connection")], [("platform_keys_not_refreshed", "platform", "connection")])
    assert known(instance) == set()

    listen = f"127.0.0.1:{port}"
    with running(Settings(state=instance.folder / "state", listen=listen, token=TOKEN)):
        pause.over.release()
        assert pause.begun.get(timeout=30) == bootstrap.REFRESH_SECONDS
    assert seen[1:] == [("platform", "refreshed")]
    fetched = known(instance)
    assert len(fetched) > 4

    pause.over.release()
    assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS
    assert known(instance) == fetched
    assert [code for _, _, code in alarms] == ["connection", "connection"]
    assert (thread.is_alive(), thread.daemon) == (True, True)


def test_a_platform_whose_key_changed_is_alarmed_and_the_old_key_stays(
    instance: Instance, pause: Pause, alarms: list[tuple[str, str, str]]
) -> None:
    with running(Settings(state=instance.folder / "state", token=TOKEN)) as platform:
        list(bootstrap.refresh_all(instance.write(platform.url).settings()))
    before = instance.platform_file.read_bytes()
    with running(Settings(state=instance.folder / "impostor", token=TOKEN)) as impostor:
        bootstrap.keep_fresh(instance.write(impostor.url).settings(), lambda carrier, result: None)
        assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS
    assert alarms == [("platform_keys_not_refreshed", "platform", "platform-keys-refused")]
    assert instance.platform_file.read_bytes() == before


def test_a_platform_that_never_answers_holds_nobody_up(
    instance: Instance, pause: Pause, alarms: list[tuple[str, str, str]]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = instance.write(f"http://127.0.0.1:{silent.getsockname()[1]}").settings()
        began = time.monotonic()
        thread = bootstrap.keep_fresh(settings, lambda carrier, result: None)
        assert time.monotonic() - began < 2
        assert (thread.is_alive(), pause.begun.empty()) == (True, True)
    assert pause.begun.get(timeout=30) == bootstrap.REFRESH_AFTER_FAILURE_SECONDS


def outcomes(settings: Config) -> dict[str, ParcelveilError | None]:
    return dict(bootstrap.refresh_all(settings))


def test_every_platform_is_asked_whatever_became_of_the_others(instance: Instance) -> None:
    with running(Settings(state=instance.folder / "state")) as platform:
        spare = '[carriers.spare]\nkind = "parcel-json"\nurl = "{}"\nallow_private = ["127.0.0.1"]\n'
        found = outcomes(instance.write(more=spare.format(platform.url)).settings())
    assert isinstance(found["platform"], TransientDeliveryError)
    assert found["spare"] is None
    assert set(found) == {"platform", "spare"}


def test_what_was_known_stays_known_when_a_key_is_refused(instance: Instance) -> None:
    with running(Settings(state=instance.folder / "state", token=TOKEN)) as platform:
        assert outcomes(instance.write(platform.url).settings()) == {"platform": None}
    with running(Settings(state=instance.folder / "impostor", token=TOKEN)) as impostor:
        found = outcomes(instance.write(impostor.url).settings())
    assert isinstance(found["platform"], KeyRefusedError)
    assert len(known(instance)) > 4
