"""Postal codes: each country's own form, and nothing that is made to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.postal import bare, fault

CODES = {
    "AT": ("1010", "A-1010"),
    "BE": ("9000", "B-9000", "b-9000", " 9 000\n", "BE-9000"),
    "CH": ("8001", "CH-8001"),
    "CZ": ("110 00", "11000", "CZ-110 00"),
    "DE": ("10115", "D-10115"),
    "DK": ("0800",),
    "FR": ("75011", "75 011", "01000"),
    "GB": ("SW1A 1AA", "sw1a1aa", "M1 1AE"),
    "GR": ("105 00",),
    "IE": ("D02 AF30", "D02AF30", "D6W XY00"),
    "LU": ("1234", "L-1234"),
    "LV": ("1010", "LV-1010"),
    "MC": ("98000",),
    "MT": ("MSD 1700",),
    "NL": ("1012 ZZ", "1012zz", "1012  zz"),
    "PL": ("00-950",),
    "PT": ("1000-001",),
    "RO": ("010011",),
    "SE": ("123 45", "SE-123 45"),
    "US": ("02139", "02139-4307"),
    "JP": ("100-0000",),
}
WRONG = {
    "AT": ("101", "0101"),
    "BE": ("0900", "900", "90000", "9000 Gent", "9OOO"),
    "DE": ("1011", "101155"),
    "FR": ("7501", "750111"),
    "GB": ("SW1A", "1AA SW1", "12345"),
    "IE": ("D2 AF30", "1234"),
    "LU": ("12345", "LUX"),
    "MC": ("75011",),
    "NL": ("1012", "0012 ZZ", "1012 Z", "1012 ZZZ"),
    "PL": ("00950",),
    "PT": ("1000",),
    "US": ("0213", "02139-43"),
    "JP": ("Jan Peeters", "0470 12 34 56 78"),
}


def wrong(typed: str, country: str) -> str | None:
    return fault(bare(typed, country), country)


@pytest.mark.parametrize(("country", "typed"), [(country, code) for country in CODES for code in CODES[country]])
def test_a_code_of_the_country_s_own_form_passes(country: str, typed: str) -> None:
    assert wrong(typed, country) is None


@pytest.mark.parametrize(("country", "typed"), [(country, code) for country in WRONG for code in WRONG[country]])
def test_another_is_refused(country: str, typed: str) -> None:
    assert wrong(typed, country) == "pattern"


@pytest.mark.parametrize(
    ("country", "code"), [("BE", "required"), ("US", "required"), ("IE", None), ("MC", None), ("HK", None)]
)
def test_a_country_without_codes_needs_none(country: str, code: str | None) -> None:
    assert [fault(blank, country) for blank in (None, "", bare(" \u00a0", country))] == [code] * 3


@given(st.text(max_size=12), st.sampled_from(sorted(CODES)))
def test_nothing_is_made_up(typed: str, country: str) -> None:
    """Letters and digits are those that were typed, the country's prefix left out."""
    kept = "".join((bare(typed, country) or "").split())
    assert "".join(typed.upper().split()).endswith(kept)
