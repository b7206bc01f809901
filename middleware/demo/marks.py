"""What became of every leaf of an order that came in: its mark, and the reason or the part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from middleware.demo.run import Inspection

UNKNOWN = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """``kind`` is ``sealed``, ``clear``, ``used``, ``index``, ``removed`` or ``none``; ``why`` a part or a reason."""

    kind: str
    why: str


NONE = Mark(kind="none", why="")


class Marks:
    """The marks of one order, by generalised path; ``arrived`` are the texts that the platform got."""

    def __init__(self, inspection: Inspection, arrived: Sequence[str]) -> None:
        self._marks: dict[str, list[Mark]] = {}
        self._arrived = tuple(arrived)
        for entry in inspection["kept"]:
            kind = "sealed" if entry["sealed"] else "clear"
            self._add(entry["path"], Mark(kind=kind, why=entry["part"] if entry["sealed"] else entry["target"]))
        for kind in ("used", "index"):
            for path in inspection[kind]:
                self._add(path, Mark(kind=kind, why=""))
        for removal in inspection["removed"]:
            self._add(removal["path"], Mark(kind="removed", why=removal["reason"]))
        self._above = {path[:end] for path in self._marks for end in range(len(path)) if path[end] in ".["}

    def _add(self, path: str, mark: Mark) -> None:
        self._marks.setdefault(path, []).append(mark)

    def path(self, above: str, name: str) -> str:
        """The generalised path of a member; a name that nobody knows is ``*``."""
        path = f"{above}.{name}" if above else name
        known = name.isidentifier() and (path in self._marks or path in self._above)
        return path if known else path.removesuffix(name) + UNKNOWN

    def whole(self, path: str) -> Mark | None:
        """The mark that everything beneath a place shares, if there is one."""
        marks = self._marks.get(path, []) if path not in self._above else []
        return marks[0] if len(marks) == 1 else None

    def leaf(self, path: str, value: object) -> Mark:
        """The mark of one leaf. Where leaves of one path fared differently, it goes by whether the value arrived."""
        marks = self._marks.get(path, [NONE])
        if len(marks) == 1:
            return marks[0]
        there = str(value) != "" and any(str(value) in text for text in self._arrived)
        chosen = [mark for mark in marks if (mark.kind in ("sealed", "clear")) == there]
        return (chosen or marks)[0]


def arrived_texts(shipments: Sequence[tuple[Any, Any, Mapping[str, Any]]]) -> list[str]:
    """Every text that the platform got, opened or in the clear."""
    texts: list[str] = []
    for shipment, _, body in shipments:
        texts += _texts(shipment.parts)
        texts += _texts({name: body.get(name) for name in ("parcel", "recipient")})
    return texts


def _texts(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [text for name, inner in value.items() if name != "sealed" for text in _texts(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in _texts(inner)]
    return [] if value is None else [str(value)]
