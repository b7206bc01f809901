"""The README's table "what passes and what doesn't", made from the schemas and the policy pack.

``python -m scripts.tables`` prints it, ``python -m scripts.tables --write`` puts it between the markers of README.md.
A test holds that README and schemas say the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.allowlist import INDEX, KEPT, USED, Node
from schemas.categories import CATEGORIES
from schemas.known import REASONS
from schemas.order import catalogue
from schemas.policy import Policy
from schemas.policy_loader import load
from schemas.shopify import SHAPE

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
PACK = "bpost-shipping-platform"
EXAMPLES = 5
"""How many removed names each reason shows."""

_CONDITIONS: Mapping[str, str] = {
    "notify_email": "the delivery notifies by e-mail, and payer and recipient bear the same name",
    "notify_sms": "the delivery notifies by text message",
    "company_delivery": "the delivery address names it",
    "locker": "a parcel locker is opened by it",
    "outside_eu": "it leaves the EU's customs union or its VAT area",
}
_CHOSEN: Mapping[str, str] = {
    "parcel.pickup_point": "it stands in the one configured attribute, and the platform knows it",
    "recipient.contact.language": "the delivery notifies, and payer and recipient bear the same name",
}
"""Conditions that are the code's and not the pack's, by category."""

_COMPUTED: Mapping[str, tuple[str, ...]] = {
    "customs.quantity": ("line_items.quantity", "line_items.current_quantity"),
    "customs.weight_grams": ("line_items.grams",),
    "recipient.address.number": ("shipping_address.address1", "shipping_address.address2"),
    "recipient.address.box": ("shipping_address.address1", "shipping_address.address2"),
    "recipient.address.line2": ("shipping_address.address1",),
}
"""What is made from fields that are otherwise only read, or that fill something else as well; a test compares it with
what the parser takes.
"""

_UNITS: Mapping[str, str] = {"Y": "years", "M": "months", "D": "days"}
_STATUSES = (KEPT, USED, INDEX)

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place in an order: its path, its status or the reason of its removal, and what it fills."""

    path: str
    status: str
    target: str = ""


def places(node: Node, path: str = "") -> Iterator[Place]:
    """Every known place of an order; the topmost where everything beneath is removed for one reason."""
    if node.whole is not None:
        yield Place(path=path, status=node.whole)
    elif node.status is not None:
        yield Place(path=path, status=node.status, target=node.target)
    else:
        for name, child in node.children.items():
            yield from places(child, f"{path}.{name}" if path else name)


def tables(policy: Policy) -> str:
    """Both tables as Markdown: what passes, then what never does."""
    known = tuple(places(SHAPE))
    passing = _table(
        ("datum", "read from", "passes when", "as, and for how long at most"), list(_passing(known, policy))
    )
    removed = _table(("removed because", "places", "such as"), list(_removed(known)))
    return f"{passing}\n\nRemoved from every order, and reported by path and reason:\n\n{removed}\n"


def _passing(known: Sequence[Place], policy: Policy) -> Iterator[Row]:
    filled = sources(known)
    for target, category in _targets(filled, policy):
        yield _title(category), _fields(filled[target]), _when(category, policy), _how(category, policy)


def sources(known: Sequence[Place]) -> Mapping[str, Sequence[str]]:
    """What is filled (a canonical path or a category) → the places of the order that fill it."""
    found: dict[str, list[str]] = {target: list(paths) for target, paths in _COMPUTED.items()}
    for place in known:
        if place.status in _STATUSES:
            found.setdefault(place.target, []).append(place.path)
    return found


def _targets(filled: Mapping[str, Sequence[str]], policy: Policy) -> Iterator[tuple[str, str]]:
    """(what is filled, its category): what travels first, in the order of the parts; then what is only read."""
    categories = dict(catalogue())
    rank = {
        category: (row, place)
        for row, part in enumerate(policy.parts.values())
        for place, category in enumerate(part.categories)
    }
    named = [(target, categories.get(target, target)) for target in filled]
    yield from sorted(named, key=lambda pair: rank[pair[1]])


def _title(category: str) -> str:
    return CATEGORIES[category].title


def _when(category: str, policy: Policy) -> str:
    if category in _CHOSEN:
        return _CHOSEN[category]
    rule = policy.category_rule(category)
    return _CONDITIONS[rule.unless] if rule and rule.unless else "always"


def _how(category: str, policy: Policy) -> str:
    part = policy.part_of(category)
    if part.keyed:
        return "the time, beside the keyed digest" if category == "order.time" else "keyed digest alone"
    length = policy.retention[part.retention].duration
    if length is None:
        return "read, never kept"
    return f"{'**sealed**' if part.sealed else 'in the clear'}, {part.name}, {plain(length)}"


def plain(duration: str) -> str:
    """An ISO 8601 duration of years, months and days in words."""
    return " ".join(f"{number} {_UNITS[unit]}" for number, unit in re.findall(r"(\d+)([YMD])", duration))


def _removed(known: Sequence[Place]) -> Iterator[Row]:
    for reason, sentence in REASONS.items():
        paths = [place.path for place in known if place.status == reason]
        if paths:
            yield f"{sentence} (`{reason}`)", str(len(paths)), _some(paths)


def _some(paths: Sequence[str]) -> str:
    shortest = sorted(paths, key=lambda path: (path.count("."), path))[:EXAMPLES]
    return _fields(shortest) + (" …" if len(paths) > EXAMPLES else "")


def _fields(paths: Iterable[str]) -> str:
    """``shipping_address.{zip, city}``: places of one object are named together."""
    holders: dict[str, list[str]] = {}
    for path in paths:
        holder, _, name = path.rpartition(".")
        holders.setdefault(holder, []).append(name)
    return ", ".join(f"`{_joined(holder, names)}`" for holder, names in holders.items())


def _joined(holder: str, names: Sequence[str]) -> str:
    if not holder:
        return "`, `".join(names)
    return f"{holder}.{names[0]}" if len(names) == 1 else f"{holder}.{{{', '.join(names)}}}"


def _table(head: Row, rows: Sequence[Row]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def written(text: str, table: str) -> str:
    """``text`` with ``table`` between the markers. Raises: ValueError unless each marker is there once, in order."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError("README.md needs both markers of the table, once each")
    return f"{before}{BEGIN}\n\n{table}\n{END}{after}"


def main(arguments: Sequence[str]) -> None:
    """Print, or with ``--write`` put in place."""
    table = tables(load(PACK))
    if list(arguments) == ["--write"]:
        README.write_text(written(README.read_text(encoding="utf-8"), table), encoding="utf-8")
    else:
        print(table, end="")


if __name__ == "__main__":
    main(sys.argv[1:])
