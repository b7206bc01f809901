"""Where customs look at a parcel, as the line and the judge read it: from one file, and with nothing else in common."""

from __future__ import annotations

import tomllib
from pathlib import Path

_FILE = Path(__file__).parent / "vectors" / "customs" / "territories.toml"
PLACES = [
    (*place.split(" ", 1), declared)
    for group in tomllib.loads(_FILE.read_text(encoding="utf-8")).values()
    for name, declared in (("within", False), ("outside", True))
    for place in group[name]
]
"""(country, postal code, whether goods are declared)."""
