"""Turns errors into RFC 9457 answers, and is the only place that does. No answer ever holds a value from a request."""

from __future__ import annotations

import uuid

from flask import Flask, Response, g, json, request
from werkzeug.exceptions import HTTPException

from middleware.errors import ParcelveilError, SchemaError, UnauthorisedError
from middleware.errors_query import QueryError
from middleware.logs import logger

_log = logger("web")
_TITLES = {
    400: ("bad-request", "The request cannot be read."),
    404: ("not-found", "There is nothing here."),
    405: ("method-not-allowed", "This method is not served here."),
    411: ("length-required", "The length of the body must be told."),
    413: ("too-large", "The body is too large."),
    415: ("unsupported-media-type", "Only application/json in UTF-8, without content encoding, is read here."),
}


def install(app: Flask) -> None:
    """Give every request an id, and every error its answer."""
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(ParcelveilError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _begin() -> None:
    g.request_id = str(uuid.uuid4())


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    unread = request.method == "GET" and request.headers.get("Content-Length", "0") != "0"
    if unread or response.status_code >= 400:
        # The server ends a connection whose body was not read; a client that is not told would send its next request
        # into the void. All refusals say so, whether there was a body to read or not: they are to be alike.
        response.headers["Connection"] = "close"
    return response


def _ours(error: ParcelveilError) -> Response:
    response = _problem(error.status, error.code, type(error).__doc__ or "", _errors(error))
    if error.status in (429, 503):
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthorisedError):
        response.headers["WWW-Authenticate"] = "Bearer"
    if error.status >= 500:
        _log.error("problem", code=error.code, status=error.status, request_id=g.request_id)
    return response


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    slug, title = _TITLES.get(status, ("error", "The request cannot be served."))
    response = _problem(status, slug, title)
    if status == 405:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _unexpected(error: Exception) -> Response:
    _log.failure("internal", error, request_id=g.request_id)
    return _problem(500, "internal", "Something went wrong on our side.")


def _errors(error: ParcelveilError) -> list[dict[str, str]] | None:
    """What is wrong with a body or a query; None where nothing of the kind is."""
    if isinstance(error, SchemaError):
        return [{"pointer": fault.pointer, "code": fault.code} for fault in error.faults]
    if isinstance(error, QueryError):
        return [{"parameter": unfit.parameter, "code": unfit.code} for unfit in error.unfit]
    return None


def _problem(status: int, slug: str, title: str, errors: list[dict[str, str]] | None = None) -> Response:
    body: dict[str, object] = {
        "type": f"urn:problem:{slug}",
        "title": title.strip().splitlines()[0],
        "status": status,
        "instance": f"urn:uuid:{g.request_id}",
    }
    if errors is not None:
        body["errors"] = errors
    return Response(json.dumps(body), status=status, mimetype="application/problem+json")
