"""What is said of a record that is no parcel, a contact or an order of stamps, where a parcel's words would mislead:
there is no label to throw away, and nothing that is handed over.
"""

from __future__ import annotations

from typing import Final

from middleware.cli.sentences import Sentences
from middleware.model import Ending, State

_NOTHING: Final = "Nothing is needed."
_STILL: Final = "A newer version from the shop still counts, and the shop can take it back."

PLAIN: Final = Sentences(
    subject="It",
    code="short code",
    where={
        State.WAITING: "It is here and waits to be sent.",
        State.BLOCKED: (
            "It is here and blocked: it shows or names people on stamps, and there is no declaration of the customer "
            "yet that this is lawful. Nothing of it is forwarded."
        ),
        State.HELD: "It is here and waits: an older version of it has to leave the parcel platform first.",
        State.CLAIMED: "It is being sent to the parcel platform now.",
        State.DELIVERED: "The parcel platform has it.",
        State.CANCELLING: "The parcel platform is being asked to give it back: it changed, or was taken back.",
        State.CANCELLED: "It was taken back: the parcel platform has none of it any more.",
        State.DEAD: "It could not be sent and was given up.",
        State.QUARANTINED: "It was stopped: its receipt or seal does not fit, so something changed it here.",
        State.WITHDRAWN: "It was taken back before it was sent.",
    },
    endings={
        Ending.REPLACED: "changed: another record takes its place",
        Ending.CANCELLED: "was cancelled",
        Ending.TOO_LATE: "changed when the parcel platform gave nothing back any more",
    },
    can={
        State.WAITING: f"{_NOTHING} {_STILL}",
        State.BLOCKED: (
            "Ask the customer for the declaration. The shop sends the order again with it, or `parcelveil events "
            "record` tells it. Cancelling the order takes it back."
        ),
        State.HELD: (
            "Nothing is needed, unless the version before it was given up or stopped: then look there. If it was "
            "stopped, have it erased at the parcel platform by hand; then `parcelveil deliveries retry {id}` lets this "
            "one go. A newer version from the shop still counts."
        ),
        State.CLAIMED: "Wait a minute and ask again.",
        State.DELIVERED: _NOTHING,
        State.CANCELLING: _NOTHING,
        State.CANCELLED: ("Nothing is needed. To keep it all the same, the shop sends it under another id of its own."),
        State.DEAD: (
            "Mend the cause, then `parcelveil deliveries retry {id}`: the same goes under the same key, so it cannot "
            "arrive twice. Or the shop sends it again: the newer version takes its place."
        ),
        State.QUARANTINED: (
            "Tell whoever runs the service: keep it as evidence, and look for who could write to the database. It is "
            "never sent. If it has to go, the shop sends it again: the newer version takes its place."
        ),
        State.WITHDRAWN: "Nothing is needed. A next version is taken by itself.",
    },
    still=_STILL,
    simulated="Simulated: its shop was in test mode, so it goes to no real parcel platform.",
    changed=(
        "It changed, or was taken back, and the parcel platform did not give it back: have it corrected or erased "
        "there by hand."
    ),
    replaced="Nothing is needed: the newer version has a record of its own.",
    uncancelled=(
        "It could not be taken back from the parcel platform. Have it erased there by hand, or mend the cause and ask "
        "again with `parcelveil deliveries retry {id}`."
    ),
    too_late=(
        "Look at the version before it: the parcel platform has that one and did not give it back. Have it corrected "
        "or erased there by hand."
    ),
    kept=(
        "Nothing is needed: the newer version has a record of its own. What is legally held of this one is kept, and "
        "not sent."
    ),
    unreadable=(
        "Tell whoever runs the service: another hand, or a damaged file, changed its row, and nothing but its id can "
        "be told. Keep it as evidence; if it has to go, the shop sends it again."
    ),
    stranded=(
        "Look at the parcel platform for an older version of it, and have that erased there by hand; then `parcelveil "
        "deliveries retry {id}` lets this one go. Tell whoever runs the service: a row is gone that had to stay."
    ),
    uninstalled=(
        "The exchange with the shop has ended, so nothing of it goes any more. Once it is connected again, with a new "
        "request to integrate, the shop sends it again: its next version is taken by itself."
    ),
    no_barcode=_NOTHING,
    expired="Its time is over. The shop has to send it again.",
    key_gone=("The shop has to send it again: the weekly key that could open this one has been destroyed."),
)
