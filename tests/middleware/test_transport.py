"""What is sent and what is made of the answer, without a network; what errors carry."""

from __future__ import annotations

import gzip
import socket
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import requests
import responses
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from middleware import transport
from middleware.errors import ConfigError, PermanentDeliveryError, TransientDeliveryError
from middleware.exchange import Request
from middleware.transport import HttpTransport

ORIGIN = "https://platform.example"
CANARY = "Canary-Zoë-Peeters"


@pytest.fixture
def platform() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def request(method: str = "POST", path: str = "/shipments", body: bytes | None = b"{}") -> Request:
    return Request(method=method, path=path, headers={"Idempotency-Key": "id-1"}, body=body)


def test_the_request_is_sent_as_it_is_with_the_token_and_nothing_compressed(platform: responses.RequestsMock) -> None:
    platform.post(f"{ORIGIN}/shipments", status=201, body=b'{"barcode": "x"}')
    response = HttpTransport(ORIGIN, token="made-up").send(request(body=b'{"a": "\xc3\xab"}'))
    sent = platform.calls[0].request
    assert (response.status, response.body) == (201, b'{"barcode": "x"}')
    assert sent.body == b'{"a": "\xc3\xab"}'
    assert sent.headers["Authorization"] == "Bearer made-up"
    assert sent.headers["Idempotency-Key"] == "id-1"
    assert sent.headers["Accept-Encoding"] == "identity"
    assert sent.headers["User-Agent"] == "parcelveil"


def test_without_a_token_nothing_authorises(platform: responses.RequestsMock) -> None:
    platform.get(f"{ORIGIN}/pickup-points", body=b"[]")
    HttpTransport(ORIGIN).send(request("GET", "/pickup-points", None))
    assert "Authorization" not in platform.calls[0].request.headers


def test_names_of_headers_come_back_in_lower_case(platform: responses.RequestsMock) -> None:
    platform.post(f"{ORIGIN}/shipments", status=429, headers={"Retry-After": "7", "X-ODD": "1"})
    headers = HttpTransport(ORIGIN).send(request()).headers
    assert headers["retry-after"] == "7"
    assert headers["x-odd"] == "1"
    assert [name for name in headers if name != name.lower()] == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer(platform: responses.RequestsMock, status: int) -> None:
    platform.post(f"{ORIGIN}/shipments", status=status, headers={"Location": "https://elsewhere.example/"})
    assert HttpTransport(ORIGIN).send(request()).status == status
    assert len(platform.calls) == 1


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip", "GZIP"])
def test_an_encoded_answer_is_refused(platform: responses.RequestsMock, encoding: str) -> None:
    platform.post(f"{ORIGIN}/shipments", body=b"x", headers={"Content-Encoding": encoding})
    with pytest.raises(TransientDeliveryError) as caught:
        HttpTransport(ORIGIN).send(request())
    assert caught.value.code == "content-encoding"


def test_a_compressed_answer_is_handed_over_as_it_came_where_it_was_asked_for(platform: responses.RequestsMock) -> None:
    body = gzip.compress(b"points")
    platform.get(f"{ORIGIN}/Locator", body=body, headers={"Content-Encoding": "gzip"})
    answer = HttpTransport(ORIGIN).send(replace(request("GET", "/Locator", None), gzip=True))
    assert (answer.body, answer.headers["content-encoding"]) == (body, "gzip")
    assert platform.calls[0].request.headers["Accept-Encoding"] == "gzip"


def test_identity_is_no_encoding(platform: responses.RequestsMock) -> None:
    platform.post(f"{ORIGIN}/shipments", body=b"x", headers={"Content-Encoding": "Identity"})
    assert HttpTransport(ORIGIN).send(request()).body == b"x"


def test_the_body_is_capped(platform: responses.RequestsMock) -> None:
    platform.post(f"{ORIGIN}/shipments", body=b"x" * 100_000)
    assert len(HttpTransport(ORIGIN, cap=100_000).send(request()).body) == 100_000
    with pytest.raises(TransientDeliveryError) as caught:
        HttpTransport(ORIGIN, cap=99_999).send(request())
    assert caught.value.code == "too-large"


WRONG: dict[str, tuple[Callable[[], Exception], str]] = {
    "connect": (lambda: requests.ConnectTimeout(TimeoutError(CANARY)), "timeout"),
    "read": (lambda: requests.ReadTimeout(ReadTimeoutError(None, CANARY, CANARY)), "timeout"),  # type: ignore[arg-type]
    "reset": (lambda: requests.ConnectionError(ProtocolError(CANARY, ConnectionResetError())), "connection"),
    "name": (lambda: requests.ConnectionError(socket.gaierror(CANARY)), "connection"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_error_tells_a_code_and_nothing_else(platform: responses.RequestsMock, wrong: str) -> None:
    make, code = WRONG[wrong]
    platform.post(f"{ORIGIN}/{CANARY}", body=make())
    with pytest.raises(TransientDeliveryError) as caught:
        HttpTransport(ORIGIN, token=CANARY).send(request(path=f"/{CANARY}", body=CANARY.encode()))
    error = caught.value
    assert error.code == code
    assert (error.__context__, error.__cause__) == (None, None)
    assert CANARY not in "".join(traceback.format_exception(error))


def test_codes_belong_to_the_error_and_not_to_its_class(platform: responses.RequestsMock) -> None:
    platform.post(f"{ORIGIN}/shipments", body=TimeoutError())
    with pytest.raises(TransientDeliveryError):
        HttpTransport(ORIGIN).send(request())
    assert TransientDeliveryError().code == "delivery-transient"


@pytest.mark.parametrize("path", ["shipments", "@elsewhere.example/", ".elsewhere.example/", ":8443/", ""])
def test_a_path_cannot_leave_the_origin(platform: responses.RequestsMock, path: str) -> None:
    with pytest.raises(PermanentDeliveryError) as caught:
        HttpTransport(ORIGIN).send(request(path=path))
    assert caught.value.code == "egress-blocked"
    assert len(platform.calls) == 0


BAD_ORIGINS = [
    "",
    "platform.example",
    "ftp://platform.example",
    "https://",
    "https://user:secret@platform.example",
    "https://@platform.example",
    "https://platform.example/api",
    "https://platform.example?x",
    "https://platform.example#x",
    "https://platform.example:0",
    "https://platform.example:99999",
    "https://[::1",
    f"https://{'a' * 64}.example",
    "https://a..example",
]


@pytest.mark.parametrize("url", BAD_ORIGINS)
def test_what_is_no_origin_stops_the_start(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^an origin must be https://host\[:port\]") as caught:
        HttpTransport(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://proxy.example:3128", "socks5://127.0.0.1:1080", "http://a:b@127.0.0.1:3128"])
def test_a_proxy_is_plain_http_and_its_password_has_no_place_here(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^an origin must be http://host\[:port\], no more$"):
        HttpTransport(ORIGIN, proxy=url)


def test_a_slash_at_the_end_is_no_path(platform: responses.RequestsMock) -> None:
    platform.post(f"{ORIGIN}/shipments")
    assert HttpTransport(f"{ORIGIN}/").send(request()).status == 200


def test_it_prints_nothing_of_itself() -> None:
    assert repr(HttpTransport(ORIGIN, token="made-up")) == "<HttpTransport>"


def test_the_limits_are_those_that_are_published() -> None:
    limits = (transport.CONNECT_SECONDS, transport.READ_SECONDS, transport.TOTAL_SECONDS, transport.CAP_BYTES)
    assert limits == (3.0, 15.0, 20.0, 10_485_760)
