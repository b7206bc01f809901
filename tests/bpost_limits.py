"""The limits of an order for bpost, as both sides read them: from one file, and with nothing else in common."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent / "vectors" / "bpost"
LIMITS: Mapping[str, Mapping[str, Any]] = tomllib.loads((VECTORS / "limits.toml").read_text(encoding="utf-8"))


def _cases() -> Iterator[tuple[str, str, bool]]:
    """(limit, value, whether it is within)."""
    for name, limit in LIMITS.items():
        for value, within in (*_longest(limit), *_numbers(limit)):
            yield name, value, within
        yield from ((name, value, True) for value in limit.get("right", ()))
        yield from ((name, value, False) for value in limit.get("wrong", ()))


def _longest(limit: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    if "longest" not in limit:
        return
    form, most = limit.get("as", "…"), limit["longest"]
    yield form.replace("…", "x" * (most + 1 - len(form))), True
    yield form.replace("…", "x" * (most + 2 - len(form))), False
    if limit.get("needed"):
        yield "", False


def _numbers(limit: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    if "from" in limit:
        yield str(limit["from"]), True
        yield str(limit["to"]), True
        yield str(limit["to"] + 1), False
        yield str(limit["from"] - 1), False


CASES = tuple(_cases())
