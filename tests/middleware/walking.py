"""A second opinion on where the leaves of an order are: it walks the document itself and reads the lists as files.

It knows a leaf by the list of every known leaf and by what the shop is asked for, never by the tree that the product
builds of them.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from schemas.shopify import include_fields

ROOT = Path(__file__).resolve().parents[2]
Names = tuple[str, ...]
Step = str | int


def _rows(path: Path) -> Iterator[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _names(path: str) -> Names:
    return tuple(path.replace("[]", "").split("."))


def _unfolded(path: str) -> Iterator[str]:
    pieces = re.split(r"\{([^}]*)\}", path)
    yield from map("".join, product(*(piece.split(",") if odd % 2 else [piece] for odd, piece in enumerate(pieces))))


PERMITTED = frozenset(_names(path) for path in include_fields())
REMOVED = {_names(row["path"]): row["reason"] for row in _rows(ROOT / "schemas" / "removed" / "shopify-order.csv")}
LEAVES = frozenset(
    _names(path)
    for row in _rows(ROOT / "tests" / "data" / "shopify-order-leaves.csv")
    for path in _unfolded(row["path"])
)
KNOWN = frozenset(names[:length] for names in LEAVES for length in range(1, len(names) + 1))


def reasons_beneath(names: Names) -> frozenset[str | None]:
    """The reasons of all known leaves here and beneath; None stands for a leaf that is permitted."""
    return frozenset(REMOVED.get(leaf) for leaf in LEAVES if leaf[: len(names)] == names)


WHOLE = {names: reason for names in KNOWN if len(why := reasons_beneath(names)) == 1 for reason in why if reason}
"""Every place that goes as a whole, for one reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One leaf of a document: the place at which it is told, and what it holds.

    ``place`` is the topmost one that goes for the same reason; ``names`` are the known names that lead to it.
    ``reason`` is the only one that can be right, or None where a permitted field decides.
    """

    place: str
    names: Names
    value: Any
    reason: str | None

    @property
    def general(self) -> str:
        return re.sub(r"\[\d+\]", "[]", self.place)


def steps(value: Any, above: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Any]]:
    """(steps, value) of every leaf; what is empty is a leaf."""
    inner: list[tuple[Step, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    if not inner:
        yield above, value
    for step, below in inner:
        yield from steps(below, (*above, step))


def leaves(document: Any) -> Iterator[Leaf]:
    """Every leaf of a document."""
    ways = list(steps(document))
    found = [_leaf(way, value) for way, value in ways]
    alarming = {leaf.place for leaf, (way, _) in zip(found, ways, strict=True) if _leads_to_a_credential(way)}
    for leaf in found:
        yield replace(leaf, reason="credential") if leaf.place in alarming else leaf


SECRETIVE = ("password", "passwort", "wachtwoord", "secret", "token", "username", "credential", "apikey", "privatekey")


def _leads_to_a_credential(way: tuple[Step, ...]) -> bool:
    names = tuple(step for step in way if isinstance(step, str))
    strange = [name for length, name in enumerate(names, 1) if names[:length] not in KNOWN]
    return any(word in re.sub(r"[ _-]", "", name.lower()) for name in strange for word in SECRETIVE)


def _leaf(way: tuple[Step, ...], value: Any) -> Leaf:
    place, names = "", ()  # type: tuple[str, Names]
    for step in way:
        if isinstance(step, int):
            place += f"[{step}]"
            continue
        names = (*names, step)
        place += f".{step}" if place else step
        if names not in KNOWN:
            return Leaf(place=place.removesuffix(step) + "*", names=names[:-1], value=value, reason="not_in_pack")
        if names in WHOLE:
            return Leaf(place=place, names=names, value=value, reason=WHOLE[names])
    if names in PERMITTED:
        return Leaf(place=place, names=names, value=value, reason=None)
    return Leaf(place=place, names=names, value=value, reason="empty" if value in (None, {}, []) else "not_in_pack")
