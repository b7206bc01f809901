"""The form that all answers have."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from werkzeug.test import TestResponse

PERSON = "Persoon-Xy7Qz"
"""A value that must come back nowhere."""


def problem(answer: TestResponse, status: int, slug: str) -> dict[str, Any]:
    """The body of an error answer, after a look at its form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(answer.text)
    assert {"type", "title", "status", "instance"} <= body.keys() <= {"type", "title", "status", "instance", "errors"}
    assert (body["type"], body["status"]) == (f"urn:problem:{slug}", status)
    assert body["instance"] == f"urn:uuid:{uuid.UUID(answer.headers['X-Request-Id'])}"
    assert re.fullmatch(r"[A-Z][A-Za-z0-9 ,;/-]+\.", body["title"])
    common(answer)
    return body


def common(answer: TestResponse) -> None:
    """What every answer has."""
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert PERSON not in answer.text
