"""``doctor`` on what goes back to shops: what was given up, and who wants to hear nothing more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from middleware import bootstrap_back, config
from middleware.cli.findings import Finding, warn
from middleware.errors import ParcelveilError


def unheard(settings: config.Config) -> Iterator[Finding]:
    """What a person has to look at; nothing where all is told, or the database cannot be asked."""
    try:
        with closing(bootstrap_back.outbox(settings)) as waiting:
            counts = waiting.counts()
    except ParcelveilError:
        return  # told by the database's own line
    if counts["failed"]:
        what = f"{counts['failed']} times a shop was not told what became of an order"
        yield warn("callbacks", what, "`parcelveil callbacks list`; once that is mended, `parcelveil callbacks retry`")
    if counts["stopped"]:
        what = f"{counts['stopped']} shops answered 410, and are told nothing more"
        yield warn("callbacks", what, "give the shop another url, or `parcelveil callbacks resume SHOP`")
