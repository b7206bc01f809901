"""Each documented answer, held to a file that was written by the rules and knows nothing of the code."""

from __future__ import annotations

import base64
import gzip
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from lxml import etree

from tests.simulator.bpost.bench import VECTORS, Asker

CASES: Mapping[str, Mapping[str, Any]] = tomllib.loads((VECTORS / "answered.toml").read_text(encoding="utf-8"))
BEGINS = {"bytes": (b"%PDF-", b"\x89PNG\r\n"), "zplCode": (b"^XA",)}


def plain(raw: bytes) -> str:
    """A document without regard to prefixes, white space, and what exactly a label shows."""
    root = etree.fromstring(raw)
    for name, begins in BEGINS.items():
        for node in root.iter(f"{{*}}{name}"):
            told = (node.text or "").encode()
            assert (base64.b64decode(told) if name == "bytes" else told).startswith(begins)
            node.text = "…"
    return etree.canonicalize(etree.tostring(root, encoding="unicode"), strip_text=True, rewrite_prefixes=True)


def asked(case: Mapping[str, Any]) -> bytes:
    """The body of the last request: its own, or that of a vector which the connector writes too."""
    name = case.get("batch")
    return (VECTORS / "batches" / f"{name}.xml").read_bytes() if name else str(case.get("body", "")).encode()


@pytest.mark.parametrize("name", CASES)
def test_an_answer_is_that_of_the_vector(bpost: Asker, name: str) -> None:
    case = CASES[name]
    bpost.turn(case.get("switches", {}))
    for order in case.get("take", ()):
        assert bpost.take(order).status == 201
    for line in case.get("before", ()):
        assert bpost.ask(line).status == 200
    bpost.passphrase = case.get("passphrase", bpost.passphrase)
    answer = bpost.ask(case["ask"], asked(case))
    body = gzip.decompress(answer.body) if "Content-Encoding" in answer.headers else answer.body
    assert (answer.status, answer.media) == (case["status"], case.get("media", answer.media))
    expected = (VECTORS / "answered" / f"{case.get('same_as', name)}.{case.get('is', 'xml')}").read_bytes()
    if "is" in case:
        assert body == expected.rstrip(b"\n")
    else:
        assert plain(body) == plain(expected)


def test_no_vector_is_forgotten() -> None:
    used = {case.get("same_as", name) for name, case in CASES.items()}
    assert {path.stem for path in (VECTORS / "answered").iterdir()} == used
