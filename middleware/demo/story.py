"""What is told of each order, on the terminal and on the page: what came in, what became of it, what went out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from middleware.demo.orders import MadeUp
from middleware.demo.run import Inspection
from schemas.order import catalogue
from simulator.case import Case
from simulator.evidence import Entry, Evidence, Shipment


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Chapter:
    """One order: how it was answered, what ``inspect`` says of its paths, and every shipment that holds it."""

    order: MadeUp
    statuses: tuple[int | None, ...]
    inspection: Inspection
    shipments: tuple[tuple[Shipment, Entry, Mapping[str, Any]], ...]

    @property
    def title(self) -> str:
        """The file's name without its ending."""
        return self.order.file.removesuffix(".json")

    @property
    def verdict(self) -> str:
        """``accepted``, or what else and why."""
        reason = self.inspection["reason"] or ", ".join(
            f"{error['pointer'] or '/'} {error['code']}" for error in self.inspection["errors"]
        )
        return f"{self.inspection['status']}: {reason}" if reason else str(self.inspection["status"])

    @property
    def clear(self) -> list[str]:
        """What is kept in the clear."""
        return _names(kept for kept in self.inspection["kept"] if not kept["sealed"])

    @property
    def sealed(self) -> Mapping[str, list[str]]:
        """Part → what of it is sealed."""
        return {
            part["part"]: _names(kept for kept in self.inspection["kept"] if kept["part"] == part["part"])
            for part in self.inspection["parts"]
        }

    @property
    def reasons(self) -> Counter[str]:
        """How many paths were removed for each reason."""
        return Counter(removal["reason"] for removal in self.inspection["removed"])

    @property
    def doubts(self) -> Counter[str]:
        """How many paths are kept in doubt, or written otherwise than they came, for each reason."""
        return Counter(doubted["reason"] for doubted in self.inspection["doubted"])


_PLACES = {path: place for place, (path, _) in enumerate(catalogue())}


def _names(kept: Iterable[Mapping[str, Any]]) -> list[str]:
    targets = sorted({str(entry["target"]) for entry in kept}, key=_PLACES.__getitem__)
    return [target.rpartition(".")[2].replace("_", " ") for target in targets]


def tags(chapter: Chapter) -> Mapping[tuple[str, str, str, str], list[str]]:
    """(class, trigger, first day, last permitted day) → the parts that bear this tag."""
    told: dict[tuple[str, str, str, str], list[str]] = {}
    for part in chapter.inspection["parts"]:
        tag = (part["class"], part["trigger"], part["starts"] or "not yet", part["until"] or "not yet")
        told.setdefault(tag, []).append(part["part"])
    return told


def tell(orders: Sequence[MadeUp], inspections: Mapping[str, Inspection], evidence: Evidence) -> tuple[Chapter, ...]:
    """The chapters, in the order of the files."""
    case = Case(evidence)
    statuses = {sent.file: sent.statuses for sent in evidence.orders}
    return tuple(
        Chapter(
            order=order,
            statuses=statuses[order.file],
            inspection=inspections[order.file],
            shipments=tuple(
                (shipment, entry, case.bodies[entry.seq])
                for shipment in case.shipments_of(order.file)
                for entry in case.entries_of(shipment.id)[:1]
            ),
        )
        for order in orders
    )
