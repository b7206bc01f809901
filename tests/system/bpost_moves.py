"""A shop that is given one account at bpost after another, at any moment of a relay's work. What stands still then is
helped by a person, who brings the account back that is noted.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import cast

from middleware.account import Account, Used, Whose
from middleware.carriers.bpost_shm.conversation import BpostShm
from simulator.bpost.names import BoxState
from tests.system.bpost_fates import Fate, Fates, Moment, Play
from tests.system.bpost_house import ACCOUNT, OTHERS, PASSPHRASE

OWN: dict[str, Used] = {name: Account(id=name, passphrase=PASSPHRASE, shared=False) for name in OTHERS}
ACCOUNTS: dict[str, Used] = {ACCOUNT: Whose.SHARED, **OWN}
OFTEN = 0.4


@dataclass(slots=True, kw_only=True)
class Moving(Play):
    """The same with a shop that ships with ``account``; ``moved``: how often it was given another."""

    account: Used = Whose.SHARED
    moves: bool = True
    moved: int = 0
    helps: int = 0

    def begin(self) -> None:
        Play.begin(self)
        lane = self.relay.lanes["platform"]
        carrier = replace(cast(BpostShm, lane.carrier), accounts=lambda _: self.account)
        self.relay = replace(self.relay, lanes={"platform": replace(lane, carrier=carrier)})

    def moving(self, fates: Fates, chance: random.Random) -> Fates:
        """These, and at any moment another account."""
        self.moves = True

        def at(moment: Moment) -> Fate | None:
            if self.moves and chance.random() < OFTEN:
                self.give(chance.choice([*ACCOUNTS.values()]))
            return fates(moment)

        return at

    def give(self, account: Used) -> None:
        """The shop has this account from now on."""
        self.moved += account is not self.account
        self.account = account

    def helped(self, id_: str) -> bool:
        """A dead letter goes again under the account that is noted with it, which the shop keeps then."""
        now = self.house.standing(id_)
        if now.state != "dead" or not (now.code or "").startswith("attempts-exhausted"):
            return False
        self.moves = False
        self.give(ACCOUNTS[now.account or ACCOUNT])
        self.helps += 1
        return self.house.services.store.revive(id_, self.relay.clock())

    def feigned(self) -> list[str]:
        """What is cancelled here and lives there."""
        made = self.house.ledger()
        ids = [id_ for ids in self.accepted for id_ in ids if self.house.standing(id_).state == "cancelled"]
        return [id_ for id_ in ids if id_ in made and any(map(_lives, made[id_]["boxes"]))]


def _lives(box: dict[str, str]) -> bool:
    return box["status"] != BoxState.CANCELLED.value
