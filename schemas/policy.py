"""A policy: what a pack permits, why, and for how long.

Values only; ``schemas.policy_loader`` makes them from a pack's file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from schemas.categories import CATEGORIES
from schemas.errors import SchemaFault
from schemas.policy_parties import AccountType, Channel, Cluster, Controller, ReadsWith, Recipient, Transfer
from schemas.policy_terms import (
    NOT_STATED,
    UNSPECIFIED,
    Basis,
    CategoryRule,
    Choice,
    Clause,
    Ground,
    Interpretation,
    Level,
    PartRule,
    Purpose,
    RetentionRule,
    Topic,
)

__all__ = [
    "NOT_STATED",
    "UNSPECIFIED",
    "AccountType",
    "Basis",
    "CategoryRule",
    "Channel",
    "Choice",
    "Clause",
    "Cluster",
    "Controller",
    "Ground",
    "Interpretation",
    "Level",
    "PartRule",
    "Policy",
    "Purpose",
    "ReadsWith",
    "Recipient",
    "RetentionRule",
    "Topic",
    "Transfer",
]

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One pack, checked and read-only.

    ``sha256``: of the pack file's bytes; ``text_sha256``: of the policy's text; both in lower-case hexadecimal.
    ``effective_from``: ``publication`` or an ISO 8601 date. Either ``revised_on`` or the reason for its absence is
    there.
    """

    id: str
    version: str
    sha256: str
    title: str
    language: str
    text_sha256: str
    reads_with: ReadsWith
    effective_from: str
    revised_on: date | None
    revised_on_missing_reason: str
    retrieved_on: date
    controller: Controller
    account_types: Mapping[str, AccountType]
    clusters: Mapping[str, Cluster]
    categories: tuple[CategoryRule, ...]
    bases: Mapping[str, Basis]
    purposes: Mapping[str, Purpose]
    levels: Mapping[str, Level]
    recipients: tuple[Recipient, ...]
    transfers: tuple[Transfer, ...]
    retention: Mapping[str, RetentionRule]
    parts: Mapping[str, PartRule]
    topics: Mapping[str, Topic]
    interpretations: Mapping[str, Interpretation]
    _rules: Mapping[str, CategoryRule | None] = field(init=False, repr=False, compare=False)  # by category: asked often

    def __post_init__(self) -> None:
        covering = _covering(self.categories)
        rules = {name: _nearest(covering, name) for name in CATEGORIES}
        object.__setattr__(self, "_rules", MappingProxyType(rules))

    @property
    def profiling(self) -> str:
        """``consent_only``, ``prohibited`` or ``unspecified``."""
        return self.says("profiling")

    @property
    def art22(self) -> str:
        """What the text says of automated decisions (Art. 22 GDPR): ``none`` or ``unspecified``."""
        return self.says("art22")

    @property
    def default_purpose(self) -> Purpose:
        """The one purpose for which a shop may send."""
        return next(purpose for purpose in self.purposes.values() if purpose.default)

    def says(self, topic: str) -> str:
        """What the text says on a matter; ``unspecified``, which permits nothing, where it has no row."""
        row = self.topics.get(topic)
        return row.says if row else UNSPECIFIED

    def cluster(self, subject: str) -> Cluster | None:
        """Who answers for the data of a subject; ``None`` for one of whom the policy does not speak."""
        return next((row for row in self.clusters.values() if subject in row.subjects), None)

    def another_answers(self, subject: str) -> bool:
        """Whether another controller answers for the data of a subject, and so for their basis."""
        row = self.cluster(subject)
        return row is not None and row.processor is not None

    def category_rule(self, category_id: str) -> CategoryRule | None:
        """The rule that governs a category: the one that covers it or its nearest parent; ``None`` if the text does not
        list it.
        """
        if category_id in CATEGORIES:
            return self._rules[category_id]
        return _nearest(_covering(self.categories), category_id)

    def permits(self, category_id: str, account_type: str | None = None) -> bool:
        """Whether a category may exist at all, be it on a condition; of a sender of ``account_type``, where one is
        given.

        An unknown category and an unknown account type are not permitted.
        """
        rule = self._rules.get(category_id)
        if rule is None or not rule.passes:
            return False
        return account_type is None or (
            account_type in self.account_types and (not rule.account_types or account_type in rule.account_types)
        )

    def part_of(self, category_id: str) -> PartRule:
        """The part that may hold a category. Raises: SchemaFault if none may, or if there is no such category."""
        for part in self.parts.values():
            if category_id in part.categories:
                return part
        if category_id not in CATEGORIES:
            raise SchemaFault(f"{self.id}: unknown category {category_id!r}; use one of schemas/categories.py")
        raise SchemaFault(f"{self.id}: no part may hold {category_id}; list it in a part, or do not read it")

    def rule(self, part_name: str) -> RetentionRule:
        """The retention rule of a part. Raises: SchemaFault if there is no such part."""
        part = self.parts.get(part_name)
        if part is None:
            raise SchemaFault(f"{self.id}: no part {part_name!r}, so no rule; use one of {', '.join(self.parts)}")
        return self.retention[part.retention]

    def interpret(self, overrides: Mapping[str, str]) -> Policy:
        """The same policy under chosen readings (interpretation → choice).

        Raises: SchemaFault for a name or a choice that the pack lacks.
        """
        policy = self
        for name, chosen in overrides.items():
            policy = policy._choose(name, chosen)
        return policy

    def bases_of(self, purpose_id: str, subject: str, account_type: str) -> Iterator[Basis]:
        """The rows that give a known purpose a basis for a subject: one or none in a sound pack."""
        for basis in (self.bases[name] for name in self.purposes[purpose_id].bases):
            if subject in basis.subjects and account_type in basis.account_types:
                yield basis

    def _choose(self, name: str, chosen: str) -> Policy:
        point = self.interpretations.get(name)
        if point is None:
            raise SchemaFault(f"{self.id}: no interpretation {name!r}; use one of {', '.join(self.interpretations)}")
        choice = point.choices.get(chosen)
        if choice is None:
            place = f"{self.id}: interpretations.{name}"
            raise SchemaFault(f"{place}: it has no such choice; use one of {', '.join(point.choices)}")
        retention = {
            name: replace(self.retention[name], trigger=trigger, trigger_stated=choice.stated)
            for name, trigger in choice.triggers.items()
        }
        for name, resets in choice.resets.items():
            retention[name] = replace(retention.get(name, self.retention[name]), resets=resets)
        bases = {name: replace(self.bases[name], basis=basis) for name, basis in choice.bases.items()}
        accounts = {name: replace(self.account_types[name], plugin=linked) for name, linked in choice.plugin.items()}
        return replace(
            self,
            retention=_changed(self.retention, retention),
            bases=_changed(self.bases, bases),
            account_types=_changed(self.account_types, accounts),
            categories=tuple(_marked(rule, choice.optional) for rule in self.categories),
            interpretations=_changed(self.interpretations, {point.name: replace(point, chosen=chosen)}),
        )


def _covering(categories: tuple[CategoryRule, ...]) -> Mapping[str, CategoryRule]:
    """The rule that names a category itself; of several the first."""
    return {name: rule for rule in reversed(categories) for name in rule.covers}


def _nearest(covering: Mapping[str, CategoryRule], category_id: str) -> CategoryRule | None:
    name = category_id
    while name and name not in covering:
        name = name.rpartition(".")[0]
    return covering.get(name)


def _changed(rows: Mapping[str, _Row], changes: Mapping[str, _Row]) -> Mapping[str, _Row]:
    return MappingProxyType({**rows, **changes})


def _marked(rule: CategoryRule, optional: Mapping[str, str]) -> CategoryRule:
    (only, *more) = rule.covers
    return replace(rule, optional=optional[only]) if only in optional and not more else rule
