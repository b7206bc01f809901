"""A command line for every operation, made from the description, as it can be typed in a shell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

EXAMPLES: Final[Mapping[str, str]] = {
    "shop": "demo",
    "id": "$ID",
    "order": quote("#1001"),
    "after": "0",
    "limit": "10",
    "postal_code": "9000",
    "purpose": "label_and_delivery",
    "subject": "sender",
}
"""What stands in an address for a name. What may be asked besides and is not here is left out."""

HEADERS: Final[Mapping[str, str]] = {"Idempotency-Key": "made-up-1"}
TOKENS: Final[Mapping[str, str]] = {"admin": "$ADMIN_TOKEN", "shop": "$DEMO_TOKEN", "points_key": "$DEMO_POINTS_KEY"}
"""The variable that holds what a scheme asks for."""

_SIGNED: Final = '-H "{header}: $(openssl dgst -sha256 -hmac "${platform}_SECRET" -binary {file} | base64)"'
"""Of a webhook; the scheme is called after the platform, and the first of its headers is the signature."""


def command(path: str, method: str, operation: Mapping[str, Any]) -> str:
    """``curl`` with method, address, credential, headers and body of an operation."""
    return " ".join(("curl", *_parts(path, method, operation)))


def _parts(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    file = _file(operation)
    if method != "get":
        yield f"-X {method.upper()}"
    parameters = operation.get("parameters", ())
    for scheme in (name for wanted in operation.get("security", ())[:1] for name in wanted):
        bearer = f'-H "Authorization: Bearer {TOKENS[scheme]}"' if scheme in TOKENS else ""
        header = next((one["name"] for one in parameters if one["in"] == "header"), "")
        yield bearer or _SIGNED.format(header=header, platform=scheme.upper(), file=file)
    for one in parameters:
        told = one.get("example") or HEADERS.get(one["name"])
        value = told or next(iter(one.get("schema", {}).get("enum", ())), "")
        if one["in"] == "header" and value:
            yield f'-H "{one["name"]}: {value}"'
    if file:
        yield f'-H "Content-Type: application/json" --data-binary @{file}'
    asked = [
        f"{one['name']}={EXAMPLES[one['name']]}"
        for one in parameters
        if one["in"] == "query" and (one.get("required") or one["name"] in EXAMPLES)
    ]
    address = "".join((*(server["url"] for server in operation.get("servers", ())[:1]), path))
    for one in parameters:
        if one["in"] == "path":
            address = address.replace(f"{{{one['name']}}}", EXAMPLES[one["name"]])
    yield f'"{address}{"?" if asked else ""}{"&".join(asked)}"'


def _file(operation: Mapping[str, Any]) -> str:
    """A file for the body, called after its schema; ``""`` where none is read."""
    for shown in operation.get("requestBody", {}).get("content", {}).values():
        return f"{str(shown.get('schema', {}).get('$ref', '')).rpartition('/')[2] or 'body'}.json"
    return ""
