"""``[carriers.*]``, ``[apps.*]`` and ``[admin]``: those that the shops are read against, and who may connect some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from middleware.config_shop import Around, check_name
from middleware.config_table import Network, Table
from middleware.model import ShopSettings

CARRIER_KINDS: Final = ("parcel-json",)
SHORTEST_TOKEN: Final = 16
"""Characters of a token of the admin API."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CarrierSettings:
    """``[carriers.<name>]``: a parcel platform's profile. Shops in test mode go to a simulated one, others never."""

    name: str
    kind: str
    url: str
    token: str | None
    allow_private: tuple[Network, ...]
    proxy: str | None
    ca_file: Path | None
    simulated: bool = False

    def __repr__(self) -> str:
        return f"<CarrierSettings {self.name}>"


def carrier_settings(name: str, table: Table, *, proxy: str | None, ca_file: Path | None) -> CarrierSettings:
    """A carrier's settings, with the way out that all have. Raises: ConfigError."""
    check_name(name, table)
    allowed = table.networks("allow_private")
    settings = CarrierSettings(
        name=name,
        kind=table.choice("kind", CARRIER_KINDS, None),
        # Plain http is possible to the addresses of allow_private alone; a name's are judged when it is dialled.
        url=table.origin("url", ("https", "http") if allowed else ("https",), None),
        token=table.bearer("token") if "token" in table else None,
        allow_private=allowed,
        proxy=proxy,
        ca_file=ca_file,
        simulated=table.flag("simulated", default=False),
    )
    table.done()
    return settings


def admin_tokens(table: Table) -> tuple[bytes, ...]:
    """The tokens that open the admin API; none where none is configured. Raises: ConfigError."""
    tokens = table.secrets("tokens") if "tokens" in table else ()
    if any(len(token) < SHORTEST_TOKEN or not token.isascii() or b" " in token for token in tokens):
        raise table.refusal("tokens", f"expected tokens of at least {SHORTEST_TOKEN} ASCII characters, without spaces")
    table.done()
    return tokens


def app_secrets(name: str, table: Table) -> tuple[bytes, ...]:
    """An app's secrets. Raises: ConfigError."""
    check_name(name, table)
    table.choice("platform", ("shopify",), None)
    secrets = table.secrets("secrets")
    table.done()
    return secrets


def around(carriers: Mapping[str, CarrierSettings], apps: Mapping[str, tuple[bytes, ...]]) -> Around:
    """What a shop's settings are read against."""
    simulated = next((name for name, carrier in carriers.items() if carrier.simulated), None)
    return Around(carriers=carriers, simulated=simulated, apps=apps)


def clashes(shops: Mapping[str, ShopSettings], apps: Mapping[str, tuple[bytes, ...]]) -> Iterator[tuple[str, str, str]]:
    """A secret or a domain that two shops share would let one speak for the other: (shop, key, what is wrong)."""
    shared = {secret for secrets in apps.values() for secret in secrets}
    for name, shop in shops.items():
        others = [other for other in shops.values() if other.name != name]
        if any(shop.domain == other.domain for other in others):
            yield name, "domain", "another shop has the same"
        taken = shared | {secret for other in others for secret in other.secrets}
        if shop.own_app and taken & set(shop.secrets):
            yield name, "secrets", "a secret that is also another shop's or app's is refused"
