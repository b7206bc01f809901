"""Who stands behind a pack's rows: the controller, the kinds of users, who is responsible for whose data, and who else
gets them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.policy_terms import NOT_STATED, Clause

DECLARATION: Final = "declaration_of_lawfulness"
"""The customer's word that the transfer of other persons' data, and their use, are lawful."""

EEA: Final = frozenset(
    (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"),
        *("LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
        *("IS", "LI", "NO"),
    )
)
"""The European Economic Area: the 27 member states of the Union, and three more. ISO 3166-1 alpha-2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A way to reach the controller. ``kind``: web_form or post. ``address``: as stated, or ``not_stated``."""

    kind: str
    address: str
    clause: Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Who decides on purposes and means (Art. 4(7) GDPR), as this pack's text writes it.

    ``country``: ISO 3166-1 alpha-2. ``register``: the register of legal persons, empty where the text names none.
    """

    name: str
    legal_form: str
    address: str
    country: str
    vat: str
    register: str
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
class Recipient:
    """Who else gets the data.

    ``country``: ISO 3166-1 alpha-2 or ``not_stated``. ``access_from``: the country from which they reach data that lie
    elsewhere, empty where the text names none: that is a transfer too. ``purposes``: ids, ``("*",)`` for all, empty
    where none matches.
    """

    name: str
    role: str
    activity: str
    country: str
    access_from: str
    purposes: tuple[str, ...]
    clause: Clause

    @property
    def third_country(self) -> bool | None:
        """Whether the country lies outside the European Economic Area; ``None`` where no country is stated."""
        return None if self.country == NOT_STATED else self.country not in EEA

    @property
    def third_countries(self) -> frozenset[str]:
        """The countries outside the European Economic Area to which data go, by residence or by access."""
        return frozenset((self.country, self.access_from)) - EEA - {NOT_STATED, ""}


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
class Cluster:
    """Data for which the same party answers.

    ``controller``, ``processor``: names; ``processor`` is ``None`` where the pack's controller decides for itself.
    ``requires``: what must be recorded before anything of it is used (``DECLARATION``), or ``None``.
    """

    id: str
    title: str
    stated: str
    subjects: tuple[str, ...]
    controller: str
    processor: str | None
    requires: str | None
    clause: Clause
