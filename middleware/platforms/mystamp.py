"""A shop's own system that orders stamps: a closed document in, the canonical order of MyStamp out."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from middleware.core.images import ImageError, Kind, stripped, taken_out
from middleware.core.kinds import MYSTAMP
from middleware.core.planning import CLOCKS_APART
from middleware.model import ParsedMatter, ShopSettings
from middleware.platforms.documents import Fields, loaded, name_of, refusal, taken_from, targets, version
from schemas import mystamp
from schemas.allowlist import Node, is_blank
from schemas.mystamp import (
    MOST_IMAGE_BYTES,
    OPTIONAL,
    Address,
    Customer,
    Declaration,
    Depicted,
    Image,
    StampIds,
    StampOrder,
    Stamps,
)

_JPEG: Final = b"\xff\xd8\xff"
WITH_IMAGE: Final = "image_metadata"
"""Why what stands in an image beside its picture goes."""


@dataclass(frozen=True, slots=True)
class MyStamp:
    """``ports.Lane`` for orders of stamps."""

    topic: ClassVar[str] = "mystamp"
    first: ClassVar[str] = MYSTAMP.first
    barcode: ClassVar[bool] = False
    shape: Node = mystamp.SHAPE

    @property
    def names(self) -> Mapping[str, str]:
        """Most names are the canonical order's own."""
        return {"/updated_at": "/order/updated_at"}

    def parse(self, document: object, _: ShopSettings, now: datetime) -> ParsedMatter:
        """Read the document of a request that came at ``now``. Raises: SchemaError."""
        sent = loaded(mystamp.ORDER, document)
        named, taken = sent["order"], dict[str, str]()
        changed = version(named["updated_at"], "/order/updated_at", now)
        image, kinds = _image(sent["image"], taken)
        order = StampOrder(
            ids=StampIds(order_id=named["id"], order_name=named["name"] or None, customer_id=sent["customer"]["id"]),
            customer=_customer(sent["customer"], taken),
            stamps=Stamps(**taken_from(sent["stamps"], "stamps.", targets(Stamps, "stamps."), taken)),
            depicted=_depicted(sent["depicted"] or (), taken),
            image=image,
            declaration=_declaration(sent["declaration"], now, taken),
            entered=_entered(sent["entered"]),
            updated_at=changed,
        )
        lost = {f"image.{kind}": WITH_IMAGE for kind in kinds}
        return ParsedMatter(order_id=named["id"], updated_at=changed, halt=None, order=order, taken=taken, lost=lost)


def _customer(sent: Fields, taken: dict[str, str]) -> Customer:
    name_of(sent, "/customer/name")
    wanted = {name: path for name, path in targets(Customer, "customer.").items() if name != "address"}
    where = targets(Address, "customer.address.")
    return Customer(
        **taken_from(sent, "customer.", wanted, taken),
        address=Address(**taken_from(sent["address"], "customer.address.", where, taken)),
    )


def _depicted(sent: Sequence[Fields], taken: dict[str, str]) -> tuple[Depicted, ...]:
    wanted = targets(Depicted, "depicted.")
    return tuple(
        Depicted(**taken_from(one, f"depicted[{position}].", wanted, taken)) for position, one in enumerate(sent)
    )


def _image(sent: str | None, taken: dict[str, str]) -> tuple[Image, frozenset[Kind]]:
    """The image without its metadata: nobody after this step sees them (MS-CAT-6); and of what kinds those were.
    Raises: SchemaError.
    """
    if sent is None or is_blank(sent):
        return Image(), frozenset()
    data, kinds = _read(sent)
    if len(data) > MOST_IMAGE_BYTES:
        raise refusal("/image", "image-size")
    taken["image"] = "image.data"
    media = "image/jpeg" if data.startswith(_JPEG) else "image/png"
    return Image(data=base64.b64encode(data).decode("ascii"), media=media), kinds


def _read(sent: str) -> tuple[bytes, frozenset[Kind]]:
    """Raised outside the handlers: an error of the decoder may hold what it could not read."""
    try:
        data = base64.b64decode(sent, validate=True)
        clean = stripped(data)
        return clean, taken_out(data, clean)
    except ValueError:  # no base64: another alphabet, or padding
        code: str = "base64"
    except ImageError as problem:
        code = problem.code
    raise refusal("/image", code)


def _declaration(sent: Fields | None, now: datetime, taken: dict[str, str]) -> Declaration:
    """Raises: SchemaError for one that was given in the future, or at no time."""
    if sent is None:
        return Declaration()
    given = declared_at(sent["declared_at"], "/declaration/declared_at", now)
    taken |= {f"declaration.{name}": f"declaration.{name}" for name in ("id", "declared_at")}
    return Declaration(id=sent["id"], declared_at=given)


def declared_at(told: str, pointer: str, now: datetime) -> str:
    """When a declaration was given, in UTC. Raises: SchemaError."""
    if is_blank(told):
        raise refusal(pointer, "required")
    moment = version(told, pointer, now)
    if moment > now + CLOCKS_APART:
        raise refusal(pointer, "future")
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _entered(sent: Sequence[str | None] | None) -> frozenset[str]:
    """What the customer entered for a purpose, of what is optional. Raises: SchemaError for another word."""
    if not set(sent or ()) <= set(OPTIONAL):
        raise refusal("/entered", "choice")
    return frozenset(OPTIONAL) & frozenset(sent or ())
