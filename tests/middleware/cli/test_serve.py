"""``serve``: what keeps it from starting is told at once; what dies is started again, less and less eagerly."""

from __future__ import annotations

import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from middleware import binding, bootstrap, bootstrap_following, bootstrap_lanes, bootstrap_points
from middleware.cli import serve as serving
from middleware.cli.serve import BACK_OFF_SECONDS, ROLES, STEADY_SECONDS, STOP_SECONDS, Supervisor
from middleware.web import metrics
from tests.middleware.cli.bench import Instance, refused


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Logging, limits and signals of the process that runs the tests stay as they are."""
    monkeypatch.setattr(bootstrap, "logging", lambda *_: None)
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def addresses(**changes: str) -> str:
    """The addresses of the server: free ones, but for the changes."""
    with ExitStack() as stack:
        listening = {
            name: stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            for name in ("listen", "api_listen", "metrics_listen")
        }
        free = {name: one.getsockname()[1] for name, one in listening.items()}
    chosen = {name: f"127.0.0.1:{port}" for name, port in free.items()} | changes
    return "\n".join(f'{name} = "{address}"' for name, address in chosen.items())


@pytest.fixture
def ready(instance: Instance) -> Instance:
    """An instance that could start: nobody listens on its addresses."""
    return instance.write(server=addresses())


@pytest.fixture
def busy() -> Iterator[str]:
    """An address on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What ``serve`` would have started, in order."""
    seen: list[tuple[str, Any]] = []
    monkeypatch.setattr(
        metrics, "serve", lambda address, collectors, folder: seen.append(("metrics", Path(folder).is_dir()))
    )
    monkeypatch.setattr(Supervisor, "run", lambda self, roles: seen.append((str(self.path), roles)))
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_a_role_starts_its_processes_and_the_metrics(
    ready: Instance, started: list[tuple[str, Any]], role: str
) -> None:
    assert ready.run("serve", "--role", role).exit_code == 0
    assert started == [("metrics", True), (str(ready.file), ROLES[role])]


def test_all_roles_are_the_default(ready: Instance, started: list[tuple[str, Any]]) -> None:
    ready.run("serve")
    assert started[1][1] == ROLES["all"] == ("intake", "api", "relay")


@pytest.mark.parametrize("role", ROLES)
def test_who_starts_the_service_tries_a_paused_lane_anew_where_a_relay_runs(
    ready: Instance, started: list[tuple[str, Any]], role: str
) -> None:
    settings = ready.settings()
    now = bootstrap.clock(settings)()
    with closing(bootstrap.store(settings)) as store:
        store.pause_lane("platform", now + timedelta(minutes=15), "http-401")
        assert ready.run("serve", "--role", role).exit_code == 0
        assert store.paused_lanes(now) == ({} if "relay" in ROLES[role] else {"platform": "http-401"})


@pytest.mark.parametrize("setting", ["listen", "api_listen", "metrics_listen"])
def test_an_address_that_is_taken_is_one_line(
    ready: Instance, started: list[tuple[str, Any]], busy: str, setting: str
) -> None:
    ready.write(server=addresses(**{setting: busy}))
    line = refused(ready.run("serve"), 2)
    assert line.startswith(f"{ready.file}:")
    assert line.partition(": ")[2] == (
        f"server.{setting}: {busy}: Address already in use; expected an address of this machine that is free, "
        "such as 127.0.0.1:8082; does another instance run?"
    )
    assert started == []


@pytest.mark.parametrize(
    ("role", "setting"),
    [("relay", "listen"), ("relay", "api_listen"), ("api", "listen"), ("intake", "api_listen")],
)
def test_a_role_needs_no_address_of_another(
    ready: Instance, started: list[tuple[str, Any]], busy: str, role: str, setting: str
) -> None:
    ready.write(server=addresses(**{setting: busy}))
    assert ready.run("serve", "--role", role).exit_code == 0
    assert started


@pytest.mark.parametrize(
    ("breaks", "line"),
    [
        (lambda one: one.database.unlink(), "(a relative path starts at the working directory)"),
        (lambda one: (one.service_keys / "index.key").unlink(), "make the keys with `parcelveil keys provision`"),
        (lambda one: (one.service_keys / "service.key").chmod(0o640), "service.key"),
    ],
    ids=["schema", "keys", "mode"],
)
def test_what_it_must_not_start_without_is_one_line(
    ready: Instance, started: list[tuple[str, Any]], breaks: Callable[[Instance], object], line: str
) -> None:
    breaks(ready)
    assert refused(ready.run("serve"), 2).endswith(line)
    assert started == []


def test_a_pack_that_does_not_hold_together_stops_the_start(
    ready: Instance, started: list[tuple[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binding, "catalogue", lambda *_: [("shoe_size", "")])
    line = refused(ready.run("serve"), 2)
    assert line == "bpost-shipping-platform: schema field shoe_size: no category; declare one of schemas/categories.py"
    assert started == []


@dataclass
class Child:
    """A process that does what it is told, and remembers it."""

    returncode: int | None = None
    takes: float = 0.0
    """Seconds until it ends once it is told to."""
    late: bool = False
    """Whether it is seen to have ended although that took longer than was granted, as a busy machine has it."""
    told: list[str] = field(default_factory=list)
    bench: Bench | None = None

    def poll(self) -> int | None:
        return self.returncode

    def terminate(self) -> None:
        self.told.append("terminate")

    def kill(self) -> None:
        self.told.append("kill")

    def wait(self, seconds: float) -> int:
        self.told.append(f"wait {seconds:.0f}")
        assert seconds >= 0
        taken = self.takes if self.late else min(self.takes, seconds)
        if self.bench is not None:
            self.bench.now += taken
        if taken < self.takes:
            raise subprocess.TimeoutExpired("made up", seconds)
        return 0


class Bench:
    """A supervisor whose time and processes are made up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        self.children: list[Child] = []
        monkeypatch.setattr("middleware.cli.serve.time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(Supervisor, "_start", lambda supervisor, role: self.start())
        self.died: list[str] = []
        self.supervisor = Supervisor(path=Path("nowhere"), metrics="nowhere", observe=self.died.append)
        self.child = serving._Child("relay", cast(Any, self.start()), self.now)

    def start(self) -> Child:
        self.children.append(Child())
        return self.children[-1]

    def die(self, after: float = 0.0) -> float:
        """Let the newest process die after so many seconds; how long it takes until there is another."""
        self.now += after
        self.children[-1].returncode = 1
        died, count = self.now, len(self.children)
        while len(self.children) == count:
            self.supervisor._look_after(self.child)
            self.now += 0.125
        return self.now - died - 0.125


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_what_lives_is_left_alone(bench: Bench) -> None:
    for _ in range(10):
        bench.now += STEADY_SECONDS
        bench.supervisor._look_after(bench.child)
    assert len(bench.children) == 1


def test_what_dies_again_and_again_is_started_less_and_less_eagerly(bench: Bench) -> None:
    waits = [bench.die() for _ in range(8)]
    assert waits == [*BACK_OFF_SECONDS[1:], *[BACK_OFF_SECONDS[-1]] * 3]
    assert len(bench.children) == 9
    assert bench.died == ["relay"] * 8


def test_what_was_steady_is_started_again_at_once(bench: Bench) -> None:
    assert [bench.die(), bench.die()] == [1.0, 2.0]
    assert bench.die(after=STEADY_SECONDS + 1) == BACK_OFF_SECONDS[0]
    assert bench.die() == BACK_OFF_SECONDS[1]


def test_stopping_asks_all_before_it_waits_for_any_and_has_one_deadline_for_all(bench: Bench) -> None:
    order: list[str] = []
    children = [
        Child(told=order, takes=10, bench=bench),
        Child(told=order, takes=100, bench=bench),
        Child(told=order, bench=bench),
    ]
    began = bench.now
    serving._stop(cast(Any, children))
    waits = [f"wait {STOP_SECONDS:.0f}", f"wait {STOP_SECONDS - 10:.0f}", "kill", "wait 0"]
    assert order == ["terminate", "terminate", "terminate", *waits]
    assert bench.now - began == STOP_SECONDS


def test_what_is_late_for_the_deadline_is_still_looked_at(bench: Bench) -> None:
    children = [Child(takes=STOP_SECONDS + 1, late=True, bench=bench), Child(bench=bench)]
    serving._stop(cast(Any, children))
    assert [child.told for child in children] == [["terminate", "wait 30"], ["terminate", "wait 0"]]


def test_a_signal_ends_every_process_and_the_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    children: list[Child] = []

    def start(supervisor: Supervisor, role: str) -> Child:
        children.append(Child())
        if len(children) == 2:
            threading.Timer(0.05, signal.raise_signal, [signal.SIGTERM]).start()
        return children[-1]

    monkeypatch.setattr(Supervisor, "_start", start)
    Supervisor(path=Path("nowhere"), metrics="nowhere", observe=lambda _: None).run(("intake", "relay"))
    assert [child.told[0] for child in children] == ["terminate", "terminate"]


class Store:
    """A store of which only the end is of interest."""

    closed = False

    def close(self) -> None:
        self.closed = True


@dataclass
class Relay:
    """Runs until it is told to stop; the worker that comes second fails."""

    store: Store = field(default_factory=Store)
    workers: int = 0
    stopped: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, stop: threading.Event) -> None:
        with self.lock:
            self.workers += 1
            number = self.workers
        if number == 2:
            raise ZeroDivisionError
        assert stop.wait(10)
        with self.lock:
            self.stopped += 1


def test_a_worker_that_fails_ends_the_relay_and_is_not_hidden(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = Relay()
    monkeypatch.setattr(bootstrap_lanes, "relays", lambda settings, observe, shops: [relay])
    with pytest.raises(ZeroDivisionError):
        serving._relay(instance.settings())
    assert (relay.workers, relay.stopped) == (serving.RELAY_THREADS, serving.RELAY_THREADS - 1)
    assert relay.store.closed


def test_the_shops_that_a_relay_asks_for_accounts_are_followed_until_it_ends(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay, shops = Relay(), SimpleNamespace(store=Store())
    followed: list[tuple[object, bool, bool]] = []
    monkeypatch.setattr("middleware.bootstrap_back.shops", lambda settings: shops)
    monkeypatch.setattr(bootstrap_lanes, "relays", lambda settings, observe, given: [relay] if given is shops else [])
    monkeypatch.setattr(
        serving, "keep", lambda known, stop: followed.append((known, stop.wait(10), shops.store.closed))
    )
    with pytest.raises(ZeroDivisionError):
        serving._relay(instance.settings())
    assert followed == [(shops, True, False)]
    assert shops.store.closed


@pytest.mark.parametrize("ours", [True, False])
def test_a_relay_fetches_pickup_points_unless_the_folder_is_anothers(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, ours: bool
) -> None:
    fetching: list[threading.Event] = []
    monkeypatch.setattr(bootstrap_lanes, "relays", lambda *_: [Relay()])
    monkeypatch.setattr(bootstrap_points, "may_gather", lambda settings: ours)
    monkeypatch.setattr(bootstrap_points, "keep_gathered", lambda settings, stop: fetching.append(stop))
    with pytest.raises(ZeroDivisionError):
        serving._relay(instance.settings())
    assert [stop.is_set() for stop in fetching] == [True] * ours  # and ends with it


def test_who_asks_for_deliveries_is_a_worker_of_the_relay(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    relay, asking = Relay(workers=2), Relay(workers=1)  # the first is well, the second fails
    monkeypatch.setattr(bootstrap_lanes, "relays", lambda *_: [relay])
    monkeypatch.setattr(bootstrap_following, "pursuits", lambda *_: [asking])
    with pytest.raises(ZeroDivisionError):
        serving._relay(instance.settings())
    assert (asking.workers, relay.stopped) == (2, serving.RELAY_THREADS)
