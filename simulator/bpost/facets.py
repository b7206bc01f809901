"""Whether a value keeps the limits of its type, told in the words of Xerces, which repeat the value as bpost does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType

from simulator.bpost.grammar import Shape, Simple


def fault(value: str, type_: Simple) -> str | None:
    """What is wrong with ``value``, or None. Like Xerces: first the pattern, then the shape, then the other limits."""
    bare = value if type_.shape is Shape.STRING else value.strip()
    if type_.pattern is not None and not re.fullmatch(type_.pattern, bare):
        return (
            f"cvc-pattern-valid: Value '{bare}' is not facet-valid with respect to pattern '{type_.pattern}' "
            f"for type '{type_.name}'."
        )
    if not _shaped(bare, type_.shape):
        return f"cvc-datatype-valid.1.2.1: '{bare}' is not a valid value for '{type_.shape}'."
    return _length(bare, type_) or _range(bare, type_) or _enumeration(bare, type_)


def _length(value: str, type_: Simple) -> str | None:
    for facet, limit, broken in (
        ("minLength", type_.least, type_.least is not None and len(value) < type_.least),
        ("maxLength", type_.most, type_.most is not None and len(value) > type_.most),
    ):
        if broken:
            return (
                f"cvc-{facet}-valid: Value '{value}' with length = '{len(value)}' is not facet-valid with respect to "
                f"{facet} '{limit}' for type '{type_.name}'."
            )
    return None


def _range(value: str, type_: Simple) -> str | None:
    for facet, limit, broken in (
        ("minInclusive", type_.low, type_.low is not None and Decimal(value) < type_.low),
        ("maxInclusive", type_.high, type_.high is not None and Decimal(value) > type_.high),
    ):
        if broken:
            return (
                f"cvc-{facet}-valid: Value '{value}' is not facet-valid with respect to {facet} '{limit}' "
                f"for type '{type_.name}'."
            )
    return None


def _enumeration(value: str, type_: Simple) -> str | None:
    if not type_.values or value in type_.values:
        return None
    return (
        f"cvc-enumeration-valid: Value '{value}' is not facet-valid with respect to enumeration "
        f"'[{', '.join(type_.values)}]'. It must be a value from the enumeration."
    )


def _shaped(value: str, shape: Shape) -> bool:
    try:
        return READERS[shape](value)
    except (ValueError, InvalidOperation):
        return False


def _is_date(value: str) -> bool:
    day = re.fullmatch(r"(\d{4}-\d{2}-\d{2})(Z|[+-]\d{2}:\d{2})?", value)
    return day is not None and bool(date.fromisoformat(day.group(1)))


def _is_date_time(value: str) -> bool:
    return "T" in value and bool(datetime.fromisoformat(value))


READERS: Mapping[Shape, Callable[[str], bool]] = MappingProxyType(
    {
        Shape.STRING: lambda _: True,
        Shape.INTEGER: lambda value: re.fullmatch(r"[+-]?[0-9]+", value) is not None,
        Shape.DECIMAL: lambda value: re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", value) is not None,
        Shape.BOOLEAN: lambda value: value in ("true", "false", "1", "0"),
        Shape.DATE: _is_date,
        Shape.DATE_TIME: _is_date_time,
    }
)
