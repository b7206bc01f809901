from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Callable
from urllib.parse import quote

import pytest

from simulator.search import LONGEST, Needles, searchable

TEXT = 'Ελπινίκη d\'Ôr "x"'
PLAIN = "Kersenpitlaan 128"

WAYS: dict[str, Callable[[str], bytes]] = {
    "plain": lambda text: text.encode(),
    "lower case": lambda text: text.lower().encode(),
    "JSON": lambda text: json.dumps(text).encode(),
    "JSON in UTF-8": lambda text: json.dumps(text, ensure_ascii=False).encode(),
    "URL": lambda text: quote(text, safe="").encode(),
    "UTF-16": lambda text: text.encode("utf-16-le"),
    "UTF-16BE": lambda text: text.encode("utf-16-be"),
    "SHA-256": lambda text: hashlib.sha256(text.encode()).digest(),
    "hex": lambda text: text.encode().hex().encode(),
    "upper-case hex": lambda text: text.encode().hex().upper().encode(),
    "hex digest": lambda text: hashlib.sha256(text.encode()).hexdigest().encode(),
    "base64 of a digest": lambda text: base64.b64encode(hashlib.sha256(text.encode()).digest()),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")),
    "hex after an odd digit": lambda text: b"a" + text.encode().hex().encode(),
}
for _offset in range(3):
    WAYS[f"base64 at {_offset}"] = lambda text, n=_offset: base64.b64encode(b"?" * n + text.encode() + b"~~")  # type: ignore[misc]
    WAYS[f"base64url at {_offset}"] = lambda text, n=_offset: base64.urlsafe_b64encode(  # type: ignore[misc]
        b"\xff" * n + text.encode()
    ).rstrip(b"=")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [TEXT, PLAIN])
@pytest.mark.parametrize("around", [b"", b'{"a": "', b"\0\0\0", b"eyJhbGciOi."])
def test_a_text_is_found_however_it_is_written(way: str, text: str, around: bytes) -> None:
    found = Needles([text, "nowhere at all"]).find(around + b'"' + WAYS[way](text) + b'"' + around[::-1])
    assert {hit.text for hit in found} == {text}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_not_there_is_not_found(way: str) -> None:
    assert Needles([PLAIN]).find(b'"' + WAYS[way]("Kersenpitlaan 127") + b'"') == []


def test_a_text_that_was_cut_short_is_found() -> None:
    text = "Liefst achteraan aanbellen, de code van de poort is 4711"
    assert Needles([text]).find(text[:LONGEST].encode())[0].text == text
    assert Needles([text]).find(text[: LONGEST - 1].encode()) == []


def test_where_and_how_it_is_written_is_told() -> None:
    needles = Needles([PLAIN])
    plain = needles.find(bytes(37) + PLAIN.encode())[0]
    assert (plain.offset, plain.written) == (37, "plain")
    encoded = needles.find(b"\0\0\0" + base64.b64encode(b"x" * 30 + PLAIN.encode()))[0]
    assert (encoded.offset, encoded.written) == (43, "base64")
    digits = needles.find(b"--" + (b"x" * 30 + PLAIN.encode()).hex().encode())[0]
    assert (digits.offset, digits.written) == (62, "hex")


@pytest.mark.parametrize("stray", [b"", b"A", b"AB", b"ABC", b"ABCD"])
def test_base64_is_read_wherever_it_begins(stray: bytes) -> None:
    assert Needles([PLAIN]).find(stray + base64.b64encode(PLAIN.encode()))[0].written == "base64"


def test_each_text_is_told_once_per_way_at_its_first_place() -> None:
    found = Needles([PLAIN]).find(f"..{PLAIN}..{PLAIN}".encode())
    assert [hit.offset for hit in found] == [2]


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("Liva", False),
        ("Namur", False),
        ("Lierde", True),
        ("#1001", True),
        ("B2B", False),
        ("34.50", False),
        ("105 58", False),
        ("2026-11-22", True),
        ("9007199254740993", True),
        ("Αθήνα", True),
        ("", False),
    ],
)
def test_what_is_worth_looking_for(text: str, worth: bool) -> None:
    assert searchable(text) is worth
    needles = Needles([text])
    assert (len(needles.texts), needles.skipped) == ((1, 0) if worth else (0, 1))


def test_a_short_word_within_random_base64_is_chance() -> None:
    needles = Needles(["Lierde"])
    assert needles.find(b"eyJLierdeQ") == []
    assert needles.find(b'"Lierde"') != []


def test_the_shortest_forms_are_not_looked_for_in_what_is_decoded() -> None:
    needles = Needles(["#1001", "#10012"])
    assert [hit.text for hit in needles.find(b"#1001 " + b"#10012".hex().encode())] == ["#1001", "#10012"]
    assert needles.find(b"-#1001-".hex().encode()) == []


def test_forms_that_begin_alike_are_told_once() -> None:
    text = "देवनागरी लिपि में लिखा हुआ लम्बा वाक्य Abc"
    assert len(Needles([text]).find(text.encode())) == 1


def test_random_bytes_hold_nothing() -> None:
    texts = [f"Straat der {number} eiken" for number in range(500)] + [f"#{number}" for number in range(1000, 1500)]
    needles = Needles(texts)
    noise = os.urandom(60_000)
    assert needles.find(noise + base64.b64encode(noise) + noise.hex().encode()) == []
