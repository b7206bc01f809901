"""A parcel label as PDF (A6), drawn on demand and never written to disk. Its metadata say nothing of anybody.

Every label of this platform is a specimen and says so across its whole width: nobody carries a parcel for it.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from anyascii import anyascii
from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.pagesizes import A6
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from simulator.pickup import PickupPoint

MARGIN = 8 * mm
FONT = "Helvetica"
SIZE = 13.0
SMALLEST = 6.0
"""Font sizes in points: lines shrink to fit down to the smallest, then they are cut."""

SPECIMEN = "SPECIMEN"
SPECIMEN_SIZE = 44.0
SPECIMEN_BASE = 59 * mm


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Label:
    """What is printed: the addressee's lines from top to bottom, our reference, the barcode."""

    lines: tuple[str, ...]
    reference: str
    barcode: str


def address(
    delivery: Mapping[str, object], *, country: str, postal_code: str | None, pickup: PickupPoint | None
) -> tuple[str, ...]:
    """The addressee's lines: the person, then the pick-up point if there is one, else the street address."""
    person = (_text(delivery, "name"), _text(delivery, "company"))
    if pickup is not None:
        place = (
            f"{pickup.id} {pickup.name}",
            f"{pickup.street} {pickup.number}",
            f"{pickup.postal_code} {pickup.locality}",
            pickup.country,
        )
        return tuple(line for line in person + place if line)
    street = " ".join(filter(None, (_text(delivery, "street"), _text(delivery, "number"))))
    box = _text(delivery, "box")
    locality = " ".join(filter(None, (postal_code, _text(delivery, "locality"))))
    lines = (*person, f"{street} / {box}" if box else street, _text(delivery, "line2"), locality, country)
    return tuple(line for line in lines if line)


def render(label: Label) -> bytes:
    """The label as a PDF document of one page."""
    return render_pages((label,), A6)


def render_pages(labels: Sequence[Label], sheet: tuple[float, float]) -> bytes:
    """A PDF document with a page for each label, in the upper left corner of a sheet (width, height, in points)."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=sheet, invariant=1)
    canvas.setTitle("Label")
    canvas.setAuthor("")
    for label in labels:
        canvas.translate(0, sheet[1] - A6[1])
        _page(canvas, label)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _page(canvas: Canvas, label: Label) -> None:
    width, height = A6
    top = height - MARGIN - SIZE
    for line in label.lines:
        _draw(canvas, line, top, SIZE, width - 2 * MARGIN)
        top -= SIZE * 1.35
    _draw(canvas, SPECIMEN, SPECIMEN_BASE, SPECIMEN_SIZE, width - 2 * MARGIN)
    _draw(canvas, label.reference, 52 * mm, 10.0, width - 2 * MARGIN)
    code = Code128(label.barcode, barHeight=28 * mm, barWidth=0.48 * mm, quiet=False)
    code.drawOn(canvas, (width - code.width) / 2, 18 * mm)
    _draw(canvas, label.barcode, 11 * mm, 10.0, width - 2 * MARGIN)


def printable(text: str) -> str:
    """``text`` as the core font prints it: what Windows-1252 lacks is transliterated, what does not print left out."""
    composed = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(_character(character) for character in composed)


def _character(character: str) -> str:
    if not character.isprintable():
        return ""
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return anyascii(character)
    return character


def _draw(canvas: Canvas, text: str, top: float, size: float, room: float) -> None:
    line = printable(text)
    while size > SMALLEST and stringWidth(line, FONT, size) > room:
        size -= 0.5
    while stringWidth(line, FONT, size) > room:
        line = line[:-1]
    canvas.setFont(FONT, size)
    canvas.drawString(MARGIN, top, line)


def _text(delivery: Mapping[str, object], name: str) -> str:
    value = delivery.get(name)
    return value if isinstance(value, str) else ""
