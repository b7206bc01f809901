"""The query of a request: known names alone, each once. What is wrong with it is told by name and code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from flask import request

from middleware.errors_query import QueryError, Unfit


def words(known: Collection[str], required: Collection[str] = ()) -> Mapping[str, str]:
    """What the query asks, by name. Raises: QueryError for an unknown name, one that comes twice, and a missing one."""
    given = list(request.args.items(multi=True))
    refuse(*_wrong(Counter(name for name, _ in given), known, required))
    return dict(given)


def texts(known: Collection[str], required: Collection[str], longest: int) -> Mapping[str, str]:
    """The same, where every value is a text of at most so many characters. Raises: QueryError."""
    asked = words(known, required)
    lacking = [Unfit(parameter=name, code="required") for name, text in asked.items() if not text.strip()]
    refuse(*lacking, *(Unfit(parameter=name, code="too-long") for name, text in asked.items() if len(text) > longest))
    return asked


def refuse(*unfit: Unfit) -> None:
    """Raises: QueryError if there is anything."""
    if unfit:
        raise QueryError(unfit)


def _wrong(counted: Mapping[str, int], known: Collection[str], required: Collection[str]) -> Iterator[Unfit]:
    if counted.keys() - set(known):
        yield Unfit(parameter="*", code="unknown")
    yield from (Unfit(parameter=name, code="twice") for name in sorted(known) if counted.get(name, 0) > 1)
    yield from (Unfit(parameter=name, code="required") for name in sorted(required) if name not in counted)
