"""The web application of a role."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import Flask

from middleware.events import Ledger
from middleware.following import Watch
from middleware.relay import Lane
from middleware.services import Services
from middleware.shipping import Waiting
from middleware.web import (
    admin,
    direct,
    docs,
    events,
    following,
    health,
    labels,
    lane,
    permissions,
    points,
    problems,
    raw,
    shipments,
    webhooks,
)


def create(
    services: Services,
    role: str,
    administration: admin.Administration | None = None,
    lanes: Mapping[str, Lane] = MappingProxyType({}),
    ledger: Ledger | None = None,
    watches: Mapping[str, Watch] = MappingProxyType({}),
) -> Flask:
    """The application: ``intake`` takes webhooks, ``api`` what people and other systems ask; both tell their health and
    describe themselves. Without ``administration`` the admin API is not served, without
    ``ledger`` neither events nor permissions; labels come over ``lanes``, and how far a parcel is over ``watches``.
    """
    app = Flask("parcelveil", static_folder=None)
    app.config.update(PROPAGATE_EXCEPTIONS=False, TRAP_BAD_REQUEST_ERRORS=False)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    problems.install(app)
    app.before_request(raw.refuse_hosts)
    app.before_request(raw.refuse_chunks)
    app.register_blueprint(health.blueprint(services))
    if role == "intake":
        app.register_blueprint(webhooks.blueprint(services))
        return app
    app.register_blueprint(docs.blueprint())
    app.register_blueprint(shipments.blueprint(services))
    app.register_blueprint(points.blueprint(services))
    waiting = Waiting(lane.WAITING)
    app.register_blueprint(lane.blueprint(services, waiting))
    app.register_blueprint(labels.blueprint(services, lanes))
    app.register_blueprint(following.blueprint(services, watches))
    for routes in direct.blueprints(services, waiting):
        app.register_blueprint(routes)
    if ledger is not None:
        app.register_blueprint(events.blueprint(services, ledger))
        app.register_blueprint(permissions.blueprint(services, ledger))
    if administration is not None:
        app.register_blueprint(admin.blueprint(administration))
    return app
