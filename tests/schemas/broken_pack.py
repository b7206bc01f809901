"""A real pack, broken in one place."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from schemas.errors import SchemaFault
from schemas.policy_loader import load_file


def text_of(pack: str) -> str:
    """The file of a pack of the package."""
    return (files("schemas") / "policies" / f"{pack}.toml").read_text(encoding="utf-8")


TEXT = text_of("bpost-shipping-platform")


def fault(folder: Path, old: str, new: str, text: str = TEXT) -> str:
    """The one line with which the pack is refused when the first `old` in it is replaced by `new`."""
    assert old in text
    path = folder / "own.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SchemaFault) as refused:
        load_file(path)
    line = str(refused.value)
    assert "\n" not in line
    return line
