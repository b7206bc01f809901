"""What a parcel platform publishes, made up: its public keys and its pick-up points."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from middleware.model import PartPlan, Plan
from middleware.platform_keys import Known, admit

Json = dict[str, Any]

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LATER = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
KID = "recipient.delivery/vp.recipient.operational/2027-12"
OTHER = "sender.contact/vp.sender.legal/2036-11"
POINT = {"id": "kariboe-1000", "postal_code": "1000", "country": "BE"}
CANARY = "k4n4rie"


@cache
def key(name: str) -> ECKey:
    return ECKey.generate_key("P-256")


def published(made: ECKey | OKPKey | RSAKey | OctKey) -> Json:
    """The public half of any key, under ``KID``."""
    return {**made.as_dict(private=False), "kid": KID, "use": "enc", "alg": "ECDH-ES+A256KW"}


def jwk(kid: str = KID, name: str = "one", **changes: object) -> Json:
    """A key as the platform publishes it."""
    return {**published(key(name)), "kid": kid, **changes}


def jwks(*listed: object) -> bytes:
    return json.dumps({"keys": listed}).encode()


def points(*listed: object) -> bytes:
    return json.dumps({"points": listed}).encode()


def known(*listed: Json, places: bytes | None = None) -> Known:
    """Two keys and a pick-up point, admitted."""
    found = jwks(*(listed or (jwk(), jwk(OTHER, "two"))))
    return admit(Known(), found, points(POINT) if places is None else places, NOW)


def plan(*kids: str) -> Plan:
    """A plan that needs these keys."""
    parts = tuple(
        PartPlan(
            name=kid.split("/")[0],
            retention="",
            trigger="",
            starts=None,
            until=None,
            ceiling=date(2027, 12, 22),
            kid=kid,
            purpose="",
            basis="",
        )
        for kid in kids
    )
    return Plan(parts=parts, recipient_until=date(2027, 12, 22), record_until=date(2036, 11, 22))
