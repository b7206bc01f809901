"""The leaves of a made-up order: where each value stands, and which field names can tell something of a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from simulator.encoding import read_json

FIELD_NAME = re.compile(r"[a-z][a-z_]*[0-9]?")
"""The form of a name that Shopify gave to a field; any other was made by somebody for one order."""


def leaves(body: bytes) -> tuple[tuple[str, str], ...]:
    """(path, text) of every leaf and of every field name that is none of Shopify's. Raises: ValueError (not JSON)."""
    return tuple(_visit(read_json(body), ""))


def field_names(body: bytes) -> frozenset[str]:
    """The field names of an order in their common form. Raises: ValueError (not JSON)."""
    return frozenset(name for name in _names(read_json(body)) if FIELD_NAME.fullmatch(name))


def _visit(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            known = FIELD_NAME.fullmatch(name)
            here = ".".join(filter(None, (path, name if known else "*")))
            if not known:
                yield f"{here} (the name of the field)", name
            yield from _visit(inner, here)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _visit(inner, f"{path}[{position}]")
    elif isinstance(value, str) or type(value) in (int, float):
        yield path, str(value)


def _names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _names(inner)
