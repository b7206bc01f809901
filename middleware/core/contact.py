"""Contact data: checked, normalised and reported; never enriched, never sent anywhere to be checked (Art. 5(1)(d)
GDPR).
"""

from __future__ import annotations

import re

import phonenumbers

_EMAIL = re.compile(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,189}\.[^\s@.\x00-\x1f\x7f]{1,63}")
_MOBILE = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
_BETWEEN = re.compile(r"[\s.-]")
_VAT = re.compile(r"[A-Z]{2}(?=[A-Z]*[0-9])[0-9A-Z]{2,12}")
_BELGIAN = re.compile(r"[01][0-9]{9}")
_FEWEST_DIGITS = 7
"""Of a phone number that somebody could call."""

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


def telephone(value: str | None, country: str | None) -> str | None:
    """The number as E.164, mobile or not; None for what is no number of the plan of ``country``, nor of another."""
    try:
        number = phonenumbers.parse(value or "", country)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


def vat(value: str) -> str | None:
    """The VAT or company number in capitals, without spaces, points and hyphens; None for what is none.

    Of Belgium its ten digits are checked: the last two are 97 less the remainder of the others by 97 (FPS Economy,
    Crossroads Bank for Enterprises). Without a country it is a Belgian one.
    """
    bare = _BETWEEN.sub("", value).upper()
    number = f"BE{bare}" if bare.isascii() and bare.isdigit() else bare
    if not _VAT.fullmatch(number):
        return None
    if not number.startswith("BE"):
        return number
    digits = number[2:]
    fits = _BELGIAN.fullmatch(digits) is not None and int(digits[8:]) == 97 - int(digits[:8]) % 97
    return number if fits else None


def stands_in(text: str, country: str | None) -> bool:
    """Whether an e-mail address, or a phone number of ``country`` or with its international prefix, stands somewhere in
    a text.
    """
    if "@" in text and any(email(word.strip("<>()[],;:")) for word in text.split()):
        return True
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS:
        return False
    return any(True for _ in phonenumbers.PhoneNumberMatcher(text, country))


def language(value: str | None) -> str | None:
    """The ISO 639-1 code of a locale such as ``nl-BE``."""
    match = _LANGUAGE.fullmatch(value or "")
    return match.group(1).lower() if match else None
