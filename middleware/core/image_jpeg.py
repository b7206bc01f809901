"""A JPEG made anew from what its pixels need (ITU-T T.81 annex B; T.871 for JFIF; T.872, 6.5.3 for Adobe's segment).

Copied: the frame (baseline, extended or progressive: SOF0 to SOF2), the tables that its scans use, the restart
interval, the scans with their entropy-coded data. Made by us: JFIF without density or thumbnail and Adobe's segment
with the transform alone, since both decide how colours are read; the turn of EXIF (see ``image_turn``); the colour
profile (see ``image_colour``). All else goes: EXIF, XMP, IPTC, comments, previews, further pictures and films behind
the end of this one, fill bytes, tables that nothing uses. DAC has no place, as arithmetic coding is refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from middleware.core import image_colour
from middleware.core.image_bounds import MOST_PARTS, ImageError, check_sides
from middleware.core.image_turn import UPRIGHT, turn, turned

SIGNATURE = b"\xff\xd8\xff"
EOI = 0xD9
_SOF0, _SOF2, _DHT, _SOS, _DQT, _DRI = 0xC0, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
PASSED = frozenset((0xCC, *range(0xE0, 0xFF)))
"""DAC, APPn, JPGn and COM: they have a length, and no pixel needs them."""
_PROFILE = b"ICC_PROFILE\0"
_FILL = re.compile(rb"\xff+")
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_WHOLE_SPECTRUM = b"\x00\x3f\x00"


@dataclass(slots=True, kw_only=True)
class _Read:
    """What was read of an image up to here, and what was written of it."""

    jfif: bool = False
    transform: int | None = None
    orientation: int = UPRIGHT
    profile: dict[bytes, bytes] = field(default_factory=dict)
    """By its number and the number of all: the pieces of the colour profile (ICC.1:2022, B.4)."""
    frame: bytes = b""
    progressive: bool = False
    quantisers: dict[int, int] = field(default_factory=dict)
    """By component: the number of its quantisation table."""
    tables: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """By marker and number: the newest definition."""
    used: dict[tuple[int, int], bytes] = field(default_factory=dict)
    """As ``tables``, of those that were written."""
    interval: int = 0
    used_interval: int = 0
    scanned: set[int] = field(default_factory=set)
    written: list[bytes] = field(default_factory=list)


def remade(data: bytes) -> bytes:
    """The same pixels in the same entropy-coded bytes, in a file of ours. Raises: ImageError."""
    read = _Read()
    for marker, body, scan in segments(data):
        if marker == _SOS:
            _scan(read, body, scan)
        elif marker == _DQT:
            read.tables.update(_quantisation(body))
        elif marker == _DHT:
            read.tables.update(_codes(body))
        elif marker == _DRI:
            if len(body) != 2:
                raise ImageError("image-structure")
            read.interval = int.from_bytes(body, "big")
        elif _SOF0 <= marker <= _SOF2:
            _frame(read, marker, body)
        elif not read.written and marker != EOI:
            _application(read, marker, body)
    if not read.written:
        raise ImageError("image-structure")
    return b"\xff\xd8" + _told(read) + b"".join(read.written) + b"\xff\xd9"


def segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(marker, content, entropy-coded data of a scan) up to the end, whose content is what hangs behind it.

    Each byte is looked at once by each pattern, so that nothing takes more than linear time. Raises: ImageError.
    """
    at = 2
    for _ in range(MOST_PARTS):
        fill = _FILL.match(data, at)
        if fill is None or fill.end() >= len(data):
            raise ImageError("image-structure" if at < len(data) and fill is None else "image-truncated")
        marker, at = data[fill.end()], fill.end() + 1
        if marker == EOI:
            yield marker, data[at:], b""
            return
        if marker not in (_DHT, _SOS, _DQT, _DRI) and marker not in PASSED and not _SOF0 <= marker <= _SOF2:
            raise ImageError("image-kind")
        length = int.from_bytes(data[at : at + 2], "big")
        if at + max(length, 2) > len(data):
            raise ImageError("image-truncated")  # a length below two ends among its own bytes, which begin no segment
        body, at = data[at + 2 : at + length], at + length
        scan = b""
        if marker == _SOS:
            end = _AFTER_SCAN.search(data, at)
            if end is None:
                raise ImageError("image-truncated")
            scan, at = data[at : end.start()].rstrip(b"\xff"), end.start()
        yield marker, body, scan
    raise ImageError("image-size")


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _application(read: _Read, marker: int, body: bytes) -> None:
    """What an application's segment says of colours and of the turn; as libjpeg, only what comes before a scan."""
    if marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= 14:
        read.jfif = True
    elif marker == _APP14 and body.startswith(b"Adobe") and len(body) >= 12:
        if body[11] > 2:
            raise ImageError("image-structure")
        read.transform = body[11]
    elif marker == _APP1 and body.startswith(b"Exif\0") and read.orientation == UPRIGHT:
        read.orientation = turn(body[6:])
    elif marker == _APP2 and body.startswith(_PROFILE):
        read.profile[body[len(_PROFILE) : len(_PROFILE) + 2]] = body[len(_PROFILE) + 2 :]


def _told(read: _Read) -> bytes:
    """The segments of ours before the first scan."""
    told = b""
    if read.jfif:
        told += _segment(_APP0, b"JFIF\0\1\1\0\0\1\0\1\0\0")
    if tiff := turned(read.orientation):
        told += _segment(_APP1, b"Exif\0\0" + tiff)
    if profile := image_colour.remade(_profile(read.profile)):
        told += _segment(_APP2, _PROFILE + b"\1\1" + profile)
    if read.transform is not None:
        told += _segment(_APP14, b"Adobe\0\x64\0\0\0\0" + bytes([read.transform]))
    return told


def _profile(pieces: Mapping[bytes, bytes]) -> bytes:
    """The colour profile; empty if there is none, or not all of it."""
    count = len(pieces) if len(pieces) < 256 else 0
    numbers = [bytes((number + 1, count)) for number in range(count)]
    return b"".join(pieces[number] for number in numbers) if pieces.keys() == set(numbers) else b""


def _frame(read: _Read, marker: int, body: bytes) -> None:
    if read.frame or len(body) < 6 or len(body) != 6 + 3 * body[5]:
        raise ImageError("image-structure")
    precision, height, width, count = struct.unpack_from(">BHHB", body)
    check_sides(width, height)
    if precision not in (8, 12) or count not in (1, 3, 4):
        raise ImageError("image-kind")
    for component, sampling, quantiser in zip(body[6::3], body[7::3], body[8::3], strict=True):
        if not (1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4 and quantiser < 4):
            raise ImageError("image-structure")
        read.quantisers[component] = quantiser
    if len(read.quantisers) != count:
        raise ImageError("image-structure")
    read.frame, read.progressive = _segment(marker, body), marker == _SOF2


def _quantisation(body: bytes) -> Mapping[tuple[int, int], bytes]:
    """The tables of a DQT, each as it is written on its own (B.2.4.1)."""
    found = {}
    at = 0
    while at < len(body):
        precision, number = body[at] >> 4, body[at] & 15
        end = at + 1 + 64 * (precision + 1)
        if precision > 1 or number > 3 or end > len(body):
            raise ImageError("image-structure")
        found[_DQT, number] = body[at:end]
        at = end
    return found


def _codes(body: bytes) -> Mapping[tuple[int, int], bytes]:
    """The tables of a DHT, each as it is written on its own (B.2.4.2); by class (0 or 16) and number."""
    found = {}
    at = 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        end = at + 17 + sum(counts)
        room = sum(count << (15 - length) for length, count in enumerate(counts))
        if body[at] & 0b11101100 or end > len(body) or sum(counts) > 256 or room > 1 << 16:
            raise ImageError("image-structure")
        found[_DHT, body[at]] = body[at:end]
        at = end
    return found


def _scan(read: _Read, body: bytes, scan: bytes) -> None:
    """Write a scan, and before it what it uses that was not written yet. Raises: ImageError."""
    count = body[0] if body else 0
    if not count or len(body) != 4 + 2 * count:
        raise ImageError("image-structure")
    if not read.interval and _RESTART.search(scan):
        raise ImageError("image-structure")
    components, selectors = body[1:-3:2], body[2:-3:2]
    spectrum = body[-3:] if read.progressive else _WHOLE_SPECTRUM
    again = not read.progressive and not read.scanned.isdisjoint(components)
    if again or len(set(components)) != count or not read.quantisers.keys() >= set(components):
        raise ImageError("image-structure")
    read.scanned.update(components)
    if not read.written:
        read.written.append(read.frame)
    for key in dict.fromkeys(_needed(read, components, selectors, spectrum)):
        if key not in read.tables:
            raise ImageError("image-structure")
        if read.used.get(key) != read.tables[key]:
            read.used[key] = read.tables[key]
            read.written.append(_segment(key[0], read.tables[key]))
    if read.interval != read.used_interval:
        read.used_interval = read.interval
        read.written.append(_segment(_DRI, read.interval.to_bytes(2, "big")))
    read.written.append(_segment(_SOS, body[:-3] + spectrum) + scan)


def _needed(read: _Read, components: bytes, selectors: bytes, spectrum: bytes) -> Iterator[tuple[int, int]]:
    """The tables of a scan: those of the first coefficient unless it is refined, those of the others if they come."""
    first, last, approximation = spectrum
    for component, selector in zip(components, selectors, strict=True):
        yield _DQT, read.quantisers[component]
        if first == 0 and approximation >> 4 == 0:
            yield _DHT, selector >> 4
        if last > 0:
            yield _DHT, 16 | selector & 15
