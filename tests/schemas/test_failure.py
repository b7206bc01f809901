"""Why a shipment failed: every code that there can be has a word, and nothing but these words can be told."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import middleware
from middleware.carriers.bpost_shm import answers
from middleware.cli import words
from middleware.errors import TamperedError
from middleware.storage.ending_sql import STRANDED
from middleware.storage.integrations_sql import CODE as UNINSTALLED
from middleware.storage.purge_sql import EXPIRED, KEY_GONE
from middleware.storage.unreadable import CODE
from schemas.failure import ELEMENTS, EXHAUSTED, FORM, KINDS, OTHER, WORDS, told
from tests.json_schema import NOT_ECMA
from tests.middleware.cli.test_words import BPOST, CARRIER, CARRIER_LATER, TRANSPORT

CANARY = "Kanarie"
SAID = ("Failed", "Refused", "GiveUp")
"""What a conversation ends in, with a code that the record then bears."""

OF_LABELS = {"no-label"}
"""No record bears it."""


BURIALS = (CODE, UNINSTALLED, STRANDED, EXPIRED, KEY_GONE, TamperedError.code)
"""What a burial says that no conversation led to."""


def said_in_source() -> set[str]:
    """Every code that stands as a text, or as a constant's name, where an outcome is made."""
    home = Path(middleware.__file__).parent
    files = [*(home / "carriers").rglob("*.py"), *(home / name for name in ("relay.py", "opening.py", "core/retry.py"))]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    constants = {
        name.id: value.value
        for tree in trees
        for statement in tree.body
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in (statement.targets if isinstance(statement, ast.Assign) else [statement.target])
        for name, value in paired(target, statement.value)
        if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in SAID]
    codes = [keyword.value for node in made for keyword in node.keywords if keyword.arg == "code"]
    found = {each.value for code in codes for each in ast.walk(code) if isinstance(each, ast.Constant)}
    return {
        *(text for text in found if isinstance(text, str) and not text.endswith(("-", ":"))),
        *(constants[name] for code in codes for name in map(name_of, ast.walk(code)) if name in constants),
    }


def name_of(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def paired(target: ast.expr, value: ast.expr | None) -> list[tuple[ast.expr, ast.expr | None]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        return list(zip(target.elts, value.elts, strict=True))
    return [(target, value)]


def test_every_code_that_is_given_has_its_word() -> None:
    found = said_in_source()
    assert {"no-outcome", "unreadable-answer", "key-missing", "other-sealing", "expired"} <= found
    assert {code for code in found - OF_LABELS if told(code) != code} == set()


def test_every_code_that_is_put_into_words_is_told() -> None:
    assert {code for code in words.CODES if told(code) != code} == set()


@pytest.mark.parametrize("code", [*TRANSPORT, *CARRIER, *CARRIER_LATER, *BPOST, *BURIALS])
def test_what_may_be_the_last_of_all_attempts_is_told(code: str) -> None:
    assert (told(code), told(f"{EXHAUSTED}{code}")) == (code, f"{EXHAUSTED}{code}")


def refusals() -> Iterator[str]:
    """All that a refusal of bpost's can become."""
    for root in answers._ROOTS:
        yield answers.refusal(400, f"<{root}><error>{CANARY}</error></{root}>".encode())
    for fault, name in product(answers._FAULTS, (*answers._KNOWN, *answers._TYPES)):
        text = f"Error in request: {fault}: Value '{CANARY}' of element 'c:{CANARY}', type '{name}'."
        yield answers.refusal(400, text.encode())


def test_what_bpost_refuses_is_told_by_kind_and_element_and_never_by_value() -> None:
    codes = set(refusals())
    assert {code for code in codes if told(code) != code or CANARY in code} == set()
    parts = [code.split(":")[1:] for code in codes]
    assert {kind for kind, *_ in parts} == set(KINDS)
    assert {element for _, *rest in parts for element in rest} == set(ELEMENTS)


PIECES = st.sampled_from(["http-400", "http-4000", "http-099", ":", EXHAUSTED, CANARY, "\n", *WORDS, *KINDS, *ELEMENTS])


@settings(max_examples=60)
@given(st.lists(PIECES | st.text(max_size=8), max_size=6).map("".join))
def test_only_pieces_of_closed_lists_can_be_told(code: str) -> None:
    said = told(code)
    assert said in (code, OTHER)
    word, _, rest = said.removeprefix(EXHAUSTED).partition(":")
    if word in WORDS:
        assert rest == ""
        return
    assert word in {f"http-{status}" for status in range(100, 600)}
    kind, _, element = rest.partition(":")
    assert kind in ("", *KINDS)
    assert element in ("", *ELEMENTS)


@pytest.mark.parametrize(
    "code",
    [None, 7, b"timeout", "", CANARY, f"http-400:{CANARY}", f"http-400:pattern:{CANARY}", "timeout\n", "http-999"],
)
def test_what_is_none_of_them_is_other(code: object) -> None:
    assert told(code) == OTHER


def test_the_form_can_be_read_by_others() -> None:
    assert NOT_ECMA.search(FORM) is None
