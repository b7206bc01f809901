"""Images that are none, or that claim to be more than they are, on the real server: security §2.7 and §2.8 for the one
route that takes more than other bodies. Each is answered, nothing is stored, and no memory stays.
"""

from __future__ import annotations

import base64
import json
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest

from middleware.core.image_bounds import MOST_PARTS
from middleware.web.direct import LONGEST
from schemas.mystamp import LONGEST_IMAGE
from tests.middleware.platforms.telling import large_png, stamps
from tests.middleware.web.wire import MOST_GROWTH, PERSON, memory
from tests.middleware.web.wire_api import NUMBERS, Api, api_under_attack

MEBIBYTE = 1024 * 1024
MOST = LONGEST["stamps"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with api_under_attack(tmp_path_factory.mktemp("images")) as attacked:
        yield attacked


def encoded(image: bytes) -> str:
    return base64.b64encode(image).decode()


def sent(image: bytes) -> bytes:
    """An order of stamps with that image."""
    return json.dumps(stamps(next(NUMBERS), image=encoded(image))).encode()


def chunk(name: bytes, data: bytes, length: int | None = None) -> bytes:
    told = len(data) if length is None else length
    return struct.pack(">I", told) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*chunks: bytes, width: int = 1, height: int = 1) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


@cache
def bomb() -> bytes:
    """64 MiB of nothing, a two-hundredth as long."""
    return zlib.compress(bytes(64 * MEBIBYTE), 1)


IMAGES: Mapping[str, tuple[Callable[[], bytes], str]] = {
    "nothing of an image": (lambda: bytes(8 * MEBIBYTE), "image-format"),
    "a PNG that inflates without end": (lambda: png(chunk(b"IDAT", bomb())), "image-structure"),
    "a PNG that is as large as it says": (
        lambda: png(chunk(b"IDAT", bomb()), width=20_000, height=20_000),
        "image-size",
    ),
    "a PNG of sides that nothing has": (
        lambda: png(chunk(b"IDAT", bomb()), width=2**31 - 1, height=2**31 - 1),
        "image-size",
    ),
    "a colour profile that inflates without end": (
        lambda: png(chunk(b"iCCP", b"x\0\0" + bomb()), chunk(b"IDAT", b"")),
        "image-truncated",
    ),
    "a chunk that says it is longer than all": (lambda: png(chunk(b"tEXt", b"", 2**31 - 1)), "image-truncated"),
    "chunks without end": (lambda: png(chunk(b"tEXt", b"") * (MOST_PARTS + 1)), "image-size"),
    "segments without end": (lambda: b"\xff\xd8" + b"\xff\xfe\0\2" * (2 * MEBIBYTE - 1), "image-size"),
    "fill bytes without end": (lambda: b"\xff\xd8" + b"\xff" * (8 * MEBIBYTE - 2), "image-truncated"),
    "a segment that is longer than all": (lambda: b"\xff\xd8\xff\xe1\xff\xff" + PERSON.encode(), "image-truncated"),
    "a scan that never ends": (
        lambda: b"\xff\xd8\xff\xda\0\x08\1\1\0\0\x3f\0" + bytes(7 * MEBIBYTE),
        "image-truncated",
    ),
    "a byte too many": (lambda: large_png(8 * MEBIBYTE + 40_000), "too-long"),
}


@pytest.mark.parametrize("name", IMAGES)
def test_7_and_8_a_bomb_in_an_image_is_refused_and_leaves_nothing_behind(api: Api, name: str) -> None:
    make, code = IMAGES[name]
    before = api.records()
    answer = api.ask("stamps", sent(make()))
    assert (answer.status_code, answer.json()["errors"]) == (422, [{"pointer": "/image", "code": code}])
    assert api.records() == before


TEXTS: Mapping[str, tuple[bytes, int, str]] = {
    "brackets": (b"[" * MOST, 400, ""),
    "NUL": (b'"' + b"\\u0000" * (MOST // 6 - 1) + b'"', 400, ""),
    "escapes in the image": (json.dumps(stamps(1, image="A" + "\n" * (MOST // 2 - 1_000))).encode(), 422, "base64"),
    "no base64": (json.dumps(stamps(1, image=PERSON + "-" * (LONGEST_IMAGE - 100))).encode(), 422, "base64"),
    "an image and spaces": (json.dumps(stamps(1, image="iVBO Rw0K")).encode(), 422, "base64"),
    "half an alphabet": (json.dumps(stamps(1, image="_-_-")).encode(), 422, "base64"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_8_what_fills_the_longer_body_is_refused_all_the_same(api: Api, name: str) -> None:
    body, status, code = TEXTS[name]
    before = api.records()
    assert len(body) <= MOST
    answer = api.ask("stamps", body)
    assert answer.status_code == status
    assert not code or [fault["code"] for fault in answer.json()["errors"]] == [code]
    assert api.records() == before


def test_7_what_was_refused_with_a_large_image_is_let_go_of_with_its_request(api: Api) -> None:
    body = json.dumps({**stamps(1, image=encoded(large_png(8 * MEBIBYTE - 32 * 1024))), PERSON: 1}).encode()
    before = memory(api.service, "api")
    for _ in range(8):
        assert api.ask("stamps", body).status_code == 422
    assert memory(api.service, "api") - before < MOST_GROWTH
