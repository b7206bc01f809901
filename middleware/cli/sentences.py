"""What is said of a record: the same questions for a parcel (``parcels``) and for what is none (``plain``), each with
an answer of its own. A sentence that one of the two lacks is an error of types, so none is said of the other by
mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from middleware.model import Ending, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """``{id}`` stands for the record's.

    ``subject``: what changed or was cancelled; ``code``: what its short code is called; ``where``: where it is;
    ``endings``: what became of the order since the record was frozen; ``can``: what a person can do, unless one of the
    others says it better than the state; ``still``: until it is sent; ``simulated``: its shop was in test mode.
    """

    subject: str
    code: str
    where: Mapping[State, str]
    endings: Mapping[Ending, str]
    can: Mapping[State, str]
    still: str
    simulated: str
    changed: str
    replaced: str
    uncancelled: str
    too_late: str
    kept: str
    unreadable: str
    stranded: str
    uninstalled: str
    no_barcode: str
    expired: str
    key_gone: str
