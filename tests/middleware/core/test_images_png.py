"""A PNG keeps its pixels and nothing of what was written beside them."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as some
from PIL import Image

from middleware.core.image_png import MOST_INFLATED
from middleware.core.images import ImageError, stripped
from tests.middleware.core.pictures import CANARY, PALETTED, PNGS, chunk, chunks, drawn, exif, put, saved, seen

PLACES = {
    "text": chunk(b"tEXt", b"Author\0" + CANARY),
    "packed-text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(CANARY * 9, 0)),
    "xmp": chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>" + CANARY),
    "exif": chunk(b"eXIf", exif().removeprefix(b"Exif\0\0")),
    "time": chunk(b"tIME", CANARY[:7]),
    "profile": chunk(b"iCCP", CANARY + b"\0\0" + zlib.compress(CANARY, 0)),
    "density": chunk(b"pHYs", CANARY[:9]),
    "background": chunk(b"bKGD", CANARY[:6]),
    "palette-suggested": chunk(b"sPLT", CANARY + b"\0\x08"),
    "significant": chunk(b"sBIT", CANARY[:3]),
    "gamma": chunk(b"gAMA", CANARY[:4]),
    "primaries": chunk(b"cHRM", (CANARY * 2)[:32]),
    "rendering": chunk(b"sRGB", CANARY[:1]),
    "coding": chunk(b"cICP", CANARY[:4]),
    "animation": chunk(b"acTL", struct.pack(">II", 2, 0)),
    "frame": chunk(b"fcTL", struct.pack(">5I2H2B", 0, 9, 9, 0, 0, 1, 1, 0, 0)),
    "frame-data": chunk(b"fdAT", struct.pack(">I", 1) + CANARY),
    "private": chunk(b"caNb", CANARY),
    "software": chunk(b"prVW", CANARY),
}
PIXELS = zlib.compress(b"\0\x55")


def names(png: bytes) -> list[bytes]:
    return [piece[4:8] for piece in chunks(png)[1:]]


def header(
    width: int = 1, height: int = 1, depth: int = 8, colour: int = 0, packing: int = 0, sieve: int = 0, lace: int = 0
) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, packing, sieve, lace))


def small(*more: bytes, first: bytes = header(), pixels: bytes = chunk(b"IDAT", PIXELS)) -> bytes:
    """One grey pixel."""
    return b"".join((b"\x89PNG\r\n\x1a\n", first, *more, pixels, chunk(b"IEND", b"")))


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", PNGS)
def test_what_is_written_beside_the_picture_goes_wherever_it_stands(kind: str) -> None:
    pieces = chunks(PNGS[kind])
    for place, written in PLACES.items():
        for at in range(2, len(pieces)):
            assert stripped(put(pieces, at, written)) == stripped(PNGS[kind]), place


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", PNGS)
def test_what_hangs_behind_the_end_goes(kind: str) -> None:
    for tail in (CANARY, PNGS[kind], PLACES["text"], b"\0"):
        assert stripped(PNGS[kind] + tail) == stripped(PNGS[kind])
    ended = chunks(PNGS[kind])
    assert stripped(b"".join((*ended[:-1], chunk(b"IEND", CANARY)))) == stripped(PNGS[kind])


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("kind", PNGS)
def test_what_hangs_behind_the_pixels_within_their_chunks_goes(kind: str) -> None:
    pieces = chunks(PNGS[kind])
    last = max(at for at, piece in enumerate(pieces) if piece[4:8] == b"IDAT")
    longer = (*pieces[:last], chunk(b"IDAT", pieces[last][8:-4] + CANARY), chunk(b"IDAT", CANARY), *pieces[last + 1 :])
    assert stripped(b"".join(longer)) == stripped(PNGS[kind])


@pytest.mark.policy("MS-CAT-6")
@given(data=some.data())
def test_no_mix_of_them_leaves_a_trace(data: some.DataObject) -> None:
    kind = data.draw(some.sampled_from(sorted(PNGS)))
    pieces = chunks(PNGS[kind])
    for place in data.draw(some.lists(some.sampled_from(sorted(PLACES)), min_size=1, max_size=6, unique=True)):
        pieces.insert(data.draw(some.integers(min_value=2, max_value=len(pieces) - 1)), PLACES[place])
    try:
        clean = stripped(b"".join(pieces))
    except ImageError as error:
        assert error.code == "image-structure"  # noqa: PT017 - something stood among the pixels
    else:
        assert clean == stripped(PNGS[kind])


@pytest.mark.parametrize("kind", PNGS)
def test_the_pixels_are_the_very_same_bytes(kind: str) -> None:
    clean = stripped(PNGS[kind])
    assert seen(clean) == seen(PNGS[kind])
    pixels = [b"".join(piece[8:-4] for piece in chunks(png) if piece[4:8] == b"IDAT") for png in (clean, PNGS[kind])]
    assert pixels[0] == pixels[1]
    assert stripped(clean) == clean


def test_pixels_in_many_chunks_come_out_in_one() -> None:
    pieces = [chunk(b"IDAT", PIXELS[at : at + 1]) for at in range(len(PIXELS))]
    assert stripped(small(pixels=b"".join(pieces))) == small()


@pytest.mark.parametrize("kind", ["palette", "palette-transparent", "colour-transparent"])
def test_transparency_and_palette_stay(kind: str) -> None:
    with Image.open(io.BytesIO(stripped(PNGS[kind]))) as image:
        assert ("transparency" in image.info) is ("transparent" in kind)
        shown = image.convert("RGBA").tobytes()
    with Image.open(io.BytesIO(PNGS[kind])) as image:
        assert shown == image.convert("RGBA").tobytes()


def test_a_palette_that_no_pixel_points_to_goes() -> None:
    pieces = chunks(PNGS["true"])
    assert stripped(put(pieces, 2, chunk(b"PLTE", (CANARY * 2)[:48]))) == stripped(PNGS["true"])


@pytest.mark.parametrize("kind", ["grey-alpha", "alpha"])
def test_transparency_of_a_picture_with_alpha_goes(kind: str) -> None:
    assert stripped(put(chunks(PNGS[kind]), 2, chunk(b"tRNS", CANARY[:6]))) == stripped(PNGS[kind])


COLOURS = {
    b"cICP": b"\x0c\x0d\0\1",
    b"sRGB": b"\3",
    b"gAMA": struct.pack(">I", 45_455),
    b"cHRM": struct.pack(">8I", 31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000),
}


@pytest.mark.parametrize("name", COLOURS)
def test_what_changes_colours_stays(name: bytes) -> None:
    assert stripped(small(chunk(name, COLOURS[name]), PLACES["text"])) == small(chunk(name, COLOURS[name]))


FAINTEST = {
    b"cICP": (b"\x16\x12\0\1", b"\0\0\0\0"),
    b"sRGB": (b"\0",),
    b"gAMA": (struct.pack(">I", 1), struct.pack(">I", 1_000_000)),
    b"cHRM": (struct.pack(">8I", *[100_000] * 8), bytes(32)),
}
PAST = {
    b"cICP": (b"\x17\x12\0\1", b"\x16\x13\0\1", b"\x16\x12\1\1", b"\x16\x12\0\2", b"\x16\x12\0\1\0"),
    b"sRGB": (b"\4", b"\0\0"),
    b"gAMA": (bytes(4), struct.pack(">I", 1_000_001)),
    b"cHRM": tuple(struct.pack(">8I", *(100_000 + (here == at) for here in range(8))) for at in range(8)),
}


@pytest.mark.parametrize("name", COLOURS)
def test_colours_have_bounds(name: bytes) -> None:
    for body in FAINTEST[name]:
        assert stripped(small(chunk(name, body))) == small(chunk(name, body))
    for body in PAST[name]:
        assert stripped(small(chunk(name, body))) == small()


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("body", [b"", b"\xff" * 4, b"\xff", b"\0" * 3, b"\0" * 5, b"\xff" * 32, CANARY])
def test_numbers_that_are_none_of_colours_go(name: bytes, body: bytes) -> None:
    assert stripped(small(chunk(name, body))) == small()


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("lead", [b"", b"Exif\0\0"])
@pytest.mark.parametrize("behind", [False, True])
def test_the_picture_stays_turned_as_it_was_by_a_number_of_ours(turn: int, lead: bytes, behind: bool) -> None:
    pieces = chunks(PNGS["true"])
    clean = stripped(put(pieces, -1 if behind else 2, chunk(b"eXIf", lead + exif(turn).removeprefix(b"Exif\0\0"))))
    ours = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, turn, 0, 0)
    assert [piece for piece in chunks(clean) if piece[4:8] == b"eXIf"] == ([] if turn == 1 else [chunk(b"eXIf", ours)])
    with Image.open(io.BytesIO(clean)) as image:
        assert image.getexif().get(274, 1) == turn
    assert stripped(clean) == clean


def test_of_an_animation_the_picture_alone_is_left() -> None:
    moving = saved(drawn("RGB"), "PNG", save_all=True, append_images=[drawn("RGB").rotate(90)])
    assert b"fdAT" in names(moving)
    assert names(stripped(moving)) == [b"IHDR", b"IDAT", b"IEND"]
    assert seen(stripped(moving)) == seen(PNGS["true"])


@pytest.mark.parametrize("kind", PNGS)
def test_no_part_of_an_image_is_taken_for_the_whole(kind: str) -> None:
    for end in range(0, len(PNGS[kind]), 7 if len(PNGS[kind]) > 2000 else 1):
        with pytest.raises(ImageError):
            stripped(PNGS[kind][:end])


@given(data=some.data(), mended=some.booleans())
def test_what_is_broken_is_refused_or_stripped(data: some.DataObject, mended: bool) -> None:
    """With the checksums made right again too, so that more than they is seen to refuse."""
    pieces = chunks(put(chunks(PNGS[data.draw(some.sampled_from(sorted(PNGS)))]), 2, *PLACES.values()))
    for _ in range(data.draw(some.integers(min_value=1, max_value=4))):
        at = data.draw(some.integers(min_value=0, max_value=len(pieces) - 1))
        broken = bytearray(pieces[at])
        broken[data.draw(some.integers(min_value=0, max_value=len(broken) - 1))] ^= data.draw(
            some.integers(min_value=1, max_value=255)
        )
        pieces[at] = bytes(broken)
        if mended and at:
            pieces[at] = bytes(broken[:-4]) + struct.pack(">I", zlib.crc32(bytes(broken[4:-4])))
    try:
        clean = stripped(b"".join(pieces))
    except ImageError as error:
        assert str(error) == ImageError.__doc__  # noqa: PT017 - either is right
    else:
        assert stripped(clean) == clean


ADAM7 = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
"""W3C PNG, 8.2: by pass the first column, the step, the first row, the step."""


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("width", [1, 5, 8, 9])
@pytest.mark.parametrize("height", [1, 2, 5, 9])
def test_an_interlaced_picture_ends_where_its_last_pass_does(width: int, height: int, depth: int) -> None:
    rows = 0
    for left, across, top, down in ADAM7:
        columns, lines = len(range(left, width, across)), len(range(top, height, down))
        rows += lines * (1 + (columns * depth + 7) // 8) if columns else 0
    laced = small(first=header(width, height, depth, lace=1), pixels=chunk(b"IDAT", zlib.compress(bytes(rows))))
    assert stripped(laced) == laced
    with Image.open(io.BytesIO(laced)) as image:
        assert image.tobytes() is not None
    for wrong in (rows - 1, rows + 1):
        with pytest.raises(ImageError):
            stripped(
                small(first=header(width, height, depth, lace=1), pixels=chunk(b"IDAT", zlib.compress(bytes(wrong))))
            )


WIDEST, HIGHEST = (1 << 14) - 1, 1 << 14
"""A grey picture of as many bytes as there may be."""
PALETTE = chunk(b"PLTE", b"abcdef")
INDEXED = header(colour=3)
FALSE = chunk(b"tEXt", b"false")[:-1] + b"?"
BOMB = zlib.compress(bytes(1 << 22))
REFUSED = {
    "no-end": ("image-truncated", small()[:-12]),
    "no-header": ("image-structure", b"".join((small()[:8], small()[33:]))),
    "header-second": ("image-structure", small(first=chunk(b"tEXt", b"") + header())),
    "header-twice": ("image-structure", small(header())),
    "header-short": ("image-structure", small(first=chunk(b"IHDR", bytes(12)))),
    "header-long": ("image-structure", small(first=chunk(b"IHDR", bytes(14)))),
    "no-pixels": ("image-structure", small(pixels=b"")),
    "pixels-apart": ("image-structure", small(chunk(b"IDAT", PIXELS[:2]), chunk(b"tEXt", b""))),
    "cut-in-a-chunk": ("image-truncated", small()[:-13]),
    "cut-in-a-length": ("image-truncated", small()[:-1]),
    "checksum": ("image-structure", small(FALSE)),
    "name": ("image-structure", small(chunk(b"te t", b""))),
    "length": ("image-structure", small(b"\x80\0\0\0tEXt")),
    "length-most": ("image-truncated", small(b"\x7f\xff\xff\xfftEXt")),
    "colour-type": ("image-structure", small(first=header(colour=1))),
    "depth": ("image-structure", small(first=header(depth=3))),
    "packing": ("image-structure", small(first=header(packing=1))),
    "sieve": ("image-structure", small(first=header(sieve=1))),
    "lace": ("image-structure", small(first=header(lace=2))),
    "no-palette": ("image-structure", small(first=INDEXED)),
    "palette-empty": ("image-structure", small(chunk(b"PLTE", b""), first=INDEXED)),
    "palette-uneven": ("image-structure", small(chunk(b"PLTE", b"abcd"), first=INDEXED)),
    "palette-long": ("image-structure", small(chunk(b"PLTE", bytes(771)), first=INDEXED)),
    "palette-twice": ("image-structure", small(PALETTE, PALETTE, first=INDEXED)),
    "palette-late": ("image-structure", small(first=INDEXED, pixels=chunk(b"IDAT", PIXELS) + PALETTE)),
    "palette-of-grey": ("image-structure", small(PALETTE)),
    "transparency-long": ("image-structure", small(PALETTE, chunk(b"tRNS", b"abc"), first=INDEXED)),
    "pixels-too-many": ("image-structure", small(pixels=chunk(b"IDAT", zlib.compress(b"\0\x55\x55")))),
    "pixels-too-few": ("image-structure", small(pixels=chunk(b"IDAT", zlib.compress(b"\0")))),
    "pixels-unpacked": ("image-structure", small(pixels=chunk(b"IDAT", CANARY))),
    "pixels-sum": ("image-structure", small(pixels=chunk(b"IDAT", PIXELS[:-1] + b"?"))),
    "pixels-cut": ("image-truncated", small(pixels=chunk(b"IDAT", PIXELS[:-1]))),
    "pixels-none": ("image-truncated", small(pixels=chunk(b"IDAT", b""))),
    "bomb": ("image-structure", small(pixels=chunk(b"IDAT", BOMB))),
    "bomb-cut": ("image-structure", small(pixels=chunk(b"IDAT", BOMB[:-8]))),
    "critical": ("image-kind", small(chunk(b"CgBI", b""))),
    "no-width": ("image-size", small(first=header(width=0))),
    "no-height": ("image-size", small(first=header(height=0))),
    "too-wide": ("image-size", small(first=header(width=20_001))),
    "too-high": ("image-size", small(first=header(height=20_001))),
    "too-many-bytes": ("image-size", small(first=header(WIDEST, HIGHEST + 1))),
    "too-many-chunks": ("image-size", small(chunk(b"tEXt", b"") * (65_536 - 2))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_with_which_code(name: str) -> None:
    code, data = REFUSED[name]
    with pytest.raises(ImageError) as refused:
        stripped(data)
    assert (refused.value.code, refused.value.status) == (code, 422)


def test_as_many_bytes_as_there_may_be_pass() -> None:
    packed = zlib.compress(bytes(MOST_INFLATED), 1)
    most = small(first=header(WIDEST, HIGHEST), pixels=chunk(b"IDAT", packed))
    assert stripped(most) == most


def test_as_many_chunks_as_there_may_be_pass() -> None:
    assert stripped(small(chunk(b"tEXt", b"") * (65_536 - 3))) == small()


KINDS = {0: (1, (1, 2, 4, 8, 16)), 2: (3, (8, 16)), 3: (1, (1, 2, 4, 8)), 4: (2, (8, 16)), 6: (4, (8, 16))}
"""W3C PNG, table 11.1: by colour type how many samples a pixel has, and of how many bits."""


@pytest.mark.parametrize("colour", range(8))
def test_kinds_of_pixels_are_those_of_the_standard(colour: int) -> None:
    samples, depths = KINDS.get(colour, (1, ()))
    palette = (PALETTE,) if colour == 3 else ()
    for depth in range(18):
        pixels = zlib.compress(bytes(2 * (1 + (5 * samples * depth + 7) // 8)))
        drawn = small(*palette, first=header(5, 2, depth, colour), pixels=chunk(b"IDAT", pixels))
        if depth in depths:
            assert stripped(drawn) == drawn
        else:
            with pytest.raises(ImageError):
                stripped(drawn)


def test_the_passes_of_an_interlaced_picture_are_those_of_the_standard() -> None:
    for side in range(1, 20):
        for width, height in ((side, 19), (19, side)):
            of_pass = [[0] * width for _ in range(height)]
            for number, (left, across, top, down) in enumerate(ADAM7):
                for row in of_pass[top::down]:
                    row[left::across] = [number] * len(row[left::across])
            size = sum(row.count(number) + 1 for row in of_pass for number in set(row))
            laced = small(first=header(width, height, lace=1), pixels=chunk(b"IDAT", zlib.compress(bytes(size))))
            assert stripped(laced) == laced


@pytest.mark.parametrize("behind", [b"", CANARY])
def test_pixels_that_end_where_a_piece_does_are_looked_at_to_their_checksum(behind: bytes) -> None:
    size = (1 << 14) - 7
    width, height = 102, size // 103
    body = bytes(size)
    packed = b"\x78\x01\x01" + struct.pack("<HH", size, size ^ 0xFFFF) + body
    sound = packed + struct.pack(">I", zlib.adler32(body))
    clean = small(first=header(width, height), pixels=chunk(b"IDAT", sound))
    assert (103 * height, len(packed)) == (size, 1 << 14)
    assert stripped(small(first=header(width, height), pixels=chunk(b"IDAT", sound + behind))) == clean
    with pytest.raises(ImageError) as refused:
        stripped(small(first=header(width, height), pixels=chunk(b"IDAT", packed + b"?" * 4 + behind)))
    assert refused.value.code == "image-structure"


def test_pixels_may_begin_with_much_that_holds_nothing() -> None:
    nothing = b"\0\0\0\xff\xff" * 7_000
    packed = b"\x78\x01" + nothing + b"\x01\x02\0\xfd\xff\0\x55" + struct.pack(">I", zlib.adler32(b"\0\x55"))
    assert stripped(small(pixels=chunk(b"IDAT", packed))) == small(pixels=chunk(b"IDAT", packed))


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_pixels_that_end_where_a_look_does_pass(more: int) -> None:
    width = (1 << 14) - 1 + more
    drawn = small(first=header(width, 64), pixels=chunk(b"IDAT", zlib.compress(bytes(64 * (width + 1)))))
    assert stripped(drawn) == drawn


def test_the_largest_palette_stays() -> None:
    whole = small(chunk(b"PLTE", bytes(768)), chunk(b"tRNS", bytes(256)), first=INDEXED)
    assert stripped(whole) == whole


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("depth", [1, 2, 4])
def test_a_palette_has_no_more_colours_than_a_pixel_can_point_to(depth: int) -> None:
    first = header(depth=depth, colour=3)
    whole = small(chunk(b"PLTE", bytes(3 << depth)), first=first)
    assert stripped(whole) == whole
    with pytest.raises(ImageError) as refused:
        stripped(small(chunk(b"PLTE", bytes((3 << depth) + 3)), first=first))
    assert refused.value.code == "image-structure"


def test_a_palette_in_use_stays_to_the_byte() -> None:
    palette = PALETTED.getpalette()
    assert palette is not None
    assert names(stripped(PNGS["palette-transparent"])) == [b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"]
    assert chunks(stripped(PNGS["palette"]))[2][8:-4] == bytes(palette)
