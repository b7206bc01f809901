"""The protocols of who sends: webhooks of a shop platform, or calls of a shop's own systems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from middleware.model import Inbound, Parsed, ParsedMatter, ShopSettings
from schemas.allowlist import AllowList, Node


class Source(Protocol):
    """How a sender's documents name things."""

    @property
    def shape(self) -> Node:
        """Every known name of an order, permitted or not."""

    @property
    def names(self) -> Mapping[str, str]:
        """Pointer (RFC 6901) into the canonical order → into the sender's document, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """The headers of a platform's webhooks, as it writes them: where the signature stands, and who sends, what it is
    about and which delivery it is, none of which is signed.
    """

    signature: str
    shop: str
    topic: str
    delivery: str


class Platform(Source, Protocol):
    """Who sends: verification of the raw bytes, and reading of the permitted fields. ``name`` is the platform's in
    settings and addresses, ``title`` for people, ``order`` what may be read of an order, and ``example`` a shop as its
    header tells it.
    """

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def example(self) -> str: ...

    @property
    def headers(self) -> Headers: ...

    @property
    def order(self) -> AllowList: ...

    @property
    def order_topics(self) -> frozenset[str]:
        """The topics that an order route takes."""

    @property
    def notices(self) -> Mapping[str, frozenset[str]]:
        """Its routes beside ``orders``: the last step of the address → the topics that are taken there."""

    @property
    def shared(self) -> bool:
        """Whether many shops may belong to one app: then an address need not name the shop."""

    @property
    def repeats(self) -> bool:
        """Whether it sends again what was answered with an error."""

    @property
    def ping(self) -> re.Pattern[bytes] | None:
        """The whole body of an unsigned request that only asks whether somebody is there; None where nobody asks."""

    def tells(self, document: object, topic: str, domain: str) -> bool:
        """Whether the body of a notice tells of this shop what its topic says: the headers that say so are not
        signed.
        """

    def ends(self, topic: str) -> bool:
        """Whether a notice of that topic ends the shop's exchange."""

    def shop_of(self, inbound: Inbound) -> str:
        """The shop domain that the request claims, or ``""``. Unsigned: it only says which secret to try."""

    def topic_of(self, inbound: Inbound) -> str:
        """The topic that the request claims, or ``""``; unsigned."""

    def webhook_of(self, inbound: Inbound) -> str:
        """The delivery's id, or ``""``; unsigned."""

    def order_id(self, document: object) -> str | None:
        """The order's id, even of a document that is otherwise refused."""

    def updated_at(self, document: object) -> datetime | None:
        """When the order was changed, even of a document that is otherwise refused."""

    def verify(self, inbound: Inbound, secrets: Sequence[bytes], topics: frozenset[str]) -> None:
        """Raises: SignatureError, for whatever is wrong, always alike."""

    def parse(self, document: object, inbound: Inbound, shop: ShopSettings) -> Parsed:
        """Raises: SchemaError; SignatureError where the body contradicts what the request claims."""

    def page_of(self, domain: str, order_id: str) -> str:
        """Where the merchant finds an order, in the shop's own administration."""


class Caller(Source, Protocol):
    """A shop's own system, which calls and waits: how its documents are read. ``topic`` is what storage is told in the
    place of a webhook's topic, ``first`` the part without which a pack is not for them, and ``barcode`` whether the
    parcel platform answers with one.
    """

    @property
    def topic(self) -> str: ...

    @property
    def first(self) -> str: ...

    @property
    def barcode(self) -> bool: ...

    def parse(self, document: object, shop: ShopSettings, now: datetime) -> ParsedMatter:
        """Read the document of a request that came at ``now``. Raises: SchemaError."""
