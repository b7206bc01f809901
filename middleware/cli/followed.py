"""Whether the parcels of a shop with an account of its own at bpost are followed: for ``shops check`` and ``doctor``
alike.
"""

from __future__ import annotations

from collections.abc import Sequence

from middleware import bootstrap, bootstrap_following, bootstrap_lanes, config
from middleware.account import Account
from middleware.model_shop import Fitness
from middleware.onboarding import Onboarding
from middleware.services import Shop


def checked(settings: config.Config, known: Onboarding, name: str) -> Sequence[Fitness]:
    """What is told of a connected shop; nothing of one that does not work. Raises: ConfigError, StorageError."""
    shop = bootstrap.shops_of(known, follow=False).get(name)
    return () if shop is None else followed(settings, name, shop)


def followed(settings: config.Config, name: str, shop: Shop) -> Sequence[Fitness]:
    """What is told of a shop at work; nothing of one that has no account of its own in use. Raises: ConfigError."""
    at = shop.settings.carrier
    account = bootstrap_lanes.own_accounts({name: shop})(at, name)
    told = bootstrap_following.own_tracking_told(settings, at, account) if isinstance(account, Account) else None
    return () if told is None else (told,)
