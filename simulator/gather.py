"""Gathering the evidence: the platform's own answers, and the bytes of files."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from simulator.encoding import read_object
from simulator.evidence import Entry, Held, Shipment
from simulator.wire import NoAnswerError, exchange


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
    """What the platform made, could open and prints; labels need the bearer ``token``. Raises: NoAnswerError."""
    made = _ask(url, "/_ledger")["shipments"]
    return tuple(_shipment(url, token, id_, told["barcode"]) for id_, told in made.items())


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
