"""Where every leaf of an order went: kept, used, index-only or removed, by path and reason; never a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from middleware.model import Removal, Report
from schemas.allowlist import CREDENTIAL, INDEX, KEPT, USED, Node, classify

NOTHING: Mapping[str, Any] = {}


def trace(
    document: object,
    shape: Node,
    taken: Mapping[str, str],
    withheld: Mapping[str, str],
    idle: str | None = None,
    *,
    shared: Mapping[str, tuple[str, ...]] = NOTHING,
    doubts: Mapping[str, str] = NOTHING,
    lost: Mapping[str, str] = NOTHING,
) -> Report:
    """The report of one document: sorted, each path once per disposition, so that orders of one shape have equal
    reports.

    Arguments as ``schemas.allowlist.classify``, ``shared``, ``doubts`` and ``lost`` as ``Parsed``; what does not travel
    is not doubted.
    """
    kept: set[tuple[str, str]] = set()
    doubted: set[tuple[str, str]] = set()
    others: dict[str, set[str]] = {USED: set(), INDEX: set()}
    removed = set(lost.items())

    def tell(concrete: str, general: str, disposition: str) -> None:
        if disposition == KEPT:
            targets = (taken[concrete], *shared.get(concrete, ()))
            kept.update((general, target) for target in targets if target not in withheld)
            if concrete in doubts:
                doubted.add((general, doubts[concrete]))
        elif disposition in others:
            others[disposition].add(general)
        else:
            removed.add((general, disposition))

    classify(document, shape, taken, withheld, tell, idle)
    return Report(
        kept=tuple(sorted(kept)),
        used=tuple(sorted(others[USED])),
        index=tuple(sorted(others[INDEX])),
        removed=tuple(Removal(path=path, reason=reason) for path, reason in sorted(removed)),
        doubted=tuple(Removal(path=path, reason=reason) for path, reason in sorted(doubted)),
    )


def credentials(document: object, shape: Node) -> tuple[str, ...]:
    """The paths under which something looks like a credential (VP-CAT-1), of a document of which nothing travels."""
    found: set[str] = set()

    def tell(_: str, general: str, disposition: str) -> None:
        if disposition == CREDENTIAL:
            found.add(general)

    classify(document, shape, {}, {}, tell)
    return tuple(sorted(found))
