"""Why a shipment goes nowhere by itself, as its shop is told: in words of closed lists, in which no value can stand.

A code is one of ``WORDS``; or ``http-`` and the status that the parcel platform answered, where it told so with the
kind of its refusal and the element that it found wrong, ``http-400:max-length:postal-code``. Whatever else a row
holds, whoever wrote it, is ``other``.
"""

from __future__ import annotations

import re
from typing import Final

OTHER: Final = "other"

WORDS: Final = (
    *("timeout", "connection", "tls", "truncated", "too-large", "content-encoding", "unreadable-answer"),
    *("egress-blocked", "unknown-carrier", "no-account", "account-changed", "points-unknown", "unknown-pickup-point"),
    "not-collected",
    *("several-boxes", "cancelled-there", "on-hold-there", "too-late", "replaced", "predecessor-missing"),
    *("expired", "uninstalled", "key-gone", "key-missing", "key-unreadable", "other-sealing", "tampered"),
    *("unreadable-row", "no-such-verb", "lease-lost", "no-outcome", OTHER),
)
"""What is no status of the parcel platform's."""

KINDS: Final = (
    *("max-length", "min-length", "length", "pattern", "enumeration", "max", "min", "type", "structure"),
    *("invalid-selection", "unknown-items", "business-exception", "system-exception"),
)
"""What a parcel platform that says so found wrong."""

ELEMENTS: Final = (
    *("account-id", "reference", "sender", "receiver", "product", "options", "weight", "height", "length", "width"),
    *("national-box", "international-box", "at-home", "at-bpost", "at24-7", "unregistered", "member-id"),
    *("name", "company", "address", "email-address", "phone-number", "mobile-phone", "language"),
    *("street-name", "address-line-two", "number", "box", "postal-code", "locality", "country-code"),
    *("pugo-id", "pugo-name", "pugo-address", "parcels-depot-id", "parcels-depot-name", "parcels-depot-address"),
    *("receiver-name", "receiver-company", "parcel-weight", "customs-info", "parcel-value", "content-description"),
    *("currency", "parcel-contents", "item-description", "hs-tariff-code", "origin-of-goods", "point", "amount"),
)
"""Where: the elements of an order at bpost."""

EXHAUSTED: Final = "attempts-exhausted:"
"""Stands before what the last of all attempts said."""

FORM: Final = (
    f"(?:{EXHAUSTED})?(?:{'|'.join(WORDS)}"
    f"|http-[1-5][0-9][0-9](?::(?:{'|'.join(KINDS)})(?::(?:{'|'.join(ELEMENTS)}))?)?)"
)
"""All that can be told."""

_FORM: Final = re.compile(FORM)


def told(code: object) -> str:
    """The code as a shop is told it."""
    return code if isinstance(code, str) and _FORM.fullmatch(code) else OTHER
