"""Looking for many texts at once in raw bytes, however they are written there: plain, escaped, encoded or digested.

Every position is looked up by its first bytes, so the time grows with the haystack and hardly with the number of texts.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

KEY = 5
"""Bytes by which a position is looked up, and so the shortest form that can be found."""
LONGEST = 40
"""Bytes of a form that are compared: a text that was cut short is found too."""
LEAST_TEXT = 6
"""Bytes from which on a text is looked for; one fewer will do with a sign that base64 does not know (``#1001``)."""
LEAST_DECODED = 6
"""Bytes from which on a form is looked for in what was decoded: most of that is random, and there is much of it."""
LEAST_NUMBER = 9
"""Characters from which on a text of digits and signs is looked for: shorter ones stand in every timestamp."""
BY_ITSELF = 8
"""Bytes below which a form must stand by itself: in long random base64 such short words come up by chance."""

NUMBER = re.compile(r"[0-9.,:+\s-]+")
BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
HEX = re.compile(rb"[0-9A-Fa-f]{10,}")
BASE64_ONLY = re.compile(rb"[A-Za-z0-9+/_-]+")
ALPHANUMERIC = re.compile(rb"[A-Za-z0-9]")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hit:
    """A text that was found: at which byte (of an encoded run: about there), written how."""

    text: str
    offset: int
    written: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Form:
    text: str
    content: bytes
    written: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _View:
    """Bytes to look through: ``content[i]`` comes from about ``start + i * stretch`` of the haystack."""

    content: bytes
    start: int
    stretch: float
    written: str


class Needles:
    """The texts to look for. Those that are too short, or mere small numbers, are ``skipped``."""

    def __init__(self, texts: Iterable[str]) -> None:
        distinct = frozenset(texts)
        self.texts = frozenset(text for text in distinct if searchable(text))
        self.skipped = len(distinct) - len(self.texts)
        self._forms: dict[bytes, list[_Form]] = {}
        for text in sorted(self.texts):
            for form in _forms(text):
                self._forms.setdefault(form.content[:KEY], []).append(form)

    def find(self, haystack: bytes) -> list[Hit]:
        """Every text that is in ``haystack``, each once per way of writing it, at its first place."""
        hits: dict[tuple[str, str], Hit] = {}
        for view in _views(haystack):
            for offset, form in self._matches(view):
                written = " in ".join(dict.fromkeys(filter(None, (form.written, view.written)))) or "plain"
                hit = Hit(text=form.text, offset=offset, written=written)
                hits.setdefault((form.text, written), hit)
        return list(hits.values())

    def _matches(self, view: _View) -> Iterator[tuple[int, _Form]]:
        content, forms = view.content, self._forms
        for position in range(len(content) - KEY + 1):
            for form in forms.get(content[position : position + KEY], ()):
                if view.written and len(form.content) < LEAST_DECODED:
                    continue
                if content.startswith(form.content, position) and _stands(form.content, content, position):
                    yield view.start + int(position * view.stretch), form


def searchable(text: str) -> bool:
    """Whether finding ``text`` would tell anything."""
    if NUMBER.fullmatch(text):
        return len(text) >= LEAST_NUMBER
    raw = text.encode("utf-8", "surrogatepass")
    return len(raw) >= (LEAST_TEXT if BASE64_ONLY.fullmatch(raw) else LEAST_TEXT - 1)


def _forms(text: str) -> Iterator[_Form]:
    raw = text.encode("utf-8", "surrogatepass")
    written = {
        "": raw,
        "lower case": text.lower().encode("utf-8", "surrogatepass") if len(raw) >= BY_ITSELF else raw,
        "JSON": json.dumps(text)[1:-1].encode("ascii"),
        "JSON in UTF-8": json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogatepass"),
        "URL": quote(raw, safe="").encode("ascii"),
        "UTF-16": text.encode("utf-16-le", "surrogatepass"),
        "UTF-16BE": text.encode("utf-16-be", "surrogatepass"),
        "SHA-256": hashlib.sha256(raw).digest(),
    }
    seen: set[bytes] = set()
    for name, content in written.items():
        if content[:LONGEST] not in seen:
            seen.add(content[:LONGEST])
            yield _Form(text=text, content=content[:LONGEST], written=name)


def _views(haystack: bytes) -> Iterator[_View]:
    yield _View(content=haystack, start=0, stretch=1, written="")
    for run in BASE64.finditer(haystack):
        for phase in range(4):
            characters = run.group()[phase:].translate(_STANDARD)
            whole = characters[: len(characters) - (len(characters) % 4 == 1)]
            content = base64.b64decode(whole + b"=" * (-len(whole) % 4))
            yield _View(content=content, start=run.start() + phase, stretch=4 / 3, written="base64")
    for run in HEX.finditer(haystack):
        for phase in range(2):
            digits = run.group()[phase:]
            content = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
            yield _View(content=content, start=run.start() + phase, stretch=2, written="hex")


_STANDARD = bytes.maketrans(b"-_", b"+/")


def _stands(form: bytes, content: bytes, position: int) -> bool:
    if len(form) >= BY_ITSELF or not BASE64_ONLY.fullmatch(form):
        return True
    neighbours = content[max(position - 1, 0) : position] + content[position + len(form) : position + len(form) + 1]
    return not ALPHANUMERIC.search(neighbours)
