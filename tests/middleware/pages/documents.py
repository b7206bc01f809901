"""Documents of made-up labels, and what a parcel platform might send instead."""

from __future__ import annotations

import io
import zlib

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    EncodedStreamObject,
    NameObject,
    NumberObject,
    PdfObject,
    TextStringObject,
)
from reportlab.pdfgen.canvas import Canvas

SCRIPT, ATTACHED, AUTHOR = "alert4711", b"made-up attachment 4711", "Somebody 4711"
"""What must not be in any document that we make."""


def document(*pages: str) -> bytes:
    """A document with a page for each text, packed as little as can be: what stands in it can be looked for."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(298, 420), pageCompression=0)
    for text in pages:
        canvas.drawString(20, 380, text)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def texts(content: bytes) -> list[str]:
    """What stands on each page."""
    return [page.extract_text().strip() for page in PdfReader(io.BytesIO(content)).pages]


def active(text: str) -> bytes:
    """A page that would do something when it is opened and clicked at, in a document that would do something, too, with
    an attachment and an author.
    """
    writer = PdfWriter(clone_from=io.BytesIO(document(text)))
    writer.add_attachment("made-up.txt", ATTACHED)
    writer.add_metadata({"/Author": AUTHOR})
    script = _of(S=NameObject("/JavaScript"), JS=TextStringObject(SCRIPT))
    page = writer.pages[0]
    page[NameObject("/AA")] = _of(O=script)
    page[NameObject("/Annots")] = ArrayObject([_of(Subtype=NameObject("/Link"), A=script)])
    page[NameObject("/Metadata")] = TextStringObject(AUTHOR)
    writer.root_object[NameObject("/OpenAction")] = script
    writer.root_object[NameObject("/AcroForm")] = _of(CO=ArrayObject([script]))
    return _written(writer)


def laden(text: str) -> bytes:
    """A page whose drawing uses a form in a form, both with all that may hang on one and is not drawn."""
    writer = PdfWriter(clone_from=io.BytesIO(document(text)))
    page = writer.pages[0]
    inner, outer = _laden(writer, b"0 0 1 1 re f"), _laden(writer, b"/In Do")
    drawn = writer._add_object(outer)
    outer[NameObject("/Resources")] = _of(XObject=_of(In=writer._add_object(inner)), AF=_file(writer))
    inner[NameObject("/Resources")] = _of(XObject=_of(Out=drawn))  # in a circle
    resources = page["/Resources"].get_object()
    resources[NameObject("/XObject")] = _of(Out=drawn)  # type: ignore[index]  # pypdf tells no more than an object
    resources[NameObject("/Properties")] = _of(P=_of(Title=TextStringObject(AUTHOR)))  # type: ignore[index]  # as above
    return _written(writer)


def _laden(writer: PdfWriter, drawing: bytes) -> DecodedStreamObject:
    form = DecodedStreamObject()
    form.set_data(drawing)
    told = DecodedStreamObject()
    told.set_data(AUTHOR.encode())
    form.update(_of(Type=NameObject("/XObject"), Subtype=NameObject("/Form"), Metadata=writer._add_object(told)))
    form.update(_of(BBox=ArrayObject([NumberObject(one) for one in (0, 0, 1, 1)]), AF=ArrayObject([_file(writer)])))
    form.update(_of(PieceInfo=_of(Made=_of(Private=TextStringObject(AUTHOR))), OPI=_of(F=TextStringObject(SCRIPT))))
    form.update(_of(Ref=_of(F=TextStringObject(SCRIPT)), Unheard=TextStringObject(AUTHOR)))
    return form


def _file(writer: PdfWriter) -> PdfObject:
    content = DecodedStreamObject()
    content.set_data(ATTACHED)
    return writer._add_object(_of(Type=NameObject("/Filespec"), EF=_of(F=writer._add_object(content))))


def encrypted(text: str) -> bytes:
    """Whoever opens it sees it; it may not be changed."""
    writer = PdfWriter(clone_from=io.BytesIO(document(text)))
    writer.encrypt("", "made up", algorithm="RC4-128")
    return _written(writer)


def empty_pages(number: int) -> bytes:
    """A page with nothing on it, so many times."""
    writer = PdfWriter()
    writer.add_blank_page(298, 420)
    pages = writer.root_object["/Pages"]
    pages[NameObject("/Kids")] = ArrayObject(list(pages["/Kids"]) * number)  # type: ignore[index]  # pypdf tells no more than an object
    return _written(writer)


def circle() -> bytes:
    """A document whose pages are pages of themselves."""
    writer = PdfWriter()
    writer.add_blank_page(298, 420)
    pages = writer.root_object["/Pages"]
    pages["/Kids"].append(pages.indirect_reference)  # type: ignore[index]  # pypdf tells no more than an object
    return _written(writer)


def bomb(mebibytes: int) -> bytes:
    """A page of which a thousandth is sent."""
    writer = PdfWriter()
    page = writer.add_blank_page(298, 420)
    stream = EncodedStreamObject()
    stream._data = zlib.compress(b" " * (mebibytes * 1024 * 1024), 9)
    stream[NameObject("/Filter")] = NameObject("/FlateDecode")
    page[NameObject("/Contents")] = writer._add_object(stream)
    return _written(writer)


def _of(**members: PdfObject) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in members.items()})


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
