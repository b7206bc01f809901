"""What the services remember: orders and their boxes, in the platform's own file, in the clear as bpost reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from simulator.bpost.barcodes import barcodes, number_of
from simulator.bpost.names import BoxState
from simulator.bpost.reader import read
from simulator.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS bpost_order (
    account TEXT NOT NULL, reference TEXT NOT NULL, head BLOB NOT NULL, posts INTEGER NOT NULL,
    PRIMARY KEY (account, reference));
CREATE TABLE IF NOT EXISTS bpost_box (
    number INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, reference TEXT NOT NULL, content BLOB NOT NULL,
    state TEXT NOT NULL, prints INTEGER NOT NULL);
"""
BOX = "SELECT number, account, reference, content, state, prints FROM bpost_box"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Box:
    """One box. ``content`` is its element as it came, ``prints`` how often its label was made."""

    number: int
    account: str
    reference: str
    content: bytes
    state: BoxState
    prints: int

    @property
    def element(self) -> etree._Element:
        """``content``, read."""
        return read(self.content)

    @property
    def barcodes(self) -> tuple[str, ...]:
        """Outward and, within Belgium, back; none before the label is printed."""
        return barcodes(self.account, self.number, abroad=b"internationalBox" in self.content) if self.prints else ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Order:
    """One order: ``head`` is its element without boxes, ``posts`` how often it was taken."""

    account: str
    reference: str
    head: bytes
    posts: int
    boxes: tuple[Box, ...]

    @property
    def cancelled(self) -> bool:
        """Whether nothing of it is left to send."""
        return all(box.state is BoxState.CANCELLED for box in self.boxes)


class Shelf:
    """The tables, in the file of ``store``; a change is durable when its method, or the transaction around it, ends."""

    def __init__(self, store: Store) -> None:
        self._store = store
        store.script(SCHEMA)

    def take(self, account: str, reference: str, head: bytes) -> None:
        """An order, new or once more."""
        self._store.run(
            "INSERT INTO bpost_order VALUES (?,?,?,1) ON CONFLICT (account, reference) "
            "DO UPDATE SET head = excluded.head, posts = posts + 1",
            account,
            reference,
            head,
        )

    def add_box(self, account: str, reference: str, content: bytes, state: BoxState) -> None:
        """A box more."""
        statement = "INSERT INTO bpost_box (account, reference, content, state, prints) VALUES (?,?,?,?,0)"
        self._store.run(statement, account, reference, content, state.value)

    def drop_boxes(self, account: str, reference: str) -> None:
        """Forget the boxes of an order; their numbers never come again."""
        self._store.run("DELETE FROM bpost_box WHERE account = ? AND reference = ?", account, reference)

    def order(self, account: str, reference: str) -> Order | None:
        """One order, or None."""
        statement = "SELECT account, reference, head, posts FROM bpost_order WHERE account = ? AND reference = ?"
        return next((self._order(row) for row in self._store.rows(statement, account, reference)), None)

    def orders(self) -> list[Order]:
        """All of them, in the order of their coming."""
        rows = self._store.rows("SELECT account, reference, head, posts FROM bpost_order ORDER BY rowid")
        return [self._order(row) for row in rows]

    def box(self, barcode: str) -> Box | None:
        """The box whose label carries this barcode, or None."""
        boxes = (_box(row) for row in self._store.rows(f"{BOX} WHERE number = ?", number_of(barcode)))
        return next((box for box in boxes if barcode in box.barcodes), None)

    def again(self, box: Box) -> Box:
        """A box as it is now."""
        return _box(self._store.rows(f"{BOX} WHERE number = ?", box.number)[0])

    def set_state(self, number: int, state: BoxState) -> None:
        """Move a box to ``state``."""
        self._store.run("UPDATE bpost_box SET state = ? WHERE number = ?", state.value, number)

    def count_print(self, number: int) -> None:
        """Its label was made."""
        self._store.run("UPDATE bpost_box SET prints = prints + 1 WHERE number = ?", number)

    def _order(self, row: Any) -> Order:
        account, reference, head, posts = row
        boxes = self._store.rows(f"{BOX} WHERE account = ? AND reference = ? ORDER BY number", account, reference)
        return Order(
            account=account, reference=reference, head=head, posts=posts, boxes=tuple(_box(box) for box in boxes)
        )


def _box(row: Any) -> Box:
    number, account, reference, content, state, prints = row
    return Box(
        number=number,
        account=account,
        reference=reference,
        content=content,
        state=BoxState(state),
        prints=prints,
    )
