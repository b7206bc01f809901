"""What the process does that joins pages; it is given documents on standard input and tells the one on standard output.

It runs as a script with nothing but this file and pypdf, so it imports nothing of ours. A document that cannot be read,
is encrypted or has too many pages ends it with another status than 0 and nothing on standard output.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject

CPU_SECONDS: Final = 20
MEMORY_BYTES: Final = 512 * 1024 * 1024
"""Address space: the interpreter, all documents, and what they unpack to."""

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of the document that is made."""

MOST_PAGES: Final = 8
"""Of one label: itself, and what a customs office wants beside it."""

LONGEST_DRAWING: Final = 16 * 1024 * 1024
"""Bytes of what draws one page, once unpacked."""

KEPT: Final = frozenset(
    (
        *("/Type", "/Resources", "/Contents", "/Group", "/UserUnit", "/Rotate"),
        *("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox"),
    )
)
"""What a page shows, and how large. What it does when it is opened or clicked at, notes and attachments stay behind,
as all does that belongs to a document and to no page.
"""

RESOURCES: Final = frozenset(
    ("/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/ProcSet"),
)
"""What a drawing calls by names of its own choice. Property lists draw nothing."""

NAMED: Final = ("/CharProcs", "/Colorants")
"""What else has members of such names: a font's glyphs and a colour space's inks."""

DRAWN: Final = frozenset(
    (
        *("/Type", "/Subtype", "/Resources", "/Length", "/Filter", "/DecodeParms", "/BBox", "/Matrix", "/Group"),  # all
        *("/S", "/G", "/CS", "/I", "/K", "/BC", "/TR", "/FormType"),  # forms, groups and soft masks
        *("/Width", "/Height", "/ColorSpace", "/BitsPerComponent"),  # images
        *("/Intent", "/ImageMask", "/Mask", "/Decode"),
        *("/Interpolate", "/SMask", "/SMaskInData", "/Matte"),
        *("/Predictor", "/Colors", "/Columns", "/EarlyChange", "/EndOfLine", "/EncodedByteAlign", "/Rows"),  # filters
        *("/EndOfBlock", "/BlackIs1", "/DamagedRowsBeforeError", "/ColorTransform", "/JBIG2Globals"),
        *("/Name", "/BaseFont", "/FirstChar", "/LastChar", "/Widths", "/FontDescriptor", "/Encoding"),  # fonts
        *("/ToUnicode", "/FontBBox", "/FontMatrix", "/CharProcs", "/DescendantFonts", "/CIDSystemInfo", "/DW", "/W"),
        *("/DW2", "/W2", "/CIDToGIDMap", "/Registry", "/Ordering", "/Supplement", "/Differences", "/BaseEncoding"),
        *("/CMapName", "/WMode", "/UseCMap", "/FontName", "/FontFamily", "/FontStretch", "/FontWeight", "/Flags"),
        *("/ItalicAngle", "/Ascent", "/Descent", "/Leading", "/CapHeight", "/XHeight", "/StemV", "/StemH"),
        *("/AvgWidth", "/MaxWidth", "/MissingWidth", "/FontFile", "/FontFile2", "/FontFile3", "/CharSet", "/CIDSet"),
        *("/Length1", "/Length2", "/Length3"),
        *("/LW", "/LC", "/LJ", "/ML", "/D", "/RI", "/OP", "/op", "/OPM", "/Font", "/FL", "/SM", "/SA", "/BM"),  # states
        *("/CA", "/ca", "/AIS", "/TK", "/BG", "/BG2", "/UCR", "/UCR2", "/TR2"),
        *("/N", "/Alternate", "/Range", "/WhitePoint"),  # colours
        *("/BlackPoint", "/Gamma", "/Colorants", "/Process", "/Components"),
        *("/PatternType", "/PaintType", "/TilingType", "/XStep", "/YStep", "/Shading", "/ExtGState"),  # patterns
        *("/ShadingType", "/Background", "/AntiAlias", "/Domain", "/Function", "/Extend", "/Coords"),  # shadings
        *("/VerticesPerRow", "/BitsPerCoordinate", "/BitsPerFlag"),
        *("/FunctionType", "/Size", "/BitsPerSample", "/Order", "/Encode", "/C0", "/C1", "/Functions", "/Bounds"),
    )
)
"""Members of what is drawn (ISO 32000-2, 7 to 9 and 11). Files, metadata, private data, references to other documents
and what nobody knows are none.
"""


class UnfitError(ValueError):
    """A document that is not one of so many labels."""


def joined(documents: Sequence[tuple[bytes, Sequence[int]]]) -> bytes:
    """One document of all pages, by the places of their labels: of each document there are told its bytes and the place
    of each label in it, in its own order.

    A document with a page for each label is taken apart; all others stay whole, where their first label stands.
    Raises: UnfitError, and whatever pypdf raises for what it cannot read.
    """
    writer = PdfWriter()
    writer.metadata = None
    pages = [page for content, places in documents for page in _placed(content, places)]
    for _, page in sorted(pages, key=lambda placed: placed[0]):
        writer.add_page(_bare(page))
    out = io.BytesIO()
    writer.write(out)
    if out.tell() > LARGEST:
        raise UnfitError
    return out.getvalue()


def _placed(content: bytes, places: Sequence[int]) -> Iterator[tuple[int, PageObject]]:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted or not 0 < len(reader.pages) <= MOST_PAGES * len(places):
        raise UnfitError
    apart = len(reader.pages) == len(places)
    for number, page in enumerate(reader.pages):
        drawing = page.get_contents()
        if drawing is not None and len(drawing.get_data()) > LONGEST_DRAWING:
            raise UnfitError
        yield places[number] if apart else places[0], page


def _bare(page: PageObject) -> PageObject:
    """The page with what is drawn alone, as deep as it goes; changed before it is copied, as what is cut off later is
    written all the same. What a drawing may call by name stays, whether it calls it or not.
    """
    waiting: list[tuple[PdfObject | None, frozenset[str] | None]] = [(page, KEPT)]
    met: dict[tuple[int, frozenset[str] | None], PdfObject] = {}  # holds them, so that no id comes again
    while waiting:
        reached, kept = waiting.pop()
        thing = None if reached is None else reached.get_object()
        if thing is None or (id(thing), kept) in met:
            continue
        met[id(thing), kept] = thing
        if isinstance(thing, ArrayObject):
            waiting += [(one, DRAWN) for one in thing]
        elif isinstance(thing, DictionaryObject):
            for name in set(thing) - (thing.keys() if kept is None else kept):
                del thing[name]
            waiting += [(thing.raw_get(name), _below(name, kept)) for name in thing]
    return page


def _below(name: str, kept: frozenset[str] | None) -> frozenset[str] | None:
    """What is kept of a member of that name; None for one whose own members are named by the drawing."""
    if kept is RESOURCES or (kept is not None and name in NAMED):
        return None
    return RESOURCES if kept is not None and name == "/Resources" else DRAWN


def read(told: BinaryIO) -> list[tuple[bytes, list[int]]]:
    """The documents: a line with how many there are, for each a line with its length and its places, then all bytes."""
    lines = [told.readline().split() for _ in range(int(told.readline()))]
    return [(told.read(int(length)), [int(place) for place in places]) for length, *places in lines]


def bound() -> None:
    """From here on this process has so much time and memory, and can write no file."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        hardest = resource.getrlimit(what)[1]
        most = most if hardest == resource.RLIM_INFINITY else min(most, hardest)
        resource.setrlimit(what, (most, most))


if __name__ == "__main__":
    bound()
    made = joined(read(sys.stdin.buffer))
    sys.stdout.buffer.write(made)
