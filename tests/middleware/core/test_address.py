"""Street, house number and box out of two lines: the vectors, and what holds of any text whatsoever."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from middleware.core.address import Split, split
from middleware.core.address_reading import LONGEST_PIECE, Doubt
from middleware.core.address_taking import CONTACT
from middleware.core.address_words import BOXES, LONGEST_LINE, NUMBER_FIRST, TAILS
from middleware.core.lettering import TRANSLITERATED
from schemas.known import DOUBTS, MISSING

VECTORS = tomllib.loads((Path(__file__).parents[2] / "vectors" / "addresses.toml").read_text("utf-8"))["vectors"]
COUNTRIES = sorted(TAILS)
PARTS = ("street", "number", "box", "line2")


def named(vector: dict[str, Any]) -> str:
    return " | ".join(str(vector.get(name, "")) for name in ("country", "line1", "line2"))


def parts(found: Split) -> dict[str, str]:
    return {name: getattr(found, name) for name in PARTS if getattr(found, name) is not None}


@pytest.mark.parametrize("vector", VECTORS, ids=named)
def test_vector(vector: dict[str, Any]) -> None:
    found = split(vector.get("line1"), vector.get("line2"), vector.get("country"))
    gives = dict(vector["gives"])
    doubt = gives.pop("doubt", None)
    if doubt:
        gives = {"street": vector.get("line1"), "second": vector.get("line2")}
    expected = {"line2" if name == "second" else name: text for name, text in gives.items() if text is not None}
    assert (parts(found), found.doubt) == (expected, doubt)


def test_the_vectors_are_many_and_of_every_country_and_doubt() -> None:
    assert len(VECTORS) >= 150
    assert len({named(vector) for vector in VECTORS}) == len(VECTORS)
    assert {vector.get("country") for vector in VECTORS} > set(COUNTRIES)
    assert {vector["gives"].get("doubt") for vector in VECTORS} == {None, *Doubt}


@pytest.mark.parametrize("country", [None, "", "GB", "be", "XX"])
def test_another_country_s_lines_are_not_read(country: str | None) -> None:
    assert split("Kerselaarstraat 12", " bus 3", country) == Split(street="Kerselaarstraat 12", line2=" bus 3")


@pytest.mark.parametrize("blank", [None, "", "  ", "\u00a0"])
def test_a_blank_line_is_none(blank: str | None) -> None:
    assert parts(split("Kerselaarstraat 12", blank, "BE")) == {"street": "Kerselaarstraat", "number": "12"}
    assert parts(split(blank, blank, "BE")) == {}
    assert split(blank, "12", "BE") == Split(street=None, line2="12")


def test_what_is_in_doubt_is_as_it_was_typed() -> None:
    found = split(" Kerselaarstraat  7 8\n", "a  b ", "BE")
    assert (found.street, found.line2, found.doubt) == (" Kerselaarstraat  7 8\n", "a  b ", Doubt.SEVERAL_NUMBERS)


@pytest.mark.parametrize(
    ("line1", "line2", "first", "second"),
    [
        ("Kerselaarstraat 12", None, ("street", "number"), ()),
        ("Kerselaarstraat 12 bus 3, 2e verdieping", "achteraan", PARTS, ("line2",)),
        ("Kerselaarstraat 12", "bus 3", ("street", "number"), ("box",)),
        ("Kerselaarstraat 12", "bus 3, achteraan", ("street", "number"), ("box", "line2")),
        ("Kerselaarstraat", "12 bus 3, achteraan", ("street",), ("number", "box", "line2")),
        ("Kerselaarstraat", "achteraan", ("street",), ("line2",)),
    ],
)
def test_each_part_came_from_a_line(
    line1: str, line2: str | None, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    found = split(line1, line2, "BE")
    assert (found.first, found.second if line2 else ()) == (first, second)


def test_accents_may_be_written_in_two_ways() -> None:
    apart = unicodedata.normalize("NFD", "Rue de l'Été 12, boîte 3")
    assert parts(split(apart, None, "BE")) == {"street": "Rue de l'Été", "number": "12", "box": "3"}


@pytest.mark.parametrize("length", [LONGEST_PIECE, LONGEST_PIECE + 1])
def test_a_number_that_is_longer_than_any_is_in_doubt(length: int) -> None:
    number = "1-" * (length // 2) + "1" * (length % 2) if length % 2 else "12" + "-11" * (length // 3)
    assert len(number) == length
    assert split(f"Kerselaarstraat {number}", None, "DE").doubt is (None if length == LONGEST_PIECE else Doubt.UNCLEAR)


@pytest.mark.parametrize("length", [LONGEST_LINE, LONGEST_LINE + 1])
def test_a_line_that_is_longer_than_any_is_not_read(length: int) -> None:
    line = "K".ljust(length - 3, "x") + " 12"
    assert split(line, None, "BE").doubt is (None if length == LONGEST_LINE else Doubt.UNCLEAR)
    second = split("Kerselaarstraat 12", "3, ".ljust(length, "x"), "BE")
    assert second.doubt is (Doubt.SEVERAL_NUMBERS if length == LONGEST_LINE else None)


def test_every_doubt_has_plain_words() -> None:
    assert {*Doubt, CONTACT, TRANSLITERATED, *MISSING} == DOUBTS.keys()


def test_it_prints_nothing_of_it() -> None:
    assert repr(split("Kerselaarstraat 12", None, "BE")) == "<Split>"


WORDS = (
    "rue de la Kerselaarstraat Kerselaarstr. Straße des Juni 4 12 12B 3 bus bte b boîte , . / - – ( ) nr n° 1944 Mai"
    " 2e 1er app appt verdieping étage bis A III hs z/n 10bis B3 12/3 4-6 Postbus km N4 avenue 17. haus Whg. Stock op"
    " 12, 9000 5A, é"
    " et en huis 45 40-45 L-1234 B-3000 1000 maison Boulevard résidence"
)
lines = st.lists(st.sampled_from([*WORDS.split(), ""]), max_size=8).map(" ".join) | st.text(max_size=40)
countries = st.sampled_from(COUNTRIES)


def digits(*texts: str | None) -> Counter[str]:
    return Counter(group for text in texts for group in re.findall("[0-9]+", text or ""))


def letters(*texts: str | None) -> Counter[str]:
    return Counter(one for text in texts for one in unicodedata.normalize("NFC", text or "") if one.isalnum())


def in_order(inner: str, outer: str) -> bool:
    """Whether the digit groups of one text follow each other in another in the same order."""
    left = iter(re.findall("[0-9]+", outer))
    return all(group in left for group in re.findall("[0-9]+", inner))


@given(lines, st.none() | lines, countries)
@settings(max_examples=250, deadline=None)
def test_no_digit_is_lost_doubled_or_made_up(line1: str, line2: str | None, country: str) -> None:
    found = split(line1, line2, country)
    given = unicodedata.normalize("NFC", f"{line1} {line2 or ''}")
    values = parts(found).values()
    assert digits(*values) == digits(line1, line2)
    assert all(in_order(value, given) for value in values)
    assert letters(*values) <= letters(line1, line2)
    if found.doubt:
        blank = {"street": line1 if line1.split() else None, "line2": line2 if line2 and line2.split() else None}
        assert parts(found) == {name: text for name, text in blank.items() if text}
    elif found.number:
        assert all(text.strip() for text in values)
        assert all(len(getattr(found, name) or "") <= LONGEST_PIECE for name in ("number", "box"))


streets = st.sampled_from(
    (
        *(
            "Kerselaarstraat",
            "Rue du 4 Août",
            "11 Novemberlaan",
            "Plein 1944",
            "Straße des 17. Juni",
            "1e Bedenkerstraat",
        ),
        *("'s-Hertogenweg", "rue des Échoppes-Perdues", "an der Gaass", "Laan 1940-1945", "avenue des Fauvettes"),
    )
)
SHORT_YEARS = {"14", "18", "30", "40", "44", "45", "53", "62", "68"}  # behind a date they may be its year
numbers = st.from_regex(r"[1-9][0-9]{0,2}(?:[A-Da-d]|bis|-[1-9][0-9])?", fullmatch=True).filter(
    lambda number: number not in SHORT_YEARS
)
boxes = st.none() | st.from_regex(r"[1-9][0-9]{0,3}|0[1-9]0[1-9]|[A-C][0-9]?", fullmatch=True)
insides = st.sampled_from([None, "2e verdieping", "app. 4", "gelijkvloers", "achterhuis"])


def written(street: str, number: str, box: str | None, country: str) -> str:
    """One line, as it is written there."""
    first = country in NUMBER_FIRST and street[0].isalpha()
    line = f"{number}, {street}" if first else f"{street} {number}"
    return f"{line} bus {box}" if box else line


@given(streets, numbers, boxes, insides, countries)
@settings(max_examples=150, deadline=None)
def test_what_is_joined_again_says_the_same(
    street: str, number: str, box: str | None, inside: str | None, country: str
) -> None:
    box = box if country in BOXES else None
    line = written(street, number, box, country)
    found = split(f"{line}, {inside}" if inside else line, None, country)
    made = {"street": street, "number": number, "box": box, "line2": inside}
    assert (parts(found), found.doubt) == ({name: part for name, part in made.items() if part}, None)
    again = split(written(street, number, box, country), found.line2, country)
    assert (parts(again), again.doubt) == (parts(found), None)
    alone = split(street, f"{number} bus {box}" if box else number, country)
    if alone.doubt is None:
        assert (alone.street, alone.number, alone.box) == (street, number, box)
    else:  # a year alone may be the house number of a square
        assert street.split()[0] in ("Plein", "Laan")


@given(streets.filter(lambda street: street[0].isalpha()), numbers, boxes.filter(bool))
@settings(max_examples=50, deadline=None)
def test_a_slash_is_read_alike_before_and_behind_the_street(street: str, number: str, box: str) -> None:
    before, behind = split(f"{number}/{box}, {street}", None, "BE"), split(f"{street} {number}/{box}", None, "BE")
    assert parts(before) == parts(behind) == {"street": street, "number": number, "box": box}


HOSTILE = (
    "1-",
    "1 a ",
    "1 ",
    "bus ",
    "x 1b",
    "1/1",
    "b1 ",
    "x 1 x. ",
    "x 1-1 a a bis ",
    "x 1ème ",
    "(",
    "x 1a.1.",
    "app 1 ",
    "x 1/1a.",
    "x 1 étage 2 bus ",
    "rue-",
    "1 rue a ",
    "x 1 t/m ",
    "laan1",
    "1 mai 45 ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_hostile_line_is_read_or_left_at_once(piece: str) -> None:
    """What takes steps without end would not come back at all: there is nothing to measure."""
    for country in COUNTRIES:
        for length in (LONGEST_LINE, 4096):
            line = (piece * length)[:length]
            found = split(line, line, country)
            assert digits(*parts(found).values()) == digits(line, line)
