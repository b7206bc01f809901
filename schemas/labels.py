"""What may be asked for when the labels of many shipments are wanted in one document: closed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields

from schemas.allowlist import Flag
from schemas.closed import Closed, Matching

MOST: Final = 100
"""Shipments whose labels one document holds."""

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class _Ids(fields.List[Any]):
    """Ids, each once; a list that is too long costs nothing."""

    def __init__(self, **kwargs: Any) -> None:
        codes: dict[str, Any] = {"required": "required", "null": "required", "invalid": "type"}
        inner = Matching(_ID, longest=36, required=True)
        super().__init__(inner, required=True, error_messages=codes, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and not value:
            raise ValidationError("required")
        if isinstance(value, list) and len(value) > MOST:
            raise ValidationError("too-many")
        ids: list[Any] = super()._deserialize(value, attr, data, **kwargs)
        again = {place: ["duplicate"] for place, one in enumerate(ids) if one in ids[:place]}
        if again:
            raise ValidationError(again)
        return ids


class LabelsWanted(Closed):
    """Which labels are wanted in one document, in this order, and how."""

    shipments = _Ids(
        metadata={
            "description": "Our ids of the records, in the order in which their labels are to come",
            "minItems": 1,
            "maxItems": MOST,
            "uniqueItems": True,
        }
    )
    format = Matching("pdf", longest=3, metadata={"description": "What is made: pdf", "enum": ["pdf"]})
    size = Matching("A4|A6", longest=2, metadata={"description": "The sheet, A6 by default", "enum": ["A6", "A4"]})
    with_return = Flag(metadata={"description": "With the labels that bring the parcels back"})


LABELS_WANTED = LabelsWanted()
"""The one instance."""
