"""What the judge says: one verdict for every promise, with the evidence against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Finding:
    """One piece of evidence: what (a leaf as ``file: path``, an order) and where (a file's byte, a ledger entry)."""

    what: str
    where: str

    def __str__(self) -> str:
        return f"{self.what} — {self.where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One promise: its stable id, its sentence, how many things were checked, which, and what speaks against it."""

    promise: str
    sentence: str
    checked: int
    basis: str
    findings: tuple[Finding, ...]

    @property
    def kept(self) -> bool:
        """A promise of which nothing was checked is not kept."""
        return self.checked > 0 and not self.findings


def verdict(
    promise: str, checked: int, basis: str, findings: Iterable[Finding], promises: Mapping[str, str] | None = None
) -> Verdict:
    """The verdict on one of ``promises``: if nothing is said, ``PROMISES`` and ``LATER_PROMISES``."""
    found = tuple(dict.fromkeys(findings))
    if checked == 0:
        found = (*found, Finding(what="nothing was checked", where="there was no evidence of that kind"))
    sentence = (promises or PROMISES | LATER_PROMISES)[promise]
    return Verdict(promise=promise, sentence=sentence, checked=checked, basis=basis, findings=found)


PROMISES = {
    "nothing-dropped": "Every order was acknowledged, and every order to ship is in the platform's ledger.",
    "nothing-doubled": "Every order arrived once, however often the shop sent it.",
    "nothing-stray": "Of an order that was ignored or rejected, nothing arrived.",
    "nothing-unsealed": "Everything personal arrived, sealed, and the platform could open every part.",
    "nothing-leaked": "What may not pass is nowhere: not in what was sent or opened, nor in the database or the logs.",
    "nothing-left": "Once delivered, nothing that is sealed to the platform is left in the database.",
    "nothing-untagged": "Every part bears its retention class, from the day of intake to its last permitted day.",
    "nothing-unlabelled": "Every shipment has a label that shows its barcode and its recipient.",
}
"""Of the first act: orders come in, parcels go out."""

LATER_PROMISES = {
    "nothing-early": "On its last permitted day every part is still there, in the database and at the platform.",
    "nothing-late": "On the day after, no recipient's part is left: not at the platform, not in a byte of a file.",
    "nothing-reopened": "With the month's keys destroyed, no recipient's part opens out of a backup or a ledger.",
    "nothing-lost": "What may live for ten years does: every sender's part is in both places, and reads as it did.",
}
"""Of the second act: thirteen months pass."""

BPOST_PROMISES = {
    **{promise: sentence for promise, sentence in PROMISES.items() if promise != "nothing-untagged"},
    "nothing-unsealed": "While it waited, everything personal was sealed to a key of its week, which opens every part.",
    "nothing-left": "Once bpost had it, nothing that was sealed is left in the database.",
}
"""The same with bpost's services, which take cleartext: what is sealed is sealed to keys of Parcelveil's own, and no
tag travels.
"""

BPOST_LATER_PROMISES = {
    "nothing-late": "After the week, and after thirteen months, no piece of a part is in a byte of a file.",
    "nothing-reopened": "With the week's keys destroyed, nothing opens out of a backup that was made while it waited.",
}
"""Of their second act. bpost cannot be told that a part has ended: of what it keeps nothing is promised."""
