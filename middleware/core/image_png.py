"""A PNG made anew from what its pixels need (W3C PNG, third edition; the chunks by the names that it gives them).

``IHDR``, ``PLTE`` where the pixels point into it, ``tRNS``, what changes colours (``gAMA``, ``cHRM``, ``sRGB``,
``cICP``, and ``iCCP`` remade, see ``image_colour``), the turn of ``eXIf`` remade (see ``image_turn``), ``IDAT`` and
``IEND``. All others go: text, time, resolution, suggested palettes, private chunks, the further frames of an animation
(its first picture stays), and whatever comes after the end of the picture, in the file or within ``IDAT``.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping

from middleware.core import image_colour
from middleware.core.image_bounds import MOST_PARTS, ImageError, check_sides
from middleware.core.image_turn import turn, turned

SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_INFLATED = 1 << 28
"""Bytes of a picture before compression: so much is inflated and thrown away again, to see where it ends."""
_PIECE, _WINDOW = 1 << 14, 1 << 20
_MOST_LENGTH = (1 << 31) - 1
_GREY, _TRUE, _INDEXED, _GREY_ALPHA, _TRUE_ALPHA = 0, 2, 3, 4, 6
_KINDS = {
    _GREY: (1, (1, 2, 4, 8, 16)),
    _TRUE: (3, (8, 16)),
    _INDEXED: (1, (1, 2, 4, 8)),
    _GREY_ALPHA: (2, (8, 16)),
    _TRUE_ALPHA: (4, (8, 16)),
}
"""By colour type: samples of a pixel, and how many bits each may have."""
_ADAM7 = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
"""By pass: first column, step, first row, step."""
_CRITICAL = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
_MOST_CHROMATICITY, _MOST_GAMMA = 100_000, 1_000_000


def remade(data: bytes) -> bytes:
    """The same pixels in the same compressed bytes, in a file of ours. Raises: ImageError."""
    found: dict[bytes, bytes] = {}
    pixels: list[bytes] = []
    previous = b""
    for name, body in chunks(data):
        _placed(name, previous, found)
        if name == b"IDAT":
            pixels.append(body)
        found.setdefault(name, body)
        previous = name
    if not pixels:
        raise ImageError("image-structure")
    size, colour = _header(found[b"IHDR"])
    kept = [(b"IHDR", found[b"IHDR"]), *_colours(found), *_palette(found, colour), *_orientation(found)]
    kept += [(b"IDAT", _ended(b"".join(pixels), size)), (b"IEND", b"")]
    return SIGNATURE + b"".join(_written(name, body) for name, body in kept)


def _placed(name: bytes, previous: bytes, found: Mapping[bytes, bytes]) -> None:
    """The order of what every decoder has to read (5.6). Raises: ImageError."""
    if name[:1].isupper() and name not in _CRITICAL:
        raise ImageError("image-kind")
    again = name in found and name in _CRITICAL and not name == previous == b"IDAT"
    if again or (name == b"IHDR") is bool(previous) or (name == b"PLTE" and b"IDAT" in found):
        raise ImageError("image-structure")


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, content) of each up to the end, whose content goes on with what hangs behind it. Raises: ImageError."""
    at = len(SIGNATURE)
    for _ in range(MOST_PARTS):
        if at + 12 > len(data):
            raise ImageError("image-truncated")
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        if length > _MOST_LENGTH or not name.isalpha():
            raise ImageError("image-structure")
        if end + 4 > len(data):
            raise ImageError("image-truncated")
        body = data[at + 8 : end]
        if zlib.crc32(body, zlib.crc32(name)) != int.from_bytes(data[end : end + 4], "big"):
            raise ImageError("image-structure")
        if name == b"IEND":
            yield name, body + data[end + 4 :]
            return
        yield name, body
        at = end + 4
    raise ImageError("image-size")


def _written(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), name) + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(name)))


def _header(body: bytes) -> tuple[int, int]:
    """(bytes of the picture before compression, colour type)."""
    if len(body) != 13:
        raise ImageError("image-structure")
    width, height, depth, colour, compression, filtering, interlace = struct.unpack(">IIBBBBB", body)
    check_sides(width, height)
    samples, depths = _KINDS.get(colour, (0, ()))
    if depth not in depths or compression or filtering or interlace > 1:
        raise ImageError("image-structure")
    passes = _ADAM7 if interlace else ((0, 1, 0, 1),)
    size = 0
    for left, across, top, down in passes:
        columns, rows = -((left - width) // across), -((top - height) // down)
        size += rows * (1 + (columns * samples * depth + 7) // 8) if columns else 0
    if size > MOST_INFLATED:
        raise ImageError("image-size")
    return size, colour


def _colours(found: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    """What changes how colours are shown, if its numbers are such as a decoder would take: words are not."""
    coded = found.get(b"cICP", b"")
    if len(coded) == 4 and coded[0] <= 22 and coded[1] <= 18 and coded[2] == 0 and coded[3] <= 1:
        yield b"cICP", coded
    if profile := image_colour.remade(_profile(found.get(b"iCCP", b""))):
        yield b"iCCP", b"c\0\0" + zlib.compress(profile)
    rendering = found.get(b"sRGB", b"")
    if len(rendering) == 1 and rendering[0] <= 3:
        yield b"sRGB", rendering
    gamma = found.get(b"gAMA", b"")
    if len(gamma) == 4 and 0 < int.from_bytes(gamma, "big") <= _MOST_GAMMA:
        yield b"gAMA", gamma
    primaries = found.get(b"cHRM", b"")
    if len(primaries) == 32 and all(value <= _MOST_CHROMATICITY for value in struct.unpack(">8I", primaries)):
        yield b"cHRM", primaries


def _profile(body: bytes) -> bytes:
    """The colour profile without its name; empty if there is none that can be unpacked."""
    _, _, packed = body.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], image_colour.MOST)
    except zlib.error:
        return b""


def _palette(found: Mapping[bytes, bytes], colour: int) -> Iterator[tuple[bytes, bytes]]:
    """The colours that pixels point to, and which of them, or which colour, is transparent."""
    palette, transparent = found.get(b"PLTE", b""), found.get(b"tRNS", b"")
    if colour == _INDEXED:
        most = 3 << found[b"IHDR"][8]  # no pixel can point beyond it (11.2.2): what stands there is no colour
        if not palette or len(palette) % 3 or len(palette) > most or 3 * len(transparent) > len(palette):
            raise ImageError("image-structure")
        yield b"PLTE", palette
    elif colour in (_GREY, _GREY_ALPHA) and b"PLTE" in found:
        raise ImageError("image-structure")
    if transparent and (colour == _INDEXED or len(transparent) == {_GREY: 2, _TRUE: 6}.get(colour)):
        yield b"tRNS", transparent


def _orientation(found: Mapping[bytes, bytes]) -> Iterator[tuple[bytes, bytes]]:
    if kept := turned(turn(found.get(b"eXIf", b"").removeprefix(b"Exif\0\0"))):
        yield b"eXIf", kept


def _ended(pixels: bytes, size: int) -> bytes:
    """The compressed bytes up to where the picture ends. Nothing is kept of what they inflate to."""
    inflating = zlib.decompressobj()
    piece, given, left = b"", 0, size
    try:
        while not inflating.eof and left >= 0:
            if not piece:
                piece = pixels[given : given + _PIECE]
                given += len(piece)
            if not piece:
                raise ImageError("image-truncated")
            left -= len(inflating.decompress(piece, _WINDOW))
            piece = inflating.unconsumed_tail
    except zlib.error:
        left = -1
    if left:
        raise ImageError("image-structure")
    return pixels[: given - len(inflating.unused_data)]
