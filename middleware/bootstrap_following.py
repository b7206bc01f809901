"""The composition of following: who tells how far a parcel is, and the way there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from middleware import bootstrap
from middleware.account import Account, Used, Whose
from middleware.carriers.bpost_tracking import CHECK, LONGEST, OTHER_ACCOUNT, BpostTracking, trial, tried
from middleware.carriers.parcel_state import ParcelState
from middleware.config import Config
from middleware.config_parties import BPOST, CarrierSettings, TrackingSettings
from middleware.errors import DeliveryError
from middleware.events import Ledger
from middleware.exchange import Impossible
from middleware.following import Watch
from middleware.model_shop import Fitness
from middleware.ports import Transport
from middleware.ports_following import OWN_UNTOLD
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
    if carrier.tracking is None or carrier.tracking.account is None:
        return None
    return tried(_way(carrier, carrier.tracking).send(trial(carrier.tracking.account)))


def own_tracking_told(settings: Config, name: str, account: Account) -> Fitness | None:
    """Whether parcels of a shop that has this account of its own at that carrier are followed; None where nobody meant
    them to be. None of it keeps a shop from shipping. Raises: ConfigError.
    """
    carrier = settings.carriers[name]
    if carrier.tracking is None:
        told = f"its password is used nowhere: write carriers.{name}.tracking (docs/bpost.md)"
        return None if account.tracking is None else _noted(told)
    if account.tracking is None:
        if carrier.account and carrier.account.id == account.id and carrier.tracking.account:
            return None  # the carrier's account is its own too, and asks
        return _noted("its parcels are not followed: give it the password of its account at tracking (docs/bpost.md)")
    try:
        answer = _way(carrier, carrier.tracking).send(trial(replace(account, passphrase=account.tracking)))
    except DeliveryError as problem:
        return _noted(f"bpost's tracking cannot be asked whether it takes the password ({problem.code}): try again")
    found = tried(answer)
    return found if found.ok else _noted(found.message)


def _noted(message: str) -> Fitness:
    return Fitness(check=CHECK, ok=True, message=message, pointer="/tracking_password", note=True)


def _bpost(carrier: CarrierSettings, tracking: TrackingSettings, accounts: Accounts) -> Watch:
    follower = BpostTracking(asking=_asking(carrier, tracking.account, accounts))
    return Watch(follower=follower, transport=_way(carrier, tracking))


def _way(carrier: CarrierSettings, tracking: TrackingSettings) -> HttpTransport:
    """By the same rules as the carrier itself is reached, at the one origin that the operator configured, whoever's
    password it is.
    """
    return HttpTransport(
        tracking.url, allow_private=carrier.allow_private, proxy=carrier.proxy, ca_file=carrier.ca_file, cap=LONGEST
    )


def _asking(
    carrier: CarrierSettings, operators: Account | None, accounts: Accounts
) -> Callable[[Sighting], Account | Impossible]:
    """With which account a parcel is asked for: with the one that it went out under (docs/adr/0028), a shop's own with
    the shop's password and the carrier's with the operator's.
    """

    def asking(record: Sighting) -> Account | Impossible:
        used, noted = accounts(carrier.name, record.shop), record.account
        own = isinstance(used, Account) and noted in (None, used.id)
        if own and isinstance(used, Account) and used.tracking is not None:
            return replace(used, passphrase=used.tracking)
        shared = carrier.account.id == noted if noted and carrier.account else noted is None and used is Whose.SHARED
        if shared and operators is not None:
            return operators
        return Impossible(code=OWN_UNTOLD if own else OTHER_ACCOUNT)

    return asking
