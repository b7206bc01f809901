"""The one way in which the simulated platform says no."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: an RFC 6901 pointer (an unknown member is ``*``) and a stable code. Never a value."""

    pointer: str
    code: str


class RefusedError(Exception):
    """The request is refused. ``status`` is the HTTP status, ``code`` a stable slug, ``faults`` where and why."""

    def __init__(self, status: int, code: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.faults = faults


def invalid(*faults: Fault) -> RefusedError:
    """The refusal of a well-formed body that the contract does not admit: 422, named by the first fault."""
    return RefusedError(422, faults[0].code, faults)
