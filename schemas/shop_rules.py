"""The grammar of a shop's settings: words, forms, limits and spelling, once for configuration file and admin API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Final

NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
"""The name of a shop, a carrier or an app: it stands in addresses, file names and logs."""

DOMAIN: Final = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
SITE: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?(?:/[a-z0-9._~-]{1,100}){0,8}")
"""The address of a site without what stands before it: a host, perhaps with a port, perhaps with a path."""

NUMBER: Final = re.compile(r"[0-9]{1,20}")
COUNTRY: Final = re.compile(r"[A-Z]{2}")
PRODUCT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
ACCOUNT: Final = re.compile(r"[0-9]{6}")
"""Of a shop at its carrier."""

IBAN: Final = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
"""ISO 13616, without spaces; whether its check digits are right ``is_iban`` tells."""

BIC: Final = re.compile(r"[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
"""ISO 9362."""

WAY: Final = re.compile(r"[a-z][a-z-]{0,31}")
CHOICE: Final = re.compile(r"[a-z0-9][a-z0-9+-]{0,127}")
"""A product with its options, and the way for which it is chosen."""

CHOICES: Final = re.compile(f"{CHOICE.pattern}(?: {CHOICE.pattern}){{0,5}}")
"""What a shipping line is: products with their options, one space between them, of which the first that can go does."""

LONGEST_SHIPPING_LINE: Final = 255
"""Characters of what a shop calls a shipping line."""

POLICY: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
LENGTH_OF_TIME: Final = re.compile(r"[0-9]{1,6}[smhd]")

OF_POINTS_KEYS: Final = "points_"
POINTS_KEY: Final = re.compile(rf"{OF_POINTS_KEYS}[A-Za-z0-9_-]{{16,249}}")
"""The key with which browsers ask for a shop's pick-up points: by its beginning nobody takes it for a secret, and no
token can be pasted into a page in its place.
"""

PLATFORMS: Final = ("shopify", "woocommerce", "direct")
MODES: Final = ("live", "test")
ACCOUNT_TYPES: Final = ("guest", "residential", "professional", "maxiresponse", "mystamp", "mystamp_pro")
NOTIFY: Final = ("none", "email", "sms")
SHIP_WHEN: Final = ("paid", "created", "fulfillable")
CREATES: Final = ("webhook", "call")
"""What makes a shop's shipments: its platform's webhooks, or calls of its own systems."""

ON_INVALID: Final = ("record", "refuse")
REFERENCES: Final = ("code", "order-name")

LIGHTEST_GRAMS: Final = 1
HEAVIEST_GRAMS: Final = 30_000
LONGEST_HOLD: Final = timedelta(days=1)
LONGEST_REFERENCE: Final = 200
"""Characters of where the request to integrate is filed."""

LONGEST_URL: Final = 500
"""Characters of the address of a callback."""

LONGEST_ATTRIBUTE: Final = 100
"""Characters of the name of a note attribute."""

LONGEST_DESCRIPTION: Final = 30
"""Characters of what a shop calls all that it sells: no more than bpost takes of a line."""

TARIFF: Final = re.compile(r"(?=[0. ]*[1-9])[0-9](?:[. ]?[0-9]){3,8}")
"""A code of the Harmonised System or finer, of four to nine digits."""

SHORTEST_SECRET: Final = 16
LONGEST_SECRET: Final = 256
"""Characters of a webhook secret, or of the token, of a shop in the database."""

SENDER: Final[Mapping[str, int]] = {
    "name": 100,
    "company": 100,
    "street": 200,
    "number": 20,
    "box": 20,
    "line2": 200,
    "locality": 100,
    "postal_code": 20,
    "country": 2,
    "email": 254,
    "phone": 32,
}
"""Characters of what is told of who sends."""

_BEFORE_SITE: Final = re.compile(r"https?://", re.IGNORECASE)
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "direct": re.compile("direct:.+"),
    "shopify": DOMAIN,
    "woocommerce": SITE,
}
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def domain(text: str, platform: str) -> str | None:
    """The domain of a shop as it is kept, in small letters; None for what is none of that platform's.

    Letters of ASCII alone: of others some become one when they are made small (U+212A, the Kelvin sign).
    """
    small = text.lower()
    return small if text.isascii() and platform_of(small) == platform else None


def site_of(url: str) -> str | None:
    """The site that an address (``https://shop.example/``) is of, as ``domain`` has it; None for what is none."""
    return domain(_BEFORE_SITE.sub("", url, count=1).removesuffix("/"), "woocommerce")


def platform_of(domain: str) -> str:
    """Whose domain it is: the first platform's that has domains of that form. ``""`` for what is none."""
    return next((name for name, form in _FORMS.items() if form.fullmatch(domain)), "")


def of_direct(name: str) -> str:
    """What stands in the place of a domain for a shop that has none: its name, as no domain is written."""
    return f"direct:{name}"


def length_of_time(text: str) -> timedelta | None:
    """What ``30s``, ``2m``, ``1h`` or ``0d`` says; None for what is no such length."""
    if not LENGTH_OF_TIME.fullmatch(text):
        return None
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def is_iban(text: str) -> bool:
    """Whether a text is an IBAN, by its form and its check digits (ISO 7064, MOD 97-10)."""
    if not IBAN.fullmatch(text):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def is_line(text: str, longest: int) -> bool:
    """Whether a text is one line of so many characters at most, each of which can be seen."""
    return len(text) <= longest and text.isprintable()
