"""The web application of a role."""

from __future__ import annotations

from flask import Flask

from middleware.services import Services
from middleware.web import health, problems, raw, shipments, webhooks


def create(services: Services, role: str) -> Flask:
    """The application: ``intake`` takes webhooks; ``api`` answers shops; both tell their health and describe
    themselves.
    """
    app = Flask("parcelveil", static_folder=None)
    app.config.update(PROPAGATE_EXCEPTIONS=False, TRAP_BAD_REQUEST_ERRORS=False)
    app.url_map.strict_slashes = True
    app.url_map.merge_slashes = False
    problems.install(app)
    app.before_request(raw.refuse_chunks)
    app.register_blueprint(health.blueprint(services))
    if role == "intake":
        app.register_blueprint(webhooks.blueprint(services))
    if role == "api":
        app.register_blueprint(shipments.blueprint(services))
    return app
