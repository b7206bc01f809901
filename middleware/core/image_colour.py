"""A colour profile made anew from what changes colours (ICC.1:2022, 7 to 10).

A telephone's photograph has wide colours, and without its profile they fade; but a profile also tells who made it, with
what, when, and in free words such as the name of somebody's screen. So the numbers are read and written into a profile
of ours: primaries and tone curves, of a grey or a red-green-blue picture, whose values are held to the bounds that
colours have, so that no text passes for them. Tables of a printer (CMYK) are megabytes of nobody knows what: such a
profile goes, and the picture is shown with the usual inks.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from itertools import pairwise

MOST = 1 << 20
"""Bytes of a profile that is looked at."""
_HEADER, _ENTRY, _MOST_TAGS = 128, 12, 100
_MOST_STEPS = 4096
"""Steps of a tone curve."""
_ONE = 1 << 16
"""1.0 as an s15Fixed16Number."""
_PARAMETERS = (1, 3, 4, 5, 7)
"""By the type of a parametric curve (10.18): how many numbers it has."""
_WANTED = {
    b"RGB ": (b"wtpt", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"),
    b"GRAY": (b"wtpt", b"kTRC"),
}
_CLASSES = (b"mntr", b"scnr", b"spac")
_INTENTS = tuple(bytes((0, 0, 0, intent)) for intent in range(4))
_D50 = bytes.fromhex("0000f6d6000100000000d32d")
_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
_WORD = b"c"
"""A profile has to have a description and a copyright: both are this, of every profile."""
_WORDS = {
    2: (b"desc\0\0\0\0\0\0\0\2" + _WORD + bytes(79), b"text\0\0\0\0" + _WORD + b"\0"),
    4: (b"mluc\0\0\0\0\0\0\0\1\0\0\0\x0cenUS\0\0\0\2\0\0\0\x1c\0" + _WORD,) * 2,
}
"""By major version: how both are written (v2: 6.5.17 and 6.5.18 of ICC.1:2001; v4: 10.15)."""


def remade(profile: bytes) -> bytes:
    """The profile with its primaries and tone curves alone; empty if they cannot be read or say too little."""
    if len(profile) > MOST or profile[36:40] != b"acsp" or profile[20:24] != b"XYZ ":
        return b""
    version, kind, space = profile[8], profile[12:16], profile[16:20]
    if version not in _WORDS or kind not in _CLASSES or space not in _WANTED or profile[64:68] not in _INTENTS:
        return b""
    kept = {name: _value(name, tag) for name, tag in _tags(profile, (*_WANTED[space], b"chad")).items()}
    if not kept.keys() >= set(_WANTED[space]) or not all(kept.values()):
        return b""
    described = dict(zip((b"desc", b"cprt"), _WORDS[version], strict=True))
    head = bytes((0, 0, 0, 0, version, 0, 0, 0)) + kind + space + b"XYZ "
    return _written(head + _DATE + b"acsp" + bytes(24) + profile[64:68] + _D50 + bytes(48), described | kept)


def _tags(profile: bytes, wanted: Collection[bytes]) -> Mapping[bytes, bytes]:
    """By name, in the order of ``wanted``, the bytes from where a tag starts to where it ends."""
    count = int.from_bytes(profile[_HEADER : _HEADER + 4], "big")
    found = {}
    for at in range(_HEADER + 4, _HEADER + 4 + min(count, _MOST_TAGS) * _ENTRY, _ENTRY):
        name, start, length = struct.unpack(">4sII", profile[at : at + _ENTRY].ljust(_ENTRY, b"\0"))
        if name in wanted:
            found[name] = profile[start : start + length]
    return {name: found[name] for name in wanted if name in found}


def _value(name: bytes, tag: bytes) -> bytes:
    """The tag as it is written anew; empty if it is not what its name says."""
    if name.endswith(b"TRC"):
        return _curve(tag)
    kind, numbers, most = (b"sf32", 9, 4 * _ONE) if name == b"chad" else (b"XYZ ", 3, 2 * _ONE)
    return _fixed(tag, 8, numbers, most) if tag[:4] == kind else b""


def _fixed(tag: bytes, start: int, numbers: int, most: int) -> bytes:
    """The tag up to the end of that many numbers, none of them larger than ``most``."""
    end = start + 4 * numbers
    if len(tag) < end or any(abs(value) > most for value in struct.unpack_from(f">{numbers}i", tag, start)):
        return b""
    return tag[:4] + bytes(4) + tag[8:end]


def _curve(tag: bytes) -> bytes:
    """A tone curve (10.6, 10.18): a gamma, steps that never go down, or the numbers of a formula."""
    if tag[:4] == b"para":
        formula = int.from_bytes(tag[8:10], "big")
        if formula >= len(_PARAMETERS):
            return b""
        return _fixed(tag[:10] + b"\0\0" + tag[12:], 12, _PARAMETERS[formula], 16 * _ONE)
    count = int.from_bytes(tag[8:12], "big")
    if tag[:4] != b"curv" or count > _MOST_STEPS or len(tag) < 12 + 2 * count:
        return b""
    steps = struct.unpack_from(f">{count}H", tag, 12)
    if any(later < earlier for earlier, later in pairwise(steps)):
        return b""
    return tag[:4] + bytes(4) + tag[8 : 12 + 2 * count]


def _written(head: bytes, tags: Mapping[bytes, bytes]) -> bytes:
    """The profile of these tags; equal ones are written once, as the three curves of most screens are."""
    table, data, places = b"", b"", dict[bytes, int]()
    start = _HEADER + 4 + _ENTRY * len(tags)
    for name, body in tags.items():
        if body not in places:
            places[body] = start + len(data)
            data += body + bytes(-len(body) % 4)
        table += struct.pack(">4sII", name, places[body], len(body))
    return struct.pack(">I", start + len(data)) + head + struct.pack(">I", len(tags)) + table + data
