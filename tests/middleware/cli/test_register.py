"""``register``: one record in three forms."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections import Counter
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import pytest

from middleware.cli.register_page import title
from middleware.core.register import MANDATORY, Entry, entries
from schemas.policy_loader import load, names
from tests.middleware.cli.bench import PACK, refused, run
from tests.schemas.broken_pack import TEXT

COLUMNS = [column.name for column in fields(Entry)]
ENTRIES = entries([load(name) for name in names()])


def printed(*words: str) -> str:
    result = run("register", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def test_json_holds_every_cell_as_a_list() -> None:
    told = json.loads(printed("--format", "json"))
    assert told == [{name: list(getattr(entry, name)) for name in COLUMNS} for entry in ENTRIES]


def test_csv_holds_the_same_rows() -> None:
    head, *rows = csv.reader(io.StringIO(printed("--format", "csv")))
    assert head == COLUMNS
    assert rows == [["; ".join(getattr(entry, name)) for name in COLUMNS] for entry in ENTRIES]


def test_one_pack_alone_by_name_or_by_file(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(TEXT.replace('id = "bpost-shipping-platform"', 'id = "made-up-parcels"', 1), encoding="utf-8")
    told = json.loads(printed("--format", "json", PACK, str(file)))
    assert {entry["pack"][0] for entry in told} == {PACK, "made-up-parcels"}
    line = refused(run("register", "nonesuch"), 2)
    assert line.startswith("nonesuch: neither a file nor a pack")


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@x"])
def test_a_cell_is_never_a_formula(tmp_path: Path, start: str) -> None:
    file = tmp_path / "own.toml"
    title = 'title = "making labels and delivering parcels"'
    assert title in TEXT
    file.write_text(TEXT.replace(title, f'title = "{start}"', 1), encoding="utf-8")
    _, *rows = csv.reader(io.StringIO(printed("--format", "csv", str(file))))
    assert f"'{start}" in {row[COLUMNS.index("purpose")] for row in rows}


class Page(HTMLParser):
    """Headings and, row by row, what a page's tables say."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.headings: list[str] = []
        self.must: set[str] = set()
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._open = "must" if ("class", "must") in attrs else tag

    def handle_data(self, data: str) -> None:
        if self._open in ("h2", "h3"):
            self.headings.append(data)
        elif self._open == "must":
            self.must.add(data.replace(" ", "_"))

    def handle_endtag(self, tag: str) -> None:  # the parser's signature
        self._open = ""


def test_the_page_has_both_registers_and_marks_what_the_law_asks_for() -> None:
    text = printed()
    page = Page()
    page.feed(text)
    assert page.must == MANDATORY
    first, second = "Register of the controller (Article 30(1))", "Register of the processor (Article 30(2))"
    titles = [title(entry) for entry in ENTRIES]
    assert titles[-1] == "Parcelveil: minimising, sealing, tagging and delivering on behalf of a shop"
    assert titles[1] == "questions, quotes, support, incidents, general customer management: contact"
    border = len([entry for entry in ENTRIES if entry.register == ("controller",)])
    packs = list(dict.fromkeys(entry.pack[0] for entry in ENTRIES))
    assert page.headings == [first, *titles[:border], second, *titles[border:], "Open points", *packs]
    assert not page.tags & {"script", "img", "link", "iframe"}
    assert not re.search(r"https?://", text.split("</style>")[0])


def test_codes_stand_beside_plain_words_and_quotations_are_marked_as_dutch() -> None:
    text = printed()
    for plain, code in (
        ("Art. 6(1)(b) GDPR: contract", "A6-1-b"),
        ("3 years", "P3Y"),
        ("the end of the agreement", "agreement_dissolved"),
    ):
        assert f"{plain} <code>{code}</code>" in text
    assert '<q lang="nl">bewaard gedurende 3 jaar na de ontbinding' in text
    assert '<q lang="nl">het gerechtvaardigde belang van bpost om goede' in text
    assert "legitimate interest in improving</" in text.replace("</td>", "</")
    assert len(re.findall(r'<q lang="nl">', text)) == sum(
        " de " in f" {cell} " or "het " in cell or "worden" in cell or "gedurende" in cell or "alsook" in cell
        or "die van" in cell
        for entry in ENTRIES for cell in (*entry.lia_note, *entry.ground)
    )  # fmt: skip


def test_every_activity_is_in_the_contents_and_what_is_open_is_told_once() -> None:
    text = printed()
    places = re.findall(r' id="([^"]+)"', text)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(places)
    contents = text.partition("<nav>")[2].partition("</nav>")[0]
    assert contents.count("<li><a ") == len(ENTRIES) + 3
    points = [point for told in {entry.pack: entry.open_points for entry in ENTRIES}.values() for point in told]
    assert {point: text.count(f"<li>{html.escape(point)}</li>") for point in points} == Counter(points)


def test_the_page_holds_no_markup_of_a_pack(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    title = 'title = "making labels and delivering parcels"'
    file.write_text(TEXT.replace(title, "title = '<script>alert(1)</script>'", 1), encoding="utf-8")
    text = printed(str(file))
    assert "<script>" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
