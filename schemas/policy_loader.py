"""Packs from files: the ones of this package, or an operator's own."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from marshmallow import ValidationError

from schemas.categories import CATEGORIES
from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_check import first_fault
from schemas.policy_fields import NAME
from schemas.policy_file import read

_POLICIES = files("schemas") / "policies"
_SUFFIX = ".toml"

_NO_PARCELS = frozenset(("bpost-maxiresponse", "bpost-mystamp"))
"""The packs whose records are no parcels: no webshop's order may be read under them (MX-SCO-1, MS-SCO-1)."""


def names() -> tuple[str, ...]:
    """The packs of this package, by name."""
    return tuple(
        sorted(entry.name.removesuffix(_SUFFIX) for entry in _POLICIES.iterdir() if entry.name.endswith(_SUFFIX))
    )


def for_parcels() -> tuple[str, ...]:
    """The packs of this package under which a webshop's order may be read."""
    return tuple(name for name in names() if name not in _NO_PARCELS)


def load(name: str) -> Policy:
    """A pack of this package. Raises: SchemaFault if there is none of that name."""
    known = names()
    if name not in known:
        raise SchemaFault(f"no policy pack of that name; use one of {', '.join(known)}")
    file = f"{name}{_SUFFIX}"
    return _policy(file, (_POLICIES / file).read_bytes())


def load_file(path: Path | str) -> Policy:
    """An operator's own pack.

    Raises: SchemaFault if the file cannot be read, is no TOML, or is not a pack that fits together.
    """
    place = Path(path)
    try:
        content = place.read_bytes()
    except OSError as problem:
        raise SchemaFault(
            f"{place}: cannot be read ({problem.strerror}); check the path and its permissions"
        ) from problem
    return _policy(place.name, content)


def skeleton(name: str, day: date) -> str:
    """A pack's file to begin with, in which ``lint`` finds what is still to be said.

    Raises: SchemaFault for a name that no pack may have, or that one of this package has.
    """
    try:
        NAME(name)
    except ValidationError as problem:
        fault = f"{name!r}: {problem.messages[0]}"
    else:
        if name not in names():
            text = (files("schemas") / "skeleton.toml").read_text(encoding="utf-8")
            return text.replace("@name@", name).replace("@today@", day.isoformat())
        fault = f"{name}: a pack of this name comes with Parcelveil; choose another"
    raise SchemaFault(fault)


def check_fields(policy: Policy, fields: Iterable[tuple[str, str]]) -> None:
    """Check that every schema field (path, category id) may exist under a policy.

    Raises: SchemaFault naming the first field without a category, with an unknown one, or with one that no part, and so
    no retention rule, has.
    """
    for path, category_id in fields:
        where = f"{policy.id}: schema field {path}"
        if not category_id:
            raise SchemaFault(f"{where}: no category; declare one of schemas/categories.py")
        if category_id not in CATEGORIES:
            raise SchemaFault(f"{where}: unknown category {category_id!r}; use one of schemas/categories.py")
        if not any(category_id in part.categories for part in policy.parts.values()):
            raise SchemaFault(
                f"{where}: {category_id} has no part, and so no retention rule; list it in a part or do not read it"
            )


@lru_cache(maxsize=8)
def _policy(file: str, content: bytes) -> Policy:
    """Made once of the same bytes: a process asks for a pack many times, and nothing of it can be changed."""
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as problem:
        raise SchemaFault(f"{file}: byte {problem.start} is not UTF-8; save the file as UTF-8") from problem
    except tomllib.TOMLDecodeError as problem:
        raise SchemaFault(f"{file}: not TOML: {problem}; correct that line") from problem
    try:
        policy = read(document, hashlib.sha256(content).hexdigest())
    except SchemaFault as problem:
        raise SchemaFault(f"{file}: {problem}") from problem
    fault = first_fault(policy)
    if fault is not None:
        raise SchemaFault(f"{file}: {fault}")
    return policy
