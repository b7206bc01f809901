"""The rules of a pack as mutants: every row taken out, and every value by which a row decides turned into another.

A title, a quotation, a limit in words and an advisory decide nothing: they are no rules.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from schemas import policy_terms as terms

Row = Mapping[str, Any]
Path_ = tuple[str | int, ...]
Change = tuple[str, Any]
"""(what is changed, in words; the new value)."""

TAKEN = object()
"""In place of a value: there is none any more."""

FOLDER = Path("schemas") / "policies"
OTHER = "something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One rule gone or turned round. ``group``: the pack, or the file of the code; ``table``: its kind of row.

    ``ids``: the requirements of which one must be named by the test that turns red. ``file`` has ``content`` instead of
    its own.
    """

    group: str
    table: str
    name: str
    ids: tuple[str, ...]
    file: str
    content: str


def _names(table: str) -> Callable[[Row], Sequence[str]]:
    return lambda pack: tuple(pack[table])


def _words(*words: str) -> Callable[[Row], Sequence[str]]:
    return lambda _pack: words


_FREE = _words()
_BASIS = _words(*terms.BASES)
_SUBJECT = _words(*terms.SUBJECTS)
_COUNTRY = _words("BE", "IN", "US", terms.NOT_STATED)

DECIDES: Mapping[str, Mapping[str, Callable[[Row], Sequence[str]]]] = {
    "reads_with": {"at_hand": _FREE, "prevails": _words("specific", "general")},
    "controller": {"name": _FREE, "address": _FREE, "country": _COUNTRY, "vat": _FREE},
    "channels": {"kind": _words("web_form", "post"), "address": _FREE},
    "account_types": {"account": _FREE, "plugin": _FREE, "dashboard": _FREE, "interpreted": _FREE},
    "clusters": {"subjects": _FREE, "controller": _FREE, "processor": _FREE, "requires": _FREE},
    "categories": {
        "covers": _FREE,
        "optional": _words(*terms.OPTIONAL),
        "default": _words("keep", "drop"),
        "unless": _words(*terms.CONDITIONS),
        "account_types": _FREE,
    },
    "bases": {
        "subjects": _FREE,
        "account_types": _FREE,
        "basis": _BASIS,
        "contract_with": _FREE,
        "level": _names("levels"),
        "objected_through": _FREE,
    },
    "instead": {"when": _FREE, "basis": _BASIS},
    "purposes": {
        "default": _FREE,
        "bases": _FREE,
        "channels": _FREE,
        "denied_channels": _FREE,
        "profiling": _FREE,
        "prohibited": _FREE,
    },
    "levels": {
        "basis": _BASIS,
        "starts_on": _FREE,
        "verb": _words("object", "withdraw"),
        "dashboard": _FREE,
        "plugin_may_raise": _FREE,
    },
    "recipients": {
        "role": _words("processor", "controller"),
        "activity": _FREE,
        "country": _COUNTRY,
        "access_from": _FREE,
        "purposes": _FREE,
    },
    "transfers": {"country": _COUNTRY, "recipients": _FREE, "safeguard": _FREE, "list_closed": _FREE},
    "retention": {
        "subject": _SUBJECT,
        "purpose": _names("purposes"),
        "trigger": _words(*terms.TRIGGERS),
        "trigger_stated": _FREE,
        "duration": _FREE,
        "until_event": _words(*terms.END_EVENTS),
        "after": _words(*terms.AFTER),
        "then": _names("retention"),
        "resets": _FREE,
        "ended_early_by": _FREE,
        "extended_by": _FREE,
        "serves": _FREE,
    },
    "parts": {
        "subject": _SUBJECT,
        "sealed": _FREE,
        "keyed": _FREE,
        "purpose": _names("purposes"),
        "retention": _names("retention"),
        "categories": _FREE,
    },
    "topics": {"says": _FREE},
    "interpretations": {"default": _FREE},
}
"""By table, the keys by whose value a row decides, and the words that there are for it (none: any)."""

ABSENT: Mapping[str, Mapping[str, bool]] = {
    "purposes": {"default": False, "profiling": False, "prohibited": False},
    "parts": {"keyed": False},
}
"""What a row decides by leaving a key out."""

LEFT_OUT = ("unless", "level", "then", "processor", "requires", "access_from")
"""Keys that a row may do without: they are taken out too."""

NEVER_EMPTY = ("covers", "when", "subjects")
"""Lists that no row may leave empty: their last entry goes with the row."""

EFFECTS: Mapping[str, Callable[[Row], Sequence[str]]] = {
    "triggers": _words(*terms.TRIGGERS),
    "resets": _FREE,
    "bases": _BASIS,
    "optional": _words(*terms.OPTIONAL),
    "plugin": _FREE,
}
"""What a reading may change, and the words for it."""

TEXT: Mapping[str, str] = {
    "effective_from": "changes",
    "revised_on": "revision_date",
    "revised_on_missing_reason": "revision_date",
    "text_sha256": "revision_date",
}
"""What is said of the text itself has no clause: by key, the matter that has it."""


def packs(root: Path) -> tuple[str, ...]:
    """The names of the packs in a tree."""
    return tuple(sorted(path.stem for path in (root / FOLDER).glob("*.toml")))


def read(root: Path, pack: str) -> Row:
    """The rows of a pack as its file has them."""
    return tomllib.loads((root / FOLDER / f"{pack}.toml").read_text(encoding="utf-8"))


def mutants(pack: str, document: Row) -> Iterator[Mutant]:
    """All mutants of a pack, in the order of its rows."""
    lines = {key: _line(key, value) for key, value in document.items()}
    for table, place, ids, path, (what, value) in _edits(document):
        changed = _edited(document, path, value)
        yield Mutant(
            group=pack,
            table=table,
            name=f"{place}: {what}",
            ids=tuple(ids),
            file=(FOLDER / f"{pack}.toml").as_posix(),
            content="".join(
                _line(key, changed[key]) if key == path[0] else line for key, line in lines.items() if key in changed
            ),
        )


_Edit = tuple[str, str, Sequence[str], Path_, Change]


def _edits(pack: Row) -> Iterator[_Edit]:
    for key, topic in TEXT.items():
        if key in pack:
            yield "text", key, pack["topics"][topic]["clause"]["ids"], (key,), _text(key, pack[key])
    for table in DECIDES:
        if table in pack:
            yield from _table(pack, table, pack[table])


def _text(key: str, value: Any) -> Change:
    others = {"effective_from": "2020-01-01", "text_sha256": "0" * 63 + "1", "revised_on": date(2020, 1, 1)}
    return "another", others.get(key, OTHER if value != OTHER else "")


def _table(pack: Row, table: str, rows: Any) -> Iterator[_Edit]:
    if table in ("reads_with", "controller"):
        yield from _row(pack, table, table, rows, (table,), taken=False)
        for number, row in enumerate(rows.get("channels", ())):
            yield from _row(pack, "channels", f"channel {row['kind']}", row, (table, "channels", number))
    elif isinstance(rows, Mapping):
        for name, row in rows.items():
            yield from _row(pack, table, f"{table}.{name}", row, (table, name))
            yield from _beneath(pack, name, row, (table, name))
    else:
        for number, row in enumerate(rows):
            name = row.get("title") or row.get("name") or row["country"]
            yield from _row(pack, table, f"{table} {name!r}", row, (table, number))


def _beneath(pack: Row, name: str, row: Row, path: Path_) -> Iterator[_Edit]:
    for number, ground in enumerate(row.get("instead", ())):
        yield from _row(pack, "instead", f"bases.{name}.instead[{number + 1}]", ground, (*path, "instead", number))
    for chosen, choice in row.get("choices", {}).items():
        place, here = f"interpretations.{name}.{chosen}", (*path, "choices", chosen)
        for change in _effects(pack, choice):
            yield "interpretations", place, row["clause"]["ids"], (*here, *change[0]), change[1]
        if len(row["choices"]) > 1:
            yield "interpretations", place, row["clause"]["ids"], here, ("taken out", TAKEN)


def _effects(pack: Row, choice: Row) -> Iterator[tuple[Path_, Change]]:
    for effect, words in EFFECTS.items():
        for name, value in choice.get(effect, {}).items():
            for what, other in changes(f"{effect} of {name}", value, words(pack)):
                yield (effect, name), (what, other)
    if "triggers" in choice:
        yield ("stated",), (f"stated = {not choice['stated']}", not choice["stated"])


def _row(pack: Row, table: str, place: str, row: Row, path: Path_, *, taken: bool = True) -> Iterator[_Edit]:
    ids = row["clause"]["ids"]
    if taken:
        yield table, place, ids, path, ("taken out", TAKEN)
    whole = {**ABSENT.get(table, {}), **row}
    for key, words in DECIDES[table].items():
        known = _choices(row) if key == "default" and table == "interpretations" else words(pack)
        for change in changes(key, whole[key], known) if key in whole else _bound(pack, table, key, row):
            yield table, place, ids, (*path, key), change


def _choices(row: Row) -> Sequence[str]:
    return tuple(row["choices"])


def _bound(pack: Row, table: str, key: str, row: Row) -> Iterator[Change]:
    """What passes for every account type, bound to the first one."""
    passes = row.get("default") == "keep" or "unless" in row
    if (table, key) == ("categories", "account_types") and passes and len(pack["account_types"]) > 1:
        first = next(iter(pack["account_types"]))
        yield f"for {first} alone", [first]


def changes(key: str, value: Any, words: Sequence[str]) -> Iterator[Change]:
    """The other values that are tried for a key."""
    if isinstance(value, bool):
        yield f"{key} = {not value}", not value
    elif isinstance(value, list):
        for entry in value if len(value) > 1 or key not in NEVER_EMPTY else ():
            yield f"{key} without {entry}", [other for other in value if other != entry]
        if not value and key == "purposes":
            yield f"{key} = *", ["*"]
    elif key == "duration":
        yield from ((f"{key} = {other}", other) for other in _longer_and_shorter(value))
    elif key == "access_from":
        yield f"{key} taken out", TAKEN
    else:
        if key in LEFT_OUT:
            yield f"{key} taken out", TAKEN
        other = _next(value, words)
        if other != value and key != "requires":
            yield f"{key} = {other}", other


def _next(value: str, words: Sequence[str]) -> str:
    if not words:
        return OTHER
    return words[(words.index(value) + 1) % len(words)] if value in words else words[0]


def _longer_and_shorter(duration: str) -> Iterator[str]:
    for step in (1, -1):
        yield re.sub(r"\d+", lambda number: str(int(number[0]) + step), duration, count=1)  # noqa: B023 - used at once


def _edited(holder: Any, path: Path_, value: Any) -> Any:
    """The same with another value at a place, or without it; what does not lead there is shared."""
    name, *rest = path
    changed: Any = list(holder) if isinstance(holder, list) else dict(holder)
    if rest:
        changed[name] = _edited(changed[name], tuple(rest), value)
    elif value is TAKEN:
        del changed[name]
    else:
        changed[name] = value
    return changed


def written(document: Row) -> str:
    """A pack's file with these rows: what the file says, in another hand."""
    return "".join(_line(key, value) for key, value in document.items())


def _line(key: str, value: Any) -> str:
    return f"{_key(key)} = {_value(value)}\n"


def _key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(name)} = {_value(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)
