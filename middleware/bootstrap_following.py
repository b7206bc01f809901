"""The composition of following: who tells how far a parcel is, and the way there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from middleware.account import Account
from middleware.carriers.bpost_tracking import LONGEST, BpostTracking
from middleware.carriers.parcel_state import ParcelState
from middleware.config import Config
from middleware.config_parties import BPOST, CarrierSettings
from middleware.following import Watch
from middleware.ports import Transport
from middleware.transport import HttpTransport


def watches(
    settings: Config, ways: Mapping[str, Transport], accounts: Callable[[str, str], Account | None]
) -> Mapping[str, Watch]:
    """By carrier who tells how far its parcels are; a carrier of accounts without settings for tracking is left out.
    ``ways`` are those to the carriers themselves, ``accounts`` knows by the names of carrier and shop which account the
    shop has of its own there. Raises: ConfigError.
    """
    found: dict[str, Watch] = {}
    for name, carrier in settings.carriers.items():
        if carrier.kind != BPOST:
            found[name] = Watch(follower=ParcelState(), transport=ways[name])
        elif carrier.tracking is not None:
            found[name] = _bpost(carrier, carrier.tracking.url, carrier.tracking.account, accounts)
    return found


def _bpost(
    carrier: CarrierSettings, url: str, account: Account, accounts: Callable[[str, str], Account | None]
) -> Watch:
    """By the same rules as the carrier itself is reached, from whatever origin tracking is at."""
    transport = HttpTransport(
        url, allow_private=carrier.allow_private, proxy=carrier.proxy, ca_file=carrier.ca_file, cap=LONGEST
    )
    follower = BpostTracking(account=account, own=lambda shop: accounts(carrier.name, shop) is not None)
    return Watch(follower=follower, transport=transport)
