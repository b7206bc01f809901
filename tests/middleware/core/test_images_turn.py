"""Of EXIF the turn is read and nothing else, from wherever it stands in its structure."""

from __future__ import annotations

import struct

import pytest

from middleware.core.image_turn import UPRIGHT, turn, turned

ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
OTHER = (271, 3, 1, 5)


def tiff(words: bytes, *entries: tuple[int, int, int, int], count: int | None = None, gap: int = 0) -> bytes:
    """A structure whose entries are (tag, type, number of values, value); it ends with the last of them."""
    order = ORDERS[words]
    told = len(entries) if count is None else count
    body = b"".join(struct.pack(f"{order}HHIHxx", *entry) for entry in entries)
    return words + struct.pack(f"{order}I", 8 + gap) + b"\xff" * gap + struct.pack(f"{order}H", told) + body


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("words", ORDERS)
@pytest.mark.parametrize("value", range(1, 9))
def test_each_turn_is_read_wherever_it_stands(words: bytes, value: int) -> None:
    here = (274, 3, 1, value)
    for entries in ((here,), (OTHER, here), (here, OTHER), (OTHER, OTHER, here)):
        assert turn(tiff(words, *entries)) == value
        assert turn(tiff(words, *entries, gap=300)) == value
        assert turn(tiff(words, *entries, count=999)) == value
    assert turn(turned(value)) == value


@pytest.mark.parametrize("words", ORDERS)
def test_what_stands_behind_the_last_entry_is_none(words: bytes) -> None:
    here = (274, 3, 1, 6)
    assert turn(tiff(words, here, count=0)) == UPRIGHT
    assert turn(tiff(words, OTHER, here, count=1)) == UPRIGHT
    assert turn(tiff(words, OTHER, here, count=2)) == 6


@pytest.mark.parametrize("words", ORDERS)
def test_the_first_turn_is_the_one(words: bytes) -> None:
    assert turn(tiff(words, (274, 3, 1, 6), (274, 3, 1, 8))) == 6
    assert turn(tiff(words, (274, 4, 1, 6), (274, 3, 1, 8))) == UPRIGHT


@pytest.mark.parametrize("words", ORDERS)
@pytest.mark.parametrize(
    "entry", [(274, 3, 1, 0), (274, 3, 1, 9), (274, 3, 0, 6), (274, 3, 2, 6), (274, 4, 1, 6), (273, 3, 1, 6)]
)
def test_what_is_no_turn_is_none(words: bytes, entry: tuple[int, int, int, int]) -> None:
    assert turn(tiff(words, entry)) == UPRIGHT


@pytest.mark.parametrize("words", ORDERS)
def test_a_structure_that_is_cut_off_turns_nothing(words: bytes) -> None:
    whole = tiff(words, OTHER, (274, 3, 1, 6))
    assert turn(whole) == 6
    assert {turn(whole[:end]) for end in range(len(whole))} == {UPRIGHT}


@pytest.mark.parametrize("words", [b"II\0*", b"MM*\0", b"II+\0", b"II"])
def test_another_structure_turns_nothing(words: bytes) -> None:
    assert turn(words + tiff(b"II*\0", (274, 3, 1, 6))[4:]) == UPRIGHT


def test_an_upright_image_needs_no_structure() -> None:
    assert turned(1) == b""
    assert turn(b"") == 1
    assert turned(6) == b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
