"""Barcodes in the form of bpost's: 24 digits within Belgium, thirteen signs of the Universal Postal Union abroad."""

from __future__ import annotations

import re

WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
"""Of the check digit (UPU S10)."""
OUTWARD, BACK = "030", "050"


def barcodes(account: str, number: int, *, abroad: bool) -> tuple[str, ...]:
    """The outward barcode and, within Belgium, that of a return label. ``number`` is unlike that of any other box."""
    if abroad:
        serial = f"{number:08d}"
        check = 11 - sum(int(digit) * weight for digit, weight in zip(serial, WEIGHTS, strict=True)) % 11
        return (f"CD{serial}{({10: 0, 11: 5}).get(check, check)}BE",)
    return tuple(f"3232{account}{number:011d}{kind}" for kind in (OUTWARD, BACK))


def number_of(barcode: str) -> int:
    """The number that a barcode of either form was made of; of any other text, one that no box has."""
    found = re.fullmatch(r"3232\d{6}(\d{11})0[35]0|CD(\d{8})\dBE", barcode, re.ASCII)
    return int(found.group(1) or found.group(2)) if found else 0
