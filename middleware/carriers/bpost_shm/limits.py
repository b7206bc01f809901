"""What the Shipping Manager refuses, found before an order is accepted: nothing is ever cut off silently.

Every limit is that of the v5 schema, or a narrower one that was seen. A fault names the datum by its path in the
order and a code, never the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from middleware.carriers.bpost_shm.values import (
    Abroad,
    AtHome,
    AtPoint,
    Box,
    Content,
    Customs,
    InLocker,
    Options,
    Parcel,
    Party,
    Place,
    Point,
    ShmOrder,
    Told,
    Unregistered,
)
from middleware.errors import Fault

LONGEST_REFERENCE: Final = 50
"""The schema has 100; manual and libraries have 50."""

LONGEST_NAME, LONGEST_LINE = 40, 40
LONGEST_EMAIL, LONGEST_PHONE = 50, 20
LONGEST_LOCKER_EMAIL: Final = 40
LONGEST_DESCRIPTION: Final = 30
"""Of one line of a declaration. The schema has no limit; three public libraries that send such orders (webatvantage's
two, and zangra's) have this one.
"""

MOST_CONTENTS: Final = 10
LARGEST_VALUE: Final = 2_500_000
"""Cents of a customs declaration; the smallest is 100."""

_PLACE: Final[Mapping[str, tuple[int, bool]]] = {
    "street": (LONGEST_LINE, True),
    "line2": (LONGEST_LINE, False),
    "number": (8, False),
    "box": (8, False),
    "postal_code": (8, True),
    "locality": (LONGEST_LINE, True),
}
"""Longest, and whether it must be there."""

_ACCOUNT, _MEMBER = re.compile(r"[0-9]{6}"), re.compile(r"[0-9]{9}")
_POINT, _COUNTRY = re.compile(r"[0-9A-Z_]{1,20}"), re.compile(r"[A-Z]{2}")
_TARIFF: Final = re.compile(r"(?=0*[1-9])[0-9]{1,9}")
"""A number from 1 to 999999999, as it is written: the chapters 01 to 09 begin with a zero."""

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_EMAIL: Final = re.compile(
    r"(?!`)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z](?:-?[A-Za-z0-9])+"
)
"""The schema's: atoms of ASCII with one dot between them (RFC 5322), and a host of labels, of which the last has two
characters or more, begins with a letter, and has no two hyphens beside each other.
"""

_LOCKER_EMAIL: Final = re.compile(r"[^@\s]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
"""Of who opens a locker the schema looks at the host alone."""

_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold, and line breaks, which a label cannot."""

LANGUAGES: Final = frozenset(("EN", "NL", "FR", "DE"))
LOCKER_LANGUAGES: Final = LANGUAGES - {"DE"}
_SHIPMENTS: Final = frozenset(("SAMPLE", "GIFT", "GOODS", "OTHER", "DOCUMENTS"))
_IF_REFUSED: Final = frozenset(("ABANDONED", "RTA", "RTS"))


def faults(order: ShmOrder) -> Iterator[Fault]:
    """Everything about an order that would be refused."""
    yield from _matches("/account", order.account, _ACCOUNT)
    yield from _fits("/reference", order.reference, LONGEST_REFERENCE, required=True)
    yield from _fits("/shown", order.shown, LONGEST_REFERENCE)
    yield from of_box("/box", order.box)


def of_box(at: str, box: Box) -> Iterator[Fault]:
    """Everything about a box that would be refused, with pointers below ``at``."""
    yield from _parcel(f"{at}/parcel", box.parcel)
    match box:
        case AtHome():
            yield from _party(f"{at}/receiver", box.receiver)
        case AtPoint():
            yield from of_point(f"{at}/point", box.point)
            yield from _fits(f"{at}/name", box.name, LONGEST_NAME, required=True)
        case InLocker():
            yield from of_point(f"{at}/point", box.point)
            yield from _opener(f"{at}/opener", box.opener)
            yield from _fits(f"{at}/name", box.name, LONGEST_NAME, required=True)
        case Abroad():
            yield from _party(f"{at}/receiver", box.receiver)
            if box.point is not None:
                yield from of_point(f"{at}/point", box.point)
            if box.customs is not None:
                yield from _customs(f"{at}/customs", box.customs)


def is_email(value: str | None) -> bool:
    """Whether a message can go to that address."""
    return value is not None and not any(_email("", value, LONGEST_EMAIL))


def _parcel(at: str, parcel: Parcel) -> Iterator[Fault]:
    if parcel.weight < 1:
        yield Fault(pointer=f"{at}/weight", code="required")
    yield from _options(f"{at}/options", parcel.options)


def _options(at: str, options: Options) -> Iterator[Fault]:
    if options.insured not in (None, 0, 1, 2, 3):
        yield Fault(pointer=f"{at}/insured", code="unknown")
    named = [told.message for told in options.told] + list(options.services)
    if len(set(named)) < len(named):
        yield Fault(pointer=at, code="twice")
    for place, told in enumerate(options.told):
        yield from _told(f"{at}/told/{place}", told)


def _told(at: str, told: Told) -> Iterator[Fault]:
    if told.language not in LANGUAGES:
        yield Fault(pointer=f"{at}/language", code="unknown")
    if (told.email is None) is (told.mobile is None):
        yield Fault(pointer=at, code="one-address")
    yield from _email(f"{at}/email", told.email, LONGEST_EMAIL)
    yield from _fits(f"{at}/mobile", told.mobile, LONGEST_PHONE)


def _party(at: str, party: Party) -> Iterator[Fault]:
    yield from _fits(f"{at}/name", party.name, LONGEST_NAME, required=True)
    yield from _fits(f"{at}/company", party.company, LONGEST_NAME)
    yield from _place(f"{at}/place", party.place)
    yield from _email(f"{at}/email", party.email, LONGEST_EMAIL)
    yield from _fits(f"{at}/phone", party.phone, LONGEST_PHONE)


def _place(at: str, place: Place) -> Iterator[Fault]:
    for name, (longest, required) in _PLACE.items():
        yield from _fits(f"{at}/{name}", getattr(place, name), longest, required=required)
    yield from _matches(f"{at}/country", place.country, _COUNTRY)


def of_point(at: str, point: Point) -> Iterator[Fault]:
    """Everything about a pick-up point that would be refused, with pointers below ``at``."""
    yield from _matches(f"{at}/id", point.id, _POINT)
    yield from _fits(f"{at}/name", point.name, LONGEST_NAME, required=True)
    yield from _place(f"{at}/place", point.place)


def _opener(at: str, opener: str | Unregistered) -> Iterator[Fault]:
    if isinstance(opener, str):
        yield from _matches(at, opener, _MEMBER)
        return
    if opener.language not in LOCKER_LANGUAGES:
        yield Fault(pointer=f"{at}/language", code="unknown")
    yield from _email(f"{at}/email", opener.email, LONGEST_LOCKER_EMAIL, _LOCKER_EMAIL)


def _customs(at: str, customs: Customs) -> Iterator[Fault]:
    if not 100 <= customs.value <= LARGEST_VALUE:
        yield Fault(pointer=f"{at}/value", code="out-of-range")
    yield from _fits(f"{at}/description", customs.description, 50)
    yield from _matches(f"{at}/currency", customs.currency, _CURRENCY)
    if customs.shipment not in _SHIPMENTS:
        yield Fault(pointer=f"{at}/shipment", code="unknown")
    if customs.if_refused not in _IF_REFUSED:
        yield Fault(pointer=f"{at}/if_refused", code="unknown")
    if len(customs.contents) > MOST_CONTENTS:
        yield Fault(pointer=f"{at}/contents", code="too-many")
    for place, content in enumerate(customs.contents):
        yield from _content(f"{at}/contents/{place}", content)


def _content(at: str, content: Content) -> Iterator[Fault]:
    if content.pieces < 1:
        yield Fault(pointer=f"{at}/pieces", code="required")
    for name in ("value", "weight"):  # the schema has no lowest: what is given away is worth nothing
        if getattr(content, name) < 0:
            yield Fault(pointer=f"{at}/{name}", code="out-of-range")
    yield from _fits(f"{at}/description", content.description, LONGEST_DESCRIPTION, required=True)
    yield from _matches(f"{at}/tariff", content.tariff, _TARIFF)
    yield from _matches(f"{at}/origin", content.origin, _COUNTRY)


def _email(at: str, value: str | None, longest: int, form: re.Pattern[str] = _EMAIL) -> Iterator[Fault]:
    yield from _fits(at, value, longest)
    if value is not None and not form.fullmatch(value):
        yield Fault(pointer=at, code="pattern")


def _matches(at: str, value: str, pattern: re.Pattern[str]) -> Iterator[Fault]:
    if not pattern.fullmatch(value):
        yield Fault(pointer=at, code="pattern" if value else "required")


def _fits(at: str, value: str | None, longest: int, *, required: bool = False) -> Iterator[Fault]:
    """Length in characters, as XML Schema counts it. An empty optional element is refused as well."""
    if value is None or not value.strip():
        if required or value is not None:
            yield Fault(pointer=at, code="required")
        return
    if len(value) > longest:
        yield Fault(pointer=at, code="too-long")
    if _UNWRITABLE.search(value):
        yield Fault(pointer=at, code="character")
