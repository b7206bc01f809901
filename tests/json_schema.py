"""As much of JSON Schema (2020-12) as the description of the API is made of. A keyword of another kind is an error."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final

TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "null": lambda value: value is None,
}
FORMATS: Final[Mapping[str, Callable[[str], object]]] = {
    "uuid": uuid.UUID,
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
}
BOUNDS: Final[Mapping[str, Callable[[Any, int], bool]]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
    "minItems": lambda value, bound: len(value) >= bound,
    "maxItems": lambda value, bound: len(value) <= bound,
}
KNOWN: Final = {
    *("type", "format", "enum", "pattern", "properties", "required", "additionalProperties", "items", "anyOf", "$ref"),
    *("uniqueItems", "description", "default", "writeOnly"),
    *BOUNDS,
}
NOT_ECMA: Final = re.compile(r"\\[AZz]|\(\?P|\(\?>|[*+?}]\+")
"""What Python reads in a pattern and ECMA-262, by which a pattern is written, does not."""


def faults(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], at: str = "") -> Iterator[str]:
    """Yield what is wrong with ``value``. Raises: AssertionError for a schema of another form."""
    assert set(schema) <= KNOWN, f"{at}: {set(schema) - KNOWN}"
    if "$ref" in schema:
        _, components, schemas, name = schema["$ref"].split("/")
        yield from faults(value, document[components][schemas][name], document, at)
        return
    if "anyOf" in schema and all(list(faults(value, one, document, at)) for one in schema["anyOf"]):
        yield f"{at}: none of the forms"
    types = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ())
    if types and not any(TYPES[one](value) for one in types):
        yield f"{at}: no {' or '.join(types)}"
    elif value is not None:
        yield from _inner(value, schema, document, at)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: none of the words"


def _inner(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any], at: str) -> Iterator[str]:
    for name, within in BOUNDS.items():
        if name in schema and not within(value, schema[name]):
            yield f"{at}: {name}"
    if schema.get("uniqueItems") and any(one in value[:place] for place, one in enumerate(value)):
        yield f"{at}: uniqueItems"
    if "pattern" in schema:
        assert not NOT_ECMA.search(schema["pattern"]), schema["pattern"]
        if not re.search(schema["pattern"], value):
            yield f"{at}: pattern"
    if "format" in schema:
        try:
            FORMATS[schema["format"]](value)
        except ValueError:
            yield f"{at}: format"
    for each in value if "items" in schema else ():
        yield from faults(each, schema["items"], document, f"{at}[]")
    if isinstance(value, dict) and "properties" in schema:
        yield from _members(value, schema, document, at)


def _members(value: dict[str, Any], schema: Mapping[str, Any], document: Mapping[str, Any], at: str) -> Iterator[str]:
    known = schema["properties"]
    yield from (f"{at}.{name}: missing" for name in schema.get("required", ()) if name not in value)
    yield from (f"{at}.{name}: not described" for name in value if name not in known)
    for name in set(known) & set(value):
        yield from faults(value[name], known[name], document, f"{at}.{name}")
