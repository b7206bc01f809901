"""Contact data: checked and normalised, never enriched, never asked of anybody (Art. 5(1)(d) GDPR)."""

from __future__ import annotations

import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from middleware.core.contact import email, language, phone, stands_in


@pytest.mark.parametrize(
    ("typed", "usable"),
    [
        ("lotte@verzinsel.example", "lotte@verzinsel.example"),
        ("  lotte@verzinsel.example\t\n", "lotte@verzinsel.example"),
        ("Lotte.Verzinsel+Pakje@Verzinsel.Example", "Lotte.Verzinsel+Pakje@Verzinsel.Example"),  # as typed
        ("lotte@post.verzinsel.example", "lotte@post.verzinsel.example"),
        ("o'brien@verzinsel.example", "o'brien@verzinsel.example"),
        ("zoë@verzinsel.example", "zoë@verzinsel.example"),
        ("a" * 64 + "@b.example", "a" * 64 + "@b.example"),
        ("a" * 65 + "@b.example", None),
        ("a@" + "b" * 189 + ".example", "a@" + "b" * 189 + ".example"),
        ("a@" + "b" * 190 + ".example", None),
        ("a@b." + "c" * 63, "a@b." + "c" * 63),
        ("a@b." + "c" * 64, None),
        (None, None),
        ("", None),
        ("   ", None),
        ("lotte", None),
        ("@verzinsel.example", None),
        ("lotte@", None),
        ("lotte@verzinsel", None),
        ("lotte@verzinsel.", None),
        ("lotte@.", None),
        ("lotte@@verzinsel.example", None),
        ("lotte@verzinsel@example.org", None),
        ("lotte verzinsel@verzinsel.example", None),
        ("lotte@verzin sel.example", None),
        ("lotte@verzinsel.example\nBcc: allen@verzinsel.example", None),
        ("lotte\r@verzinsel.example", None),
        ("lotte\x00@verzinsel.example", None),
        ("lotte@verzinsel.exam\x7fple", None),
        ("lotte@verzinsel.example, an@verzinsel.example", None),
    ],
)
def test_email(typed: str | None, usable: str | None) -> None:
    assert email(typed) == usable


@given(st.text())
def test_an_email_passes_as_it_was_typed_or_not_at_all(typed: str) -> None:
    assert email(typed) in (typed.strip(), None)


def test_a_hostile_email_costs_no_more_than_its_length() -> None:
    started = time.process_time()
    for typed in ("a" * 4096, "@" * 4096, "a@" + "." * 4094, "a@" + "b." * 2047, " " * 4096):
        assert email(typed) is None
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    ("typed", "country", "usable"),
    [
        ("0470 12 34 56", "BE", "+32470123456"),
        ("0470/12.34.56", "BE", "+32470123456"),
        ("(0)470-123456", "BE", "+32470123456"),
        ("+32 470 12 34 56", "BE", "+32470123456"),
        ("0032470123456", "BE", "+32470123456"),
        ("+32470123456", "US", "+32470123456"),  # an international number says where it belongs
        ("+32470123456", None, "+32470123456"),
        ("0612345678", "NL", "+31612345678"),  # the same digits belong to two numbering plans, and to no third
        ("0612345678", "FR", "+33612345678"),
        ("0612345678", "BE", None),
        ("0470 12 34 56", None, None),
        ("0470 12 34 56", "ZZ", None),
        ("0470 12 34 56", "", None),
        ("0470 12 34 56", "be", None),
        ("+32470123456 ext. 12", "BE", "+32470123456"),
        ("02 201 23 45", "BE", None),  # no text message reaches a landline
        (None, "BE", None),
        ("", "BE", None),
        ("12", "BE", None),
        ("112", "BE", None),
        ("geen nummer", "BE", None),
        ("+999 123 456", "BE", None),
        ("0" * 300, "BE", None),
    ],
)
def test_phone(typed: str | None, country: str | None, usable: str | None) -> None:
    assert phone(typed, country) == usable


@given(
    st.text() | st.from_regex(r"\+?[0-9 ./()-]{4,20}", fullmatch=True), st.sampled_from([None, "BE", "NL", "US", "JP"])
)
def test_a_phone_is_e164_or_nothing_and_stays_so(typed: str, country: str | None) -> None:
    usable = phone(typed, country)
    assert usable is None or (usable[0] == "+" and usable[1:].isdigit() and usable.isascii() and len(usable) <= 16)
    assert usable is None or phone(usable, None) == usable


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("nl", "nl"),
        ("nl-BE", "nl"),
        ("NL_be", "nl"),
        ("zh-Hant-TW", "zh"),
        ("pt-PT", "pt"),
        (None, None),
        ("", None),
        ("n", None),
        ("nld", None),
        ("nl-", None),
        ("nl BE", None),
        ("nl\n", None),
        ("nl-BE\n", None),
        ("ñl", None),
        ("klingon!", None),
        ("nl-bel een keer aan de achterdeur", None),
    ],
)
def test_language(locale: str | None, code: str | None) -> None:
    assert language(locale) == code


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("bel 0470 00 00 01", True),
        ("tel: 02/201.23.45 aub", True),
        ("GSM +31 6 12345678", True),
        ("lotte@verzinsel.example", True),
        ("mail <lotte@verzinsel.example>, dank u", True),
        ("2e verdieping", False),
        ("bus 0301", False),
        ("Kerselaarstraat 12-14, bus 3.01", False),
        ("Postbus 12345678", False),
        ("@ de achterdeur", False),
        ("", False),
    ],
)
def test_a_phone_number_or_an_e_mail_address_in_a_text_is_seen(text: str, stands: bool) -> None:
    assert stands_in(text, "BE") is stands


def test_a_phone_number_is_one_of_the_country() -> None:
    assert stands_in("bel 06 12 34 56 78", "NL")
    assert not stands_in("bel 06 12 34 56 78", "BE")
    assert not stands_in("bel 06 12 34 56 78", None)


def test_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("a connection or a question about a name")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    assert email("lotte@verzinsel.example")
    assert phone("0470 12 34 56", "BE")
    assert language("nl-BE")
    assert stands_in("bel 0470 12 34 56", "BE")
