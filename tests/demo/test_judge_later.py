"""The judge on what time must do: what is gone too early or too late, what opens again, and what is lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization

from simulator.judge import judge, judge_later
from simulator.passed import Passed
from simulator.verdict import LATER_PROMISES, PROMISES, Verdict
from tests.demo.bench import PRIVATE_KEY, broken
from tests.demo.later_bench import (
    BACKUP,
    DATABASE,
    RECORDS,
    SEALED,
    SENDERS,
    Acts,
    broken_later,
    copy_of,
    database,
    held,
    jwk,
    passed_well,
)

DELIVERY, SENDER = ("r-1", "recipient.delivery"), ("r-2", "sender.contact")


def said(acts: Acts) -> tuple[Verdict, ...]:
    return judge_later(Passed(acts.first, acts.later))


def against(acts: Acts, promise: str) -> list[str]:
    """The evidence against a promise; no other promise may be broken with it."""
    found = broken_later(said(acts))
    assert list(found) == [promise]
    return found[promise]


def pem() -> bytes:
    """The platform's private key, as its file holds it."""
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return PRIVATE_KEY.private_bytes(encoding, form, serialization.NoEncryption())


def test_sound_evidence_keeps_every_promise_of_both_acts() -> None:
    acts = passed_well()
    verdicts = said(acts)
    assert [verdict.promise for verdict in verdicts] == list(LATER_PROMISES)
    assert broken_later(verdicts) == {}
    assert [verdict.checked for verdict in verdicts] == [6, 4, 4, 2]
    assert broken(judge(acts.first)) == {}
    assert not LATER_PROMISES.keys() & PROMISES.keys()


def test_where_nothing_arrived_nothing_is_shown() -> None:
    acts = passed_well()
    found = broken_later(said(replace(acts, first=replace(acts.first, entries=()))))
    assert {promise for promise in found if "nothing was checked" in found[promise][-1]} == set(LATER_PROMISES)


@pytest.mark.parametrize("until", ["soon", "2027-02-30", None])
def test_a_tag_that_tells_no_day_ends_nothing(until: str | None) -> None:
    acts = passed_well()
    entry = acts.first.entries[1]
    body = json.loads(entry.body)
    body["retention"][0]["until"] = until
    entries = (acts.first.entries[0], replace(entry, body=json.dumps(body).encode()), acts.first.entries[2])
    passed = Passed(replace(acts.first, entries=entries), acts.later)
    assert (len(passed.ends), DELIVERY in passed.ends) == (5, False)


# nothing-early


def test_a_part_that_is_not_in_the_database_on_its_last_day_went_early() -> None:
    less = database(token for key, token in SEALED.items() if key != DELIVERY)
    assert against(passed_well().at("last_day", files={DATABASE: less}), "nothing-early") == [
        "recipient.delivery of domestic.json is gone before 2027-12-22 is over — not in the database on 2027-12-22"
    ]


def test_a_part_that_the_platform_has_not_on_its_last_day_went_early() -> None:
    less = held(SEALED.keys() - {DELIVERY})
    assert against(passed_well().at("last_day", held=less), "nothing-early") == [
        "recipient.delivery of domestic.json is gone before 2027-12-22 is over — not at the platform on 2027-12-22"
    ]


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_database_that_cannot_be_read_holds_nothing(content: bytes) -> None:
    found = against(passed_well().at("last_day", files={DATABASE: content}), "nothing-early")
    assert len(found) == len(SEALED)


# nothing-late


def test_a_row_that_is_there_the_day_after_is_late() -> None:
    rest = database(SEALED[key] for key in {*SENDERS, DELIVERY})
    (found,) = against(passed_well().at("day_after", files={DATABASE: rest}), "nothing-late")
    place = rest.index(SEALED[DELIVERY].split(".")[3].encode())
    assert found == (
        f"recipient.delivery of domestic.json lives past 2027-12-22 — {DATABASE}, byte {place}, on 2027-12-23"
    )


def test_a_part_that_was_sealed_again_to_a_later_month_is_late() -> None:
    again = copy_of(*DELIVERY, b'{"name": "Liva Brandsteeg"}')
    rest = database([*(SEALED[key] for key in SENDERS), again])
    (found,) = against(passed_well().at("day_after", files={DATABASE: rest}), "nothing-late")
    assert found.startswith("recipient.delivery of domestic.json lives past 2027-12-22 — var/parcelveil.db, byte ")


def test_a_part_that_the_platform_has_the_day_after_is_late_though_it_cannot_read_it() -> None:
    for content in (RECORDS["r-1"]["recipient.delivery"], None):
        there = {**held(SENDERS), "r-1": {"recipient.delivery": content, "sender.contact": {}}}
        assert against(passed_well().at("day_after", held=there), "nothing-late") == [
            "recipient.delivery of domestic.json lives past 2027-12-22 — at the platform on 2027-12-23, shipment r-1"
        ]


@pytest.mark.parametrize("file", ["var/parcelveil.db-journal", "logs/serve-relay.log", "tmp/x"])
def test_a_piece_of_a_part_in_any_file_is_late(file: str) -> None:
    piece = SEALED[DELIVERY].split(".")[3][700:800].encode()
    (found,) = against(passed_well().at("day_after", files={file: b"...." + piece}), "nothing-late")
    assert found.startswith("a piece of recipient.delivery of domestic.json lives past 2027-12-22 — ")
    assert f" {file}, byte " in found


def test_a_piece_of_what_the_platform_got_is_late_too() -> None:
    acts = passed_well()
    token = json.loads(acts.first.entries[2].body)["recipient"]["sealed"]["customs"]
    (found,) = against(acts.at("day_after", files={"tmp/x": token.encode()}), "nothing-late")
    assert found.startswith("a piece of recipient.customs of gift.json lives past")


def test_what_the_platform_never_got_ends_with_the_others() -> None:
    stray = copy_of("r-9", "recipient.delivery", b"{}")
    rest = database([*(SEALED[key] for key in SENDERS), stray, copy_of("r-9", "sender.contact", b"{}")])
    (found,) = against(passed_well().at("day_after", files={DATABASE: rest}), "nothing-late")
    assert found.startswith("recipient.delivery of shipment r-9 lives past 2027-12-22 — var/parcelveil.db, byte ")


def test_the_platforms_own_files_are_not_parcelveils() -> None:
    acts = passed_well().at("day_after", files={"platform/platform.db": SEALED[DELIVERY].encode()})
    assert broken_later(said(acts)) == {}


def test_no_files_are_no_promise_kept() -> None:
    acts = passed_well()
    bare = replace(acts.later, day_after=replace(acts.later.day_after, files={}))
    assert "nothing-late" in broken_later(said(replace(acts, later=bare)))


# nothing-reopened


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("var/keys/retention/recipient.delivery--2027-12.jwk", jwk("recipient")),
        ("tmp/forgotten", b'[{"d" :\n"' + json.loads(jwk("recipient"))["d"].encode() + b'"}]'),
    ],
    ids=("a whole key", "its private number in another text"),
)
def test_a_key_that_is_left_anywhere_opens_the_backup(file: str, content: bytes) -> None:
    found = against(passed_well().at("month_over", files={file: content}), "nothing-reopened")
    assert len(found) == 4
    assert f"recipient.delivery of domestic.json opens out of the backup — with the key in {file}" in found


def test_a_key_that_the_platform_left_opens_its_ledger() -> None:
    file = "platform/keys/x.pem"
    found = against(passed_well().at("month_over", files={file: pem()}), "nothing-reopened")
    assert len(found) == 4
    assert f"recipient.customs of gift.json opens out of the platform's ledger — with the key in {file}" in found


def test_keys_of_other_kinds_open_nothing() -> None:
    files = {
        "a": b'{"crv": "Ed25519", "d": "' + b"_" * 43 + b'"}',
        "b": b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
    }
    assert broken_later(said(passed_well().at("month_over", files=files))) == {}


def test_a_backup_that_never_opened_shows_nothing() -> None:
    acts = passed_well()
    first = replace(acts.first, database={DATABASE: acts.first.database[DATABASE]})
    found = against(replace(acts, first=first), "nothing-reopened")
    assert "recipient.delivery of domestic.json is not in the backup, or did not open — in the first act" in found


def test_a_backup_that_holds_nothing_shows_nothing() -> None:
    acts = passed_well()
    empty = replace(acts.later, backup={BACKUP: database(SEALED[key] for key in SENDERS)})
    assert len(against(replace(acts, later=empty), "nothing-reopened")) == 5


# nothing-lost


def test_a_senders_part_that_is_gone_is_lost() -> None:
    less = database(SEALED[key] for key in SENDERS - {SENDER})
    acts = passed_well().at("month_over", files={DATABASE: less}, held=held(SENDERS - {SENDER}))
    assert against(acts, "nothing-lost") == [
        "sender.contact of gift.json does not read as it did — at the platform on 2028-01-01",
        "sender.contact of gift.json does not read as it did — in the database on 2028-01-01",
        "sender.contact of gift.json is gone before 2036-11-22 is over — not at the platform on 2028-01-01",
        "sender.contact of gift.json is gone before 2036-11-22 is over — not in the database on 2028-01-01",
    ]


def test_a_senders_part_that_does_not_open_is_lost() -> None:
    acts = passed_well()
    files = {name: content for name, content in acts.later.month_over.files.items() if not name.endswith(".jwk")}
    shut = replace(acts.later, month_over=replace(acts.later.month_over, files=files))
    found = against(replace(acts, later=shut), "nothing-lost")
    assert found[0] == "sender.contact of domestic.json does not read as it did — in the backup on 2028-01-01"
    assert len(found) == 2 * len(SENDERS)


def test_a_senders_part_that_reads_otherwise_is_lost() -> None:
    other = copy_of(*SENDER, b'{"name": "Somebody Else"}')
    rest = database([other, *(SEALED[key] for key in SENDERS - {SENDER})])
    assert against(passed_well().at("month_over", files={DATABASE: rest}), "nothing-lost") == [
        "sender.contact of gift.json does not read as it did — in the database on 2028-01-01"
    ]
