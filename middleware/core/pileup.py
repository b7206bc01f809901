"""When the rejections of a shop pile up: a pure rule that intake obeys (contract, "Webhook answers").

One order that cannot be shipped is the shop's matter, and is kept as an entry. Many at once are rather a fault of a
setting, of an app or of ours: the shop's platform is then told to keep them and to come again, until a person has
looked at the entries or the rate has fallen.
"""

from __future__ import annotations

from datetime import timedelta

WINDOW = timedelta(minutes=15)
MOST = 20
"""Rejections within the window that nobody has looked at; fewer are never a pile."""


def piled_up(rejected: int, accepted: int) -> bool:
    """Whether the next rejection of a shop is one too many, after so many rejected unseen, and so many records made,
    within the window.
    """
    return rejected >= MOST and rejected > accepted
