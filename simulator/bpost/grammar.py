"""What a rule about XML is made of: simple types with their limits, elements, and the order in which they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum


class Shape(StrEnum):
    """What a value is before any limit is looked at, by the names of XML Schema."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_TIME = "dateTime"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """A type of text. ``least`` and ``most`` count characters, ``low`` and ``high`` bound a number, both inclusive."""

    name: str
    shape: Shape = Shape.STRING
    least: int | None = None
    most: int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An attribute that must be there."""

    name: str
    type: Simple


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A type of elements: in the order of ``particles``, or in any (each then at most once). Without any: empty."""

    particles: tuple[Particle, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    any_order: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """An element by its name in Clark notation, ``{namespace}name``."""

    tag: str
    type: Simple | Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Particle:
    """One of ``elements`` at this place, from ``least`` to ``most`` times (None: without end)."""

    elements: tuple[Element, ...]
    least: int = field(default=1)
    most: int | None = 1


def text(name: str, most: int | None = None, *, least: int | None = None) -> Simple:
    """A text of at least and at most so many characters."""
    return Simple(name=name, least=least, most=most)


def one_of(name: str, *values: str) -> Simple:
    """One of these words."""
    return Simple(name=name, values=values)


def whole(name: str, low: int = 0, high: int | None = None) -> Simple:
    """A whole number."""
    return Simple(name=name, shape=Shape.INTEGER, low=Decimal(low), high=None if high is None else Decimal(high))


def one(*elements: Element) -> Particle:
    """Exactly one of them."""
    return Particle(elements=elements)


def maybe(*elements: Element) -> Particle:
    """One of them, or none."""
    return Particle(elements=elements, least=0)


def many(element: Element, *, least: int = 0, most: int | None = None) -> Particle:
    """That element again and again."""
    return Particle(elements=(element,), least=least, most=most)


EMPTY = Content()
"""The type of a flag: nothing inside."""
