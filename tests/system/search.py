"""Looking for many canaries at once in bytes, however they are written there.

A haystack is looked through as it is and as every decoder sees it, decoders upon decoders up to ``DEPTH``; in each such
view every position is looked up by its first bytes. What is looked for are the forms of a canary: its text, turned
round, in lower case, as a binary number, and its digests.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

KEY = 8
"""Bytes by which a position is looked up, and so the shortest form that can be found."""

DEPTH = 2
"""How many decoders may lie upon one another: hex in base64, base64 in URL encoding, and so on."""

INFLATED = 1 << 20
"""Bytes that are inflated at most from one place."""

_NULS = re.compile(rb"\0{9,}")
_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{10,}")
_URL = re.compile(rb"[A-Za-z0-9.+%_~-]{8,}")
_ESCAPED = re.compile(rb"(?:\\+u[0-9A-Fa-f]{4}|[A-Za-z0-9.+-])+")
_ESCAPE = re.compile(rb"\\+u([0-9A-Fa-f]{4})")
_ENTITIES = re.compile(rb"(?:&#?[0-9A-Za-z]+;|[A-Za-z0-9.+-])+")
_WIDE = re.compile(rb"[+-~](?:\0{1,3}[+-~]){7,}")
_DEFLATED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")
_STANDARD = bytes.maketrans(b"-_", b"+/")
_BETWEEN = b"\xff\xff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """One unique text (or number) that stands at ``path`` of what was sent as ``order``."""

    order: str
    path: str
    text: str
    number: int | float | None = None

    def __str__(self) -> str:
        return f"{self.order}: {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A canary that was found, and how it was written there."""

    canary: Canary
    written: str


class Needles:
    """The canaries to look for. Raises: ValueError for one that is not unique, or too short to tell anything."""

    def __init__(self, canaries: Iterable[Canary]) -> None:
        self.canaries = tuple(canaries)
        self._forms: dict[bytes, list[tuple[bytes, str, Canary]]] = {}
        seen: dict[str, Canary] = {}
        for canary in self.canaries:
            if len(canary.text) < KEY or seen.setdefault(canary.text, canary) is not canary:
                raise ValueError(f"{canary} is too short, or another one's too")
            for written, form in _forms(canary):
                self._forms.setdefault(form[:KEY], []).append((form, written, canary))
        self._keys = frozenset(int.from_bytes(key, sys.byteorder) for key in self._forms)

    def find(self, haystack: bytes) -> frozenset[Finding]:
        """Every canary in ``haystack``, once per way of writing."""
        return frozenset(
            Finding(canary=canary, written=" in ".join(filter(None, (written, view))))
            for view, content in _views(_NULS.sub(b"\0" * KEY, haystack), DEPTH)
            for written, canary in self._matches(content)
        )

    def _matches(self, content: bytes) -> Iterator[tuple[str, Canary]]:
        for text in {content, content.lower()}:
            for offset in range(KEY):
                words = memoryview(text[offset : offset + (len(text) - offset) // KEY * KEY]).cast("Q")
                if not self._keys.isdisjoint(words):
                    for number, word in enumerate(words):
                        yield from self._at(text, offset + number * KEY) if word in self._keys else ()

    def _at(self, text: bytes, position: int) -> Iterator[tuple[str, Canary]]:
        for form, written, canary in self._forms[text[position : position + KEY]]:
            if text.startswith(form, position):
                yield written, canary


def _forms(canary: Canary) -> Iterator[tuple[str, bytes]]:
    raw = canary.text.encode("utf-8")
    texts = {"": raw, "lower case": raw.lower()}
    for name, text in {**texts, "JSON string": b'"' + raw + b'"'}.items():
        for digest in ("md5", "sha1", "sha256"):
            yield f"{digest} {name}".strip(), hashlib.new(digest, text, usedforsecurity=False).digest()
    for name, text in texts.items():
        yield name, text
        yield f"reversed {name}".strip(), text[::-1]
    if isinstance(canary.number, int):
        yield "big-endian", canary.number.to_bytes(8, "big")
        yield "little-endian", canary.number.to_bytes(8, "little")
    elif canary.number is not None:
        yield "big-endian", struct.pack(">d", canary.number)
        yield "little-endian", struct.pack("<d", canary.number)


def _views(content: bytes, depth: int) -> Iterator[tuple[str, bytes]]:
    yield "", content
    if depth == 0:
        return
    for name, decode in DECODERS.items():
        for decoded in decode(content):
            if len(decoded) >= KEY:
                for inner, view in _views(decoded, depth - 1):
                    yield (f"{inner} in {name}" if inner else name), view


def _base64(content: bytes) -> Iterator[bytes]:
    runs = [run.translate(_STANDARD) for run in _BASE64.findall(content)]
    for phase in range(4):
        yield _BETWEEN.join(_debased(run[phase:]) for run in runs)


def _debased(run: bytes) -> bytes:
    whole = run[: len(run) - (len(run) % 4 == 1)]
    return base64.b64decode(whole + b"=" * (-len(whole) % 4))


def _hex(content: bytes) -> Iterator[bytes]:
    runs = _HEX.findall(content)
    for phase in range(2):
        yield _BETWEEN.join(bytes.fromhex(run[phase : phase + (len(run) - phase) // 2 * 2].decode()) for run in runs)


def _url(content: bytes) -> Iterator[bytes]:
    yield unquote_to_bytes(_BETWEEN.join(run for run in _URL.findall(content) if b"%" in run))


def _escapes(content: bytes) -> Iterator[bytes]:
    runs = _BETWEEN.join(run for run in _ESCAPED.findall(content) if b"\\" in run) if b"\\" in content else b""
    yield _ESCAPE.sub(lambda match: chr(int(match[1], 16)).encode("utf-8", "surrogatepass"), runs)


def _entities(content: bytes) -> Iterator[bytes]:
    runs = _BETWEEN.join(run for run in _ENTITIES.findall(content) if b"&" in run) if b"&" in content else b""
    yield html.unescape(runs.decode("latin-1")).encode("utf-8", "surrogatepass")


def _wide(content: bytes) -> Iterator[bytes]:
    """UTF-16 and UTF-32, of either byte order: what is ASCII stands between zeros there."""
    yield _BETWEEN.join(_WIDE.findall(content)).replace(b"\0", b"")


def _inflated(content: bytes) -> Iterator[bytes]:
    for match in _DEFLATED.finditer(content):
        inflater = zlib.decompressobj(wbits=47)  # zlib or gzip, as the header says
        try:
            yield inflater.decompress(content[match.start() :], INFLATED)
        except zlib.error:
            continue


DECODERS: Mapping[str, Callable[[bytes], Iterator[bytes]]] = {
    "base64": _base64,
    "hex": _hex,
    "URL": _url,
    "JSON escapes": _escapes,
    "HTML entities": _entities,
    "UTF-16": _wide,
    "deflate": _inflated,
}
