"""How a shop is shown: never a secret, nothing of who sends."""

from __future__ import annotations

from dataclasses import replace

from middleware.errors import ConfigError
from middleware.model_shop import ShopFace, ShopState
from middleware.services import Shop


def seen(face: ShopFace, shop: Shop) -> ShopFace:
    """With what its settings tell, and whether its exchange has ended."""
    settings, state = shop.settings, ShopState.UNINSTALLED if shop.ended else face.state
    domain = None if settings.platform == "direct" else settings.domain
    own = settings.account is not None and settings.mode == "live"
    return replace(
        face,
        state=state,
        mode=settings.mode,
        creates=settings.creates,
        domain=domain,
        carrier=settings.carrier,
        account=None if shop.transit is None else "own" if own else "shared",
        tracking=("own" if settings.account.tracking else "none") if settings.account and own else None,
        policy=settings.policy,
    )


def seed_face(name: str, seed: Shop | ConfigError) -> ShopFace:
    """A shop of the configuration file, or what is wrong with it."""
    bare = ShopFace(shop=name, origin="file", state=ShopState.LIVE)
    if isinstance(seed, ConfigError):
        return replace(bare, fault=str(seed))
    own = len(seed.settings.secrets) if seed.settings.own_app else 0
    return seen(replace(bare, secrets=own), seed)
