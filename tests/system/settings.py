"""Settings written as TOML, as a configuration of the service holds them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]


class Literal(str):
    """A TOML value that is written as it stands."""

    __slots__ = ()


def toml(settings: Settings, path: str = "") -> str:
    """Tables of tables are TOML tables, what they hold is written inline."""
    values = "".join(f"{key} = {_inline(value)}\n" for key, value in settings.items())
    return f"[{path}]\n{values}\n"


def _inline(value: Any) -> str:
    if isinstance(value, Literal):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {_inline(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value)
