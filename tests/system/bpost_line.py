"""The shops of every source in the house of bpost, with the plug-in lane and a watched way out."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from middleware.exchange import Request, Response
from middleware.ports import Transport
from middleware.relay import Relay
from middleware.web.app import create
from simulator.bpost.locator import places
from tests.middleware.cli.bench import run
from tests.system import variants_woocommerce as woo
from tests.system.bpost_house import BEGINNING, TOKEN, house
from tests.system.settings import Settings
from tests.system.stack import OWN_SECRET, headers

POINT, LOCKER = "200001", "200003"
BARCODE = "323212345600000000001030"
PDF = "<mimeType>application/pdf</mimeType><bytes>JVBERi0xLjc=</bytes>"
PRINTED = f"<labels><label><barcode>{BARCODE}</barcode>{PDF}</label></labels>".encode()


class Taking:
    """Stands in for bpost: takes every order, prints a label of each."""

    def send(self, request: Request) -> Response:
        """201, or a label."""
        return (
            Response(status=201, headers={}, body=b"")
            if request.method == "POST"
            else Response(status=200, headers={}, body=PRINTED)
        )


@dataclass(slots=True, kw_only=True)
class Wire:
    """The way to bpost, watched: every request, and what ``look`` sees while it is under way. ``echo``: orders whose
    body holds this are refused in bpost's manner, which repeats what was sent.
    """

    way: Transport
    look: Callable[[], None] = lambda: None
    echo: bytes | None = None
    requests: list[Request] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        """Note it, look, pass it on."""
        self.requests.append(request)
        self.look()
        if request.body and self.echo and self.echo in request.body:
            told = b"Error in request: cvc-maxLength-valid: Value '" + request.body + b"' with length = '41' is not "
            told += b"facet-valid with respect to maxLength '40' for type 'LocalityType'."
            return Response(status=400, headers={"content-type": "text/plain"}, body=told)
        return self.way.send(request)

    @property
    def orders(self) -> list[bytes]:
        """The bodies that make an order, in turn."""
        return [request.body or b"" for request in self.requests if request.path.endswith("/orders")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The service, its ways in, its relay, what is logged, and the way to bpost, which is simulated at ``url``."""

    folder: Path
    url: str
    intake: FlaskClient
    api: FlaskClient
    relay: Relay
    wire: Wire
    said: io.StringIO = field(default_factory=io.StringIO)

    def run(self, *words: str) -> str:
        """A command of the command line, which succeeds: what it says."""
        done = run(*words, "--config", str(self.folder / "parcelveil.toml"))
        assert done.exit_code == 0, done.output
        return done.output

    def shopify(self, name: str, body: bytes) -> TestResponse:
        """A signed webhook of a Shopify shop."""
        given = headers(body, f"{name}.myshopify.com")
        with contextlib.redirect_stderr(self.said):
            return self.intake.post("/webhooks/shopify/orders", data=body, headers=given)

    def woocommerce(self, name: str, body: bytes) -> TestResponse:
        """One of the WooCommerce shop."""
        with contextlib.redirect_stderr(self.said):
            return self.intake.post(woo.ROUTE, data=body, headers=woo.headers(body))

    def lane(self, name: str, body: bytes) -> TestResponse:
        """A call of a plug-in, which does not wait; its key is unlike any other's."""
        given = {**self.bearer, "Content-Type": "application/json", "Prefer": "wait=0"}
        key = f'"{len(self.wire.requests)}-{hash(body)}"'
        path = f"/v1/shops/{name}/shipments"
        with contextlib.redirect_stderr(self.said):
            return self.api.post(path, data=body, headers={**given, "Idempotency-Key": key})

    @property
    def bearer(self) -> dict[str, str]:
        """The plug-in's token."""
        return {"Authorization": f"Bearer {TOKEN}"}

    def deliver(self) -> None:
        """Let the relay do all there is to do."""
        with contextlib.redirect_stderr(self.said):
            while self.relay.step():
                pass

    def files(self, *names: str) -> dict[str, bytes]:
        """The bytes of every file beneath these folders of the service's."""
        found = (path for name in names for path in sorted((self.folder / name).rglob("*")) if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in found}


def reference_of(body: bytes) -> str:
    """Under which an order of bpost's goes."""
    (found,) = re.findall(rb"<(?:\w+:)?reference>([^<]+)<", body)
    return str(found.decode())


@contextlib.contextmanager
def line(
    folder: Path, shops: Mapping[str, Settings], now: datetime = BEGINNING, way: Transport | None = None
) -> Iterator[Line]:
    """The service in ``folder`` and the simulated bpost, or another ``way``. It is ``now`` until told else."""
    (folder / "tmp").mkdir(parents=True)
    points = folder / "points.json"
    points.write_text(json.dumps(places()), encoding="utf-8")
    with contextlib.ExitStack() as opened, pytest.MonkeyPatch.context() as patched:
        patched.setattr(logging.getLogger(), "level", logging.DEBUG)
        patched.setattr("tempfile.tempdir", str(folder / "tmp"))
        patched.setenv("OWN_SECRET", OWN_SECRET.decode())
        made = opened.enter_context(house(folder, level="DEBUG", carrier={"points": str(points)}, **shops))
        made.tell(now)
        made.run("keys", "provision")
        (lane,) = made.relay.lanes.items()
        wire = Wire(way=way or lane[1].transport)
        ways = {lane[0]: replace(lane[1], transport=wire)}
        yield Line(
            folder=folder,
            url=made.platform.url,
            intake=made.intake,
            api=create(made.services, "api", None, ways).test_client(),
            relay=replace(made.relay, lanes=ways, chance=lambda: 0.5),
            wire=wire,
        )
