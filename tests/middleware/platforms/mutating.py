"""Documents that no shop ever sent: made-up orders with something added, taken away or put in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from typing import Any, TypeVar

from hypothesis import strategies as st

Json = Any
Place = TypeVar("Place")
Step = str | int
Slot = tuple[Any, Step, tuple[str, ...]]
"""A container, a name or position in it, and the names that lead there."""

TEXT = st.text(st.characters(exclude_categories=["Cs"], min_codepoint=1), max_size=12)
LEAF = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    st.sampled_from(["2026-11-22T10:00:00+01:00", "pickup", "BE", "CH", "paid", "PUP-1000-01", "+32470000114", "0"]),
)
JSON = st.recursive(
    LEAF, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)), max_leaves=8
)


def slots(value: Json, names: tuple[str, ...] = ()) -> Iterator[Slot]:
    """Every place of a document at which there is something."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield value, name, (*names, name)
            yield from slots(inner, (*names, name))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield value, position, names
            yield from slots(inner, names)


def objects(value: Json) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """Every object of a document, itself first, and the names that lead to it."""
    yield value, ()
    for holder, step, names in slots(value):
        if isinstance(holder[step], dict):
            yield holder[step], names


def one_of(draw: st.DrawFn, places: Sequence[Place]) -> Place:
    """Any of ``places``; drawing its number is quicker than drawing from a list of large documents."""
    return places[draw(st.integers(0, len(places) - 1))]


Mutation = Callable[[st.DrawFn, Json], None]


@st.composite
def mutated(draw: st.DrawFn, seeds: Sequence[Json], mutations: Sequence[Mutation]) -> Json:
    """One of ``seeds`` after up to six of ``mutations``, each of which changes the document that it is given."""
    document = deepcopy(one_of(draw, seeds))
    for mutation in draw(st.lists(st.sampled_from(mutations), min_size=1, max_size=6)):
        mutation(draw, document)
    return document


def anywhere(draw: st.DrawFn, document: Json) -> None:
    """Put anything in the place of anything."""
    places = list(slots(document))
    if places:
        holder, step, _ = one_of(draw, places)
        holder[step] = draw(JSON)


def without(draw: st.DrawFn, document: Json) -> None:
    """Take away a name."""
    named = [(holder, step) for holder, step, _ in slots(document) if isinstance(holder, dict)]
    if named:
        holder, step = one_of(draw, named)
        del holder[step]
