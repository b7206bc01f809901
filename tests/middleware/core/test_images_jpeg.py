"""A JPEG keeps its pixels and nothing of what was written beside them."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from middleware.core.images import ImageError, stripped
from tests.middleware.core.pictures import CANARY, JPEGS, drawn, exif, marker, put, saved, seen, segment, segments

PREVIEW = JPEGS["grey"][:-2] + segment(0xFE, CANARY) + b"\xff\xd9"
PLACES = {
    "exif": segment(0xE1, exif()),
    "xmp": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + CANARY),
    "xmp-extended": segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40) + CANARY),
    "iptc": segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x22\x1c\x02\x50\0\x1d" + CANARY),
    "comment": segment(0xFE, CANARY),
    "further-pictures": segment(0xE2, b"MPF\0II*\0" + CANARY),
    "profile": segment(0xE2, b"ICC_PROFILE\0\1\1" + CANARY * 20),
    "thumbnail": segment(0xE0, b"JFIF\0\1\2\1\0\x48\0\x48\4\3" + (CANARY * 2)[:36]),
    "jfxx": segment(0xE0, b"JFXX\0\x10" + PREVIEW),
    "quantiser": segment(0xDB, b"\3" + (CANARY * 3)[:64]),
    "codes": segment(0xC4, b"\x03" + bytes(14) + struct.pack(">BB", 0, len(CANARY)) + CANARY),
    "conditioning": segment(0xCC, CANARY),
    "adobe-elsewhere": segment(0xFE, b"Adobe\0\x64\0\0\0\0\0" + CANARY),
    "adobe-short": segment(0xEE, b"Adobe\0" + CANARY[:5]) + segment(0xFE, CANARY),
    "exif-unnamed": segment(0xE1, b"Meta\0\0" + exif(6)[6:]),
    "exif-elsewhere": segment(0xE3, exif(6)),
    "jfif-elsewhere": segment(0xFE, b"JFIF\0\1\1\0\0\1\0\1\0\0" + CANARY),
    **{f"app{number}": segment(0xE0 + number, b"Meta\0" + CANARY) for number in range(16)},
    **{f"jpg{number}": segment(0xF0 + number, CANARY) for number in range(14)},
}
TURNS = {name: JPEGS[name] for name in ("baseline", "grey", "cmyk")}


def parts(data: bytes) -> list[int]:
    return [marker(piece) for piece in segments(data)]


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", JPEGS)
def test_what_is_written_beside_the_picture_goes_wherever_it_stands(kind: str) -> None:
    pieces = segments(JPEGS[kind])
    for place, written in PLACES.items():
        for at in range(1, len(pieces)):
            dirty = put(pieces, at, written)
            assert CANARY[:12] in dirty
            clean = stripped(dirty)
            assert CANARY[:12] not in clean, place
            if place == "thumbnail":
                assert seen(clean) == seen(dirty)
            else:
                assert clean == stripped(JPEGS[kind]), place


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("tail", [CANARY, PREVIEW, b"\0" * 9 + CANARY, b"\xff\xe1\0\x30" + CANARY])
@pytest.mark.parametrize("kind", JPEGS)
def test_what_hangs_behind_the_end_goes(kind: str, tail: bytes) -> None:
    assert stripped(JPEGS[kind] + tail) == stripped(JPEGS[kind])


@pytest.mark.policy("MS-CAT-6")
@given(data=some.data())
def test_no_mix_of_them_leaves_a_trace(data: some.DataObject) -> None:
    kind = data.draw(some.sampled_from([kind for kind in JPEGS if 0xE0 in parts(JPEGS[kind])]))
    pieces = segments(JPEGS[kind])
    for _ in range(data.draw(some.integers(min_value=1, max_value=6))):
        pieces.insert(
            data.draw(some.integers(min_value=1, max_value=len(pieces) - 1)),
            PLACES[data.draw(some.sampled_from(sorted(PLACES)))],
        )
    clean = stripped(b"".join(pieces) + data.draw(some.sampled_from((b"", CANARY, PREVIEW))))
    assert CANARY[:12] not in clean
    assert clean == stripped(JPEGS[kind])


@pytest.mark.parametrize("kind", JPEGS)
def test_the_pixels_are_the_very_same_bytes(kind: str) -> None:
    clean = stripped(JPEGS[kind])
    assert seen(clean) == seen(JPEGS[kind])
    assert [piece for piece in segments(clean) if marker(piece) == 0xDA] == [
        piece for piece in segments(JPEGS[kind]) if marker(piece) == 0xDA
    ]
    assert stripped(clean) == clean


def test_nothing_is_there_but_what_the_pixels_need() -> None:
    assert parts(stripped(put(segments(JPEGS["baseline"]), 1, segment(0xE1, exif(8)), *PLACES.values()))) == [
        0xD8, 0xE0, 0xE1, 0xC0, 0xDB, 0xC4, 0xC4, 0xDB, 0xC4, 0xC4, 0xDA, 0xD9,
    ]  # fmt: skip


def test_fill_bytes_go_and_a_second_look_changes_nothing() -> None:
    filled = b"\xff" * 5
    dirty = b"".join((JPEGS["progressive"][:2], *(filled + piece for piece in segments(JPEGS["progressive"])[1:])))
    assert stripped(dirty) == stripped(JPEGS["progressive"])


def test_jfif_stays_where_it_says_nothing_else() -> None:
    assert segments(stripped(JPEGS["baseline"]))[1] == segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def test_the_first_turn_is_the_one() -> None:
    turned = put(segments(JPEGS["grey"]), 1, segment(0xE1, exif(6)), segment(0xE1, exif(8)))
    assert stripped(turned) == stripped(put(segments(JPEGS["grey"]), 1, segment(0xE1, exif(6))))


def test_jfif_says_neither_density_nor_thumbnail() -> None:
    pieces = segments(JPEGS["baseline"])
    assert marker(pieces[1]) == 0xE0
    pieces[1] = PLACES["thumbnail"]
    found = segments(stripped(b"".join(pieces)))[1]
    assert found == segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0")


def test_too_short_a_jfif_segment_is_none_and_changes_no_colour() -> None:
    clean = stripped(put(segments(JPEGS["kept-rgb"]), 1, segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0")))
    assert clean == stripped(JPEGS["kept-rgb"])


@pytest.mark.parametrize("transform", [0, 1])
def test_the_transform_of_adobe_stays_as_the_colours_hang_on_it(transform: int) -> None:
    pieces = segments(JPEGS["baseline"])
    written = b"Adobe\0\x65\x80\1\2\3" + bytes([transform])
    coloured = put([pieces[0], *pieces[2:]], 1, segment(0xEE, written + CANARY))
    clean = stripped(coloured)
    assert segments(clean)[1] == segment(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes([transform]))
    assert seen(clean) == seen(coloured)
    assert (seen(clean) == seen(JPEGS["baseline"])) is bool(transform)


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("kind", TURNS)
def test_the_picture_stays_turned_as_it_was_by_a_number_of_ours(kind: str, turn: int, order: str) -> None:
    words = {"<": b"II*\0", ">": b"MM\0*"}[order]
    tiff = words + struct.pack(f"{order}IHHHIHHHHI4sI", 8, 2, 274, 3, 1, turn, 0, 271, 2, 4, b"CAN", 0)
    clean = stripped(put(segments(TURNS[kind]), 1, segment(0xE1, b"Exif\0\0" + tiff)))
    found = [piece for piece in segments(clean) if marker(piece) == 0xE1]
    ours = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, turn, 0, 0)
    assert found == ([] if turn == 1 else [segment(0xE1, b"Exif\0\0" + ours)])
    with Image.open(io.BytesIO(clean)) as image:
        assert image.getexif().get(274, 1) == turn
    assert stripped(clean) == clean


@pytest.mark.policy("MS-CAT-6")
def test_of_the_exif_of_a_telephone_the_turn_alone_is_left() -> None:
    clean = stripped(put(segments(JPEGS["baseline"]), 1, segment(0xE1, exif(6)), *(PLACES[n] for n in ("xmp", "iptc"))))
    with Image.open(io.BytesIO(clean)) as image:
        assert dict(image.getexif()) == {274: 6}
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "exif", "dpi"}


@pytest.mark.parametrize(
    "tiff",
    [
        b"",
        b"II*\0",
        b"XX*\0" + bytes(30),
        b"MM\0*" + b"\xff" * 30,
        b"MM\0*\0\0\0\x08\xff\xff",
        b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0\x09\0\0\0\0\0\0",
        b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\2\0\6\0\0\0\0\0\0",
        b"MM\0*\0\0\0\x08\0\1\1\x12\0\4\0\0\0\1\0\6\0\0\0\0\0\0",
        b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1\0",
    ],
)
def test_exif_that_cannot_be_read_goes_and_the_picture_stays(tiff: bytes) -> None:
    assert stripped(put(segments(JPEGS["grey"]), 1, segment(0xE1, b"Exif\0\0" + tiff))) == stripped(JPEGS["grey"])


@pytest.mark.parametrize("kind", JPEGS)
def test_no_part_of_an_image_is_taken_for_the_whole(kind: str) -> None:
    for end in range(len(JPEGS[kind])):
        with pytest.raises(ImageError):
            stripped(JPEGS[kind][:end])


@given(data=some.data())
def test_what_is_broken_is_refused_or_stripped(data: some.DataObject) -> None:
    dirty = bytearray(put(segments(JPEGS[data.draw(some.sampled_from(sorted(JPEGS)))]), 1, segment(0xE1, exif(6))))
    for _ in range(data.draw(some.integers(min_value=1, max_value=8))):
        at = data.draw(some.integers(min_value=0, max_value=len(dirty) - 1))
        dirty[at] ^= data.draw(some.integers(min_value=1, max_value=255))
    try:
        clean = stripped(bytes(dirty))
    except ImageError as error:
        assert str(error) == ImageError.__doc__  # noqa: PT017 - either is right
    else:
        assert stripped(clean) == clean


def changed(kind: str, wanted: int, **changes: bytes) -> bytes:
    """A picture whose first segment of a marker has other bytes, by place in its content (``at4=…``)."""
    pieces = segments(JPEGS[kind])
    at = next(index for index, piece in enumerate(pieces) if marker(piece) == wanted)
    piece = bytearray(pieces[at])
    for place, value in changes.items():
        start = 4 + int(place.removeprefix("at"))
        piece[start : start + len(value)] = value
    pieces[at] = bytes(piece)
    return b"".join(pieces)


def without(kind: str, wanted: int) -> bytes:
    return b"".join(piece for piece in segments(JPEGS[kind]) if marker(piece) != wanted)


def at_end(kind: str, piece: bytes) -> bytes:
    return put(segments(JPEGS[kind]), -1, piece)


SCANS = [piece for piece in segments(JPEGS["baseline"]) if marker(piece) == 0xDA]
FRAME = next(piece for piece in segments(JPEGS["baseline"]) if marker(piece) == 0xC0)


def framed(components: bytes) -> bytes:
    """A grey picture of which the frame tells other components."""
    return b"".join(
        segment(0xC0, piece[4:9] + bytes([len(components) // 3]) + components) if marker(piece) == 0xC0 else piece
        for piece in segments(JPEGS["grey"])
    )


def one_coefficient() -> bytes:
    """A picture with a scan of the second coefficient alone, for which there is no table."""
    pieces = segments(JPEGS["progressive"])
    at = [place for place, piece in enumerate(pieces) if marker(piece) == 0xDA][1]
    piece = bytearray(pieces[at])
    piece[6], piece[7], piece[8] = piece[6] | 3, 1, 1
    return b"".join((*pieces[:at], bytes(piece), *pieces[at + 1 :]))


REFUSED = {
    "no-picture": ("image-structure", b"\xff\xd8\xff\xd9"),
    "no-frame": ("image-structure", without("baseline", 0xC0)),
    "no-scan": ("image-structure", without("baseline", 0xDA)),
    "no-quantiser": ("image-structure", without("baseline", 0xDB)),
    "no-codes": ("image-structure", without("progressive", 0xC4)),
    "two-frames": ("image-structure", put(segments(JPEGS["baseline"]), 1, FRAME)),
    "scanned-twice": ("image-structure", at_end("baseline", SCANS[0])),
    "bytes-between": ("image-structure", put(segments(JPEGS["baseline"]), 2, CANARY)),
    "restarts-without-interval": ("image-structure", without("restarts", 0xDD)),
    "interval-of-one-byte": ("image-structure", at_end("baseline", segment(0xDD, b"\1"))),
    "length-of-none": ("image-structure", at_end("baseline", b"\xff\xfe\0\0")),
    "length-of-one": ("image-structure", at_end("baseline", b"\xff\xfe\0\1")),
    "adobe-unknown": ("image-structure", changed("cmyk", 0xEE, at11=b"\3")),
    "frame-too-long": ("image-structure", changed("baseline", 0xC0, at5=b"\2")),
    "frame-short": ("image-structure", put(segments(JPEGS["grey"]), 1, segment(0xC0, b"\x08\0\1\0\1"))),
    "frame-of-none": ("image-kind", put(segments(JPEGS["grey"]), 1, segment(0xC0, b"\x08\0\1\0\1\0"))),
    "frame-empty": ("image-structure", put(segments(JPEGS["baseline"]), 1, segment(0xC0, b"\x08"))),
    "sampling": ("image-structure", changed("baseline", 0xC0, at7=b"\x51")),
    "sampling-of-five-lines": ("image-structure", changed("baseline", 0xC0, at7=b"\x15")),
    "sampling-of-no-column": ("image-structure", changed("baseline", 0xC0, at7=b"\x01")),
    "sampling-none": ("image-structure", changed("baseline", 0xC0, at7=b"\x10")),
    "quantiser-number": ("image-structure", changed("baseline", 0xC0, at8=b"\4")),
    "component-twice-and-scanned-once": ("image-structure", framed(b"\1\x11\0" * 3)),
    "quantiser-number-unscanned": ("image-structure", framed(b"\1\x11\0\2\x11\0\3\x11\4")),
    "component-twice": ("image-structure", changed("baseline", 0xC0, at9=b"\1")),
    "scan-of-none": ("image-structure", at_end("progressive", segment(0xDA, b"\0\0\x3f\0"))),
    "scan-of-one-byte-less": ("image-structure", put(segments(JPEGS["grey"]), -2, segment(0xDA, b"\1\1\0\0\x3f"))),
    "scan-empty": ("image-structure", at_end("progressive", segment(0xDA, b""))),
    "scan-too-long": ("image-structure", changed("baseline", 0xDA, at0=b"\2")),
    "scan-component": ("image-structure", changed("baseline", 0xDA, at1=b"\x2a")),
    "scan-component-twice": ("image-structure", changed("baseline", 0xDA, at3=b"\1")),
    "quantiser-short": ("image-structure", at_end("baseline", segment(0xDB, bytes(64)))),
    "quantiser-precision": ("image-structure", at_end("baseline", segment(0xDB, b"\x20" + bytes(192)))),
    "quantiser-number-defined": ("image-structure", at_end("baseline", segment(0xDB, b"\4" + bytes(64)))),
    "codes-short": ("image-structure", at_end("baseline", segment(0xC4, bytes(16) + b"\1"))),
    "codes-of-one-coefficient": ("image-structure", one_coefficient()),
    "codes-number": ("image-structure", at_end("baseline", segment(0xC4, b"\4" + bytes(16)))),
    "codes-class": ("image-structure", at_end("baseline", segment(0xC4, b"\x20" + bytes(16)))),
    "codes-too-many": ("image-structure", at_end("baseline", segment(0xC4, b"\0\3" + bytes(15) + b"abc"))),
    "codes-past-256": (
        "image-structure", at_end("baseline", segment(0xC4, bytes(15) + b"\xff\2" + bytes(257)))
    ),
    "precision": ("image-kind", changed("baseline", 0xC0, at0=b"\x10")),
    "two-components": (
        "image-kind", put(segments(JPEGS["baseline"]), 1, segment(0xC0, b"\x08\0\1\0\1\2\1\x11\0\2\x11\0"))
    ),
    "arithmetic": ("image-kind", put(segments(JPEGS["grey"]), 1, segment(0xC9, b""))),
    "reserved": ("image-kind", put(segments(JPEGS["grey"]), 1, segment(0xBF, FRAME[4:]))),
    "lossless": ("image-kind", put(segments(JPEGS["grey"]), 1, segment(0xC3, b""))),
    "lines-later": ("image-kind", at_end("grey", segment(0xDC, b"\0\1"))),
    "expanded": ("image-kind", put(segments(JPEGS["grey"]), 1, segment(0xDF, b""))),
    "hierarchical": ("image-kind", put(segments(JPEGS["grey"]), 1, segment(0xDE, b""))),
    "temporary": ("image-kind", put(segments(JPEGS["grey"]), 1, b"\xff\1")),
    "begun-again": ("image-kind", put(segments(JPEGS["grey"]), 1, b"\xff\xd8")),
    "no-width": ("image-size", changed("baseline", 0xC0, at3=b"\0\0")),
    "no-height": ("image-size", changed("baseline", 0xC0, at1=b"\0\0")),
    "too-wide": ("image-size", changed("baseline", 0xC0, at3=(20_001).to_bytes(2, "big"))),
    "too-high": ("image-size", changed("baseline", 0xC0, at1=(20_001).to_bytes(2, "big"))),
    "ends-after-a-segment": ("image-truncated", b"".join(segments(JPEGS["grey"])[:3])),
    "ends-in-a-table": ("image-truncated", b"".join(segments(JPEGS["grey"])[:3])[:-9]),
    "ends-in-a-length": ("image-truncated", b"\xff\xd8\xff\xfe\0"),
    "ends-after-a-marker": ("image-truncated", b"\xff\xd8\xff\xfe"),
    "ends-in-fill-early": ("image-truncated", b"\xff\xd8\xff\xff\xff"),
    "ends-in-fill": ("image-truncated", JPEGS["grey"][:-2] + b"\xff" * 1000),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_with_which_code(name: str) -> None:
    code, data = REFUSED[name]
    with pytest.raises(ImageError) as refused:
        stripped(data)
    assert (refused.value.code, refused.value.status) == (code, 422)
    assert str(refused.value) == ImageError.__doc__


def test_what_a_scan_says_of_coefficients_goes_where_it_always_has_all() -> None:
    assert stripped(changed("baseline", 0xDA, at7=b"abc")) == stripped(JPEGS["baseline"])


def test_tables_may_come_together() -> None:
    pieces = segments(JPEGS["baseline"])
    joined = [segment(wanted, b"".join(one[4:] for one in pieces if marker(one) == wanted)) for wanted in (0xDB, 0xC4)]
    rest = [piece for piece in pieces if marker(piece) not in (0xDB, 0xC4)]
    assert stripped(put(rest, 2, *joined)) == stripped(JPEGS["baseline"])


def test_steps_may_have_sixteen_bits() -> None:
    wide = [
        segment(0xDB, bytes([0x10 | piece[4]]) + b"".join(bytes((0, step)) for step in piece[5:]))
        if marker(piece) == 0xDB
        else piece
        for piece in segments(JPEGS["grey"])
    ]
    assert wide[2] in segments(stripped(b"".join(wide)))


@pytest.mark.parametrize("codes", [b"\2" + bytes(15) + b"ab", bytes(14) + b"\1\xff" + bytes(256)])
def test_as_many_codes_as_there_may_be_pass(codes: bytes) -> None:
    assert stripped(at_end("baseline", segment(0xC4, b"\3" + codes))) == stripped(JPEGS["baseline"])


@pytest.mark.parametrize("sampling", [0x11, 0x14, 0x41, 0x44])
def test_samples_may_be_four_of_each_side(sampling: int) -> None:
    frame = next(piece for piece in segments(stripped(framed(bytes((1, sampling, 0))))) if marker(piece) == 0xC0)
    assert frame[11] == sampling


def test_samples_may_have_twelve_bits() -> None:
    deep = changed("grey", 0xC0, at0=b"\x0c")
    assert next(piece for piece in segments(stripped(deep)) if marker(piece) == 0xC0)[4] == 12


def test_the_transform_of_four_inks_stays() -> None:
    inks = changed("cmyk", 0xEE, at11=b"\2")
    assert segment(0xEE, b"Adobe\0\x64\0\0\0\0\2") in segments(stripped(inks))


def test_tables_are_written_once() -> None:
    data = saved(drawn("RGB"), "JPEG", progressive=True, restart_marker_blocks=2)
    written, scans = parts(stripped(data)), parts(data).count(0xDA)
    assert (written.count(0xDB), written.count(0xDD), scans) == (2, 1, 10)
    assert written.count(0xC4) == parts(data).count(0xC4) == 10


def test_tables_that_a_scan_does_not_use_need_not_be_there() -> None:
    pieces = segments(JPEGS["progressive"])
    scans = [at for at, piece in enumerate(pieces) if marker(piece) == 0xDA]
    for at, other in ((scans[0], 0x03), (scans[1], 0x30), (scans[6], 0x30)):
        piece = bytearray(pieces[at])
        for place in range(6, 6 + 2 * piece[4], 2):
            piece[place] |= other
        changed_one = [*pieces[:at], bytes(piece), *pieces[at + 1 :]]
        assert len(stripped(b"".join(changed_one))) == len(stripped(JPEGS["progressive"]))
        assert seen(stripped(b"".join(changed_one))) == seen(JPEGS["progressive"])


def test_as_many_segments_as_there_may_be_pass() -> None:
    pieces = segments(JPEGS["grey"])
    room = 65_536 - len(pieces) + 1
    assert stripped(put(pieces, 1, segment(0xFE, b"") * room)) == stripped(JPEGS["grey"])
    with pytest.raises(ImageError) as refused:
        stripped(put(pieces, 1, segment(0xFE, b"") * (room + 1)))
    assert refused.value.code == "image-size"


def test_the_widest_and_the_highest_pass() -> None:
    both = changed("grey", 0xC0, at1=(20_000).to_bytes(2, "big"), at3=(20_000).to_bytes(2, "big"))
    assert parts(stripped(both)) == parts(stripped(JPEGS["grey"]))


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"II*\0", CANARY])
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(ImageError) as refused:
        stripped(data)
    assert refused.value.code == "image-format"
