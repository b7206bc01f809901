"""The made-up orders that come with the simulators, and what must become of each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from middleware.demo.carriers import PLATFORM, Carrier, Other

NAME = re.compile(r"[0-9]{2}-[a-z0-9-]+\.json")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class MadeUp:
    """One order: its file's name, its bytes, the expected status and reason, and a sentence on what is special."""

    file: str
    body: bytes
    status: str
    reason: str | None
    why: str


ATTRIBUTE = "pickup_point"
"""The note attribute of the demonstration's shop that names a pick-up point."""


def made_up(carrier: Carrier = PLATFORM) -> tuple[MadeUp, ...]:
    """All made-up orders, by name, and what must become of each with that carrier."""
    folder = files("simulator") / "orders"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    return tuple(
        _made_up(entry.name, entry.read_bytes(), expected[entry.name], carrier.others.get(entry.name))
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if NAME.fullmatch(entry.name)
    )


def _made_up(name: str, body: bytes, expected: Mapping[str, Any], other: Other | None) -> MadeUp:
    return MadeUp(
        file=name,
        body=_at(body, other.point) if other and other.point else body,
        status=(other and other.status) or expected["status"],
        reason=expected["reason"],
        why=other.why if other else expected["why"],
    )


def _at(body: bytes, point: str) -> bytes:
    """The same order for a pick-up point, whatever it named before."""
    order = json.loads(body)
    notes = [note for note in order.get("note_attributes") or () if note["name"] != ATTRIBUTE]
    order["note_attributes"] = [*notes, {"name": ATTRIBUTE, "value": point}]
    return json.dumps(order, ensure_ascii=False).encode("utf-8")
