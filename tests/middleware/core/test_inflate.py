"""What came compressed is taken apart whole, within its bound, or not at all."""

from __future__ import annotations

import gzip
import zlib
from itertools import islice

import pytest

from middleware.core.inflate import PIECE_BYTES, inflated
from middleware.errors import BodyError


def code_of(content: bytes, most: int) -> str:
    with pytest.raises(BodyError) as caught:
        list(inflated(content, most))
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    return caught.value.code


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, 3 * PIECE_BYTES + 5])
def test_what_fits_comes_out_whole_in_small_pieces(size: int) -> None:
    content = bytes(number % 251 for number in range(size))
    pieces = list(inflated(gzip.compress(content), size))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE_BYTES


def test_one_byte_more_is_refused() -> None:
    assert code_of(gzip.compress(b"12345"), 4) == "too-large"


def test_a_bomb_is_refused_before_it_is_out() -> None:
    bomb = gzip.compress(b"\0" * 5_000_000)
    pieces = inflated(bomb, 2 * PIECE_BYTES)
    assert sum(len(piece) for piece in islice(pieces, 2)) == 2 * PIECE_BYTES
    with pytest.raises(BodyError) as caught:
        next(pieces)
    assert caught.value.code == "too-large"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"plain",
        gzip.compress(b"whole")[:-1],
        gzip.compress(b"whole")[:12],
        gzip.compress(b"whole") + b"x",
        gzip.compress(b"one") + gzip.compress(b"two"),
        zlib.compress(b"another form"),
        gzip.compress(b"whole")[:-8] + b"\0" * 8,
    ],
    ids=range(8),
)
def test_what_is_not_one_whole_gzip_is_refused(content: bytes) -> None:
    assert code_of(content, 1_000) == "content-encoding"
