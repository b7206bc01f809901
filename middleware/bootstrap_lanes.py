"""The composition of the ways out: how every parcel platform is spoken with, and who delivers there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from middleware import bootstrap
from middleware.account import Account, Collecting, Collects, Used, Whose
from middleware.binding import carriers
from middleware.carriers.bpost_shm import permitted
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.bpost_shm.products import NOBODY
from middleware.config import Config
from middleware.errors import DeliveryError
from middleware.exchange import Response
from middleware.live_keys import Verifying
from middleware.model_shop import Fitness
from middleware.onboarding import Onboarding
from middleware.relay import Lane, Observer, Relay, Turns
from middleware.retention_keys import KeyRing
from middleware.services import Shop, Shops


def lanes(settings: Config, shops: Shops) -> Mapping[str, Lane]:
    """How every parcel platform is spoken with, by carrier. ``shops`` are asked for accounts of their own. Raises:
    ConfigError.
    """
    spoken = carriers(settings.carriers, own_accounts(shops), collecting(shops))
    ways = bootstrap.transports(settings)
    return {name: Lane(carrier=spoken[name], transport=transport) for name, transport in ways.items()}


def own_accounts(shops: Shops) -> Callable[[str, str], Used]:
    """With which account a shop ships at a carrier, by the names of both. The simulated one is not to learn a shop's
    own. None for a shop that is not known (any more, yet, or until it is mended), and at every carrier but its own:
    with which account it shipped there is written nowhere.
    """

    def own(carrier: str, name: str) -> Used:
        shop = shops.get(name)
        if shop is None or shop.settings.carrier != carrier:
            return None
        account = shop.settings.account if shop.settings.mode == "live" else None
        return account or Whose.SHARED

    return own


MADE_UP: Final = Collecting(iban="BE71096123456769", bic="GKCCBEBB")
"""What the simulated platform is told in the place of a shop's own."""


def collecting(shops: Shops) -> Collects:
    """Where the money of a shop goes that is collected on delivery, as it is now; the simulated platform is not to
    learn it.
    """

    def told(name: str) -> Collecting | None:
        shop = shops.get(name)
        own = shop.settings.cash_on_delivery if shop else None
        return MADE_UP if own and shop and shop.settings.mode == "test" else own

    return told


Heard = Callable[[str, Account, Response], None]
"""Is told what bpost answered: carrier, account, answer."""


def account_findings(settings: Config, known: Onboarding, name: str, heard: Heard) -> Sequence[Fitness]:
    """What bpost says of what a shop would use; nothing of a shop that does not work, or ships with another. Raises:
    ConfigError, StorageError.
    """
    shop = bootstrap.shops_of(known, follow=False).get(name)
    return () if shop is None else account_told(settings, name, shop, heard)


def account_told(settings: Config, name: str, shop: Shop, heard: Heard | None = None) -> Sequence[Fitness]:
    """What bpost says of what a shop at work would use; nothing of one that ships with another. Raises: ConfigError."""
    if not isinstance(shop.carrier, BpostShm):
        return ()
    at = shop.settings.carrier
    asked = replace(shop.carrier, accounts=partial(own_accounts({name: shop}), at)).question(name)
    if asked is None:
        return ()
    try:
        answer = bootstrap.transports(settings)[at].send(asked)
    except DeliveryError as problem:
        told = f"bpost cannot be asked what the account may use ({problem.code}): try again"
        return (Fitness(check=permitted.CHECK, ok=False, message=told, pointer="/carrier"),)
    used = shop.settings
    own = own_accounts({name: shop})(at, name)
    account = own if isinstance(own, Account) else shop.carrier.shared
    if heard and account:
        heard(at, account, answer)
    cash = used.cash_on_delivery is not None
    return permitted.findings(shop.carrier.products, used.lines, used.delivery.notify, answer, cash=cash)


def shared_told(settings: Config, carrier: str) -> Sequence[Fitness]:
    """What bpost says of the account that all shops of a carrier ship with that have none; nothing where there is none.
    Raises: ConfigError, DeliveryError.
    """
    account = settings.carriers[carrier].account
    asked = BpostShm(accounts=lambda _: Whose.SHARED, shared=account, spots={}).question("") if account else None
    if asked is None:
        return ()
    return permitted.findings({}, {}, NOBODY, bootstrap.transports(settings)[carrier].send(asked))


def relays(settings: Config, observe: Observer, shops: Shops) -> Sequence[Relay]:
    """A relay for every lane, all over one store; what is on a lane that is configured no more is seen by all.
    ``shops`` as for ``lanes``. Raises: ConfigError, StorageError.
    """
    live = bootstrap.live_keys(settings)
    bootstrap.fit_keys(settings, live.now())
    shared = bootstrap.store(settings)
    ways = lanes(settings, shops)
    return [
        Relay(
            store=shared,
            clock=bootstrap.clock(settings),
            lanes=ways,
            keys=Verifying(live),
            observe=observe,
            ring=KeyRing(settings.server.keys, settings.server.keys_group),
            turns=Turns(without=ways.keys() - {name}),
        )
        for name in ways or ("",)  # without a parcel platform, what waits is told all the same
    ]
