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
    for name in set(page) - KEPT:
        del page[name]
    return page


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
