"""Two headers of a plug-in's call: ``Idempotency-Key`` and ``Prefer``."""

from __future__ import annotations

import re
from typing import Final

DEFAULT_WAIT: Final = 5
LONGEST_WAIT: Final = 20
"""Seconds that a call waits for the parcel platform, if nothing else is asked for, and at most."""

LONGEST_PREFERENCES: Final = 500
"""Characters of ``Prefer`` that are read: what it takes to take it apart grows with the square of them."""

_CHARACTERS = r"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x22\x5c]){1,255}"
_QUOTED = re.compile(f'"({_CHARACTERS})"')
_BARE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~:/+=-]{0,254}")
_WAIT = re.compile(r'wait\s*=\s*(?:([0-9]{1,9})|"([0-9]{1,9})")', re.IGNORECASE)
_PREFERENCE = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+")++')


def key_of(header: str | None) -> str | None:
    """The key in ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header §2.1: an RFC 9651 string); one without
    quotation marks is taken as well. None for what is neither.
    """
    text = (header or "").strip(" \t")
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return quoted.group(1)
    return text if _BARE.fullmatch(text) else None


def wait_of(header: str | None) -> int:
    """The seconds that ``Prefer: wait=N`` (RFC 7240 §4.3) asks for, capped; what cannot be read, or is too long, asks
    for nothing.
    """
    if header is None or len(header) > LONGEST_PREFERENCES:
        return DEFAULT_WAIT
    for preference in _PREFERENCE.findall(header):
        match = _WAIT.fullmatch(preference.partition(";")[0].strip(" \t"))
        if match:
            return min(int(match.group(1) or match.group(2)), LONGEST_WAIT)
    return DEFAULT_WAIT
