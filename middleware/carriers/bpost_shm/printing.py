"""Texts as a label printer takes them: what is not of Western Europe's letters is transliterated, never left out.

bpost publishes no list of what its printers refuse. ISO 8859-1 is what every one of them has: a text in it stays as it
is, of another one only the characters that are not in it change.
"""

from __future__ import annotations

import unicodedata
from dataclasses import fields, replace

from anyascii import anyascii

from schemas.order import Address, CustomsItem, Order

_ADDRESS = ("street", "number", "box", "line2", "locality")


def printable(text: str) -> str:
    """The text on one line, composed (NFC), with nothing in it that ISO 8859-1 does not have."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(map(_character, line)).strip()


def _character(character: str) -> str:
    return character if character.isprintable() and ord(character) < 256 else anyascii(character)


def printed(order: Order) -> Order:
    """The order with every text that a label may show as printers take it."""
    recipient = order.recipient
    address = Address(
        **{
            entry.name: _text(getattr(recipient.address, entry.name), change=entry.name in _ADDRESS)
            for entry in fields(Address)
        }
    )
    whom = replace(recipient, name=_text(recipient.name), company=_text(recipient.company), address=address)
    return replace(order, recipient=whom, customs=tuple(map(_item, order.customs)))


def _item(item: CustomsItem) -> CustomsItem:
    return replace(item, description=_text(item.description))


def _text(text: str | None, *, change: bool = True) -> str | None:
    return printable(text) or None if text is not None and change else text
