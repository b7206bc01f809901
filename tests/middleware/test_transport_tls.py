"""TLS with certificates made for the test, and the way through a proxy."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from middleware.errors import ConfigError, PermanentDeliveryError, TransientDeliveryError
from middleware.exchange import Request
from middleware.transport import HttpTransport

LOOPBACK = (ipaddress.ip_network("127.0.0.1"),)
POST = Request(method="POST", path="/shipments", headers={}, body=b"{}")
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"


class Authority:
    """A certificate authority of the test; ``file`` is what ``ca_file`` names."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(**dict.fromkeys(USES, False) | {"key_cert_sign": True, "crl_sign": True})
        builder = self._builder(self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = builder.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(certificate.public_bytes(Encoding.PEM))

    def context(self, host: str) -> ssl.SSLContext:
        """What a server of this name serves with."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        certificate = self._builder(subject, key.public_key()).add_extension(names, critical=False)
        signed = certificate.sign(self._key, hashes.SHA256())
        file = self._folder / f"{host}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file.write_bytes(private + signed.public_bytes(Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(self, subject: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))


USES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "authority")


class Server:
    """A TLS server on loopback: the names that it was asked for, and the requests that it could read."""

    def __init__(self, context: ssl.SSLContext, drip: float = 0.0) -> None:
        self.asked: list[str | None] = []
        self.heard: list[bytes] = []
        self._drip = drip
        self._context = context
        context.sni_callback = lambda sock, name, _: self.asked.append(name)

    def talk(self, raw: socket.socket) -> None:
        with contextlib.suppress(OSError), self._context.wrap_socket(raw, server_side=True) as connection:
            heard = b""
            while not heard.endswith(b"\r\n\r\n{}"):
                heard += connection.recv(65536)
            self.heard.append(heard)
            connection.sendall(OK[:-1])
            for _ in range(400 if self._drip else 0):
                connection.sendall(b"x")
                time.sleep(self._drip)
            connection.sendall(OK[-1:])


@contextmanager
def listening(talk: Any) -> Iterator[int]:
    """Serve every connection on a port of loopback; the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threads: list[threading.Thread] = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threads.append(threading.Thread(target=one, args=(connection,)))
                    threads[-1].start()

        def one(connection: socket.socket) -> None:
            with connection:
                talk(connection)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            for thread in (acceptor, *threads):
                thread.join(5)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to 127.0.0.1."""

    def resolve(host: str, port: int, *args: object, **options: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def send(url: str, **options: Any) -> int:
    made = HttpTransport(url, allow_private=LOOPBACK, **options)
    try:
        return made.send(POST).status
    finally:
        made.close()


def code_of(url: str, **options: Any) -> str:
    with pytest.raises(TransientDeliveryError) as caught:
        send(url, **options)
    return caught.value.code


@pytest.mark.usefixtures("names")
def test_the_certificate_is_verified_for_the_name_and_not_for_the_address(authority: Authority) -> None:
    server = Server(authority.context("platform.example"))
    with listening(server.talk) as port:
        assert send(f"https://platform.example:{port}", ca_file=authority.file) == 200
        assert server.asked == ["platform.example"]
        assert code_of(f"https://elsewhere.example:{port}", ca_file=authority.file) == "tls"
        assert code_of(f"https://127.0.0.1:{port}", ca_file=authority.file) == "tls"
    assert len(server.heard) == 1


@pytest.mark.usefixtures("names")
def test_an_authority_that_is_not_named_is_not_believed(authority: Authority, tmp_path: Path) -> None:
    server = Server(authority.context("platform.example"))
    with listening(server.talk) as port:
        assert code_of(f"https://platform.example:{port}") == "tls"
        other = Authority(tmp_path, "other")
        assert code_of(f"https://platform.example:{port}", ca_file=other.file) == "tls"
    assert server.heard == []


@pytest.mark.usefixtures("names")
def test_the_named_authority_is_the_only_one_even_after_a_connection(authority: Authority) -> None:
    server = Server(authority.context("platform.example"))
    with listening(server.talk) as port:
        made = HttpTransport(f"https://platform.example:{port}", allow_private=LOOPBACK, ca_file=authority.file)
        assert made.send(POST).status == 200
        made.close()
    assert len(made._adapter._context.get_ca_certs()) == 1


@pytest.mark.usefixtures("names")
def test_the_environment_has_no_say_in_tls(
    authority: Authority, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority.file))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    with listening(Server(authority.context("platform.example")).talk) as port:
        assert code_of(f"https://platform.example:{port}") == "tls"
        assert send(f"https://platform.example:{port}", ca_file=authority.file) == 200
    assert not (tmp_path / "keys.log").exists()


def test_old_versions_are_not_spoken(authority: Authority) -> None:
    made = HttpTransport("https://platform.example", ca_file=authority.file)
    assert made._adapter._context.minimum_version == ssl.TLSVersion.TLSv1_2


@pytest.mark.usefixtures("names")
def test_a_steady_drip_ends_at_the_deadline_over_tls_too(authority: Authority) -> None:
    server = Server(authority.context("platform.example"), drip=0.05)
    with listening(server.talk) as port:
        began = time.monotonic()
        assert code_of(f"https://platform.example:{port}", ca_file=authority.file, read=5, total=0.4) == "timeout"
        assert 0.35 < time.monotonic() - began < 5


@pytest.mark.usefixtures("names")
def test_a_server_that_reads_steadily_but_slowly_ends_at_the_deadline(authority: Authority) -> None:
    context = authority.context("platform.example")

    def talk(raw: socket.socket) -> None:
        with contextlib.suppress(OSError), context.wrap_socket(raw, server_side=True) as connection:
            while connection.recv(16384):
                time.sleep(0.02)

    with listening(talk) as port:
        made = HttpTransport(
            f"https://platform.example:{port}", allow_private=LOOPBACK, ca_file=authority.file, total=0.5
        )
        began = time.monotonic()
        with pytest.raises(TransientDeliveryError) as caught:
            made.send(Request(method="POST", path="/", headers={}, body=b"x" * 8_000_000))
        assert caught.value.code == "timeout"
        assert time.monotonic() - began < 4


@pytest.mark.usefixtures("names")
def test_a_handshake_that_never_ends_times_out(authority: Authority) -> None:
    with listening(lambda raw: time.sleep(0.5)) as port:
        assert code_of(f"https://platform.example:{port}", ca_file=authority.file, connect=0.1, read=5) == "timeout"


@pytest.mark.usefixtures("names")
def test_cleartext_instead_of_tls_is_refused(authority: Authority) -> None:
    with listening(lambda raw: raw.sendall(OK)) as port:
        assert code_of(f"https://platform.example:{port}", ca_file=authority.file) == "tls"


@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_without_authorities_stops_the_start(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"ca\.pem: no certificates") as caught:
        HttpTransport("https://platform.example", ca_file=file)
    assert caught.value.__context__ is None


# ---- through a proxy -------------------------------------------------------------------------------------------------


class Proxy:
    """Takes CONNECT for any host and hands on to one server; what it was asked."""

    def __init__(self, server: Server) -> None:
        self.asked: list[bytes] = []
        self._server = server

    def talk(self, connection: socket.socket) -> None:
        heard = b""
        while not heard.endswith(b"\r\n\r\n"):
            heard += connection.recv(1)
        self.asked.append(heard)
        if heard.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._server.talk(connection)


def test_https_goes_through_the_proxy_which_sees_neither_token_nor_body(authority: Authority) -> None:
    server = Server(authority.context("platform.example"))
    proxy = Proxy(server)
    with listening(proxy.talk) as port:
        options = {"proxy": f"http://127.0.0.1:{port}", "ca_file": authority.file, "token": "made-up"}
        assert send("https://platform.example:8443", **options) == 200
        assert code_of("https://elsewhere.example:8443", **options) == "tls"
    assert proxy.asked[0].startswith(b"CONNECT platform.example:8443 HTTP/1.")
    assert b"made-up" not in b"".join(proxy.asked)
    assert b"authorization: bearer made-up" in server.heard[0].lower()


def test_a_proxy_is_timed_as_well(authority: Authority) -> None:
    server = Server(authority.context("platform.example"), drip=0.05)
    with listening(Proxy(server).talk) as port:
        proxy = f"http://127.0.0.1:{port}"
        assert code_of("https://platform.example", proxy=proxy, ca_file=authority.file, total=0.5) == "timeout"
    with listening(lambda connection: time.sleep(0.5)) as port:
        proxy = f"http://127.0.0.1:{port}"
        assert code_of("https://platform.example", proxy=proxy, ca_file=authority.file, total=0.2) == "timeout"


def test_a_proxy_that_refuses_is_no_connection(authority: Authority) -> None:
    with listening(lambda raw: raw.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as port:
        proxy = f"http://127.0.0.1:{port}"
        assert code_of("https://platform.example", proxy=proxy, ca_file=authority.file) == "connection"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "a.localhost", "127.1."],
)
def test_a_private_address_is_not_asked_of_the_proxy_either(authority: Authority, host: str) -> None:
    proxy = Proxy(Server(authority.context("platform.example")))
    with listening(proxy.talk) as port:
        made = HttpTransport(f"https://{host}", proxy=f"http://127.0.0.1:{port}")
        with pytest.raises(PermanentDeliveryError):
            made.send(POST)
    assert proxy.asked == []


def test_plain_http_never_goes_through_the_proxy(authority: Authority) -> None:
    proxy = Proxy(Server(authority.context("platform.example")))

    def direct(connection: socket.socket) -> None:
        while not connection.recv(65536).endswith(b"{}"):
            pass
        connection.sendall(OK)

    with listening(proxy.talk) as port, listening(direct) as near:
        assert send(f"http://127.0.0.1:{near}", proxy=f"http://127.0.0.1:{port}") == 200
    assert proxy.asked == []
