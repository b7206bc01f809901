"""Values of any kind and length, by chance."""

from __future__ import annotations

import random
from typing import Any


def scalar(chance: random.Random) -> Any:
    """Any value that is neither object nor list, of any length."""
    kind = chance.randrange(6)
    if kind == 0:
        return chance.choice((None, True, False, ""))
    if kind == 1:
        return chance.randrange(-(2**63), 2**64)
    if kind == 2:
        return chance.uniform(-1e9, 1e9)
    return text(chance, chance.choice((1, 7, 40, 400)))


def text(chance: random.Random, longest: int) -> str:
    """Letters, digits and signs of several scripts, at least one, none of them blank."""
    return "".join(chance.choices('aZ09é中ع😀"\\<&\u0301', k=chance.randint(1, longest)))


def nested(chance: random.Random, depth: int = 2) -> Any:
    """Any value at all: its names are as odd as its texts."""
    kind = chance.randrange(3) if depth else 0
    if kind == 0:
        return scalar(chance)
    inner = [nested(chance, depth - 1) for _ in range(chance.randrange(4))]
    return inner if kind == 1 else {text(chance, 20): value for value in inner}
