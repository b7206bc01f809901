"""Images with a canary in every place where something can be written beside the picture."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

from PIL import Image

from tests.middleware.core.pictures import JPEGS, PNGS, chunk, chunks, put, segment, segments
from tests.system.canaries import Document


def photograph(made: Document) -> bytes:
    """A JPEG with a canary in every place where something can be written beside the picture."""
    word = _words(made)
    pieces = segments(JPEGS["baseline"])
    before = (
        segment(0xE1, _exif(made)),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + word("xmp")),
        segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + word("further xmp")),
        segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x22\x1c\x02\x50\0\x0c" + word("iptc")),
        segment(0xE2, b"ICC_PROFILE\0\1\1" + word("profile")),
        segment(0xE2, b"MPF\0II*\0" + word("further pictures")),
        segment(0xE0, b"JFXX\0\x10" + word("preview")),
        segment(0xE9, word("segment of an application")),
        segment(0xF3, word("segment of an extension")),
        segment(0xFE, word("comment")),
    )
    within = segment(0xFE, word("comment before the scan"))
    return put([pieces[0], *before, *pieces[1:]], -2, within) + word("behind the end")


def drawing(made: Document) -> bytes:
    """A PNG with a canary in every place where something can be written beside the picture."""
    word = _words(made)
    pieces = chunks(PNGS["true"])
    before = (
        chunk(b"tEXt", word("name of a text") + b"\0" + word("text")),
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(word("packed text"))),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>" + word("xmp")),
        chunk(b"eXIf", _exif(made).removeprefix(b"Exif\0\0")),
        chunk(b"iCCP", word("name of a profile") + b"\0\0" + zlib.compress(word("profile"))),
        chunk(b"sPLT", word("name of a palette") + b"\0\x08"),
        chunk(b"caNb", word("private chunk")),
        chunk(b"fdAT", struct.pack(">I", 1) + word("further frame")),
    )
    pixels = b"".join(piece[8:-4] for piece in pieces if piece[4:8] == b"IDAT")
    packed = (chunk(b"IDAT", pixels + word("behind the pixels")), chunk(b"IDAT", word("chunk behind the pixels")))
    end = chunk(b"IEND", word("in the end")) + word("behind the end")
    return b"".join((*pieces[:2], *before, *packed, chunk(b"tEXt", b"a\0" + word("text after the pixels")), end))


def _words(made: Document) -> Callable[[str], bytes]:
    """A canary for each place, of whatever length."""

    def word(place: str) -> bytes:
        length = 12 + zlib.crc32(f"{made.name}|{place}".encode()) % 30
        return made.text(f"image: {place}", length).encode("ascii")

    return word


def _exif(made: Document) -> bytes:
    """EXIF as a telephone writes it: with what, by whom, where."""
    word = _words(made)
    written = Image.Exif()
    for tag, place in ((0x010F, "make"), (0x0110, "model"), (0x013B, "artist"), (0x8298, "copyright")):
        written[tag] = word(f"exif, {place}").decode()
    written[0x0112] = 6
    written.get_ifd(0x8769).update({0x9286: b"ASCII\0\0\0" + word("exif, comment"), 0x927C: word("exif, maker's note")})
    written.get_ifd(0x8825).update({1: "N", 2: (51.0, 3.0, 15.0), 27: word("exif, place")})
    return written.tobytes()
