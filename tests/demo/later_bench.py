"""Evidence of thirteen months made by hand, on top of the first act's: everything goes on its day, nothing before."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from simulator.encoding import b64url_encode
from simulator.evidence import Evidence, Held, Later, Moment
from simulator.jwe import public_jwk, seal_token
from simulator.rest import Key
from simulator.verdict import Verdict
from tests.demo.bench import PARTS, sound

DATABASE = "var/parcelveil.db"
BACKUP = "backup/parcelveil.db"
RECORDS = {"r-1": PARTS["domestic.json"], "r-2": PARTS["gift.json"]}
CLOCK = {"last_day": "2027-12-22T23:50", "day_after": "2027-12-23T00:10", "month_over": "2028-01-01T00:30"}
OURS = {party: ec.generate_private_key(ec.SECP256R1()) for party in ("recipient", "sender")}
MONTHS = {"recipient": "class/2027-12", "sender": "class/2036-11"}


def copy_of(rid: str, part: str, plaintext: bytes) -> str:
    """``plaintext`` as a part of a record, sealed to a key of ours."""
    party = part.partition(".")[0]
    key = OURS[party].public_key()
    return seal_token(plaintext.ljust(1024), kid=f"{part}/{MONTHS[party]}", rid=rid, key=key)


SEALED: Mapping[Key, str] = {
    (rid, part): copy_of(rid, part, json.dumps(content).encode())
    for rid, parts in RECORDS.items()
    for part, content in parts.items()
}
"""Every part, sealed to a key of ours."""
SENDERS = frozenset(key for key in SEALED if key[1] == "sender.contact")


def database(tokens: Iterable[str]) -> bytes:
    """A database with these sealed parts in it, in a table that nobody announced."""
    with closing(sqlite3.connect(":memory:")) as made:
        made.execute('CREATE TABLE "what""ever" (number INTEGER PRIMARY KEY, held TEXT)')
        made.executemany('INSERT INTO "what""ever" (held) VALUES (?)', [(token,) for token in tokens])
        made.commit()
        return made.serialize()


def jwk(party: str) -> bytes:
    """A private key of ours as its file holds it."""
    key = OURS[party]
    scalar = b64url_encode(key.private_numbers().private_value.to_bytes(32))
    return json.dumps({**public_jwk(key.public_key()), "d": scalar, "kid": "x"}).encode()


def held(keys: Iterable[Key]) -> Held:
    """What the platform has and can read."""
    found: dict[str, dict[str, Mapping[str, Any] | None]] = {rid: {} for rid in RECORDS}
    for rid, part in keys:
        found[rid][part] = RECORDS[rid][part]
    return found


def moment(name: str, keys: Iterable[Key], parties: Iterable[str]) -> Moment:
    """A moment at which these parts are in both places, and these keys of ours are left."""
    chosen = sorted(keys)
    files = {DATABASE: database(SEALED[key] for key in chosen), "logs/serve-relay.log": b"purged\n"}
    files |= {f"var/keys/retention/{party}.jwk": jwk(party) for party in parties}
    return Moment(at=f"{CLOCK[name]}:00+01:00", held=held(chosen), files=files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """The evidence of both."""

    first: Evidence
    later: Later

    def at(self, name: str, **changes: Any) -> Acts:
        """The same, but for one moment; ``files`` come on top of those that are there."""
        before: Moment = getattr(self.later, name)
        if "files" in changes:
            changes["files"] = {**before.files, **changes["files"]}
        news: dict[str, Any] = {name: replace(before, **changes)}
        return replace(self, later=replace(self.later, **news))


def passed_well() -> Acts:
    """Evidence against which nothing can be said."""
    first, everything = sound(), frozenset(SEALED)
    kept = {DATABASE: database(SEALED.values()), **{f"var/keys/retention/{party}.jwk": jwk(party) for party in OURS}}
    later = Later(
        backup={BACKUP: database(SEALED.values())},
        last_day=moment("last_day", everything, OURS),
        day_after=moment("day_after", SENDERS, OURS),
        month_over=moment("month_over", SENDERS, ["sender"]),
    )
    return Acts(first=replace(first, database=kept), later=later)


def broken_later(said: Iterable[Verdict]) -> dict[str, list[str]]:
    """The broken promises with the evidence against each."""
    return {verdict.promise: [*map(str, verdict.findings)] for verdict in said if not verdict.kept}
