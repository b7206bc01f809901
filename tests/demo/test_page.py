from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from middleware.demo.came_in import came_in
from middleware.demo.carriers import PLATFORM
from middleware.demo.marks import Mark, Marks, arrived_texts
from middleware.demo.markup import Html, tag, visible
from middleware.demo.report import page
from middleware.demo.story import Chapter
from middleware.demo.went_out import label
from simulator.judge import judge
from simulator.verdict import Finding, Verdict
from tests.demo.bench import label as printed
from tests.demo.chapters import chapters, evidence, orders

VOID = {"meta", "rect"}


class Reader(HTMLParser):
    """The elements and texts of a page; unbalanced elements are an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Chapter, ...]:
    return chapters(tmp_path_factory.mktemp("orders"))


@pytest.fixture(scope="module")
def written(told: tuple[Chapter, ...]) -> str:
    return page(told, None, judge(evidence()), PLATFORM.words)


def test_the_page_needs_nothing_else_and_runs_nothing(written: str) -> None:
    reader = read(written)
    names = {name for name, _ in reader.elements}
    assert not names & {"script", "link", "iframe", "img", "object", "embed", "form", "base", "video", "audio"}
    for _, attributes in reader.elements:
        assert not any(name.startswith("on") or name in ("style", "src", "srcset") for name in attributes)
        href = attributes.get("href") or "#"
        assert href.startswith(("#", "data:application/pdf;base64,"))
    assert "@import" not in written
    assert "url(" not in written


def test_the_policy_admits_the_one_style_and_nothing_else(written: str) -> None:
    metas = [attributes for name, attributes in read(written).elements if name == "meta"]
    policy = next(str(meta["content"]) for meta in metas if meta.get("http-equiv") == "Content-Security-Policy")
    style = re.search(r"<style>(.*?)</style>", written, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_only_elements_of_ours_are_there_however_hostile_the_strings(written: str) -> None:
    names = {name for name, _ in read(written).elements}
    assert names <= {
        *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "nav", "h1", "h2", "h3", "h4"),
        *("p", "ul", "li", "b", "a", "div", "span", "code", "details", "summary", "bdi", "dl", "dt", "dd", "table"),
        *("tr", "th", "td", "figure", "figcaption", "svg", "text", "rect"),
    }


def test_nothing_that_does_not_print_reaches_the_page(written: str) -> None:
    assert [character for character in set(written) if not character.isprintable()] == ["\n"]
    assert "\\u202e" in written


def test_hostile_strings_are_there_as_text(written: str) -> None:
    hostile = next(order for order in orders() if order.file.startswith("15-"))
    text = "".join(read(written).texts)
    assert json.loads(hostile.body)["shipping_address"]["city"] in text
    assert "Antwerpen<svg" not in written


def test_every_order_is_there_with_its_verdict(written: str, told: tuple[Chapter, ...]) -> None:
    sections = [attributes["id"] for name, attributes in read(written).elements if name == "section"]
    assert sections == [chapter.title for chapter in told]
    assert ">ignored: nothing_to_ship<" in written
    assert ">rejected: " in written


def test_labels_are_drawn(written: str) -> None:
    reader = read(written)
    assert sum(name == "svg" for name, _ in reader.elements) == 4
    assert "Lieselot Vandermeulebroek" in reader.texts
    assert label(b"no label") == '<p class="broken">There is none that can be read.</p>'
    assert read(label(printed("<b>Krelis</b>", "1" * 24))).texts.count("<b>Krelis</b>") == 1


def test_sealed_parts_are_abbreviated(written: str) -> None:
    post = json.loads(evidence().entries[0].body)
    assert post["recipient"]["sealed"]["delivery"] not in written
    assert f"(JWE, sealed, {len(post['recipient']['sealed']['delivery']):,} characters)" in written


def test_a_long_list_is_cut_and_says_so(written: str) -> None:
    assert re.search(r"… 197 more with [0-9]+ values, treated by the same rules", written)


def test_the_evidence_against_a_promise_is_told_and_escaped(told: tuple[Chapter, ...]) -> None:
    finding = Finding(what="<x>.json: note", where="ledger entry 4, byte 9")
    said = (Verdict(promise="nothing-leaked", sentence="S.", checked=1, basis="1 text", findings=(finding,)),)
    text = page(told[:1], None, said, PLATFORM.words)
    assert "<li>&lt;x&gt;.json: note — ledger entry 4, byte 9</li>" in text
    assert "1 of 1 promises broken" in text


# marks

ORDER = {
    "id": 7,
    "email": "a@example.org",
    "tags": "vip",
    "paid": "paid",
    "customer": {"note": "x", "phone": None},
    "notes": [{"name": "n", "value": "PUP-1"}, {"name": "m", "value": "free"}],
    "door_code": {"4711": "open", "a.b": "c"},
}
INSPECTION = {
    "kept": [
        {"path": "email", "target": "recipient.contact.email", "part": "recipient.notification", "sealed": True},
        {"path": "notes[].value", "target": "parcel.pickup_point", "part": "parcel", "sealed": False},
    ],
    "used": ["paid", "notes[].name"],
    "index": ["id"],
    "removed": [
        {"path": "tags", "reason": "free_text"},
        {"path": "customer", "reason": "payer"},
        {"path": "notes[].value", "reason": "free_text"},
        {"path": "*", "reason": "not_in_pack"},
    ],
}


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "id",
            '<div class="l index"><span class="k">id</span> <bdi class="v">7</bdi> <span class="why">indexed</span>',
        ),
        ("email", '<span class="why">sealed recipient.notification</span>'),
        ("tags", '<span class="why">removed free_text</span>'),
        ("paid", '<div class="l used">'),
        ("customer", '<span class="why">2 values removed: payer</span>'),
        ("door_code", '<span class="why">2 values removed: not_in_pack</span>'),
    ],
)
def test_every_leaf_bears_its_mark(name: str, line: str) -> None:
    assert line in came_in({name: ORDER[name]}, Marks(INSPECTION, ["PUP-1"]))


def test_leaves_of_one_path_that_fared_differently() -> None:
    marks = Marks(INSPECTION, ["PUP-1"])
    assert marks.leaf("notes[].value", "PUP-1") == Mark(kind="clear", why="parcel.pickup_point")
    assert marks.leaf("notes[].value", "free") == Mark(kind="removed", why="free_text")
    assert marks.leaf("notes[].value", "") == Mark(kind="removed", why="free_text")


def test_the_numbers_add_up() -> None:
    told = came_in(ORDER, Marks(INSPECTION, ["PUP-1"]))
    assert "12 values: " in told
    for count in ("1 sealed", "1 clear", "3 used", "1 indexed", "6 removed"):
        assert f">{count}<" in told


def test_every_leaf_of_an_order_that_was_inspected_bears_a_mark(told: tuple[Chapter, ...]) -> None:
    for chapter in told:
        html = came_in(json.loads(chapter.order.body), Marks(chapter.inspection, arrived_texts(chapter.shipments)))
        assert ('class="l none"' in html) is (chapter.inspection["status"] == "rejected"), chapter.title


# markup


@pytest.mark.parametrize("text", ["<b>", "&amp;", "\"'><script>", "a\u202eb", "\x1b[31m", "\x00"])
def test_text_is_text_in_children_and_attributes(text: str) -> None:
    reader = read(tag("p", text, title=text, class_=text))
    assert [name for name, _ in reader.elements] == ["p"]
    assert reader.texts == [visible(text)]
    assert reader.elements[0][1]["class"] == visible(text)


def test_what_is_markup_stays_markup() -> None:
    assert tag("p", Html("<b>x</b>"), tag("i", "<")) == "<p><b>x</b><i>&lt;</i></p>"
    assert tag("rect", x=1, font_size=2, open=None) == '<rect x="1" font-size="2"/>'


def test_the_page_is_written_where_it_was_asked_for(tmp_path: Path, written: str) -> None:
    (tmp_path / "x.html").write_text(written, encoding="utf-8")
    assert (tmp_path / "x.html").read_bytes().startswith(b'<!DOCTYPE html>\n<html lang="en">')
