"""Requests and answers as values, and how a refusal is written. No sockets here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from simulator.errors import RefusedError

JSON = "application/json"
PROBLEM = "application/problem+json"
PDF = "application/pdf"

JWKS = "/.well-known/jwks.json"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request:
    """One request as it came. ``target`` holds path and query; ``headers`` have their names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def control(self) -> bool:
        """Whether faults and the ledger pass this by: it asks for the keys, or begins with ``/_``."""
        return self.path == JWKS or self.path.startswith("/_")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Answer:
    """One answer, ready to be written."""

    status: int
    body: bytes = b""
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(value: Mapping[str, object], status: int = 200) -> Answer:
    """``value`` as an answer."""
    return Answer(status=status, body=json.dumps(value, separators=(",", ":")).encode("ascii"))


def problem(refusal: RefusedError) -> Answer:
    """A refusal as an answer (RFC 9457)."""
    content: dict[str, object] = {
        "type": f"urn:problem:{refusal.code}",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
    }
    if refusal.faults:
        content["errors"] = [{"pointer": fault.pointer, "code": fault.code} for fault in refusal.faults]
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else {}
    return Answer(status=refusal.status, body=json.dumps(content).encode("ascii"), media=PROBLEM, headers=headers)
