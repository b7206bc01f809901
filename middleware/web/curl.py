"""A command line for every operation, made from the description, as it can be typed in a shell."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

EXAMPLES: Final[Mapping[str, str]] = {"shop": "demo", "after": "0", "limit": "10"}
"""What stands in an address for a name that has no example. What may be asked besides and has none is left out."""

TOKENS: Final[Mapping[str, str]] = {"admin": "ADMIN_TOKEN", "shop": "{shop}_TOKEN", "points_key": "{shop}_POINTS_KEY"}
"""The variable that holds what a scheme asks for."""

_SIGNED: Final = '-H "{header}: $(openssl dgst -sha256 -hmac "${platform}_SECRET" -binary {file} | base64)"'
"""Of a webhook; the scheme is called after the platform, and the first of its headers is the signature."""


def command(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """``curl`` with method, address, credential, headers and body of an operation."""
    return " ".join(("curl", *_parts(path, method, operation)))


def _parts(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    file = _file(operation)
    given = {(one["in"], one["name"]): _value(one) for one in operation.get("parameters", ())}
    headers = {name: value for (place, name), value in given.items() if place == "header" and value}
    if method != "get":
        yield f"-X {method.upper()}"
    for scheme in (name for wanted in operation.get("security", ())[:1] for name in wanted):
        yield _credential(scheme, given, file)
    for name, value in headers.items():
        yield f"-H {shlex.quote(f'{name}: {value}')}"
    if file:
        yield f'-H "Content-Type: application/json" --data-binary @{file}'
    asked = [f"{name}={quote(value)}" for (place, name), value in given.items() if place == "query" and value]
    address = "".join((*(server["url"] for server in operation.get("servers", ())[:1]), path))
    for (place, name), value in given.items():
        if place == "path":
            address = address.replace(f"{{{name}}}", "$ID" if name == "id" else value)
    yield f'"{address}{"?" if asked else ""}{"&".join(asked)}"'


def _value(parameter: Mapping[str, Any]) -> str:
    """What stands for a parameter; ``""`` where it is left out."""
    words = parameter.get("schema", {}).get("enum", ()) if parameter["in"] == "header" else ()
    return str(parameter.get("example") or EXAMPLES.get(parameter["name"]) or next(iter(words), ""))


def _credential(scheme: str, given: Mapping[tuple[str, str], str], file: str) -> str:
    if scheme in TOKENS:
        token = TOKENS[scheme].format(shop=given.get(("path", "shop"), "").upper())
        return f'-H "Authorization: Bearer ${token}"'
    header = next(name for place, name in given if place == "header")
    return _SIGNED.format(header=header, platform=scheme.upper(), file=file)


def _file(operation: Mapping[str, Any]) -> str:
    """A file for the body, called after its schema; ``""`` where none is read."""
    for shown in operation.get("requestBody", {}).get("content", {}).values():
        return f"{str(shown.get('schema', {}).get('$ref', '')).rpartition('/')[2] or 'body'}.json"
    return ""
