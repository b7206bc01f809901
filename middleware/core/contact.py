"""Contact data: checked, normalised and reported; never enriched, never sent anywhere to be checked (Art. 5(1)(d)
GDPR).
"""

from __future__ import annotations

import re

import phonenumbers

_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,189}\.[^\s@.\x00-\x1f\x7f]{1,63}")
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z0-9]{2,8})*")


def email(value: str | None) -> str | None:
    """The address without surrounding space, or None where no mail could be sent to it. The local part is kept as
    typed.
    """
    trimmed = (value or "").strip()
    return trimmed if _EMAIL.fullmatch(trimmed) else None


def phone(value: str | None, country: str | None) -> str | None:
    """The number as E.164, read with the numbering plan of ``country`` (ISO 3166-1); None where no text message could
    reach it.
    """
    try:
        number = phonenumbers.parse(value or "", country)
    except phonenumbers.NumberParseException:
        return None
    reachable = phonenumbers.is_valid_number(number) and phonenumbers.number_type(number) in _MOBILE
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if reachable else None


def language(value: str | None) -> str | None:
    """The ISO 639-1 code of a locale such as ``nl-BE``."""
    match = _LANGUAGE.fullmatch(value or "")
    return match.group(1).lower() if match else None
