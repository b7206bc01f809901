"""Whether the clock has jumped: by it alone is decided what has ended, and what was erased does not come back.

While a machine runs, its wall clock and its boot time (Linux: ``CLOCK_BOOTTIME``, which no one sets and which counts
sleep) go on alike. Between two boots only a step back can be told: that much time passed may be downtime.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from middleware.model_purge import Anchor, Boot

TOLERATED = timedelta(hours=24)
"""What is no jump: a clock that is set right."""


def jumped(now: datetime, boot: Boot, anchor: Anchor | None, newest: datetime | None) -> bool:
    """Whether ``now`` cannot be. ``anchor`` is what was noted earlier in this boot, ``newest`` the latest time that was
    ever seen.
    """
    if newest is not None and newest - now > TOLERATED:
        return True
    if anchor is None or anchor.since is None or boot.since is None:
        return False
    return abs((now - anchor.wall) - (boot.since - anchor.since)) > TOLERATED
