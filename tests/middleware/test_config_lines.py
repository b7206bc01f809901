"""The lines of keys: for whatever TOML is, however it is spelt."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.config_lines import lines

VALUES = [
    *("1", "-1.5e3", "true", "inf", "2026-11-22", "2026-11-22T10:00:00Z", "2026-11-22 10:00:00.5", "10:00:00"),
    *('""', '"a # b = [c] {d}"', r'"\"#\\"', "''", r"'\'", "'\"#='"),
    *('"""\n[not.a.table]\nkey = 1\n"""', '""""quoted"""""', '"""\\"""\n""\n"""', "'''\n[no]\n'\n'''", "''''a'''''"),
    *(
        "[]",
        "[1, 2]",
        '[\n  "a", # ] not the end\n  "b = 1",\n]',
        '[{ x = 1, y = "}" }, { z = [\n1\n] }]',
        "[[1], ['#']]",
    ),
    *("{}", '{ in = "a, b = 1" }', "{ in.ner = [1, 2], out = {} }"),
]
NAMES = st.text(st.sampled_from("ab-_1"), min_size=1, max_size=3) | st.sampled_from(["a.b", "", "é #", "'", "\\n", "="])
FILLING = st.lists(st.sampled_from(["", "# a = 1", "   ", '# """', "# [x]"]), max_size=2)
TABLES = st.recursive(
    st.dictionaries(NAMES, st.sampled_from(VALUES), max_size=4),
    lambda inner: st.dictionaries(NAMES, st.sampled_from(VALUES) | inner, max_size=4),
    max_leaves=12,
)


def spelt(name: str, *, quoted: bool) -> str:
    bare = name != "" and all(letter in "ab-_1" for letter in name)
    if bare and not quoted:
        return name
    return f"'{name}'" if quoted and "'" not in name else json.dumps(name)


def paths(document: dict[str, Any], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in document.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from paths(value, (*above, name))


class Writer:
    """Writes a document, and notes on which line it put every key."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw, self.text, self.at = draw, "", dict[tuple[str, ...], int]()

    def table(self, content: dict[str, Any], above: tuple[str, ...]) -> None:
        for name, value in content.items():
            if isinstance(value, str):
                self.filling()
                self.at[(*above, name)] = self.line()
                space = self.draw(st.sampled_from(["", " ", "\t"]))
                self.text += f"{space}{self.key((name,))}{space}={space}{value}{self.comment()}\n"
        for name, value in content.items():
            if isinstance(value, dict):
                self.filling()
                self.at[(*above, name)] = self.line()
                self.text += f"[ {self.key((*above, name))} ]{self.comment()}\n"
                self.table(value, (*above, name))

    def key(self, path: tuple[str, ...]) -> str:
        dot = self.draw(st.sampled_from([".", " . "]))
        joined: str = dot.join(spelt(name, quoted=self.draw(st.booleans())) for name in path)
        return joined

    def comment(self) -> str:
        comment: str = self.draw(st.sampled_from(["", " # b = 2", "   "]))
        return comment

    def filling(self) -> None:
        self.text += "".join(f"{line}\n" for line in self.draw(FILLING))

    def line(self) -> int:
        return self.text.count("\n") + 1


@given(st.data())
def test_every_key_is_found_on_its_line(data: st.DataObject) -> None:
    writer = Writer(data.draw)
    writer.table(data.draw(TABLES), ())
    document = tomllib.loads(writer.text)
    found = lines(data.draw(st.sampled_from([writer.text, writer.text.replace("\n", "\r\n")])))
    assert set(found) == set(paths(document))
    assert {path: found[path] for path in writer.at} == writer.at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("a.b.c = 1\na.d = 2", {("a",): 1, ("a", "b"): 1, ("a", "b", "c"): 1, ("a", "d"): 2}),
        ("[a.b]\n[a]\nc = 1", {("a",): 1, ("a", "b"): 1, ("a", "c"): 3}),
        ("\n[[a]]\nb = 1\n[[a]]\nb = 2", {("a",): 2, ("a", "b"): 3}),
        ("a = { b = 1,\n c = 2 }", {("a",): 1, ("a", "b"): 1, ("a", "c"): 2}),  # TOML 1.1
        ("a = [{ b = 1 }]", {("a",): 1}),
        ("a = 1\n# the end", {("a",): 1}),
    ],
)
def test_what_is_told(text: str, expected: dict[tuple[str, ...], int]) -> None:
    assert lines(text) == expected
