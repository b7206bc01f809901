"""What the three policies demand, requirement by requirement: ``requirements.toml`` of this package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement.

    ``clause``: where it stands: document § section, lines of the text. ``title``: what it says. ``does``: what the
    software does about it. ``later``: nothing yet, so that no test is expected to show it.
    """

    id: str
    section: str
    clause: str
    title: str
    does: str
    later: bool = False


@cache
def requirements() -> Mapping[str, Requirement]:
    """Every requirement by its id, in the order of the file."""
    sections = tomllib.loads((files("schemas") / "requirements.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            id_: Requirement(id=id_, section=section, **row)
            for section, rows in sections.items()
            for id_, row in rows.items()
        }
    )
