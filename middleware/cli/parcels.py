"""What is said of a record that is a parcel's."""

from __future__ import annotations

from typing import Final

from middleware.cli.sentences import Sentences
from middleware.model import Ending, State

_STILL: Final = "A change in the shop still counts; cancelling the order there takes it back."

PARCEL: Final = Sentences(
    subject="The order",
    code="code on the label",
    where={
        State.WAITING: "It is here and waits to be sent.",
        State.BLOCKED: (
            "It is here and blocked: it shows or names people on stamps, and there is no declaration of the customer "
            "yet that this is lawful. Nothing of it is forwarded."
        ),
        State.HELD: (
            "It is here and waits: an older version of the order has to be cancelled at the parcel platform first."
        ),
        State.CLAIMED: "It is being sent to the parcel platform now.",
        State.DELIVERED: "The parcel platform has it and carries it.",
        State.CANCELLING: (
            "The parcel platform is being asked to cancel it, because the order changed or was cancelled."
        ),
        State.CANCELLED: "It is cancelled: the parcel platform does not carry it.",
        State.DEAD: "It could not be sent and was given up.",
        State.QUARANTINED: "It was stopped: its receipt or seal does not fit, so something changed it here.",
        State.WITHDRAWN: "It was taken back before it was sent.",
    },
    endings={
        Ending.REPLACED: "changed: another record takes its place",
        Ending.CANCELLED: "was cancelled, or has nothing left to ship",
        Ending.TOO_LATE: "changed when the parcel platform could cancel it no more",
    },
    can={
        State.WAITING: f"Nothing is needed. {_STILL}",
        State.BLOCKED: (
            "Ask the customer for the declaration. The shop sends the order again with it, or `parcelveil events "
            "record` tells it. Cancelling the order takes it back."
        ),
        State.HELD: (
            "Nothing is needed, unless the version before it was given up or stopped: then look there. If it was "
            "stopped, cancel it at the parcel platform by hand; then `parcelveil deliveries retry {id}` lets this one "
            "go. A change in the shop still counts."
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
            "Tell whoever runs the service: keep it as evidence, and look for who could write to the database. It is "
            "never sent. If the parcel has to go, save the order in the shop again: the newer version takes its place."
        ),
        State.WITHDRAWN: (
            "Nothing is needed. If the order can be shipped after all, its next version is taken by itself."
        ),
    },
    still=_STILL,
    simulated="Simulated: its shop was in test mode, so no parcel will be sent.",
    changed=(
        "The order changed, or was cancelled, and the parcel could not be changed any more: correct it or stop it at "
        "the parcel platform by hand."
    ),
    replaced="Throw this label away: the newer version has a label of its own.",
    uncancelled=(
        "It could not be cancelled at the parcel platform. Cancel it there by hand, or mend the cause and ask again "
        "with `parcelveil deliveries retry {id}`. Do not hand over a parcel with this label."
    ),
    too_late=(
        "Look at the version before it: its parcel stands as the order was then. Correct or stop it at the "
        "parcel platform by hand."
    ),
    kept=(
        "Nothing is needed: the newer version has a record of its own. What is legally held of this one is kept, and "
        "not sent."
    ),
    unreadable=(
        "Tell whoever runs the service: another hand, or a damaged file, changed its row, and nothing but its id can "
        "be told. Keep it as evidence; if the parcel has to go, save the order in the shop again."
    ),
    stranded=(
        "Look at the parcel platform for an older parcel of this order, and cancel it there by hand; then `parcelveil "
        "deliveries retry {id}` lets this one go. Tell whoever runs the service: a row is gone that had to stay."
    ),
    uninstalled=(
        "The shop uninstalled the app, so nothing of it goes any more. Once it is connected again, with a new request "
        "to integrate, save the order in the shop: its next version is taken by itself."
    ),
    no_barcode="Nothing is needed. It has no barcode: it is no parcel.",
    expired="Its time is over. Save the order in the shop again, or enter the parcel at the parcel platform by hand.",
    key_gone=(
        "Send the order again: save it in the shop, or enter the parcel at the carrier by hand. The weekly key that "
        "could open this one has been destroyed."
    ),
)
