"""Where a parcel is, what happens next and what a person can do, in plain words; and the same as data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from middleware import bootstrap
from middleware.cli import plain, words
from middleware.config import Config
from middleware.core.retry import LANE_PAUSE
from middleware.model import Ending, Rejection, State
from middleware.ports import Store
from middleware.relay import FORBIDDEN
from middleware.tracking import Next, Refusal, Step, Story
from middleware.trail import Sighting, Summary

LATE = timedelta(minutes=5)
"""How long after its time a record that still waits is worth a question."""

WHERE: Mapping[State, str] = {
    State.WAITING: "It is here and waits to be sent.",
    State.BLOCKED: (
        "It is here and blocked: it shows or names people on stamps, and there is no declaration of the customer yet "
        "that this is lawful. Nothing of it is forwarded."
    ),
    State.HELD: "It is here and waits: an older version of the order has to be cancelled at the parcel platform first.",
    State.CLAIMED: "It is being sent to the parcel platform now.",
    State.DELIVERED: "The parcel platform has it and carries it.",
    State.CANCELLING: "The parcel platform is being asked to cancel it, because the order changed or was cancelled.",
    State.CANCELLED: "It is cancelled: the parcel platform does not carry it.",
    State.DEAD: "It could not be sent and was given up.",
    State.QUARANTINED: "It was stopped: its receipt or seal does not fit, so something changed it here.",
    State.WITHDRAWN: "It was taken back before it was sent.",
}
"""Where a record is."""

COMES: Mapping[Next, str] = {
    Next.SEND: "It goes to the parcel platform {at}.",
    Next.RETRY: "It is sent again {at}.",
    Next.ANSWER: "The parcel platform's answer is awaited. Without one it is sent again {at}.",
    Next.DECLARE: "It goes out as soon as the customer's declaration of lawfulness is recorded.",
    Next.RELEASE: "It goes out as soon as the version before it is cancelled.",
    Next.CANCEL: "The parcel platform is asked {at}.",
    Next.PERSON: "Nothing by itself: a person has to decide.",
    Next.NOTHING: "Nothing more.",
}
"""What happens to it next."""

STILL = "A change in the shop still counts; cancelling the order there takes it back."

CAN: Mapping[State, str] = {
    State.WAITING: f"Nothing is needed. {STILL}",
    State.BLOCKED: (
        "Ask the customer for the declaration. The shop sends the order again with it, or `parcelveil events record` "
        "tells it. Cancelling the order takes it back."
    ),
    State.HELD: (
        "Nothing is needed, unless the version before it was given up or stopped: then look there. If it was stopped, "
        "cancel it at the parcel platform by hand; then `parcelveil deliveries retry {id}` lets this one go. A change "
        "in the shop still counts."
    ),
    State.CLAIMED: "Wait a minute and ask again.",
    State.DELIVERED: "For where the parcel is on its way, ask the parcel platform with the barcode.",
    State.CANCELLING: "Do not hand over a parcel with this label.",
    State.CANCELLED: "Throw this label away. To ship all the same, make a new order in the shop.",
    State.DEAD: (
        "Mend the cause, then `parcelveil deliveries retry {id}`: the same goes under the same key, so it cannot "
        "arrive twice. Or save the order in the shop again: the newer version takes its place."
    ),
    State.QUARANTINED: (
        "Tell whoever runs the service: keep it as evidence, and look for who could write to the database. It is never "
        "sent. If the parcel has to go, save the order in the shop again: the newer version takes its place."
    ),
    State.WITHDRAWN: "Nothing is needed. If the order can be shipped after all, its next version is taken by itself.",
}
"""What a person can do."""

REPLACED = "Throw this label away: the newer version has a label of its own."
UNCANCELLED = (
    "It could not be cancelled at the parcel platform. Cancel it there by hand, or mend the cause and ask again with "
    "`parcelveil deliveries retry {id}`. Do not hand over a parcel with this label."
)
TOO_LATE = (
    "Look at the version before it: its parcel is on its way as the order was then. Correct or stop it at the parcel "
    "platform by hand."
)
KEPT = (
    "Nothing is needed: the newer version has a record of its own. What is legally held of this one is kept, and not "
    "sent."
)
UNREADABLE = (
    "Tell whoever runs the service: another hand, or a damaged file, changed its row, and nothing but its id can be "
    "told. Keep it as evidence; if the parcel has to go, save the order in the shop again."
)
STRANDED = (
    "Look at the parcel platform for an older parcel of this order, and cancel it there by hand; then `parcelveil "
    "deliveries retry {id}` lets this one go. Tell whoever runs the service: a row is gone that had to stay."
)
UNINSTALLED = (
    "The shop uninstalled the app, so nothing of it goes any more. Once it is connected again, with a new request to "
    "integrate, save the order in the shop: its next version is taken by itself."
)
MAY_BE_THERE = "The parcel platform may have it all the same, from an earlier attempt: look there. It stays there."
NO_PARCEL = "Nothing is needed. It has no barcode: it is no parcel."
STOPPED = "It was stopped: an older version of the order had to be cancelled first, and its record is not there."
NOT_READ = "Its row cannot be read."
EXPIRED = "Its time is over. Save the order in the shop again, or enter the parcel at the parcel platform by hand."
KEY_GONE = (
    "Send the order again: save it in the shop, or enter the parcel at the carrier by hand. The weekly key that could "
    "open this one has been destroyed."
)
HANDED_OVER = "It was handed over in cleartext: erasure there is not verifiable."
SIMULATED = "Simulated: its shop was in test mode, so no parcel will be sent."
SIMULATED_THERE = "The simulated parcel platform has it."
GO_LIVE = (
    "To go live: `parcelveil shops check {shop} --live`. What is taken from then on goes to the real parcel platform."
)
PAUSED = "All that goes to {carrier} is paused: {why}. {remedy} What waits then goes by itself; nothing is lost."
COMES_LATER = "It goes on when {carrier} takes something again; that is tried every {minutes} minutes."
OVERDUE = "It is overdue: look whether `parcelveil serve` runs with the role relay."
REFUSED = "Correct the order in the shop; its next version is taken by itself."
LEFT_ASIDE = "The shop told of this order, and there is nothing of it to ship"
CHANGES = "When that changes the shop sends its next version, and it is taken by itself."


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """What is so while it is told: the time, the lanes that are paused and why, the carriers that only simulate, and
    those that take cleartext.
    """

    now: datetime
    paused: Mapping[str, str]
    simulated: Collection[str]
    cleartext: Collection[str] = frozenset()

    @classmethod
    def of(cls, settings: Config, store: Store) -> Self:
        """Of this instance. Raises: ConfigError, StorageError."""
        now = bootstrap.clock(settings)()
        cleartext = {name for name in settings.carriers if bootstrap.takes_cleartext(settings, name)}
        return cls(now=now, paused=store.paused_lanes(now), simulated=settings.simulated, cleartext=cleartext)


def parcel(record: Sighting, step: Step, here: Here) -> Mapping[str, str]:
    """``where`` it is, what is ``next``, what a person ``can`` do, and what its clocks wait for (``kept``)."""
    comes = COMES[step.what].format(at=_when(step.at, here.now))
    if step.what in (Next.SEND, Next.RETRY, Next.CANCEL) and _halted(record, here) is not None:
        comes = COMES_LATER.format(carrier=record.carrier, minutes=LANE_PAUSE // timedelta(minutes=1))
    told = {"where": " ".join(_where(record, here)), "next": comes, "can": advice(record, here)}
    return {**told, **_kept(record)}


def _kept(record: Sighting) -> Mapping[str, str]:
    return {"kept": words.not_started(record.starts_with, record.unsent_until)} if record.starts_with else {}


def where(record: Sighting | Summary, here: Here) -> str:
    """Where it is, in a sentence; of one that only the simulated platform knows, that it is no parcel."""
    if not record.readable:
        return NOT_READ
    if record.state is State.QUARANTINED and record.last_code == "predecessor-missing":
        return STOPPED
    if record.carrier not in here.simulated:
        handed_over = record.state is State.DELIVERED and record.carrier in here.cleartext
        there = worded(record, WHERE[record.state])
        return f"{there} {HANDED_OVER}" if handed_over else there
    return f"{SIMULATED} {SIMULATED_THERE if record.state is State.DELIVERED else worded(record, WHERE[record.state])}"


def advice(record: Sighting | Summary, here: Here) -> str:
    """What a person can do, or whoever runs the service has to do first."""
    can, halted = todo(record), _halted(record, here)
    late = record.state is State.WAITING and record.due is not None and record.due + LATE < here.now
    if halted is not None:
        why, remedy = words.code(halted) or halted, words.remedy(halted, record.carrier)
        can = f"{PAUSED.format(carrier=record.carrier, why=why, remedy=remedy)} {_order_only(record, can)}"
    elif late:
        can = f"{OVERDUE} {_order_only(record, can)}"
    if record.carrier in here.simulated:
        there = record.state is State.DELIVERED and not record.changed_after_delivery
        can = f"{'' if there else can} {GO_LIVE.format(shop=record.shop)}".strip()
    return can


def _order_only(record: Sighting | Summary, can: str) -> str:
    """Something is needed after all, if not of the order."""
    return STILL if record.state is State.WAITING else can


def _halted(record: Sighting | Summary, here: Here) -> str | None:
    """Why all that goes where this record goes is paused. In the moment in which a pause ends and the next attempt is
    still to come, the record says itself why the last one began.
    """
    if record.state not in (State.WAITING, State.HELD, State.CANCELLING):
        return None
    its_own_fault = record.last_code == FORBIDDEN and record.attempts > 0
    last = record.last_code if record.last_code in words.PAUSES and not its_own_fault else None
    return here.paused.get(record.carrier, last)


def _where(record: Sighting, here: Here) -> Iterator[str]:
    yield where(record, here)
    if record.ending is not None:
        yield f"{'The order' if record.parcel else 'It'} {worded(record, words.ENDINGS[record.ending])}."
    if record.last_code is not None and record.state is not State.DELIVERED:
        said = words.code(record.last_code)
        yield (
            f"What was said last: {said} ({record.last_code})." if said else f"What was said last: {record.last_code}."
        )


CAN_AFTER: Mapping[tuple[State, str], str] = {
    (State.DEAD, "expired"): EXPIRED,
    (State.DEAD, words.KEY_GONE): KEY_GONE,
    (State.WITHDRAWN, Ending.TOO_LATE): TOO_LATE,
    (State.WITHDRAWN, Ending.REPLACED): KEPT,
}
"""What a person can do, where the last code says it better than the state."""

PLAIN: Mapping[str, str] = {
    WHERE[State.DELIVERED]: plain.THERE,
    WHERE[State.CANCELLED]: plain.TAKEN_BACK,
    CAN[State.DELIVERED]: plain.NOTHING,
    CAN[State.CANCELLING]: plain.NOTHING,
    CAN[State.CANCELLED]: plain.FINAL,
    CAN[State.QUARANTINED]: plain.QUARANTINED,
    CAN[State.DEAD]: plain.DEAD,
    REPLACED: plain.REPLACED,
    UNCANCELLED: plain.UNCANCELLED,
    TOO_LATE: plain.TOO_LATE,
    STRANDED: plain.STRANDED,
    EXPIRED: plain.EXPIRED,
    words.CHANGED: plain.CHANGED,
    words.ENDINGS[Ending.CANCELLED]: plain.CANCELLED,
    words.ENDINGS[Ending.TOO_LATE]: plain.CHANGED_TOO_LATE,
}
"""What is said of a parcel → what is said of what is none."""


def todo(record: Sighting | Summary) -> str:
    """What a person can do."""
    return worded(record, _todo(record)).format(id=record.id)


def _todo(record: Sighting | Summary) -> str:
    if not record.readable:
        return UNREADABLE
    if record.changed_after_delivery:
        return words.CHANGED
    if record.state is State.QUARANTINED and record.last_code == "predecessor-missing":
        return STRANDED
    if record.state is State.DEAD and record.ending is not None:
        return UNCANCELLED
    if record.state is State.DELIVERED and record.barcode is None:
        return NO_PARCEL
    if record.last_code == "uninstalled":
        return f"{MAY_BE_THERE} {UNINSTALLED}" if record.state is State.DEAD else UNINSTALLED
    if record.state is State.CANCELLED and record.ending is Ending.REPLACED:
        return REPLACED
    return CAN_AFTER.get((record.state, record.last_code or ""), CAN[record.state])


def worded(record: Sighting | Summary, sentence: str) -> str:
    """A sentence about a parcel, in words that hold of what is none, too."""
    return sentence if record.parcel else PLAIN.get(sentence, sentence)


def nothing_to_ship(story: Story) -> Mapping[str, str]:
    """Of an order that is known and has no record."""
    reasons = [words.code(reason) or reason for reason in story.reasons]
    why = "it is cancelled" if story.cancelled else " and ".join(reasons)
    what = "Nothing: cancelled is final." if story.cancelled else CHANGES
    return {"where": f"{LEFT_ASIDE}{why and ': '}{why}.", "next": what, "can": "Nothing is needed."}


def refusal(told: Refusal) -> Mapping[str, str]:
    """Of a version that could not be taken."""
    where = f"A version of it could not be accepted: {faults(told.entry)}."
    can = f"{REFUSED} It is at {told.page}" if told.page else REFUSED
    return {"where": where, "next": "Nothing until the shop sends the order again.", "can": can}


def faults(entry: Rejection) -> str:
    """What is wrong with a refused version: pointers and codes."""
    return "; ".join(f"{pointer or 'the body'}: {code}" for pointer, code in entry.faults)


def moment(at: datetime) -> str:
    """A time, to the minute."""
    return f"{at:%Y-%m-%d %H:%M}"


def _when(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "soon"
    return f"at {moment(at)} UTC" if at > now else f"now: it is due since {moment(at)} UTC"


def as_json(story: Story, here: Here) -> Mapping[str, Any]:
    """A story as data: codes beside the words."""
    return {
        "shop": story.shop,
        "cancelled": story.cancelled,
        "reasons": story.reasons,
        "shipments": [_shipment(record, step, here) for record, step in story.parcels],
        "rejected": [
            {
                "id": told.entry.id,
                "received": told.entry.received_at.isoformat(timespec="seconds"),
                "errors": [{"pointer": pointer, "code": code} for pointer, code in told.entry.faults],
                "page": told.page,
                "told": refusal(told),
            }
            for told in story.refusals
        ],
    }


def _shipment(record: Sighting, step: Step, here: Here) -> Mapping[str, Any]:
    return {
        "id": record.id,
        "reference": record.reference,
        "state": record.state,
        "simulated": record.carrier in here.simulated,
        "readable": record.readable,
        "barcode": record.barcode,
        "since": record.since.isoformat(timespec="seconds"),
        "code": record.last_code,
        "changed_after_delivery": record.changed_after_delivery,
        "clock_not_started": list(record.starts_with),
        "unsent_until": record.unsent_until,
        "next": {"step": step.what, "at": step.at and step.at.isoformat(timespec="seconds")},
        "told": parcel(record, step, here),
    }
