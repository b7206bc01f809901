"""The only opener of outgoing connections: one origin, a checked address, no redirects, a capped and timed answer.

A name is resolved once per connection, every address that it has is judged, and exactly what was judged is dialled: an
answer of the resolver that changes in between (DNS rebinding) changes nothing. TLS still verifies the certificate for
the name. Nothing is taken from the environment: no proxy, no certificate store, no ``.netrc``. Through a proxy it is
the proxy that resolves and dials; what lies behind it is checked only where the origin is an address itself.

The resolver of the system has a time-out of its own, which no deadline of ours can shorten.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.poolmanager import ProxyManager

from middleware.errors import ConfigError, DeliveryError, PermanentDeliveryError, TransientDeliveryError
from middleware.exchange import Request, Response

CONNECT_SECONDS: Final = 3.0
"""For one address: the TCP handshake, and again the TLS handshake."""

READ_SECONDS: Final = 15.0
"""Between two pieces of the answer."""

TOTAL_SECONDS: Final = 20.0
"""For the whole exchange, however steadily the answer drips."""

CAP_BYTES: Final = 10 * 1024 * 1024
"""The longest body that is read."""

_PIECE_BYTES: Final = 64 * 1024

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class HttpTransport:
    """The port ``Transport`` over HTTPS. Safe to share between threads; connections are kept open and used again.

    ``url`` is an origin (``https://host[:port]``). ``allow_private`` are the networks that may be dialled although they
    are not public; plain http is possible to them alone. ``proxy`` is the origin of an ``http://`` proxy, used for
    https. ``ca_file`` takes the place of the public certificate authorities. Times are in seconds, ``cap`` in bytes.
    Raises: ConfigError for an origin, a proxy or a file that cannot be used.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        allow_private: Sequence[Network] = (),
        proxy: str | None = None,
        ca_file: Path | None = None,
        connect: float = CONNECT_SECONDS,
        read: float = READ_SECONDS,
        total: float = TOTAL_SECONDS,
        cap: int = CAP_BYTES,
    ) -> None:
        self._origin = _origin(url, ("https", "http"))
        self._token = token
        self._proxies = {"https": _origin(proxy, ("http",))} if proxy else {}
        self._gate = _Gate(tuple(allow_private), connect)
        self._connect, self._read, self._total, self._cap = connect, read, total, cap
        self._adapter = _Adapter(self._gate, _tls(ca_file))

    def __repr__(self) -> str:
        return "<HttpTransport>"

    def send(self, request: Request) -> Response:
        """One request, one answer, whatever its status; a redirect is an answer like any other.

        Raises: TransientDeliveryError (code ``timeout``, ``connection``, ``tls``, ``truncated``, ``too-large`` or
        ``content-encoding``) when no whole answer came; PermanentDeliveryError (``egress-blocked``) when the address
        may not be dialled: then nothing was sent. Neither carries a URL, a body or the error that it comes from.
        """
        failure: DeliveryError
        try:
            return self._exchange(request)
        except _Blocked:
            failure = PermanentDeliveryError()
            failure.code = "egress-blocked"
        except _Unfit as unfit:
            failure = TransientDeliveryError()
            failure.code = unfit.code
        except (OSError, urllib3.exceptions.HTTPError, HTTPException, ValueError) as problem:
            # ValueError: what http.client makes of a chunk of negative length
            failure = TransientDeliveryError()
            failure.code = _code(problem)
        raise failure

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._adapter.close()

    def _exchange(self, request: Request) -> Response:
        prepared = requests.Request(
            request.method, self._url(request.path), headers=self._headers(request), data=request.body
        ).prepare()
        _deadline.start(self._total, self._read)
        # The adapter, not a Session: a session reads the body of a redirect without a cap, even if it follows none.
        answer = self._adapter.send(
            prepared, stream=True, timeout=(self._connect, self._read), verify=True, proxies=self._proxies
        )
        try:
            if answer.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity", _encoding(request)):
                raise _Unfit("content-encoding")
            body = self._body(answer)
        finally:
            answer.raw.close()
        # http.client reads at most 100 headers, each line at most 64 KiB.
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status_code, headers=headers, body=body)

    def _url(self, path: str) -> str:
        if not path.startswith("/") or (self._proxies and not self._gate.permits_literal(self._origin)):
            raise _Blocked()
        return self._origin + path

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {**request.headers, "Accept-Encoding": _encoding(request), "User-Agent": "parcelveil"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    def _body(self, answer: requests.Response) -> bytes:
        body = bytearray()
        while piece := answer.raw.read(_PIECE_BYTES, decode_content=False):
            body += piece
            if len(body) > self._cap:
                raise _Unfit("too-large")
        return bytes(body)


def _encoding(request: Request) -> str:
    """The one encoding that the answer may have. Nothing is decoded here, so that the cap is one of what came."""
    return "gzip" if request.gzip else "identity"


class _Blocked(Exception):
    """The address may not be dialled."""


class _Unfit(Exception):
    """The answer is not one that may be read."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code


_CODES: Final[tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...]] = (
    ((TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout), "timeout"),
    (ssl.SSLError, "tls"),
    (IncompleteRead, "truncated"),
)
"""The first that is found anywhere in what went wrong; anything else is ``connection``."""


def _code(problem: BaseException) -> str:
    causes = tuple(_causes(problem, set()))
    return next((code for kinds, code in _CODES if any(isinstance(cause, kinds) for cause in causes)), "connection")


def _causes(problem: BaseException, seen: set[int]) -> Iterator[BaseException]:
    """The error and all that it wraps: the libraries hang them on each other in different ways."""
    seen.add(id(problem))
    yield problem
    for cause in (problem.__cause__, problem.__context__, *problem.args):
        if isinstance(cause, BaseException) and id(cause) not in seen:
            yield from _causes(cause, seen)


def _origin(url: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(url)
        fits = bool((parts.hostname or "").encode("idna")) and parts.port != 0 and parts.scheme in schemes
        fits = fits and not (parts.path.removesuffix("/") or parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        fits = False
    if not fits:
        raise ConfigError(f"an origin must be {' or '.join(f'{scheme}://host[:port]' for scheme in schemes)}, no more")
    return url.removesuffix("/")


class _Gate:
    """Who may be dialled."""

    def __init__(self, allowed: tuple[Network, ...], connect: float) -> None:
        self._allowed = allowed
        self._connect = connect

    def dial(self, host: str, port: int, *, secure: bool) -> socket.socket:
        """Connect to the first address that answers. Raises: _Blocked if one of them may not be dialled; OSError."""
        found = _resolve(host, port)
        if not all(self._permits(sockaddr[0], secure=secure) for _, sockaddr in found):
            raise _Blocked()
        return self._first(found)

    def dial_proxy(self, host: str, port: int) -> socket.socket:
        """Connect to the proxy, which the configuration names and which is mostly private. Raises: OSError."""
        return self._first(_resolve(host, port))

    def permits_literal(self, origin: str) -> bool:
        """False for what is not to be dialled: an address, its old spellings (``127.1``), localhost. A name passes."""
        host = urlsplit(origin).hostname or ""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return not _means_address(host)
        return self._permits(host, secure=True)

    def _permits(self, address: str, *, secure: bool) -> bool:
        ip: Address = ipaddress.ip_address(address)
        ip = (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip
        return any(ip in network for network in self._allowed) or (secure and _is_public(ip))

    def _first(self, found: Sequence[tuple[socket.AddressFamily, Any]]) -> socket.socket:
        problem = OSError()
        for family, sockaddr in found:
            sock = _Socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(_deadline.left(self._connect))
                sock.connect(sockaddr)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as error:
                sock.close()
                problem = error
        raise problem


def _means_address(host: str) -> bool:
    try:
        return bool(socket.inet_aton(host.removesuffix(".")))
    except OSError:
        return host.removesuffix(".").rpartition(".")[2] == "localhost"


def _resolve(host: str, port: int) -> Sequence[tuple[socket.AddressFamily, Any]]:
    return [(family, sockaddr) for family, _, _, _, sockaddr in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _is_public(ip: Address) -> bool:
    # What 6to4 (RFC 3056) is given ends at the IPv4 address inside.
    if isinstance(ip, ipaddress.IPv6Address) and (ip.is_site_local or ip.sixtofour):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved)


class _Deadline(threading.local):
    """Until when the exchange of this thread may last."""

    _end = 0.0
    _read = 0.0

    def start(self, total: float, read: float) -> None:
        self._end, self._read = time.monotonic() + total, read

    def left(self, most: float | None = None) -> float:
        """Seconds for the next step. Raises: TimeoutError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._read if most is None else most)


_deadline = _Deadline()


class _Socket(socket.socket):
    """A socket of which every step is timed by the deadline, so that no slow drip of headers or body outlasts it."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self.settimeout(_deadline.left())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        self.settimeout(_deadline.left())
        super().sendall(*args, **kwargs)


class _TlsSocket(_Socket, ssl.SSLSocket):
    pass


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    # Not ssl.create_default_context: it takes SSLKEYLOGFILE and SSL_CERT_FILE from the environment.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = _TlsSocket
    try:
        context.load_verify_locations(cafile=str(ca_file or DEFAULT_CA_BUNDLE_PATH))
    except OSError:
        problem = f"{ca_file}: no certificates of an authority (PEM) can be read from it"
    else:
        return context
    raise ConfigError(problem)


class _Adapter(HTTPAdapter):
    """Requests' adapter over connections that the gate dials, with the one TLS context."""

    def __init__(self, gate: _Gate, context: ssl.SSLContext) -> None:
        self._gate = gate
        self._context = context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._gate, proxied=False)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        manager: ProxyManager = super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._gate, proxied=True)
        return manager

    def cert_verify(self, *args: Any) -> None:
        """Do nothing: the context verifies. Requests would load the public authorities beside those of ``ca_file``."""


def _pools(gate: _Gate, *, proxied: bool) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return gate.dial_proxy(self.host, self.port) if proxied else gate.dial(self.host, self.port, secure=False)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return gate.dial_proxy(self.host, self.port) if proxied else gate.dial(self.host, self.port, secure=True)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
