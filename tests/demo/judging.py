"""Evidence with one thing wrong in it, and what the judge says against it."""

from __future__ import annotations

import json
from dataclasses import replace

from simulator.evidence import Evidence
from simulator.judge import judge
from tests.demo.bench import (
    DOMESTIC,
    broken,
    post,
    sound,
)

NOTE = DOMESTIC["note"]


def against(evidence: Evidence, promise: str) -> list[str]:
    """The evidence against a promise; no other promise may be broken with it."""
    found = broken(judge(evidence))
    assert list(found) == [promise]
    return found[promise]


def with_files(kind: str, files: dict[str, bytes]) -> Evidence:
    """Sound evidence, but for the files of the database or of the logs."""
    evidence = sound()
    return replace(evidence, database=files) if kind == "database" else replace(evidence, logs=files)


def outbound(**changes: object) -> Evidence:
    """Sound evidence, but for members of the first order's outbound parcel."""
    evidence = sound()
    content = json.loads(evidence.entries[1].body)
    content["parcel"] |= changes
    return replace(evidence, entries=(evidence.entries[0], post(2, content), evidence.entries[2]))
