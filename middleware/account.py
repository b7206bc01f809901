"""Who asks, at a carrier that knows its customers by account and passphrase."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.order import Hidden


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account(Hidden):
    """An account. ``shared``: every shop of the carrier asks with it that has none of its own."""

    id: str
    passphrase: str
    shared: bool
