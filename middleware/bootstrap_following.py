"""The composition of following: who tells how far a parcel is, and the way there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from middleware import bootstrap
from middleware.account import Used, Whose
from middleware.carriers.bpost_tracking import LONGEST, BpostTracking, trial, tried
from middleware.carriers.parcel_state import ParcelState
from middleware.config import Config
from middleware.config_parties import BPOST, CarrierSettings, TrackingSettings
from middleware.events import Ledger
from middleware.following import Watch
from middleware.model_shop import Fitness
from middleware.ports import Transport
from middleware.ports_retention import Retention
from middleware.pursuing import Pursuit
from middleware.relay import Observer
from middleware.services import Shops
from middleware.trail import Sighting
from middleware.transport import HttpTransport

Accounts = Callable[[str, str], Used]
"""With which account a shop ships, by the names of carrier and shop."""


def watches(settings: Config, ways: Mapping[str, Transport], accounts: Accounts) -> Mapping[str, Watch]:
    """By carrier who tells how far its parcels are; a carrier of accounts without settings for tracking is left out.
    ``ways`` are those to the carriers themselves, ``accounts`` knows by the names of carrier and shop with which
    account the shop ships there. Raises: ConfigError.
    """
    found: dict[str, Watch] = {}
    for name, carrier in settings.carriers.items():
        if carrier.kind != BPOST:
            found[name] = Watch(follower=ParcelState(), transport=ways[name])
        elif carrier.tracking is not None:
            found[name] = _bpost(carrier, carrier.tracking, accounts)
    return found


def pursuits(
    settings: Config, known: Retention, shops: Shops, accounts: Accounts, observe: Observer
) -> Sequence[Pursuit]:
    """One for every carrier whose deliveries are asked for; ``shops`` are those whose policies may wait for them.
    ``accounts`` as for ``watches``. Raises: ConfigError.
    """
    followed = [carrier.name for carrier in settings.carriers.values() if carrier.follow]
    if not followed:
        return []
    seen = watches(settings, bootstrap.transports(settings), accounts)
    ledger = Ledger(events=known, clock=bootstrap.clock(settings))
    return [
        Pursuit(carrier=name, watch=seen[name], deliveries=known, ledger=ledger, shops=shops, observe=observe)
        for name in followed
    ]


def tracking_told(settings: Config, name: str) -> Fitness | None:
    """What bpost says of the account with which a carrier's parcels are followed; None where there is none. Raises:
    ConfigError, DeliveryError.
    """
    carrier = settings.carriers[name]
    if carrier.tracking is None:
        return None
    return tried(_way(carrier, carrier.tracking).send(trial(carrier.tracking.account)))


def _bpost(carrier: CarrierSettings, tracking: TrackingSettings, accounts: Accounts) -> Watch:
    def shared(record: Sighting) -> bool:
        if record.account is None:
            return accounts(carrier.name, record.shop) is Whose.SHARED
        return carrier.account is not None and carrier.account.id == record.account

    follower = BpostTracking(account=tracking.account, shared=shared)
    return Watch(follower=follower, transport=_way(carrier, tracking))


def _way(carrier: CarrierSettings, tracking: TrackingSettings) -> HttpTransport:
    """By the same rules as the carrier itself is reached, from whatever origin tracking is at."""
    return HttpTransport(
        tracking.url, allow_private=carrier.allow_private, proxy=carrier.proxy, ca_file=carrier.ca_file, cap=LONGEST
    )
