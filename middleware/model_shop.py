"""What is known of a shop that is connected in the database.

Who sends may be a natural person, so everything but state and version is sealed: the name of a shop stands in addresses
and logs, its domain is a keyed digest, all the rest is one JWE under the service key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from schemas.order import Hidden, Sender

MADE_UP: Final[Mapping[str, str]] = {"name": "Example Shop", "street": "Example Street"}
"""What `parcelveil init` writes of who sends, until somebody writes the true one: no parcel can go back there."""


def made_up(sender: Sender) -> tuple[str, ...]:
    """What of a sender is still as `parcelveil init` wrote it."""
    return tuple(key for key, value in MADE_UP.items() if getattr(sender, key) == value)


class ShopState(StrEnum):
    """What a shop that is connected in the database may do."""

    LIVE = "live"  # its orders are taken
    PAUSED = "paused"  # genuine orders are answered 503, so that the shop tries again
    DISCONNECTED = "disconnected"  # unknown to everybody; settings and secrets are gone, the name stays taken
    UNINSTALLED = "uninstalled"  # never written: the shop uninstalled the app, and a new request has to come
    UNREADABLE = "unreadable"  # never written: the row holds what nobody of us wrote, and its shop is quarantined


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShopSecret(Hidden):
    """A webhook secret; ``until`` is when it ends, None for one that stays."""

    value: bytes
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShopContent(Hidden):
    """What is sealed of a shop: its settings as they stand under ``[shops.<name>]``, in JSON's types, its own secrets,
    none where it belongs to an app, the token with which its own systems ask, the key with which browsers do, and the
    passphrase of its account at the carrier, with its password at tracking.
    """

    settings: Mapping[str, object]
    secrets: tuple[ShopSecret, ...] = ()
    token: bytes | None = None
    passphrase: str | None = None
    points_key: bytes | None = None
    callback: tuple[str, ...] = ()  # what signs what it is told
    fulfilment: str | None = None  # its token at its own platform
    tracking_password: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Held(Hidden):
    """What is told beside a shop's settings when it is connected: secrets of an app of its own, its token, its key for
    browsers, the passphrase of its account at the carrier and its password at tracking, what its callbacks are signed
    with, its token at its own platform.
    """

    secrets: tuple[bytes, ...] = ()
    token: bytes | None = None
    passphrase: str | None = None
    points_key: bytes | None = None
    callback: tuple[str, ...] = ()
    fulfilment: str | None = None
    tracking_password: str | None = None


NOTHING: Final = Held()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopRow:
    """A shop as it rests in the database. ``version`` grows with every change of any shop; ``domain`` is a keyed digest
    (32 bytes). Of a disconnected shop ``domain`` and ``sealed`` are None; of an unreadable row only name and version
    are true.
    """

    name: str
    domain: bytes | None
    sealed: str | None
    state: ShopState
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Integration:
    """A shop's request to integrate (VP-PLG-3), as keyed digests (32 bytes): of its domain, and of domain, day and
    reference.
    """

    domain: bytes
    request: bytes
    requested_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A request to integrate that ended when the shop uninstalled the app."""

    request: bytes
    ended_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What the configuration's shops and apps hold, and so no other shop may: keyed digests of domains and secrets."""

    domains: frozenset[bytes]
    secrets: frozenset[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFace:
    """A shop as people see it: never a secret, nothing of who sends. ``secrets`` is how many of its own it has; of a
    shop that cannot be read, ``fault`` says why, and what its settings would tell is None. ``restricted``: the classes
    of its user's data that serve legal claims alone.
    """

    shop: str
    origin: str  # "file" | "database"
    state: ShopState
    mode: str | None = None
    creates: str | None = None
    domain: str | None = None
    carrier: str | None = None
    account: str | None = None  # "own" | "shared" at a carrier that knows accounts
    tracking: str | None = None  # with an account of its own: "own" | "none", whether it has a password at tracking
    policy: str | None = None
    app: str | None = None
    secrets: int = 0
    updated_at: datetime | None = None
    fault: str | None = None
    restricted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitness:
    """One thing that a shop needs before it may be live: whether it is there, and what is the matter and what to do.
    ``note``: it is ok, and a person should know what it says.
    """

    check: str
    ok: bool
    message: str
    pointer: str = ""
    note: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What a shop needs in the mode that it has (``present``), and in the other one. ``mode`` is ``live`` or ``test``,
    None for a shop of which not even that can be told, and then nothing is told of another.
    """

    mode: str | None
    present: tuple[Fitness, ...]
    other: tuple[Fitness, ...]

    @property
    def works(self) -> bool:
        """Whether its orders can be taken as it is."""
        return all(one.ok for one in self.present)

    @property
    def fit(self) -> bool:
        """Whether it may be live."""
        live = self.present if self.mode == "live" else self.other
        return bool(live) and all(one.ok for one in live)

    def told(self) -> Iterator[tuple[str | None, Fitness]]:
        """(mode, finding), the present mode first."""
        yield from ((self.mode, one) for one in self.present)
        yield from (("test" if self.mode == "live" else "live", one) for one in self.other)
