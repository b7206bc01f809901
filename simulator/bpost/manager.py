"""The Shipping Manager: what it takes, prints and refuses. No HTTP here but its answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from lxml import etree

from simulator.bpost.answers import ZPL, Printed, invalid_selection, labels, order_info, unknown_items, written
from simulator.bpost.contents import label
from simulator.bpost.errors import ASSUMED, XML, DeclinedError, business_exception, invalid, plain
from simulator.bpost.grammar import Element
from simulator.bpost.names import UNPRINTED, BoxState, v3, v5
from simulator.bpost.printing import FORMS
from simulator.bpost.reader import read
from simulator.bpost.rules import BATCHES, ORDER, UPDATE
from simulator.bpost.selection import configuration, faults, missing_items
from simulator.bpost.store import Box, Order, Shelf
from simulator.bpost.switches import Switches
from simulator.bpost.validator import InvalidError, validate
from simulator.bpost.wanted import Wanted
from simulator.errors import Fault, RefusedError
from simulator.errors import invalid as unfit
from simulator.label import Label
from simulator.message import Answer
from simulator.store import Store

CANCELLED = "The order is in CANCELLED state and cannot be modified anymore."
PRINTABLE = frozenset({BoxState.PENDING, BoxState.OPEN})
MIMES = {"pdf": "application/pdf", "image": "image/png", "zpl": ZPL}


class Manager:
    """Orders, boxes and labels in ``store``. A change is committed when its method returns."""

    def __init__(self, store: Store) -> None:
        self.switches = Switches()
        self.shelf = Shelf(store)
        self._store = store
        self._lock = threading.RLock()

    def create(self, account: str, body: bytes) -> str:
        """Take an order; its reference. Raises: DeclinedError (400; 409: what it would change is cancelled)."""
        root = _read(body, ORDER)
        if root.findtext(v5("accountId")) != account:
            raise plain(400, "Error in request: accountId is not that of the address.", assumed="account-of-body")
        if missing_items(root):
            raise plain(400, "WORLD_BUSINESS: at least one item data is required")
        if refused := faults(root, self.switches.without, self.switches.demanded):
            raise DeclinedError(self._xml(400, invalid_selection(refused)))
        boxes = root.findall(v5("box"))
        for box in boxes:
            root.remove(box)
        with self._lock, self._store.transaction():
            reference = root.findtext(v5("reference")) or f"SHM-{len(self.shelf.orders()) + 1:08d}"
            known = self.shelf.order(account, reference)
            if known is not None and known.cancelled:
                raise business_exception(CANCELLED)
            if known is not None and self.switches["existing-order"] == "replace":
                self.shelf.drop_boxes(account, reference)
            self.shelf.take(account, reference, etree.tostring(root, with_tail=False))
            for box in boxes:
                state = BoxState(box.findtext(v5("status")) or BoxState.PENDING)
                self.shelf.add_box(account, reference, etree.tostring(box, with_tail=False), state)
        return reference

    def fetch(self, account: str, reference: str) -> bytes:
        """An order as it stands. Raises: DeclinedError (404)."""
        with self._lock:
            return self._written(order_info(self._order(account, reference)))

    def update(self, account: str, reference: str, body: bytes) -> None:
        """Another state for all boxes that are not printed. Raises: DeclinedError (400, 404, 409)."""
        state = BoxState(_read(body, UPDATE).findtext(v3("status")) or "")
        with self._lock, self._store.transaction():
            order = self._order(account, reference)
            if order.cancelled:
                raise business_exception(CANCELLED)
            for box in order.boxes:
                if box.state in UNPRINTED:
                    self.shelf.set_state(box.number, state)

    def print_order(self, account: str, reference: str, wanted: Wanted) -> bytes:
        """The labels of an order's boxes. Raises: DeclinedError (404, 409)."""
        with self._lock, self._store.transaction():
            order = self._order(account, reference)
            if order.cancelled:
                raise business_exception(CANCELLED)
            return self._labels(order.boxes, wanted)

    def print_box(self, account: str, barcode: str, wanted: Wanted) -> bytes:
        """The label of a box, however often. Raises: DeclinedError (404)."""
        with self._lock, self._store.transaction():
            return self._labels((self._box(account, barcode),), wanted, again=True)

    def print_many(self, account: str, body: bytes, wanted: Wanted) -> bytes:
        """The labels of many boxes and orders, or of none. Raises: DeclinedError (400, and 4xx for what is unknown)."""
        try:
            root = read(body)
            validate(root, BATCHES.get(str(root.tag), BATCHES[v5("batchLabels")]))
        except InvalidError as error:
            raise invalid(error.text) from None
        items = [(etree.QName(item).localname, item.text or "") for item in root]
        barcodes, references = ([text for name, text in items if name == kind] for kind in ("box", "order"))
        with self._lock, self._store.transaction():
            boxes = {barcode: self.shelf.box(barcode) for barcode in barcodes}
            orders = {reference: self.shelf.order(account, reference) for reference in references}
            strange = [code for code, box in boxes.items() if box is None or box.account != account]
            unheard = [reference for reference, order in orders.items() if order is None]
            if strange or unheard:
                status = int(self.switches["unknown-items"])
                raise DeclinedError(self._xml(status, unknown_items(strange, unheard), assumed="unknown-items"))
            found = [box for box in boxes.values() if box is not None]
            found += [box for order in orders.values() if order is not None for box in order.boxes]
            return self._labels(tuple({box.number: box for box in found}.values()), wanted, again=wanted.force)

    def products(self) -> bytes:
        """What the account may use."""
        switches = self.switches
        renamed = switches["option-names"] == "other"
        return self._written(configuration(switches.without, switches.demanded, renamed=renamed))

    def box(self, account: str, barcode: str) -> Box:
        """The box of a barcode, of this account alone. Raises: DeclinedError (404)."""
        with self._lock:
            return self._box(account, barcode)

    def move(self, barcode: str, state: object) -> dict[str, object]:
        """Move a printed box along, as its journey would. Raises: RefusedError (404, 422)."""
        if state not in [other for other in BoxState if other not in UNPRINTED]:
            raise unfit(Fault(pointer="/status", code="value"))
        with self._lock:
            box = self.shelf.box(barcode)
            if box is None:
                raise RefusedError(404, "not-found")
            self.shelf.set_state(box.number, BoxState(str(state)))
        return {"barcode": barcode, "status": str(state)}

    def ledger(self) -> dict[str, object]:
        """All orders, by account and reference: how often each was taken, and its boxes."""
        with self._lock:
            return {f"{order.account}/{order.reference}": _told(order) for order in self.shelf.orders()}

    def _labels(self, boxes: Sequence[Box], wanted: Wanted, *, again: bool = False) -> bytes:
        """Print what is not printed yet; with ``again``, all that was ever to be."""
        repeat = self.switches["already-printed"]
        fresh = [box for box in boxes if box.state in PRINTABLE]
        old = [box for box in boxes if box.prints and box.state is not BoxState.CANCELLED]
        for box in fresh:
            self.shelf.set_state(box.number, BoxState(self.switches["printed-state"]))
        once_more = again or (repeat == "again" and not fresh)
        printing = sorted((*fresh, *old), key=lambda box: box.number) if once_more else fresh
        for box in printing:
            self.shelf.count_print(box.number)
        shown = [self.shelf.again(box) for box in (printing or (old if repeat == "without-bytes" else ()))]
        return self._written(labels(self._printed(shown, wanted, blank=not printing), references=wanted.references))

    def _printed(self, boxes: Sequence[Box], wanted: Wanted, *, blank: bool) -> list[Printed]:
        together = self.switches["many-labels"] == "together"
        groups = [boxes] if together and boxes else [[box] for box in boxes]
        return [
            Printed(
                barcodes=tuple((code, box.reference) for box in group for code in _codes(box, wanted)),
                mime=MIMES[wanted.form],
                document=None if blank else FORMS[wanted.form](_pages(group, wanted), wanted.sheet),
            )
            for group in groups
        ]

    def _order(self, account: str, reference: str) -> Order:
        order = self.shelf.order(account, reference)
        if order is None:
            raise plain(404, f"No order found with reference {reference}")
        return order

    def _box(self, account: str, barcode: str) -> Box:
        box = self.shelf.box(barcode)
        if box is None or account != box.account:
            raise plain(404, f"No box found with barcode {barcode}")
        return box

    def _written(self, root: etree._Element) -> bytes:
        return written(root, declared=self.switches["prefixes"] == "declared")

    def _xml(self, status: int, root: etree._Element, assumed: str | None = None) -> Answer:
        headers = {} if assumed is None else {ASSUMED: assumed}
        return Answer(status=status, body=self._written(root), media=XML, headers=headers)


def _read(body: bytes, rule: Element) -> etree._Element:
    try:
        root = read(body)
        validate(root, rule)
    except InvalidError as error:
        raise invalid(error.text) from None
    return root


def _codes(box: Box, wanted: Wanted) -> tuple[str, ...]:
    return box.barcodes if wanted.back else box.barcodes[:1]


def _pages(boxes: Sequence[Box], wanted: Wanted) -> list[Label]:
    return [label(box, code, back=number > 0) for box in boxes for number, code in enumerate(_codes(box, wanted))]


def _told(order: Order) -> dict[str, object]:
    boxes = [
        {"status": box.state, "barcode": box.barcodes[0] if box.prints else None, "prints": box.prints}
        for box in order.boxes
    ]
    return {"posts": order.posts, "boxes": boxes}
