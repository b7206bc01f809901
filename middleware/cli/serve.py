"""``serve``: the processes of the service, supervised.

Every role runs in a process of its own: ``intake`` (webhooks), ``api`` (what people and other systems ask), ``relay``
(delivery). The supervising process starts them, starts one again that died, serves the metrics of all, and on SIGTERM
or SIGINT lets them finish what they hold.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from prometheus_client import Counter

from middleware import (
    bootstrap,
    bootstrap_back,
    bootstrap_following,
    bootstrap_lanes,
    bootstrap_months,
    bootstrap_points,
    bootstrap_retention,
    bootstrap_rotation,
    config,
)
from middleware.cli.common import config_option
from middleware.directory import keep
from middleware.errors import SettingError
from middleware.gate import PLACES
from middleware.logs import logger
from middleware.ports import Places, Storage

ROLES: Mapping[str, tuple[str, ...]] = {
    "all": ("intake", "api", "relay"),
    "intake": ("intake",),
    "api": ("api",),
    "relay": ("relay",),
}
RELAY_THREADS = 4
"""For each parcel platform."""
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STEADY_SECONDS = 60.0
"""A process that lived this long starts its back-off anew."""
STOP_SECONDS = 30.0
"""In which all processes together must have ended; who ends the service by force must grant more (compose.yaml)."""

ALLOCATOR: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
"""glibc gives the memory of a large body back when it is done with, and not one such body for each thread is kept. What
the operator's own environment says of it wins; another C library takes no notice.
"""

_log = logger("serve")


@click.command(short_help="Run the service.")
@click.option(
    "--role", type=click.Choice(sorted(ROLES)), default="all", show_default=True, help="Which processes to run."
)
@config_option
def serve(role: str, config_file: str | None) -> None:
    """Run the service until SIGTERM or SIGINT. What is in hand then is finished."""
    path = config.find(config_file)
    settings = config.load(path)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no process of ours leaves its memory on a disk
    bootstrap.logging(settings, role)
    store = bootstrap.store(settings)
    bootstrap.settle_keys(settings)
    bootstrap.check(settings)
    for setting, address in _addresses(settings, ROLES[role]).items():
        _check_free(settings.source.place(("server", setting)), address)
    _check_free(settings.source.place(("server", "metrics_listen")), settings.server.metrics_listen)
    with tempfile.TemporaryDirectory(prefix="parcelveil-metrics-") as folder:
        from middleware.web import metrics

        kept = bootstrap_retention.retention(settings)
        places: Mapping[str, Places] = {**bootstrap.platform_keys(settings), **bootstrap.places(settings)}
        back = bootstrap_back.outbox(settings)
        told = metrics.own(store, kept, back, bootstrap.clock(settings))
        metrics.serve(settings.server.metrics_listen, (*told, metrics.KnownPlaces(places)), folder)
        for each in ROLES[role]:
            metrics.RESTARTS.labels(each)  # told from the start: a rise from nothing would be none
        supervisor = Supervisor(path=path, metrics=folder, observe=lambda died: metrics.RESTARTS.labels(died).inc())
        if "relay" in ROLES[role]:
            _reopen(store, bootstrap.clock(settings)())
        supervisor.run(ROLES[role])
    for each_open in (store, kept, back):
        each_open.close()


def _reopen(store: Storage, now: datetime) -> None:
    """Try every lane anew: whoever starts the service may have mended it. A relay that died has mended nothing."""
    for carrier, code in store.reopen(now).items():
        _log.info("lane_reopened", carrier=carrier, code=code)


def _addresses(settings: config.Config, roles: tuple[str, ...]) -> Mapping[str, tuple[str, int]]:
    """Where these roles listen, by setting."""
    known = {"intake": ("listen", settings.server.listen), "api": ("api_listen", settings.server.api_listen)}
    return dict(known[role] for role in roles if role in known)


def _check_free(place: str, address: tuple[str, int]) -> None:
    """Raises: SettingError for an address that cannot be listened on. A process that finds it out later dies again and
    again.
    """
    host, port = address
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what has just ended is no hindrance
            probe.bind(address)
    except OSError as problem:
        reason = problem.strerror
    else:
        return
    raise SettingError(
        place=place,
        problem=f"{host}:{port}: {reason}",
        expected="an address of this machine that is free",
        example="127.0.0.1:8082",
        hint="does another instance run?",
    )


@dataclass(slots=True)
class _Child:
    role: str
    process: subprocess.Popen[bytes]
    started: float
    failures: int = 0
    due: float | None = None


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Keeps one process per role alive until it is told to stop. ``observe`` is told the role of each that died."""

    path: Path
    metrics: str
    observe: Callable[[str], None]
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, roles: tuple[str, ...]) -> None:
        """Start every role; return when all have stopped."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        children = [_Child(role, self._start(role), time.monotonic()) for role in roles]
        while not self.stop.wait(0.2):
            for child in children:
                self._look_after(child)
        _stop([child.process for child in children])

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        environment = {
            **ALLOCATOR,
            **config.environment(),
            "PARCELVEIL_CONFIG": str(self.path),
            "PROMETHEUS_MULTIPROC_DIR": self.metrics,
        }
        # A session of its own: Ctrl-C reaches the supervisor alone, which then stops the others in order. Nothing is
        # ever written to the pipe: its end tells the child that the supervisor has died.
        return subprocess.Popen(
            [sys.executable, "-m", "middleware", "run-role", role],
            env=environment,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _look_after(self, child: _Child) -> None:
        now = time.monotonic()
        if child.due is not None:
            if now >= child.due:
                child.process, child.started, child.due = self._start(child.role), now, None
        elif child.process.poll() is not None:
            child.failures = 0 if now - child.started > STEADY_SECONDS else child.failures + 1
            child.due = now + BACK_OFF_SECONDS[min(child.failures, len(BACK_OFF_SECONDS) - 1)]
            self.observe(child.role)
            _log.error("process_died", role=child.role, status=child.process.returncode)


def _stop(processes: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + STOP_SECONDS
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


@click.command(hidden=True)
@click.argument("role", type=click.Choice(sorted(set(ROLES) - {"all"})))
def run_role(role: str) -> None:
    """Be the process of one role (started by ``serve``)."""
    threading.Thread(target=_end_with_supervisor, name="supervisor", daemon=True).start()
    settings = config.load(config.inherited())
    if role == "relay":
        _relay(settings)
    else:
        _web(settings, role)


def _end_with_supervisor() -> None:
    """No process goes on without who looks after it: a successor of the supervisor would run it a second time."""
    os.read(0, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _web(settings: config.Config, role: str) -> None:
    from granian import Granian
    from granian.constants import Interfaces

    ((host, port),) = _addresses(settings, (role,)).values()
    server = Granian(
        f"middleware.web.wsgi:{role}",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=PLACES,
        factory=True,
        log_enabled=False,
        websockets=False,
        respawn_failed_workers=False,
    )
    server.serve()


def _relay(settings: config.Config) -> None:
    from middleware.web import metrics

    bootstrap.logging(settings, "relay")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    shops = bootstrap_back.shops(settings)
    relays = bootstrap_lanes.relays(settings, _counted(metrics.DELIVERIES), shops)
    kept = bootstrap_retention.retention(settings)
    work = [relay.run for relay in relays for _ in range(RELAY_THREADS)]
    work += [each.run for each in bootstrap_retention.propagations(settings, kept, _counted(metrics.NOTICES))]
    asked, own = _counted(metrics.FOLLOWED), bootstrap_lanes.own_accounts(shops)
    work += [each.run for each in bootstrap_following.pursuits(settings, kept, shops, own, asked)]
    back = bootstrap_back.outbox(settings)
    work += [each.run for each in bootstrap_back.callbacks(settings, back, shops, _counted(metrics.CALLBACKS))]
    gone = bootstrap_months.clearing(settings, kept)
    work.append(bootstrap_retention.purge(settings, kept, _rows(metrics.PURGED), gone).keep)
    work.append(lambda stop: bootstrap_months.keep(settings, stop))
    work.append(lambda stop: bootstrap_rotation.keep(settings, stop))
    work.append(partial(keep, shops))
    if bootstrap_points.may_gather(settings):
        bootstrap_points.keep_gathered(settings, stop)  # on a machine of its own no other process does
    with ThreadPoolExecutor(len(work), thread_name_prefix="relay") as pool:
        workers = [pool.submit(run, stop) for run in work]
        wait(workers, return_when=FIRST_EXCEPTION)
        stop.set()  # one that failed ends all: the supervisor starts afresh
    for each_open in (relays[0].store, kept, back, shops.store):
        each_open.close()
    for worker in workers:
        worker.result()


def _counted(counter: Counter) -> Callable[[str, str], None]:
    return lambda carrier, result: counter.labels(carrier, result).inc()


def _rows(counter: Counter) -> Callable[[str, int], None]:
    return lambda kind, rows: counter.labels(kind).inc(rows)
