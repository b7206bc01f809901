"""Made-up pictures, taken apart and put together again, so that a canary can be put into every place."""

from __future__ import annotations

import io
import random
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image

CANARY = b"CANARY-Lotte-51.0543N-3.7174E"
SIDES = (27, 21)
_SCAN_END = re.compile(rb"\xff[^\x00\xd0-\xd7]")


def drawn(mode: str) -> Image.Image:
    """The same noise each time, in which every turn shows."""
    noise = random.Random(7)  # noqa: S311 - a picture, not a secret
    pixels = noise.randbytes(SIDES[0] * SIDES[1] * len(Image.new(mode, (1, 1)).tobytes()))
    return Image.frombytes(mode, SIDES, pixels)


def saved(image: Image.Image, kind: str, **settings: Any) -> bytes:
    into = io.BytesIO()
    image.save(into, kind, **settings)
    return into.getvalue()


JPEGS: Mapping[str, bytes] = {
    "baseline": saved(drawn("RGB"), "JPEG"),
    "progressive": saved(drawn("RGB"), "JPEG", progressive=True),
    "restarts": saved(drawn("RGB"), "JPEG", restart_marker_blocks=2),
    "optimised": saved(drawn("RGB"), "JPEG", optimize=True, subsampling="4:4:4"),
    "kept-rgb": saved(drawn("RGB"), "JPEG", keep_rgb=True),
    "grey": saved(drawn("L"), "JPEG"),
    "cmyk": saved(drawn("CMYK"), "JPEG"),
    "progressive-cmyk": saved(drawn("CMYK"), "JPEG", progressive=True),
}
PALETTED = drawn("RGB").quantize(16)
PNGS: Mapping[str, bytes] = {
    "true": saved(drawn("RGB"), "PNG"),
    "alpha": saved(drawn("RGBA"), "PNG"),
    "grey": saved(drawn("L"), "PNG"),
    "grey-alpha": saved(drawn("LA"), "PNG"),
    "deep": saved(drawn("I;16"), "PNG"),
    "one-bit": saved(drawn("L").convert("1"), "PNG"),
    "palette": saved(PALETTED, "PNG"),
    "palette-transparent": saved(PALETTED, "PNG", transparency=bytes(range(0, 160, 10))),
    "colour-transparent": saved(drawn("RGB"), "PNG", transparency=(1, 2, 3)),
}


def seen(data: bytes) -> tuple[str, bytes]:
    """(mode, pixels) as a decoder shows them."""
    with Image.open(io.BytesIO(data)) as image:
        return image.mode, image.tobytes()


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def segments(jpeg: bytes) -> list[bytes]:
    """Its pieces from SOI to EOI; a scan stays with its SOS."""
    pieces, at = [jpeg[:2]], 2
    while jpeg[at + 1] != 0xD9:
        end = at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if jpeg[at + 1] == 0xDA:
            found = _SCAN_END.search(jpeg, end)
            assert found is not None
            end = found.start()
        pieces.append(jpeg[at:end])
        at = end
    return [*pieces, jpeg[at : at + 2]]


def marker(piece: bytes) -> int:
    return piece[1]


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def chunks(png: bytes) -> list[bytes]:
    """Its signature, and its chunks to the last."""
    pieces, at = [png[:8]], 8
    while at < len(png):
        end = at + 12 + int.from_bytes(png[at : at + 4], "big")
        pieces.append(png[at:end])
        at = end
    return pieces


def put(pieces: Sequence[bytes], at: int, *more: bytes) -> bytes:
    return b"".join((*pieces[:at], *more, *pieces[at:]))


def exif(orientation: int = 1) -> bytes:
    """EXIF as a telephone writes it: who, with what, when, where, and a small copy of the picture."""
    written = Image.Exif()
    words = CANARY.decode()
    written[0x010F], written[0x0110], written[0x013B], written[0x8298] = words, words, words, words
    written[0x0112] = orientation
    written.get_ifd(0x8769).update({0x9286: b"ASCII\0\0\0" + CANARY, 0x927C: CANARY, 0xA431: words})
    written.get_ifd(0x8825).update({1: "N", 2: (51.0, 3.0, 15.0), 3: "E", 4: (3.0, 43.0, 2.0), 27: CANARY})
    return written.tobytes() + saved(drawn("RGB"), "JPEG", comment=CANARY)
