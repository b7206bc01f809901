"""Which way up an image is to be shown: the one thing in EXIF that a picture needs.

EXIF 2.32, 4.6.2 (a TIFF 6.0 structure) and tag 274. Of what a camera wrote nothing is copied: the number from 1 to 8 is
read, and written into a structure of ours that holds that number alone.
"""

from __future__ import annotations

import struct

UPRIGHT = 1
_ORIENTATION, _SHORT = 274, 3
_ENTRY = 12
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}


def turn(tiff: bytes) -> int:
    """The orientation, 1 to 8, of a TIFF structure; ``UPRIGHT`` of one that cannot be read or names none.

    What cannot be read is no fault of the image: it shows without it, and it goes.
    """
    order = _ORDERS.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return UPRIGHT
    (start,) = struct.unpack_from(f"{order}I", tiff, 4)
    if start + 2 > len(tiff):
        return UPRIGHT
    (count,) = struct.unpack_from(f"{order}H", tiff, start)
    last = min(start + 2 + count * _ENTRY, len(tiff) - _ENTRY + 1)
    for at in range(start + 2, last, _ENTRY):
        tag, kind, values, found = struct.unpack_from(f"{order}HHIH", tiff, at)
        if tag == _ORIENTATION:
            return int(found) if (kind, values) == (_SHORT, 1) and 1 <= found <= 8 else UPRIGHT
    return UPRIGHT


def turned(orientation: int) -> bytes:
    """The TIFF structure that says so and nothing else, 26 bytes; empty for an upright image, which needs none."""
    if orientation == UPRIGHT:
        return b""
    return struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, _ORIENTATION, _SHORT, 1, orientation, 0, 0)
