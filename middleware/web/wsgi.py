"""Where a web process begins: the server loads one of these factories by its name."""

from __future__ import annotations

import gc

from flask import Flask

from middleware import bootstrap, config
from middleware.web import metrics
from middleware.web.app import create


def intake() -> Flask:
    """The application of the role ``intake``. Raises: ConfigError, StorageError."""
    return _application("intake")


def api() -> Flask:
    """The application of the role ``api``. Raises: ConfigError, StorageError."""
    return _application("api")


def _application(role: str) -> Flask:
    settings = config.load(config.find(None))
    bootstrap.logging(settings, role)
    services = bootstrap.services(settings)
    bootstrap.keep_fresh(settings, lambda carrier, result: metrics.REFRESHES.labels(carrier, result).inc())
    application = create(services, role)
    gc.freeze()  # what was made at start lives as long as the process: the collector need not look at it again
    return application
