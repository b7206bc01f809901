"""Which way up an image is to be shown: the one thing in EXIF that a picture needs.

EXIF 2.32, 4.6.2 (a TIFF 6.0 structure) and tag 274. Of what a camera wrote nothing is copied: the number from 1 to 8 is
read, and written into a structure of ours that holds that number alone.
"""

from __future__ import annotations

import struct
from typing import Final, Literal

UPRIGHT = 1
_ORIENTATION, _SHORT = 274, 3
_ENTRY = 12
_BIG: Final = b"MM\0*"
_ORDERS: Final[dict[bytes, Literal["little", "big"]]] = {b"II*\0": "little", _BIG: "big"}


def turn(tiff: bytes) -> int:
    """The orientation, 1 to 8, of a TIFF structure; ``UPRIGHT`` of one that cannot be read or names none.

    What cannot be read is no fault of the image: it shows without it, and it goes.
    """
    order = _ORDERS.get(tiff[:4])
    if order is None:
        return UPRIGHT

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    start = number(4, 4) + 2
    whole = (len(tiff) - start) // _ENTRY
    for at in range(start, start + min(number(start - 2, 2), whole) * _ENTRY, _ENTRY):
        if number(at, 2) == _ORIENTATION:
            found = number(at + 8, 2)
            return found if (number(at + 2, 2), number(at + 4, 4)) == (_SHORT, 1) and 1 <= found <= 8 else UPRIGHT
    return UPRIGHT


def turned(orientation: int) -> bytes:
    """The TIFF structure that says so and nothing else, 26 bytes; empty for an upright image, which needs none."""
    if orientation == UPRIGHT:
        return b""
    return _BIG + struct.pack(">IHHHIHHI", 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
