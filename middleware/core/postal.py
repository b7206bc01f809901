"""Postal codes, looked at country by country: one that cannot be one is refused, and none is ever corrected.

Forms after the Universal Postal Union's addressing guides. A code travels in the clear, so what passes has to look like
one: no name, number or address hides in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_FORMS: Mapping[str, re.Pattern[str]] = {
    **dict.fromkeys(("DK", "NO"), re.compile(r"[0-9]{4}")),
    **dict.fromkeys(("AT", "BE", "BG", "CH", "CY", "HU", "LU", "LV", "SI"), re.compile(r"[1-9][0-9]{3}")),
    **dict.fromkeys(("DE", "EE", "ES", "FI", "FR", "HR", "IT", "LT"), re.compile(r"[0-9]{5}")),
    **dict.fromkeys(("CZ", "GR", "SE", "SK"), re.compile(r"[0-9]{3} ?[0-9]{2}")),
    "GB": re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}"),
    "IE": re.compile(r"[A-Z][0-9][0-9W] ?[0-9A-Z]{4}"),
    "MC": re.compile(r"980[0-9]{2}"),
    "MT": re.compile(r"[A-Z]{3} ?[0-9]{4}"),
    "NL": re.compile(r"[1-9][0-9]{3} ?[A-Z]{2}"),
    "PL": re.compile(r"[0-9]{2}-[0-9]{3}"),
    "PT": re.compile(r"[0-9]{4}-[0-9]{3}"),
    "RO": re.compile(r"[0-9]{6}"),
    "US": re.compile(r"[0-9]{5}(?:-[0-9]{4})?"),
}
"""By country (ISO 3166-1)."""

_OTHER = re.compile(r"(?=.*[0-9])[A-Za-z0-9](?:[A-Za-z0-9 -]{0,8}[A-Za-z0-9])?")
"""Of countries that are not listed: ten letters and digits at most, one digit at least."""

_MAY_LACK = frozenset(("IE", "MC"))
"""Of the listed countries, where an address may do without. Monaco has the French codes of its own."""

_WITHOUT_SPACES = frozenset(country for country, form in _FORMS.items() if " " not in form.pattern)
_PREFIX = re.compile(r"\A[A-Z]{1,2}-(?=[0-9])")


def bare(code: str, country: str | None) -> str | None:
    """The code without what is no part of it: space around it and too much space within, and the country that some
    write before it (``B-9000``). None for a blank one.
    """
    trimmed = _PREFIX.sub("", " ".join(code.split()).upper())
    return (trimmed.replace(" ", "") if country in _WITHOUT_SPACES else trimmed) or None


def fault(code: str | None, country: str | None) -> str | None:
    """What is wrong with a bare code: ``required`` or ``pattern``; None if nothing is."""
    if not code:
        return "required" if country in _FORMS and country not in _MAY_LACK else None
    return None if _FORMS.get(country or "", _OTHER).fullmatch(code) else "pattern"
