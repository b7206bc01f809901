"""What a shop is told of a shipment of its own: an allow-list too, and nothing of a person."""

from __future__ import annotations

from marshmallow import fields, validate

from schemas.allowlist import AllowList
from schemas.closed import Entire
from schemas.failure import FORM
from schemas.policy_terms import TRIGGERS

STATES = (
    *("waiting", "blocked", "held", "claimed", "delivered", "cancelling", "cancelled"),
    *("dead", "quarantined", "withdrawn"),
)
STEPS = ("send", "retry", "answer", "declare", "release", "cancel", "person", "nothing")


class Next(AllowList):
    """What happens to it next, and when; without a time where none is set."""

    step = fields.String(
        required=True,
        validate=validate.OneOf(STEPS),
        metadata={"description": "What happens; person: nothing by itself"},
    )
    at = fields.AwareDateTime(
        required=True, allow_none=True, format="iso", metadata={"description": "When; null where no time is set"}
    )


class Status(AllowList):
    """The answer to a shop that asks where its parcel is."""

    id = fields.UUID(required=True, metadata={"description": "The record"})
    reference = fields.String(required=True, metadata={"description": "The short code that the label shows"})
    state = fields.String(
        required=True,
        validate=validate.OneOf(STATES),
        metadata={"description": "Where it is in its life"},
    )
    simulated = fields.Boolean(
        required=True,
        metadata={
            "description": "The shop was in test mode: only the simulated platform knows it, no parcel will be sent"
        },
    )
    code = fields.String(
        required=True,
        allow_none=True,
        validate=Entire(f"^(?:{FORM})$"),
        metadata={
            "description": "Why it goes nowhere by itself, from a closed list; null unless it is dead or quarantined"
        },
    )
    barcode = fields.String(required=True, allow_none=True, metadata={"description": "The parcel platform's"})
    since = fields.AwareDateTime(
        required=True, format="iso", metadata={"description": "When it came into this state, as far as it is known"}
    )
    changed_after_delivery = fields.Boolean(
        required=True, metadata={"description": "The order changed when the parcel no longer could: a person decides"}
    )
    clock_not_started = fields.List(
        fields.String(validate=validate.OneOf(TRIGGERS)),
        required=True,
        metadata={
            "description": "What has to come before clocks of retention start that have not; empty when all of them run"
        },
    )
    unsent_until = fields.Date(
        required=True,
        allow_none=True,
        metadata={
            "description": "Until when it waits for such a clock while nothing sends it; null where it may yet go"
        },
    )
    next = fields.Nested(Next, required=True)


STATUS = Status()
