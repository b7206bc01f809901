"""What a carrier wrote in letters that label printers have: told by path, as a doubt about what is kept."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from typing import Final

from middleware.model import ParsedMatter
from schemas.order import Order

TRANSLITERATED: Final = "transliterated"

_ADDRESS: Final = ("street", "number", "box", "line2", "locality")


def rewritten(before: Order, after: Order, parsed: ParsedMatter) -> Mapping[str, str]:
    """Source path → the doubt, for every text that a label shows otherwise than it was typed. Space between words, and
    how a letter with its accent is put together, are no other letters.
    """
    changed = set(_changed(before, after))
    filled = {path: (target, *parsed.shared.get(path, ())) for path, target in parsed.taken.items()}
    return {path: TRANSLITERATED for path, targets in filled.items() if changed.intersection(targets)}


def _changed(before: Order, after: Order) -> Iterator[str]:
    """The canonical paths whose texts are other letters now; what the carrier took away is not among them."""
    later = dict(_texts(after))
    for path, text in _texts(before):
        if later.get(path) and _letters(text) != _letters(later[path]):
            yield path.partition(" ")[0]


def _texts(order: Order) -> Iterator[tuple[str, str]]:
    """(canonical path, text); that of a line of the declaration with its place behind a space."""
    whom = order.recipient
    yield "recipient.name", whom.name or ""
    yield "recipient.company", whom.company or ""
    for name in _ADDRESS:
        yield f"recipient.address.{name}", getattr(whom.address, name) or ""
    for place, item in enumerate(order.customs):
        yield f"customs.description {place}", item.description or ""


def _letters(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).split())
