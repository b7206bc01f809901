"""The two headers of a plug-in's call."""

from __future__ import annotations

import pytest

from middleware.core.calling import DEFAULT_WAIT, LONGEST_PREFERENCES, LONGEST_WAIT, key_of, wait_of


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ('"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
        ('  "order 1001, parcel 1" ', "order 1001, parcel 1"),
        (r'"a\"b\\c"', r"a\"b\\c"),
        ("k", "k"),
        ("k" * 255, "k" * 255),
        (f'"{"k" * 255}"', "k" * 255),
        *(
            (none, None)
            for none in (
                *(None, "", " ", '""', '"', "a b", "a, b", '"a", "b"', '"a"; x=1', "'a'", r'"a\b"', '"a', "é", '"é"'),
                *("k" * 256, f'"{"k" * 256}"', "a\tb", '"a\tb"', "-k", ":YQ==:"),
            )
        ),
    ],
)
def test_a_key_is_a_string_of_visible_characters(header: str | None, key: str | None) -> None:
    assert key_of(header) == key


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("wait=0", 0),
        ("wait=7", 7),
        ('WAIT = "7"', 7),
        ("respond-async, wait=10", 10),
        ('foo="a, wait=3", wait=4; x=y', 4),
        ("wait=3, wait=4", 3),
        (f"wait={LONGEST_WAIT + 1}", LONGEST_WAIT),
        ("wait=999999999", LONGEST_WAIT),
        (f"wait=7{' ' * (LONGEST_PREFERENCES - 6)}", 7),
        (f"wait=7{' ' * (LONGEST_PREFERENCES - 5)}", DEFAULT_WAIT),
        *(
            (none, DEFAULT_WAIT)
            for none in (
                None,
                "",
                "wait",
                "wait=",
                "wait=-1",
                "wait=1.5",
                "wait=٣",
                'wait="3',
                "await=3",
                "wait=9999999999",
            )
        ),
    ],
)
def test_what_cannot_be_read_asks_for_nothing(header: str | None, seconds: int) -> None:
    assert wait_of(header) == seconds


def test_a_long_header_takes_no_long_time() -> None:
    assert wait_of('"' * 65_536) == DEFAULT_WAIT
    assert key_of('"' + "\\" * 65_536) is None
