"""What docs/bpost.md and docs/plug-in.md say of following a parcel is what the code does."""

from __future__ import annotations

import json
import re

from middleware.web.openapi import description
from schemas.bpost_tracking import PROGRESS
from schemas.journey import JOURNEY, Progress
from tests.docs.reading import DOCS, TREE, rows

BPOST, GUIDE = DOCS / "bpost.md", DOCS / "plug-in.md"
HEADING = "## Following a parcel"
RANGE = re.compile(r"`([A-Z])([0-9]{2})`(?: to `[A-Z]([0-9]{2})`)?")


def test_every_code_is_told_with_its_state() -> None:
    told = {
        f"{letter}{number:02d}": Progress(row[0].strip("`"))
        for row in rows(BPOST, HEADING)
        for letter, first, last in RANGE.findall(row[1])
        for number in range(int(first), int(last or first) + 1)
    }
    assert told == PROGRESS


def test_the_example_is_an_answer() -> None:
    text = GUIDE.read_text(encoding="utf-8").partition(HEADING)[2]
    shown = json.loads(text.partition("```json\n")[2].partition("```")[0])
    assert JOURNEY.dump(JOURNEY.load(shown)) == shown
    assert set(shown) == set(JOURNEY.fields)
    assert [state for state in Progress if f"`{state}`" not in text] == []


def test_its_refusals_are_those_of_the_code_and_of_the_description() -> None:
    told = {tuple(re.findall(r"^(\d+) `([a-z-]+)`$", row[0])[0]) for row in rows(GUIDE, HEADING)}
    source = (TREE / "middleware" / "errors_following.py").read_text(encoding="utf-8")
    slugs = set(re.findall(r'code = "([a-z-]+)"', source)) | {"not-found"}
    assert {slug for _, slug in told} == slugs
    answers = set(description()["paths"]["/v1/shops/{shop}/shipments/{id}/tracking"]["get"]["responses"])
    assert {status for status, _ in told} == answers - {"200", "400", "401"}
