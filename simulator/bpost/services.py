"""The routes of bpost's services: who may ask for what, and what is answered. No sockets here."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import time
from collections.abc import Callable
from urllib.parse import quote, unquote

from simulator.bpost.errors import ASSUMED, XML, DeclinedError, as_page, plain, system_exception, unauthorised
from simulator.bpost.locator import locate
from simulator.bpost.manager import Manager
from simulator.bpost.names import ORDER, ORDER_INFO, ORDER_UPDATE, PRODUCT_CONFIGURATION
from simulator.bpost.switches import Switches
from simulator.bpost.tracking import tracking
from simulator.bpost.wanted import Wanted, need_answer, need_type, wanted
from simulator.clock import Clock
from simulator.message import Answer, Request
from simulator.store import Store

SHM = "/services/shm/(?P<account>[0-9]{6})"
LABELS = "labels/(?P<sheet>A4|A6)(?P<back>/withReturnLabels)?"
REFERENCE = "(?P<reference>[^/]+)"
BARCODE = "(?P<barcode>[^/]+)"
LOCATOR = "/Locator"


class Services:
    """Shipping Manager, tracking and pick-up points, over one store.

    With ``passphrase``, every account has it; without, any passphrase will do. A user that is not the account of the
    path is refused in either case.
    """

    def __init__(self, store: Store, clock: Clock, passphrase: str | None = None) -> None:
        self.manager = Manager(store)
        self._clock = clock
        self._passphrase = passphrase

    @property
    def switches(self) -> Switches:
        """How the switches stand."""
        return self.manager.switches

    def turn(self, switches: Switches) -> None:
        """From now on they stand so."""
        self.manager.switches = switches

    def answer(self, request: Request) -> Answer:
        """What bpost would say. Whatever changes is committed before this returns."""
        try:
            answer = self._route(request)
        except DeclinedError as declined:
            answer = as_page(declined.answer) if self.switches["refusals"] == "page" else declined.answer
        time.sleep(self.switches.delay / 1000)
        return answer

    def unwell(self, status: int) -> Answer:
        """What is said instead of an answer when the service fails."""
        now = self._clock.now().isoformat()
        return system_exception(status, now[:10] + now[-6:])

    def _route(self, request: Request) -> Answer:
        if request.path == LOCATOR:
            return locate(request, mixed=self.switches["locator-names"] == "mixed")
        here = {method: (found, act) for method, found, act in _matching(request.path)}
        if not here:
            raise plain(404, "Not Found")
        if request.method not in here:
            raise plain(405, "Method Not Allowed")
        found, act = here[request.method]
        groups = {name: unquote(text) for name, text in found.groupdict().items() if text is not None}
        self._authenticate(request, groups.get("account"))
        return act(self, request, **groups)

    def _authenticate(self, request: Request, account: str | None) -> None:
        scheme, user, colon, passphrase = _basic(request)
        fits = re.fullmatch(rb"[0-9]{6}", user) if account is None else user == account.encode("utf-8")
        known = self._passphrase is None or hmac.compare_digest(passphrase, self._passphrase.encode("utf-8"))
        if scheme.lower() != "basic" or not (colon and fits and known):
            raise unauthorised(int(self.switches["unauthorised"]))

    @property
    def _exact(self) -> bool:
        return self.switches["media-types"] == "exact"

    def _create(self, request: Request, account: str) -> Answer:
        if self._exact:
            need_type(request, ORDER)
        reference = self.manager.create(account, request.body)
        where = f"/services/shm/{account}/orders/{quote(reference, safe='')}"
        headers = {"Location": where} if self.switches["location"] == "sent" else {}
        return Answer(status=201, media=XML, headers=headers)

    def _fetch(self, request: Request, account: str, reference: str) -> Answer:
        if self._exact:
            need_answer(request, ORDER_INFO)
        return _xml(self.manager.fetch(account, reference), "application/vnd.bpost.shm-order-v3.5+XML")

    def _update(self, request: Request, account: str, reference: str) -> Answer:
        if self._exact:
            need_type(request, ORDER_UPDATE)
        self.manager.update(account, reference, request.body)
        return Answer(status=int(self.switches["status-updated"]), media=XML, headers={ASSUMED: "status-updated"})

    def _print_order(self, request: Request, account: str, reference: str, sheet: str, back: str = "") -> Answer:
        kind = self._wanted(request, sheet, back)
        return _xml(self.manager.print_order(account, reference, kind), kind.media)

    def _print_box(self, request: Request, account: str, barcode: str, sheet: str, back: str = "") -> Answer:
        kind = self._wanted(request, sheet, back)
        return _xml(self.manager.print_box(account, barcode, kind), kind.media)

    def _print_many(self, request: Request, account: str, sheet: str, back: str = "") -> Answer:
        kind = self._wanted(request, sheet, back)
        return _xml(self.manager.print_many(account, request.body, kind), kind.media)

    def _wanted(self, request: Request, sheet: str, back: str) -> Wanted:
        return wanted(request, sheet, back=bool(back), exact=self._exact)

    def _products(self, request: Request, account: str) -> Answer:  # noqa: ARG002 - every account has the same
        if self._exact:
            need_answer(request, PRODUCT_CONFIGURATION)
        return _xml(self.manager.products(), "application/vnd.bpost.shm-productConfiguration-v3.1+XML")

    def _track(self, request: Request, barcode: str) -> Answer:
        _, user, _, _ = _basic(request)
        return _xml(tracking(self.manager.box(user.decode("ascii"), barcode), barcode, self._clock.now()), XML)


ROUTES: tuple[tuple[str, re.Pattern[str], Callable[..., Answer]], ...] = tuple(
    (method, re.compile(pattern), act)
    for method, pattern, act in (
        ("POST", f"{SHM}/orders/?", Services._create),
        ("GET", f"{SHM}/orders/{REFERENCE}", Services._fetch),
        ("POST", f"{SHM}/orders/{REFERENCE}", Services._update),
        ("GET", f"{SHM}/orders/{REFERENCE}/{LABELS}", Services._print_order),
        ("GET", f"{SHM}/boxes/{BARCODE}/{LABELS}", Services._print_box),
        ("POST", f"{SHM}/{LABELS}", Services._print_many),
        ("GET", f"{SHM}/productconfig", Services._products),
        ("GET", f"/services/trackedmail/item/{BARCODE}/trackingInfo", Services._track),
    )
)


def speaks(path: str) -> bool:
    """Whether this address is one of bpost's."""
    return path == LOCATOR or path.startswith("/services/")


def _matching(path: str) -> list[tuple[str, re.Match[str], Callable[..., Answer]]]:
    return [(method, found, act) for method, pattern, act in ROUTES if (found := pattern.fullmatch(path))]


def _basic(request: Request) -> tuple[str, bytes, bytes, bytes]:
    """What stands in the header: scheme, user, the colon behind it if there is one, and the passphrase."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, colon, passphrase = base64.b64decode(encoded, validate=True).partition(b":")
    except (binascii.Error, ValueError):
        user, colon, passphrase = b"", b"", b""
    return scheme, user, colon, passphrase


def _xml(content: bytes, media: str) -> Answer:
    return Answer(status=200, body=content, media=media)
