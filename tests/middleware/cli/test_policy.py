"""``policy``: the packs as a data protection officer reads them, and as data; what is broken is one line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, timedelta
from datetime import datetime as moment
from pathlib import Path
from typing import Any

import pytest

from middleware import bootstrap
from middleware.cli import policies
from middleware.cli.policy_tables import filled, tables
from middleware.core.register import entries
from schemas.policy import Policy
from schemas.policy_lint import MAX_AGE_DAYS
from schemas.policy_loader import load, load_file, names
from schemas.policy_terms import NOT_STATED
from tests.middleware.cli.bench import PACK, refused, run
from tests.schemas.broken_pack import TEXT

POLICY = load(PACK)
LISTED = ("categories", "recipients", "transfers")
"""Tables of a pack whose rows have no id."""


DATA, MARK = "Data: what the text lists, and what it does not", " (not in the text)"


def printed(*words: str, status: int = 0, columns: int | None = None) -> str:
    result = run("policy", *words, columns=columns)
    assert (result.exit_code, result.stderr) == (status, "")
    return result.stdout


def own(folder: Path, old: str = "", new: str = "") -> str:
    """A file with the real pack, in which one thing reads otherwise."""
    assert old in TEXT
    path = folder / "own.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    return str(path)


def rows(text: str, title: str) -> list[list[str]]:
    """The cells of a table without its head."""
    lines = text.partition(f"{title}\n")[2].partition("\n\n")[0].splitlines()
    return [re.split(r" {2,}", line) for line in lines[1:]]


def test_the_packs_are_listed() -> None:
    listed = json.loads(printed("list", "--json"))
    assert [row["pack"] for row in listed] == list(names())
    assert listed[-1] == {
        "pack": PACK,
        "version": POLICY.version,
        "title": POLICY.title,
        "sha256": POLICY.sha256,
    }
    head, *lines = printed("list").splitlines()
    assert head.split() == ["pack", "version", "title"]
    assert [line.split(maxsplit=2) for line in lines] == [[row["pack"], row["version"], row["title"]] for row in listed]


def complete(value: Any, told: Any, place: str) -> None:
    """Whether all that a value holds is told. Fails with the place where something is missing."""
    if is_dataclass(value):
        assert set(told) == {entry.name for entry in fields(value) if entry.init}, place
        for entry in (entry for entry in fields(value) if entry.init):
            complete(getattr(value, entry.name), told[entry.name], f"{place}.{entry.name}")
    elif isinstance(value, Mapping):
        assert set(told) == set(value), place
        for name, inner in value.items():
            complete(inner, told[name], f"{place}.{name}")
    elif isinstance(value, tuple):
        assert len(told) == len(value), place
        for number, inner in enumerate(value):
            complete(inner, told[number], f"{place}[{number}]")
    else:
        assert told == (value.isoformat() if isinstance(value, date) else value), place


def test_a_pack_is_told_whole_in_json() -> None:
    told = json.loads(printed("show", PACK, "--json"))
    assert set(told) == {entry.name for entry in fields(Policy) if entry.init}
    complete(POLICY, told, "policy")
    assert told["retention"]["vp.recipient.operational"]["duration"] == "P13M"
    assert told["retrieved_on"] == "2026-11-22"


@pytest.mark.parametrize(
    "table", ["parts", "categories", "purposes", "retention", "recipients", "transfers", "account_types"]
)
def test_every_row_is_told_with_its_clause(table: str) -> None:
    text = printed("show", PACK)
    title = {
        "parts": "Parts: what may be together, why, and for how long",
        "categories": DATA,
        "purposes": "Purposes and their bases (Art. 6(1) GDPR)",
        "retention": "Retention: for how long, and what comes then",
        "recipients": "Recipients",
        "transfers": "Transfers outside the European Economic Area",
        "account_types": "Account types",
    }[table]
    held = getattr(POLICY, table)
    expected = [
        (getattr(row, {"recipients": "name", "transfers": "country", "categories": "told"}[table]), row.clause.ref)
        for row in (held if table in LISTED else ())
    ] or [(name, row.clause.ref) for name, row in held.items()]
    assert [(cells[0], cells[-1]) for cells in rows(text, title)] == expected


@pytest.mark.policy("VP-RET-1", "VP-RET-2", "VP-RET-3", "VP-RET-4")
def test_how_long_is_told_in_plain_words() -> None:
    text = printed("show", PACK)
    told = {cells[0]: cells[1:3] for cells in rows(text, "Retention: for how long, and what comes then")}
    assert told == {
        "vp.former_user.marketing": [
            "36 months from the last use of a label, or until an objection",
            "erased for this purpose",
        ],
        "vp.sender.operational": ["until the end of use", "restricted, as vp.sender.legal"],
        "vp.sender.legal": ["10 years from label creation", "erased"],
        "vp.recipient.operational": [
            "13 months from label creation, or until a request for erasure is accepted",
            "erased",
        ],
        "pv.index": ["until the end of the part that it leads to", "erased"],
        "pv.record": ["until the end of the last part", "erased"],
        "pv.event": ["until the end of the last part", "erased"],
        "pv.inbox": ["30 days from receipt", "erased"],
        "pv.not_kept": ["until the answer to the request", "never written"],
    }
    parts = {cells[0]: cells[3] for cells in rows(text, "Parts: what may be together, why, and for how long")}
    assert parts["recipient.delivery"].startswith("13 months from label creation, or until")
    assert parts["sender.contact"] == "10 years from label creation"
    assert not re.search(r"\bP\d", text)


@pytest.mark.policy("VP-CAT-1", "VP-CAT-2", "VP-CAT-8")
@pytest.mark.parametrize(
    ("datum", "passes"),
    [
        ("user name and password", ["no", "all"]),
        ("company name of the sender", ["yes", "professional"]),
        ("e-mail address of the recipient", ["when the delivery notifies by e-mail", "all"]),
        ("telephone number of the recipient", ["when the delivery notifies by text message", "all"]),
        ("what customs demands (not in the text)", ["when it leaves the EU's customs union or its VAT area", "all"]),
        pytest.param(
            "the webshop's ids (not in the text)",
            ["in the keyed index alone", "all"],
            marks=pytest.mark.policy("AMB-21"),
            id="indexed",
        ),
        pytest.param(
            "what is read to decide (not in the text)",
            ["in the keyed index alone; read, not kept", "all"],
            marks=pytest.mark.policy("AMB-21"),
            id="read",
        ),
    ],
)
def test_what_passes_is_told_in_plain_words(datum: str, passes: list[str]) -> None:
    told = {cells[0]: cells[1:3] for cells in rows(printed("show", PACK), DATA)}
    assert told[datum] == passes


@pytest.mark.parametrize("pack", ["bpost-shipping-platform", "bpost-maxiresponse", "bpost-mystamp"])
def test_what_is_not_in_the_text_is_the_same_here_and_in_the_register(pack: str) -> None:
    shown = {cells[0] for cells in rows(printed("show", pack), DATA)}
    entered = {title for entry in entries([load(pack)]) for title in entry.data_categories}
    assert entered - {NOT_STATED} <= shown
    marked = {title.removesuffix(MARK) for title in shown if title.endswith(MARK)}
    assert marked == {rule.title for rule in load(pack).categories if not rule.stated}


@pytest.mark.parametrize(
    ("title", "name", "cells"),
    [
        ("Purposes and their bases (Art. 6(1) GDPR)", "label_and_delivery", ["contract, legitimate interest"]),
        ("Purposes and their bases (Art. 6(1) GDPR)", "personalised_advertising", ["consent"]),
        ("Recipients", "Speos", ["not stated"]),
        ("Recipients", "AWS", ["IE"]),
        ("Transfers outside the European Economic Area", "IN", ["TCS, Infosys", "per_general_policy"]),
        ("Account types", "professional", ["account for businesses (KMO)", "yes"]),
        ("Account types", "guest", ["use without an account", "no"]),
    ],
)
def test_a_row_tells(title: str, name: str, cells: list[str]) -> None:
    (found,) = [row for row in rows(printed("show", PACK), title) if row[0] == name]
    assert found[-1 - len(cells) : -1] == cells


@pytest.mark.parametrize(
    ("part", "sealed"), [("recipient.delivery", "yes"), ("recipient.routing", "no"), ("index", "keyed")]
)
def test_a_part_tells_whether_it_is_sealed(part: str, sealed: str) -> None:
    told = {
        cells[0]: cells[4]
        for cells in rows(printed("show", PACK), "Parts: what may be together, why, and for how long")
    }
    assert told[part] == sealed


@pytest.mark.parametrize("name", POLICY.interpretations)
def test_every_open_point_is_told_with_its_readings(name: str) -> None:
    point = POLICY.interpretations[name]
    lines = printed("show", PACK).partition("Interpretations: where the text leaves a choice\n")[2].splitlines()
    start = lines.index(f"{name}: {point.question}  ({point.clause.ref})") + 1
    told = dict(line.strip().split("  ", 1)[::-1] for line in lines[start : start + len(point.choices)])
    expected = {
        f"{choice}: {point.choices[choice].title.removeprefix(f'{choice}: ')}": "in force"
        if choice == point.chosen
        else "or else"
        for choice in point.choices
    }
    assert {text.strip(): mark for text, mark in told.items()} == expected


def test_no_table_is_a_head_alone_and_no_column_is_empty() -> None:
    title, columns, rows = filled(("a", ("one", "two", "three"), [("x", "", "y"), ("", "", "z")]))
    assert (title, columns, rows) == ("a", ("one", "three"), [("x", "y"), ("", "z")])
    text = printed("show", "bpost-mystamp")
    assert all(title in text for title, _, rows in tables(load("bpost-mystamp")) if rows)
    assert [title for title, _, rows in tables(load("bpost-mystamp")) if not rows and title in text] == []


@pytest.mark.parametrize("pack", names())
def test_no_word_is_chopped_on_a_narrow_terminal(pack: str) -> None:
    narrow, wide = (re.sub(r"\x1b\[[\d;]*m", "", printed("show", pack, columns=width)) for width in (80, 400))
    assert set(narrow.split()) - set(wide.split()) == set()


def test_a_pack_begins_with_what_it_is() -> None:
    first, second, third = printed("show", PACK).splitlines()[:3]
    assert first == f"{POLICY.title}  ({PACK} {POLICY.version})"
    dated = f"bears no date of its revision, and was retrieved on {POLICY.retrieved_on}"
    assert second == f"Controller: bpost. The text {dated}."
    assert "The text was revised on 2022-11-29, and was" in printed("show", "bpost-maxiresponse")
    assert third == f"SHA-256 of the pack: {POLICY.sha256}"


def test_ids_are_not_broken_on_a_narrow_terminal() -> None:
    text = printed("show", PACK, columns=100).split()
    assert {*POLICY.parts, *POLICY.retention} <= set(text)


def test_a_pack_of_an_operator_is_shown_from_its_file(tmp_path: Path) -> None:
    file = own(tmp_path, 'duration = "P13M"', 'duration = "P1Y1M"')
    assert "1 year and 1 month from label creation" in printed("show", file)
    assert json.loads(printed("show", file, "--json"))["sha256"] == load_file(file).sha256 != POLICY.sha256


@pytest.mark.parametrize("command", ["show", "lint"])
def test_a_pack_that_nobody_knows_is_one_line(command: str) -> None:
    line = refused(run("policy", command, "nonesuch.toml"), 2)
    assert line == f"nonesuch.toml: neither a file nor a pack; the packs are {', '.join(names())}"


@pytest.mark.parametrize("command", ["show", "lint"])
@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ('covers = ["complaint"]', 'covers = ["complaints"]', 'own.toml: categories."complaints".covers: unknown'),
        ('bases = ["improvement"]', "bases = []", "own.toml: purposes.improvement.bases: empty; give it a value"),
        ('retention = "pv.index"', 'retention = "pv.indx"', "own.toml: parts.\"index\".retention: unknown 'pv.indx'"),
        ('id = "bpost-shipping-platform"', "id = ", "own.toml: not TOML: "),
    ],
    ids=["category", "basis", "rule", "toml"],
)
def test_a_broken_pack_is_one_line(tmp_path: Path, command: str, old: str, new: str, line: str) -> None:
    assert refused(run("policy", command, own(tmp_path, old, new)), 2).startswith(line)


def test_a_folder_is_no_pack(tmp_path: Path) -> None:
    assert refused(run("policy", "lint", str(tmp_path)), 2).startswith(f"{tmp_path}: cannot be read")


def test_what_a_pack_lacks_is_told() -> None:
    found = json.loads(printed("lint", PACK, "--json"))
    assert [set(finding) for finding in found] == [{"level", "where", "message", "ids"}] * len(found)
    assert {finding["level"] for finding in found} == {"warning"}
    assert ["recipients.Speos", "country not stated"] in [[row["where"], row["message"]] for row in found]
    text = " ".join(printed("lint", PACK).split())
    assert [row["where"] for row in found if row["where"] not in text] == []
    assert "warning recipients.Speos country not stated VP-REC-1" in text


@pytest.mark.policy("MS-REC-2")
def test_lint_says_that_a_contradiction_of_the_text_is_expected() -> None:
    said = printed("lint", "bpost-mystamp", status=1)
    (line,) = [line for line in said.splitlines() if line.startswith("Expected: ")]
    assert "purposes.generic_advertising.channels is a contradiction of the text itself" in line
    assert "advertising_platforms: nothing goes to them" in line


def test_an_error_in_a_pack_is_an_exit_status(tmp_path: Path) -> None:
    file = own(tmp_path, 'vat = "BE 0214.596.464"', 'vat = "BE 0214.596.465"')
    first = json.loads(printed("lint", file, "--json", status=1))[0]
    assert (first["level"], first["where"]) == ("error", "controller.vat")
    assert printed("lint", file, status=1).splitlines()[1].split()[:2] == ["error", "controller.vat"]


@pytest.mark.parametrize(("days", "old"), [(MAX_AGE_DAYS, False), (MAX_AGE_DAYS + 1, True)])
def test_a_text_that_has_grown_old_is_told(monkeypatch: pytest.MonkeyPatch, days: int, old: bool) -> None:
    day = POLICY.retrieved_on + timedelta(days=days)
    monkeypatch.setattr(bootstrap, "system_clock", lambda: moment.fromisoformat(f"{day}T12:00:00+00:00"))
    places = [finding["where"] for finding in json.loads(printed("lint", PACK, "--json"))]
    assert ("retrieved_on" in places) == old


def test_a_pack_that_lacks_nothing_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies, "lint_pack", lambda pack, today, beside: ())
    assert printed("lint", PACK) == "Nothing is lacking.\n"
    assert json.loads(printed("lint", PACK, "--json")) == []


# ---- two policies read together


@pytest.mark.policy("VP-PRE-1")
def test_with_a_general_policy_each_rule_tells_who_says_it(tmp_path: Path) -> None:
    general = own(tmp_path, 'says = "unspecified"                   # the heading', 'says = "made_up"  #')
    cells = {row[0]: row[1:] for row in rows(f"both\n{printed('show', PACK, '--general', general)}", "both")}
    assert cells["topics.art22"] == ["made_up", "general", "0§4 (silence)"]
    assert cells["retention.vp.recipient.operational.duration"] == ["P13M", "specific", "0§8 L181-184"]
    assert cells["account_types.guest.plugin"] == ["no", "specific", "0§1 L3-5; 0§6 L149-150"]
    assert cells["bases.residential.instead"] == ["A6-1-f", "specific", "0§3 L75-81"]
    told = json.loads(printed("show", PACK, "--general", general, "--json"))
    assert {row["key"]: row["layer"] for row in told}["topics.art22"] == "general"
    assert {row["key"] for row in told} == {*cells} - {""}  # a cell that was broken goes on in a line without a key


# ---- the other packs


@pytest.mark.parametrize("pack", names())
def test_every_pack_is_told_with_its_parts_and_their_terms(pack: str) -> None:
    policy = load(pack)
    text = printed("show", pack)
    told = {cells[0]: cells[1:] for cells in rows(text, "Parts: what may be together, why, and for how long")}
    assert set(told) == set(policy.parts)
    answering = {cells[0] for cells in rows(text, "Who answers for whose data")}
    assert answering == {cluster.title for cluster in policy.clusters.values()}
    assert {cells[0] for cells in rows(text, "What the text says, and what it leaves open")} == set(policy.topics)


@pytest.mark.parametrize(
    ("title", "name", "cells"),
    [
        pytest.param(
            *("Purposes and their bases (Art. 6(1) GDPR)", "personalised_advertising"),
            ["personalised advertising and profiles", "prohibited", "2§4 L150-151"],
            marks=pytest.mark.policy("MS-PRO-1"),
        ),
        pytest.param(
            *("Who answers for whose data", "what the customer gives about himself or herself"),
            ["customer", "bpost", "2§2 L16-19"],
            marks=pytest.mark.policy("MS-CTL-1"),
        ),
        pytest.param(
            "Who answers for whose data",
            "persons who appear on what the customer hands over: the customer answers for them",
            ["depicted", "the customer", "bpost", "the customer declares that it is lawful", "2§2 L21-27"],
            marks=pytest.mark.policy("MS-CTL-2"),
        ),
        pytest.param(
            *("Recipients", "TCS"),
            ["application management and maintenance", "IN, with access from IN", "2§5 L161-162"],
            marks=pytest.mark.policy("MS-REC-1"),
        ),
        pytest.param(
            *(DATA, "birth date of the customer"),
            ["when the person entered it for a purpose", "all", "2§3 L45"],
            marks=pytest.mark.policy("MS-CAT-2"),
        ),
        pytest.param(
            *("Retention: for how long, and what comes then", "ms.photo"),
            [
                "3 years from the customer's last order, or until the customer asks for its end",
                "erased",
                "2§7 L178-179",
            ],
            marks=pytest.mark.policy("MS-RET-1"),
        ),
        pytest.param(
            *("Parts: what may be together, why, and for how long", "mystamp.depicted"),
            [
                *("depicted", "services"),
                "3 years from the customer's last order, or until the customer asks for its end",
                *("yes", "2§7 L178-179"),
            ],
            marks=pytest.mark.policy("MS-RET-1", "AMB-16"),
        ),
    ],
)
def test_a_row_of_mystamp_tells(title: str, name: str, cells: list[str]) -> None:
    (found,) = [row for row in rows(printed("show", "bpost-mystamp"), title) if row[0] == name]
    assert found[1:] == cells


@pytest.mark.policy("X-LVL-1")
def test_the_levels_are_told_with_what_they_are_at_first_and_how_they_end() -> None:
    found = rows(printed("show", PACK), "Levels: switches of the data subject's own")
    assert {row[0]: row[2:4] for row in found} == {
        "Aanvullend": ["on, until somebody objects", "by objecting"],
        "Optimaal": ["off, until somebody consents", "by withdrawing the consent"],
    }


@pytest.mark.policy("MS-REC-2")
def test_the_contradiction_in_mystamp_is_an_exit_status() -> None:
    first = json.loads(printed("lint", "bpost-mystamp", "--json", status=1))[0]
    assert (first["level"], first["where"]) == ("error", "purposes.generic_advertising.channels")
    assert first["message"].startswith("channel_without_recipient: ")


@pytest.mark.policy("MX-CTL-1")
def test_the_addresses_of_one_controller_are_compared() -> None:
    found = [row["message"] for row in json.loads(printed("lint", "bpost-maxiresponse", "--json"))]
    assert (
        "the same controller has another address in bpost-mystamp: Multitower, Anspachlaan 1, bus 1, 1000 Brussel"
        in found
    )
