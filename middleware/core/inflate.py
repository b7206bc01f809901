"""Takes apart what came compressed with gzip (RFC 1952), piece by piece: what grows beyond a bound is refused before it
takes memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from middleware.errors import BodyError

PIECE_BYTES: Final = 64 * 1024

_GZIP: Final = zlib.MAX_WBITS + 16


def inflated(content: bytes, most: int) -> Iterator[bytes]:
    """The pieces of what ``content`` holds, of so many bytes at most in all. Raises: BodyError with the code
    ``too-large``, or ``content-encoding`` for what is no gzip, is not whole, or goes on behind its end.
    """
    engine = zlib.decompressobj(_GZIP)
    rest, size = content, 0
    while not engine.eof:
        piece = _next(engine, rest)
        rest, size = engine.unconsumed_tail, size + len(piece)
        if size > most:
            raise BodyError(code="too-large")
        if not piece and not rest and not engine.eof:
            raise BodyError(code="content-encoding")
        yield piece
    if engine.unused_data:
        raise BodyError(code="content-encoding")


def _next(engine: zlib._Decompress, rest: bytes) -> bytes:
    try:
        return engine.decompress(rest, PIECE_BYTES)
    except zlib.error:
        pass
    raise BodyError(code="content-encoding")
