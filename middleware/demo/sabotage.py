"""Faults made on purpose, in the running processes, from outside: nothing in the production code knows of them.

A folder with a ``sitecustomize.py`` comes first on the path of the service's processes; Python imports it at their
start, and it replaces what is named here. The judge never learns which fault was made, or that one was.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

EVERY = 3
"""One in so many is concerned: a judge that looked at the first alone would be none."""

BARCODE = "323299999999999999999030"
REFERENCE = re.compile(r"reference>([0-9a-f-]{36})<")
PDF = "<mimeType>application/pdf</mimeType><bytes>JVBERi0xLjc=</bytes>"
PRINTED = f"<labels><label><barcode>{BARCODE}</barcode>{PDF}</label></labels>".encode("ascii")
"""Of what is dropped on its way to bpost: its reference in the XML, and the answer about its label."""

SITE = """from __future__ import annotations

from middleware.demo.sabotage import FAULTS

FAULTS[{name!r}]()
"""


def prepare(name: str, folder: Path) -> Path:
    """Write what a process must find first on its path to have this fault."""
    folder.mkdir(mode=0o700)
    (folder / "sitecustomize.py").write_text(SITE.format(name=name), encoding="utf-8")
    return folder


def leak() -> None:
    """What the customer wrote to the shop ends in the one free text that the parcel platform sees in the clear."""
    from middleware.core import seal
    from middleware.platforms.shopify import Shopify

    here = threading.local()
    parse, clear = Shopify.parse, seal._clear

    def parse_and_remember(self: Shopify, document: object, *rest: Any) -> Any:
        here.note = str(document.get("note") or "") if isinstance(document, dict) else ""
        return parse(self, document, *rest)

    def clear_with_note(*given: Any, **named: Any) -> Mapping[str, Any]:
        body = clear(*given, **named)
        note = " ".join(here.note.split())[:48].strip()
        if not note.isprintable() or len(note) < 20:
            return body
        parcel: Any = body["parcel"]
        return {**body, "parcel": {**parcel, "reference": note}}

    patch.object(Shopify, "parse", parse_and_remember).start()
    patch.object(seal, "_clear", clear_with_note).start()


def unsealed() -> None:
    """Parts are encoded instead of encrypted: they look unreadable and are not."""
    from middleware.core import seal

    encrypt, numbers = seal._encrypt, itertools.count()

    def encode(record_id: str, name: str, kid: str, content: Mapping[str, object], *rest: Any) -> str:
        if name != "recipient.delivery" or next(numbers) % EVERY:
            return encrypt(record_id, name, kid, content, *rest)
        return base64.urlsafe_b64encode(json.dumps(content, ensure_ascii=False).encode("utf-8")).decode("ascii")

    patch.object(seal, "_encrypt", encode).start()


def drop() -> None:
    """A shipment is taken for delivered and never sent: what would ask after it is answered as if it were there."""
    from middleware.exchange import Request, Response
    from middleware.transport import HttpTransport

    send, numbers, dropped = HttpTransport.send, itertools.count(), set[str]()
    delivered = json.dumps({"barcode": BARCODE, "label": "/", "state": "created"}).encode("ascii")

    def pretend(self: HttpTransport, request: Request) -> Response:
        if request.method == "POST" and next(numbers) % EVERY == 0:
            dropped.update(REFERENCE.findall((request.body or b"").decode("utf-8", "replace")))
            return Response(status=201, headers={"content-type": "application/json"}, body=delivered)
        if any(reference in request.path for reference in dropped):
            return Response(status=200, headers={}, body=PRINTED)
        return send(self, request)

    patch.object(HttpTransport, "send", pretend).start()


def double() -> None:
    """An order is stored again as if it were another: two records, two shipments, both perfectly sealed."""
    from middleware import intake
    from middleware.model import Answer, Arrival, Inbound, Record
    from middleware.services import Services

    receive, numbers = intake.receive, itertools.count()

    class Forgetful:
        """The store, but for a memory: whatever comes is new."""

        def __init__(self, store: Any) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        def seen(self, *_: object) -> None:
            """Never."""

        def accept(self, arrival: Arrival, record: Record | None) -> Answer:
            other = replace(arrival, order=arrival.order[::-1], body=arrival.body[::-1], webhook=arrival.webhook[::-1])
            answer: Answer = self._store.accept(other, record)
            return answer

    def receive_twice(inbound: Inbound, services: Services) -> Answer:
        answer = receive(inbound, services)
        if next(numbers) % EVERY == 0:
            receive(inbound, replace(services, store=Forgetful(services.store)))
        return answer

    patch.object(intake, "receive", receive_twice).start()


def late() -> None:
    """What has ended is overlooked by the purge, now and then: it stays here, and the parcel platform is not told. The
    keys of weeks stay, too.
    """
    from middleware import transit
    from middleware.storage import purge_sql

    unheld, numbers = purge_sql._unheld, itertools.count()

    def overlook(*given: Any) -> Sequence[Any]:
        return [row for row in unheld(*given) if next(numbers) % EVERY]

    patch.object(purge_sql, "_unheld", overlook).start()
    patch.object(transit, "clear_away", lambda *_: ()).start()


FAULTS: Mapping[str, Callable[[], None]] = {
    "leak": leak,
    "unsealed": unsealed,
    "drop": drop,
    "double": double,
    "late": late,
}
"""Every fault by its name."""
