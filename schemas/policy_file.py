"""The form of a pack's file: which keys there are, of which type, from which vocabulary.

An unknown key is refused everywhere.

``read`` makes a ``Policy`` of a parsed file. Whether its rows fit each other is the matter of ``schemas.policy_check``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from schemas import policy_parties as parties
from schemas import policy_terms as terms
from schemas.errors import SchemaFault
from schemas.policy import Policy
from schemas.policy_fields import (
    COUNTRY,
    NAME,
    Day,
    Flag,
    Row,
    Text,
    flags,
    form,
    many,
    one,
    pairs,
    places,
    some,
    table,
    texts,
)

_LINES = r"L\d+(-\d+)?(, L\d+(-\d+)?)*"
_SECTION = rf"\d+(§\d+)?( {_LINES})?"
_REF = form(rf"{_SECTION}(; {_SECTION})*( \(silence\))?|https://\S+", "must look like '0§8 L181-184'")
_ID = form(r"[A-Z]+(-[A-Z]+)*-\d+", "must look like 'VP-RET-4'")
_DURATION = form(r"P(?=\d)(\d+Y)?(\d+M)?(\d+D)?", "must look like 'P13M' (ISO 8601: years, months, days)")
_IRI = form(r"dpv:[A-Za-z]+", "must look like 'dpv:DeliveryOfGoods'")


class _Clause(Row):
    makes = terms.Clause
    ref = Text(required=True, like=_REF)
    ids = texts(like=_ID, required=True, least=1)
    mark = Text(words=terms.MARKS, load_default="S")


class _Sourced(Row):
    clause = one(_Clause)


class _Channel(_Sourced):
    makes = parties.Channel
    kind = Text(required=True, words=("web_form", "post"))
    address = Text(required=True)


class _Controller(_Sourced):
    makes = parties.Controller
    name = Text(required=True)
    legal_form = Text(required=True)
    address = Text(required=True)
    country = Text(required=True, like=COUNTRY)
    vat = Text(required=True)
    register = Text(load_default="")
    channels = many(_Channel)


class _ReadsWith(_Sourced):
    makes = parties.ReadsWith
    title = Text(required=True)
    url = Text(required=True)
    at_hand = Flag(required=True)
    prevails = Text(required=True, words=("specific", "general"))


class _AccountType(_Sourced):
    title = Text(required=True)
    stated = Text(required=True)
    account = Flag(required=True)
    plugin = Flag(required=True)
    dashboard = Flag(required=True)
    interpreted = texts(words=("account", "plugin", "dashboard"))


class _CategoryRule(_Sourced):
    makes = terms.CategoryRule
    title = Text(required=True)
    stated = Text(load_default="")
    covers = texts(required=True, least=1)
    optional = Text(required=True, words=terms.OPTIONAL)
    default = Text(required=True, words=("keep", "drop"))
    unless = Text(load_default=None, words=terms.CONDITIONS)
    account_types = texts()
    advisory = Text(load_default="")


class _Cluster(_Sourced):
    title = Text(required=True)
    stated = Text(load_default="")
    subjects = texts(words=terms.DATA_SUBJECTS, required=True, least=1)
    controller = Text(required=True)
    processor = Text(load_default=None)
    requires = Text(load_default=None, words=(parties.DECLARATION,))


class _Ground(_Sourced):
    makes = terms.Ground
    when = texts(words=terms.SITUATIONS, required=True, least=1)
    basis = Text(required=True, words=terms.BASES)
    stated = Text(load_default="")


class _Basis(_Sourced):
    title = Text(required=True)
    subjects = texts(words=terms.SUBJECTS, required=True)
    account_types = texts(required=True)
    basis = Text(required=True, words=terms.BASES)
    contract_with = texts(words=terms.CONTRACTS)
    instead = some(_Ground)
    level = Text(load_default=None)
    objected_through = texts(words=terms.OBJECTION_ROUTES)
    advisory = Text(load_default="")


class _Purpose(_Sourced):
    title = Text(required=True)
    stated = Text(load_default="")
    iris = texts(like=_IRI, required=True)
    default = Flag(load_default=False)
    bases = texts(required=True)
    channels = texts()
    denied_channels = texts()
    profiling = Flag(load_default=False)
    prohibited = Flag(load_default=False)
    limit = Text(load_default="")


class _Level(_Sourced):
    title = Text(required=True)
    basis = Text(required=True, words=terms.BASES)
    starts_on = Flag(required=True)
    verb = Text(required=True, words=("object", "withdraw"))
    dashboard = Text(required=True)
    plugin_may_raise = Flag(required=True)


class _Recipient(_Sourced):
    makes = parties.Recipient
    name = Text(required=True)
    role = Text(required=True, words=("processor", "controller"))
    activity = Text(required=True)
    country = Text(required=True, like=COUNTRY)
    access_from = Text(load_default="", like=COUNTRY)
    purposes = texts(required=True)


class _Transfer(_Sourced):
    makes = parties.Transfer
    country = Text(required=True, like=COUNTRY)
    recipients = texts(required=True)
    safeguard = Text(required=True)
    list_closed = Flag(required=True)


class _RetentionRule(_Sourced):
    title = Text(required=True)
    stated = Text(load_default="")
    subject = Text(required=True, words=terms.SUBJECTS)
    purpose = Text(required=True)
    trigger = Text(required=True, words=terms.TRIGGERS)
    trigger_stated = Flag(required=True)
    duration = Text(load_default=None, like=_DURATION)
    until_event = Text(load_default=None, words=terms.END_EVENTS)
    after = Text(required=True, words=terms.AFTER)
    then = Text(load_default=None)
    resets = Flag(required=True)
    ended_early_by = texts(words=terms.CUT_SHORT_BY)
    extended_by = texts(words=terms.EXTENDED_BY)
    serves = texts()


class _PartRule(_Sourced):
    subject = Text(required=True, words=terms.SUBJECTS)
    sealed = Flag(required=True)
    keyed = Flag(load_default=False)
    purpose = Text(required=True)
    retention = Text(required=True)
    categories = texts(required=True)


class _Topic(_Sourced):
    says = Text(required=True)


class _Choice(Row):
    makes = terms.Choice
    title = Text(required=True)
    stated = Flag(required=True)
    triggers = pairs(terms.TRIGGERS)
    resets = flags()
    bases = pairs(terms.BASES)
    optional = pairs(terms.OPTIONAL)
    plugin = flags()


class _Interpretation(_Sourced):
    question = Text(required=True)
    default = Text(required=True)
    choices = table(_Choice)


class _Pack(Row):
    id = Text(required=True, like=NAME)
    version = Text(required=True, like=form(r"\d+\.\d+\.\d+", "must look like '1.0.0'"))
    title = Text(required=True)
    language = Text(required=True)
    text_sha256 = Text(required=True, like=form(r"[0-9a-f]{64}", "must be 64 hexadecimal digits"))
    retrieved_on = Day(required=True)
    effective_from = Text(required=True, like=form(r"publication|\d{4}-\d\d-\d\d", "must be 'publication' or a date"))
    revised_on = Day(load_default=None)
    revised_on_missing_reason = Text(load_default="")
    reads_with = one(_ReadsWith)
    controller = one(_Controller)
    account_types = table(_AccountType)
    clusters = table(_Cluster)
    categories = many(_CategoryRule)
    bases = table(_Basis)
    purposes = table(_Purpose)
    levels = table(_Level)
    recipients = many(_Recipient)
    transfers = many(_Transfer)
    retention = table(_RetentionRule)
    parts = table(_PartRule)
    topics = table(_Topic)
    interpretations = table(_Interpretation)


_PACK = _Pack()
_NAMED: Mapping[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "account_types": lambda name, row: parties.AccountType(id=name, **row),
    "clusters": lambda name, row: parties.Cluster(id=name, **row),
    "bases": lambda name, row: terms.Basis(id=name, **row),
    "purposes": lambda name, row: terms.Purpose(id=name, **row),
    "levels": lambda name, row: terms.Level(id=name, **row),
    "retention": lambda name, row: terms.RetentionRule(id=name, **row),
    "parts": lambda name, row: terms.PartRule(name=name, **row),
    "topics": lambda name, row: terms.Topic(id=name, **row),
    "interpretations": lambda name, row: terms.Interpretation(name=name, chosen=row["default"], **row),
}


def read(document: Mapping[str, Any], sha256: str) -> Policy:
    """A policy from a parsed pack.

    Raises: SchemaFault, naming the first place that has not the form, without the file's name.
    """
    try:
        rows = _PACK.load(document)
    except ValidationError as problem:
        place, message = min(places(problem.messages))
    else:
        named = {
            key: MappingProxyType({name: make(name, row) for name, row in rows[key].items()})
            for key, make in _NAMED.items()
        }
        return Policy(sha256=sha256, **{**rows, **named})
    raise SchemaFault(f"{place}: {message}")
