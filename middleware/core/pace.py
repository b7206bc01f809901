"""How often somebody may ask: a bucket that fills steadily and from which each question takes one (a token bucket)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Pace:
    """``rate`` is how many come back in a second, ``burst`` how many there are at most. Seconds are those of any clock
    that never steps back. Not for several threads.
    """

    rate: float
    burst: int
    _left: dict[str, tuple[float, float]] = field(init=False, default_factory=dict)

    def take(self, who: str, now: float) -> int:
        """0 where ``who`` may ask now; else after how many whole seconds it may."""
        left, then = self._left.get(who, (float(self.burst), now))
        left = min(left + (now - then) * self.rate, float(self.burst))
        wait = 0 if left >= 1 else math.ceil((1 - left) / self.rate)
        self._left[who] = (left if wait else left - 1, now)
        return wait
