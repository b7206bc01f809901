"""bpost's tracking: another service than the Shipping Manager, at another origin, with credentials of its own.

It answers with the names, addresses and e-mail addresses of sender and addressee. What is taken out of it are the
elements that ``schemas.bpost_tracking`` names; of the others not even the text is touched.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from middleware.account import Account
from middleware.carriers.bpost_shm import answers, markup
from middleware.exchange import Failed, Gone, Impossible, Request, Response
from middleware.journey import Journey, Scan, Unheard, Window
from middleware.model_shop import Fitness
from middleware.trail import Sighting
from schemas.allowlist import Refused, load
from schemas.bpost_tracking import ITEM_TRACKING, PROGRESS
from schemas.journey import Progress

LONGEST: Final = 256 * 1024
"""Bytes of an answer."""

OTHER_ACCOUNT: Final = "other-account"
"""With which account the parcel was sent is not known (any more), or has no password here: no other asks instead."""

CHECK: Final = "tracking"
"""What a finding on its account is called."""

NOBODYS: Final = "0" * 24
"""A barcode in bpost's form that no parcel has: whether an account is taken can be asked without anybody's parcel."""

_ROOT: Final = "itemTracking"
_UNREADABLE: Final = "unreadable-answer"
_WINDOW: Final = ("plannedDeliveryDateWindowStart", "plannedDeliveryDateWindowEnd")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BpostTracking:
    """The port ``Follower`` for bpost. ``asking`` tells with which account a parcel is asked for, its passphrase being
    the one of tracking; or why nobody asks.
    """

    asking: Callable[[Sighting], Account | Impossible]

    def question(self, record: Sighting) -> Request | Impossible:
        """The barcode, and nothing else of the parcel."""
        account = self.asking(record)
        return account if isinstance(account, Impossible) else _asking(account, record.barcode or "")

    def answer(self, record: Sighting, response: Response) -> Journey | Unheard | Gone | Failed:
        """The way of this parcel and of no other, whatever stands in between. Of a refusal's body it is asked alone
        whether bpost itself says so: what a proxy does not find is not said of the parcel.
        """
        if response.status in (404, 410) and answers.denies(response):
            return Unheard() if response.status == 404 else Gone()
        if response.status != 200:
            alone = response.status in (401, 403) and self._own(record)
            return Failed(code=f"http-{response.status}", retry_after=response.retry_after, alone=alone)
        told = _told(response.body)
        return told if told is not None and told.barcode == record.barcode else Failed(code=_UNREADABLE)

    def _own(self, record: Sighting) -> bool:
        account = self.asking(record)
        return isinstance(account, Account) and not account.shared


def trial(account: Account) -> Request:
    """What tells whether tracking takes the account: a question for a parcel that nobody has."""
    return _asking(account, NOBODYS)


def tried(response: Response) -> Fitness:
    """What the answer to ``trial`` tells of the account. Not to know such a parcel is to take it."""
    if response.status in (401, 403):
        told = "bpost's tracking does not take its account and password: ask bpost for the password of tracking, which"
        return Fitness(check=CHECK, ok=False, message=f"{told} it issues apart from the webservice passphrase")
    if response.status == 200 or (response.status in (404, 410) and answers.denies(response)):
        return Fitness(check=CHECK, ok=True, message="bpost takes the account and its password")
    told = f"bpost's tracking does not tell whether it takes the account (http-{response.status})"
    return Fitness(check=CHECK, ok=False, message=f"{told}: check url, and try again")


def _asking(account: Account, barcode: str) -> Request:
    word = base64.b64encode(f"{account.id}:{account.passphrase}".encode()).decode("ascii")
    path = f"/services/trackedmail/item/{quote(barcode, safe='')}/trackingInfo"
    return Request(method="GET", path=path, headers={"Authorization": f"Basic {word}"}, body=None)


def _told(body: bytes) -> Journey | None:
    """What an answer tells that may pass; None for one that cannot be read."""
    root = markup.read(body) if len(body) <= LONGEST else None
    if root is None or markup.local(root) != _ROOT:
        return None
    try:
        told = load(ITEM_TRACKING, _permitted(root))
    except Refused:
        return None
    scans = _in_order(told["stateInfo"] or ())
    window = told["deliveryTimeWindow"]
    return Journey(
        barcode=told["itemCode"],
        state=scans[-1].state if scans else Progress.ANNOUNCED,
        scans=scans,
        window=Window(**window) if window and any(window.values()) else None,
    )


def _permitted(root: markup.Element) -> dict[str, Any]:
    """The elements of the allow-list, in their places alone: one of that name elsewhere is none."""
    window = next((child for child in root if markup.local(child) == "deliveryTimeWindow"), None)
    return {
        "itemCode": markup.value(root, "itemCode"),
        "stateInfo": [_named(child, "time", "stateCode") for child in root if markup.local(child) == "stateInfo"],
        "deliveryTimeWindow": None if window is None else _named(window, *_WINDOW),
    }


def _named(parent: markup.Element, *names: str) -> dict[str, str | None]:
    return {name: markup.value(parent, name) for name in names}


def _in_order(told: Any) -> tuple[Scan, ...]:
    """By time; as they came where one has none. Which way round bpost tells them is said nowhere."""
    scans = [Scan(**each, state=PROGRESS.get(each["code"] or "", Progress.UNKNOWN)) for each in told]
    times = [scan.at for scan in scans if scan.at is not None]
    return tuple(sorted(scans, key=_at) if len(times) == len(scans) else scans)


def _at(scan: Scan) -> tuple[datetime, ...]:
    return () if scan.at is None else (scan.at,)
