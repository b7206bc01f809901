"""Where the documents are, and how a table in one is read."""

from __future__ import annotations

import itertools
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
README = TREE / "README.md"
DOCS = TREE / "docs"
CONFIGURATION = DOCS / "configuration.md"
ARCHITECTURE = DOCS / "architecture.md"
OPERATIONS = DOCS / "operations.md"


def rows(path: Path, heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    section = path.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    lines = list(itertools.takewhile(lambda line: not line.startswith("#"), section.splitlines()))
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[2:]]


def unquoted(cell: str) -> str:
    """A cell without its backticks."""
    return cell.removeprefix("`").removesuffix("`")
