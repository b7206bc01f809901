"""The names that a sender is known to use and that never pass, with the reason: read from this package's own files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from importlib.resources import files

REASONS: Mapping[str, str] = {
    "basket": "what somebody buys is not needed to carry a parcel",
    "credential": "credentials never belong in an order (VP-CAT-1)",
    "duplicate": "the same datum is kept from another field",
    "empty": "nothing was there",
    "free_text": "free text can say anything of anybody",
    "geolocation": "the address suffices",
    "image_metadata": "it stood in an image beside the picture, which alone is needed (MS-CAT-6)",
    "in_customs_union": "nothing is declared within the EU's customs union and VAT area",
    "marketing": "profiles and consents have no part in a label (VP-PUR-11)",
    "merchant": "the shop's own data come from its settings",
    "no_locker": "no parcel locker is opened by it",
    "no_notification": "this delivery does not notify by this means",
    "not_entered": "the customer entered it for no purpose of the order (MS-CAT-2, MS-CAT-4)",
    "not_in_pack": "not in the allow-list of the pack",
    "nothing_shipped": "nothing of this order is shipped now",
    "not_shipped": "this line is not in the parcel",
    "online_identifier": "online identifiers are never needed for a parcel (VP-COL-1)",
    "output_only": "it tells what happened after the label",
    "payer": "it belongs to the person who pays, not to the one who receives",
    "payment": "prices and payments are not needed for a label (VP-PUR-5)",
    "pickup_point": "the parcel goes to a pick-up point, not to this address",
    "unusable": "it could not be used to notify anybody",
    "staff": "it belongs to a member of the shop's staff",
}
"""Every reason for a removal, in plain words."""


DOUBTS: Mapping[str, str] = {
    "contact": "a phone number or an e-mail address stands in it, and goes with the address",
    "no_email": "no address that mail reaches: the parcel goes without its product's message",
    "no_mobile": "no number that a text reaches: the parcel goes without its product's message",
    "no_number": "no house number was found: the line is kept whole",
    "post_office_box": "it names no house, but a post office box or its like: the line is kept whole",
    "several_numbers": "more than one number could be the house number: the lines are kept whole",
    "transliterated": "label printers lack letters of it: it is written with those that they have",
    "unclear": "its house number could not be told from the rest: the line is kept whole",
}
"""Every doubt about what is kept or is not there, in plain words."""

MISSING = frozenset(("no_email", "no_mobile"))
"""Of these what is not there."""


def removed_names(sender: str) -> Mapping[str, str]:
    """Leaf path → reason, for the ``sender`` (``shopify-order``, ``woocommerce-order``)."""
    text = (files("schemas") / "removed" / f"{sender}.csv").read_text(encoding="utf-8")
    return {row["path"]: row["reason"] for row in csv.DictReader(text.splitlines())}
