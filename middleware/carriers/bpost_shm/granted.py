"""What an account may use: bpost's product configuration, by delivery method and product, with the options of each.

bpost writes ``visiblity`` and ``chracteristic``, and public software reads both spellings. How it calls its options is
published for some of them alone. So what is absent is refused only where everything beside it has a name that is known
here, products and options: one that has none could be the one that is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from middleware.carriers.bpost_shm import markup, products
from middleware.carriers.bpost_shm.products import INSURED, Choice, Way
from middleware.carriers.bpost_shm.values import WINDOW, Message, Product, Service

CASH: Final = "cod"
"""The schema's option to collect money on delivery."""

BASIC: Final = 0
"""The level of an insurance that names no range."""

_STRANGE: Final = ""
"""What stands for a name that is none that is known."""

_MANDATORY: Final = "VISIBLE_BY_CONSUMER_AND_MANDATORY"
_HIDDEN: Final = frozenset(("GREYED_OUT", "INVISIBLE"))
_VISIBILITY: Final = ("visiblity", "visibility")
_CHARACTERISTIC: Final = ("chracteristic", "characteristic")
_RANGE: Final = "insurancerangecode"
_LETTERS: Final = re.compile(r"[^a-z0-9]")


class Method(StrEnum):
    """How bpost calls the ways, in small letters and digits alone."""

    HOME = "homeoroffice"
    POINT = "pickuppoint"
    LOCKER = "parcellocker"


METHODS: Final[Mapping[Way, Method]] = {
    Way.HOME: Method.HOME,
    Way.EUROPE: Method.HOME,
    Way.WORLD: Method.HOME,
    Way.POINT: Method.POINT,
    Way.POINT_ABROAD: Method.POINT,
    Way.LOCKER: Method.LOCKER,
    Way.LOCKER_ABROAD: Method.LOCKER,
}

_OPTIONS: Final[Mapping[str, str]] = {
    **{each.value.lower(): each.value for each in (*Message, *Service)},
    "keepmeinformedvia": Message.AT_POINT,
    "secondpresentation": Service.SECOND_PRESENTATION,
    "signature": Service.SIGNED,
    "saturday": Service.SATURDAY,
    "sunday": Service.SUNDAY,
    "insurance": INSURED,
    INSURED: INSURED,
    WINDOW.lower(): WINDOW,
    "cashondelivery": CASH,
    CASH: CASH,
}
"""What bpost's names of options stand for, in small letters and digits alone: those that it has published, and the
schema's own."""

_OTHERS: Final = frozenset(("fragile",))
"""Options of the schema that no order of ours has."""

_PUBLISHED: Final = frozenset(
    (Message.NEXT_DAY, Message.AT_POINT, Message.DISTRIBUTED, Service.SIGNED, Service.SATURDAY, INSURED)
)
"""Options of which it is public how bpost calls them in its configuration: the absence of others says nothing."""

_OTHER_PRODUCTS: Final = frozenset(
    (
        *("bpack Bus", "bpack Pallet", "bpack Easy Retour", "bpack XL"),
        *("bpack Click & Collect", "bpack World Easy Return"),
    )
)
"""Products of bpost's that no order of ours has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One product under one delivery method; each is empty where its name is none that is known. ``levels`` of
    insurance, none where any range may be used. ``strange``: an option among them has a name that is not known.
    ``hidden``: bpost's own pages do not offer the method to a consumer.
    """

    method: str
    product: str
    options: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()
    levels: tuple[int, ...] = ()
    strange: bool = False
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What a choice uses beside its product. ``option`` is the schema's name; ``usual``: the settings say that who
    receives is told, and do not name the message.
    """

    option: str
    level: int = BASIC
    usual: bool = False

    @property
    def written(self) -> str:
        """How the settings write it."""
        name = products.written(self.option) or self.option
        return f"{name}-{self.level}" if self.level else name

    @property
    def told(self) -> str:
        """The same for people: with what it stands for where nobody wrote it."""
        return f"the message {self.written} of +tell-email or +tell-sms" if self.usual else f"+{self.written}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """All that an account may use."""

    offers: tuple[Offer, ...] = ()

    def opens(self, way: Way, product: Product) -> bool:
        """Whether it is certain that the product may go that way."""
        return bool(self._of(way, product))

    def closes(self, way: Way, product: Product) -> bool:
        """Whether it is certain that the product may not."""
        return not self.opens(way, product) and not self._of(way, _STRANGE)

    def lacking(self, way: Way, choice: Choice) -> tuple[Want, ...]:
        """What a choice uses on that way and the account may not; nothing where that cannot be told."""
        strange = any(offer.strange for offer in self._of(way, choice.product))
        return tuple(want for want in self._absent(way, choice) if not strange and want.option in _PUBLISHED)

    def unsure(self, way: Way, choice: Choice) -> tuple[Want, ...]:
        """What a choice uses and bpost lists under no name that is known, where it may do so under one that is not."""
        certain = self.lacking(way, choice)
        return tuple(want for want in self._absent(way, choice) if want not in certain)

    def owed(self, way: Way, choice: Choice) -> tuple[str, ...]:
        """The options without which bpost would not have the product go, as far as the choice lacks them; by the
        schema's names.
        """
        chosen = {want.option for want in used(way, choice)}
        asked = dict.fromkeys(name for offer in self._of(way, choice.product) for name in offer.mandatory)
        return tuple(name for name in asked if name not in chosen)

    def collects(self, way: Way, product: Product) -> bool:
        """Whether bpost collects money with the product on that way; true where that cannot be told."""
        offers = self._of(way, product)
        return not offers or any(offer.strange or CASH in offer.options for offer in offers)

    def hides(self, way: Way, product: Product) -> bool:
        """Whether bpost's own pages offer the product to no consumer."""
        offers = self._of(way, product)
        return bool(offers) and all(offer.hidden for offer in offers)

    def _absent(self, way: Way, choice: Choice) -> Sequence[Want]:
        """What a choice uses and is not listed beside its product; nothing where the product is not."""
        offers = self._of(way, choice.product)
        return [want for want in used(way, choice) if offers and not any(_holds(offer, want) for offer in offers)]

    def _of(self, way: Way, product: str) -> Sequence[Offer]:
        found = [offer for offer in self.offers if offer.product == product]
        return [offer for offer in found if offer.method in ("", METHODS[way])]

    def rows(self) -> list[dict[str, Any]]:
        """The same in JSON's types."""
        return [{each.name: getattr(offer, each.name) for each in fields(Offer)} for offer in self.offers]


def used(way: Way, choice: Choice) -> Iterator[Want]:
    """What goes with the product on that way, told or not: as ``mapping`` writes it into a box."""
    for message in choice.messages:
        yield Want(option=message)
    if choice.notify != products.NOBODY and not choice.messages:
        yield from (Want(option=message, usual=True) for message in products.MESSAGES.get(way, ())[:1])
    if choice.distributed:
        yield Want(option=Message.DISTRIBUTED)
    for service in choice.services:
        yield Want(option=service)
    if choice.window is not None:
        yield Want(option=WINDOW)
    if choice.insured is not None:
        yield Want(option=INSURED, level=choice.insured)


def read(body: bytes) -> Grants | None:
    """What an answer tells of the products that are sent; None for one that cannot be read."""
    found = markup.read(body)
    if found is None or markup.local(found) != "productConfiguration":
        return None
    return Grants(offers=tuple(_merged(_offers(found))))


def from_rows(rows: Sequence[Mapping[str, Any]]) -> Grants:
    """What ``rows`` gave. Raises: KeyError, TypeError, ValueError for another thing."""
    return Grants(offers=tuple(_offer(row) for row in rows))


@dataclass(slots=True)
class _Seen:
    options: dict[str, None] = field(default_factory=dict)
    mandatory: dict[str, None] = field(default_factory=dict)
    ranges: list[tuple[int, ...]] = field(default_factory=list)
    strange: bool = False


def _offers(found: markup.Element) -> Iterator[Offer]:
    known = {method.value for method in Method}
    for method in markup.within(found, "deliveryMethod"):
        name = _plain(method.get("name", ""))
        for product in (each for each in method if markup.local(each) == "product"):
            called = product.get("name", "")
            if called not in _OTHER_PRODUCTS:
                seen = _seen(product)
                yield Offer(
                    method=name if name in known else "",
                    product=called if called in list(Product) else _STRANGE,
                    options=tuple(seen.options),
                    mandatory=tuple(seen.mandatory),
                    levels=_together(seen.ranges),
                    strange=seen.strange,
                    hidden=_attribute(method) in _HIDDEN,
                )


def _seen(product: markup.Element) -> _Seen:
    seen = _Seen()
    for option in (each for each in product if markup.local(each) == "option"):
        plain = _plain(option.get("name", ""))
        name = _OPTIONS.get(plain, plain)
        if plain not in _OPTIONS and plain not in _OTHERS:
            seen.strange = True
            continue
        seen.options[name] = None
        if _attribute(option) == _MANDATORY:
            seen.mandatory[name] = None
        if name == INSURED:
            seen.ranges.append(_levels(option))
    return seen


def _levels(option: markup.Element) -> tuple[int, ...]:
    """The ranges that an insurance names; none where one of them cannot be read."""
    found = (each for each in option if markup.local(each) in _CHARACTERISTIC)
    values = [each.get("value", "") for each in found if _plain(each.get("name", "")) == _RANGE]
    readable = all(value.isascii() and value.isdigit() and len(value) < 3 for value in values)
    return tuple(map(int, values)) if readable else ()


def _together(ranges: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Those of several insurances: none as soon as one of them names none, for it may be of any."""
    return tuple(dict.fromkeys(level for one in ranges for level in one)) if all(ranges) else ()


def _merged(offers: Iterator[Offer]) -> Iterator[Offer]:
    """Each once: bpost tells a method twice, for Belgium and for abroad."""
    together: dict[tuple[str, str], list[Offer]] = {}
    for offer in offers:
        together.setdefault((offer.method, offer.product), []).append(offer)
    for (method, product), same in together.items():
        yield Offer(
            method=method,
            product=product,
            options=tuple(dict.fromkeys(name for one in same for name in one.options)),
            mandatory=tuple(dict.fromkeys(name for one in same for name in one.mandatory)),
            levels=_together([one.levels for one in same if INSURED in one.options]),
            strange=any(one.strange for one in same),
            hidden=all(one.hidden for one in same),
        )


def _holds(offer: Offer, want: Want) -> bool:
    if want.option not in offer.options:
        return False
    return want.option != INSURED or want.level == BASIC or not offer.levels or want.level in offer.levels


def _offer(row: Mapping[str, Any]) -> Offer:
    return Offer(
        method=str(row["method"]),
        product=row["product"] and Product(row["product"]),
        options=tuple(map(str, row["options"])),
        mandatory=tuple(map(str, row["mandatory"])),
        levels=tuple(map(int, row["levels"])),
        strange=bool(row["strange"]),
        hidden=bool(row["hidden"]),
    )


def _attribute(element: markup.Element) -> str | None:
    return next((told for name in _VISIBILITY if (told := element.get(name))), None)


def _plain(name: str) -> str:
    return _LETTERS.sub("", name.lower())
