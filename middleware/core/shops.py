"""What is kept of a shop in the database, closed and opened: one JWE under the service key, bound to the shop's name.

Domain and secrets are found again by keyed digests, so that no row has to be opened to see that two shops share one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from middleware.core.calendar import today
from middleware.core.index import Indexer
from middleware.core.seal import LockKey, lock, unlock_any
from middleware.errors import TamperedError
from middleware.model import ShopSettings
from middleware.model_shop import Ended, Held, Integration, ShopContent, ShopSecret
from schemas.shop_rules import of_direct

SEALED_SIZE = 1024
"""Bytes of plaintext; longer settings go to the next multiple."""

_DOMAIN = "shop.domain"

NOBODY = ""
"""The scope of the digests that all shops share; no shop is called so."""


def purpose(name: str) -> str:
    """What the row of that shop is locked for."""
    return f"shop {name}"


class Keys(Protocol):
    """What a vault needs of the service's own keys."""

    @property
    def index(self) -> bytes:
        """The index key."""

    @property
    def service(self) -> LockKey:
        """The key that locks."""

    def opening(self) -> tuple[LockKey, ...]:
        """The keys that open."""


@dataclass(frozen=True, slots=True, repr=False)
class Vault:
    """Closes and opens."""

    keys: Keys

    def __repr__(self) -> str:
        return "<Vault>"

    def close(self, name: str, content: ShopContent) -> str:
        """The sealed row of that shop."""
        document = {
            "settings": content.settings,
            "secrets": [_written(secret) for secret in content.secrets],
            "token": content.token and content.token.decode("ascii"),
            "passphrase": content.passphrase,
            "points_key": content.points_key and content.points_key.decode("ascii"),
            "callback": content.callback,
            "fulfilment": content.fulfilment,
            "tracking_password": content.tracking_password,
        }
        return lock(orjson.dumps(document).decode(), self.keys.service, purpose(name), SEALED_SIZE)

    def open(self, name: str, sealed: str) -> ShopContent:
        """Raises: TamperedError for whatever is not what ``close`` made for that shop under this key."""
        try:
            document: Any = orjson.loads(unlock_any(sealed, self.keys.opening(), purpose(name)))
            return ShopContent(
                settings=dict(document["settings"]),
                secrets=tuple(_read(*secret) for secret in document["secrets"]),
                token=document["token"] and document["token"].encode("ascii"),
                passphrase=document["passphrase"],
                points_key=document["points_key"] and document["points_key"].encode("ascii"),
                callback=tuple(document["callback"]),
                fulfilment=document["fulfilment"],
                tracking_password=document["tracking_password"],
            )
        except (AttributeError, KeyError, TypeError, ValueError, binascii.Error):
            pass
        raise TamperedError()

    def of_domain(self, domain: str) -> bytes:
        """The keyed digest of a shop's domain."""
        return Indexer(self.keys.index, NOBODY).of(_DOMAIN, domain)

    def of_secrets(self, secrets: Iterable[bytes]) -> tuple[bytes, ...]:
        """The keyed digests of webhook secrets."""
        return tuple(Indexer(self.keys.index, NOBODY).of_bytes("shop.secret", secret) for secret in secrets)


def integration(index: bytes, settings: ShopSettings) -> Integration | None:
    """A shop's request to integrate, by the index key; None for a shop that has none. The name of the shop is no part
    of it: under another name the same request stays the same.
    """
    if settings.integration_requested_on is None:
        return None
    digests = Indexer(index, NOBODY)
    told = f"{settings.domain} {settings.integration_requested_on} {settings.integration_reference}"
    return Integration(
        domain=digests.of(_DOMAIN, settings.domain),
        request=digests.of("shop.integration", told),
        requested_on=settings.integration_requested_on,
    )


def lapsed(request: Integration | None, ended: Iterable[Ended]) -> bool:
    """Whether this request has ended, or is older than one that has: only a new one connects again (VP-PLG-3)."""
    return request is not None and any(
        one.request == request.request or request.requested_on < today(one.ended_at) for one in ended
    )


def content_of(settings: Mapping[str, object], told: Held, before: ShopContent | None, *, keeps: bool) -> ShopContent:
    """What is sealed of a shop that is given these settings, and had ``before``. With ``keeps`` its secrets stay; what
    is not told anew of the rest stays too, as long as there is what it belongs to: an account, a callback; a password
    at tracking as long as it is the same account. A token of the shop's own platform stays at the address for which it
    was told: who may name another is not to be sent it.
    """
    before = before or ShopContent(settings={})
    former = replace(
        before,
        passphrase=before.passphrase if "account" in settings else None,
        callback=before.callback if "callback" in settings else (),
        fulfilment=before.fulfilment if _at_home(settings) == _at_home(before.settings) else None,
        tracking_password=before.tracking_password if _same_account(settings, before.settings) else None,
    )
    return ShopContent(
        settings=settings,
        secrets=former.secrets if keeps and former.secrets else tuple(ShopSecret(value=one) for one in told.secrets),
        token=told.token or former.token,
        passphrase=told.passphrase or former.passphrase,
        points_key=told.points_key or former.points_key,
        callback=told.callback or former.callback,
        fulfilment=told.fulfilment or former.fulfilment,
        tracking_password=told.tracking_password or former.tracking_password,
    )


def _same_account(settings: Mapping[str, object], before: Mapping[str, object]) -> bool:
    return "account" in settings and settings["account"] == before.get("account")


def _at_home(settings: Mapping[str, object]) -> tuple[object, object] | None:
    """Where a shop's token at its own platform is sent to: its domain, or the address in its place. None: nowhere."""
    told = settings.get("fulfilment")
    return (settings.get("domain"), told.get("url")) if isinstance(told, Mapping) else None


def turned(content: ShopContent, secret: bytes, now: datetime, retire_after: timedelta | None) -> ShopContent:
    """The content with a new secret in the place of those before, which end after that time; None: at once. Repeated
    with the newest, the one before ends when it was to end.
    """
    kept: list[ShopSecret] = []
    if retire_after:
        repeated = content.secrets[0].value == secret
        older = [one for one in in_force(content.secrets, now) if one.value != secret][:1]
        kept = [one if repeated and one.until else replace(one, until=now + retire_after) for one in older]
    return replace(content, secrets=(ShopSecret(value=secret), *kept))


def in_force(secrets: Iterable[ShopSecret], now: datetime) -> tuple[ShopSecret, ...]:
    """The secrets that have not ended."""
    return tuple(secret for secret in secrets if secret.until is None or now < secret.until)


def _written(secret: ShopSecret) -> tuple[str, str | None]:
    until = secret.until.isoformat() if secret.until else None
    return base64.b64encode(secret.value).decode("ascii"), until


def _read(value: str, until: str | None) -> ShopSecret:
    return ShopSecret(
        value=base64.b64decode(value, validate=True), until=None if until is None else datetime.fromisoformat(until)
    )


def told_domain(name: str, settings: Mapping[str, object]) -> str | None:
    """The domain that settings tell, or what stands in its place for a shop that has none."""
    if settings.get("platform") == "direct":
        return of_direct(name)
    domain = settings.get("domain")
    return domain.lower() if isinstance(domain, str) else None
