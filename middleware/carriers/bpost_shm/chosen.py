"""Whether bpost has what a shop's settings choose, before any order of the shop is taken; and whether the account may
use what goes, before that order is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final

from middleware.account import Account
from middleware.carriers.bpost_shm import limits, products
from middleware.carriers.bpost_shm.granted import CASH, Grants
from middleware.carriers.bpost_shm.products import Way
from middleware.core import contact, due
from middleware.errors import Fault
from middleware.exchange import Unserved
from middleware.model import ShopSettings
from schemas.order import Recipient

_PRODUCT: Final = "/parcel/product"
_OPTIONS: Final = "with or without options behind it"


def unserved(shop: ShopSettings, shared: Account | None) -> Unserved | None:
    """The first thing for which a shop cannot be served; ``shared`` is the account of shops without one."""
    if shop.account is None and shared is None:
        expected = "the six digits of its account at bpost, or one of the carrier"
        return Unserved(key=("account",), problem="there is none", expected=expected)
    if shop.product != products.BY_DESTINATION:
        expected = f'"{products.BY_DESTINATION}"; which product goes where stands in products'
        return Unserved(key=("product",), problem="bpost's products depend on the destination", expected=expected)
    return next(chain(_by_way(shop.products), _by_line(shop.lines), _told(shop)), None)


def _by_way(chosen: Mapping[str, str]) -> Iterator[Unserved]:
    for way, text in chosen.items():
        if way not in list(Way):
            yield Unserved(key=("products",), problem="no such way", expected=f"some of {', '.join(Way)}")
        elif (problem := products.unfit(Way(way), text)) is not None:
            expected = f"{' or '.join(products.possible(Way(way)))}, {_OPTIONS}"
            example = f'products = {{ {way} = "{products.first(Way(way))}" }}'
            yield Unserved(key=("products", way), problem=problem, expected=expected, example=example)


def _by_line(lines: Mapping[str, str]) -> Iterator[Unserved]:
    for name, line in lines.items():
        for place, text in enumerate(line.split(), 1):
            if (problem := products.astray(text)) is not None:
                expected = f"products of bpost's, each {_OPTIONS}"
                yield Unserved(key=("lines", name), problem=f"product {place} of it: {problem}", expected=expected)


def _told(shop: ShopSettings) -> Iterator[Unserved]:
    """Who sends is told at the address of the shop's own settings, never at one of an order."""
    texts = [*shop.products.values(), *(text for line in shop.lines.values() for text in line.split())]
    asked = any(choice.distributed for text in texts if (choice := products.read(text)))
    if asked and not limits.is_email(shop.sender.email):
        problem = "+distributed tells who sends, and there is none"
        expected = f"an e-mail address of at most {limits.LONGEST_EMAIL} characters"
        yield Unserved(key=("sender", "email"), problem=problem, expected=expected)


def refused(way: Way, text: str, grants: Grants | None, whom: Recipient, *, cash: bool = False) -> tuple[Fault, ...]:
    """What of a chosen text bpost would not let the account use, and whether it lets it collect ``cash``; nothing where
    that is not known. A message that would not be sent, for who receives left nothing to send it to, needs no leave.
    """
    choice = products.read(text)
    if grants is None or choice is None:
        return ()
    if grants.closes(way, choice.product):
        return (Fault(pointer=_PRODUCT, code="product-not-granted"),)
    if not _reachable(whom, choice.notify):
        choice = replace(choice, notify=products.NOBODY, messages=())
    lacking = tuple(Fault(pointer=_PRODUCT, code=f"{want.written}-not-granted") for want in grants.lacking(way, choice))
    if cash and not grants.collects(way, choice.product):
        return (*lacking, Fault(pointer=due.AT, code=f"{CASH}-not-granted"))
    return lacking


def _reachable(whom: Recipient, notify: str) -> bool:
    """Whether what an order holds can be used, as ``minimise`` will find it, and by bpost."""
    if notify == products.EMAIL:
        return limits.is_email(contact.email(whom.contact.email))
    return notify == products.SMS and contact.phone(whom.contact.phone, whom.address.country) is not None
