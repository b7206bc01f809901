"""Refreshing what is known of a parcel platform: all of it or nothing, and never a word of an answer in an error."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from middleware.errors import ConfigError, KeyRefusedError, PermanentDeliveryError, TransientDeliveryError
from middleware.exchange import Request, Response
from middleware.platform_keys import Known, PlatformKeys
from middleware.provision import fetch, refresh
from tests.middleware.published import CANARY, KID, LATER, NOW, OTHER, POINT, jwk, jwks, known, points

JWKS, POINTS = "/.well-known/jwks.json", "/pickup-points"


class FakeTransport:
    """Answers by path, and remembers what was asked."""

    def __init__(self, answers: Mapping[str, Response | Exception]) -> None:
        self.answers = answers
        self.asked: list[Request] = []

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        answer = self.answers[request.path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def ok(body: bytes) -> Response:
    return Response(status=200, headers={}, body=body)


def platform_with(keys: bytes, places: bytes | None = None) -> FakeTransport:
    return FakeTransport({JWKS: ok(keys), POINTS: ok(points(POINT) if places is None else places)})


BOTH = jwks(jwk(), jwk(OTHER, "two"))


@pytest.fixture
def platform(tmp_path: Path) -> PlatformKeys:
    tmp_path.chmod(0o700)
    return PlatformKeys(tmp_path, "platform")


@pytest.fixture
def file(platform: PlatformKeys) -> Path:
    """The platform's file, as an earlier refresh left it."""
    platform.store(known())
    return platform.path


def test_fetches_checks_and_keeps(platform: PlatformKeys) -> None:
    found = refresh(platform, platform_with(BOTH), NOW)
    assert found == known() == platform.known()
    assert platform.path.stat().st_mode & 0o7777 == 0o600


def test_asks_for_the_two_and_for_nothing_else(platform: PlatformKeys) -> None:
    transport = platform_with(BOTH)
    refresh(platform, transport, NOW)
    assert [(one.method, one.path, one.body) for one in transport.asked] == [("GET", JWKS, None), ("GET", POINTS, None)]
    assert {tuple(one.headers.items()) for one in transport.asked} == {(("Accept", "application/json"),)}


def test_tells_when_it_was_fetched_and_forgets_what_was_withdrawn(platform: PlatformKeys, file: Path) -> None:
    refresh(platform, platform_with(jwks(jwk(OTHER, "two")), points()), LATER)
    found = platform.known()
    assert (found.fetched_at, set(found.keys), dict(found.points)) == (LATER, {OTHER}, dict(known().points))
    assert found.pins == known().pins


def test_to_fetch_alone_writes_nothing(platform: PlatformKeys) -> None:
    assert fetch(platform, platform_with(BOTH), NOW) == known()
    assert not platform.path.exists()
    assert platform.known() == Known()


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        (jwks(jwk(name="three"), jwk(OTHER, "two")), points(POINT)),  # another key under a known id
        (jwks(jwk(), {**jwk(OTHER, "two"), "d": CANARY}), points(POINT)),
        (jwks(jwk(), jwk(CANARY, "two")), points(POINT)),
        (jwks(), points(POINT)),
        (b"k4n4rie", points(POINT)),
        (BOTH, b"k4n4rie"),
        (BOTH, b'{"points": null}'),
    ],
    ids=range(7),
)
def test_an_answer_that_is_refused_changes_nothing(
    platform: PlatformKeys, file: Path, keys: bytes, places: bytes
) -> None:
    before = file.read_bytes()
    with pytest.raises(KeyRefusedError) as caught:
        refresh(platform, platform_with(keys, places), LATER)
    assert CANARY not in str(caught.value)
    assert caught.value.__context__ is None
    assert file.read_bytes() == before
    assert platform.known() == known()


@pytest.mark.parametrize("status", [201, 204, 301, 302, 304, 400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("path", [JWKS, POINTS])
def test_no_answer_with_a_document_is_worth_another_try(
    platform: PlatformKeys, file: Path, path: str, status: int
) -> None:
    transport = platform_with(BOTH)
    refusing = Response(status=status, headers={"location": f"https://{CANARY}.example/"}, body=CANARY.encode())
    transport.answers = {**transport.answers, path: refusing}
    with pytest.raises(TransientDeliveryError) as caught:
        refresh(platform, transport, LATER)
    assert str(caught.value) == f"the parcel platform answered {status} for {path}"
    assert platform.known() == known()


@pytest.mark.parametrize("problem", [TransientDeliveryError(), PermanentDeliveryError("egress is blocked")])
@pytest.mark.parametrize("path", [JWKS, POINTS])
def test_no_answer_at_all_is_told_as_it_is(platform: PlatformKeys, file: Path, path: str, problem: Exception) -> None:
    transport = platform_with(BOTH)
    transport.answers = {**transport.answers, path: problem}
    with pytest.raises(type(problem)) as caught:
        refresh(platform, transport, LATER)
    assert caught.value is problem
    assert platform.known() == known()


def test_a_broken_file_is_not_written_over(platform: PlatformKeys, file: Path) -> None:
    file.write_bytes(b"broken")
    with pytest.raises(ConfigError, match="not a file of this service"):
        refresh(platform, platform_with(BOTH), LATER)
    assert file.read_bytes() == b"broken"


def test_a_disk_that_is_full_is_told_and_the_old_file_stays(
    platform: PlatformKeys, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = file.read_bytes()
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConfigError, match="No space left on device"):
        refresh(platform, platform_with(BOTH), LATER)
    assert file.read_bytes() == before
    assert KID in platform.known().keys
