"""Whether the goods of a parcel are declared, and what they weigh together.

Nothing is declared within the EU's customs union and its VAT area. Some places of Member States lie outside one of the
two, and there only the postal code tells: Council Directive 2006/112/EC, art. 6, and Regulation (EU) No 952/2013,
art. 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from middleware.errors import Fault
from schemas.order import Address, CustomsItem, Order

EU_CUSTOMS_UNION: Final = frozenset(
    (
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MC",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    )
)
"""Members of the customs union of the EU (ISO 3166-1)."""

_OUTSIDE: Final[Mapping[str, tuple[str, ...]]] = {
    "DE": ("27498", "78266"),  # Heligoland, Büsingen
    "DK": ("39",),  # Greenland, of which some write the codes with Denmark's name
    "ES": ("35", "38", "51", "52"),  # the Canary Islands, Ceuta, Melilla
    "FI": ("22",),  # Åland
    "FR": ("97", "984", "986", "987", "988"),  # overseas; 980 is Monaco, which lies within
    "GR": ("63086", "63087"),  # Mount Athos
    "IT": ("00120", "22061", "23041", "4789"),  # the Vatican, Campione d'Italia, Livigno, San Marino
}
"""By country, how the postal codes of such places begin."""

_NO_DIGIT: Final = re.compile("[^0-9]")

LIGHTER: Final = "lighter-than-contents"
"""The code of a parcel that weighs less than what is declared to be in it."""


def declared(country: str | None, postal_code: str | None) -> bool:
    """Whether a parcel to that country (ISO 3166-1) and postal code, however it is written, needs a declaration."""
    digits = _NO_DIGIT.sub("", postal_code or "")
    return country not in EU_CUSTOMS_UNION or digits.startswith(_OUTSIDE.get(country, ()))


def completed(told: CustomsItem, shop: CustomsItem) -> CustomsItem:
    """A line with what the shop's settings say where it tells nothing itself; a weight of 0 g tells nothing where they
    do. Whoever reads an order takes no title where they have a description.
    """
    return replace(
        told,
        description=told.description or shop.description,
        weight_grams=told.weight_grams or shop.weight_grams or told.weight_grams,
        hs_code=told.hs_code or shop.hs_code,
        origin=told.origin or shop.origin,
    )


def net_grams(items: Iterable[CustomsItem]) -> int:
    """What is declared to weigh so much together."""
    return sum((item.weight_grams or 0) * (item.quantity or 0) for item in items)


def weighed(grams: int, items: Iterable[CustomsItem], address: Address, point: str | None) -> int:
    """The weight of a parcel that nobody weighed: what is said of such a one, or what is declared in it, if that is
    more. Nothing is declared where it goes to a pick-up ``point``.
    """
    abroad = point is None and declared(address.country, address.postal_code)
    return max(grams, net_grams(items)) if abroad else grams


def faults(order: Order) -> Iterator[Fault]:
    """What no carrier could hand to customs: a parcel that was weighed, and is lighter than its contents."""
    grams = order.parcel.weight_grams
    if grams is not None and grams < net_grams(order.customs):
        yield Fault(pointer="/parcel/weight_grams", code=LIGHTER)
