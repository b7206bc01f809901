"""Gathering the evidence: the platform's own answers, and the bytes of files."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from simulator.bpost.elements import boxes
from simulator.bpost.names import LABEL_REQUEST, ORDER_INFO, BoxState
from simulator.encoding import read_object
from simulator.evidence import Entry, Held, Shipment
from simulator.wire import NoAnswerError, exchange

BYTES = re.compile(rb"<bytes>([^<]+)</bytes>")
"""The document in bpost's answer about a label."""


def ledger(url: str) -> tuple[Entry, ...]:
    """What the simulated platform at ``url`` received, in order. Raises: NoAnswerError (no usable answer)."""
    return tuple(
        Entry(
            seq=request["seq"],
            at=request["at"],
            method=request["method"],
            path=request["path"],
            body=base64.b64decode(request["body_base64"]),
            status=request["status"],
        )
        for request in _ask(url, "/_ledger")["requests"]
    )


def shipments(url: str, token: str) -> tuple[Shipment, ...]:
    """What the platform made, could open and prints; labels need the bearer ``token``. bpost's living boxes are among
    it, where the token is the account's passphrase. Raises: NoAnswerError.
    """
    made = _ask(url, "/_ledger")
    theirs = tuple(_shipment(url, token, id_, told["barcode"]) for id_, told in made["shipments"].items())
    return (*theirs, *(box for order, told in made["bpost"].items() for box in _boxes(url, token, order, told)))


def _boxes(url: str, passphrase: str, order: str, listed: Mapping[str, Any]) -> Iterator[Shipment]:
    """The living boxes of one order of bpost's, with all that an account is told of each."""
    account, _, reference = order.partition("/")
    headers = {**_user(account, passphrase), "Accept": ORDER_INFO}
    answer = exchange("GET", f"{url}/services/shm/{account}/orders/{quote(reference)}", headers=headers)
    if answer.status != 200:
        raise NoAnswerError(order)
    for box, told in zip(listed["boxes"], boxes(answer.body)[1], strict=True):
        if box["status"] != BoxState.CANCELLED:
            barcode = box["barcode"] or ""
            yield Shipment(
                id=reference,
                barcode=barcode,
                parts=told.parts,
                unreadable=(),
                label=bpost_label(url, account, passphrase, barcode, "pdf"),
                elements=told.elements,
            )


def bpost_label(url: str, account: str, passphrase: str, barcode: str, form: str) -> bytes:
    """The label of a box in A6, as ``pdf`` or ``image`` (PNG); empty where there is none. Raises: NoAnswerError."""
    accept = f"application/vnd.bpost.shm-label-{form}-v3.4+xml"
    headers = {**_user(account, passphrase), "Accept": accept, "Content-Type": LABEL_REQUEST}
    answer = exchange("GET", f"{url}/services/shm/{account}/boxes/{barcode}/labels/A6", headers=headers)
    found = BYTES.search(answer.body) if answer.status == 200 else None
    return base64.b64decode(found[1]) if found else b""


def _user(account: str, passphrase: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{account}:{passphrase}'.encode()).decode('ascii')}"}


def _shipment(url: str, token: str, id_: str, barcode: str) -> Shipment:
    opened = _ask(url, f"/_opened/{quote(id_)}")
    headers = {"Authorization": f"Bearer {token}"}
    label = exchange("GET", f"{url}/shipments/{quote(id_)}/label", headers=headers)
    return Shipment(
        id=id_,
        barcode=barcode,
        parts=opened["parts"],
        unreadable=tuple(opened["unreadable"]),
        label=label.body if label.status == 200 else b"",
    )


def held(url: str) -> Held:
    """What the platform has now of every shipment, and what it can read of it. Raises: NoAnswerError."""
    opened = {id_: _ask(url, f"/_opened/{quote(id_)}") for id_ in _ask(url, "/_ledger")["shipments"]}
    return {id_: {**dict.fromkeys(told["unreadable"]), **told["parts"]} for id_, told in opened.items()}


def files(folders: Iterable[Path], root: Path) -> Mapping[str, bytes]:
    """The bytes of every file beneath ``folders``, by its path beneath ``root``."""
    found = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in found}


def _ask(url: str, path: str) -> Mapping[str, Any]:
    answer = exchange("GET", url + path, total_seconds=20)
    try:
        content = read_object(answer.body)
    except ValueError:
        content = {}
    if answer.status != 200 or not content:
        raise NoAnswerError(path)
    return content
