"""What an order's address lines filled: the address, where each part came from, and what is unclear about it."""

from __future__ import annotations

from dataclasses import dataclass, field

from middleware.core import contact
from middleware.core.address import split
from schemas.order import Address, Hidden

CONTACT = "contact"
"""The doubt about a line in which a phone number or an e-mail address stands."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Notes(Hidden):
    """Filled while an order is read; members as those of ``model.Parsed``."""

    taken: dict[str, str] = field(default_factory=dict)
    shared: dict[str, tuple[str, ...]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)

    def fill(self, path: str, parts: tuple[str, ...]) -> None:
        """Note which parts of the address a line filled."""
        first, *others = (f"recipient.address.{part}" for part in parts)
        self.taken[path] = first
        if others:
            self.shared[path] = tuple(others)

    def look(self, path: str, text: str | None, country: str | None) -> None:
        """Note a text in which somebody's phone number or e-mail address stands."""
        if text and contact.stands_in(text, country):
            self.doubts[path] = CONTACT


def address(typed: Address, path1: str, path2: str, notes: Notes) -> Address:
    """The address with its lines split: ``typed`` has them in ``street`` and ``line2``; ``path1`` and ``path2`` are
    where they stand in the order.
    """
    found = split(typed.street, typed.line2, typed.country)
    if found.street:
        notes.fill(path1, found.first)
        if found.doubt:
            notes.doubts[path1] = found.doubt
    if typed.line2:
        notes.fill(path2, found.second)
    for path, text in ((path1, typed.street), (path2, typed.line2)):
        notes.look(path, text, typed.country)
    return Address(
        street=found.street,
        number=found.number,
        box=found.box,
        line2=found.line2,
        locality=typed.locality,
        postal_code=typed.postal_code,
        country=typed.country,
    )
