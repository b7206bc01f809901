"""How the standing of who uses a shop's label module moves, and that of one contact or customer, and what they mean for
a purpose: pure decisions over the shop's pack as the shop reads it.

A class whose term is over is not erased with the purpose: other classes go on, each by its own clock (AMB-5, AMB-6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from middleware.core.calendar import end
from middleware.core.permitting import WITHOUT, contract_of
from middleware.errors import Fault, SchemaError
from middleware.model_standing import Ended, Shift, Standing, Switch, Switched, Term, Use
from schemas.levels import LevelState, known
from schemas.order import Hidden
from schemas.permission import NO_CONTRACT, Question
from schemas.policy import Policy, RetentionRule

OWN: Final = frozenset(("sender", "user"))
"""Data subjects of whom a shop's standing tells: who uses its label module. Of nobody else it tells anything."""

ONE: Final = frozenset(("contact", "customer"))
"""Data subjects each of whom has a standing of their own, and of nobody else: not of who is on their stamps."""

NOT_OF_THIS_POLICY: Final = "not-of-this-policy"
"""The code where somebody is named, and the pack is about one whom nobody names."""

_USE, _END = "last_label_use", "end_of_use"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Asked(Hidden):
    """What somebody would like to do; the members as in ``schemas.permission.Question``. Of a contract that is not told
    the account type tells with whom it is. ``customer``: the shop's own id of the contact or customer whose data it is.
    """

    purpose: str
    subject: str
    account_type: str
    lane: str | None = None
    contract: str | None = None
    tie: str | None = None
    channel: str | None = None
    customer: str | None = None


def its_own(policy: Policy) -> bool:
    """Whether the pack is about who uses a shop's label module, so that what the shop is told of can be their word."""
    return any(OWN.intersection(basis.subjects) for basis in policy.bases.values())


def use(policy: Policy, day: date) -> Use:
    """What a use of the label module on a day starts: classes that count from the last use, or last with the use."""
    counted = {rule.id: end(day, rule.duration) for rule in _of_use(policy) if rule.duration is not None}
    lasting = dict.fromkeys((rule.id for rule in _with_use(policy)), None)
    resets = frozenset(rule.id for rule in _of_use(policy) if rule.resets)
    return Use(day=day, kept=kept(policy, day), terms={**counted, **lasting}, resets=resets)


def ended(policy: Policy, day: date) -> Shift:
    """The use of the platform ended on that day, and with it the classes that last as long."""
    return Shift(day=day, kept=kept(policy, day), over=frozenset(rule.id for rule in _with_use(policy)))


def kept(policy: Policy, day: date) -> date:
    """How long what was heard on a day is remembered at least: as long as the longest of the pack's terms."""
    return max(end(day, rule.duration) for rule in policy.retention.values() if rule.duration is not None)


def classes(policy: Policy, switch: Switch) -> frozenset[str]:
    """The classes that an objection by this switch ends before their time."""
    over = purposes(policy, switch.kind, switch.name)
    rules = policy.retention.values()
    return frozenset(rule.id for rule in rules if "objection" in rule.ended_early_by and rule.purpose in over)


def purposes(policy: Policy, kind: Switched, name: str) -> frozenset[str]:
    """The purposes that a switch moves: itself, or those with a basis that depends on that level."""
    if kind is Switched.PURPOSE:
        return frozenset((name,))
    on_level = {basis.id for basis in policy.bases.values() if basis.level == name}
    return frozenset(purpose.id for purpose in policy.purposes.values() if on_level.intersection(purpose.bases))


def after_use(term: Term, used: Use, today: date) -> Term:
    """A class after a use. One that begins anew with each counts from the latest day; where its term was over it lives
    again, for its user is no former one, unless that use is merely said. What ended by an objection stays ended: to use
    is not to agree.
    """
    return term if not used.lifts and lifts(term, used, today) else _used(term, used, today)


def lifts(term: Term, used: Use, today: date) -> bool:
    """Whether a use would make a class live again that is over."""
    return over(term, today) and not over(_used(term, used, today), today)


def after_switch(term: Term, *, on: bool, now: datetime) -> Term:
    """A class after an objection that ends it, or after that was taken back. Of one whose term was over already it is
    kept, too: else the next label would lift what somebody objected to.
    """
    if not on:
        return replace(term, restricted_at=term.restricted_at or now, restricted_by=Ended.OBJECTION)
    return _living(term) if term.restricted_by is Ended.OBJECTION else term


def after_end(term: Term, day: date) -> Term:
    """A class after the end of the use that it lasts with. An end that is known stays."""
    return term if term.until is not None else replace(term, starts=term.starts or day, until=day)


def turned(before: Switch | None, said: Switch) -> Switch:
    """What stands of a switch, in whatever order words are heard: that of the latest day, of one day what lowers."""
    if before is None or said.day > before.day:
        return said
    return said if said.day == before.day and (before.on or not said.on) else before


def question(policy: Policy, asked: Asked, standing: Standing | None, now: datetime, today: date) -> Question:
    """What is asked, over what is known. The standing is that of the shop's own user or, where the question names one,
    of that contact or customer, None where nothing leads to them: of anybody else no switch is known, and nobody knows
    what they objected to. A level of which nobody told is unknown, however the pack starts it: a dashboard moves it
    without a word to us (X-LVL-2). Raises: SchemaError for a customer who is named where the pack is about who uses the
    label module: what is known of that one would be left out.
    """
    named = asked.customer is not None
    if named and its_own(policy):
        raise SchemaError((Fault(pointer="/customer", code=NOT_OF_THIS_POLICY),))
    ours = standing is not None and asked.subject in (ONE if named else OWN)
    known_of = standing if standing is not None and ours else Standing()
    contract = NO_CONTRACT if asked.subject in WITHOUT else asked.contract or contract_of(asked.account_type)
    off = [one for one in known_of.switches if one.kind is Switched.PURPOSE and not one.on]
    return Question(
        purpose=asked.purpose,
        subject=asked.subject,
        account_type=asked.account_type,
        lane=asked.lane,
        restricted=_restricted(policy, asked.purpose, known_of.terms, today),
        objected=frozenset(one.name for one in off) if ours else None,
        levels=levels(known_of.switches, now),
        contract=contract,
        tie=asked.tie,
        channel=asked.channel,
    )


def levels(switches: Iterable[Switch], now: datetime) -> Mapping[str, bool]:
    """The levels that may be relied on. What lowered one does not age; what raised it does (X-LVL-2)."""
    of_levels = [one for one in switches if one.kind is Switched.LEVEL]
    raised = {one.name: LevelState(on=True, heard_at=one.heard_at) for one in of_levels if one.on}
    return {**known(raised, now), **{one.name: False for one in of_levels if not one.on}}


def over(term: Term, today: date) -> bool:
    """Whether the term of a class is over: also where the purge, which notes it, comes late."""
    return term.restricted_by is Ended.TERM or (term.until is not None and term.until < today)


def _restricted(policy: Policy, purpose: str, terms: Iterable[Term], today: date) -> bool:
    """Whether a purpose has to do without data whose class is over: of advertising all advertising, of a class that
    another one follows everything (what remains there, the follower's purpose, ``permitted`` tells).
    """
    done = [policy.retention[one.retention] for one in terms if one.retention in policy.retention and over(one, today)]
    asked = policy.purposes.get(purpose)
    advertises = asked is not None and bool(asked.channels)
    return any(
        rule.then is not None or rule.purpose == purpose or (advertises and policy.purposes[rule.purpose].channels)
        for rule in done
    )


def _used(term: Term, used: Use, today: date) -> Term:
    until = used.terms[term.retention]
    if term.starts is None:
        return replace(term, starts=used.day, until=until)
    lasts = until is None and term.until is not None and used.day > term.until  # used again after the end of use
    if not lasts and not (term.retention in used.resets and used.day > term.starts):
        return term
    lives = term.restricted_by is Ended.TERM and (until is None or until >= today)
    return replace(_living(term) if lives else term, starts=used.day, until=until)


def _living(term: Term) -> Term:
    return replace(term, restricted_at=None, restricted_by=None)


def _of_use(policy: Policy) -> list[RetentionRule]:
    return [rule for rule in policy.retention.values() if rule.trigger == _USE and rule.duration is not None]


def _with_use(policy: Policy) -> list[RetentionRule]:
    return [rule for rule in policy.retention.values() if rule.until_event == _END and rule.after == "restrict"]
