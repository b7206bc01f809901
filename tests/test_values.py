"""What passes between the steps cannot be changed, and cannot be printed by accident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import ModuleType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from middleware import exchange, journey, model, model_shop, trail
from schemas import order


def values_of(module: ModuleType) -> list[type]:
    own = [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]
    return [kind for kind in own if is_dataclass(kind)]


VALUES = [*values_of(model), *values_of(model_shop), *values_of(trail), *values_of(exchange)]
VALUES += [*values_of(journey), *values_of(order)]
each_value = pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)


@each_value
def test_a_value_is_frozen_slotted_and_made_by_keyword(kind: type) -> None:
    parameters: Any = getattr(kind, "__dataclass_params__", None)
    assert parameters.frozen
    assert all("__slots__" in vars(base) for base in kind.__mro__[:-1])
    assert all(entry.kw_only for entry in fields(kind))


CANARY = "canary-7f3a"
OPEN = {
    *("Answer", "Removal", "Report", "RemovalReport", "Rejection"),  # paths, codes and words of ours
    *("Delivery", "PartPlan", "Plan", "Summary", "Sighting", "Trail", "Delivered", "Refused", "Failed"),
    *("Impossible", "TooLate"),
    *("SealedPart", "SealedCopy", "TaggedPart", "Digest", "IndexEntry", "Arrival"),  # sealed or keyed
    *(
        "PickupPoint",
        "PointsTold",
        "Wish",
        "Unserved",
        "Lacking",
    ),  # a public place, a kind of paper, words of ours, places in a list
    *(
        "ShopRow",
        "Reserved",
        "ShopFace",
        "Fitness",
        "Checkup",
        "Integration",
        "Ended",
    ),  # sealed, keyed, or made to be shown
}
"""Values that hold nothing of a person; every other one prints its name alone."""


def made(hint: Any) -> Any:
    """A value for a field, with a canary wherever a text can be."""
    if get_origin(hint) in (Union, UnionType):
        return made(next(kind for kind in get_args(hint) if kind is not type(None)))
    if get_origin(hint) is tuple:
        return tuple(made(kind) for kind in get_args(hint) if kind is not Ellipsis)
    if get_origin(hint) is frozenset:
        return frozenset(made(kind) for kind in get_args(hint))
    if get_origin(hint) is not None:  # a mapping
        return {CANARY: CANARY}
    if is_dataclass(hint):
        assert isinstance(hint, type)
        hints = get_type_hints(hint)
        return hint(**{entry.name: made(hints[entry.name]) for entry in fields(hint)})
    if issubclass(hint, Enum):
        return next(iter(hint))
    return PLAIN[hint]


PLAIN: Mapping[type, Any] = {
    str: CANARY,
    bytes: CANARY.encode(),
    int: 7,
    float: 7.0,
    bool: True,
    object: CANARY,
    date: date(2026, 11, 22),
    datetime: datetime(2026, 11, 22, tzinfo=UTC),
    timedelta: timedelta(minutes=2),
}


@each_value
def test_a_value_that_holds_personal_text_prints_its_name_alone(kind: type) -> None:
    value = made(kind)
    if not fields(value):
        assert repr(value) == f"{kind.__name__}()"
    elif kind.__name__ in OPEN:
        assert asdict(value)
    elif kind.__name__ == "ShopSettings":
        assert repr(replace(value, name="demo")) == "<ShopSettings demo>"  # the name is ours, and says which
    elif kind.__name__ == "Response":
        assert repr(value) == "<Response 7>"
    else:
        assert repr(value) == str(value) == f"<{kind.__name__}>"


def test_what_holds_nothing_of_a_person_is_named_here_on_purpose() -> None:
    assert {kind.__name__ for kind in VALUES} >= OPEN
    assert not OPEN & {kind.__name__ for kind in values_of(order)}
    for kind in VALUES:
        holds = {hint for hint in get_type_hints(kind).values() if hint in values_of(order)}
        assert not holds or kind.__name__ not in OPEN
