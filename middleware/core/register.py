"""The record of processing activities (Art. 30 GDPR), made from the packs alone: nothing is added to what they say.

Art. 30(1) asks it of a controller, Art. 30(2) of a processor; an entry belongs to one of the two registers. No cell is
empty: where a policy is silent it holds ``not_stated``, and what is open is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.policy import NOT_STATED, Basis, Policy, Purpose, Recipient, RetentionRule
from schemas.policy_lint import lint
from schemas.policy_parties import EEA, Cluster
from schemas.policy_terms import DATA_SUBJECTS, UNSPECIFIED, CategoryRule, Clause

CONTROLLER, PROCESSOR = "controller", "processor"

MEASURES = (
    "what is not permitted is dropped before anything is stored",
    "what passes is sealed part by part, to keys of one retention class and one month of expiry",
    "for a carrier that takes cleartext: sealed to a key of one week, opened for one conversation, which is audited",
    "receipts and removal reports without values",
)
"""The measures of Parcelveil (Art. 30(1)(g)); those of others are theirs to name."""

MANDATORY = frozenset(
    (
        *("register", "controller", "dpo", "purpose", "subject_category", "data_categories", "recipients", "country"),
        *("transfer_instrument", "duration", "measures"),
    )
)
"""The columns that Art. 30 itself asks for; the others help."""

WITHIN = "none: within the European Economic Area"
"""The instrument where data are known to stay."""

Cell = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One processing activity: a purpose of a pack, for data for which one party answers. Every cell is a list."""

    record_id: Cell
    register: Cell
    pack: Cell
    pack_version: Cell
    controller: Cell
    processor: Cell
    dpo: Cell
    activity: Cell
    purpose: Cell
    purpose_iri: Cell
    legal_basis: Cell
    lia_note: Cell
    objection: Cell
    subject_category: Cell
    data_categories: Cell
    optional_flags: Cell
    source: Cell
    recipients: Cell
    processor_role: Cell
    country: Cell
    transfer_instrument: Cell
    retention_class: Cell
    trigger: Cell
    duration: Cell
    ground: Cell
    measures: Cell
    start: Cell
    end: Cell
    seed_ref: Cell
    open_points: Cell


def entries(policies: Sequence[Policy]) -> tuple[Entry, ...]:
    """Every activity of the packs, the controller's register first."""
    found = [entry for policy in policies for entry in _entries(policy, policies)]
    return tuple(sorted(found, key=lambda entry: entry.register != (CONTROLLER,)))


def _entries(policy: Policy, policies: Sequence[Policy]) -> Iterator[Entry]:
    findings = lint(policy, beside=[other for other in policies if other.id != policy.id])
    points = tuple(f"{finding.where}: {finding.message}" for finding in findings)
    for purpose in policy.purposes.values():
        for cluster in policy.clusters.values():
            bases = [row for row in (policy.bases[name] for name in purpose.bases) if _concerns(row, cluster)]
            if bases:
                yield _entry(policy, purpose, cluster, bases, points)
    yield _operator(policy, points)


def _concerns(basis: Basis, cluster: Cluster) -> bool:
    return not set(basis.subjects).isdisjoint(cluster.subjects)


def _entry(policy: Policy, purpose: Purpose, cluster: Cluster, bases: Sequence[Basis], points: Cell) -> Entry:
    subjects = dict.fromkeys(subject for row in bases for subject in row.subjects if subject in cluster.subjects)
    rules = [
        rule
        for rule in policy.retention.values()
        if rule.subject in subjects and {rule.purpose, *rule.serves} & {purpose.id, "*"}
    ]
    return Entry(
        record_id=(f"{policy.id}/{purpose.id}/{cluster.id}",),
        register=(PROCESSOR if cluster.processor else CONTROLLER,),
        pack=(policy.id,),
        pack_version=(policy.version,),
        controller=(_identity(policy) if cluster.controller == policy.controller.name else cluster.controller,),
        processor=(_identity(policy) if cluster.processor else "none",),
        dpo=_stated(channel.address for channel in policy.controller.channels if channel.kind == "post"),
        activity=(policy.title,),
        purpose=(purpose.title,),
        purpose_iri=_stated(purpose.iris),
        **_basis_cells(bases),
        subject_category=tuple(subjects),
        **_data_cells(policy, cluster),
        **_recipient_cells(policy, purpose),
        **_retention_cells(rules),
        measures=MEASURES,
        start=(policy.effective_from,),
        end=(NOT_STATED,),
        seed_ref=_refs([purpose.clause, *(row.clause for row in bases), *(row.clause for row in rules)]),
        open_points=points or ("none",),
    )


def _operator(policy: Policy, points: Cell) -> Entry:
    """What whoever operates Parcelveil does for a shop: an interpretation, and a processor's activity (Art. 28)."""
    purpose = policy.default_purpose
    rules = [rule for rule in policy.retention.values() if rule.subject == "service"]
    parts = [part for part in policy.parts.values() if part.subject in DATA_SUBJECTS]
    passing = [rule for rule in policy.categories if any({*rule.covers} & {*part.categories} for part in parts)]
    return Entry(
        record_id=(f"{policy.id}/{purpose.id}/parcelveil",),
        register=(PROCESSOR,),
        pack=(policy.id,),
        pack_version=(policy.version,),
        controller=("the shop for which it is operated",),
        processor=("the operator of Parcelveil",),
        dpo=(NOT_STATED,),
        activity=("Parcelveil: minimising, sealing, tagging and delivering on behalf of a shop",),
        purpose=(purpose.title,),
        purpose_iri=purpose.iris,
        legal_basis=(NOT_STATED,),
        lia_note=(NOT_STATED,),
        objection=(NOT_STATED,),
        subject_category=tuple(dict.fromkeys(part.subject for part in parts)),
        data_categories=tuple(rule.told for rule in passing),
        optional_flags=tuple(f"{rule.title}: {rule.optional}" for rule in passing),
        source=("the shop",),
        recipients=(policy.controller.name,),
        processor_role=(f"{policy.controller.name}: controller",),
        country=(f"{policy.controller.name}: {policy.controller.country}",),
        transfer_instrument=(WITHIN if policy.controller.country in EEA else NOT_STATED,),
        **_retention_cells(rules),
        measures=MEASURES,
        start=(NOT_STATED,),
        end=(NOT_STATED,),
        seed_ref=_refs([rule.clause for rule in rules]),
        open_points=points or ("none",),
    )


def _identity(policy: Policy) -> str:
    who = policy.controller
    return ", ".join(part for part in (who.name, who.legal_form, who.address, who.vat, who.register) if part)


def _refs(clauses: Sequence[Clause]) -> Cell:
    return tuple(dict.fromkeys(clause.ref for clause in clauses))


def _stated(values: Iterator[str] | Sequence[str]) -> Cell:
    """The values, or that there are none; each once."""
    return tuple(dict.fromkeys(NOT_STATED if value == UNSPECIFIED else value for value in values)) or (NOT_STATED,)


def _basis_cells(bases: Sequence[Basis]) -> dict[str, Cell]:
    by_interest = [row.title for row in bases if row.basis == "A6-1-f"]
    instead = [ground for row in bases for ground in row.instead]
    unsaid = any(row.basis == NOT_STATED for row in bases)
    return {
        "legal_basis": _stated([*(row.basis for row in bases), *(ground.basis for ground in instead)]),
        "lia_note": _stated([*by_interest, *(ground.stated for ground in instead if ground.basis == "A6-1-f")]),
        "objection": ("yes" if any(row.objection for row in bases) else NOT_STATED if unsaid else "no",),
    }


def _data_cells(policy: Policy, cluster: Cluster) -> dict[str, Cell]:
    """What the text lists of these data subjects, and what passes without; it does not tell which datum serves which
    purpose.
    """
    others = {subject for row in policy.clusters.values() if row.id != cluster.id for subject in row.subjects}
    alone = cluster.processor is not None
    listed = [
        rule
        for rule in policy.categories
        if (rule.stated or _goes_out(policy, rule))
        and rule.covers[0].partition(".")[0] not in others
        and (not alone or rule.covers[0].partition(".")[0] in cluster.subjects)
    ]
    says = policy.says("collected_through")
    return {
        "data_categories": _stated([rule.told for rule in listed]),
        "optional_flags": _stated([f"{rule.title}: {rule.optional}" for rule in listed]),
        "source": _stated([says]),
    }


def _goes_out(policy: Policy, rule: CategoryRule) -> bool:
    """Whether something of it passes to whoever decides: what is indexed, or read and not kept, stays with us."""
    held = {name for part in policy.parts.values() if part.subject != "service" for name in part.categories}
    return rule.passes and not held.isdisjoint(rule.covers)


def _recipient_cells(policy: Policy, purpose: Purpose) -> dict[str, Cell]:
    """Who may get the data for this purpose; whoever the text gives no purpose may be concerned by each."""
    named = [row for row in policy.recipients if not row.purposes or {"*", purpose.id} & {*row.purposes}]
    return {
        "recipients": _stated([row.name for row in named]),
        "processor_role": _stated([f"{row.name}: {row.role}" for row in named]),
        "country": _stated([f"{row.name}: {row.country}" for row in named]),
        "transfer_instrument": _instruments(policy, named),
    }


def _instruments(policy: Policy, named: Sequence[Recipient]) -> Cell:
    """Of each who is not known to stay within; where nobody is named, nobody has said that they do."""
    outside = [row for row in named if row.third_country is None or row.third_countries]
    return tuple(_instrument(policy, row) for row in outside) or (WITHIN if named else NOT_STATED,)


def _instrument(policy: Policy, recipient: Recipient) -> str:
    safeguards = [row.safeguard for row in policy.transfers if recipient.name in row.recipients]
    return f"{recipient.name}: {', '.join(safeguards) or NOT_STATED}"


def _retention_cells(rules: Sequence[RetentionRule]) -> dict[str, Cell]:
    return {
        "retention_class": _stated([rule.id for rule in rules]),
        "trigger": _stated([f"{rule.id}: {rule.trigger}" for rule in rules]),
        "duration": _stated([f"{rule.id}: {rule.duration or rule.until_event}" for rule in rules]),
        "ground": _stated([f"{rule.id}: {rule.stated or rule.title}" for rule in rules]),
    }
