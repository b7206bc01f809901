"""The judge: was every promise kept? It goes by the ledger, by what the platform could open, and by raw bytes.

It is a pure function over the evidence. It asks nobody, knows of no fault that was made on purpose, and has an
allow-list of its own (``simulator.permitted``): a second opinion, not an echo.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator import resting
from simulator.arrival import nothing_doubled, nothing_dropped, nothing_stray, nothing_unlabelled, nothing_untagged
from simulator.case import Case
from simulator.evidence import Evidence
from simulator.later import nothing_early, nothing_late, nothing_lost, nothing_reopened
from simulator.passed import Passed
from simulator.resting import Ended
from simulator.secrecy import nothing_leaked, nothing_left, nothing_unsealed
from simulator.verdict import Verdict

JUDGEMENTS: tuple[Callable[[Case], Verdict], ...] = (
    nothing_dropped,
    nothing_doubled,
    nothing_stray,
    nothing_unsealed,
    nothing_leaked,
    nothing_left,
    nothing_untagged,
    nothing_unlabelled,
)

BPOST_JUDGEMENTS = tuple(
    resting.nothing_unsealed if judgement is nothing_unsealed else judgement
    for judgement in JUDGEMENTS
    if judgement is not nothing_untagged
)
"""With bpost's services: how parts rest is judged by a copy from while they waited; tags do not travel."""

LATER_JUDGEMENTS: tuple[Callable[[Passed], Verdict], ...] = (
    nothing_early,
    nothing_late,
    nothing_reopened,
    nothing_lost,
)


def judge(evidence: Evidence) -> tuple[Verdict, ...]:
    """A verdict on every promise of ``simulator.verdict.PROMISES``, or ``BPOST_PROMISES``, in their order.

    Raises:
        ValueError: an order among the evidence is no JSON object, so nothing can be said of it.
    """
    case = Case(evidence)
    return tuple(judgement(case) for judgement in (BPOST_JUDGEMENTS if case.cleartext else JUDGEMENTS))


def judge_later(passed: Passed) -> tuple[Verdict, ...]:
    """A verdict on every promise of ``simulator.verdict.LATER_PROMISES``, in their order."""
    return tuple(judgement(passed) for judgement in LATER_JUDGEMENTS)


def judge_weeks(ended: Ended) -> tuple[Verdict, ...]:
    """A verdict on every promise of ``simulator.verdict.BPOST_LATER_PROMISES``, in their order."""
    return resting.nothing_late(ended), resting.nothing_reopened(ended)
