"""Requests to the role ``api`` as bytes: the plug-in lane, the status routes, what is no parcel, events and the admin
API.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import requests

from middleware.core.body import MAX_BYTES
from middleware.web.direct import LONGEST
from tests.middleware.platforms.plugging import shipment
from tests.middleware.platforms.telling import contact, stamps
from tests.middleware.web.conftest import NOWHERE, SECRETS, furnish
from tests.middleware.web.wire import PERSON, exchange, judged
from tests.system.processes import SECONDS
from tests.system.settings import toml
from tests.system.stack import SENDER, Json, Service, configure, direct, shop

PLAIN, OTHER, ADMIN = "made-up-token-of-plain", "made-up-token-of-other", "made-up-token-of-the-admin-api"
CONTACTS, STAMPS = "made-up-token-of-contacts", "made-up-token-of-stamps"
LANE, KEPT = "/v1/shops/plain/shipments", "/admin/v1/shops/kept"
EVENTS = "/v1/shops/plain/events"
CONTACT, STAMP = "/v1/shops/contacts/maxiresponse/contacts", "/v1/shops/stamps/mystamp/orders"
NUMBERS = itertools.count(7_100_001)


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The running service, and a shipment of its shop ``plain``."""

    service: Service
    record: str

    @property
    def url(self) -> str:
        """The address of the role."""
        return self.service.api

    def raw(self, request: bytes, *, half_close: bool = False) -> bytes:
        """Everything that comes back; no value is in it."""
        answer = exchange(self.service, request, half_close=half_close, url=self.url)
        assert PERSON.encode() not in answer
        return answer

    def records(self) -> int:
        """How many records there are."""
        return int(self.service.ask("SELECT count(*) FROM records")[0][0])

    def ask(self, name: str, body: bytes | None = None, **changes: str | None) -> requests.Response:
        """Ask a route by its name; headers in lower case with ``_`` for ``-``, None leaves one out."""
        route = ROUTES[name]
        target = changes.pop("target", None) or route.target.replace("RECORD", self.record)
        method = changes.pop("method", None) or route.method
        given = {**route.headers(), **{key.replace("_", "-"): value for key, value in changes.items()}}
        headers = {key: value for key, value in given.items() if value is not None}
        sent = (route.body() if route.reads else None) if body is None else body
        answer = self.service.client.request(
            method, self.url + target, data=sent, headers=headers, timeout=SECONDS, allow_redirects=False
        )
        assert answer.status_code < 500, answer.text
        assert PERSON not in answer.text + str(answer.headers)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route: whose token it wants, and of how many bytes at most the body is that it reads, if it reads one, which
    ``example`` makes.
    """

    method: str
    target: str
    token: str = PLAIN
    most: int = MAX_BYTES
    example: Callable[[int], Json] | None = None

    @property
    def reads(self) -> bool:
        """Whether it reads a body."""
        return self.example is not None

    @property
    def shop(self) -> str:
        """The shop that stands in the address, in its slashes; empty for the admin API."""
        return "" if self.token == ADMIN else f"/{self.target.split('/')[3]}/"

    def headers(self) -> dict[str, str | None]:
        """Those of a good request."""
        given: dict[str, str | None] = {"authorization": f"Bearer {self.token}"}
        if self.reads:
            given |= {"content-type": "application/json"}
        if self.method == "POST" and self.reads:
            given |= {"idempotency-key": f'"{next(NUMBERS)}"', "prefer": "wait=0"}
        return given

    def body(self) -> bytes:
        """That of a good request."""
        return json.dumps(self.example(next(NUMBERS)) if self.example else None).encode()

    def head(self, *lines: str, without: str = "", record: str = "") -> bytes:
        """A good request's head with more lines in it, and without the header of that name."""
        given = {"host": "shop.example", "connection": "close", **self.headers()}
        fixed = [f"{name}: {value}" for name, value in given.items() if name != without.lower()]
        target = self.target.replace("RECORD", record)
        return "\r\n".join([f"{self.method} {target} HTTP/1.1", *fixed, *lines, "", ""]).encode("latin-1")


def _told(_: int) -> Json:
    return {"type": "last-use"}


def _labels(number: int) -> Json:
    return {"shipments": [f"00000000-0000-4000-8000-{number:012d}"]}


def _connection(_: int) -> Json:
    return CONNECTION


ROUTES: Mapping[str, Route] = {
    "make": Route(method="POST", target=LANE, example=shipment),
    "status": Route(method="GET", target=f"{LANE}/RECORD"),
    "label": Route(method="GET", target=f"{LANE}/RECORD/label"),
    "tracking": Route(method="GET", target=f"{LANE}/RECORD/tracking"),
    "labels": Route(method="POST", target="/v1/shops/plain/labels", example=_labels),
    "order": Route(method="GET", target=f"{LANE}?order=%231001"),
    "cancel": Route(method="DELETE", target=f"{LANE}/RECORD"),
    "event": Route(method="POST", target=EVENTS, example=_told),
    "permission": Route(
        method="GET", target="/v1/shops/plain/permissions?purpose=label_and_delivery&subject=recipient"
    ),
    "points": Route(method="GET", target="/v1/shops/plain/pickup-points?postal_code=9000"),
    "contact": Route(method="POST", target=CONTACT, token=CONTACTS, example=contact),
    "contact status": Route(method="GET", target=f"{CONTACT}/RECORD", token=CONTACTS),
    "own contact": Route(method="GET", target=f"{CONTACT}?id=c-1", token=CONTACTS),
    "contact back": Route(method="DELETE", target=f"{CONTACT}/RECORD", token=CONTACTS),
    "stamps": Route(method="POST", target=STAMP, token=STAMPS, most=LONGEST["stamps"], example=stamps),
    "stamps status": Route(method="GET", target=f"{STAMP}/RECORD", token=STAMPS),
    "own stamps": Route(method="GET", target=f"{STAMP}?id=s-1", token=STAMPS),
    "stamps back": Route(method="DELETE", target=f"{STAMP}/RECORD", token=STAMPS),
    "connect": Route(method="PUT", target=KEPT, token=ADMIN, example=_connection),
    "shop": Route(method="GET", target=KEPT, token=ADMIN),
    "check": Route(method="POST", target=f"{KEPT}/check", token=ADMIN),
    "pause": Route(method="POST", target=f"{KEPT}/pause", token=ADMIN),
    "resume": Route(method="POST", target=f"{KEPT}/resume", token=ADMIN),
    "shops": Route(method="GET", target="/admin/v1/shops", token=ADMIN),
    "rotate": Route(method="POST", target=f"{KEPT}/rotate-secret", token=ADMIN, example=_connection),
    "disconnect": Route(method="DELETE", target="/admin/v1/shops/gone", token=ADMIN),
}
"""Every route of the role that asks for a credential."""

MAKING = ("make", "contact", "stamps")
"""Those that make a record."""
READING = [name for name, route in ROUTES.items() if route.reads]
WITHOUT_BODY = [name for name, route in ROUTES.items() if not route.reads]

CONNECTION: Json = {
    "platform": "shopify",
    "domain": "kept.myshopify.com",
    "app": "parcelveil",
    "account_type": "professional",
    "integration": {"requested_on": "2026-11-02", "reference": "made up"},
    "carrier": "platform",
    "sender": dict(SENDER),
}


@contextmanager
def api_under_attack(folder: Path) -> Iterator[Api]:
    """The role ``api`` as ``serve`` starts it, once it has served; what was done to it is judged at the end."""
    shops: dict[str, Json] = {
        name: shop(name, creates="call", token={"env": f"{name.upper()}_TOKEN"}, on_invalid=invalid)
        for name, invalid in (("plain", None), ("other", "refuse"))
    }
    shops |= {
        "contacts": direct("contacts", "bpost-maxiresponse", "maxiresponse"),
        "stamps": direct("stamps", "bpost-mystamp", "mystamp"),
    }
    service = configure(folder, shops, {"platform": NOWHERE})
    admin = toml({"tokens": [{"env": "ADMIN_TOKEN"}]}, "admin")
    service.config.write_text(service.config.read_text(encoding="utf-8") + admin, encoding="utf-8")
    secrets = {**SECRETS, "PLAIN_TOKEN": PLAIN, "OTHER_TOKEN": OTHER, "ADMIN_TOKEN": ADMIN}
    secrets |= {"CONTACTS_TOKEN": CONTACTS, "STAMPS_TOKEN": STAMPS}
    furnish(service, datetime.now(UTC)).serve("--role", "api", **secrets)
    fresh = Api(service=service, record="")
    made = fresh.ask("make")
    assert made.status_code == 202, made.text
    assert fresh.ask("connect").status_code == 201
    for name in ("contact", "stamps"):
        assert (answer := fresh.ask(name)).status_code == 202, answer.text
    for name in READING:  # memory for the largest body is had by then: what stays of each further one would grow
        assert fresh.ask(name, b'"'.ljust(ROUTES[name].most - 1) + b'"').status_code == 422
    api = Api(service=service, record=made.json()["id"])
    tokens = (PLAIN, OTHER, ADMIN, CONTACTS, STAMPS)
    with judged(service, "api", lambda: api.ask("make").status_code == 202, *tokens):
        yield api
