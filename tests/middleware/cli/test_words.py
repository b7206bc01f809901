"""Plain words: none of the vocabularies has a word without a sentence."""

from __future__ import annotations

import pytest

from middleware.cli import words
from middleware.core.retry import SCHEDULE
from middleware.errors import ConfigError, PermanentDeliveryError, TransientDeliveryError
from middleware.model import Ending, Reason
from schemas import policy_terms as terms

TRANSPORT = ("timeout", "connection", "tls", "truncated", "too-large", "content-encoding", "egress-blocked")
"""What ``middleware.transport`` says."""

CARRIER = ("unreadable-answer", "unknown-carrier", *(f"http-{status}" for status in (400, 401, 403, 404, 409, 422)))
CARRIER_LATER = tuple(f"http-{status}" for status in (408, 410, 425, 429, 500, 503))


BPOST = ("several-boxes", "cancelled-there", "on-hold-there", "no-account", "unknown-pickup-point")


@pytest.mark.parametrize(
    ("told", "vocabulary"),
    [
        (words.EVENTS, (*terms.TRIGGERS, *terms.END_EVENTS)),
        (words.AFTERWARDS, terms.AFTER),
        (words.EARLIER, terms.CUT_SHORT_BY),
        (words.CONDITIONS, terms.CONDITIONS),
        (words.BASES, terms.BASES),
        (words.HALTS, Reason),
    ],
    ids=["events", "afterwards", "earlier", "conditions", "bases", "halts"],
)
def test_every_word_is_explained_and_no_other(told: dict[str, str], vocabulary: tuple[str, ...]) -> None:
    assert set(told) == set(vocabulary)
    assert len(set(told.values())) == len(told)


@pytest.mark.parametrize(
    ("duration", "plain"),
    [
        ("P13M", "13 months"),
        ("P10Y", "10 years"),
        ("P36M", "36 months"),
        ("P30D", "30 days"),
        ("P1Y", "1 year"),
        ("P1M", "1 month"),
        ("P1D", "1 day"),
        ("P11Y", "11 years"),
        ("P1Y6M", "1 year and 6 months"),
        ("P2Y1M15D", "2 years and 1 month and 15 days"),
    ],
)
def test_a_duration_is_told_in_plain_words(duration: str, plain: str) -> None:
    assert words.duration(duration) == plain


@pytest.mark.parametrize(
    "code",
    [
        *TRANSPORT,
        *CARRIER,
        *CARRIER_LATER,
        *BPOST,
        "expired",
        "tampered",
        "no-outcome",
        "lease-lost",
        "unreadable-row",
        Ending.TOO_LATE,
        Ending.REPLACED,
        *Reason,
    ],
)
def test_every_code_of_a_record_is_explained(code: str) -> None:
    assert words.code(code)
    assert words.code(f"attempts-exhausted:{code}") == f"every attempt was used up; {words.code(code)}"


def test_a_code_that_says_it_all_needs_no_explanation() -> None:
    assert words.code("made-up") == ""
    assert words.code("attempts-exhausted:made-up") == "every attempt was used up"
    assert len(SCHEDULE) > 1  # attempts, in the plural


@pytest.mark.parametrize("code", [*TRANSPORT, "delivery-transient", "made-up"])
@pytest.mark.parametrize("kind", [TransientDeliveryError, PermanentDeliveryError])
def test_trouble_with_a_platform_names_it_the_code_and_what_to_do(
    kind: type[TransientDeliveryError | PermanentDeliveryError], code: str
) -> None:
    problem = kind("a sentence")
    problem.code = code
    said = words.trouble("spare", problem)
    what, _, remedy = said.partition(f" ({code}); ")
    assert what == (words.code(code) if code in TRANSPORT else "a sentence")
    assert remedy.startswith(("check ", "add "))
    assert "carriers.spare." in remedy


def test_other_trouble_is_told_as_it_is() -> None:
    assert words.trouble("spare", ConfigError("a file")).startswith("a file (configuration); ")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("http-400:max-length:postal-code", "the parcel platform refused it: postal-code is too long"),
        (
            "http-400:invalid-selection",
            "the parcel platform refused it: a product or an option that the account may not use",
        ),
        ("http-400:made-up:made-up", "the parcel platform refused it"),
        ("http-500:system-exception", "the parcel platform is at fault or out of order"),
    ],
)
def test_what_a_platform_found_wrong_is_told_behind_its_status(code: str, said: str) -> None:
    assert words.code(code) == said
