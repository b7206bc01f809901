"""Putting a shop to work: with its policy pack as the shop reads it, its parcel platform's keys, its blind indexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

from middleware import points_file
from middleware.account import Accounts, Collects, Used, nowhere
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.parcel_json import ParcelJson
from middleware.config_parties import BPOST, CarrierSettings
from middleware.config_settings import example
from middleware.core.calendar import today
from middleware.core.index import Indexer
from middleware.core.kinds import MAXIRESPONSE, MYSTAMP, SHIPMENT, kinds_of
from middleware.core.minimise import barred_of_sender
from middleware.core.permitting import lane_of, refusals
from middleware.core.shops import integration
from middleware.errors import ConfigError, SettingError
from middleware.exchange import Unserved
from middleware.granted_file import GrantedFile, account_digest
from middleware.live_keys import OwnKeys
from middleware.model import ShopSettings
from middleware.model_keys import Sealing
from middleware.platform_keys import PlatformKeys
from middleware.platforms.shopify import Shopify
from middleware.platforms.woocommerce import WooCommerce
from middleware.points import Fixed, KnownPoints, PointsFile
from middleware.ports import Carrier, Clock, Places
from middleware.ports_retention import Teller
from middleware.ports_senders import Platform
from middleware.retention_keys import PublicKeys
from middleware.services import Shop
from middleware.spots import Spots
from schemas import maxiresponse, mystamp, plugin, shopify, woocommerce
from schemas.allowlist import Node, categories
from schemas.errors import SchemaFault
from schemas.order import Order, Sender, catalogue
from schemas.policy import Policy
from schemas.policy_loader import check_fields, for_parcels, load, names


class ShopFault(SettingError):
    """The settings of this shop cannot be used: ``problem`` tells what is wrong at ``key``."""

    def __init__(self, shop: str, key: tuple[str, ...], *, problem: str, expected: str, told: str = "") -> None:
        """``told`` is an example in place of the setting's own."""
        path = ("shops", shop, *key)
        super().__init__(
            place=".".join(path),
            problem=problem,
            expected=expected,
            example=told or example(path),
            pointer=f"/{'/'.join(key)}",
            path=path,
        )


_READ: Final[Mapping[str, tuple[type, tuple[Node, ...]]]] = {
    SHIPMENT.first: (Order, (shopify.SHAPE, woocommerce.SHAPE, plugin.SHAPE)),
    MAXIRESPONSE.first: (maxiresponse.Contact, (maxiresponse.SHAPE,)),
    MYSTAMP.first: (mystamp.StampOrder, (mystamp.SHAPE,)),
}
"""What is read under a pack that has this part: the canonical value, and the documents that fill it."""

_NO_PACK: Final = "no such pack; one of your own can be shown, linted, asked and registered, but not used by a shop yet"

_Reading = tuple[str, frozenset[tuple[str, str]]]
"""A pack's name and the interpretations under which it is read."""


class Receiver(Carrier, Teller, Protocol):
    """A carrier as it is spoken with: what it is sent, and what it is told of later."""

    def serving(self, shop: ShopSettings) -> Carrier | Unserved:
        """The carrier as it is for this shop; or why it cannot serve it."""


PLATFORMS: Final[Mapping[str, Platform]] = {platform.name: platform for platform in (Shopify(), WooCommerce())}
"""The platforms that send webhooks, by name."""

_NO_PLATFORM: Final = PLATFORMS["shopify"]
"""That of a shop whose own systems call: it has no secret, so no webhook of it verifies."""


_NO_POINTS: Final = Fixed(KnownPoints())


def _bpost(profile: CarrierSettings, accounts: Accounts, collecting: Collects) -> Receiver:
    places = places_of(profile)
    spots = Spots(places) if places else {}
    return BpostShm(accounts=accounts, shared=profile.account, spots=spots, collecting=collecting)


def places_of(profile: CarrierSettings) -> Places | None:
    """Where the points of a carrier are known that does not publish them beside its keys; None where there are none.
    Raises: ConfigError.
    """
    if profile.locator:
        return PointsFile(profile.locator.file, profile.locator.group)
    return Fixed(points_file.points(profile.points)) if profile.points else None


KINDS: Final[dict[str, Callable[[CarrierSettings, Accounts, Collects], Receiver]]] = {
    "parcel-json": lambda _profile, _accounts, _collecting: ParcelJson(),
    BPOST: _bpost,
}
"""What makes a carrier, by ``kind``, as ``[carriers.*]`` name them."""


def carriers(
    profiles: Mapping[str, CarrierSettings],
    accounts: Callable[[str, str], Used] = lambda *_: None,
    collecting: Collects = nowhere,
) -> Mapping[str, Receiver]:
    """How each of these carriers is spoken with, by name. ``accounts`` knows by the names of carrier and shop with
    which account the shop ships there, ``collecting`` by the shop's where its money goes; where nothing is asked of a
    carrier none is needed. Raises: ConfigError.
    """
    return {
        name: KINDS[profile.kind](profile, partial(accounts, name), collecting) for name, profile in profiles.items()
    }


class Binder:
    """Puts a shop to work; packs are read once and shared by all shops that read them alike."""

    def __init__(
        self,
        *,
        carriers: Mapping[str, Receiver],
        known: Mapping[str, PlatformKeys],
        own: PublicKeys,
        keys: OwnKeys,
        clock: Clock,
        places: Mapping[str, Places] = MappingProxyType({}),
        granted: Mapping[str, GrantedFile] = MappingProxyType({}),
    ) -> None:
        """``places`` are those of the carriers that do not publish their points beside their keys, ``granted`` what is
        known of their accounts.
        """
        self._carriers, self._known, self._own, self._keys, self._clock = carriers, known, own, keys, clock
        self._places, self._granted = places, granted
        self._packs: dict[str, Policy] = {}
        self._readings: dict[_Reading, Policy] = {}
        self._barred: dict[tuple[_Reading, str], tuple[str, ...]] = {}

    def bind(self, shop: ShopSettings) -> Shop:
        """The shop with all that belongs to it. Raises: ShopFault for one that cannot work; ConfigError for a pack that
        does not hold together.
        """
        day, asked = today(self._clock()), shop.integration_requested_on
        if shop.policy not in self._packs and shop.policy not in names():
            raise ShopFault(shop.name, ("policy",), problem=_NO_PACK, expected=_named(shop))
        if asked and asked > day:
            late = "this day has not come; there is no exchange before the request to integrate (VP-PLG-3)"
            expected = "a day that has"
            raise ShopFault(shop.name, ("integration", "requested_on"), problem=late, expected=expected)
        reading = (shop.policy, frozenset(shop.interpretations.items()))
        policy = self._interpreted(shop, reading)
        check_fit(shop, policy)
        told, carrier = (reading, shop.account_type), self._carriers[shop.carrier].serving(shop)
        if isinstance(carrier, Unserved):
            problem, expected = carrier.problem, carrier.expected
            raise ShopFault(shop.name, carrier.key, problem=problem, expected=expected, told=carrier.example)
        check_permitted(shop, policy)
        if told not in self._barred:
            self._barred[told] = barred_of_sender(policy, shop.account_type)
        return Shop(
            settings=shop,
            platform=PLATFORMS.get(shop.platform, _NO_PLATFORM),
            carrier=self._knowing(carrier, shop),
            policy=policy,
            keys=self._known[shop.carrier],
            places=self._places.get(shop.carrier, _NO_POINTS if carrier.sealing is Sealing.TRANSIT else None),
            transit=self._own if carrier.sealing is Sealing.TRANSIT else None,
            indexer=Indexer(self._keys.chain, shop.name),
            integration=integration(self._keys.index, shop),
            sender=replace(shop.sender, **dict.fromkeys(self._barred[told])),
        )

    def _knowing(self, carrier: Carrier, shop: ShopSettings) -> Carrier:
        """The carrier as it knows what the account may use with which the shop ships."""
        file = self._granted.get(shop.carrier)
        if file is None or not isinstance(carrier, BpostShm):
            return carrier
        account = (shop.account if shop.mode == "live" else None) or carrier.shared
        if account is None:
            return carrier
        digest = account_digest(self._keys.index, account)
        return replace(carrier, granted=lambda: file.of(digest, self._clock()))

    def _interpreted(self, shop: ShopSettings, reading: _Reading) -> Policy:
        if shop.policy not in self._packs:
            self._packs[shop.policy] = pack(shop.policy)
        try:
            if reading not in self._readings:
                self._readings[reading] = self._packs[shop.policy].interpret(shop.interpretations)
            return self._readings[reading]
        except SchemaFault as fault:
            expected = "readings that the policy leaves open"
            problem = ShopFault(shop.name, ("interpretations",), problem=str(fault), expected=expected)
        raise problem


def check_fit(shop: ShopSettings, policy: Policy) -> None:
    """Whether a shop of this platform and this account type may send under this pack. Raises: ShopFault."""
    if shop.platform != "direct" and SHIPMENT not in kinds_of(policy):
        account = next(iter(policy.account_types.values()))
        problem = f"no webshop may be linked under it ({', '.join(account.clause.ids)})"
        if account.plugin:  # interpretation plugin_source: somebody answers for it
            problem = "its records are no parcels, and no webhook brings them"
        expected = f'platform = "direct", or one of {", ".join(_taken(shop))}'
        raise ShopFault(shop.name, ("policy",), problem=problem, expected=expected)
    if shop.account_type not in policy.account_types:
        problem, expected = f"{policy.id} has none of that name", f"one of {', '.join(policy.account_types)}"
        raise ShopFault(shop.name, ("account_type",), problem=problem, expected=expected)
    if shop.creates == "call" and not shop.token:
        raise ShopFault(
            shop.name, ("token",), problem="there is none", expected="a token, with which the shop's own systems call"
        )


def _taken(shop: ShopSettings) -> tuple[str, ...]:
    return names() if shop.platform == "direct" else for_parcels()


def _named(shop: ShopSettings) -> str:
    """All that may be named, by a shop of another platform, too."""
    direct = [name for name in names() if name not in _taken(shop)]
    more = f', or with platform = "direct" one of {", ".join(direct)}' if direct else ""
    return f"one of {', '.join(_taken(shop))}{more}"


def check_permitted(shop: ShopSettings, policy: Policy) -> None:
    """Whether the pack permits all that the line does for this account. Raises: ShopFault."""
    lane = lane_of(shop.platform)
    for name, refusal in refusals(policy, shop.account_type, lane):
        problem = f"{policy.id} refuses {name} to this account: {refusal.reason} ({refusal.clause.ref})"
        raise ShopFault(shop.name, ("account_type",), problem=problem, expected="an account that the policy permits it")


def pack(name: str) -> Policy:
    """A pack, checked against everything that the code can read or keep.

    Raises: ConfigError: a pack that does not hold together stops the start, with one line.
    """
    try:
        policy = load(name)
        for kind in kinds_of(policy):
            matter, shapes = _READ[kind.first]
            check_fields(policy, catalogue(matter))
            for shape in shapes:
                check_fields(policy, categories(shape, dict(catalogue(matter))))
        if SHIPMENT in kinds_of(policy):
            check_fields(policy, ((f"sender.{path}", category) for path, category in catalogue(Sender)))
    except SchemaFault as fault:
        problem = str(fault)
    else:
        _check_durations(policy)
        return policy
    raise ConfigError(problem)


def _check_durations(policy: Policy) -> None:
    kept = [part.retention for part in policy.parts.values() if part.sealed] + ["pv.inbox"]
    for rule in kept:
        if rule not in policy.retention or policy.retention[rule].duration is None:
            raise ConfigError(f"{policy.id}: retention.{rule}: a duration is needed, or nothing may be stored under it")
