"""Street, house number and box out of two address lines, as webshops have them.

Belgium, the Netherlands, France, Luxembourg and Germany, as ``address_words`` knows them; addresses of other countries
are not read. What is in doubt is kept whole in the street, and the doubt is told: no digit is ever lost, doubled or
made up. Words that say no more than the name of the field (``bus``, ``nr.``) are left out.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from middleware.core import address_traps as traps
from middleware.core import address_words as words
from middleware.core.address_reading import LONGEST_PIECE, Doubt, Reading, boxed, is_number, read
from schemas.order import Hidden


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Split(Hidden):
    """The parts of two lines; None where there is none. ``first`` and ``second`` name the parts that came from each
    line. With a ``doubt`` both lines are as they were typed.
    """

    street: str | None
    number: str | None = None
    box: str | None = None
    line2: str | None
    doubt: Doubt | None = None
    first: tuple[str, ...] = ("street",)
    second: tuple[str, ...] = ("line2",)


def split(line1: str | None, line2: str | None, country: str | None) -> Split:
    """Read two lines of ``country`` (ISO 3166-1 alpha-2). A blank line is None."""
    one, two = _single(line1), _single(line2)
    whole = Split(street=line1 if one else None, line2=line2 if two else None)
    if not one or country is None or country not in words.TAILS:
        return whole
    found = read(one, country)
    alone = bool(two) and is_number(two, country)
    if isinstance(found, Doubt):
        together = read(f"{one} {two}", country) if alone and found is Doubt.NO_NUMBER else found
        if isinstance(together, Doubt) or _may_be_postal_code(two):
            return replace(whole, doubt=found)
        return _joined(together)
    if alone or _contradicts(found, one, two, country):
        return replace(whole, doubt=Doubt.SEVERAL_NUMBERS)
    return _with_second(found, whole.line2, two, country)


def _contradicts(found: Reading, one: str, two: str, country: str) -> bool:
    """Whether the second line names a house, or a box, other than the first or once more."""
    if traps.is_second_number(two):
        return True
    box, _ = _boxed(two, country)
    if found.box and box:
        return found.box.casefold() != box.casefold()
    if len(two) > words.LONGEST_LINE or not any(map(str.isdigit, two)):
        return False
    if traps.is_street(two):
        return True
    return isinstance(read(two, country), Reading) and not (traps.is_street(one) or traps.is_room(two))


def _boxed(two: str, country: str) -> tuple[str | None, str | None]:
    """The box of a second line, and what else stands there."""
    if country not in words.BOXES or len(two) > words.LONGEST_LINE:
        return None, None
    match = words.SECOND_BOX.fullmatch(two)
    if match and len(match["box"]) <= LONGEST_PIECE:
        return match["box"], match["others"]
    if match is None and words.INSIDE.match(two):
        others, box = boxed(two)
        return (box, others) if box and not words.MARKED.search(others) else (None, None)
    return None, None


def _single(line: str | None) -> str:
    return unicodedata.normalize("NFC", " ".join((line or "").split()))


def _may_be_postal_code(line: str) -> bool:
    return len(line) > 3 and line.isdigit()


def _joined(found: Reading) -> Split:
    """The street from the first line, all else from the second."""
    second = {"number": found.number, "box": found.box, "line2": found.inside}
    return Split(street=found.street, number=found.number, box=found.box, line2=found.inside, second=_there(second))


def _with_second(found: Reading, line2: str | None, two: str, country: str) -> Split:
    """All from the first line; the box from the second where it stands there."""
    box, others = _boxed(two, country)
    if found.box or not box:
        box, others = None, line2
    first = {"street": found.street, "number": found.number, "box": found.box, "line2": found.inside}
    return Split(
        street=found.street,
        number=found.number,
        box=found.box or box,
        line2=", ".join(part for part in (found.inside, others) if part) or None,
        first=_there(first),
        second=_there({"box": box, "line2": others}),
    )


def _there(parts: Mapping[str, str | None]) -> tuple[str, ...]:
    return tuple(name for name, part in parts.items() if part)
