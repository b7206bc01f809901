"""Under which account a record goes is noted before anything is sent, and stays as long as something may be there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from middleware.account import Account, Used
from middleware.carriers.bpost_shm.conversation import BpostShm
from middleware.carriers.parcel_json import ParcelJson
from middleware.errors import PermanentDeliveryError, TransientDeliveryError
from middleware.exchange import Failed, Gone, Outcome, Refused, Request, Response, may_have_made
from middleware.model import Stored
from middleware.model_keys import Sealing
from middleware.relay import Lane
from tests.middleware.relay_bench import ANSWER, DONE, Bench, FakeCarrier, bench, due
from tests.middleware.test_opening import Ring, in_transit

OURS, OTHER = "123456", "654321"
CREATE = Request(method="POST", path="/orders", headers={}, body=b"")
LOOK = Request(method="GET", path="/orders/1", headers={}, body=None)


@dataclass
class Way:
    """Answers in turn, or fails; what was noted when each request left."""

    noted: list[str | None]
    answers: list[int | Exception]
    before: list[list[str | None]] = field(default_factory=list)

    def send(self, request: Request) -> Response:
        self.before.append([*self.noted])
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return replace(ANSWER, status=answer)


class Bound(FakeCarrier):
    """A carrier of accounts: asks what it is told to ask, whatever the answer, and ends as it is told."""

    def __init__(self, *said: Request | Outcome, account: str | Failed = OURS) -> None:
        super().__init__(*said)
        self.sealing = Sealing.TRANSIT
        self.account = account
        self.given: list[Stored] = []

    def under(self, stored: Stored) -> tuple[Bound, str | None] | Failed:  # type: ignore[override]
        return self.account if isinstance(self.account, Failed) else (self, self.account)

    def start(self, stored: Stored) -> Request:
        self.given.append(stored)
        return cast(Request, self.outcomes.pop(0))

    def after(self, stored: Stored, asked: Request, response: Response) -> Request | Outcome:
        return self.outcomes.pop(0)


def made(carrier: Bound, *answers: int | Exception, **changes: Any) -> tuple[Bench, Way]:
    at = bench(in_transit(**changes), ring=Ring())
    way = Way(at.store.noted, list(answers))
    at.relay = replace(at.relay, lanes={"platform": Lane(carrier=carrier, transport=way)})
    at.relay.step()
    return at, way


def test_it_is_noted_before_anything_leaves() -> None:
    carrier = Bound(CREATE, DONE)
    at, way = made(carrier, 201)
    assert way.before == [[OURS]]
    assert [given.account for given in carrier.given] == [OURS]
    assert [call[0] for call in at.store.calls] == ["opening", "delivered"]


@pytest.mark.parametrize(
    ("said", "answers", "rests"),
    [
        ((CREATE, Failed(code="http-503")), (503,), OURS),
        ((CREATE, Failed(code="http-409")), (409,), OURS),
        ((CREATE,), (TransientDeliveryError(),), OURS),
        ((CREATE, LOOK, Failed(code="http-401")), (201, 401), OURS),
        ((CREATE, LOOK), (201, TransientDeliveryError()), OURS),
        ((CREATE, Refused(code="http-400")), (400,), None),
        ((CREATE, Failed(code="http-401")), (401,), None),
        ((CREATE,), (PermanentDeliveryError(),), None),
        ((LOOK,), (TransientDeliveryError(),), None),
        ((LOOK, Failed(code="http-401")), (401,), None),
        ((Refused(code="unknown-pickup-point"),), (), None),
    ],
)
def test_it_stays_where_something_may_be_there(
    said: tuple[Request | Outcome, ...], answers: tuple[int | Exception, ...], rests: str | None
) -> None:
    at, _ = made(Bound(*said), *answers)
    assert at.store.noted == [OURS, rests]


@pytest.mark.parametrize("answer", [400, 401, 404])
def test_what_was_noted_before_is_not_forgotten(answer: int) -> None:
    at, _ = made(Bound(LOOK, CREATE, Failed(code="x")), 404, answer, account=OURS)
    assert at.store.noted == [OURS, OURS]


def test_under_an_account_that_is_not_known_nothing_is_opened_or_sent() -> None:
    at, way = made(Bound(account=Failed(code="account-changed")), account=OURS)
    assert way.before == []
    assert [call[0] for call in at.store.calls] == ["retry"]
    assert "account-changed" in at.store.calls[0]
    assert at.store.noted == [OURS]


def test_to_cancel_goes_under_the_account_that_is_noted() -> None:
    at, _ = made(Bound(CREATE, Gone()), 200, account=OURS, cancelling=True)
    assert [call[0] for call in at.store.calls] == ["gone"]
    at, _ = made(Bound(account=Failed(code="account-changed")), account=OURS, cancelling=True)
    assert [call[0] for call in at.store.calls] == ["retry"]


def test_what_went_out_under_an_account_is_not_taken_for_gone_by_a_carrier_of_another_kind() -> None:
    """Which bears the name by now, has never heard of it, and would say so."""
    way = Way([], [])
    lanes = {"platform": Lane(carrier=ParcelJson(), transport=way)}
    at = bench(due(account=OURS, cancelling=True), lanes=lanes)
    at.relay.step()
    assert way.before == []
    assert [call[0] for call in at.store.calls] == ["retry"]
    assert "account-changed" in at.store.calls[0]
    assert isinstance(ParcelJson().under(due(account=None)), tuple)


def test_what_may_have_made_something() -> None:
    assert may_have_made(CREATE, None)
    assert may_have_made(CREATE, replace(ANSWER, status=302))
    assert not may_have_made(LOOK, None)
    assert not may_have_made(CREATE, replace(ANSWER, status=401))


def test_one_conversation_goes_under_one_account_though_the_shop_is_given_another() -> None:
    now: list[Used] = [Account(id=OURS, passphrase="made up", shared=False)]
    spoken = BpostShm(accounts=lambda _: now[0], shared=None, spots={})
    stored = in_transit()
    carrier, account = cast(tuple[BpostShm, str], spoken.under(stored))
    now[0] = Account(id=OTHER, passphrase="made up", shared=False)
    look = carrier.start(replace(stored, account=account, fence=2))
    assert isinstance(look, Request)
    assert look.path.startswith(f"/services/shm/{OURS}/")
    assert spoken.under(replace(stored, account=account)) == Failed(code="account-changed")
