"""Reading a closed document under the canonical names: what every sender that was written for this service shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from middleware.errors import Fault, SchemaError
from schemas.allowlist import AllowList, Refused, is_blank, load

Fields = Mapping[str, Any]


def loaded(schema: AllowList, document: object) -> Fields:
    """The permitted fields of a document. Raises: SchemaError."""
    faults: tuple[tuple[str, str], ...]
    try:
        return load(schema, document)
    except Refused as refused:
        faults = refused.faults
    raise SchemaError(tuple(Fault(pointer=pointer, code=code) for pointer, code in faults))


def refusal(pointer: str, code: str) -> SchemaError:
    """One thing that is wrong with a document."""
    return SchemaError((Fault(pointer=pointer, code=code),))


def version(told: str | None, pointer: str, now: datetime) -> datetime:
    """When this version was made: as it was told (ISO 8601 with offset), or now. Raises: SchemaError."""
    if told is None or is_blank(told):
        return now
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 <= moment.year < 2200:
        raise refusal(pointer, "timestamp")
    return moment.astimezone(UTC)


def name_of(sent: Fields, pointer: str) -> None:
    """Raises: SchemaError for a name of white space alone."""
    if is_blank(sent["name"]):
        raise refusal(pointer, "required")


def targets(kind: type, prefix: str) -> Mapping[str, str]:
    """A field's name → its canonical path: the document's names are the canonical ones."""
    return {entry.name: f"{prefix}{entry.name}" for entry in fields(kind)}


def taken_from(sent: Fields, prefix: str, wanted: Mapping[str, str], taken: dict[str, str]) -> dict[str, Any]:
    """The values that are there, each noted: concrete source path → canonical path."""
    found = {name: sent[name] for name in wanted if not is_blank(sent.get(name))}
    taken |= {f"{prefix}{name}": wanted[name] for name in found}
    return found
