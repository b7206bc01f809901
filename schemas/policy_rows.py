"""Every row of a pack with its clause: what carries out which requirement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from schemas.policy import Policy
from schemas.policy_terms import Clause


def clauses(policy: Policy) -> Iterator[tuple[str, Clause]]:
    """(place, clause) of every row, such as ``purposes.services``; rows without a name of their own count from 1."""
    for entry in fields(policy):
        if entry.init:  # what is computed repeats rows
            yield from _within(getattr(policy, entry.name), entry.name)


def _within(value: object, place: str) -> Iterator[tuple[str, Clause]]:
    if isinstance(value, Mapping):
        for name, row in value.items():
            yield from _within(row, f'{place}."{name}"' if "." in name else f"{place}.{name}")
    elif isinstance(value, tuple):
        for number, row in enumerate(value, 1):
            yield from _within(row, f"{place}[{number}]")
    elif is_dataclass(value):
        for entry in fields(value):
            inner = getattr(value, entry.name)
            if isinstance(inner, Clause):
                yield place, inner
            else:
                yield from _within(inner, f"{place}.{entry.name}")
