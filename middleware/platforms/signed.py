"""What every platform shares that signs the body of its webhooks, and tells the rest in headers that are not signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from middleware.core import signature
from middleware.errors import SignatureError
from middleware.model import Inbound
from middleware.platforms.taking import moment
from middleware.ports_senders import Headers


@dataclass(frozen=True, slots=True)
class Signed:
    """That half of the platform port. ``changed`` is the order's member that tells when it was changed, in ``zone``
    where it tells none; a secret has at most so many ``spellings``.
    """

    headers: Headers
    changed: str
    zone: str = ""
    spellings: int = 1

    def topic_of(self, inbound: Inbound) -> str:
        """The topic that the request claims; unsigned."""
        return inbound.headers.get(self.headers.topic.lower(), "")

    def spelt(self, secret: bytes) -> Sequence[bytes]:
        """The spellings of a secret with which the platform may sign."""
        return (secret,)

    def verify(self, inbound: Inbound, secrets: Sequence[bytes], topics: frozenset[str]) -> None:
        """Check the HMAC over the raw body, and that the claimed topic belongs to this route. Raises: SignatureError,
        always alike.
        """
        header = inbound.headers.get(self.headers.signature.lower())
        spelt = tuple(spelling for secret in secrets for spelling in self.spelt(secret))
        genuine = signature.verify(inbound.body, header, spelt, signature.MOST_SECRETS * self.spellings)
        if not genuine or self.topic_of(inbound) not in topics:
            raise SignatureError()

    def order_id(self, document: object) -> str | None:
        """The order's id, even of a document that is otherwise refused."""
        value = document.get("id") if isinstance(document, dict) else None
        return str(value) if type(value) is int else None

    def updated_at(self, document: object) -> datetime | None:
        """When the order was changed, even of a document that is otherwise refused."""
        value = document.get(self.changed) if isinstance(document, dict) else None
        return moment(value, zone=self.zone) if isinstance(value, str) else None
