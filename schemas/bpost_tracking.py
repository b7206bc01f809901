"""bpost's tracking answer: what may come back is an allow-list, though bpost tells sender and addressee in full.

Item code, codes and times pass, each in its one form. ``stateDescription`` and ``location`` are free text in bpost's
schema and may hold a neighbour's name or a street, so they do not pass (docs/adr/0022); what has another form than it
should is as if it were not told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from marshmallow import fields, validate

from schemas.allowlist import AllowList, nested, several
from schemas.journey import Progress

MOST_STATES: Final = 200
"""A parcel that was scanned more often is none."""

_CODE: Final = re.compile(r"[A-Z][0-9]{2}")
_MOMENT: Final = re.compile(
    r"(20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})"
)


def _moment(text: str) -> datetime | None:
    """An ``xs:dateTime`` of this century with its offset, to the second; None for anything else."""
    found = _MOMENT.fullmatch(text)
    try:
        return datetime.fromisoformat(found[1] + found[2]) if found else None
    except ValueError:  # the thirtieth of February
        return None


def _code(text: str) -> str | None:
    """A letter and two digits, as all codes that are known; None for anything else."""
    return text if _CODE.fullmatch(text) else None


def _read(name: str, form: Callable[[str], object]) -> fields.Field[Any]:
    return fields.Function(deserialize=form, data_key=name, allow_none=True, load_default=None)


class StateInfo(AllowList):
    """One scan."""

    at = _read("time", _moment)
    code = _read("stateCode", _code)


class DeliveryTimeWindow(AllowList):
    """When it is planned to be delivered."""

    starts = _read("plannedDeliveryDateWindowStart", _moment)
    ends = _read("plannedDeliveryDateWindowEnd", _moment)


class ItemTracking(AllowList):
    """The answer: of its elements these and no others."""

    itemCode = fields.String(  # noqa: N815 - bpost's name
        required=True, validate=validate.Regexp(r"[A-Z0-9]{8,40}\Z", error="pattern")
    )
    stateInfo = several(StateInfo, most=MOST_STATES)  # noqa: N815 - bpost's name
    deliveryTimeWindow = nested(DeliveryTimeWindow)  # noqa: N815 - bpost's name


ITEM_TRACKING = ItemTracking()

_TOLD: Final[Mapping[Progress, str]] = {
    Progress.SORTED: "T00",
    Progress.OUT_FOR_DELIVERY: "L00",
    Progress.IN_TRANSIT: "N14 R00 R01 R02 R03 R04 R05",
    Progress.AWAITING_PICKUP: "N74 R13",
    Progress.DELAYED: ("N01 N02 N03 N04 N05 N06 N07 N08 N10 N11 N12 N13 N16 N28 N32 N91 N92 N93 N94 N95 N96 P00"),
    Progress.NOT_DELIVERED: "B03 B05 B06 B07 B08 B09 B10 B11 B12 B13 B18 B23 B24 B28 R11 R12 S00 T03",
    Progress.DELIVERED: "U00 U01 U02 U03 U04 U05 U06 U07 U08",
}
"""Code by what it stands for, as public software has it: bpost publishes no list. T00, L00 and U01 are explained by a
sample of bpost's own, the others by one source alone; what that source puts in two places, or nowhere, is unknown.
"""

PROGRESS: Final[Mapping[str, Progress]] = {code: state for state, codes in _TOLD.items() for code in codes.split()}
