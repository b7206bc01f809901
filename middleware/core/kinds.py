"""The kinds of record, and what the steps of the line have to know of each: all else is the same for all of them.

A kind belongs to the packs that have its first part, and to no other: one payload, one pack (MX-SCO-1, MS-SCO-1).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from middleware.core import kind_maxiresponse, kind_mystamp, kind_shipment
from middleware.model import ShopSettings
from schemas.matter import Matter
from schemas.maxiresponse import Contact
from schemas.mystamp import StampOrder
from schemas.order import Order, Sender
from schemas.policy import Policy

M = TypeVar("M")

Plaintext = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[M]):
    """``first``: the part that each record of this kind has. ``minimise``: what is needed and permitted, and what
    was withheld (canonical path → reason); raises SchemaError for what may not be stored. ``parts``: the sealed parts
    that it needs; ``plaintexts``: what stands in them. ``clear``: what travels in the clear, of a shop, under a
    reference. ``index``: what leads back to the record, by kind of value. ``declared``: the
    declaration of lawfulness that came with it, empty without one. ``contract``: with whom the contract is, where the
    record itself says so and not the account.
    """

    first: str
    minimise: Callable[[M, Policy, ShopSettings], tuple[M, Mapping[str, str]]]
    parts: Callable[[M], Iterator[str]]
    plaintexts: Callable[[M, Sender], Mapping[str, Plaintext]]
    clear: Callable[[M, str, str], Mapping[str, object]]
    index: Callable[[M], Mapping[str, str | None]]
    declared: Callable[[M], Mapping[str, object]]
    contract: Callable[[M], str | None] = field(default=lambda _: None)


SHIPMENT: Final[Kind[Order]] = Kind(
    first="recipient.delivery",
    minimise=kind_shipment.minimised,
    parts=kind_shipment.parts,
    plaintexts=kind_shipment.plaintexts,
    clear=kind_shipment.clear,
    index=kind_shipment.index,
    declared=kind_shipment.declared,
)
MAXIRESPONSE: Final[Kind[Contact]] = Kind(
    first="maxiresponse.contact",
    minimise=kind_maxiresponse.minimised,
    parts=kind_maxiresponse.parts,
    plaintexts=kind_maxiresponse.plaintexts,
    clear=kind_maxiresponse.clear,
    index=kind_maxiresponse.index,
    declared=kind_maxiresponse.declared,
    contract=kind_maxiresponse.contract,
)
MYSTAMP: Final[Kind[StampOrder]] = Kind(
    first="mystamp.customer",
    minimise=kind_mystamp.minimised,
    parts=kind_mystamp.parts,
    plaintexts=kind_mystamp.plaintexts,
    clear=kind_mystamp.clear,
    index=kind_mystamp.index,
    declared=kind_mystamp.declared,
)

_KINDS: Final[Mapping[type, Kind[Any]]] = {Order: SHIPMENT, Contact: MAXIRESPONSE, StampOrder: MYSTAMP}


NO_PARCEL: Final = frozenset((MAXIRESPONSE.first, MYSTAMP.first))
"""By which part a record is known that is no parcel."""


def kind_of(matter: Matter) -> Kind[Any]:
    """How this matter is treated."""
    return _KINDS[type(matter)]


def kinds_of(policy: Policy) -> tuple[Kind[Any], ...]:
    """The kinds of record that a pack is for."""
    return tuple(kind for kind in _KINDS.values() if kind.first in policy.parts)
