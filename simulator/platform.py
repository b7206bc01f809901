"""The simulated parcel platform: what it takes, keeps, opens, re-seals and forgets. No HTTP here.

Every change is durable when its method returns. Source: contract 'the JSON parcel API', sealing.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from simulator.clock import Clock, month_of
from simulator.encoding import read_json, read_object
from simulator.envelope import Envelope, read_envelope, read_retention
from simulator.errors import Fault, RefusedError, invalid
from simulator.jwe import UnreadableError
from simulator.keys import KeyRing
from simulator.label import Label, address, render
from simulator.months import close_months
from simulator.opened import Plaintext, check_part, key_month, open_part, read_plaintext
from simulator.parts import PARTS, SHIPMENTS
from simulator.pickup import POINTS
from simulator.receipt import ReceiptKeys, check_receipt
from simulator.store import Shipment, State, Store, StoredPart

OFFSET = "clock_offset_seconds"

Json = dict[str, object]
T = TypeVar("T")


class Platform:
    """The platform in the folder ``state`` (made with mode 0700).

    With ``receipts``, a shipment needs a receipt that verifies.
    """

    def __init__(self, state: Path, *, receipts: ReceiptKeys | None = None) -> None:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.store = Store(state / "platform.db")
        self.clock = Clock(timedelta(seconds=float(self.store.setting(OFFSET) or 0)))
        self._ring = KeyRing(state / "keys")
        self._receipts = receipts
        self._lock = threading.RLock()  # one at a time opens with, and changes, the keys
        self._month = ""
        self.tick()

    def close(self) -> None:
        """Close the files."""
        self.store.close()

    def jwks(self) -> Json:
        """The public halves of the retention keys."""
        with self._lock:
            return {**self._ring.jwks()}

    def create(self, body: bytes, key: str | None, kind: str = SHIPMENTS) -> Json:
        """Take a shipment, or a record of another kind.

        Raises:
            RefusedError: 400 (not JSON; ``key`` is not the body's id), 409 (the id came before with another body),
                410 (erased before it came), 422 (the contract does not admit it), 503 (no receipt keys to be had).
        """
        content = _read(read_object, body)
        if key is None or content.get("id") != key:
            raise RefusedError(400, "idempotency-key")
        digest = hashlib.sha256(body).digest()
        if (known := self._known(key, digest, kind)) is not None:
            return known
        envelope = read_envelope(content, kind)
        if self._receipts is not None:
            check_receipt(envelope, self._receipts)
        with self._lock:
            if (known := self._known(key, digest, kind)) is not None:  # another thread was faster
                return known
            for name, token in envelope.sealed.items():
                check_part(token, envelope.retention[name], envelope.id, self._ring)
            self._keep(envelope, digest)
            return {**_face(self._find(key, kind)), "state": State.CREATED}

    def shipment(self, id_: str, kind: str = SHIPMENTS) -> Json:
        """Barcode, label and state; of what is no parcel the state alone. Raises: RefusedError (404, 410)."""
        return _face(self._find(id_, kind))

    def cancel(self, id_: str) -> Json:
        """Cancel, once or again. Raises: RefusedError (404, 410; 409 once it is handed over)."""
        with self._lock:
            if self._find(id_).state not in (State.CREATED, State.CANCELLED):
                raise RefusedError(409, "handed-over")
            self.store.set_state(id_, State.CANCELLED)
        return self.shipment(id_)

    def set_state(self, id_: str, body: bytes) -> Json:
        """Move a shipment along, as a parcel's journey would. Raises: RefusedError (400, 404, 410, 422)."""
        wanted = _read(read_object, body).get("state")
        if wanted not in list(State):
            raise invalid(Fault(pointer="/state", code="value"))
        with self._lock:
            self._find(id_)
            self.store.set_state(id_, State(str(wanted)))
        return self.shipment(id_)

    def label(self, id_: str) -> bytes:
        """The label as PDF, made now from what opens.

        Raises:
            RefusedError: 404, 409 (cancelled), 410 (erased or unreadable).
        """
        shipment = self._find(id_)
        if shipment.state is State.CANCELLED:
            raise RefusedError(409, "cancelled")
        delivery = self._open_all(id_)[0].get("recipient.delivery")
        if delivery is None:
            raise RefusedError(410, "erased")
        parcel, recipient = _member(shipment.clear, "parcel"), _member(shipment.clear, "recipient")
        postal_code, pickup = recipient["postal_code"], parcel["pickup_point"]
        lines = address(
            delivery,
            country=str(recipient["country"]),
            postal_code=None if postal_code is None else str(postal_code),
            pickup=None if pickup is None else POINTS[str(pickup)],
        )
        return render(Label(lines=lines, reference=str(parcel["reference"]), barcode=shipment.barcode))

    def delete_part(self, id_: str, part: str, kind: str = SHIPMENTS) -> None:
        """Erase a part, once or again; of an id that never came, see to it that it never will.

        Raises:
            RefusedError: 404, no such part.
        """
        if part not in PARTS or PARTS[part].kind != kind:
            raise RefusedError(404, "not-found")
        with self._lock, self.store.transaction():
            if self.store.shipment(id_) is None:
                self.store.add_tombstone(id_)
            else:
                self.store.delete_part(id_, part)

    def retag(self, id_: str, body: bytes, kind: str = SHIPMENTS) -> Json:
        """Start or move retention clocks. Raises: RefusedError (400, 404, 410, 422)."""
        tags = read_retention(_read(read_json, body))
        with self._lock, self.store.transaction():
            self._find(id_, kind)
            parts = {part.tag.part: part for part in self.store.parts(id_)}
            for index, tag in enumerate(tags):
                if tag.part not in parts:
                    raise invalid(Fault(pointer=f"/{index}/part", code="unknown-part"))
                part = parts[tag.part]
                self.store.put_part(StoredPart(shipment=id_, kid=part.kid, jwe=part.jwe, tag=tag))
        return {"updated": len(tags)}

    def pickup_points(self, postal_code: str | None) -> Json:
        """The pick-up points, or those with that postal code."""
        chosen = (point for point in POINTS.values() if postal_code in (None, point.postal_code))
        return {"points": [asdict(point) for point in chosen]}

    def opened(self, id_: str) -> Json:
        """What can be read of a shipment, and which of its parts cannot. Raises: RefusedError (404, 410)."""
        self._find(id_, None)
        parts, unreadable = self._open_all(id_)
        return {"id": id_, "parts": parts, "unreadable": unreadable}

    def move_clock(self, body: bytes) -> Json:
        """Move the clock and do what the new time demands. Raises: RefusedError (400, 422)."""
        wanted = _read(read_object, body).get("now")
        try:
            now = datetime.fromisoformat(wanted) if isinstance(wanted, str) else None
        except ValueError:
            now = None
        if now is None or now.tzinfo is None:
            raise invalid(Fault(pointer="/now", code="date"))
        with self._lock:
            self.clock.move(now)
            self.store.put_setting(OFFSET, str(self.clock.offset.total_seconds()))
            return {"now": self.clock.now().isoformat(), **self.tick()}

    def tick(self) -> Json:
        """If a new month has come: re-seal what outlives the months that closed, destroy their keys, make new ones."""
        month = month_of(self.clock.now())
        with self._lock:
            if month == self._month:
                return {"resealed": 0, "destroyed": []}
            resealed, destroyed = close_months(self.store, self._ring, month)
            self._ring.provision(month)
            self._month = month
            return {"resealed": resealed, "destroyed": sorted(destroyed)}

    def _known(self, id_: str, digest: bytes, kind: str) -> Json | None:
        with self._lock:
            if self.store.entombed(id_):
                raise RefusedError(410, "erased")
            shipment = self.store.shipment(id_)
            if shipment is None:
                return None
            if shipment.digest != digest or shipment.kind != kind:
                raise RefusedError(409, "other-body")
            self.store.count_post(id_)
            return {**_face(shipment), "state": State.CREATED}  # the first answer again, whatever has happened since

    def _keep(self, envelope: Envelope, digest: bytes) -> None:
        with self.store.transaction():
            self.store.add_shipment(envelope.id, digest, envelope.clear)
            for name, token in envelope.sealed.items():
                kid = PARTS[name].kid(key_month(token, PARTS[name], envelope.id))
                tag = envelope.retention[name]
                self.store.put_part(StoredPart(shipment=envelope.id, kid=kid, jwe=token, tag=tag))

    def _find(self, id_: str, kind: str | None = SHIPMENTS) -> Shipment:
        """The record of that id, if it is of that kind; ``None``: of any."""
        shipment = self.store.shipment(id_)
        if shipment is not None and kind not in (None, shipment.kind):
            raise RefusedError(404, "not-found")
        if shipment is None:
            raise RefusedError(410, "erased") if self.store.entombed(id_) else RefusedError(404, "not-found")
        return shipment

    def _open_all(self, id_: str) -> tuple[dict[str, Plaintext], list[str]]:
        parts: dict[str, Plaintext] = {}
        unreadable: list[str] = []
        with self._lock:
            for stored in self.store.parts(id_):
                part = PARTS[stored.tag.part]
                try:
                    parts[part.name] = read_plaintext(open_part(stored.jwe, part, id_, self._ring), part)
                except UnreadableError:
                    unreadable.append(part.name)
        return parts, unreadable


def _read(reader: Callable[[bytes], T], body: bytes) -> T:
    try:
        return reader(body)
    except ValueError:
        pass
    raise RefusedError(400, "malformed-json")


def _face(shipment: Shipment) -> Json:
    if shipment.kind != SHIPMENTS:
        return {"state": shipment.state}
    return {"barcode": shipment.barcode, "label": f"/shipments/{shipment.id}/label", "state": shipment.state}


def _member(clear: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = clear[name]
    return value if isinstance(value, Mapping) else {}
