"""Whether the rows of a pack fit each other. A pack with one fault is not used: a wrong policy is worse than none."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import product

from schemas.categories import CATEGORIES
from schemas.policy import Basis, CategoryRule, Choice, PartRule, Policy, Purpose, RetentionRule
from schemas.policy_terms import DATA_SUBJECTS


def first_fault(policy: Policy) -> str | None:
    """The first fault as ``place: what and remedy``, without the file's name; ``None`` if there is none."""
    return next((fault for check in _CHECKS for fault in check(policy)), None)


def _names(policy: Policy) -> Iterator[str]:
    """Names that a row uses and no table has."""
    for place, used, known in _references(policy):
        for name in used:
            if name not in known:
                yield f"{place}: unknown {name!r}; use one of {_some(known)}"


def _references(policy: Policy) -> Iterator[tuple[str, Collection[str], Collection[str]]]:
    for rule in policy.categories:
        yield f"{_place(rule)}.covers", rule.covers, CATEGORIES
        yield f"{_place(rule)}.account_types", rule.account_types, policy.account_types
    for basis in policy.bases.values():
        yield f"bases.{basis.id}.account_types", basis.account_types, policy.account_types
        yield f"bases.{basis.id}.level", _maybe(basis.level), policy.levels
    for purpose in policy.purposes.values():
        yield f"purposes.{purpose.id}.bases", purpose.bases, policy.bases
    for recipient in policy.recipients:
        yield f"recipients.{recipient.name}.purposes", recipient.purposes, {*policy.purposes, "*"}
    named = [recipient.name for recipient in policy.recipients]
    for transfer in policy.transfers:
        yield f"transfers.{transfer.country}.recipients", transfer.recipients, named
    for retention in policy.retention.values():
        yield f'retention."{retention.id}".purpose', (retention.purpose,), policy.purposes
        yield f'retention."{retention.id}".serves', retention.serves, {*policy.purposes, "*"}
        yield f'retention."{retention.id}".then', _maybe(retention.then), policy.retention
    for part in policy.parts.values():
        yield f'parts."{part.name}".purpose', (part.purpose,), policy.purposes
        yield f'parts."{part.name}".retention', (part.retention,), policy.retention
        yield f'parts."{part.name}".categories', part.categories, CATEGORIES
    for point in policy.interpretations.values():
        yield f"interpretations.{point.name}.default", (point.default,), point.choices
        for name, choice in point.choices.items():
            yield from _effects(f"interpretations.{point.name}.choices.{name}", choice, policy)


def _effects(place: str, choice: Choice, policy: Policy) -> Iterator[tuple[str, Collection[str], Collection[str]]]:
    yield f"{place}.triggers", choice.triggers, policy.retention
    yield f"{place}.resets", choice.resets, policy.retention
    yield f"{place}.bases", choice.bases, policy.bases
    yield f"{place}.plugin", choice.plugin, policy.account_types
    yield f"{place}.optional", choice.optional, [rule.covers[0] for rule in policy.categories if len(rule.covers) == 1]


def _place(rule: CategoryRule) -> str:
    return f'categories."{rule.title}"'


def _maybe(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _some(known: Collection[str]) -> str:
    if known is CATEGORIES:
        return "those of schemas/categories.py"
    return ", ".join(sorted(known)) or "none: there are none yet"


def _dates(policy: Policy) -> Iterator[str]:
    if (policy.revised_on is None) != bool(policy.revised_on_missing_reason):
        yield "revised_on: give the date, or else revised_on_missing_reason, and not both"


def _categories(policy: Policy) -> Iterator[str]:
    covered: set[str] = set()
    for rule in policy.categories:
        for name in rule.covers:
            if name in covered:
                yield f"{_place(rule)}.covers: {name} stands in an earlier row too; keep one"
            covered.add(name)
        if rule.default == "keep" and rule.unless:
            yield f"{_place(rule)}.unless: it is kept by default; remove one of the two"


def _bases(policy: Policy) -> Iterator[str]:
    for basis in policy.bases.values():
        if basis.basis == "A6-1-b" and not basis.contract_with:
            yield f"bases.{basis.id}.contract_with: a contract is with somebody; name the person or the organisation"
        if basis.basis == "A6-1-a" and basis.level is None:
            yield f"bases.{basis.id}.level: consent needs a level that somebody can raise and lower; name one"
        for account_type in basis.account_types if basis.level else ():
            if not policy.account_types[account_type].dashboard:
                yield f"bases.{basis.id}.account_types: {account_type} has no dashboard, so no level; remove it"


def _levels(policy: Policy) -> Iterator[str]:
    for level in policy.levels.values():
        if level.plugin_may_raise:
            yield f"levels.{level.id}.plugin_may_raise: only the data subject raises a level; set it to false"
        consent = level.basis == "A6-1-a"
        if consent and level.starts_on:
            yield f"levels.{level.id}.starts_on: consent starts off; set it to false"
        if (level.verb == "withdraw") != consent:
            yield f"levels.{level.id}.verb: consent is withdrawn, legitimate interest is objected to; correct it"
    for basis in policy.bases.values():
        if basis.level and policy.levels[basis.level].basis != basis.basis:
            yield f"bases.{basis.id}.level: {basis.level} has another basis; correct one of them"


def _purposes(policy: Policy) -> Iterator[str]:
    defaults = [purpose.id for purpose in policy.purposes.values() if purpose.default]
    if len(defaults) != 1:
        yield f"purposes: exactly one must have default = true, here {_some(defaults)}; correct it"
    for purpose in policy.purposes.values():
        yield from _purpose(policy, purpose)
        bases = [policy.bases[name] for name in purpose.bases]
        for subject, account_type in product(DATA_SUBJECTS, policy.account_types):
            if sum(_serves(basis, subject, account_type) for basis in bases) > 1:
                yield f"purposes.{purpose.id}.bases: two for {subject} with {account_type}; keep one"


def _purpose(policy: Policy, purpose: Purpose) -> Iterator[str]:
    place = f"purposes.{purpose.id}"
    if not purpose.bases and not purpose.prohibited:
        yield f"{place}.bases: empty; give it a value"
    if purpose.bases and purpose.prohibited:
        yield f"{place}.prohibited: what the text prohibits has no basis; remove one of the two"
    for name in purpose.denied_channels:
        if name not in purpose.channels:
            yield f"{place}.denied_channels: unknown {name!r}; use one of {_some(purpose.channels)}"
    if purpose.profiling and policy.profiling == "prohibited" and not purpose.prohibited:
        yield f"{place}.profiling: the text prohibits profiling; set prohibited = true and remove its bases"
    if purpose.profiling and policy.profiling == "consent_only":
        for name in purpose.bases:
            if policy.bases[name].basis != "A6-1-a":
                yield f"{place}.bases: the text permits profiling on consent alone, {name} is none; remove it"


def _serves(basis: Basis, subject: str, account_type: str) -> bool:
    return subject in basis.subjects and account_type in basis.account_types


def _clusters(policy: Policy) -> Iterator[str]:
    """For everybody whose data may be sealed, exactly one party must answer."""
    name = policy.controller.name
    for cluster in policy.clusters.values():
        if name not in (cluster.controller, cluster.processor):
            yield f"clusters.{cluster.id}.controller: {name} is neither controller nor processor; name it as one"
    for part in policy.parts.values():
        answering = [row.id for row in policy.clusters.values() if part.subject in row.subjects]
        if part.subject in DATA_SUBJECTS and len(answering) != 1:
            yield f"clusters: {part.subject} must stand in exactly one, here in {_some(answering)}; correct it"


def _recipients(policy: Policy) -> Iterator[str]:
    transferred = {(name, transfer.country) for transfer in policy.transfers for name in transfer.recipients}
    for recipient in policy.recipients:
        if any((recipient.name, country) not in transferred for country in recipient.third_countries):
            yield f"recipients.{recipient.name}.country: outside the EEA without a transfer; add it to [[transfers]]"


def _retention(policy: Policy) -> Iterator[str]:
    for rule in policy.retention.values():
        place = f'retention."{rule.id}"'
        if (rule.duration is None) == (rule.until_event is None):
            yield f"{place}: give either duration or until_event"
        if (rule.after == "restrict") != (rule.then is not None):
            yield f"{place}.then: a restriction, and nothing else, names the class that follows; correct it"
        if not _has_basis(policy, rule):
            yield f"{place}.purpose: {rule.purpose} has no basis for {rule.subject}; choose another or add a basis"


def _has_basis(policy: Policy, row: RetentionRule | PartRule) -> bool:
    if row.subject not in DATA_SUBJECTS:
        return True
    return any(row.subject in policy.bases[name].subjects for name in policy.purposes[row.purpose].bases)


def _parts(policy: Policy) -> Iterator[str]:
    placed: dict[str, str] = {}
    for part in policy.parts.values():
        place = f'parts."{part.name}"'
        if part.subject in DATA_SUBJECTS and policy.retention[part.retention].subject != part.subject:
            yield f"{place}.retention: {part.retention} is of another data subject; choose one of {part.subject}"
        if not _has_basis(policy, part):
            yield f"{place}.purpose: {part.purpose} has no basis for {part.subject}; choose another or add a basis"
        for name in part.categories:
            if name in placed:
                yield f"{place}.categories: {name} is in {placed[name]} too; keep one"
            placed[name] = part.name
            if not policy.permits(name):
                yield f"{place}.categories: no row of [[categories]] permits {name}; remove it or permit it"
    yield from _unplaced(policy, placed)


def _unplaced(policy: Policy, placed: Mapping[str, str]) -> Iterator[str]:
    for rule in policy.categories:
        for name in rule.covers if rule.passes else ():
            if name not in placed:
                yield f"{_place(rule)}.covers: {name} may pass, but no part holds it; list it in a part or drop it"


def _interpretations(policy: Policy) -> Iterator[str]:
    """The rows as written must be the rows of the default readings: one truth, not two."""
    for point in policy.interpretations.values():
        if policy.interpret({point.name: point.default}) != policy:
            yield f"interpretations.{point.name}.default: the rows that it concerns say otherwise; make them agree"


# In this order: a check relies on the ones before it.
_CHECKS = (
    _names,
    _dates,
    _categories,
    _bases,
    _levels,
    _purposes,
    _clusters,
    _recipients,
    _retention,
    _parts,
    _interpretations,
)
