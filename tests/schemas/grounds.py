"""What a pack says of the ground of a purpose."""

from __future__ import annotations

from schemas.policy import Policy


def bases(policy: Policy, purpose: str, subject: str, account_type: str) -> list[str]:
    """The legal bases, such as ``A6-1-f``, of the rows that give a purpose one for a subject."""
    return [row.basis for row in policy.bases_of(purpose, subject, account_type)]
