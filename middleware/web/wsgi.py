"""Where a web process begins: the server loads one of these factories by its name."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections.abc import Mapping

from flask import Flask

from middleware import (
    bootstrap,
    bootstrap_following,
    bootstrap_granted,
    bootstrap_lanes,
    bootstrap_points,
    bootstrap_retention,
    config,
)
from middleware.events import Ledger
from middleware.following import Watch
from middleware.relay import Lane
from middleware.web import metrics
from middleware.web.admin import Administration
from middleware.web.app import create


def intake() -> Flask:
    """The application of the role ``intake``. Raises: ConfigError, StorageError."""
    return _application("intake")


def api() -> Flask:
    """The application of the role ``api``. Raises: ConfigError, StorageError."""
    return _application("api")


def _application(role: str) -> Flask:
    if parent := multiprocessing.parent_process():
        threading.Thread(target=_end_with, args=(parent,), name="parent", daemon=True).start()
    settings = config.load(config.inherited())
    bootstrap.logging(settings, role)
    services = bootstrap.services(settings, follow=True)
    bootstrap.keep_fresh(settings, lambda carrier, result: metrics.REFRESHES.labels(carrier, result).inc())
    bootstrap_points.keep_gathered(settings, threading.Event())
    bootstrap_granted.keep_gathered(settings, threading.Event())
    administration: Administration | None = None
    lanes: Mapping[str, Lane] = {}
    watches: Mapping[str, Watch] = {}
    ledger: Ledger | None = None
    if role == "api":
        lanes = bootstrap_lanes.lanes(settings, services.shops)
        ways = {name: lane.transport for name, lane in lanes.items()}
        watches = bootstrap_following.watches(settings, ways, bootstrap_lanes.own_accounts(services.shops))
        administration = Administration(onboarding=bootstrap.onboarding(settings), tokens=settings.admin_tokens)
        ledger = bootstrap_retention.ledger(settings)
    application = create(services, role, administration, lanes, ledger, watches)
    gc.freeze()  # what was made at start lives as long as the process: the collector need not look at it again
    return application


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    """The server's worker ends with the process that it belongs to: an orphan would go on answering beside its
    successor, with yesterday's settings.
    """
    parent.join()
    os._exit(1)
