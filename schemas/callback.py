"""What a shop is told of a shipment: a closed list, in which nothing is of a person.

``order`` is the shop's own id of its order, as the shop sent it; every other member was made by Parcelveil or by the
parcel platform. What is not declared here cannot be sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from schemas import failure
from schemas.errors import SchemaFault

TYPES: Final = ("shipment.created", "shipment.cancelled", "shipment.failed", "shipment.changed_after_delivery")
STATES: Final = ("created", "cancelled", "failed", "handed_over")
LONGEST_ORDER: Final = 200
"""Characters of the shop's own id of an order."""

_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REFERENCE: Final = re.compile(r"[0-9A-Z]{5}-[0-9A-Z]{5}")
_BARCODE: Final = re.compile(r"[0-9A-Za-z-]{1,64}")
_CODE: Final = re.compile(failure.FORM)


def _form(form: re.Pattern[str], *, required: bool, says: str) -> fields.String:
    return fields.String(
        required=required, validate=validate.Regexp(rf"\A(?:{form.pattern})\Z"), metadata={"description": says}
    )


class _Closed(Schema):
    class Meta:
        unknown = RAISE


class Shipment(_Closed):
    """The ``data`` of a callback."""

    shipment = _form(_ID, required=True, says="Parcelveil's id of the shipment")
    reference = _form(_REFERENCE, required=True, says="the short code on the label")
    order = fields.String(
        validate=validate.Length(min=1, max=LONGEST_ORDER),
        metadata={"description": "the shop's own id of its order, until it was told once"},
    )
    barcode = _form(_BARCODE, required=False, says="the parcel platform's; absent where none was given")
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    code = _form(_CODE, required=False, says="why it failed, from a closed list; with state failed alone")
    test = fields.Boolean(required=True, metadata={"description": "from a shop in test mode: no parcel"})


class Callback(_Closed):
    """The body of a callback (Standard Webhooks 1.0.0)."""

    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    timestamp = _form(_TIME, required=True, says="when it happened, in UTC")
    data = fields.Nested(Shipment, required=True)


_CALLBACK: Final = Callback()


def check(document: Mapping[str, Any]) -> None:
    """Whether this may be sent. Raises: SchemaFault, which tells no value."""
    try:
        _CALLBACK.load(document)
    except ValidationError:
        pass  # raised outside: the error holds the document
    else:
        return
    raise SchemaFault("a callback is not of the permitted form")
