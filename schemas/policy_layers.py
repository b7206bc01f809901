"""Two policies that are to be read together, rule by rule: which of them answers, and by which clause.

A rule has a key, such as ``topics.art22``, ``retention.vp.recipient.operational.duration`` or
``transfers.IN.safeguard``. Where one text leaves a rule open, the other answers; where both answer, the one prevails
that the specific policy names (VP-PRE-1, MX-PRE-1, MS-PRE-1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from schemas.policy import Policy
from schemas.policy_terms import NOT_STATED, UNSPECIFIED, Clause

SPECIFIC: Final = "specific"
GENERAL: Final = "general"
NEITHER: Final = "neither"

_OPEN: Final = (None, "", (), NOT_STATED, UNSPECIFIED, "per_general_policy")
"""Values with which a text leaves a rule to the other, or to nobody."""

_NAMES: Final = frozenset(("id", "name", "title", "stated", "covers"))
_TABLES: Final = (
    *("account_types", "clusters", "bases", "purposes", "levels", "retention", "parts", "topics"),
    *("categories", "recipients", "transfers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a text says under one key, and where."""

    value: object
    clause: Clause


_Layer = tuple[str, Mapping[str, Rule]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The rule that holds. ``layer``: the text that answers; ``neither``: the value is ``unspecified``."""

    key: str
    value: object
    layer: str
    clause: Clause | None


def rules(policy: Policy) -> Mapping[str, Rule]:
    """Every rule that a pack answers, by key."""
    return {key: rule for table in _TABLES for key, rule in _rows(table, policy) if rule.value not in _OPEN}


def resolve(key: str, specific: Policy, general: Policy | None) -> Resolved:
    """The rule that holds under a key when two policies are read together; ``None``: the general one is not at hand."""
    return _first(key, _layers(specific, general))


def together(specific: Policy, general: Policy) -> tuple[Resolved, ...]:
    """Every rule that one of the two answers, by key."""
    layers = _layers(specific, general)
    return tuple(_first(key, layers) for key in sorted({key for _, answers in layers for key in answers}))


def _layers(specific: Policy, general: Policy | None) -> tuple[_Layer, ...]:
    """What both answer, the one that prevails first."""
    layers = ((SPECIFIC, rules(specific)), (GENERAL, rules(general) if general else {}))
    return layers if specific.reads_with.prevails == SPECIFIC else layers[::-1]


def _first(key: str, layers: tuple[_Layer, ...]) -> Resolved:
    for layer, answers in layers:
        if key in answers:
            return Resolved(key=key, value=answers[key].value, layer=layer, clause=answers[key].clause)
    return Resolved(key=key, value=UNSPECIFIED, layer=NEITHER, clause=None)


def _rows(table: str, policy: Policy) -> Iterator[tuple[str, Rule]]:
    held = getattr(policy, table)
    rows = held.items() if isinstance(held, Mapping) else ((name, row) for row in held for name in _own_names(row))
    for name, row in rows:
        for entry in fields(row):
            value = getattr(row, entry.name)
            if entry.name not in _NAMES and not isinstance(value, Clause):
                yield (
                    f"{table}.{name}" + ("" if table == "topics" else f".{entry.name}"),
                    Rule(value=value, clause=row.clause),
                )


def _own_names(row: Any) -> tuple[str, ...]:
    """Under which names a row of a list stands: its categories, its name or its country."""
    for entry in ("covers", "name", "country"):
        found = getattr(row, entry, None)
        if found:
            return (found,) if isinstance(found, str) else found
    return ()
