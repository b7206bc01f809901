"""The service's keys take turns, beside the running service: a new one works from now on, and what was made with the
one before stays readable until nothing needs it any more.

    turn ─▶ every process works with the new key ─▶ what rests is made anew ─▶ finish: the old key is gone

Whatever stops in between, the same command goes on where it was. Both ends stand in the audit log.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from middleware.core import receipt
from middleware.core.index import MOST_KEYS
from middleware.core.seal import locked_anew
from middleware.errors import DestructionRefusedError, TamperedError
from middleware.key_turns import SigningTurn, Turn
from middleware.keys import CHECKED, ServiceKeys, check_value, load_service, new_key
from middleware.model_keys import AuditEntry, Fact, Locked
from middleware.ports_rotation import Rotations

SETTLED: Final = timedelta(seconds=60)
"""How long after a key was turned nothing is in hand any more that the one before was taken for."""

BATCH: Final = 100

_NOTHING: Final = "there is no rotation of this key to finish; `parcelveil keys rotate` begins one"

SERVICE: Final = "service"
INDEX: Final = "index"

SPREAD_SECONDS: Final = 2.0
"""How long the next index key lies beside the other before digests are made with it: every process has read it then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """Where keys are turned, and by whom. ``now`` is the time of the audit log, ``wall`` that of the file system."""

    folder: Path
    group: int | None
    rotations: Rotations
    actor: str
    now: datetime
    wall: datetime

    def keys(self) -> ServiceKeys:
        """The service's keys as they are on disk. Raises: ConfigError."""
        return load_service(self.folder, self.group)

    def entry(self, fact: Fact, kid: str) -> AuditEntry:
        """What the log is told of a signing key."""
        return AuditEntry(at=self.now, fact=fact, subject=f"signing/{kid}", actor=self.actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechained:
    """How many rows were taken to the next generation of digests, and how many cannot be yet."""

    changed: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocked:
    """How many texts were locked anew, and how many open with no key that is there."""

    changed: int
    unreadable: int


def turn_signing(turning: Turning) -> str:
    """A new key signs receipts from now on; the one before goes on verifying them, and cannot sign any more: its
    private half is gone. The id of the new one.

    Raises: ConfigError, StorageError; run again, it goes on.
    """
    turn = SigningTurn(turning.folder, turning.group)
    kid = turn.next_kid()
    turning.rotations.note(turning.entry(Fact.ROTATED, kid))
    turn.keep()
    turn.switch()
    return kid


def finish_signing(turning: Turning) -> tuple[str, ...]:
    """The public halves go that no record needs; their ids. Raises: DestructionRefusedError where one is needed, after
    the others went; ConfigError, StorageError.
    """
    turn, gone, kept = SigningTurn(turning.folder, turning.group), [], []
    _check_settled(turn, turning)
    for kid in turn.formers():
        if kid == turn.kid():  # a rotation that has stopped before its last step
            continue
        if turning.rotations.signed(receipt.head(kid)):
            kept.append(kid)
            continue
        turning.rotations.note(turning.entry(Fact.RETIRED, kid))
        turn.forget(kid)
        gone.append(kid)
    if kept:
        done = f"; gone: {', '.join(gone)}" if gone else ""
        raise DestructionRefusedError(
            f"records are kept that it signed, and they have to verify: {', '.join(kept)}{done}"
        )
    return tuple(gone)


def turn_service(turning: Turning) -> bool:
    """A new key locks from now on, and both open. False where an earlier rotation is not finished: it goes on.

    Raises: ConfigError, StorageError; run again, it goes on.
    """
    turn = service_turn(turning)
    if turn.former.exists() and not turn.next.exists():
        return False
    _switch(turn, SERVICE, new_key(), turning)
    return True


def relock(turning: Turning) -> Relocked:
    """Lock anew what the key before has locked, in batches beside all other work. Raises: ConfigError, StorageError."""
    keys, after, changed, unreadable = turning.keys(), None, 0, 0
    if keys.former_service is None:
        return Relocked(changed=0, unreadable=0)
    while page := turning.rotations.locked(after, BATCH):
        before: list[Locked] = []
        news: list[Locked] = []
        for one in page:
            try:
                token = locked_anew(one.token, keys.former_service, keys.service, one.purpose)
            except TamperedError:
                unreadable += 1
                continue
            if token is not None:
                before.append(one)
                news.append(replace(one, token=token))
        changed += turning.rotations.relocked(before, news)
        after = page[-1]
    return Relocked(changed=changed, unreadable=unreadable)


def finish_service(turning: Turning) -> Relocked:
    """The key before is gone, here and among those that the database knows. Raises: DestructionRefusedError while
    something is locked under it or may be soon; ConfigError, StorageError.
    """
    turn = service_turn(turning)
    _check_settled(turn, turning)
    done = relock(turning)
    if done.changed and relock(turning).changed:
        raise DestructionRefusedError("texts are still being locked under it; finish again in a minute")
    _retire(turn, SERVICE, turning)
    return done


def turn_index(turning: Turning, pause: Callable[[float], None] = time.sleep) -> bool:
    """Every digest that is written from now on is chained with a new key; those that rest are found under both. False
    where an earlier rotation is not finished: it goes on.

    Raises: DestructionRefusedError for a chain that cannot become longer; ConfigError, StorageError; run again, it goes
    on.
    """
    turn = _index_turn(turning)
    begins = not turn.next.exists()
    if begins:
        if len(turning.keys().chain().keys) == MOST_KEYS:
            raise DestructionRefusedError(f"the index key was rotated {MOST_KEYS - 1} times; no more are possible")
        turn.prepare(new_key)
        pause(SPREAD_SECONDS)
    _fence(turning)
    return begins


def rechain(turning: Turning) -> Rechained:
    """Take what rests to the next generation, in batches beside all other work. Raises: ConfigError, StorageError."""
    chain = turning.keys().chain()
    if not chain.turning:
        return Rechained(changed=0, left=0)
    changed, left = turning.rotations.rechain(chain.forward, turning.now)
    return Rechained(changed=changed, left=left)


def finish_index(turning: Turning) -> Rechained:
    """The next key becomes part of the key file: from now on nothing is of the generation before. Raises:
    DestructionRefusedError while something is; ConfigError, StorageError.
    """
    turn = _index_turn(turning)
    if not turn.next.exists():
        raise DestructionRefusedError(_NOTHING)
    _fence(turning)
    done = rechain(turning)
    if done.left:
        raise DestructionRefusedError(f"{done.left} calls of plug-ins are in hand; finish again in a minute")
    chain = turning.keys().chain()
    if chain.turning:
        turn.become(b"".join(chain.keys))
    turning.rotations.retire(INDEX, turning.keys().checks()[INDEX], turning.now, turning.actor)
    turn.forget_next()
    return done


def _fence(turning: Turning) -> None:
    """The database knows the chain with its next key, and takes no digest of the generation before any more."""
    keys = turning.keys().chain().keys
    turning.rotations.admit(INDEX, check_value(INDEX, b"".join(keys)), turning.now, turning.actor)
    turning.rotations.fence(len(keys))


def _index_turn(turning: Turning) -> Turn:
    return Turn(turning.folder, turning.group, CHECKED[INDEX])


def service_turn(turning: Turning) -> Turn:
    """The file of the service key."""
    return Turn(turning.folder, turning.group, CHECKED[SERVICE])


def _switch(turn: Turn, purpose: str, made: bytes, turning: Turning) -> None:
    """The database knows the next key before a process can use it, and the old one stays beside it."""
    key = turn.prepare(lambda: made)
    turning.rotations.admit(purpose, check_value(purpose, key), turning.now, turning.actor)
    turn.keep()
    turn.switch()


def _retire(turn: Turn, purpose: str, turning: Turning) -> None:
    value = turning.keys().checks()[purpose]
    turning.rotations.retire(purpose, value, turning.now, turning.actor)
    turn.drop()


def _check_settled(turn: Turn, turning: Turning) -> None:
    """Raises: DestructionRefusedError where there is no rotation, or it is too young."""
    since = turn.switched_at()
    if since is None or turn.next.exists():
        raise DestructionRefusedError(_NOTHING)
    left = SETTLED - (turning.wall - since)
    if left > timedelta(0):
        seconds = int(left.total_seconds()) + 1
        raise DestructionRefusedError(
            f"what was in hand when the key was turned may still come: {seconds} seconds more"
        )
