"""What passes between a carrier and the way out: what is asked, what comes back, and what that means.

All values are frozen; what holds a body prints its name alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

from schemas.order import Hidden


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Request(Hidden):
    """What a carrier wants sent. ``path`` is relative to the profile's one origin. With ``gzip`` the answer may come
    compressed (RFC 1952), and then its body is handed over as it came.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    gzip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Response:
    """What came back: status, headers in lower case, a body capped in size. Never logged."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Response {self.status}>"

    @property
    def retry_after(self) -> float | None:
        """The wait that was asked for, in seconds: a number, or a date beside the answer's own (RFC 9110 §10.2.3)."""
        header = self.headers.get("retry-after", "")
        if header.isascii() and header.isdigit() and len(header) < 8:
            return float(header)
        try:
            wait = parsedate_to_datetime(header) - parsedate_to_datetime(self.headers.get("date", ""))
        except (TypeError, ValueError, OverflowError):
            return None
        return max(wait.total_seconds(), 0.0)


_SAFE: Final = frozenset(("GET", "HEAD"))
"""What is asked so changes nothing (RFC 9110 §9.2.1)."""

_NOT_DONE: Final = frozenset((400, 401, 403, 404, 405, 406, 413, 415, 422))
"""What is answered so was not carried out (RFC 9110 §15.5). Not 408 and 409: something may have been done."""


def may_have_made(asked: Request, response: Response | None) -> bool:
    """Whether something may be there since that was sent. ``response``: None where no whole answer came."""
    return asked.method not in _SAFE and (response is None or response.status not in _NOT_DONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The parcel platform has the record; of what is no parcel there is no barcode."""

    barcode: str | None
    state: str


class Form(StrEnum):
    """What a label is, by its media type."""

    PDF = "application/pdf"
    PNG = "image/png"
    ZPL = "application/zpl"  # as printers of labels take it; not registered


class Size(StrEnum):
    """The sheet that a label is printed on."""

    A6 = "A6"
    A4 = "A4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a label is wanted."""

    form: Form = Form.PDF
    size: Size = Size.A6
    back: bool = False  # and with it the label that brings the parcel back

    def special(self) -> tuple[str, ...]:
        """The members that are not as they are where nothing is said of them."""
        usual = Wish()
        return tuple(each.name for each in fields(self) if getattr(self, each.name) != getattr(usual, each.name))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Label(Hidden):
    """A label: it names a person, so it is handed on and forgotten. ``back`` is the barcode of the one that brings the
    parcel back, where that stands in it too.
    """

    content: bytes
    form: Form = Form.PDF
    back: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Batch(Hidden):
    """One request for the labels of several shipments, as they were wished. ``places``: of each barcode the place of
    its shipment in the list of all that was asked for.
    """

    request: Request
    places: Mapping[str, int]
    wish: Wish


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sheaf(Hidden):
    """A document of labels. ``places``: of each label in it, in its own order, the place of its shipment in the list of
    all; ``back``: by these places, the barcodes of the labels that bring parcels back.
    """

    content: bytes
    places: tuple[int, ...]
    back: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Of the shipments at these places there is no label (any more)."""

    places: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The parcel platform has cancelled the shipment, or has none of this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TooLate:
    """The parcel platform can no longer cancel the shipment: its label is printed, or the parcel moves. ``barcode`` is
    the one that it tells, if it does: whoever made the parcel may have died before it was noted.
    """

    barcode: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The parcel platform will never take this; ``code`` says why in a stable word."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """This attempt did not succeed, a later one may. ``retry_after`` is what the platform asked for, in seconds.
    ``here``: for want of something on this machine, so that it says nothing of the record and does not count.
    ``alone``: the shop's own account is not taken, which says nothing of any other shop.
    """

    code: str
    retry_after: float | None = None
    pause_lane: bool = False
    here: bool = False
    alone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """The parcel platform has no such thing as was asked for; ``code`` says how it said so. ``clash``: of a wish for a
    label, the members that it makes none of, or none of together.
    """

    code: str
    clash: tuple[str, ...] = ()


Outcome = Delivered | Gone | TooLate | Refused | Failed
Sought = Request | Impossible | Failed
"""With what a label is asked for; or why it is not. ``Impossible``: the carrier makes none in this form."""

Labelled = Label | Gone | Refused | Failed
"""What came of that. ``Refused``: there is none for this shipment as it stands."""

Batched = Sequence[Batch | Lacking] | Impossible | Failed
"""With what the labels of many shipments are asked for, and for which of them nobody here can ask any more; or why none
are.
"""

Sheaves = Sequence[Sheaf] | Lacking | Failed
"""What came of one of those requests."""

Heard = Gone | Refused | Impossible | Failed
"""What became of a notice: ``Gone`` says that it was carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unserved:
    """Why a carrier cannot serve a shop as it is set: what is wrong at ``key`` of its settings, and what would do.
    ``example`` is to be typed as it stands; the setting's own where it is empty.
    """

    key: tuple[str, ...]
    problem: str
    expected: str
    example: str = ""


class Kind(StrEnum):
    """What a pick-up point is."""

    POST_OFFICE = "post-office"
    POST_POINT = "post-point"
    PARCEL_POINT = "parcel-point"
    LOCKER = "locker"


Hours = Mapping[str, tuple[tuple[str, str], ...]]
"""By day (``monday`` …) the spans in which it is open, as ``HH:MM``; none on a day that it is closed. A day of which
nothing is known is left out.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupPoint:
    """A pick-up point that the parcel platform knows: a public place. Its postal code and country take the place of the
    recipient's; all else is for people who choose one, and None where it was not told. Degrees of WGS 84.
    """

    id: str
    postal_code: str
    country: str
    kind: Kind | None = None
    name: str | None = None
    street: str | None = None
    number: str | None = None
    locality: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    hours: Hours | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsTold:
    """The pick-up points of an answer; ``unfit`` counts those beside them that have not the form for an order."""

    points: tuple[PickupPoint, ...]
    unfit: int
