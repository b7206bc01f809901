"""Whether a purpose is permitted: a pure decision over a pack, with its basis and clause, or the reason why not.

Deny by default: what a pack does not name is refused, and a state that nobody knows is a state that denies. Fields are
another matter (``Policy.permits``): this decides about purposes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from schemas.policy import Policy
from schemas.policy_parties import DECLARATION
from schemas.policy_terms import CONTRACTS, NOT_STATED, Basis, Clause, RetentionRule

NO_CONTRACT: Final = "none"
TIES: Final = ("necessary", "not_necessary", "not_linked")
LANES: Final = ("plugin", "direct")
REASONS: Final = (
    *("unknown_account_type", "unknown_purpose", "prohibited", "restricted"),
    *("no_plugin", "not_through_a_shop", "unknown_lane", "no_part_in_it", "not_for_account_type"),
    *("channel_unknown", "channel_not_stated", "channel_denied", "level_unknown", "level_off", "declaration_missing"),
    *("contract_unknown", "basis_unspecified", "objected", "standing_unknown", "no_retention_rule"),
    *("unknown_level", "only_the_data_subject", "unknown_verb"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What somebody would like to do.

    ``lane``: the way on which a shop asks (``LANES``), ``None`` if none does. ``restricted``: the data are kept for
    legal claims alone, their term having ended or its subject having objected. ``objected``: purposes to which the data
    subject has objected, by whatever word; ``None``: nobody knows, and what can be objected to is refused, but for what
    a shop sends for. ``levels``: what is known of the switches; one that is missing is unknown.
    ``contract``: with the data subject (``person``), the organisation represented (``organisation``) or ``none``;
    ``tie``: of the processing to that contract (``TIES``). ``None``: nobody knows. ``channel``: of advertising.
    ``declared``: a declaration of lawfulness is recorded.
    """

    purpose: str
    subject: str
    account_type: str
    lane: str | None
    restricted: bool
    objected: frozenset[str] | None
    levels: Mapping[str, bool]
    contract: str | None = None
    tie: str | None = None
    channel: str | None = None
    declared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Yes: on which basis (``A6-1-b`` …, or ``not_stated`` where another controller answers), by which clause.

    ``objection``: the data subject may object.
    """

    basis: str
    clause: Clause
    objection: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No: why (``REASONS``), by which clause."""

    reason: str
    clause: Clause


def permitted(policy: Policy, question: Question) -> Permission | Refusal:
    """Whether a pack permits what is asked. The first rule that refuses tells its reason."""
    for rule in _RULES:
        refusal = rule(policy, question)
        if refusal:
            return refusal
    (basis,) = _bases(policy, question)
    found = _ground(policy, basis, question)
    if isinstance(found, Refusal):
        return found
    return _unopposed(policy, question, found) or found


def storable(policy: Policy, category: str, contract: str | None) -> RetentionRule | Refusal:
    """The class under which a datum may be stored; refused where the text gives it no term (VP-RET-5, MX-RET-2)."""
    held = next((part for part in policy.parts.values() if category in part.categories), None)
    if held is None:
        return Refusal(reason="no_retention_rule", clause=_topic(policy, "retention_of_other_data"))
    rule = policy.rule(held.name)
    if rule.after == "never_written":
        return Refusal(reason="no_retention_rule", clause=rule.clause)
    if rule.trigger == "agreement_dissolved" and contract not in CONTRACTS:
        return Refusal(reason="no_retention_rule", clause=_topic(policy, "retention_without_agreement"))
    return rule


def _topic(policy: Policy, topic: str) -> Clause:
    """The clause of a matter; of the reading with the general policy where the pack has no row for it."""
    row = policy.topics.get(topic)
    return row.clause if row else policy.reads_with.clause


def _known(policy: Policy, question: Question) -> Refusal | None:
    if question.account_type not in policy.account_types:
        return Refusal(reason="unknown_account_type", clause=_topic(policy, "scope"))
    if question.purpose not in policy.purposes:
        return Refusal(reason="unknown_purpose", clause=policy.reads_with.clause)
    purpose = policy.purposes[question.purpose]
    return Refusal(reason="prohibited", clause=purpose.clause) if purpose.prohibited else None


def _unrestricted(policy: Policy, question: Question) -> Refusal | None:
    """After a restriction only the purposes of the classes that follow it remain (VP-RET-3, AMB-6)."""
    if not question.restricted:
        return None
    followers = [
        policy.retention[rule.then]
        for rule in policy.retention.values()
        if rule.then is not None and rule.subject == question.subject
    ]
    if question.purpose in {rule.purpose for rule in followers}:
        return None
    return Refusal(reason="restricted", clause=followers[0].clause if followers else _topic(policy, "rights"))


def _lane(policy: Policy, question: Question) -> Refusal | None:
    account, purpose = policy.account_types[question.account_type], policy.purposes[question.purpose]
    if question.lane is None:
        return None
    if question.lane not in LANES:
        return Refusal(reason="unknown_lane", clause=account.clause)
    if question.lane == "plugin" and not account.plugin:
        return Refusal(reason="no_plugin", clause=account.clause)
    return None if purpose.default else Refusal(reason="not_through_a_shop", clause=purpose.clause)


def _bases(policy: Policy, question: Question) -> Iterator[Basis]:
    return policy.bases_of(question.purpose, question.subject, question.account_type)


def _part_in_it(policy: Policy, question: Question) -> Refusal | None:
    if any(_bases(policy, question)):
        return None
    purpose = policy.purposes[question.purpose]
    elsewhere = any(question.subject in policy.bases[name].subjects for name in purpose.bases)
    return Refusal(reason="not_for_account_type" if elsewhere else "no_part_in_it", clause=purpose.clause)


def _channel(policy: Policy, question: Question) -> Refusal | None:
    purpose = policy.purposes[question.purpose]
    if question.channel is None:
        return Refusal(reason="channel_unknown", clause=purpose.clause) if purpose.channels else None
    if question.channel not in purpose.channels:
        return Refusal(reason="channel_not_stated", clause=purpose.clause)
    denied = question.channel in purpose.denied_channels
    return Refusal(reason="channel_denied", clause=purpose.clause) if denied else None


def _level(policy: Policy, question: Question) -> Refusal | None:
    (basis,) = _bases(policy, question)
    if basis.level is None or question.levels.get(basis.level):
        return None
    if basis.level not in question.levels:
        return Refusal(reason="level_unknown", clause=_topic(policy, "level_unknown"))
    return Refusal(reason="level_off", clause=policy.levels[basis.level].clause)


def _declaration(policy: Policy, question: Question) -> Refusal | None:
    cluster = policy.cluster(question.subject)
    if cluster is None or cluster.requires != DECLARATION or question.declared:
        return None
    return Refusal(reason="declaration_missing", clause=cluster.clause)


_RULES: Final[tuple[Callable[[Policy, Question], Refusal | None], ...]] = (
    _known,
    _unrestricted,
    _lane,
    _part_in_it,
    _channel,
    _level,
    _declaration,
)
"""In this order: a rule relies on the ones before it."""


def _ground(policy: Policy, basis: Basis, question: Question) -> Permission | Refusal:
    """The basis that holds for this contract and this tie to it. One that is not stated is none, unless another
    controller answers for these data (MS-CTL-2).
    """
    if basis.basis == NOT_STATED and not policy.another_answers(question.subject):
        return Refusal(reason="basis_unspecified", clause=basis.clause)
    if basis.basis != "A6-1-b":
        return _yes(basis.basis, basis.clause)
    if question.contract not in (*CONTRACTS, NO_CONTRACT) or question.tie not in TIES:
        return Refusal(reason="contract_unknown", clause=basis.clause)
    bound = question.contract in basis.contract_with
    if bound and question.tie == "necessary":
        return _yes(basis.basis, basis.clause)
    situation = "no_contract" if question.tie == "necessary" else "not_necessary"
    for ground in basis.instead:
        if situation in ground.when:
            return _yes(ground.basis, ground.clause)
    return Refusal(reason="basis_unspecified", clause=basis.clause)


def _unopposed(policy: Policy, question: Question, found: Permission) -> Refusal | None:
    if found.basis not in ("A6-1-a", "A6-1-e", "A6-1-f"):
        return None
    if question.objected is None:
        sent_for = policy.purposes[question.purpose].default
        return None if sent_for else Refusal(reason="standing_unknown", clause=found.clause)
    (basis,) = _bases(policy, question)
    return Refusal(reason="objected", clause=basis.clause) if question.purpose in question.objected else None


def _yes(basis: str, clause: Clause) -> Permission:
    return Permission(basis=basis, clause=clause, objection=basis in ("A6-1-e", "A6-1-f"))
