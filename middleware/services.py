"""What the use-cases are given: shops and what is bound to them, the store, the clock, the service's own keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from middleware.backlog import Backlog
from middleware.core.bearer import opens
from middleware.core.calendar import today
from middleware.core.index import Indexer
from middleware.core.schedule import required_kids
from middleware.core.weeks import needed
from middleware.errors import SignatureError, UnauthorisedError, UnknownKeyError
from middleware.exchange import PickupPoint
from middleware.gate import Gate
from middleware.live_keys import OwnKeys
from middleware.model import Inbound, ShopSettings
from middleware.model_shop import Integration
from middleware.platform_keys import PlatformKeys
from middleware.ports import Calls, Carrier, Clock, Finder, Integrations, Places, Store
from middleware.ports_senders import Platform
from middleware.retention_keys import PublicKeys
from schemas.order import Sender
from schemas.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Shop:
    """One shop at work. ``policy`` is the pack under the shop's interpretations, ``sender`` what the pack permits of
    its settings.
    """

    settings: ShopSettings
    platform: Platform
    carrier: Carrier
    policy: Policy
    keys: PlatformKeys
    indexer: Indexer
    sender: Sender
    paused: bool = False
    integration: Integration | None = None
    ended: bool = False
    """Its request to integrate has ended: none of its orders is taken, and nobody asks for it."""
    transit: PublicKeys | None = None
    """Our own weekly keys, where its carrier takes cleartext."""

    places: Places | None = None
    """Where its pick-up points are known, where its platform does not publish them beside its keys."""

    @property
    def published(self) -> Places:
        """Where its pick-up points are known."""
        return self.places or self.keys

    def points(self) -> Mapping[str, PickupPoint]:
        """The pick-up points that its platform publishes; a carrier that takes cleartext knows its own. Raises:
        UnknownKeyError, ConfigError as ``PlatformKeys.points``.
        """
        return {} if self.transit else self.keys.points()

    def lacking(self, day: date) -> frozenset[str]:
        """The ids of the keys that its orders of that day may need and that are not known. Raises: ConfigError."""
        if self.transit:
            return needed((self.policy,), day, ahead=0) - frozenset(self.transit.known())
        return required_kids(self.policy, day) - frozenset(self.keys.known().keys)

    def __repr__(self) -> str:
        return f"<Shop {self.settings.name}>"


class Shops(Protocol):
    """The shops at work, found by name."""

    def get(self, name: str, /) -> Shop | None:
        """None for one that is unknown, disconnected or quarantined."""

    def values(self) -> Iterable[Shop]:
        """Those that were needed by now, or are always there."""


class Domains(Protocol):
    """The shops at work that belong to an app of many shops, found by domain."""

    def get(self, domain: str, /) -> Shop | None: ...


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Services:
    """Everything that a use-case of intake needs. ``copies`` are our own retention keys, where sealed copies stay after
    delivery.
    """

    clock: Clock
    store: Store
    finder: Finder
    calls: Calls
    keys: OwnKeys
    platforms: Mapping[str, Platform]
    shops: Shops
    domains: Domains
    integrations: Integrations
    gate: Gate = field(default_factory=Gate)
    backlog: Backlog
    copies: PublicKeys | None = None
    simulated: frozenset[str] = frozenset()
    """The carriers that only simulate: what goes there is no parcel."""

    def __repr__(self) -> str:
        return "<Services>"

    def verified(self, inbound: Inbound, topics: frozenset[str], *, ended: bool = False) -> Shop:
        """The shop that signed this request, for a topic of this route. With ``ended`` one whose exchange has ended is
        heard too: what a merchant may ask does not end with it.

        An unknown shop is one whose verification fails: it costs the same time and gets the same answer. Raises:
        SignatureError.
        """
        shop = self._claimed(inbound)
        heard = shop is not None and (ended or not shop.ended)
        self.platforms[inbound.platform].verify(inbound, shop.settings.secrets if shop and heard else (), topics)
        if shop is None:  # not reached: without a secret no signature verifies
            raise SignatureError()
        return shop

    def _claimed(self, inbound: Inbound) -> Shop | None:
        """By route for a shop with an app of its own, else by the claimed domain; both must agree where both are
        there.
        """
        domain = self.platforms[inbound.platform].shop_of(inbound)
        if inbound.shop is None:
            shop = self.domains.get(domain)
        else:
            named = self.shops.get(inbound.shop)
            shop = named if named and named.settings.own_app and named.settings.domain == domain else None
        return shop if shop and shop.settings.platform == inbound.platform else None

    def asking(self, shop: str, authorization: str) -> Shop:
        """The shop whose bearer token (RFC 6750) the header holds.

        An unknown shop, one without a token and a wrong token cost the same time and get the same answer. Raises:
        UnauthorisedError.
        """
        found = self.shops.get(shop)
        token = found.settings.token if found and not found.ended else None
        return self._opened(found, authorization, (token,))

    def asking_points(self, shop: str, authorization: str) -> tuple[Shop, bool]:
        """The same for who asks for pick-up points, and whether it is a browser: the shop's key for browsers opens them
        as well, and nothing else. Raises: UnauthorisedError.
        """
        found = self.shops.get(shop)
        settings = found.settings if found and not found.ended else None
        token, key = (settings.token, settings.points_key) if settings else (None, None)
        return self._opened(found, authorization, (token, key)), opens(authorization, (key or b"",))

    def _opened(self, found: Shop | None, authorization: str, tokens: tuple[bytes | None, ...]) -> Shop:
        fits = opens(authorization, tuple(token or b"" for token in tokens))
        if found is None or not fits:
            raise UnauthorisedError()
        return found

    def check_keys(self) -> None:
        """Whether orders could be sealed now. Raises: UnknownKeyError when every shop lacks this month's key; one whose
        own parcel platform alone has none stops no other. ConfigError where our own keys cannot be read.
        """
        day = today(self.clock())
        asked = {(id(shop.keys), id(shop.policy)): shop for shop in self.shops.values()}
        if asked and all(shop.lacking(day) or self._uncopied(shop, day) for shop in asked.values()):
            raise UnknownKeyError()

    def _uncopied(self, shop: Shop, day: date) -> bool:
        """Whether a copy that is to stay could not be sealed."""
        return self.copies is not None and bool(required_kids(shop.policy, day) - frozenset(self.copies.known()))
