"""One address line, read: which part of it is street, house number, box and place within the house.

A line has one reading or none. Where two are possible, or something is left over, there is a ``Doubt`` in its place:
nothing is guessed, for a parcel goes where the label says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from middleware.core import address_traps as traps
from middleware.core import address_words as words
from schemas.order import Hidden

LONGEST_PIECE = 8
"""Characters of a number or a box: what carriers take, and more than any house has."""

LEAST_LETTERS = 3
"""What has fewer letters is no street."""

_INSIDE = ("inside", "behind", "boxed", "aside", "bracketed")
"""The groups that hold a place within the house."""

BETWEEN = " ,;-–/"
"""What separates parts."""

_BREAK = re.compile(r"[ ,;–]+")


class Doubt(StrEnum):
    """Why a line is kept whole."""

    NO_NUMBER = "no_number"
    SEVERAL_NUMBERS = "several_numbers"
    POST_OFFICE_BOX = "post_office_box"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reading(Hidden):
    """The parts of one line. ``inside`` is what belongs on a line of its own: floor, apartment, building."""

    street: str
    number: str
    box: str | None
    inside: str | None


def read(line: str, country: str) -> Reading | Doubt:
    """Read one line with single spaces, in NFC, of a country of ``address_words.TAILS``."""
    if len(line) > words.LONGEST_LINE:
        return Doubt.UNCLEAR
    if words.PO_BOX.match(line):
        return Doubt.POST_OFFICE_BOX
    if words.NUMBERLESS.search(line):
        return Doubt.NO_NUMBER
    found = next((one for one in (*_before(line, country), *_behind(line, country)) if one), None)
    if traps.elsewhere(line):
        return Doubt.UNCLEAR
    if found is None:
        return Doubt.UNCLEAR if _unexplained(line, country) else Doubt.NO_NUMBER
    return _judged(found, country)


def is_number(line: str, country: str) -> bool:
    """Whether a line holds a house number, with or without a box, and no street."""
    if len(line) > words.LONGEST_LINE or words.INSIDE.match(line):
        return False
    match = words.TAILS[country].fullmatch(line)
    return match is not None and not words.ORDINAL.fullmatch(match["number"])  # that would be a floor


def _before(line: str, country: str) -> Iterator[Reading]:
    """The number stands before the street."""
    head = words.HEADS[country].match(line)
    if head is None:
        return
    street = line[head.end() :]
    sure = "," in head["comma"] or country in words.NUMBER_FIRST or words.WAYS.match(street)
    if not sure or words.DATED.match(street) or not (street[:1].isalpha() or words.ORDINAL.match(street)):
        return
    if traps.no_street_begins(street):
        return
    first = head.groupdict().get("box")
    for start in _starts(street):
        rest = words.RESTS[country].fullmatch(street, start)
        if rest and not traps.cut_short(_names(street[:start])):
            groups = rest.groupdict()
            if not (first and groups.get("box")):
                yield _reading(street[:start], head["number"], {**groups, "box": first or groups.get("box")}, country)


def _starts(street: str) -> Iterator[int]:
    """Where something other than the street may begin: at the end of a word, and at the end of the line."""
    yield from (place for place in range(1, len(street)) if street[place] in " ,;" and street[place - 1] not in " ,;")
    yield len(street)


def _behind(line: str, country: str) -> Iterator[Reading]:
    """The number stands behind the street."""
    for start in range(1, len(line)):
        if _may_begin(line, start) and _is_house(line, start):
            match = words.TAILS[country].fullmatch(line, start)
            if match:
                yield _reading(line[:start], match["number"], match.groupdict(), country)


def _may_begin(line: str, start: int) -> bool:
    """Whether a house number may begin here: after a space or a comma, or glued to what is plainly a street."""
    before, here = line[start - 1], line[start]
    if before == "," and line[start - 2].isdigit():  # a decimal comma
        return False
    ended = line[:start].rstrip(" .").lower().endswith(words.ENDINGS)
    if before in " ,;":
        marked = here in "nNhHmM№" and (ended or line[:start].rstrip()[-1:] == "," or not traps.house(line, start))
        return here.isdigit() or marked
    return here.isdigit() and ((before == "." and line[start - 2].isalpha()) or (before.isalpha() and ended))


def _is_house(line: str, start: int) -> bool:
    """Whether the word before does not say that the number is of something else: a date, a road, a floor, a box."""
    names = _names(line[:start])
    *_, article, last = ("", "", *names)
    if words.DATED.fullmatch(last) and words.YEARS.match(line, start):
        return False
    if traps.is_year(names, line, start) or traps.is_houseless(article, last):
        return False
    other = words.NO_HOUSE.fullmatch(last) and not words.NAMING.fullmatch(article)
    return not (other or words.NAMING.fullmatch(last))


def _reading(street: str, number: str, groups: dict[str, str | None], country: str) -> Reading:
    inside, box = next((groups[name] for name in _INSIDE if groups.get(name)), None), groups.get("box")
    if inside and not box and country in words.BOXES:
        inside, box = boxed(inside)
    return Reading(street=street.strip(BETWEEN), number=number, box=box, inside=inside)


def boxed(inside: str) -> tuple[str, str | None]:
    """A place within a house without the box that stands behind it, and the box."""
    match = words.INSIDE_BOX.fullmatch(inside)
    if match is None or len(match["box"]) > LONGEST_PIECE:
        return inside, None
    return ", ".join(part for part in (match["inside"], match["others"]) if part), match["box"]


def _names(text: str) -> list[str]:
    return [word for word in _BREAK.split(text) if word.strip(BETWEEN)]


def _judged(found: Reading, country: str) -> Reading | Doubt:
    """The reading, unless what it takes for the street is none, or holds another number that nothing explains."""
    square = country == "DE" and words.SQUARE.fullmatch(found.street)
    named = square or sum(map(str.isalpha, found.street)) >= LEAST_LETTERS
    if not named or not _short(found):
        return Doubt.UNCLEAR
    if words.GENERIC.fullmatch(found.street) and words.YEARS.fullmatch(found.number):
        return Doubt.UNCLEAR
    if _trapped(found, country):
        return Doubt.UNCLEAR
    return Doubt.SEVERAL_NUMBERS if _unexplained(found.street, country) else found


def _trapped(found: Reading, country: str) -> bool:
    """Whether a part is likely to be something else."""
    names = _names(found.street)
    if traps.is_name(found.street, found.number) or traps.ends_in_code(found.street):
        return True
    if traps.holds_code(names, glued=True):
        return True
    if found.inside and (traps.goes_on(found.street, found.inside) or traps.is_loose(found.inside)):
        return True
    if country in words.BOXES and (traps.is_announced(names) or words.MARKED.search(found.inside or "")):
        return True
    return country != "NL" and traps.is_code(found.number)  # the postal codes there end in letters


def _short(found: Reading) -> bool:
    return len(found.number) <= LONGEST_PIECE and len(found.box or "") <= LONGEST_PIECE


def _unexplained(street: str, country: str) -> bool:
    """Whether a word of the street begins with a number that is no day, no year, no ordinal, and named by no word
    before it (``des 3 Fontaines``, but not ``et 3 rue``).
    """
    if country == "DE" and words.SQUARE.fullmatch(street):
        return False
    names = _names(street)
    return any(
        word[0].isdigit()
        and not (words.NAMING.fullmatch(before) and not words.WAYS.fullmatch(after))
        and not words.DATED.fullmatch(after)
        and not (words.YEARS.fullmatch(word) or words.ORDINAL.fullmatch(word) or words.COMPOUND.fullmatch(word))
        and not traps.explains(article, before, word)
        for article, before, word, after in zip(("", "", *names), ("", *names), names, (*names[1:], ""), strict=False)
    )
