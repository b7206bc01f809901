"""The real pack, broken in one place."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from schemas.errors import SchemaFault
from schemas.policy_loader import load_file

TEXT = (files("schemas") / "policies" / "bpost-shipping-platform.toml").read_text(encoding="utf-8")


def fault(folder: Path, old: str, new: str) -> str:
    """The one line with which the pack is refused when the first `old` in it is replaced by `new`."""
    assert old in TEXT
    path = folder / "own.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SchemaFault) as refused:
        load_file(path)
    line = str(refused.value)
    assert "\n" not in line
    return line
