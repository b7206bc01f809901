"""Orders in which every leaf that an order can have holds a canary of its own.

The leaves are those of ``tests/data/shopify-order-leaves.csv``; beside them every object holds an unknown name and
value, both canaries too.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tests.system.search import Canary

LEAVES = Path(__file__).parents[1] / "data" / "shopify-order-leaves.csv"
LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

INSIDE, OUTSIDE = "IE", "GB"
"""Countries inside and outside the EU whose postal codes are long enough to be canaries."""

TWICE = "line_items"
"""The list that gets two elements: the first is not shipped and may hold any number, the second is shipped."""

_FOLDED = re.compile(r"(\{[^}]*\})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One leaf as it was seen: its path (``[]`` for every element of a list) and its JSON types."""

    path: str
    types: frozenset[str]


@dataclass(slots=True)
class Document:
    """An order in the making and the canaries that it holds, by the concrete path (``line_items[1].title``)."""

    name: str
    content: dict[str, Any] = field(default_factory=dict)
    canaries: dict[str, Canary] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """As a shop sends it: UTF-8, nothing escaped that need not be."""
        return json.dumps(self.content, ensure_ascii=False).encode("utf-8")

    def text(self, path: str, length: int = 12) -> str:
        """A unique word for ``path``, noted as its canary."""
        return self.note(path, word(f"{self.name}|{path}", length))

    def number(self, path: str) -> int:
        """A unique integer of 18 digits, less than 2^63 and more than any float can hold."""
        number = 10**17 + _digest(f"{self.name}|{path}") % (9 * 10**17)
        self.canaries[path] = Canary(order=self.name, path=path, text=str(number), number=number)
        return number

    def fraction(self, path: str) -> float:
        """A unique float of 15 digits."""
        number = (10**14 + _digest(f"{self.name}|{path}") % (9 * 10**14)) / 10**15
        self.canaries[path] = Canary(order=self.name, path=path, text=repr(number)[2:], number=number)
        return number

    def note(self, path: str, text: str) -> str:
        """``text``, noted as the canary of ``path``."""
        self.canaries[path] = Canary(order=self.name, path=path, text=text)
        return text

    def put(self, path: str, value: Any) -> None:
        """Place a value that is no canary; whatever canary stood there is gone."""
        self.canaries.pop(path, None)
        _put(self.content, path, value)

    def put_text(self, path: str, length: int = 12, template: str = "{}") -> str:
        """Place a text that holds a canary; the text."""
        text = template.format(self.text(path, length))
        _put(self.content, path, text)
        return text

    def plant(self, path: str, text: str) -> None:
        """Place a text that is a canary as a whole."""
        _put(self.content, path, text)
        self.note(path, text)

    def get(self, path: str) -> Any:
        """What stands at a concrete path."""
        here: Any = self.content
        for step in _steps(path):
            here = here[step]
        return here


def word(seed: str, length: int) -> str:
    """Letters and digits, the first a letter, told by ``seed`` alone."""
    left, letters = _digest(seed), []
    for _ in range(length):
        left, letter = divmod(left, len(LETTERS))
        letters.append(LETTERS[letter])
    return LETTERS[10 + left % 52] + "".join(letters[1:])


@cache
def leaves(listed: Path = LEAVES) -> tuple[Leaf, ...]:
    """Every leaf of the list, ``{a,b}`` unfolded."""
    with listed.open(encoding="utf-8", newline="") as file:
        return tuple(
            Leaf(path=path, types=frozenset(row["types_seen"].split("/")))
            for row in csv.DictReader(file)
            for path in _unfold(row["path"])
        )


def order(name: str, *, texts: bool = False, leaves_in: Path = LEAVES) -> Document:
    """An order with a canary in every leaf, as the leaf's type admits; with ``texts`` a text in each, right or not."""
    document = Document(name)
    known = leaves(leaves_in)
    lists = {leaf.path.removesuffix("[]") for leaf in known if leaf.path.endswith("[]")}
    for leaf in known:
        if leaf.path not in lists:  # seen as an empty object and as an empty list: once is enough
            for path in _concrete(leaf.path):
                _put(document.content, path, _value(document, path, leaf.types, texts=texts))
    _strangers(document, document.content, "")
    return document


def generalised(path: str) -> str:
    """``line_items[].title`` for ``line_items[1].title``."""
    return re.sub(r"\[\d+\]", "[]", path)


def shipped(document: Document, *, country: str, mobile: str) -> Document:
    """Make it an order that is to be shipped to ``country``: what decides about that cannot hold any odd value."""
    settled: Mapping[str, Any] = {
        "test": False,
        "cancelled_at": None,
        "financial_status": "paid",
        "updated_at": "2026-11-20T09:41:07+01:00",
        "currency": "EUR",
        "shipping_address.country_code": country,
        "line_items[0].requires_shipping": False,
        "line_items[1].requires_shipping": True,
        "line_items[1].gift_card": False,
        "line_items[1].quantity": 3,
        "line_items[1].current_quantity": 2,
        "line_items[1].grams": 321,
        "line_items[0].duties[0].country_code_of_origin": "BE",
        "line_items[1].duties[0].country_code_of_origin": "PT",
        "shipping_lines[0].is_removed": False,
    }
    for path, value in settled.items():
        document.put(path, value)
    document.put_text("customer_locale", 8, "nl-{}")
    document.put_text("email", template="{}@post.example")
    document.put_text("shipping_address.address1", template="Verzonnen-{} 12")
    document.put_text("shipping_address.first_name", template="Zoë-{}")
    document.plant("shipping_address.zip", postal_code(document.name, country))
    document.plant("line_items[1].price", f"{_digest(document.name) % 10**9:09}.50")
    _put(document.content, "shipping_address.phone", f"+{mobile}")
    document.note("shipping_address.phone", mobile)
    return document


def mobile(seed: str, country: str) -> str:
    """A mobile number that the numbering plan of the country admits, without its plus."""
    digits = f"{_digest(seed):020}"
    return {INSIDE: f"35385{digits[-7:]}", OUTSIDE: f"447400{digits[-6:]}"}[country]


def postal_code(seed: str, country: str) -> str:
    """A unique code of eight characters, as the country has them: ``A12 B3C4``, ``AB1C 2DE``."""
    left, made = _digest(f"{seed}, a postal code"), []
    for kind in {INSIDE: "a99 xxxx", OUTSIDE: "aa9a 9aa"}[country]:
        alphabet = {"a": LETTERS[10:36], "9": LETTERS[:10], "x": LETTERS[:36], " ": " "}[kind]
        left, place = divmod(left, len(alphabet))
        made.append(alphabet[place])
    return "".join(made)


def _digest(seed: str) -> int:
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=16).digest(), "big")


def _unfold(path: str) -> Iterator[str]:
    choices = [piece[1:-1].split(",") if piece.startswith("{") else [piece] for piece in _FOLDED.split(path)]
    yield from ("".join(choice) for choice in itertools.product(*choices))


def _concrete(path: str) -> Iterator[str]:
    head, *rest = path.split("[]", 1)
    first = path.replace("[]", "[0]")
    yield first
    if head == TWICE and rest:
        yield first.replace("[0]", "[1]", 1)


def _value(document: Document, path: str, types: frozenset[str], *, texts: bool) -> Any:
    if "empty" in types and types == {"empty"}:
        return document.text(path) if path.endswith("]") and texts else _nested(document, path)
    if "object(empty)" in types:
        return _nested(document, path)
    if texts or types & {"str", "null"} - ({"null"} if types & {"int", "float", "bool"} else set()):
        return document.text(path)
    if "float" in types:
        return document.fraction(path)
    if "int" in types:
        return document.number(path)
    return bool(_digest(path) % 2)


def _nested(document: Document, path: str) -> Any:
    """Where nobody has seen anything: lists and objects of canaries, names included."""
    name = document.text(f"{path} (a name)")
    return {name: [[document.text(f"{path} (in lists)")], {"value": document.number(f"{path} (in an object)")}]}


def _strangers(document: Document, here: Any, path: str) -> None:
    """Beside all that is known, a name that nobody knows in every object."""
    if isinstance(here, dict):
        for name, inner in tuple(here.items()):
            _strangers(document, inner, f"{path}.{name}" if path else name)
        here[document.text(f"{path}.* (a name)")] = document.text(f"{path}.*")
    elif isinstance(here, list):
        for position, inner in enumerate(here):
            _strangers(document, inner, f"{path}[{position}]")


def _steps(path: str) -> Iterator[str | int]:
    for name in path.split("."):
        head, *positions = name.replace("]", "").split("[")
        yield head
        yield from (int(position) for position in positions)


def _put(content: dict[str, Any], path: str, value: Any) -> None:
    here: Any = content
    *above, last = _steps(path)
    for step, following in zip(above, [*above, last][1:], strict=True):
        if isinstance(step, int):
            here.extend({} for _ in range(step + 1 - len(here)))
        elif step not in here:
            here[step] = [] if isinstance(following, int) else {}
        here = here[step]
    if isinstance(last, int):
        here.extend(None for _ in range(last + 1 - len(here)))
    here[last] = value
