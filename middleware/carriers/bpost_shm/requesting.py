"""How the Shipping Manager is asked: beneath the account, with its passphrase, in its own media types."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from middleware.account import Account
from middleware.exchange import Request

BASE: Final = "/services/shm"
MEDIA: Final = "application/vnd.bpost.shm-"

NO_ACCOUNT: Final = "no-account"
"""It is not known (any more) with which account the shop ships."""

UNREADABLE: Final = "unreadable-answer"


def asking(account: Account, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Request:
    """A request with the account's word. ``path`` begins behind the account, with a slash."""
    word = base64.b64encode(f"{account.id}:{account.passphrase}".encode()).decode("ascii")
    return Request(
        method=method,
        path=f"{BASE}/{quote(account.id, safe='')}{path}",
        headers={**headers, "Authorization": f"Basic {word}"},
        body=body,
    )
