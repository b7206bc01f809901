"""Refreshing what is known of a parcel platform, off the request path: its public retention keys and its pick-up
points.
"""

from __future__ import annotations

from datetime import datetime

from middleware.errors import TransientDeliveryError
from middleware.exchange import Request
from middleware.platform_keys import Known, PlatformKeys, admit
from middleware.ports import Transport


def refresh(keys: PlatformKeys, transport: Transport, now: datetime) -> Known:
    """Fetch, check and persist. Raises: as ``fetch``."""
    known = fetch(keys, transport, now)
    keys.store(known)
    return known


def fetch(keys: PlatformKeys, transport: Transport, now: datetime) -> Known:
    """What the platform publishes now, checked against the pins; nothing is written.

    Raises: KeyRefusedError when the platform's answer is refused (nothing changes); TransientDeliveryError,
    PermanentDeliveryError when there is none.
    """
    jwks = _get(transport, "/.well-known/jwks.json")
    points = _get(transport, "/pickup-points")
    return admit(keys.known(), jwks, points, now)


def _get(transport: Transport, path: str) -> bytes:
    response = transport.send(Request(method="GET", path=path, headers={"Accept": "application/json"}, body=None))
    if response.status != 200:
        raise TransientDeliveryError(f"the parcel platform answered {response.status} for {path}")
    return response.body
