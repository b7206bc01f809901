"""A pack in plain words: what is permitted, why, for whom and how long, row by row with its clause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from middleware.cli import words
from schemas.policy import (
    NOT_STATED,
    Basis,
    CategoryRule,
    Ground,
    Interpretation,
    Level,
    Policy,
    Purpose,
    RetentionRule,
)
from schemas.policy_parties import DECLARATION, Cluster, Recipient
from schemas.policy_terms import PartRule

Table = tuple[str, tuple[str, ...], Sequence[tuple[object, ...]]]
"""Title, columns, rows."""

IDS = ("part", "class", "purpose", "level", "matter", "account type")
"""Columns of names that are typed elsewhere, and so are never broken."""

CLAUSES = (
    "A clause is document§section and lines of the Dutch texts: document 0 is the shipping\n"
    "platform's, 1 Maxiresponse's, 2 MyStamp's. (silence): the text says nothing there."
)
"""How a clause of the packs that come with the package is read."""


def tables(found: Policy) -> Iterator[Table]:
    """The tables of a pack, from what is permitted to what is left open."""
    yield from _what(found)
    yield from _how_and_why(found)
    yield from _who(found)
    yield from _rest(found)


def _what(found: Policy) -> Iterator[Table]:
    yield (
        "Parts: what may be together, why, and for how long",
        ("part", "subject", "purpose", "how long", "sealed", "clause"),
        [
            (
                part.name,
                part.subject,
                part.purpose.replace("_", " "),
                _how_long(found.retention[part.retention]),
                "yes" if part.sealed else "keyed" if part.keyed else "no",
                part.clause.ref,
            )
            for part in found.parts.values()
        ],
    )
    yield (
        "Data: what the text lists, and what it does not",
        ("data", "passes", "account types", "clause"),
        [
            (rule.told, _passes(rule, found), ", ".join(rule.account_types) or "all", rule.clause.ref)
            for rule in found.categories
        ],
    )


def _how_and_why(found: Policy) -> Iterator[Table]:
    yield (
        "Purposes and their bases (Art. 6(1) GDPR)",
        ("purpose", "title", "for", "bases", "not through", "clause"),
        [
            (
                purpose.id,
                purpose.title,
                _subjects(purpose, found),
                _bases(purpose, found),
                ", ".join(purpose.denied_channels),
                purpose.clause.ref,
            )
            for purpose in found.purposes.values()
        ],
    )
    yield (
        "Retention: for how long, and what comes then",
        ("class", "how long", "then", "clause"),
        [(rule.id, _how_long(rule), _then(rule), rule.clause.ref) for rule in found.retention.values()],
    )


def _who(found: Policy) -> Iterator[Table]:
    yield (
        "Who answers for whose data",
        ("data", "of", "controller", "processor", "before any use", "clause"),
        [
            (row.title, ", ".join(row.subjects), row.controller, row.processor, _before(row), row.clause.ref)
            for row in found.clusters.values()
        ],
    )
    yield (
        "Recipients",
        ("recipient", "what for", "country", "clause"),
        [(row.name, _stated(row.activity), _country(row), row.clause.ref) for row in found.recipients],
    )
    yield (
        "Transfers outside the European Economic Area",
        ("country", "recipients", "safeguard", "clause"),
        [
            (transfer.country, ", ".join(transfer.recipients), _stated(transfer.safeguard), transfer.clause.ref)
            for transfer in found.transfers
        ],
    )
    yield (
        "Account types",
        ("account type", "title", "webshop may be linked", "clause"),
        [
            (account.id, account.title, "yes" if account.plugin else "no", account.clause.ref)
            for account in found.account_types.values()
        ],
    )


def filled(table: Table) -> Table:
    """Without the columns in which no row says anything."""
    title, columns, rows = table
    kept = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    return title, tuple(columns[place] for place in kept), [tuple(row[place] for place in kept) for row in rows]


def told(value: object) -> str:
    """What a rule says, in one line."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(row.basis if isinstance(row, Ground) else str(row) for row in value)
    return str(value)


def _rest(found: Policy) -> Iterator[Table]:
    yield (
        "Levels: switches of the data subject's own",
        ("level", "title", "at first", "how it is ended", "clause"),
        [
            (level.id, level.title, _at_first(level), words.VERBS[level.verb], level.clause.ref)
            for level in found.levels.values()
        ],
    )
    yield (
        "What the text says, and what it leaves open",
        ("matter", "says", "clause"),
        [(topic.id, topic.says.replace("_", " "), topic.clause.ref) for topic in found.topics.values()],
    )


def reading(point: Interpretation) -> Iterator[str]:
    """An open point of the text: the question, and its readings, the one in force among them."""
    yield f"{point.name}: {point.question}  ({point.clause.ref})"
    for name, choice in point.choices.items():
        says = choice.title.removeprefix(f"{name}: ")
        yield f"  {'in force' if name == point.chosen else 'or else':<9} {name}: {says}"


def _at_first(level: Level) -> str:
    return "on, until somebody objects" if level.starts_on else "off, until somebody consents"


def _before(row: Cluster) -> str:
    return "the customer declares that it is lawful" if row.requires == DECLARATION else ""


def _country(row: Recipient) -> str:
    access = f", with access from {row.access_from}" if row.access_from else ""
    return f"{_stated(row.country)}{access}"


def _subjects(purpose: Purpose, found: Policy) -> str:
    return ", ".join(dict.fromkeys(subject for name in purpose.bases for subject in found.bases[name].subjects))


def _passes(rule: CategoryRule, found: Policy) -> str:
    if not rule.passes:
        return "no"
    parts = [part for part in found.parts.values() if not {*part.categories}.isdisjoint(rule.covers)]
    return "; ".join(dict.fromkeys(_kept(part, rule, found) for part in parts))


def _kept(part: PartRule, rule: CategoryRule, found: Policy) -> str:
    """What is indexed, or read and not kept, never passes."""
    if part.keyed:
        return "in the keyed index alone"
    if found.retention[part.retention].after == "never_written":
        return "read, not kept"
    return f"when {words.CONDITIONS[rule.unless]}" if rule.unless else "yes"


def _bases(purpose: Purpose, found: Policy) -> str:
    if purpose.prohibited:
        return "prohibited"
    rows = [found.bases[name] for name in purpose.bases]
    first = (_basis(row, found) for row in rows)
    instead = (words.BASES[ground.basis] for row in rows for ground in row.instead)
    return ", ".join(dict.fromkeys((*first, *instead)))


def _basis(row: Basis, found: Policy) -> str:
    """A basis that is not stated is another controller's matter only where another one answers for all these data."""
    unsaid = row.basis == NOT_STATED and not all(map(found.another_answers, row.subjects))
    return _stated(row.basis) if unsaid else words.BASES[row.basis]


def _how_long(rule: RetentionRule) -> str:
    early = "".join(f", or until {words.EARLIER[event]}" for event in rule.ended_early_by)
    if rule.duration is None:
        return f"until {words.EVENTS[rule.until_event or rule.trigger]}{early}"
    return f"{words.duration(rule.duration)} from {words.EVENTS[rule.trigger]}{early}"


def _then(rule: RetentionRule) -> str:
    return f"{words.AFTERWARDS[rule.after]}, as {rule.then}" if rule.then else words.AFTERWARDS[rule.after]


def _stated(word: str) -> str:
    return "not stated" if word == NOT_STATED else word
