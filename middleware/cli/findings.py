"""What ``doctor`` says of one thing that it looked at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from middleware.errors import ConfigError


class Verdict(StrEnum):
    """How well something is. With one ``BAD`` the service must not start."""

    OK = "ok"
    WARN = "warn"
    BAD = "BAD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how well it is, what is the matter, and what to do; no remedy where all is well."""

    check: str
    verdict: Verdict
    message: str
    remedy: str = ""


def ok(check: str, message: str) -> Finding:
    """All is well."""
    return Finding(check=check, verdict=Verdict.OK, message=message)


def warn(check: str, message: str, remedy: str) -> Finding:
    """The service can start, and a person should look."""
    return Finding(check=check, verdict=Verdict.WARN, message=message, remedy=remedy)


def bad(check: str, message: str, remedy: str) -> Finding:
    """The service must not start."""
    return Finding(check=check, verdict=Verdict.BAD, message=message, remedy=remedy)


def mended(check: str, problem: ConfigError, remedy: str) -> Finding:
    """What is bad and says itself what to do, behind a semicolon; else ``remedy``."""
    what, _, own = str(problem).partition("; ")
    return bad(check, what, own or remedy)
