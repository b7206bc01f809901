"""The way to the parcel platform without a network: the simulator's own routes, with its own faults."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from middleware.errors import TransientDeliveryError
from middleware.exchange import Request, Response
from simulator.api import Api
from simulator.faults import AFTER_COMMIT, FaultName, Faults
from simulator.http import INSTEAD
from simulator.message import Answer
from simulator.message import Request as Asked
from simulator.platform import Platform
from tests.histories.events import Death

HEARD_AS = {
    FaultName.TIMEOUT: "timeout",
    FaultName.TIMEOUT_AFTER_COMMIT: "timeout",
    FaultName.SLOW: "timeout",
    FaultName.RESET: "connection",
    FaultName.TRUNCATED: "truncated",
}
"""The faults that leave no whole answer, and what the transport calls them."""


class Died(BaseException):
    """The relay's process ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the next exchange meets."""

    fault: FaultName | None = None
    death: Death | None = None
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None


class Wire:
    """The port ``Transport``. ``watch`` is told of every request before it leaves, and after the platform's answer."""

    def __init__(self, platform: Platform, watch: Callable[[Request], None]) -> None:
        self._platform = platform
        self._api = Api(platform, Faults({}, 0))
        self._watch = watch
        self.faults = Faults({}, 0)
        self.plan: Plan | None = None

    def send(self, request: Request) -> Response:
        """One exchange, as planned or else with whatever fault is drawn. Raises: Died, TransientDeliveryError."""
        plan, self.plan = self.plan or Plan(fault=self.faults.draw()), None
        self._watch(request)
        plan.before()
        if plan.death is Death.BEFORE:
            raise Died
        answer = self._answer(request, plan.fault)
        self._watch(request)
        plan.after()
        if plan.death is Death.AFTER:
            raise Died
        if plan.fault in HEARD_AS:
            problem = TransientDeliveryError()
            problem.code = HEARD_AS[plan.fault]
            raise problem
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Response(status=answer.status, headers=headers, body=answer.body)

    def _answer(self, request: Request, fault: FaultName | None) -> Answer:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(method=request.method, target=request.path, headers=headers, body=request.body or b"")
        if asked.control:
            return self._api.answer(asked)
        store = self._platform.store
        key = headers.get("idempotency-key")
        at = self._platform.clock.now().isoformat()
        seq = store.received(at=at, method=asked.method, path=asked.target, key=key, body=asked.body, fault=fault)
        if fault is not None and fault not in AFTER_COMMIT:
            return INSTEAD.get(fault, Answer(status=504))  # the others are never heard
        answer = self._api.answer(asked)
        store.answered(seq, answer.status)
        return answer
