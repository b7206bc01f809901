"""Bearer tokens: one reading of the header for all who ask for one."""

from __future__ import annotations

import hmac

import pytest

from middleware.core.bearer import opens


@pytest.mark.parametrize(
    ("header", "tokens", "right"),
    [
        ("Bearer one", [b"one"], True),
        ("bearer two", [b"one", b"two"], True),
        ("BEARER one", [b"one", b"two"], True),
        ("Bearer  one", [b"one"], True),  # RFC 6750: one space or more
        ("Bearer one and more", [b"one and more"], True),
        ("Bearer one", [], False),
        ("Bearer", [b""], False),
        ("Bearer ", [b""], False),
        ("Bearer one ", [b"one"], False),
        ("Bearer\tone", [b"one"], False),
        ("Bearer one\t", [b"one"], False),
        (" Bearer one", [b"one"], False),
        ("Bearer One", [b"one"], False),
        ("Bearer one", [b"one and more"], False),
        ("Bearer \u00e9\udcff", [b"one"], False),
        ("Basic one", [b"one"], False),
        ("Bearerone", [b"one"], False),
        ("one", [b"one"], False),
        ("", [b"one"], False),
        ("", [b""], False),
    ],
)
def test_a_token_opens_or_does_not(header: str, tokens: list[bytes], right: bool) -> None:
    assert opens(header, tokens) is right


@pytest.mark.parametrize("header", ["Bearer one", "Bearer x", "Basic one", ""])
def test_every_token_is_compared_by_digest_whatever_the_header_holds(
    monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    compared: list[tuple[int, int]] = []
    compare_digest = hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return compare_digest(one, other)

    monkeypatch.setattr(hmac, "compare_digest", compare)
    opens(header, [b"one", b"another"])
    assert compared == [(32, 32)] * 2
