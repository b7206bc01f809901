"""Histories that ask for one thing each: what shrank from made-up ones, and what those meet too seldom."""

from __future__ import annotations

from simulator.faults import FaultName
from tests.histories.events import Death, Event, HandOver, Hear, History, Order, Relay, Revive, Say, Storm, Wait
from tests.histories.shop import BAD_ZIP

SENT = Relay()
MOVED = Say(0, "street", 1)
MOVED_ON = Say(0, "street", 2)
CANCELLED = Say(0, "cancelled", True)
OUTAGE = Storm(40, (("500", 1.0),), 0)
"""Long enough for every attempt to be used up."""


def history(*events: Event, shop: str = "prompt") -> History:
    """One order, told of when it was placed, and what happens to it."""
    return History((Order(shop),), events)


def frozen(*meanwhile: Event) -> Relay:
    """A relay that claims, sleeps past the end of its lease while others work, and then sends what it had claimed."""
    return Relay(before=(Wait(3), *meanwhile))


KNOWN = {
    "one order, sent": history(SENT),
    "held, then sent": history(SENT, Wait(1), SENT, Wait(2), SENT, shop="held"),
    "paid later": History((Order("paid", paid=False),), (SENT, Say(0, "paid", True), SENT)),
    "the same by three subscriptions": history(Hear(0, topic="orders/create"), Hear(0, dialect=1), SENT, Hear(0)),
    "told of anew without a change": history(SENT, Say(0, "nothing", None), SENT),
    "changed before it went": history(MOVED, SENT),
    "changed after it went": history(SENT, MOVED, SENT, SENT),
    "changed twice while the first was being cancelled": history(SENT, MOVED, Relay(before=(MOVED_ON,)), SENT),
    "changed twice while nobody worked": history(SENT, MOVED, MOVED_ON, Relay(FaultName.ERROR), SENT, SENT),
    "changed back": history(SENT, MOVED, Say(0, "street", 0), SENT, SENT),
    "changed, the older version comes last": history(
        SENT, Say(0, "street", 1, at_once=False), MOVED_ON, Hear(0, back=1), SENT
    ),
    "two versions of one minute": history(Say(0, "street", 1, minutes=0), SENT, Say(0, "street", 2, minutes=0), SENT),
    "two versions of one minute, the first again": history(Say(0, "street", 1, minutes=0), Hear(0, back=1), SENT),
    "cancelled before it went": history(CANCELLED, SENT, shop="held"),
    "cancelled while in flight": history(Relay(before=(CANCELLED,)), SENT),
    "cancelled while in flight, and the answer lost": history(
        Relay(FaultName.TIMEOUT_AFTER_COMMIT, before=(CANCELLED,)), OUTAGE, Revive(), SENT
    ),
    "cancelled after it went": history(SENT, CANCELLED, SENT),
    "cancelled, then told of as if it were not": history(SENT, CANCELLED, SENT, Say(0, "cancelled", False), SENT),
    "cancelled by a version that comes too late": history(
        SENT, Say(0, "cancelled", True, at_once=False), Say(0, "cancelled", False), Hear(0, back=1), SENT
    ),
    "cancelled after it was handed over": history(SENT, HandOver(0), CANCELLED, SENT),
    "changed after it was handed over": history(SENT, HandOver(0), MOVED, SENT, MOVED_ON, SENT),
    "handed over before it could be cancelled": history(SENT, MOVED, Relay(before=(HandOver(0),)), SENT),
    "refunded in part": history(SENT, Say(0, "pieces", 1), SENT, SENT),
    "refunded to nothing": history(SENT, Say(0, "pieces", 0), SENT),
    "refunded to nothing, then added to": history(SENT, Say(0, "pieces", 0), Say(0, "pieces", 1), SENT, SENT),
    "refunded to nothing, and then not": history(SENT, Say(0, "pieces", 0), Say(0, "pieces", 2), SENT, SENT),
    "refunded while its successor waited": history(SENT, MOVED, Say(0, "pieces", 0), SENT, SENT),
    "fulfilled by itself": history(Say(0, "fulfilled", True), SENT, shop="held"),
    "fulfilled with our label": history(SENT, Say(0, "fulfilled", True), SENT),
    "fulfilled while its successor waited": history(SENT, MOVED, Say(0, "fulfilled", True), SENT, SENT),
    "rejected before it went": history(Say(0, "zip", BAD_ZIP), SENT, shop="held"),
    "rejected after it went": history(SENT, Say(0, "well_formed", False), SENT),
    "rejected, then mended": history(SENT, Say(0, "well_formed", False), Say(0, "well_formed", True), MOVED, SENT),
    "a cancellation answered by somebody else": history(SENT, MOVED, Relay(FaultName.GARBAGE), SENT),
    "a cancellation of what never arrived": history(Relay(FaultName.TIMEOUT), OUTAGE, MOVED, SENT, SENT),
    "an answer that was lost": history(Relay(FaultName.TIMEOUT_AFTER_COMMIT), Wait(40), SENT),
    "a dead letter that is told of anew": history(OUTAGE, Say(0, "nothing", None), SENT, SENT),
    "a relay that died before it sent": history(Relay(death=Death.BEFORE), MOVED, Wait(3), SENT, SENT),
    "a relay that died before it wrote": history(Relay(death=Death.AFTER), MOVED, Wait(3), SENT, SENT),
    "a dead letter that goes again": history(OUTAGE, Revive(), SENT),
    "a dead letter that was changed": history(OUTAGE, MOVED, SENT, SENT),
    "an outage while it was being cancelled": history(SENT, MOVED, OUTAGE, Revive(), SENT),
    "a request that arrives after all was cancelled": history(frozen(OUTAGE, MOVED, SENT, SENT)),
    "a relay that wakes up when all is over": history(frozen(SENT, MOVED, SENT, SENT)),
}
