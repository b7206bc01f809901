"""The left side of the page: an order as it came, every leaf with its mark."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from middleware.demo.marks import Mark, Marks
from middleware.demo.markup import Html, joined, tag

LONGEST = 160
"""Characters of a value that are shown."""
ITEMS = 3
"""Items of a list that are shown; the others have the same form."""
WORDS = {"sealed": "sealed", "clear": "clear", "used": "used", "index": "indexed", "removed": "removed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A piece of the tree: its markup, and how many of its leaves bear each mark."""

    html: Html
    marks: Counter[Mark]

    @property
    def leaves(self) -> int:
        """How many leaves it has."""
        return self.marks.total()


def came_in(document: object, marks: Marks) -> Html:
    """The tree of an order, and how many of its values fared how; what was removed altogether is folded up."""
    told = _Tree(marks).told("", document, "")
    counts = Counter[str]()
    for mark, count in told.marks.items():
        counts[mark.kind] += count
    summary = (
        part
        for kind, word in WORDS.items()
        if counts[kind]
        for part in (" ", tag("span", f"{counts[kind]} {word}", class_=f"why {kind}"))
    )
    return joined((tag("p", f"{told.leaves} values:", *summary, class_="note"), tag("div", told.html, class_="json")))


class _Tree:
    def __init__(self, marks: Marks) -> None:
        self._marks = marks

    def told(self, name: str, value: object, path: str, whole: Mark | None = None) -> Told:
        whole = whole or (self._marks.whole(path) if path else None)
        if isinstance(value, (dict, list)) and value:
            return _container(name, value, [*self._members(value, path, whole)])
        mark = whole or self._marks.leaf(path, value)
        return Told(html=_leaf(name, value, mark), marks=Counter({mark: 1}))

    def _members(self, value: dict[str, object] | list[object], path: str, whole: Mark | None) -> Iterator[Told]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield self.told(name, inner, self._marks.path(path, name), whole)
            return
        items = [self.told(str(position), inner, f"{path}[]", whole) for position, inner in enumerate(value)]
        yield from items[:ITEMS]
        if len(items) > ITEMS:
            yield _others(items[ITEMS:])


def _others(items: list[Told]) -> Told:
    marks = _added(items)
    text = f"… {len(items)} more with {marks.total()} values, treated by the same rules"
    return Told(html=tag("div", text, class_="more"), marks=marks)


def _added(items: Iterable[Told]) -> Counter[Mark]:
    marks = Counter[Mark]()
    for item in items:
        marks.update(item.marks)
    return marks


def _container(name: str, value: object, members: list[Told]) -> Told:
    marks = _added(members)
    inner = tag("div", *(member.html for member in members), class_="in")
    if not name:
        return Told(html=inner, marks=marks)
    removed = all(mark.kind == "removed" for mark in marks)
    why = ", ".join(sorted({mark.why for mark in marks}))
    leaves = f"{marks.total()} value{'' if marks.total() == 1 else 's'}"
    told = tag("span", f"{leaves} removed: {why}", class_="why") if removed else ""
    signs = "{}" if isinstance(value, Mapping) else "[]"
    head = tag("summary", tag("span", name, class_="k"), f" {signs} ", told)
    html = tag("details", head, inner, class_="removed" if removed else None, open=None if removed else "")
    return Told(html=html, marks=marks)


def _leaf(name: str, value: object, mark: Mark) -> Html:
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text):,} characters)"
    word = " ".join(filter(None, (WORDS.get(mark.kind, ""), mark.why)))
    told = joined((" ", tag("span", word, class_="why"))) if word else ""
    return tag(
        "div",
        tag("span", name, class_="k"),
        " ",
        tag("bdi", text, class_="v"),
        told,
        class_=f"l {mark.kind}",
    )
