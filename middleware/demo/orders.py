"""The made-up orders that come with the simulators, and what must become of each."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from importlib.resources import files

NAME = re.compile(r"[0-9]{2}-[a-z0-9-]+\.json")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MadeUp:
    """One order: its file's name, its bytes, the expected status and reason, and a sentence on what is special."""

    file: str
    body: bytes
    status: str
    reason: str | None
    why: str


def made_up() -> tuple[MadeUp, ...]:
    """All made-up orders, by name."""
    folder = files("simulator") / "orders"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return tuple(
        MadeUp(
            file=entry.name,
            body=entry.read_bytes(),
            status=expected[entry.name]["status"],
            reason=expected[entry.name]["reason"],
            why=expected[entry.name]["why"],
        )
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if NAME.fullmatch(entry.name)
    )
