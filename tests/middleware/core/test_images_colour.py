"""Of a colour profile what changes colours is left, in a profile that tells nothing else."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

import pytest
from PIL import Image, ImageCms

from middleware.core.image_colour import MOST, remade
from middleware.core.images import stripped
from tests.middleware.core.pictures import CANARY, JPEGS, PNGS, chunk, chunks, drawn, marker, put, segment, segments

D65, D50 = (0.9505, 1.0, 1.0890), (0.9642, 1.0, 0.8249)
WIDE = {b"rXYZ": (0.5151, 0.2412, -0.0011), b"gXYZ": (0.2919, 0.6922, 0.0419), b"bXYZ": (0.1572, 0.0666, 0.7841)}


def fixed(kind: bytes, *numbers: float) -> bytes:
    return kind + bytes(4) + struct.pack(f">{len(numbers)}i", *(round(number * 65536) for number in numbers))


def formula(kind: int, *numbers: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0x4C4F) + fixed(b"", *numbers)[4:]


def steps(*values: int) -> bytes:
    return b"curv" + bytes(4) + struct.pack(f">I{len(values)}H", len(values), *values)


SCREEN = formula(3, 2.4, 0.947867, 0.052133, 0.077399, 0.04045)
TAGS: dict[bytes, bytes] = {
    b"wtpt": fixed(b"XYZ ", *D50),
    **{name: fixed(b"XYZ ", *numbers) for name, numbers in WIDE.items()},
    **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), SCREEN),
}
WORDS = {
    b"desc": b"mluc" + bytes(4) + struct.pack(">II2s2sII", 1, 12, b"nl", b"BE", len(CANARY), 28) + CANARY,
    b"cprt": b"text" + bytes(4) + CANARY,
    b"dmnd": b"desc" + bytes(4) + CANARY,
    b"vcgt": b"vcgt" + CANARY,
    b"mmod": b"mmod" + bytes(4) + CANARY,
}


def profile(
    tags: Mapping[bytes, bytes], space: bytes = b"RGB ", version: int = 4, kind: bytes = b"mntr", **places: bytes
) -> bytes:
    """A profile with a canary in every place of its header that has room for words; ``at36=…`` writes over it."""
    head = bytearray(struct.pack(">I4sB3x4s4s4s", 0, CANARY[:4], version, kind, space, b"XYZ "))
    head += CANARY[:12] + b"acsp" + CANARY[:24] + bytes(4) + CANARY[:12] + CANARY[:4] + CANARY[:16] + bytes(28)
    for place, value in places.items():
        at = int(place.removeprefix("at"))
        head[at : at + len(value)] = value
    table, data, start = b"", b"", 132 + 12 * len(tags)
    for name, body in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(body))
        data += body + bytes(-len(body) % 4)
    return struct.pack(">I", start + len(data)) + bytes(head[4:]) + struct.pack(">I", len(tags)) + table + data


def shown(written: bytes, space: str = "RGB") -> bytes:
    """A picture of this profile, as a screen of the usual colours shows it."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(written))
    picture = ImageCms.profileToProfile(drawn(space), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert picture is not None
    return picture.tobytes()


GOOD = {
    "screen": profile(TAGS | WORDS),
    "screen-2": profile(TAGS | WORDS | {b"wtpt": fixed(b"XYZ ", *D65)}, version=2),
    "scanner": profile(TAGS | WORDS, kind=b"scnr"),
    "space": profile(TAGS | WORDS, kind=b"spac", at67=b"\1"),
    "adapted": profile(TAGS | {b"chad": fixed(b"sf32", 1.05, 0.02, -0.05, 0.03, 0.99, -0.02, -0.01, 0.02, 0.75)}),
    "gamma": profile(TAGS | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), steps(0x0233))),
    "last-intent": profile(TAGS | WORDS, at67=b"\3"),
    "linear": profile(TAGS | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), steps())),
    "steps": profile(TAGS | {b"gTRC": steps(*(value * value >> 4 for value in range(1024)))}),
    "finest": profile(TAGS | {b"gTRC": steps(*(value * 15 for value in range(4096)))}),
    **{
        f"formula-{kind}": profile(TAGS | {b"bTRC": formula(kind, *(2.2, 1.0, 0.0, 0.1, 0.04, 0.0, 0.0)[:size])})
        for kind, size in enumerate((1, 3, 4, 5, 7))
    },
}
GREY = profile({b"wtpt": TAGS[b"wtpt"], b"kTRC": steps(0x01CD)} | WORDS, b"GRAY")
BAD = {
    "empty": b"",
    "words": CANARY * 20,
    "short": GOOD["screen"][:131],
    "cut": GOOD["screen"][:-280],
    "large": GOOD["screen"].ljust(MOST + 1, b"\0"),
    "counted-less": GOOD["gamma"][:131] + bytes([len(TAGS) - 1]) + GOOD["gamma"][132:],
    "one-tag-too-late": profile({struct.pack(">I", number): b"" for number in range(94)} | TAGS),
    "grey-without-white": profile({b"kTRC": steps(0x01CD)}, b"GRAY"),
    "signature": profile(TAGS, at36=b"acsq"),
    "lab": profile(TAGS, at20=b"Lab "),
    "version": profile(TAGS, version=5),
    "printer": profile(TAGS, kind=b"prtr"),
    "inks": profile(TAGS, b"CMYK"),
    "intent": profile(TAGS, at67=b"\4"),
    "intent-words": profile(TAGS, at64=b"word"),
    **{f"without-{name.decode()}": profile({n: t for n, t in TAGS.items() if n != name}) for name in TAGS},
    "point-words": profile(TAGS | {b"wtpt": b"XYZ " + bytes(4) + CANARY[:12]}),
    "point-kind": profile(TAGS | {b"wtpt": fixed(b"sf32", *D50)}),
    "point-short": profile(TAGS | {b"rXYZ": fixed(b"XYZ ", 1, 1)} | {b"zzzz": b""}),
    "point-far": profile(TAGS | {b"rXYZ": fixed(b"XYZ ", 0.5, 0.5, -2.001)}),
    "adapted-far": profile(TAGS | {b"chad": fixed(b"sf32", *([4.001] * 9))}),
    "adapted-words": profile(TAGS | {b"chad": b"sf32" + bytes(4) + CANARY[:29] + bytes(7)}),
    "curve-kind": profile(TAGS | {b"rTRC": b"mft2" + SCREEN[4:]}),
    "curve-of-millions": profile(TAGS | {b"rTRC": b"curv" + bytes(4) + struct.pack(">I2H", 1 << 24 | 2, 1, 2)}),
    "formula-far-off": profile(TAGS | {b"rTRC": formula(0x0103, 2.4, 0.9, 0.1, 0.1, 0.1)}),
    "curve-other": profile(TAGS | {b"rTRC": b"mft2" + steps()[4:]}),
    "curve-words": profile(TAGS | {b"rTRC": b"curv" + bytes(4) + struct.pack(">I", 14) + CANARY[:28]}),
    "curve-short": profile(TAGS | {b"bTRC": b"curv" + bytes(4) + struct.pack(">I", 14) + bytes(27)}),
    "curve-none": profile(TAGS | {b"bTRC": b"curv" + bytes(4)}),
    "curve-finer": profile(TAGS | {b"gTRC": steps(*([1] * 4097))}),
    "formula-none": profile(TAGS | {b"bTRC": b"para" + bytes(4)}),
    "formula-kind": profile(TAGS | {b"bTRC": formula(5, *([1.0] * 7))}),
    "formula-short": profile(TAGS | {b"bTRC": formula(4, *([1.0] * 6))}),
    "formula-far": profile(TAGS | {b"gTRC": formula(0, 16.001)}),
}


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("name", GOOD)
def test_the_colours_stay_and_no_word_does(name: str) -> None:
    written = remade(GOOD[name])
    assert CANARY[:12] in GOOD[name]
    assert not any(CANARY[at : at + 4] in written for at in range(len(CANARY) - 3))
    assert shown(written) == shown(GOOD[name])
    assert remade(written) == written
    assert int.from_bytes(written[:4], "big") == len(written)


def test_the_colours_of_these_profiles_are_not_the_usual_ones() -> None:
    assert len({shown(GOOD[name]) for name in ("screen", "gamma", "linear", "steps", "adapted")}) > 3
    assert shown(GOOD["screen"]) != drawn("RGB").tobytes()


def test_tables_beside_the_curves_go() -> None:
    assert remade(profile({b"A2B0": b"mft2" + CANARY * 9} | TAGS)) == remade(profile(TAGS))


def test_the_tones_of_grey_stay() -> None:
    assert shown(remade(GREY), "L") == shown(GREY, "L") != drawn("L").convert("RGB").tobytes()
    assert CANARY[:4] not in remade(GREY)


@pytest.mark.parametrize("version", [2, 4])
def test_a_profile_of_ours_has_what_every_profile_must_have(version: int) -> None:
    written = remade(profile(TAGS | WORDS, version=version))
    opened = ImageCms.ImageCmsProfile(io.BytesIO(written)).profile
    assert (opened.profile_description, opened.copyright) == ("c", "c")
    assert opened.version == version
    assert opened.creation_date is not None
    assert opened.creation_date.year == 2000
    assert opened.rendering_intent == 0


def test_the_words_of_a_profile_of_the_second_version_are_of_its_form() -> None:
    written = remade(GOOD["screen-2"])
    assert b"desc\0\0\0\0\0\0\0\2c" + bytes(79) + b"text\0\0\0\0c\0" in written


def test_all_nine_numbers_of_an_adaptation_stay() -> None:
    assert fixed(b"sf32", 1.05, 0.02, -0.05, 0.03, 0.99, -0.02, -0.01, 0.02, 0.75) in remade(GOOD["adapted"])


CURVES = (b"rTRC", b"gTRC", b"bTRC")


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("curve", [SCREEN, steps(), steps(0x0233), steps(0, 9, 99)])
def test_of_a_tag_nothing_stays_but_its_numbers(curve: bytes) -> None:
    tags = TAGS | {b"chad": fixed(b"sf32", *[0.5] * 9)} | dict.fromkeys(CURVES, curve)
    clean = remade(profile(tags))
    assert remade(profile({name: tag + CANARY for name, tag in tags.items()})) == clean
    assert remade(profile({name: tag[:4] + CANARY[:4] + tag[8:] for name, tag in tags.items()})) == clean
    assert SCREEN[:10] + bytes(2) + SCREEN[12:] in clean or curve != SCREEN
    assert clean[4:12] == b"\0\0\0\0\4\0\0\0"
    places = [int.from_bytes(clean[at + 4 : at + 8], "big") for at in range(132, 132 + 12 * clean[131], 12)]
    assert (len(places), [place % 4 for place in places], len(clean) % 4) == (10, [0] * 10, 0)


def test_numbers_may_be_as_large_as_colours_are() -> None:
    for name, tag in (
        (b"rXYZ", fixed(b"XYZ ", 2.0, -2.0, 2.0)),
        (b"chad", fixed(b"sf32", *[-4.0] * 9)),
        (b"gTRC", formula(0, 16.0)),
    ):
        assert tag[12:] in remade(profile(TAGS | {name: tag}))


def test_the_largest_profile_that_is_looked_at() -> None:
    assert MOST == 1 << 20
    assert remade(GOOD["screen"].ljust(MOST, b"\0")) == remade(GOOD["screen"])


def test_equal_tags_are_written_once_and_its_day_is_nobodys() -> None:
    written = remade(GOOD["screen"])
    assert written.count(SCREEN[12:]) == 1
    assert struct.unpack(">6H", written[24:36]) == (2000, 1, 1, 0, 0, 0)


@pytest.mark.parametrize("name", BAD)
def test_a_profile_that_says_something_else_goes(name: str) -> None:
    assert remade(BAD[name]) == b""


def test_many_tags_cost_no_more_than_the_first_hundred() -> None:
    crowd = {struct.pack(">I", number): b"" for number in range(100)}
    assert remade(profile(dict(list(crowd.items())[:93]) | TAGS)) == remade(profile(TAGS))
    assert remade(profile(crowd | TAGS)) == b""


def pieces(written: bytes, *numbers: int, size: int = 200, of: int | None = None) -> list[bytes]:
    """The APP2 segments of a profile, in an order of one's own."""
    parts = [written[at : at + size] for at in range(0, len(written), size)]
    return [
        segment(0xE2, b"ICC_PROFILE\0" + bytes((number, of or len(parts))) + parts[number - 1])
        for number in numbers or range(1, len(parts) + 1)
    ]


def found(jpeg: bytes) -> list[bytes]:
    return [piece for piece in segments(jpeg) if marker(piece) == 0xE2]


@pytest.mark.policy("MS-CAT-6")
@pytest.mark.parametrize("numbers", [(), (5, 3, 1, 2, 4)])
def test_a_jpeg_keeps_the_colours_of_its_profile(numbers: tuple[int, ...]) -> None:
    data = put(segments(JPEGS["baseline"]), 1, *pieces(GOOD["screen"], *numbers, size=len(GOOD["screen"]) // 5 + 1))
    clean = stripped(data)
    assert found(clean) == [segment(0xE2, b"ICC_PROFILE\0\1\1" + remade(GOOD["screen"]))]
    assert stripped(clean) == clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.info["icc_profile"] == remade(GOOD["screen"])


@pytest.mark.parametrize("numbers", [(1, 2), (1, 3), (2, 3), (1, 2, 3)])
def test_a_profile_in_pieces_of_which_one_is_missing_goes(numbers: tuple[int, ...]) -> None:
    torn = pieces(GOOD["screen"], *numbers, size=len(GOOD["screen"]) // 4 + 1)
    assert found(stripped(put(segments(JPEGS["baseline"]), 1, *torn))) == []


def test_a_profile_may_come_in_as_many_pieces_as_there_are_numbers() -> None:
    whole = GOOD["screen"].ljust(255 * 4, b"\0")
    clean = stripped(put(segments(JPEGS["baseline"]), 1, *pieces(whole, size=4)))
    assert found(clean) == [segment(0xE2, b"ICC_PROFILE\0\1\1" + remade(GOOD["screen"]))]
    more = [segment(0xE2, b"ICC_PROFILE\0" + struct.pack(">H", number)) for number in range(256)]
    assert found(stripped(put(segments(JPEGS["baseline"]), 1, *more))) == []


def test_a_profile_is_where_it_belongs_and_nothing_else_is_one() -> None:
    named = b"ICC_PROFILE\0\1\1" + GOOD["screen"]
    for other in (segment(0xE3, named), segment(0xE2, b"ICC_PROFILX\0\1\1" + GOOD["screen"])):
        assert found(stripped(put(segments(JPEGS["baseline"]), 1, other))) == []
        both = put(segments(JPEGS["baseline"]), 1, segment(0xE2, named), other, segment(0xFE, CANARY))
        assert found(stripped(both)) == [segment(0xE2, b"ICC_PROFILE\0\1\1" + remade(GOOD["screen"]))]


def test_pieces_past_the_last_number_are_no_profile() -> None:
    many = [segment(0xE2, b"ICC_PROFILE\0" + struct.pack(">H", number)) for number in range(300)]
    assert stripped(put(segments(JPEGS["grey"]), 1, *many)) == stripped(JPEGS["grey"])


@pytest.mark.policy("MS-CAT-6")
def test_a_png_keeps_the_colours_of_its_profile() -> None:
    named = chunk(b"iCCP", CANARY + b"\0\0" + zlib.compress(GOOD["screen"]))
    clean = stripped(put(chunks(PNGS["true"]), 2, named))
    assert chunks(clean)[2] == chunk(b"iCCP", b"c\0\0" + zlib.compress(remade(GOOD["screen"])))
    assert stripped(clean) == clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.info["icc_profile"] == remade(GOOD["screen"])


@pytest.mark.parametrize(
    "packed", [b"", b"\0", CANARY, zlib.compress(GOOD["screen"])[:-300], zlib.compress(bytes(MOST * 4))]
)
def test_a_profile_that_cannot_be_unpacked_goes(packed: bytes) -> None:
    assert stripped(put(chunks(PNGS["true"]), 2, chunk(b"iCCP", b"c\0\0" + packed))) == stripped(PNGS["true"])
