"""Plain words for what packs, records and errors say in one word of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

from middleware.errors import ParcelveilError, TransientDeliveryError
from middleware.model import Reason
from schemas.decision import BASES as BASES

_UNITS: Mapping[str, str] = {"Y": "year", "M": "month", "D": "day"}

EVENTS: Mapping[str, str] = {
    "label_created": "label creation",
    "delivered": "delivery",
    "last_label_use": "the last use of a label",
    "start_of_use": "the start of use",
    "end_of_use": "the end of use",
    "agreement_dissolved": "the end of the agreement",
    "last_order": "the customer's last order",
    "ordered": "the order",
    "received": "receipt",
    "part_ended": "the end of the part that it leads to",
    "last_part_ended": "the end of the last part",
    "answered": "the answer to the request",
}
"""What starts a clock, and what ends one (``TRIGGERS`` and ``END_EVENTS`` of ``schemas.policy_terms``)."""

AFTERWARDS: Mapping[str, str] = {
    "erase": "erased",
    "erase_for_purpose": "erased for this purpose",
    "restrict": "restricted",
    "never_written": "never written",
}
"""What comes at the end (``AFTER``)."""

EARLIER: Mapping[str, str] = {
    "objection": "an objection",
    "erasure_accepted": "a request for erasure is accepted",
    "customer_request": "the customer asks for its end",
}
"""What ends a class before its time (``CUT_SHORT_BY``)."""

CONDITIONS: Mapping[str, str] = {
    "notify": "the delivery notifies",
    "notify_email": "the delivery notifies by e-mail",
    "notify_sms": "the delivery notifies by text message",
    "company_delivery": "the delivery goes to it",
    "locker": "a parcel locker is opened by it",
    "outside_eu": "it leaves the EU's customs union or its VAT area",
    "cash_on_delivery": "it is collected on delivery",
    "entered": "the person entered it for a purpose",
}
"""When a datum passes that otherwise does not (``CONDITIONS``)."""

VERBS: Mapping[str, str] = {"object": "by objecting", "withdraw": "by withdrawing the consent"}
"""How a level is ended."""

HALTS: Mapping[Reason, str] = {
    Reason.CANCELLED: "the order is cancelled",
    Reason.TEST_ORDER: "it is a test order",
    Reason.NOT_PAID: "it is not paid yet",
    Reason.IN_STORE: "it is picked up in store",
    Reason.NOTHING_TO_SHIP: "nothing of it is shipped",
    Reason.CALLED_OFF: "it is called off, until the shop takes it up again",
    Reason.FULFILLED: "it has been fulfilled already",
    Reason.OLDER_VERSION: "a newer version of it is known",
    Reason.OTHER_LANE: "this shop's shipments are made of calls",
    Reason.HELD: "a legal hold keeps what the parcel platform has",
    Reason.REJECTED: "a newer version of it was rejected",
}
"""Why there is nothing to ship."""

KEY_GONE = "key-gone"
"""The code of what was not settled as long as its weekly key might exist."""

_GIVEN_UP = "attempts-exhausted:"

CODES: Mapping[str, str] = {
    "timeout": "the parcel platform did not answer in time",
    "connection": "the parcel platform could not be reached",
    "tls": "the parcel platform's certificate does not hold",
    "truncated": "the parcel platform's answer broke off",
    "too-large": "the parcel platform's answer was too large",
    "content-encoding": "the parcel platform's answer was encoded",
    "unreadable-answer": "the parcel platform's answer could not be read",
    "egress-blocked": "the parcel platform's address is private and not in allow_private",
    "unknown-carrier": "the configuration has no such parcel platform any more",
    "http-401": "the parcel platform does not take the token",
    "http-403": "the parcel platform does not take the token",
    "http-409": "the parcel platform has this record with another content",
    "http-410": "the parcel platform has erased this record",
    "http-422": "the parcel platform does not admit what was sent",
    "http-429": "the parcel platform was asked too often",
    "expired": "a part ends before the next attempt: retention comes first",
    "tampered": "receipt or seal does not fit",
    "unreadable-row": "its row holds what nobody of us wrote",
    "points-unknown": "the pick-up points cannot be read here",
    "predecessor-missing": "the record that had to be cancelled first is not there any more",
    "uninstalled": "the shop uninstalled the app, which ended the exchange",
    KEY_GONE: "the weekly key that it is sealed to has been destroyed",
    "other-sealing": "it was sealed for a carrier of another kind under that name",
    "key-missing": "the key that opens it is not in keys/retention",
    "key-unreadable": "the relay may not read the keys of keys/retention",
    "no-such-verb": "handed over, erasure not verifiable",
    "lease-lost": "the relay was held up for longer than its lease",
    "no-outcome": "the parcel platform went on asking",
    "several-boxes": "the parcel platform has more than one box of it: cancel all but one there",
    "cancelled-there": "somebody cancelled it at the parcel platform",
    "on-hold-there": "somebody put it on hold at the parcel platform",
    "no-account": "it is not known with which account the shop ships there",
    "not-collected": "it is paid on delivery, and the shop does not say where the money goes any more",
    "account-changed": "it went out under another account of the shop there, which is not known here any more",
    "unknown-pickup-point": "the pick-up point is not known any more",
    "too-late": "the parcel platform could no longer cancel what it comes in the place of",
    "replaced": "a newer version took its place",
}
"""What the last attempt said."""

_REFUSALS: Mapping[str, str] = {
    "max-length": "too long",
    "min-length": "too short",
    "length": "of another length",
    "pattern": "of another form",
    "enumeration": "none of the known words",
    "max": "too large",
    "min": "too small",
    "type": "of another type",
    "structure": "in the wrong place",
    "invalid-selection": "a product or an option that the account may not use",
    "unknown-items": "nothing that it knows",
    "business-exception": "against its rules",
}
"""What a parcel platform that says so found wrong, behind the status."""

PAUSES: Mapping[str, str] = {
    "http-401": "Set the token of carriers.{name}, or its account and passphrase, anew and restart `parcelveil serve`.",
    "http-403": "Set the token of carriers.{name}, or its account and passphrase, anew and restart `parcelveil serve`.",
    **dict.fromkeys(
        ("http-405", "http-406", "http-415"), "Check carriers.{name}.url, and look for a newer release of Parcelveil."
    ),
    "egress-blocked": "Add the address to carriers.{name}.allow_private if it is meant to be private, and restart.",
    "key-unreadable": "Mend what `parcelveil doctor` names of keys/retention, as the relay's user.",
    "unknown-carrier": "Put carriers.{name} back into the configuration and restart `parcelveil serve`.",
}
"""What pauses a whole lane, and what whoever runs the service does then."""

_GOODS: Mapping[str, str] = {
    **dict.fromkeys(("/line_items/title", "/line_items/name"), "description"),
    **dict.fromkeys(("/line_items/grams", "/settings/customs/weight_grams"), "weight_grams"),
    **dict.fromkeys(("/line_items/duties/harmonized_system_code", "/settings/customs/hs_code"), "hs_code"),
    **dict.fromkeys(("/line_items/duties/country_code_of_origin", "/settings/customs/origin"), "origin"),
}
"""What of a webshop's order customs are told, and what of the shop's ``customs`` tells it in its place."""

_PAUSED = "Check carriers.{name}, and restart `parcelveil serve` once it is corrected."

_REMEDIES: Mapping[str, str] = {
    "egress-blocked": "add it to carriers.{name}.allow_private if it is meant to be private",
    "tls": "check ca_file, and that carriers.{name}.url bears the certificate's name",
}
_REMEDY = "check carriers.{name}.url and its token, and whether it runs"


def duration(text: str) -> str:
    """An ISO 8601 duration of years, months and days: ``13 months``, ``1 year and 6 months``."""
    found = re.findall(r"(\d+)([YMD])", text)
    return " and ".join(f"{number} {_UNITS[unit]}{'' if int(number) == 1 else 's'}" for number, unit in found)


def not_started(triggers: Iterable[str], unsent: date | None) -> str:
    """That clocks have not started, with what they will, and until when these parts may wait where nothing sends the
    record: another part of it, whose clock runs, may well live longer.
    """
    what = " and ".join(EVENTS.get(trigger, trigger) for trigger in triggers)
    said = f"clock_not_started: how long it is kept counts from {what}, which nobody has told (docs/events.md)."
    return said if unsent is None else f"{said} While nothing sends it, what waits for that ends after {unsent}."


def code(said: str) -> str:
    """The code of a record's last attempt or end in words; ``""`` for one that says no more than itself."""
    if said.startswith(_GIVEN_UP):
        return "; ".join(("every attempt was used up", *filter(None, [code(said.removeprefix(_GIVEN_UP))])))
    if said in CODES:
        return CODES[said]
    if said in list(Reason):
        return HALTS[Reason(said)]
    status, _, why = said.partition(":")
    if re.fullmatch(r"http-5\d\d", status):
        return "the parcel platform is at fault or out of order"
    if not re.fullmatch(r"http-4\d\d", status):
        return ""
    kind, _, element = why.partition(":")
    if kind not in _REFUSALS:
        return "the parcel platform refused it"
    return f"the parcel platform refused it: {f'{element} is ' if element else ''}{_REFUSALS[kind]}"


def goods(pointers: Iterable[str]) -> str:
    """What the shop's settings can tell customs of what is wrong with an order there; ``""`` for nothing."""
    named = sorted({f"customs.{_GOODS[pointer]}" for pointer in pointers if pointer in _GOODS})
    return f"Or let the shop's settings tell customs: set {', '.join(named)}." if named else ""


def remedy(paused: str, carrier: str) -> str:
    """What whoever runs the service does about a lane that is paused for this code."""
    return PAUSES.get(paused, _PAUSED).format(name=carrier)


def trouble(carrier: str, problem: ParcelveilError) -> str:
    """Why a parcel platform could not be asked, and what to do."""
    what = str(problem) if problem.code == TransientDeliveryError.code else CODES.get(problem.code, str(problem))
    return f"{what} ({problem.code}); {_REMEDIES.get(problem.code, _REMEDY).format(name=carrier)}"
