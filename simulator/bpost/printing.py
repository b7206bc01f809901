"""A label in the three forms that bpost prints: PDF, PNG and the language of Zebra's printers (ZPL II)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A4, A6

from simulator.label import SPECIMEN, Label, printable, render_pages

DOTS_PER_INCH = 203
WIDTH, HEIGHT = (round(points / 72 * DOTS_PER_INCH) for points in A6)
MARGIN = 60
LINE = 44
"""In dots of the print head: an A6 label, its margin, and the height of a line."""
BARCODE_TOP, BARCODE_HEIGHT, BAR = 780, 220, 4
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
SHEETS = MappingProxyType({"A4": A4, "A6": A6})


def pdf(labels: Sequence[Label], sheet: str) -> bytes:
    """One page for each label, on A4 in its upper left quarter."""
    return render_pages(labels, SHEETS[sheet])


def png(labels: Sequence[Label], sheet: str) -> bytes:
    """The labels beneath each other in one picture."""
    width, height = WIDTH * (2 if sheet == "A4" else 1), HEIGHT * (2 if sheet == "A4" else 1)
    picture = Image.new("1", (width, height * len(labels)), 1)
    draw = ImageDraw.Draw(picture)
    for number, label in enumerate(labels):
        _draw(draw, label, number * height)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return out.getvalue()


def zpl(labels: Sequence[Label], _sheet: str) -> bytes:
    """The labels one after the other, for a print head of 203 dots per inch."""
    return "\n".join(_zpl(label) for label in labels).encode("utf-8")


FORMS: Mapping[str, Callable[[Sequence[Label], str], bytes]] = MappingProxyType({"pdf": pdf, "image": png, "zpl": zpl})


def _draw(draw: ImageDraw.ImageDraw, label: Label, top: int) -> None:
    for number, line in enumerate((*label.lines, label.reference)):
        font = _font(LINE * 3 / 4)
        text = printable(line)
        while text and draw.textlength(text, font) > WIDTH - 2 * MARGIN:
            text = text[:-1]
        draw.text((MARGIN, top + MARGIN + number * LINE), text, fill=0, font=font)
    draw.text((MARGIN, top + 600), SPECIMEN, fill=0, font=_font(110))
    left = MARGIN
    for bar, thick in _bars(label.barcode):
        if bar:
            draw.rectangle(
                (left, top + BARCODE_TOP, left + thick * BAR - 1, top + BARCODE_TOP + BARCODE_HEIGHT), fill=0
            )
        left += thick * BAR
    draw.text((MARGIN, top + BARCODE_TOP + BARCODE_HEIGHT + 20), label.barcode, fill=0, font=_font(36))


def _font(size: float) -> ImageFont.FreeTypeFont:
    """A typeface with all that ``printable`` leaves; the default one of pictures has English letters alone."""
    return ImageFont.truetype(FONT, size)


def _bars(barcode: str) -> list[tuple[bool, int]]:
    """(bar or gap, how many modules wide), from left to right."""
    code: Any = Code128(barcode, quiet=False)
    code.validate()
    code.encode()
    code.decompose()
    return [(letter.isupper(), "abcdefgh".index(letter.lower()) + 1) for letter in code.decomposed]


def _zpl(label: Label) -> str:
    fields = [
        f"^FO{MARGIN},{MARGIN + number * LINE}^A0N,36,36^FH^FD{_escaped(printable(line))}^FS"
        for number, line in enumerate((*label.lines, label.reference, SPECIMEN))
    ]
    code = f"^FO{MARGIN},{BARCODE_TOP}^BY{BAR}^BCN,{BARCODE_HEIGHT},Y,N,N^FD{label.barcode}^FS"
    return "\n".join(("^XA", "^CI28", f"^PW{WIDTH}", f"^LL{HEIGHT}", *fields, code, "^XZ"))


def _escaped(text: str) -> str:
    """The signs that command the printer, and the sign that escapes, by their numbers."""
    return "".join(f"_{ord(sign):02X}" if sign in "^~_" else sign for sign in text)
