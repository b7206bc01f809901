"""Under which account, and with whose password, a parcel is asked for."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from middleware import bootstrap_following, config
from middleware.account import Account, Used, Whose
from middleware.exchange import Impossible
from tests.middleware.carriers.test_bpost_shm_conversation import SIGHTED

CONFIGURATION: Final = """[server]
[carriers.bpost]
kind = "bpost-shm"
url = "https://bpost.example"
account = "123456"
passphrase = { env = "WORD" }
[carriers.bpost.tracking]
url = "https://tracking.example"
"""
OPERATORS: Final = 'account = "123456"\npassword = { env = "TRACKING_WORD" }\n'
OWN: Final = Account(id="654321", passphrase="of labels", shared=False, tracking="theirs")
KNOWN: Final[dict[str, Used]] = {
    "own": OWN,
    "untold": replace(OWN, tracking=None),
    "same": replace(OWN, id="123456"),
    "same, untold": replace(OWN, id="123456", tracking=None),
    "shared": Whose.SHARED,
    "unknown": None,  # in test mode, at another carrier, or gone
}


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "of labels")
    monkeypatch.setenv("TRACKING_WORD", "operators")


def asked(folder: Path, used: str, noted: str | None, table: str = OPERATORS) -> str:
    """Account and password with which a parcel is asked for; or why it is not."""
    (folder / "parcelveil.toml").write_text(CONFIGURATION + table, encoding="utf-8")
    whose = {("bpost", "demo"): KNOWN[used]}
    watches = bootstrap_following.watches(
        config.load(folder / "parcelveil.toml"), {}, lambda carrier, shop: whose[carrier, shop]
    )
    said = watches["bpost"].follower.question(replace(SIGHTED, shop="demo", account=noted))
    return said.code if isinstance(said, Impossible) else base64.b64decode(said.headers["Authorization"][6:]).decode()


@pytest.mark.parametrize(
    ("used", "noted", "asks"),
    [
        ("own", "654321", "654321:theirs"),
        ("own", None, "654321:theirs"),
        ("own", "123456", "123456:operators"),  # it went out before the shop had an account of its own
        ("own", "777777", "other-account"),  # of one that it had before
        ("untold", "654321", "no-tracking-password"),
        ("untold", None, "no-tracking-password"),
        ("untold", "123456", "123456:operators"),
        ("same", "123456", "123456:theirs"),  # the carrier's is its own too
        ("same, untold", "123456", "123456:operators"),
        ("shared", "123456", "123456:operators"),
        ("shared", None, "123456:operators"),
        ("shared", "654321", "other-account"),
        ("unknown", "654321", "other-account"),
        ("unknown", None, "other-account"),
        ("unknown", "123456", "123456:operators"),
    ],
)
def test_a_parcel_is_asked_for_under_the_account_that_it_went_under(
    tmp_path: Path, used: str, noted: str | None, asks: str
) -> None:
    assert asked(tmp_path, used, noted) == asks


@pytest.mark.parametrize(
    ("used", "noted", "asks"),
    [
        ("own", "654321", "654321:theirs"),
        ("shared", "123456", "other-account"),
        ("same, untold", "123456", "no-tracking-password"),
    ],
)
def test_without_an_account_of_the_operators_shops_are_followed_with_their_own(
    tmp_path: Path, used: str, noted: str, asks: str
) -> None:
    assert asked(tmp_path, used, noted, table="") == asks
