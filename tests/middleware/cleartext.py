"""A made-up carrier that takes cleartext, over real HTTP: what is sealed for it is sealed to our own weekly keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from middleware import binding, config_parties
from middleware.carriers.parcel_json import ParcelJson
from middleware.exchange import (
    Batch,
    Batched,
    Delivered,
    Failed,
    Gone,
    Heard,
    Impossible,
    Labelled,
    Outcome,
    PickupPoint,
    Refused,
    Request,
    Response,
    Sheaves,
    Wish,
)
from middleware.model import Delivery, ShopSettings, Stored
from middleware.model_keys import Sealing
from middleware.model_purge import Notice
from middleware.trail import Sighting
from schemas.order import Order

KIND = "cleartext"
BARCODE = "323299901059900000099999"
PATH = "/orders"


class Cleartext:
    """Writes what was opened as lines of text; has no way to cancel, and none to erase."""

    @property
    def sealing(self) -> Sealing:
        return Sealing.TRANSIT

    def serving(self, shop: ShopSettings) -> Cleartext:
        return self

    def choose(self, order: Order, line: str | None, usual: Delivery) -> tuple[Order, Delivery]:
        return order, usual

    def fit(self, order: Order, points: Mapping[str, PickupPoint]) -> Order:
        return ParcelJson().fit(order, points)

    @property
    def shared_account(self) -> str | None:
        return None

    def under(self, stored: Stored) -> tuple[Cleartext, str | None]:
        return self, None

    def openly(self, order: Order) -> tuple[str, ...]:
        return ParcelJson().openly(order)

    def start(self, stored: Stored) -> Request:
        if stored.cancelling:
            return Request(method="POST", path=f"{PATH}/{stored.id}/cancel", headers={}, body=b"")
        lines = [json.dumps([name, dict(members)]) for name, members in stored.opened.items()]
        return Request(method="POST", path=PATH, headers={}, body="\n".join(lines).encode())

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        if stored.cancelling:
            return Gone()
        if response.status == 201:
            return Delivered(barcode=BARCODE, state="created")
        code = f"http-{response.status}"
        return Refused(code=code) if response.status < 500 else Failed(code=code)

    def label(self, record: Sighting, wish: Wish) -> Request | Impossible:
        return ParcelJson().label(record, wish)

    def labelled(self, record: Sighting, wish: Wish, response: Response) -> Labelled:
        return ParcelJson().labelled(record, wish, response)

    def labels(self, shop: str, records: Mapping[int, Sighting], wish: Wish) -> Batched:
        return ParcelJson().labels(shop, records, wish)

    def sheaves(self, batch: Batch, response: Response) -> Sheaves:
        return ParcelJson().sheaves(batch, response)

    def tell(self, notice: Notice) -> Request | None:
        return None

    def heard(self, notice: Notice, response: Response) -> Heard:
        raise AssertionError("nothing is asked of it")


def known(patch: pytest.MonkeyPatch) -> None:
    """Let a configuration name it as the ``kind`` of a carrier."""
    patch.setitem(binding.KINDS, KIND, lambda *_: Cleartext())
    patch.setattr(config_parties, "CARRIER_KINDS", (*config_parties.CARRIER_KINDS, KIND))


@dataclass
class Taker:
    """What takes it at the other end: answers with ``status``, keeps each body."""

    url: str = ""
    status: int = 201
    taken: list[bytes] = field(default_factory=list)


@contextmanager
def taking() -> Iterator[Taker]:
    """The other end on loopback, until the block ends."""
    taker = Taker()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taker.taken.append(self.rfile.read(int(self.headers["Content-Length"] or 0)))
            self.send_response(taker.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        taker.url = f"http://127.0.0.1:{server.server_port}"
        yield taker
        server.shutdown()
