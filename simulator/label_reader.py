"""Reading a label back from its PDF: what is really printed, where, and the bars. Made for one-page labels, no more.

Source: ISO 32000-1, 7.8 (content streams), 8.4 (matrices), 9.4 (text).
"""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

STREAM = re.compile(rb"/Filter \[ /ASCII85Decode /FlateDecode \].{0,40}?stream\r?\n(.*?)endstream", re.DOTALL)
MEDIA_BOX = re.compile(rb"/MediaBox \[ 0 0 ([0-9.]+) ([0-9.]+) \]")
TOKEN = re.compile(rb"\((?:\\.|[^\\()])*\)|/[A-Za-z0-9]+|[-+]?[0-9]*\.?[0-9]+|[A-Za-z]+\*?", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
MAX_CONTENT = 1_000_000
"""Longest content stream that is unpacked, in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Text:
    """One printed line; ``x`` and ``y`` (from the bottom) and ``size`` in points."""

    x: float
    y: float
    size: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One filled rectangle, in points from the bottom left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Drawing:
    """What a page shows; sizes in points."""

    width: float
    height: float
    texts: tuple[Text, ...]
    bars: tuple[Bar, ...]


def read_label(pdf: bytes) -> Drawing:
    """What the one page of ``pdf`` shows. Raises: ValueError (no PDF, or none of a form that is known here)."""
    box, stream = MEDIA_BOX.search(pdf), STREAM.search(pdf)
    if not pdf.startswith(b"%PDF-") or box is None or stream is None:
        raise ValueError("label")
    marks = tuple(_marks(_unpacked(stream.group(1))))
    return Drawing(
        width=float(box.group(1)),
        height=float(box.group(2)),
        texts=tuple(mark for mark in marks if isinstance(mark, Text)),
        bars=tuple(mark for mark in marks if isinstance(mark, Bar)),
    )


def _unpacked(stream: bytes) -> bytes:
    try:
        packed = base64.a85decode(b"<~" + stream.strip(), adobe=True)
        return zlib.decompressobj().decompress(packed, MAX_CONTENT)
    except (ValueError, zlib.error):
        pass
    raise ValueError("label")


def _marks(content: bytes) -> Iterator[Text | Bar]:
    origin, saved = (0.0, 0.0), [(0.0, 0.0)]
    at, size = (0.0, 0.0), 0.0
    operands: list[bytes] = []
    for token in TOKEN.findall(content):
        if not token[:1].isalpha():
            operands.append(token)
            continue
        numbers = [float(operand) for operand in operands if operand[:1] not in (b"(", b"/")]
        match token:
            case b"q":
                saved.append(origin)
            case b"Q":
                origin = saved.pop() if saved else (0.0, 0.0)
            case b"cm":
                origin = (origin[0] + numbers[4], origin[1] + numbers[5])
            case b"Tf":
                size = numbers[0]
            case b"Tm":
                at = (numbers[4], numbers[5])
            case b"Tj":
                yield Text(x=origin[0] + at[0], y=origin[1] + at[1], size=size, text=_text(operands[-1]))
            case b"re":
                x, y, width, height = numbers
                yield Bar(x=origin[0] + x, y=origin[1] + y, width=width, height=height)
        operands = []


def _text(literal: bytes) -> str:
    def plain(match: re.Match[bytes]) -> bytes:
        escaped = match.group(1)
        return bytes([int(escaped, 8)]) if len(escaped) == 3 else escaped

    return ESCAPE.sub(plain, literal[1:-1]).decode("cp1252", "replace")
