"""On which line of a TOML file (v1.0.0) a key stands: ``tomllib`` does not tell, and no library that keeps positions of
what it read is well kept.

Only for text that ``tomllib`` has read: here nothing is judged, only counted.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Final

Path = tuple[str, ...]

_BLANK: Final = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_VALUE: Final = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""(?!")|\'\'\'.*?\'\'\'(?!\')|"(?:[^"\\\n]|\\.)*"|'[^'\n]*\''''
    r"""|[0-9]{4}-[0-9]{2}-[0-9]{2}[ ][0-9]{2}:[^\s,\]}#]*|[^\s,\]}#]+""",
    re.DOTALL,
)


def lines(text: str) -> Mapping[Path, int]:
    """Every key and table → the line, from 1, on which it stands first. What stands in a list is not told."""
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.found


class _Scanner:
    def __init__(self, text: str) -> None:
        self.found: dict[Path, int] = {}
        self._text, self._at = text, 0

    def document(self) -> None:
        table: Path = ()
        while self._next(_BLANK):
            if self._peek() == "[":
                opening = 2 if self._text.startswith("[[", self._at) else 1
                self._at += opening
                table = self._key((), listed=False)
                self._skip(_SPACE)
                self._at += opening
            else:
                self._pair(table, listed=False)

    def _pair(self, table: Path, *, listed: bool) -> None:
        path = self._key(table, listed=listed)
        self._skip(_SPACE)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path, listed=listed)

    def _key(self, table: Path, *, listed: bool) -> Path:
        """A dotted key beneath ``table``; what it opens on its way stands on this line too, unless it did before."""
        path, line = table, self._text.count("\n", 0, self._at) + 1
        while True:
            self._skip(_SPACE)
            path = (*path, _spelt(self._take(_KEY)))
            if not listed:
                self.found.setdefault(path, line)
            self._skip(_SPACE)
            if self._peek() != ".":
                return path
            self._at += 1

    def _value(self, path: Path, *, listed: bool) -> None:
        opening = self._peek()
        if opening not in ("[", "{"):
            self._take(_VALUE)
            return
        self._at += 1
        while self._next(_BLANK) and self._peek() not in ("]", "}"):
            if self._peek() == ",":
                self._at += 1
            elif opening == "{":
                self._pair(path, listed=listed)
            else:
                self._value(path, listed=True)
        self._at += 1

    def _next(self, between: re.Pattern[str]) -> bool:
        """Whether there is more after what lies between."""
        self._skip(between)
        return self._at < len(self._text)

    def _skip(self, form: re.Pattern[str]) -> None:
        self._take(form)

    def _take(self, form: re.Pattern[str]) -> str:
        found = form.match(self._text, self._at)
        if found is None:  # not reached for what tomllib has read
            raise ValueError("not TOML")
        self._at = found.end()
        return found.group()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]


def _spelt(key: str) -> str:
    """A key without its quotation marks."""
    if key[0] == '"':
        return str(tomllib.loads(f"key = {key}")["key"])
    return key[1:-1] if key[0] == "'" else key
