from __future__ import annotations

import pytest

from simulator.bpost.barcodes import barcodes, number_of


@pytest.mark.parametrize(
    ("number", "code"),
    [(12103337, "CD121033378BE"), (0, "CD000000005BE"), (8, "CD000000080BE")],  # the first is one of bpost's
)
def test_a_barcode_abroad_has_the_check_digit_of_the_postal_union(number: int, code: str) -> None:
    assert barcodes("123456", number, abroad=True) == (code,)
    assert number_of(code) == number


def test_a_national_barcode_has_24_digits_and_another_for_the_way_back() -> None:
    out, back = barcodes("123456", 7, abroad=False)
    assert (out, back) == ("323212345600000000007030", "323212345600000000007050")
    assert number_of(out) == number_of(back) == 7


@pytest.mark.parametrize("text", ["", "7", "323212345600000000007040", "CD00000008BE", "٣" * 24])
def test_other_text_is_of_no_box(text: str) -> None:
    assert number_of(text) == 0
