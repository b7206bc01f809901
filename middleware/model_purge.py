"""What retention takes away, kind by kind."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What ends by itself, in the order in which it is taken: a record goes when all of its parts have ended."""

    PARTS = "parts"  # the sealed part; its tag stays until the record ends
    CLEAR = "clear"  # what of a record tells of the recipient in the clear
    INDEX = "index"  # keyed digests that lead to a record
    ORDERS = "orders"  # the newest version of an order
    INBOX = "inbox"  # webhooks, to know them again
    REJECTIONS = "rejections"  # orders that could not be taken, with the order's id
    RECORDS = "records"  # record id, tags, receipt, barcode
    REMOVALS = "removals"  # removal reports to which no record links any more
