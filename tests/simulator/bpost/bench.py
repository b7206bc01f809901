"""Asking bpost's services as a client would, without a network."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path

from simulator.bpost.services import Services
from simulator.bpost.switches import read_switches
from simulator.message import Answer, Request

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "bpost"
ACCOUNT = "123456"
UPDATE = '<orderUpdate xmlns="http://schema.post.be/shm/deepintegration/v3/"><status>%s</status></orderUpdate>'


def media(name: str) -> str:
    """A media type of the Shipping Manager."""
    return f"application/vnd.bpost.shm-{name}+XML"


def basic(user: str = ACCOUNT, passphrase: str = "hush") -> str:
    """The value of ``Authorization``."""
    return "Basic " + base64.b64encode(f"{user}:{passphrase}".encode()).decode("ascii")


def accepted(name: str) -> bytes:
    """An order that is valid."""
    return (VECTORS / "accepted" / f"{name}.xml").read_bytes()


class Asker:
    """A client of one account."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.passphrase = "hush"

    def turn(self, switches: Mapping[str, object]) -> None:
        """Turn switches, and all others as from the start."""
        self.services.turn(read_switches(switches))

    def send(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Ask with these headers (``_`` for ``-``) and the right passphrase, unless they say otherwise."""
        given = {
            "authorization": basic(passphrase=self.passphrase),
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        target = path.removeprefix("/") if path.startswith("//") else f"/services/shm/{ACCOUNT}{path}"
        return self.services.answer(Request(method=method, target=target, headers=given, body=body))

    def ask(self, line: str, body: bytes = b"") -> Answer:
        """Ask as a line of ``answered.toml`` says."""
        method, path, *rest = line.split(" ")
        last = rest[0] if rest else ""
        if method == "UNWELL":
            return self.services.unwell(int(path))
        if method == "MOVE":
            self.services.manager.move(path, last)
            return Answer(status=200)
        if "/labels/" in path:
            return self.send(method, path, body, accept=media(f"label-{last}"), content_type=media("labelRequest-v5"))
        if path == "/orders":
            return self.send(method, path, accepted(last), content_type=media("order-v5"))
        if method == "POST":
            return self.send(method, path, (UPDATE % last).encode(), content_type=media("orderUpdate-v3"))
        answers = media("productConfiguration-v3.1" if path == "/productconfig" else "order-v3.5")
        return self.send(method, path, accept=answers, accept_encoding="gzip", x_api_key="key")

    def take(self, name: str) -> Answer:
        """Post an order that is valid."""
        return self.ask(f"POST /orders {name}")
