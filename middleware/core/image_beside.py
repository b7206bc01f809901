"""What stands in an image beside its picture, by kind: so much can be told of what is taken out of it.

A kind is told by the place that a standard gives it: Exif 2.32 (4.7.2), XMP part 3 (1.1.3, 1.1.5), IPTC-IIM as
Photoshop writes it (APP13), ICC.1:2022 (B.4), CIPA DC-007 for further pictures; for PNG its third edition, and the
texts in which ImageMagick keeps what other formats have a place for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from middleware.core import image_jpeg, image_png

Kind = Literal["exif", "iptc", "other", "preview", "profile", "text", "trailer", "xmp"]
"""``preview``: a small copy, a further picture, a frame of an animation. ``profile``: that of the colours, of which the
numbers alone stay. ``text``: comments. ``trailer``: what hangs behind the end of the picture.
"""

_SEGMENTS: Final[tuple[tuple[int, bytes, Kind], ...]] = (
    (0xE0, b"JFXX\0", "preview"),
    (0xE1, b"Exif\0", "exif"),
    (0xE1, b"http://ns.adobe.com/x", "xmp"),
    (0xE2, b"ICC_PROFILE\0", "profile"),
    (0xE2, b"MPF\0", "preview"),
    (0xED, b"Photoshop 3.0\0", "iptc"),
    (0xFE, b"", "text"),
    (image_jpeg.EOI, b"", "trailer"),
)
"""Marker, how the content begins, kind; of all others that are passed over ``other``."""
_CHUNKS: Final[tuple[tuple[bytes, bytes, Kind], ...]] = (
    (b"eXIf", b"", "exif"),
    (b"iCCP", b"", "profile"),
    (b"acTL", b"", "preview"),
    (b"fcTL", b"", "preview"),
    (b"fdAT", b"", "preview"),
    (b"iTXt", b"XML:com.adobe.xmp\0", "xmp"),
    *((name, b"Raw profile type exif", "exif") for name in image_png.TEXTS),
    *((name, b"Raw profile type APP1", "exif") for name in image_png.TEXTS),
    *((name, b"Raw profile type iptc", "iptc") for name in image_png.TEXTS),
    *((name, b"Raw profile type xmp", "xmp") for name in image_png.TEXTS),
    *((name, b"", "text") for name in image_png.TEXTS),
    (b"IEND", b"", "trailer"),
)
"""Name, how the content begins, kind; of all others that no picture has to have ``other``."""
_NO_THUMBNAIL = 14
"""Bytes of a JFIF segment without a small copy of the picture."""

Piece = tuple[Kind, object]


def jpeg(data: bytes) -> Iterator[Piece]:
    """Each piece of a JPEG that is no part of its picture, after its kind. Raises: ImageError."""
    for marker, body, _ in image_jpeg.segments(data):
        kind = next((kind for of, begins, kind in _SEGMENTS if of == marker and body.startswith(begins)), None)
        if marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) > _NO_THUMBNAIL:
            yield "preview", body
        elif kind is not None or marker in image_jpeg.PASSED:
            yield kind or "other", (marker, body)


def png(data: bytes) -> Iterator[Piece]:
    """Each piece of a PNG that is no part of its picture, after its kind. Raises: ImageError."""
    pixels = 0
    for name, body in image_png.chunks(data):
        kind = next((kind for of, begins, kind in _CHUNKS if of == name and body.startswith(begins)), None)
        pixels += len(body) if name == b"IDAT" else 0
        if name not in (b"IHDR", b"IDAT"):
            yield kind or "other", (name, body)
    yield "trailer", pixels  # what hangs behind the pixels within their chunks
