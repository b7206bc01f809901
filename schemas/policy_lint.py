"""What a data protection officer should know of a pack that is sound: open points, and what has grown old."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from schemas.policy import NOT_STATED, UNSPECIFIED, Clause, Policy

MAX_AGE_DAYS: Final = 180
"""After so many days, the text should be fetched anew and compared (VP-REV-2: readers are advised to consult the latest
version).
"""

ADVERTISING_PLATFORMS: Final = frozenset(("google", "facebook", "twitter", "linkedin", "instagram"))
"""Channels that belong to somebody else: whoever uses one gives the data away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding.

    ``level``: error (the register would say something false) or warning. ``ids``: the requirements that it concerns.
    """

    level: str
    where: str
    message: str
    ids: tuple[str, ...]


def lint(policy: Policy, *, today: date | None = None, beside: Iterable[Policy] = ()) -> tuple[Finding, ...]:
    """All findings, errors first. Without ``today`` the age of the text is not judged; ``beside``: other packs, whose
    controller may be the same.
    """
    found = [*_unsaid(policy), *_controller(policy), *_variance(policy, beside), *_text(policy, today)]
    for look in (_categories, _bases, _purposes, _levels, _recipients, _transfers, _retention, _topics):
        found += look(policy)
    return tuple(sorted(found, key=lambda finding: finding.level != "error"))


def _warning(where: str, message: str, clause: Clause) -> Finding:
    return Finding(level="warning", where=where, message=message, ids=clause.ids)


def _error(where: str, message: str, clause: Clause) -> Finding:
    return Finding(level="error", where=where, message=message, ids=clause.ids)


def _unsaid(policy: Policy) -> Iterator[Finding]:
    """What no pack may leave out: who decides, on which basis, and which text it is."""
    controller = policy.controller
    for name, value in (("name", controller.name), ("address", controller.address), ("country", controller.country)):
        if value == NOT_STATED:
            yield _error(f"controller.{name}", "not stated: the register needs it", controller.clause)
    if not int(policy.text_sha256, 16):
        yield _error("text_sha256", "the digest of the policy's text is missing", policy.reads_with.clause)
    for basis in policy.bases.values():
        own = [row for row in policy.clusters.values() if row.processor is None and {*row.subjects} & {*basis.subjects}]
        if basis.basis == NOT_STATED and own:
            yield _error(f"bases.{basis.id}", "no legal basis is stated (Article 6 GDPR)", basis.clause)


def _controller(policy: Policy) -> Iterator[Finding]:
    controller = policy.controller
    if controller.country == "BE" and not _belgian_vat(controller.vat):
        yield _error("controller.vat", "not a valid Belgian VAT number", controller.clause)
    for channel in controller.channels:
        if channel.address == NOT_STATED:
            yield _warning("controller.channels", f"the address of the {channel.kind} is not stated", channel.clause)


def _variance(policy: Policy, beside: Iterable[Policy]) -> Iterator[Finding]:
    """One legal person under several addresses: the register prints each literally, and somebody should ask why."""
    here = policy.controller
    for other in beside:
        there = other.controller
        if there.vat == here.vat != NOT_STATED and there.address != here.address:
            message = f"the same controller has another address in {other.id}: {there.address}"
            yield _warning("controller.address", message, here.clause)


def _belgian_vat(number: str) -> bool:
    """Ten digits after BE, the last two being 97 less the remainder of the first eight by 97 (Belgian enterprise
    number).
    """
    digits = number.removeprefix("BE").strip().replace(".", "")
    return len(digits) == 10 and digits.isdecimal() and 97 - int(digits[:8]) % 97 == int(digits[8:])


def _text(policy: Policy, today: date | None) -> Iterator[Finding]:
    if policy.revised_on is None:
        row = policy.topics.get("revision_date")
        ids = row.clause.ids if row else ("AMB-18",)
        yield Finding(level="warning", where="revised_on", message="revision date missing", ids=ids)
    if not policy.reads_with.at_hand:
        message = "the text of the general policy is not at hand: what it alone says is unspecified"
        yield _warning("reads_with", message, policy.reads_with.clause)
    if today is not None and (age := (today - policy.retrieved_on).days) > MAX_AGE_DAYS:
        message = f"the text was retrieved {age} days ago, more than {MAX_AGE_DAYS}: fetch and compare it"
        yield Finding(level="warning", where="retrieved_on", message=message, ids=("VP-REV-2",))


def _categories(policy: Policy) -> Iterator[Finding]:
    for rule in policy.categories:
        if rule.advisory:
            yield _warning(f'categories."{rule.title}"', rule.advisory, rule.clause)


def _bases(policy: Policy) -> Iterator[Finding]:
    for basis in policy.bases.values():
        if basis.advisory:
            yield _warning(f"bases.{basis.id}", basis.advisory, basis.clause)
        for ground in basis.instead:
            if "unspecified_which" in ground.when:
                message = f"the text does not say which processing {ground.basis} bears: nothing is permitted on it"
                yield _warning(f"bases.{basis.id}", message, ground.clause)


def _purposes(policy: Policy) -> Iterator[Finding]:
    named = {recipient.name.lower() for recipient in policy.recipients}
    for purpose in policy.purposes.values():
        missing = [name for name in purpose.channels if name in ADVERTISING_PLATFORMS - named]
        if missing:
            message = f"channel_without_recipient: {', '.join(missing)}: a channel, but neither recipient nor transfer"
            yield _error(f"purposes.{purpose.id}.channels", message, purpose.clause)


def _levels(policy: Policy) -> Iterator[Finding]:
    for level in policy.levels.values():
        if level.dashboard == NOT_STATED:
            yield _warning(f"levels.{level.id}", "the address of the dashboard is not stated", level.clause)


def _recipients(policy: Policy) -> Iterator[Finding]:
    for recipient in policy.recipients:
        if recipient.country == NOT_STATED:
            yield _warning(f"recipients.{recipient.name}", "country not stated", recipient.clause)
        if not recipient.purposes:
            yield _warning(f"recipients.{recipient.name}", "recipient without matching purpose", recipient.clause)


def _transfers(policy: Policy) -> Iterator[Finding]:
    for transfer in policy.transfers:
        where = f"transfers.{transfer.country}"
        if transfer.safeguard == "per_general_policy":
            yield _warning(where, "the safeguard is named in the general policy alone", transfer.clause)
        if not transfer.list_closed:
            yield _warning(where, "the list of countries is open", transfer.clause)


def _retention(policy: Policy) -> Iterator[Finding]:
    for rule in policy.retention.values():
        if not rule.trigger_stated and rule.clause.mark == "S":
            message = f"trigger not stated; {rule.trigger} is an interpretation"
            yield _warning(f'retention."{rule.id}"', message, rule.clause)


def _topics(policy: Policy) -> Iterator[Finding]:
    for topic in policy.topics.values():
        if topic.says == UNSPECIFIED:
            yield _warning(f"topics.{topic.id}", "the text does not say", topic.clause)
