"""Where a parcel is, what happens next and what a person can do, in plain words; and the same as data."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from middleware import bootstrap
from middleware.cli import words
from middleware.cli.parcels import PARCEL
from middleware.cli.plain import PLAIN
from middleware.cli.sentences import Sentences
from middleware.config import Config
from middleware.core.retry import LANE_PAUSE
from middleware.model import Ending, Rejection, State
from middleware.ports import Store
from middleware.relay import FORBIDDEN
from middleware.tracking import Next, Refusal, Step, Story
from middleware.trail import Sighting, Summary

LATE = timedelta(minutes=5)
"""How long after its time a record that still waits is worth a question."""

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

MAY_BE_THERE = "The parcel platform may have it all the same, from an earlier attempt: look there. It stays there."
STOPPED = "It was stopped: an older version of it had to be cancelled first, and its record is not there."
NOT_READ = "Its row cannot be read."
HANDED_OVER = "It was handed over in cleartext: erasure there is not verifiable."
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
    said = of(record)
    if not record.readable:
        return NOT_READ
    if record.state is State.QUARANTINED and record.last_code == "predecessor-missing":
        return STOPPED
    if record.carrier not in here.simulated:
        handed_over = record.state is State.DELIVERED and record.carrier in here.cleartext
        return f"{said.where[record.state]} {HANDED_OVER}" if handed_over else said.where[record.state]
    there = SIMULATED_THERE if record.state is State.DELIVERED else said.where[record.state]
    return f"{said.simulated} {there}"


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
    return of(record).still if record.state is State.WAITING else can


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
        yield f"{of(record).subject} {of(record).endings[record.ending]}."
    if record.last_code is not None and record.state is not State.DELIVERED:
        said = words.code(record.last_code)
        yield (
            f"What was said last: {said} ({record.last_code})." if said else f"What was said last: {record.last_code}."
        )


def todo(record: Sighting | Summary) -> str:
    """What a person can do."""
    return _todo(record, of(record)).format(id=record.id)


def _todo(record: Sighting | Summary, said: Sentences) -> str:
    if not record.readable:
        return said.unreadable
    if record.changed_after_delivery:
        return said.changed
    if record.state is State.QUARANTINED and record.last_code == "predecessor-missing":
        return said.stranded
    if record.state is State.DEAD and record.ending is not None:
        return said.uncancelled
    if record.state is State.DELIVERED and record.barcode is None:
        return said.no_barcode
    if record.last_code == "uninstalled":
        return f"{MAY_BE_THERE} {said.uninstalled}" if record.state is State.DEAD else said.uninstalled
    if record.state is State.CANCELLED and record.ending is Ending.REPLACED:
        return said.replaced
    return _after(said).get((record.state, record.last_code or ""), said.can[record.state])


def _after(said: Sentences) -> Mapping[tuple[State, str], str]:
    """What a person can do, where the last code says it better than the state."""
    return {
        (State.DEAD, "expired"): said.expired,
        (State.DEAD, words.KEY_GONE): said.key_gone,
        (State.WITHDRAWN, Ending.TOO_LATE): said.too_late,
        (State.WITHDRAWN, Ending.REPLACED): said.kept,
    }


def over(record: Summary) -> str:
    """Why a dead letter whose time is over is not sent again, and what a person can do."""
    return of(record).key_gone if record.last_code == words.KEY_GONE else of(record).expired


def of(record: Sighting | Summary) -> Sentences:
    """What can be said of a record of its kind."""
    return PARCEL if record.parcel else PLAIN


def nothing_to_ship(story: Story) -> Mapping[str, str]:
    """Of an order that is known and has no record."""
    reasons = [words.code(reason) or reason for reason in story.reasons]
    why = "it is cancelled" if story.cancelled else " and ".join(reasons)
    what = "Nothing: cancelled is final." if story.cancelled else CHANGES
    return {"where": f"{LEFT_ASIDE}{why and ': '}{why}.", "next": what, "can": "Nothing is needed."}


def refusal(told: Refusal) -> Mapping[str, str]:
    """Of a version that could not be taken."""
    where = f"A version of it could not be accepted: {faults(told.entry)}."
    page = f"It is at {told.page}" if told.page else ""
    can = " ".join(filter(None, (REFUSED, page, words.goods(pointer for pointer, _ in told.entry.faults))))
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
