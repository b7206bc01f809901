"""What the members of the described schemas mean, from where that stands already: allow-list, settings, docstrings."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

from marshmallow import Schema, fields

from middleware.config_settings import ANY, SETTINGS, Place
from schemas.allowlist import INDEX, KEPT, USED
from schemas.shops import Integration, ShopConnection, ShopCustoms, ShopSender

_SAID: Final[Mapping[str, str]] = {
    KEPT: "May travel, sealed or as a parcel fact: {target}",
    USED: "Read to decide, and gone: {target}",
    INDEX: "Lives on as a keyed index alone: {target}",
}
_SETTINGS: Final[Mapping[type[Schema], Place]] = {
    ShopConnection: ("shops", ANY),
    Integration: ("shops", ANY, "integration"),
    ShopSender: ("shops", ANY, "sender"),
    ShopCustoms: ("shops", ANY, "customs"),
}
"""Where the members of a schema are explained as settings."""


def explain(schemas: Mapping[str, MutableMapping[str, Any]], described: Mapping[str, Schema]) -> None:
    """Say beside every member of ``schemas`` (name → JSON Schema), made from ``described``, what it means."""
    for name, schema in described.items():
        shown = schemas[name]
        shown.setdefault("description", " ".join((type(schema).__doc__ or "").split()))
        for member, declared in schema.fields.items():
            meaning = _meaning(schema, member, declared)
            if meaning:
                shown["properties"][member].setdefault("description", meaning)


def beneath(name: str, schema: Schema) -> Mapping[str, Schema]:
    """A schema and all that it nests, each under the name by which it is described."""
    found = {name: schema}
    for declared in schema.fields.values():
        if isinstance(declared, fields.Nested):
            found |= beneath(type(declared.schema).__name__, declared.schema)
    return found


def _meaning(schema: Schema, member: str, declared: fields.Field[Any]) -> str:
    settings = SETTINGS.get(_SETTINGS.get(type(schema), ()), ())
    told = next((setting.says for setting in settings if setting.key == member), "")
    if told:
        return told[0].upper() + told[1:]
    if isinstance(declared, fields.Nested):
        return " ".join((type(declared.schema).__doc__ or "").split())
    return _SAID.get(declared.metadata.get("status", ""), "").format(target=declared.metadata.get("target", ""))
