"""``[carriers.*]``, ``[apps.*]``, ``[admin]`` and ``[sources.*]``: those that the shops are read against, who may
connect some, and who speaks for data subjects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from middleware.account import Account
from middleware.config_locator import LocatorSettings, locator_settings, origin
from middleware.config_server import ServerSettings
from middleware.config_shop import SIX_DIGITS, Around, account_of, check_name
from middleware.config_table import Network, Source, Table
from middleware.errors import SettingError
from middleware.model import ShopSettings
from middleware.model_events import SourceSettings
from schemas.shop_rules import ACCOUNT, NAME

BPOST: Final = "bpost-shm"
CARRIER_KINDS: Final = ("parcel-json", BPOST)
"""The second one takes cleartext, and knows its customers by account and passphrase."""

_INSTEAD: Final = 'token = { env = "PARCEL_PLATFORM_TOKEN" }'

_ACCOUNT: Final = 'account = "123456"'

SHORTEST_TOKEN: Final = 16
"""Characters of a token of the admin API."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TrackingSettings:
    """``[carriers.<name>.tracking]``: who tells how far a parcel is, where that is another service than the carrier's
    own. It is reached by the carrier's rules (``allow_private``, proxy, certificates). ``account``: None where shops
    ask with their own alone.
    """

    url: str
    account: Account | None

    def __repr__(self) -> str:
        return "<TrackingSettings>"


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
    account: Account | None = None
    points: Path | None = None
    tracking: TrackingSettings | None = None
    follow: bool = False
    locator: LocatorSettings | None = None

    def __repr__(self) -> str:
        return f"<CarrierSettings {self.name}>"


def carrier_settings(name: str, table: Table, server: ServerSettings) -> CarrierSettings:
    """A carrier's settings, with the way out that all have. Raises: SettingError."""
    check_name(name, table)
    allowed, kind = table.networks("allow_private"), table.choice("kind", CARRIER_KINDS, None)
    locator = _locator(table, kind, allowed, server.state / f"points-{name}.json", server.keys_group)
    settings = CarrierSettings(
        name=name,
        kind=kind,
        url=origin(table, allowed),
        token=_token(table, kind),
        account=_account(table, kind),
        points=_points(table, kind),
        tracking=_tracking(table, kind, allowed),
        follow=_follow(table, kind),
        allow_private=allowed,
        locator=locator,
        proxy=server.egress_proxy,
        ca_file=server.ca_file,
        simulated=table.flag("simulated", default=False),
    )
    table.done()
    return settings


def _locator(
    table: Table, kind: str, allowed: tuple[Network, ...], file: Path, group: int | None
) -> LocatorSettings | None:
    """Points come from one place: a service, or a file of the operator's."""
    if "locator" not in table:
        return None
    if kind != BPOST:
        expected = "no such table, or another kind of carrier"
        raise table.fault("locator", expected, problem=f"{kind} publishes its own", example=f'kind = "{BPOST}"')
    if "points" in table:
        expected = "it to be left out, or the locator"
        raise table.fault(
            "points", expected, problem="the locator tells the points", example="[carriers.bpost.locator]"
        )
    return locator_settings(table.table("locator"), allowed, file, group)


def _token(table: Table, kind: str) -> str | None:
    """A carrier that knows accounts would be given both, and could take the one for the other."""
    if "token" in table and kind == BPOST:
        expected = "an account and its passphrase"
        raise table.fault("token", expected, problem=f"{kind} knows none", example=_ACCOUNT)
    return table.bearer("token") if "token" in table else None


def _account(table: Table, kind: str) -> Account | None:
    """Whoever is given one that is used nowhere believes that it is in use."""
    given = next((key for key in ("account", "passphrase") if key in table), None)
    if given and kind != BPOST:
        raise table.fault(given, "the token of this platform", problem=f"{kind} knows none", example=_INSTEAD)
    return account_of(table, shared=True)


def _points(table: Table, kind: str) -> Path | None:
    if "points" not in table:
        return None
    if kind != BPOST:
        expected = "no file of them, or another kind of carrier"
        raise table.fault("points", expected, problem=f"{kind} publishes its own", example=f'kind = "{BPOST}"')
    return Path(table.text("points", None)).absolute()


def _follow(table: Table, kind: str) -> bool:
    """Whether parcels are asked for by themselves, where nothing but a delivery starts a clock."""
    follow = table.flag("follow", default=False)
    if follow and kind == BPOST and "tracking" not in table:
        expected = f"false, or a table tracking beside it: {kind} tells of no parcel without"
        raise table.fault("follow", expected, problem="there is none to ask", example="follow = false")
    return follow


def _tracking(table: Table, kind: str, allowed: tuple[Network, ...]) -> TrackingSettings | None:
    """Another origin with an account of its own: bpost issues its password apart from the other."""
    if "tracking" not in table:
        return None
    if kind != BPOST:
        expected = "no such table, or another kind of carrier"
        raise table.fault(
            "tracking", expected, problem=f"{kind} tells of its parcels itself", example=f'kind = "{BPOST}"'
        )
    inner = table.table("tracking")
    settings = TrackingSettings(url=origin(inner, allowed), account=_tracked_with(inner))
    inner.done()
    return settings


def _tracked_with(table: Table) -> Account | None:
    """The operator's account at tracking; None where every shop brings its own."""
    if "account" not in table and "password" not in table:
        return None
    told = table.bearer("password") if "password" in table else None
    account = table.matching("account", ACCOUNT, None, SIX_DIGITS)
    return Account(id=account, passphrase=told or table.bearer("password"), shared=True)


def admin_tokens(table: Table) -> tuple[bytes, ...]:
    """The tokens that open the admin API; none where none is configured. Raises: SettingError."""
    tokens = table.secrets("tokens") if "tokens" in table else ()
    if any(len(token) < SHORTEST_TOKEN or not token.isascii() or b" " in token for token in tokens):
        expected = f"tokens of at least {SHORTEST_TOKEN} ASCII characters, without spaces"
        raise table.fault("tokens", expected, example="those of `openssl rand -hex 32`")
    table.done()
    return tokens


def source_settings(name: str, table: Table) -> SourceSettings:
    """A source of the data subject's own; without a token it tells nothing. Raises: SettingError."""
    check_name(name, table)
    token = table.bearer("token").encode() if "token" in table else b""
    if token and len(token) < SHORTEST_TOKEN:
        raise table.fault("token", f"a token of at least {SHORTEST_TOKEN} characters", example="`openssl rand -hex 32`")
    shops = table.words("shops", NAME, "a list of names of shops")
    table.done()
    return SourceSettings(name=name, token=token, shops=frozenset(shops))


def app_secrets(name: str, table: Table) -> tuple[bytes, ...]:
    """An app's secrets. Raises: SettingError."""
    check_name(name, table)
    table.choice("platform", ("shopify",), None)
    secrets = table.secrets("secrets")
    table.done()
    return secrets


def around(
    carriers: Mapping[str, CarrierSettings], apps: Mapping[str, tuple[bytes, ...]], private: Sequence[Network]
) -> Around:
    """What a shop's settings are read against."""
    simulated = next((name for name, carrier in carriers.items() if carrier.simulated), None)
    return Around(carriers=carriers, simulated=simulated, apps=apps, private=bool(private))


def clashes(
    shops: Mapping[str, ShopSettings], apps: Mapping[str, tuple[bytes, ...]], source: Source
) -> Iterator[tuple[str, SettingError]]:
    """A secret or a domain that two shops share would let one speak for the other: (shop, what is wrong)."""
    shared = {secret for secrets in apps.values() for secret in secrets}
    for name, shop in shops.items():
        table = Table({}, source, ("shops", name), {})
        others = [other for other in shops.values() if other.name != name]
        if any(shop.domain == other.domain for other in others):
            yield name, table.fault("domain", "a domain of its own", problem="another shop has the same")
        taken = shared | {secret for other in others for secret in other.secrets}
        if shop.own_app and taken & set(shop.secrets):
            problem = "a secret that is also another shop's or app's is refused"
            expected = "a secret of its own, or the app in place of it"
            yield name, table.fault("secrets", expected, problem=problem, example='app = "parcelveil"')
