"""Taking out of a canonical value what does not travel, whatever kind of record it is of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from schemas.allowlist import NOT_IN_PACK
from schemas.policy import Policy

V = TypeVar("V")


def barred_by(policy: Policy, catalogue: Iterable[tuple[str, str]], account_type: str | None = None) -> dict[str, str]:
    """The fields (canonical path, category) that a pack does not permit, of a customer of that account type where one
    is given: path → reason.
    """
    return {path: NOT_IN_PACK for path, category in catalogue if not policy.permits(category, account_type)}


def without(value: V, withheld: Mapping[str, str]) -> V:
    """The same without what stands at these canonical paths; items of a list share their path."""
    slim: V = _blank(value, "", withheld)
    return slim


def present(**members: object) -> Mapping[str, object]:
    """The members that are there."""
    return {name: value for name, value in members.items() if value is not None}


def _blank(value: Any, prefix: str, withheld: Mapping[str, str]) -> Any:
    changes: dict[str, Any] = {}
    for entry in fields(value):
        path, inner = f"{prefix}{entry.name}", getattr(value, entry.name)
        if isinstance(inner, tuple):
            changes[entry.name] = tuple(_blank(item, f"{path}.", withheld) for item in inner)
        elif is_dataclass(inner):
            changes[entry.name] = _blank(inner, f"{path}.", withheld)
        elif path in withheld and inner is not None:
            changes[entry.name] = None
    return replace(value, **changes) if changes else value
