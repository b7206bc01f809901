"""What an account may use of what a shop's settings would use, by bpost's product configuration: asked before a shop is
live.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from middleware.carriers.bpost_shm import answers, granted, products
from middleware.carriers.bpost_shm.cash import WAYS
from middleware.carriers.bpost_shm.granted import Grants
from middleware.carriers.bpost_shm.products import Choice, Way
from middleware.exchange import Response
from middleware.model_shop import Fitness

CHECK: Final = "bpost"
_ACCOUNT, _PRODUCTS, _LINES, _NOTIFY = "/account", "/products", "/lines", "/notify"
_CASH: Final = "/cash_on_delivery"
_ASK: Final = "or ask bpost to open it for the account"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Use:
    """What the settings would use on a way, and where they say so."""

    said: str
    pointer: str
    way: Way
    choice: Choice
    name: str  # of the product, as the settings write it


def findings(
    chosen: Mapping[str, str], lines: Mapping[str, str], notify: str, response: Response, *, cash: bool = False
) -> tuple[Fitness, ...]:
    """What the answer to ``BpostShm.question`` tells of a shop that chose these products, by way and by shipping line,
    and who is told where they say nothing; ``cash``: it says where money goes that is collected. What it did not choose
    may be closed to it, as long as one way is open.
    """
    if response.status in (401, 403):
        told = "bpost does not take its account and passphrase: it is the webservice passphrase, not the portal's"
        return (_bad(told, _ACCOUNT),)
    known = granted.read(response.body) if response.status == 200 else None
    if known is None:
        told = f"bpost does not tell what the account may use ({answers.refusal(response.status, response.body)})"
        return (_bad(f"{told}: try again", _ACCOUNT),)
    usual = [use for way in Way if way not in chosen for use in _usual(way, chosen, notify)]
    opened = [use for use in usual if known.opens(use.way, use.choice.product)]
    asked = [*_chosen(chosen), *_of_lines(lines)]
    missing = tuple(one for use in asked for one in _missing(use, known))
    missing += tuple(one for use in opened for one in _lacking(use, known))
    collected = tuple(_collected((*asked, *opened), known)) if cash else ()
    missing += tuple(one for one in collected if not one.ok)
    if missing:
        return missing
    if not asked and all(known.closes(use.way, use.choice.product) for use in usual):
        return (_bad("the account may use none of the products that go anywhere: ask bpost", _PRODUCTS),)
    return (_open(chosen, known), *(one for use in (*asked, *opened) for one in _notes(use, known)), *collected)


def _chosen(chosen: Mapping[str, str]) -> Iterator[_Use]:
    for way, text in chosen.items():
        choice = products.read(text)
        if choice is not None:
            place = f"products says of {way}"
            yield _Use(said=place, pointer=f"{_PRODUCTS}/{way}", way=Way(way), choice=choice, name=_name(text))


def _of_lines(lines: Mapping[str, str]) -> Iterator[_Use]:
    for name, line in lines.items():
        for text in line.split():
            choice = products.read(text)
            if choice is not None:
                way = next(way for way in Way if choice.product in products.WAYS[way] and products.fits(way, text))
                yield _Use(said=f"lines says of {name}", pointer=_LINES, way=way, choice=choice, name=_name(text))


def _usual(way: Way, chosen: Mapping[str, str], notify: str) -> Iterator[_Use]:
    text = products.chosen(way, None, chosen, notify)
    choice = products.read(text) if text else None
    if text and choice is not None:
        said = f"notify says of {way}, which products leaves out"
        yield _Use(said=said, pointer=_NOTIFY, way=way, choice=choice, name=_name(text))


def _missing(use: _Use, known: Grants) -> Iterator[Fitness]:
    if known.closes(use.way, use.choice.product):
        yield _bad(f"the account may not use {use.name}, as {use.said}: choose another product, {_ASK}", use.pointer)
        return
    yield from _lacking(use, known)


def _lacking(use: _Use, known: Grants) -> Iterator[Fitness]:
    for want in known.lacking(use.way, use.choice):
        told = f"the account may not use {want.told} with {use.name}, as {use.said}"
        yield _bad(f"{told}: leave it out, {_ASK}", use.pointer)
    for option in known.owed(use.way, use.choice):
        name = products.written(option)
        if name is None:
            told = f"bpost demands {option} with {use.name}, which no order of ours has: ask bpost to lift that"
        else:
            told = f"bpost demands +{name} with {use.name}, and {use.said} it goes without: write it behind the product"
        yield _bad(told, use.pointer)


def _collected(uses: Sequence[_Use], known: Grants) -> Iterator[Fitness]:
    """Where bpost does not collect what is paid on delivery: a fault where it does so nowhere."""
    there = [use for use in uses if use.way in WAYS]
    closed = [use for use in there if not known.collects(use.way, use.choice.product)]
    some = len(closed) < len(there)
    for use in closed:
        told = f"the account may not have {use.name} paid on delivery, as {use.said}"
        then = "such an order is refused" if some else f"leave cash_on_delivery out, {_ASK}"
        yield Fitness(check=CHECK, ok=some, message=f"{told}: {then}", pointer=_CASH, note=some)


def _notes(use: _Use, known: Grants) -> Iterator[Fitness]:
    if not known.opens(use.way, use.choice.product):
        told = f"bpost lists products by names that are not known here, so of {use.name} nothing can be told"
        yield Fitness(check=CHECK, ok=True, message=f"{told}: try one order", pointer=use.pointer, note=True)
    for want in known.unsure(use.way, use.choice):
        told = (
            f"bpost may list options of {use.name} by names that are not known here, "
            f"so of {want.told} nothing can be told"
        )
        yield Fitness(check=CHECK, ok=True, message=f"{told}: try one order", pointer=use.pointer, note=True)
    if known.hides(use.way, use.choice.product):
        told = f"bpost's own pages offer {use.name} to no consumer, which need not be true of orders"
        yield Fitness(check=CHECK, ok=True, message=f"{told}: try one order", pointer=use.pointer, note=True)


def _open(chosen: Mapping[str, str], known: Grants) -> Fitness:
    ways = {way: products.read(chosen.get(way) or products.first(way)) for way in Way}
    opened = [way for way, choice in ways.items() if choice is not None and known.opens(way, choice.product)]
    closed = [way for way, choice in ways.items() if choice is None or known.closes(way, choice.product)]
    told = f"the account may use what goes {', '.join(opened)}"
    told = told if opened else "of nothing it is certain that the account may use it"
    return Fitness(check=CHECK, ok=True, message=f"{told}; not {', '.join(closed)}" if closed else told)


def _bad(message: str, pointer: str) -> Fitness:
    return Fitness(check=CHECK, ok=False, message=message, pointer=pointer)


def _name(text: str) -> str:
    return text.partition("+")[0]
