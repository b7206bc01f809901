"""Of what is taken out of an image its kind is told, and nothing of it."""

from __future__ import annotations

import struct
import zlib

import pytest

from middleware.core.images import stripped, taken_out
from tests.middleware.core.pictures import CANARY, JPEGS, PNGS, chunk, chunks, exif, put, segment, segments

TELEPHONE = exif().removeprefix(b"Exif\0\0")
IN_JPEG = {
    "exif": [segment(0xE1, exif()), segment(0xE1, exif(6)), segment(0xE1, b"Exif\0\0" + CANARY)],
    "xmp": [
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + CANARY),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + CANARY),
    ],
    "iptc": [segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + CANARY)],
    "profile": [segment(0xE2, b"ICC_PROFILE\0\1\1" + CANARY)],
    "preview": [
        segment(0xE2, b"MPF\0II*\0" + CANARY),
        segment(0xE0, b"JFXX\0\x10" + CANARY),
        segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\1\1abc"),
    ],
    "text": [segment(0xFE, CANARY), segment(0xFE, b"")],
    "other": [
        segment(0xE0, b"JFIF\0\1\1\1\0\x48\0\x48\0\0"),
        segment(0xE0, b"AVI1" + CANARY),
        segment(0xE1, CANARY),
        segment(0xE2, CANARY),
        segment(0xED, CANARY),
        segment(0xEE, b"Adobe\0\x65\x80\1\2\3\1"),
        segment(0xF3, CANARY),
        segment(0xCC, CANARY),
    ],
}
IN_PNG = {
    "exif": [chunk(b"eXIf", TELEPHONE), *(chunk(b"zTXt", b"Raw profile type " + word) for word in (b"exif", b"APP1"))],
    "xmp": [
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + CANARY),
        chunk(b"tEXt", b"Raw profile type xmp\0" + CANARY),
    ],
    "iptc": [chunk(b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(CANARY))],
    "profile": [chunk(b"iCCP", CANARY + b"\0\0" + zlib.compress(CANARY))],
    "preview": [chunk(b"fdAT", struct.pack(">I", 1) + CANARY), chunk(b"acTL", bytes(8)), chunk(b"fcTL", bytes(26))],
    "text": [chunk(name, b"Author\0" + CANARY) for name in (b"tEXt", b"zTXt", b"iTXt")],
    "other": [chunk(name, CANARY) for name in (b"tIME", b"pHYs", b"sPLT", b"caNb", b"gAMA", b"tRNS")],
}


def told(data: bytes) -> set[str]:
    return set(taken_out(data, stripped(data)))


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", IN_JPEG)
def test_the_kind_of_what_a_jpeg_loses_is_told(kind: str) -> None:
    for piece in IN_JPEG[kind]:
        for at in (1, -2):
            assert told(put(segments(JPEGS["baseline"]), at, piece)) == {kind}, piece
    everything = [piece for pieces in IN_JPEG.values() for piece in pieces]
    assert told(put(segments(JPEGS["grey"]), 1, *everything)) == set(IN_JPEG)


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", IN_PNG)
def test_the_kind_of_what_a_png_loses_is_told(kind: str) -> None:
    for piece in IN_PNG[kind]:
        for at in (2, -1):
            assert told(put(chunks(PNGS["alpha"]), at, piece)) == {kind}, piece
    everything = [piece for pieces in IN_PNG.values() for piece in pieces]
    assert told(put(chunks(PNGS["alpha"]), 2, *everything)) == set(IN_PNG)


def test_what_hangs_behind_the_end_is_told() -> None:
    for image in (JPEGS["baseline"], PNGS["true"]):
        assert told(image + CANARY) == {"trailer"}
    pieces = chunks(PNGS["true"])
    assert told(b"".join((*pieces[:-1], chunk(b"IEND", CANARY)))) == {"trailer"}
    for behind in (CANARY, CANARY + b"\0" * 99):
        assert told(put(pieces, -1, chunk(b"IDAT", behind))) == {"trailer"}


@pytest.mark.parametrize("image", [*JPEGS.values(), *PNGS.values()], ids=[*JPEGS, *PNGS])
def test_of_an_image_that_loses_nothing_nothing_is_told(image: bytes) -> None:
    clean = stripped(image)
    assert taken_out(clean, clean) == set()
    assert told(image) <= {"other"}
    assert told(clean) == set()


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_the_turn_alone_is_no_loss(turn: int) -> None:
    ours = stripped(put(segments(JPEGS["baseline"]), 1, segment(0xE1, exif(turn))))
    assert b"Exif" in ours
    assert told(ours) == set()


def test_a_palette_that_no_pixel_points_to_is_told() -> None:
    assert told(put(chunks(PNGS["true"]), 2, chunk(b"PLTE", (CANARY * 3)[:48]))) == {"other"}


def test_pixels_in_many_chunks_are_no_loss() -> None:
    pieces = chunks(PNGS["true"])
    packed = b"".join(piece[8:-4] for piece in pieces if piece[4:8] == b"IDAT")
    parted = [chunk(b"IDAT", packed[at : at + 100]) for at in range(0, len(packed), 100)]
    assert told(b"".join((*pieces[:2], *parted, pieces[-1]))) == set()
