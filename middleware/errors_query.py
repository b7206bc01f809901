"""What a query is refused with; part of the error tree of ``middleware.errors``."""

from __future__ import annotations

from dataclasses import dataclass

from middleware.errors import RequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfit:
    """One thing wrong with a query: which parameter (a known name; ``*`` for an unknown one) and a stable code."""

    parameter: str
    code: str


class QueryError(RequestError):
    """The query of this request is not the one that is described."""

    code = "bad-query"
    status = 400

    def __init__(self, unfit: tuple[Unfit, ...]) -> None:
        super().__init__()
        self.unfit = unfit
