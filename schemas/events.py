"""What may be told of an event that starts a clock of retention or moves what is permitted: closed, by its type.

Whose records or whose word it is is told by our id, by the order's id or by the customer's id; the latter two are
turned into keyed digests and forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from schemas import shop_rules as rules
from schemas.allowlist import Text, index
from schemas.closed import Closed, Matching
from schemas.plugin import ORDER_ID
from schemas.policy_terms import OBJECTION_ROUTES

RECORD, ORDER, CUSTOMER, LEVEL = "record", "order", "customer", "level"
PURPOSE, WAY, PART = "purpose", "way", "part"
SELECTORS: Final = (RECORD, ORDER, CUSTOMER)

ERASURE: Final = "erasure-request"
"""The one type that names a part beside: it ends what it names, and nothing else."""

TYPES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "label-created": (RECORD, ORDER),
        "delivered": (RECORD, ORDER),
        "last-use": (),
        "end-of-use": (),
        "agreement-dissolved": (RECORD, CUSTOMER),
        "last-order": (CUSTOMER,),
        "objection": (LEVEL, PURPOSE),
        "withdrawal": (LEVEL, PURPOSE),
        "declaration": (RECORD, ORDER),
        "consent": (LEVEL,),
        "resume": (LEVEL, PURPOSE),
        ERASURE: (RECORD, ORDER, CUSTOMER),
    }
)
"""Type → the members of which it needs exactly one; none: it concerns the shop as a whole, or whom it names beside."""

MOVING: Final = ("objection", "withdrawal", "consent", "resume")
"""Those that move a switch: of the shop's user, or of the contact or customer whom they name beside."""

LOWERING: Final = ("objection", "withdrawal")
"""Those that may tell by which way they came."""

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def _told(says: str) -> dict[str, str]:
    return {"description": says}


class Event(Closed):
    """One event. Of the members that say whom it concerns each type takes exactly one, or none."""

    type = Matching(
        "|".join(TYPES), longest=32, required=True, metadata={"description": "What happened", "enum": list(TYPES)}
    )
    day = Matching(
        rules.DAY.pattern,
        longest=10,
        metadata=_told("On which day, in Brussels: today where nothing is told; none to come"),
    )
    record = Matching(_ID, longest=36, metadata=_told("Our id of the record"))
    order = Matching(ORDER_ID, longest=64, metadata=index("order.id"))
    customer = Matching(ORDER_ID, longest=64, metadata=index("customer.id"))
    level = Text(longest=64, metadata=_told("The level of the policy that it moves, such as Aanvullend"))
    purpose = Text(longest=64, metadata=_told("The purpose of the policy that it moves, such as generic_advertising"))
    way = Matching(
        "|".join(OBJECTION_ROUTES),
        longest=16,
        metadata={"description": "By which way an objection came", "enum": list(OBJECTION_ROUTES)},
    )

    part = Text(longest=64, metadata=_told("The part that is to end, such as mystamp.photo"))

    @validates_schema(skip_on_field_errors=True)
    def _as_its_type_demands(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        wanted = TYPES[data["type"]]
        beside = (CUSTOMER,) if data["type"] in MOVING else ()
        members = (name for name in (*SELECTORS, LEVEL, PURPOSE) if name not in beside)
        given = [name for name in members if data.get(name) is not None]
        faults = {name: ["not-of-this-type"] for name in given if name not in wanted}
        if data.get(WAY) is not None and data["type"] not in LOWERING:
            faults[WAY] = ["not-of-this-type"]
        if (data.get(PART) is not None) is not (data["type"] == ERASURE):
            faults[PART] = ["required" if data["type"] == ERASURE else "not-of-this-type"]
        if wanted and not faults and len(given) != 1:
            faults = {name: ["exactly-one"] for name in wanted} if given else {wanted[0]: ["required"]}
        if faults:
            raise ValidationError(faults)


class Told(Schema):
    """What came of an event."""

    id = fields.UUID(required=True, metadata=_told("The event, as it is kept"))
    type = fields.String(required=True, validate=validate.OneOf(list(TYPES)), metadata=_told("What happened"))
    day = fields.Date(required=True, metadata=_told("On which day"))
    found = fields.Integer(required=True, metadata=_told("How many records it concerns"))
    parts = fields.Integer(required=True, metadata=_told("How many of their parts got new dates"))
    early = fields.Integer(
        required=True, metadata=_told("How many records came in after that day, and were left alone")
    )
    records = fields.List(
        fields.String(), required=True, metadata=_told("Ids of the records that changed, a hundred at most")
    )
    ways = fields.List(
        fields.String(),
        required=True,
        metadata=_told("The ways that the policy names for an objection that came by another; it counts all the same"),
    )


EVENT = Event()
TOLD = Told()
"""The one instance of each."""
