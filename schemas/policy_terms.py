"""The terms that a policy is made of: one frozen value per kind of row in a pack, field by field as the pack writes it
(who stands behind the rows: ``schemas.policy_parties``).

Vocabularies stand beside the values that use them; ``schemas.policy_file`` refuses every other word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NOT_STATED: Final = "not_stated"
UNSPECIFIED: Final = "unspecified"

MARKS: Final = ("S", "I", "X")
DATA_SUBJECTS: Final = ("sender", "recipient", "user", "contact", "customer", "depicted")
SUBJECTS: Final = (*DATA_SUBJECTS, "parcel", "stamps", "service")
OPTIONAL: Final = ("no", "yes", "if_applicable", "conditional", NOT_STATED)
CONDITIONS: Final = (
    *("notify", "notify_email", "notify_sms", "company_delivery", "locker", "outside_eu", "cash_on_delivery"),
    "entered",
)
BASES: Final = ("A6-1-a", "A6-1-b", "A6-1-c", "A6-1-e", "A6-1-f", NOT_STATED)
CONTRACTS: Final = ("person", "organisation")
SITUATIONS: Final = ("no_contract", "not_necessary", "unspecified_which")
OBJECTION_ROUTES: Final = ("dashboard", "web_form", "post")
TRIGGERS: Final = (
    *("label_created", "delivered", "last_label_use", "start_of_use", "end_of_use"),
    *("agreement_dissolved", "last_order", "ordered", "received"),
)
END_EVENTS: Final = ("end_of_use", "part_ended", "last_part_ended", "answered")
AFTER: Final = ("erase", "erase_for_purpose", "restrict", "never_written")
CUSTOMER_REQUEST: Final = "customer_request"
CUT_SHORT_BY: Final = ("objection", "erasure_accepted", CUSTOMER_REQUEST)
EXTENDED_BY: Final = ("legal_hold",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """Where a row comes from.

    ``ref``: document § section and lines of the text, such as ``0§8 L181-184``. ``ids``: the requirements that the row
    carries out. ``mark``: "S" stated in the text, "I" an interpretation of ours, "X" an outside source.
    """

    ref: str
    ids: tuple[str, ...]
    mark: str = "S"


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """What the policy says of some categories.

    ``covers``: category ids; a rule that drops may name a parent for all beneath. ``optional``: how the text marks it
    (``OPTIONAL``). ``default``: keep or drop. ``unless``: the one condition under which a dropped datum passes
    (``CONDITIONS``). ``account_types``: of the sender; empty = every type. ``stated``: the text's own words, empty
    where it has none. ``advisory``: what a data protection officer should know.
    """

    title: str
    stated: str
    covers: tuple[str, ...]
    optional: str
    default: str
    unless: str | None
    account_types: tuple[str, ...]
    clause: Clause
    advisory: str = ""

    @property
    def told(self) -> str:
        """The title as readers are told it, and whether the text has none of it."""
        return self.title if self.stated else f"{self.title} (not in the text)"

    @property
    def passes(self) -> bool:
        """Whether these categories may exist at all, be it on a condition."""
        return self.default == "keep" or self.unless is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a basis gives way to.

    ``when``: of ``SITUATIONS``: there is no contract, it does not strictly need the processing (or is not linked to
    it), or the text speaks of certain processing without telling which. ``stated``: the text's own words.
    """

    when: tuple[str, ...]
    basis: str
    stated: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A legal basis for some data subjects.

    ``basis``: of ``BASES`` (DPV ``eu-gdpr:``); ``not_stated`` where another controller answers for it.
    ``contract_with``: whose contract bears a basis of contract (``CONTRACTS``). ``instead``: the bases where it does
    not. ``level``: the dashboard level on which it depends. ``objected_through``: the ways that the text names for an
    objection (``OBJECTION_ROUTES``). ``advisory``: what a data protection officer should know.
    """

    id: str
    title: str
    subjects: tuple[str, ...]
    account_types: tuple[str, ...]
    basis: str
    contract_with: tuple[str, ...]
    instead: tuple[Ground, ...]
    level: str | None
    objected_through: tuple[str, ...]
    advisory: str
    clause: Clause

    @property
    def objection(self) -> bool:
        """Whether the data subject may object: Art. 21(1) GDPR grants it for e and f."""
        return any(basis in ("A6-1-e", "A6-1-f") for basis in (self.basis, *(ground.basis for ground in self.instead)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why data are processed.

    ``bases``: ids of ``Basis``; none where ``prohibited``: the text itself says no, and no consent opens it.
    ``default``: the one purpose for which a shop may send. ``profiling``: it makes or uses a person's profile.
    ``channels``: as the text names them; ``denied_channels``: those that are not served.
    ``iris``: DPV concepts.
    """

    id: str
    title: str
    stated: str
    iris: tuple[str, ...]
    default: bool
    bases: tuple[str, ...]
    channels: tuple[str, ...]
    denied_channels: tuple[str, ...]
    profiling: bool
    prohibited: bool
    limit: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A switch of the data subject's own.

    ``starts_on``: opt-out if true, opt-in if false. ``verb``: object or withdraw.
    """

    id: str
    title: str
    basis: str
    starts_on: bool
    verb: str
    dashboard: str
    plugin_may_raise: bool
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long one class of data stays.

    ``serves``: the purposes beside ``purpose`` for which the text gives this very term, ``("*",)`` for all of them.
    ``duration``: ISO 8601, counted once from ``trigger``; ``None`` where ``until_event`` ends it. ``trigger_stated``:
    whether the text names the trigger. ``after``: what comes at the end (``AFTER``); ``then``: the class that follows a
    restriction. ``resets``: each new trigger starts the clock anew.
    """

    id: str
    title: str
    stated: str
    subject: str
    purpose: str
    trigger: str
    trigger_stated: bool
    duration: str | None
    until_event: str | None
    after: str
    then: str | None
    resets: bool
    ended_early_by: tuple[str, ...]
    extended_by: tuple[str, ...]
    serves: tuple[str, ...]
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """The data of one subject that are read together for one purpose.

    ``retention``: id of the class. ``sealed``: encrypted. ``keyed``: kept as a keyed digest alone. ``categories``:
    exact ids, no parents.
    """

    name: str
    subject: str
    sealed: bool
    purpose: str
    retention: str
    categories: tuple[str, ...]
    clause: Clause
    keyed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What the text says on a matter that needs no more than one word."""

    id: str
    says: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One reading of an open point, and what it changes.

    ``triggers``: class → trigger. ``resets``: class → whether each new trigger starts its clock anew. ``bases``: id of
    a basis → basis. ``optional``: category → mark. ``plugin``: account type → whether a webshop may be linked.
    ``stated``: whether the text itself says so.
    """

    title: str
    stated: bool
    triggers: Mapping[str, str]
    resets: Mapping[str, bool]
    bases: Mapping[str, str]
    optional: Mapping[str, str]
    plugin: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """An open point of the text. ``default`` and ``chosen`` are keys of ``choices``."""

    name: str
    question: str
    default: str
    chosen: str
    choices: Mapping[str, Choice]
    clause: Clause
