"""Which of bpost's products goes where, and how a shop's settings write it: ``bpack-24h-pro+signed+insured-2``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from middleware.carriers.bpost_shm.values import Options, Product, Service
from middleware.core.minimise import EU_CUSTOMS_UNION

BY_DESTINATION: Final = "parcel"
"""What a shop's settings say where they name no product: the destination decides."""


class Way(StrEnum):
    """How a parcel reaches who receives it: the keys of a shop's ``products``."""

    HOME = "home"  # in Belgium
    POINT = "point"  # a post office or shop in Belgium
    LOCKER = "locker"  # a parcel locker in Belgium
    EUROPE = "europe"  # at home in the customs union
    WORLD = "world"  # at home outside of it
    POINT_ABROAD = "point-abroad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A product with what is chosen beside it."""

    product: Product
    services: tuple[Service, ...] = ()
    insured: int | None = None

    def options(self) -> Options:
        """The same as options of a parcel."""
        return Options(services=self.services, insured=self.insured)


WAYS: Final[Mapping[Way, tuple[Product, ...]]] = {
    Way.HOME: (Product.HOME, Product.BUSINESS),
    Way.POINT: (Product.AT_BPOST,),
    Way.LOCKER: (Product.LOCKER,),
    Way.EUROPE: (Product.EUROPE, Product.WORLD_BUSINESS, Product.WORLD_EXPRESS),
    Way.WORLD: (Product.WORLD_BUSINESS, Product.WORLD_EXPRESS),
    Way.POINT_ABROAD: (Product.AT_BPOST_ABROAD,),
}
"""What may go each way; the first one does where a shop names none. ``bpack XL`` is not among them: it demands
dimensions, which no order tells.
"""

_NAMES: Final[Mapping[str, Product]] = {
    "bpack-24h-pro": Product.HOME,
    "bpack-24h-business": Product.BUSINESS,
    "bpack-at-bpost": Product.AT_BPOST,
    "bpack-24-7": Product.LOCKER,
    "bpack-europe-business": Product.EUROPE,
    "bpack-world-business": Product.WORLD_BUSINESS,
    "bpack-world-express-pro": Product.WORLD_EXPRESS,
    "bpack-at-bpost-international": Product.AT_BPOST_ABROAD,
}
_SERVICES: Final[Mapping[str, Service]] = {
    "second-presentation": Service.SECOND_PRESENTATION,
    "signed": Service.SIGNED,
    "saturday": Service.SATURDAY,
    "sunday": Service.SUNDAY,
}
_INSURED: Final[Mapping[str, int]] = {"insured": 0, "insured-1": 1, "insured-2": 2, "insured-3": 3}
_WRITTEN: Final = {product: name for name, product in _NAMES.items()}


def read(text: str) -> Choice | None:
    """What a text of the settings chooses; None for what is none, or names an option twice."""
    name, *others = text.split("+")
    services = tuple(_SERVICES[other] for other in others if other in _SERVICES)
    insured = tuple(_INSURED[other] for other in others if other in _INSURED)
    whole = len(set(services)) + len(insured) == len(others) and len(insured) <= 1
    if name not in _NAMES or not whole:
        return None
    return Choice(product=_NAMES[name], services=services, insured=insured[0] if insured else None)


def first(way: Way) -> str:
    """What goes that way where a shop names nothing."""
    return _WRITTEN[WAYS[way][0]]


def possible(way: Way) -> tuple[str, ...]:
    """The products that may go that way, as settings write them."""
    return tuple(_WRITTEN[product] for product in WAYS[way])


def fits(way: Way, text: str) -> bool:
    """Whether a text of the settings chooses something that may go that way."""
    choice = read(text)
    return choice is not None and choice.product in WAYS[way]


def chosen(way: Way, asked: str | None, products: Mapping[str, str]) -> str | None:
    """The text of what goes that way. ``products`` are the shop's, by way; ``asked`` is what the order names, which
    has the options of the shop's where both name the same product. None for a product that cannot go that way.
    """
    usual = products.get(way) or first(way)
    if asked in (None, BY_DESTINATION) or asked == usual.partition("+")[0]:
        return usual
    return asked if fits(way, asked or "") else None


def way_of(country: str | None, *, point: bool, locker: bool) -> Way:
    """How a parcel goes to that country (ISO 3166-1), to a pick-up point or not."""
    if country == "BE":
        return Way.LOCKER if point and locker else Way.POINT if point else Way.HOME
    if point:
        return Way.POINT_ABROAD
    return Way.EUROPE if country in EU_CUSTOMS_UNION else Way.WORLD
