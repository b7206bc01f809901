"""The one reader of bodies: every vector, the limits at their edge, and no input that costs more than its length."""

from __future__ import annotations

import json
import time
import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from middleware.core.body import MAX_BYTES, MAX_CONTAINERS, MAX_DEPTH, MAX_KEYS, read
from middleware.errors import BodyError

VECTORS = sorted((Path(__file__).parents[2] / "vectors" / "json").glob("*.json"))
REFUSED = [path for path in VECTORS if path.name.startswith("n_")]
ACCEPTED = [path for path in VECTORS if path.name.startswith("y_")]
UNDECIDED = [path for path in VECTORS if path.name.startswith("i_")]

CANARY = "k4n4rie-van-lotte"
SECONDS = 20.0
"""What linear work on the largest body never needs, and quadratic work does by far."""

texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=8) | st.dictionaries(texts, inner, max_size=8), max_leaves=40
)


def refused(body: bytes) -> BodyError:
    with pytest.raises(BodyError) as caught:
        read(body)
    return caught.value


def same(one: object, other: object) -> bool:
    """Equal in value, type and order of members; a float to its last bit."""
    return repr(one) == repr(other)


def test_the_vectors_are_there() -> None:
    assert len(REFUSED) >= 300
    assert len(ACCEPTED) >= 80
    assert len(UNDECIDED) >= 4
    assert len(VECTORS) == len(REFUSED) + len(ACCEPTED) + len(UNDECIDED)


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_refuses(path: Path) -> None:
    error = refused(path.read_bytes())
    assert (error.code, error.status) == ("malformed-json", 400)
    assert (str(error), error.__cause__, error.__context__) == (BodyError.__doc__, None, None)


@pytest.mark.parametrize("path", ACCEPTED, ids=lambda path: path.stem)
def test_accepts(path: Path) -> None:
    assert same(read(path.read_bytes()), json.loads(path.read_bytes()))


@pytest.mark.parametrize("path", UNDECIDED, ids=lambda path: path.stem)
def test_reads_or_refuses_in_the_one_way(path: Path) -> None:
    told: object
    try:
        told = read(path.read_bytes())
    except BodyError as error:
        told = error.code
    assert told in (json.loads(path.read_bytes()), "malformed-json")


@given(documents, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_a_document_within_the_limits_is_read_as_the_standard_library_reads_it(
    document: object, escaped: bool, indent: int | str | None
) -> None:
    body = json.dumps(document, ensure_ascii=escaped, indent=indent).encode()
    assert same(read(body), json.loads(body))


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({name for name, _ in pairs}) != len(pairs) or len(pairs) > MAX_KEYS:
        raise ValueError("members")
    return dict(pairs)


def _integer(digits: str) -> int:
    if not -(2**63) <= int(digits) < 2**64:
        raise ValueError("integer")
    return int(digits)


def _constant(name: str) -> object:
    raise ValueError(name)


def _sound(value: object, depth: int = 1) -> bool:
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, float):
        return abs(value) != float("inf")
    if isinstance(value, dict):
        return depth <= MAX_DEPTH and all(_sound(name) and _sound(inner, depth + 1) for name, inner in value.items())
    return not isinstance(value, list) or (depth <= MAX_DEPTH and all(_sound(inner, depth + 1) for inner in value))


def by_the_book(body: bytes) -> tuple[object] | None:
    """A slow reader after the same rules, on the standard library."""
    try:
        document = json.loads(body.decode(), object_pairs_hook=_pairs, parse_int=_integer, parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    return (document,) if _sound(document) else None


MARKS = [*b'[]{}:,"\\u0eE+-.19 \n/', 0, 0xC3, 0xEF, 0xBB, 0xBF, 0xED, 0xA0]


@given(
    documents, st.booleans(), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 2), st.lists(st.sampled_from(MARKS))))
)
@example([], False, [(0.0, 0, list(b'{"a":1,"a":1}'))])
def test_agrees_with_a_reader_by_the_book_on_damaged_documents(
    document: object, escaped: bool, damage: list[tuple[float, int, list[int]]]
) -> None:
    body = json.dumps(document, ensure_ascii=escaped).encode()
    for place, length, inserted in damage:
        start = int(place * len(body))
        body = body[:start] + bytes(inserted) + body[start + length :]
    expected = by_the_book(body)
    if expected is None:
        refused(body)
    else:
        assert same(read(body), expected[0])


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_depth_at_its_edge(opening: str, closing: str) -> None:
    def nested(depth: int) -> bytes:
        return f"{opening * depth}1{closing * depth}".encode()

    assert same(read(nested(MAX_DEPTH)), json.loads(nested(MAX_DEPTH)))
    refused(nested(MAX_DEPTH + 1))


def test_depth_counts_what_is_open_and_not_what_was() -> None:
    body = b"[" + b",".join([b"[[]]"] * 1000) + b"]"
    assert len(json.loads(body)) == 1000
    assert same(read(body), json.loads(body))


def test_brackets_in_strings_are_text() -> None:
    text = "[{" * 50 + '\\"' + "]}" * 3
    assert read(json.dumps({text: [text]}).encode()) == {text: [text]}


def test_members_of_one_object_at_their_edge() -> None:
    def wide(members: int) -> bytes:
        return json.dumps({str(number): {"a": number} for number in range(members)}).encode()

    assert same(read(wide(MAX_KEYS)), json.loads(wide(MAX_KEYS)))
    refused(wide(MAX_KEYS + 1))
    refused(b"[[" + wide(MAX_KEYS + 1) + b"]]")


@pytest.mark.parametrize("unit", [b"[]", b"{}", b'{"a":[]}'])
def test_arrays_and_objects_together_at_their_edge(unit: bytes) -> None:
    within = (MAX_CONTAINERS - 1) // (1 + unit.count(b"a"))
    body = b"[" + b",".join([unit] * within) + b"]"
    assert len(json.loads(body)) == len(read(body)) == within  # type: ignore[arg-type]  # a list, as it was written
    refused(b"[" + b",".join([unit] * (within + 1)) + b"]")


@pytest.mark.parametrize("number", [2**64 - 1, 2**63, 2**63 - 1, 0, -1, -(2**63)])
def test_integers_at_their_edge(number: int) -> None:
    assert read(b'{"id": %d}' % number) == {"id": number}
    assert read(b"%d" % number) == number


@pytest.mark.parametrize(
    "digits",
    [
        str(2**64),
        str(-(2**63) - 1),
        "1" + "0" * 40,
        pytest.param("9" * 4301, id="9…"),
        pytest.param("-1" + "0" * 5000, id="-1…"),
    ],
)
@pytest.mark.parametrize("form", ["%s", "[%s]", '{"id":%s}', "[1,%s]", "[ %s , 1]"])
def test_integers_beyond_their_edge(digits: str, form: str) -> None:
    refused((form % digits).encode())


@pytest.mark.parametrize(
    "number",
    [
        "1.2345678901234567890123456789",
        "12345678901234567890123.0",
        "98765432109876543210987654321e-9",
        "98765432109876543210987654321E9",
        "-12345678901234567890123.5e1",
        "1e0000000000000000000000002",
        "1e-0000000000000000000000002",
        "1E-0000000000000000000000002",
        "1E+0000000000000000000000002",
        "-1.5e-0000000000000000000000002",
    ],
)
def test_a_long_number_with_a_point_or_an_exponent_is_no_integer(number: str) -> None:
    for body in (number.encode(), f'{{"a":[1,{number}]}}'.encode()):
        assert same(read(body), json.loads(body))


HOSTILE: dict[str, tuple[bytes, bytes, bytes]] = {
    "open arrays": (b"", b"[", b""),
    "open objects": (b"", b'{"":', b""),
    "closing brackets": (b"", b"]", b""),
    "quotes": (b"", b'"', b""),
    "one open string": (b'"', b"a", b""),
    "escaped quotes": (b"", b'\\"', b""),
    "an open string of escaped quotes": (b'"', b'\\"', b""),
    "an open string of backslashes": (b'"', b"\\", b""),
    "digits": (b"", b"9", b""),
    "digits before a point": (b"", b"9", b".0"),
    "digits after a point": (b"0.", b"9", b""),
    "minus signs": (b"", b"-", b""),
    "points": (b"", b".", b""),
    "exponents": (b"", b"1e", b""),
    "one long exponent": (b"1e", b"9", b""),
    "integers at the edge": (b"[", b"18446744073709551615,", b"1]"),
    "colons": (b"", b":", b""),
    "spaces": (b"", b" ", b""),
    "empty arrays": (b"[", b"[],", b"[]]"),
    "empty objects": (b"[", b"{},", b"{}]"),
    "one name again and again": (b"{", b'"a":1,', b'"a":1}'),
    "objects with a name twice": (b"[", b'{"a":1,"a":1},', b"1]"),
    "escaped NULs": (b'["', b"\\u0000", b'"]'),
    "escaped backslashes before u0000": (b'["', b"\\\\u0000", b'"]'),
    "lone surrogates": (b'["', b"\\ud800", b'"]'),
}
READABLE = {"integers at the edge", "escaped backslashes before u0000", "digits after a point"}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_largest_body_costs_no_more_than_its_length(name: str) -> None:
    opening, unit, closing = HOSTILE[name]
    body = opening + unit * ((MAX_BYTES - len(opening + closing)) // len(unit)) + closing
    assert MAX_BYTES - 64 < len(body) <= MAX_BYTES
    started = time.process_time()
    if name in READABLE:
        read(body)
    else:
        refused(body)
    assert time.process_time() - started < SECONDS


@pytest.mark.parametrize(
    "body",
    [
        f'{{"email":"{CANARY}"',
        f'{{"{CANARY}":1,"{CANARY}":2}}',
        f'["{CANARY}",NaN]',
        f'["{CANARY}",1e999]',
        f'["{CANARY}",99999999999999999999999]',
        f'["{CANARY}\\u0000"]',
        f'["{CANARY}\\ud800"]',
        f'\ufeff["{CANARY}"]',
        f'["{CANARY}"]{CANARY}',
        "[" * 40 + f'"{CANARY}"' + "]" * 40,
        CANARY,
    ],
)
def test_an_error_tells_nothing_of_the_body(body: str) -> None:
    error = refused(body.encode())
    told = "".join(traceback.format_exception(error)) + repr(error) + str(vars(error)) + str(error.args)
    assert CANARY not in told
    assert (error.__cause__, error.__context__) == (None, None)


def test_what_is_read_may_be_any_value() -> None:
    read_: list[Any] = [read(text) for text in (b"null", b"true", b'"a"', b"1.5", b"[]", b"{}")]
    assert same(read_, [None, True, "a", 1.5, [], {}])
