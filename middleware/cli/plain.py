"""What is told of a record that is no parcel, a contact or an order of stamps, where a parcel's words would mislead:
there is no label to throw away, and nothing that is handed over.
"""

from __future__ import annotations

from typing import Final

THERE: Final = "The parcel platform has it."
TAKEN_BACK: Final = "It was taken back: the parcel platform has none of it any more."
NOTHING: Final = "Nothing is needed."
FINAL: Final = "Nothing is needed. To keep it all the same, the shop sends it under another id of its own."
REPLACED: Final = "Nothing is needed: the newer version has a record of its own."
QUARANTINED: Final = (
    "Tell whoever runs the service: keep it as evidence, and look for who could write to the database. It is never "
    "sent. If it has to go, the shop sends it again: the newer version takes its place."
)
DEAD: Final = (
    "Mend the cause, then `parcelveil deliveries retry {id}`: the same goes under the same key, so it cannot arrive "
    "twice. Or the shop sends it again: the newer version takes its place."
)
UNCANCELLED: Final = (
    "It could not be taken back from the parcel platform. Have it erased there by hand, or mend the cause and ask "
    "again with `parcelveil deliveries retry {id}`."
)
TOO_LATE: Final = (
    "Look at the version before it: the parcel platform has that one and did not give it back. Have it corrected or "
    "erased there by hand."
)
STRANDED: Final = (
    "Look at the parcel platform for an older version of it, and have that erased there by hand; then `parcelveil "
    "deliveries retry {id}` lets this one go. Tell whoever runs the service: a row is gone that had to stay."
)
EXPIRED: Final = "Its time is over. The shop has to send it again."
CHANGED: Final = (
    "It changed, or was taken back, and the parcel platform did not give it back: have it corrected or erased there by "
    "hand."
)
CHANGED_TOO_LATE: Final = "changed when the parcel platform gave nothing back any more"
CANCELLED: Final = "was cancelled"
