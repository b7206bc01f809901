"""The terms that a policy is made of: one frozen value per kind of row in a pack, field by field as the pack writes it.

Vocabularies stand beside the values that use them; ``schemas.policy_file`` refuses every other word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

NOT_STATED: Final = "not_stated"
UNSPECIFIED: Final = "unspecified"

MARKS: Final = ("S", "I", "X")
SUBJECTS: Final = ("sender", "recipient", "user", "parcel", "service")
OPTIONAL: Final = ("no", "yes", "if_applicable", "conditional", NOT_STATED)
CONDITIONS: Final = ("notify", "notify_email", "notify_sms", "company_delivery", "outside_eu")
BASES: Final = ("A6-1-a", "A6-1-b", "A6-1-c", "A6-1-e", "A6-1-f")
TRIGGERS: Final = ("label_created", "delivered", "last_label_use", "start_of_use", "end_of_use", "received")
END_EVENTS: Final = ("end_of_use", "part_ended", "last_part_ended", "answered")
AFTER: Final = ("erase", "erase_for_purpose", "restrict", "never_written")
CUT_SHORT_BY: Final = ("objection", "erasure_accepted")
EXTENDED_BY: Final = ("legal_hold",)

EEA: Final = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
        *("IS", "LI", "NO"),
    )
)
"""The European Economic Area: the 27 member states of the Union, and three more. ISO 3166-1 alpha-2."""


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
class Channel:
    """A way to reach the controller. ``kind``: web_form or post. ``address``: as stated, or ``not_stated``."""

    kind: str
    address: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Who decides on purposes and means (Art. 4(7) GDPR). ``country``: ISO 3166-1 alpha-2."""

    name: str
    legal_form: str
    address: str
    country: str
    vat: str
    channels: tuple[Channel, ...]
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsWith:
    """The policy to be read together with this one.

    ``at_hand``: whether its text is in a pack. ``prevails``: which of the two, on a difference.
    """

    title: str
    url: str
    at_hand: bool
    prevails: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountType:
    """One kind of user.

    ``plugin``: may a webshop be linked? ``dashboard``: can a level be set? ``interpreted``: the answers that are ours.
    """

    id: str
    title: str
    stated: str
    account: bool
    plugin: bool
    dashboard: bool
    interpreted: tuple[str, ...]
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRule:
    """What the policy says of some categories.

    ``covers``: category ids; a rule that drops may name a parent for all beneath. ``optional``: how the text marks it
    (``OPTIONAL``). ``default``: keep or drop. ``unless``: the one condition under which a dropped datum passes
    (``CONDITIONS``). ``account_types``: of the sender; empty = every type. ``stated``: the text's own words, empty
    where it has none.
    """

    title: str
    stated: str
    covers: tuple[str, ...]
    optional: str
    default: str
    unless: str | None
    account_types: tuple[str, ...]
    clause: Clause

    @property
    def passes(self) -> bool:
        """Whether these categories may exist at all, be it on a condition."""
        return self.default == "keep" or self.unless is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """A legal basis for some data subjects.

    ``basis``: of ``BASES`` (DPV ``eu-gdpr:``). ``otherwise``: the basis of what the contract does not strictly need.
    ``level``: the dashboard level on which it depends. ``advisory``: what a data protection officer should know.
    """

    id: str
    title: str
    subjects: tuple[str, ...]
    account_types: tuple[str, ...]
    basis: str
    otherwise: str | None
    level: str | None
    advisory: str
    clause: Clause

    @property
    def objection(self) -> bool:
        """Whether the data subject may object: Art. 21(1) GDPR grants it for e and f."""
        return not {self.basis, self.otherwise}.isdisjoint({"A6-1-e", "A6-1-f"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """Why data are processed.

    ``bases``: ids of ``Basis``. ``default``: the one purpose for which a plug-in may send. ``iris``: DPV concepts.
    """

    id: str
    title: str
    stated: str
    iris: tuple[str, ...]
    default: bool
    bases: tuple[str, ...]
    channels: tuple[str, ...]
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
class Recipient:
    """Who else gets the data.

    ``country``: ISO 3166-1 alpha-2 or ``not_stated``. ``purposes``: ids, ``("*",)`` for all, empty where none matches.
    """

    name: str
    role: str
    activity: str
    country: str
    purposes: tuple[str, ...]
    clause: Clause

    @property
    def third_country(self) -> bool | None:
        """Whether the country lies outside the European Economic Area; ``None`` where no country is stated."""
        return None if self.country == NOT_STATED else self.country not in EEA


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transfer to a third country.

    ``safeguard``: the instrument as the text names it. ``list_closed``: whether other countries are excluded.
    """

    country: str
    recipients: tuple[str, ...]
    safeguard: str
    list_closed: bool
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """How long one class of data stays.

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

    ``triggers``: class → trigger. ``bases``: id of a basis → basis. ``optional``: category → mark. ``stated``: whether
    the text itself says so.
    """

    title: str
    stated: bool
    triggers: Mapping[str, str]
    bases: Mapping[str, str]
    optional: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpretation:
    """An open point of the text. ``default`` and ``chosen`` are keys of ``choices``."""

    name: str
    question: str
    default: str
    chosen: str
    choices: Mapping[str, Choice]
    clause: Clause
